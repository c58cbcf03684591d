/* Unit tests of passages in a process: as the origin of what goes through admins, and as the admin that passes on.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/runtime/fake_transport.h"

enum { OURS_TOO = 12, RELAY = 40 };

static const struct mesh_address target = {THEIR_ADMIN, (uint64_t)1 << 40 | 1};

/* ---- the origin ---- */

static void begin_as_host(void) {
    begin_as(FRAME_ROLE_HOST, "admin://000000000000000a");
}

TestSuite(origin, .init = begin_as_host, .fini = end);

static void say_something(const char *endpoint) {
    struct control word = {.kind = CONTROL_SHUTDOWN};
    cr_assert_eq(process_send_control(process, target, &word), MESH_OK);
    cr_assert_eq(process_resolved(process, target, THEIRS, endpoint), MESH_OK);
}

static void say_of_the_way(enum frame_way way, uint64_t number, uint64_t admin, struct transport_link *link) {
    arrive(
        &(struct frame){
            .from = admin, .to = OURS, .body = FRAME_PASSAGE, .passage = {OURS, ADMIN, THEIRS, number, way}},
        link, 0);
}

/* Says something through both admins, and has the way opened. */
static void open_the_way(void) {
    say_something("admin://0000000000000014");
    turn();
    const struct sent *question = only(FRAME_FORWARD);
    cr_assert_not_null(question);
    cr_assert_eq(question->to, ADMIN);
    cr_assert_eq(question->forward.parts_count, 0);
    say_of_the_way(FRAME_WAY_OPEN, question->forward.number, ADMIN, link_to("ipc://admin"));
    turn();
}

Test(origin, S8A_a_frame_goes_wrapped_when_the_way_is_open) {
    open_the_way();
    const struct sent *frame = only(FRAME_FORWARD);
    cr_assert_not_null(frame);
    cr_assert_eq(frame->inner, FRAME_BATCH);
    cr_assert_eq(frame->forward.origin, OURS);
    cr_assert_eq(frame->forward.origin_node, ADMIN);
    cr_assert_eq(frame->forward.target, THEIRS);
    cr_assert_eq(frame->forward.target_node, THEIR_ADMIN);
}

Test(origin, S8A_who_can_be_reached_through_its_admin_is_called_there) {
    say_something("admin://0000000000000014/tcp://10.0.0.2:1900");
    turn();
    cr_assert_not_null(link_to("tcp://10.0.0.2:1900"));
    const struct sent *question = only(FRAME_FORWARD);
    cr_assert_not_null(question);
    cr_assert_eq(question->to, THEIR_ADMIN);
    say_of_the_way(FRAME_WAY_OPEN, question->forward.number, ADMIN, link_to("ipc://admin"));
    turn();
    cr_assert_null(only(FRAME_FORWARD), "an admin that does not carry it has no say");
    say_of_the_way(FRAME_WAY_OPEN, question->forward.number, THEIR_ADMIN, link_to("tcp://10.0.0.2:1900"));
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->inner, FRAME_BATCH);
}

Test(origin, S8D_what_was_dropped_goes_again_when_the_way_is_open_again) {
    open_the_way();
    say_of_the_way(FRAME_WAY_FULL, 0, ADMIN, link_to("ipc://admin"));
    turn();
    cr_assert_null(only(FRAME_FORWARD), "not at once");
    now_ns += BACKOFF_FIRST_NS;
    turn();
    const struct sent *question = only(FRAME_FORWARD);
    cr_assert_eq(question->forward.parts_count, 0);
    say_of_the_way(FRAME_WAY_OPEN, question->forward.number, ADMIN, link_to("ipc://admin"));
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->inner, FRAME_BATCH);
}

Test(origin, S8F_who_is_gone_is_asked_for_anew) {
    open_the_way();
    say_of_the_way(FRAME_WAY_GONE, 0, ADMIN, link_to("ipc://admin"));
    turn();
    const struct sent *question = only(FRAME_BATCH);
    cr_assert(question && question->asks_where);
}

Test(origin, S8F_a_way_on_which_nobody_answers_is_given_up) {
    open_the_way();
    const struct peer *peer = peers_find(&process->peers, THEIRS);
    for (int i = 0; i <= 40 && peer->state == PEER_UP; i++) {
        now_ns += 500 * NS_PER_MS;
        turn();
    }
    cr_assert_eq(peer->state, PEER_WAITING);
    cr_assert_geq(now_ns, 11 * NS_PER_S);
}

Test(origin, S8F_a_question_without_an_answer_is_asked_again) {
    say_something("admin://0000000000000014");
    turn();
    now_ns += 5 * NS_PER_S;
    turn();
    cr_assert_null(only(FRAME_FORWARD), "a back-off begins");
    now_ns += BACKOFF_FIRST_NS;
    turn();
    cr_assert_not_null(only(FRAME_FORWARD));
}

Test(origin, S8D_how_far_a_full_way_has_come_is_asked_again_without_an_occasion) {
    open_the_way();
    struct peer *peer = peers_find(&process->peers, THEIRS);
    peer->window.sent += PASSAGE_WINDOW_BYTES;
    struct frame last = {.from = OURS, .to = THEIRS, .body = FRAME_STALE};
    cr_assert_eq(process_passage_send(process, peer, &last), MESH_OK);
    cr_assert_not(passage_window_is_open(&peer->window));
    turn();
    cr_assert_null(only(FRAME_FORWARD));
    now_ns = peer->ask_ns;
    cr_assert_eq(deadlines_least(&process->peers.retries), now_ns, "it wakes for that");
    turn();
    const struct sent *question = only(FRAME_FORWARD);
    cr_assert(question && question->forward.parts_count == 0);
}

/* ---- the admin ---- */

/* Two processes of this node and another admin have called; the last one is the relay. */
static void begin_as_admin(void) {
    static const struct {
        uint64_t who;
        enum frame_role role;
        const char *endpoint;
    } callers[] = {{OURS, FRAME_ROLE_HOST, "ipc://ours"},
                   {OURS_TOO, FRAME_ROLE_HOST, "ipc://ours-too"},
                   {THEIR_ADMIN, FRAME_ROLE_ADMIN, "admin://0000000000000014"},
                   {RELAY, FRAME_ROLE_ADMIN, "tcp://10.0.0.4:1900"}};
    begin_as(FRAME_ROLE_ADMIN, "");
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        arrive(&(struct frame){.from = callers[i].who,
                               .body = FRAME_HELLO,
                               .hello = {.role = callers[i].role,
                                         .node = callers[i].role == FRAME_ROLE_ADMIN ? callers[i].who : ADMIN,
                                         .endpoint = bytes_of_text(callers[i].endpoint)}},
               NULL, callers[i].who);
    }
    turn();
    process_set_relay(process, RELAY);
}

TestSuite(admin, .init = begin_as_admin, .fini = end);

static struct part payload = {.holders = 1, .bytes = {(const uint8_t *)"anything", 8}};
static struct part *const payloads[] = {&payload};

static void pass(uint64_t from, uint64_t origin, uint64_t to, uint64_t number) {
    arrive(&(struct frame){.from = from,
                           .to = ADMIN,
                           .body = FRAME_FORWARD,
                           .forward = {.origin = origin,
                                       .origin_node = origin - origin % 10,
                                       .origin_endpoint = bytes_of_text("tcp://10.0.0.9:1900"),
                                       .target = to,
                                       .target_node = to - to % 10,
                                       .number = number,
                                       .parts_count = 1,
                                       .parts = payloads}},
           NULL, from);
}

static struct transport_link *link_of(uint64_t peer) {
    return peers_find(&process->peers, peer)->link;
}

Test(admin, S8B_what_is_for_a_process_of_the_node_goes_to_it) {
    pass(THEIR_ADMIN, THEIRS, OURS, 7);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, OURS);
    cr_assert_eq(only(FRAME_FORWARD)->forward.hops, 1);
    cr_assert_eq(only(FRAME_PASSAGE)->to, THEIR_ADMIN);
    cr_assert_eq(only(FRAME_PASSAGE)->passage.number, 7);
    cr_assert_eq(only(FRAME_PASSAGE)->passage.way, FRAME_WAY_OPEN);
    cr_assert_eq(process_passed(process).on, 1);
}

Test(admin, S8C_what_its_processes_send_goes_to_the_other_admin) {
    pass(OURS, OURS, THEIRS, 7);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, THEIR_ADMIN);
    cr_assert_null(only(FRAME_PASSAGE), "the last admin says so");
}

Test(admin, S8D_what_has_no_other_way_goes_to_the_relay) {
    pass(OURS, OURS, 31, 7);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, RELAY);
}

Test(admin, S8D_what_cannot_go_waits_in_order) {
    struct transport_link *link = link_of(OURS);
    link->ready = false;
    pass(THEIR_ADMIN, THEIRS, OURS, 1);
    pass(THEIR_ADMIN, THEIRS, OURS, 2);
    turn();
    cr_assert_null(only(FRAME_FORWARD));
    link->ready = true;
    turn();
    cr_assert_eq(sent_count, 4);
    cr_assert_eq(sent[0].forward.number, 1);
    cr_assert_eq(sent[1].passage.number, 1);
    cr_assert_eq(sent[2].forward.number, 2);
    cr_assert_eq(sent[3].passage.number, 2);
    cr_assert_eq(process->peers.queued_bytes, 0);
}

Test(admin, S8D_who_finds_no_room_is_told) {
    link_of(OURS)->ready = false;
    process->peers.queued_bytes = PASSAGE_TOTAL_BYTES;
    pass(OURS_TOO, OURS_TOO, OURS, 0);
    turn();
    cr_assert_eq(only(FRAME_PASSAGE)->to, OURS_TOO);
    cr_assert_eq(only(FRAME_PASSAGE)->passage.way, FRAME_WAY_FULL);
    cr_assert_eq(process_passed(process).dropped, 1);
    process->peers.queued_bytes = 0;
}

Test(admin, S8D_what_waited_for_a_link_that_broke_is_told) {
    struct link *link = (struct link *)(void *)link_of(OURS);
    link->link.ready = false;
    pass(THEIR_ADMIN, THEIRS, OURS, 1);
    turn();
    link->link.state = TRANSPORT_DOWN;
    link->news = true;
    turn();
    cr_assert_eq(only(FRAME_PASSAGE)->to, THEIR_ADMIN);
    cr_assert_eq(only(FRAME_PASSAGE)->passage.way, FRAME_WAY_CLOSED);
    cr_assert_eq(process->peers.queued_bytes, 0);
}

Test(admin, S8A_a_visitor_is_answered_and_not_kept) {
    arrive(&(struct frame){.from = 55,
                           .to = ADMIN,
                           .body = FRAME_HELLO,
                           .hello = {.role = FRAME_ROLE_HOST, .node = 50, .last_seen = ADMIN}},
           NULL, 55);
    pass(55, 55, OURS, 3);
    turn();
    cr_assert_eq(only(FRAME_HELLO)->to, 55);
    cr_assert_eq(only(FRAME_FORWARD)->to, OURS);
    cr_assert_eq(only(FRAME_PASSAGE)->to, 55);
    cr_assert_null(peers_find(&process->peers, 55));
}

Test(admin, S8D_another_admin_is_made_no_peer_by_what_is_passed_on) {
    pass(RELAY, 60, ADMIN, 0);
    turn();
    cr_assert_null(peers_find(&process->peers, 60));
    cr_assert_null(link_to("tcp://10.0.0.9:1900"));
    cr_assert_eq(process_passed(process).dropped, 1);
}

Test(admin, S8E_what_bears_a_wrong_sender_is_counted_and_dropped) {
    pass(OURS, OURS_TOO, THEIRS, 1);
    turn();
    cr_assert_eq(sent_count, 0);
    cr_assert_eq(process->noise.malformed, 1);
}

enum { THIRD_ADMIN = 30, BEHIND_THIRD };

static const char third_endpoint[] = "tcp://10.0.0.3:1900";

/* A third admin that was called from here, and has answered. */
static struct transport_link *call_third(void) {
    cr_assert_eq(process_call(process, THIRD_ADMIN, third_endpoint), MESH_OK);
    turn();
    arrive(&(struct frame){.from = THIRD_ADMIN,
                           .to = ADMIN,
                           .body = FRAME_HELLO,
                           .hello = {.role = FRAME_ROLE_ADMIN,
                                     .node = THIRD_ADMIN,
                                     .last_seen = ADMIN,
                                     .endpoint = bytes_of_text(third_endpoint)}},
           link_to(third_endpoint), 0);
    turn();
    return link_to(third_endpoint);
}

Test(admin, S9C_a_connection_that_was_closed_for_another_is_opened_when_something_is_passed_on) {
    (void)call_third();
    process_set_relay(process, 0);
    cr_assert(process_close_least_used(process));
    pass(OURS, OURS_TOO, BEHIND_THIRD, 1);
    turn();
    cr_assert_null(link_to(third_endpoint), "not for what bears a wrong sender");
    pass(OURS, OURS, BEHIND_THIRD, 1);
    turn();
    cr_assert_eq(only(FRAME_PASSAGE)->passage.way, FRAME_WAY_CLOSED);
    cr_assert_not_null(link_to(third_endpoint));
    pass(OURS, OURS, BEHIND_THIRD, 2);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, THIRD_ADMIN);
}

Test(admin, S9C_until_it_is_open_the_relay_passes_on) {
    (void)call_third();
    cr_assert(process_close_least_used(process));
    pass(OURS, OURS, BEHIND_THIRD, 1);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, RELAY);
    pass(OURS, OURS, BEHIND_THIRD, 2);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, THIRD_ADMIN);
}

Test(admin, S9C_a_connection_for_which_something_waits_is_not_closed) {
    struct transport_link *link = call_third();
    link->ready = false;
    pass(OURS, OURS, BEHIND_THIRD, 1);
    turn();
    link->ready = true;
    cr_assert_not(process_close_least_used(process));
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, THIRD_ADMIN);
    cr_assert(process_close_least_used(process));
}

Test(admin, S8D_another_leader_passes_on_when_there_is_one) {
    const struct mesh_address third = {30, 0};
    struct control word = {.kind = CONTROL_SHUTDOWN};
    process_set_relay(process, 0);
    cr_assert_eq(process_send_control(process, third, &word), MESH_OK);
    cr_assert_eq(process_resolved(process, third, 30, "admin://000000000000001e"), MESH_OK);
    turn();
    cr_assert_null(only(FRAME_FORWARD));
    process_set_relay(process, RELAY);
    now_ns += BACKOFF_FIRST_NS;
    turn();
    const struct sent *question = only(FRAME_FORWARD);
    cr_assert_eq(question->to, RELAY);
    arrive(&(struct frame){.from = RELAY,
                           .to = ADMIN,
                           .body = FRAME_PASSAGE,
                           .passage = {ADMIN, ADMIN, 30, question->forward.number, FRAME_WAY_OPEN}},
           NULL, RELAY);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->inner, FRAME_BATCH);
    process_set_relay(process, 0);
    now_ns += BACKOFF_MAX_NS;
    turn();
    process_set_relay(process, THEIR_ADMIN);
    now_ns += BACKOFF_MAX_NS;
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, THEIR_ADMIN);
}

/* Who is behind the leader lives on when the leader does not. */
Test(admin, S8D_a_leader_that_restarts_does_not_take_others_with_it) {
    const struct mesh_address third = {30, 0};
    struct control word = {.kind = CONTROL_SHUTDOWN};
    process_peer_lost(process, RELAY);
    cr_assert_eq(process_call(process, RELAY, "tcp://10.0.0.4:1900"), MESH_OK);
    turn();
    cr_assert_eq(process_send_control(process, third, &word), MESH_OK);
    cr_assert_eq(process_resolved(process, third, 30, "admin://000000000000001e"), MESH_OK);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, RELAY);
    arrive(
        &(struct frame){
            .from = 50,
            .to = ADMIN,
            .body = FRAME_HELLO,
            .hello = {.role = FRAME_ROLE_ADMIN, .node = 50, .endpoint = bytes_of_text("tcp://10.0.0.4:1900")}},
        link_to("tcp://10.0.0.4:1900"), 0);
    turn();
    cr_assert_not_null(peers_find(&process->peers, 30));
    cr_assert_null(peers_find(&process->peers, RELAY));
    now_ns += BACKOFF_MAX_NS;
    turn();
    cr_assert_eq(sent_count, 0, "a relay that is not there is not called: that is the convention's");
    process_set_relay(process, 50);
    now_ns += BACKOFF_MAX_NS;
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, 50);
}

Test(admin, S8C_who_calls_is_not_reached_through_the_relay_any_more) {
    const struct mesh_address third = {30, 0};
    struct control word = {.kind = CONTROL_SHUTDOWN};
    cr_assert_eq(process_send_control(process, third, &word), MESH_OK);
    cr_assert_eq(process_resolved(process, third, 30, "admin://000000000000001e"), MESH_OK);
    turn();
    cr_assert_eq(only(FRAME_FORWARD)->to, RELAY);
    arrive(
        &(struct frame){
            .from = 30,
            .body = FRAME_HELLO,
            .hello = {.role = FRAME_ROLE_ADMIN, .node = 30, .endpoint = bytes_of_text("admin://000000000000001e")}},
        NULL, 30);
    turn();
    cr_assert_null(peers_find(&process->peers, 30)->via);
    cr_assert_eq(only(FRAME_BATCH)->to, 30);
}
