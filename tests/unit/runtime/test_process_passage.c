/* Unit tests of passages in a process: as the origin of what goes through admins, as the admin that passes on, and as the receiver.
 *
 * The transport is made of the test's words: what comes in is put into its inbox, what goes out is read and kept, and a link takes
 * something when the test says so. Time is the test's, too.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/process_inside.h"
#include <criterion/criterion.h>

enum {
    ADMIN = 10,
    OURS = 11,
    OURS_TOO = 12,
    THEIR_ADMIN = 20,
    THEIRS = 21,
    RELAY = 40,
    INBOX = 16,
    SENT = 64,
    LINKS = 8
};

static uint64_t now_ns;
static struct process *process;
static struct codec *codec;
static const struct mesh_address target = {THEIR_ADMIN, (uint64_t)1 << 40 | 1};

int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms) {
    (void)descriptors;
    (void)count;
    (void)timeout_ms;
    return 0;
}

/* ---- the transport ---- */

struct link {
    struct transport_link link;
    bool used, news;
    char endpoint[64];
};

struct arrival {
    uint8_t packed[4096];
    size_t bytes;
    struct part *parts[1];
    size_t parts_count;
    struct transport_link *link;
    uint64_t source;
};

/* What was sent, as far as it matters. Of a forwarded frame, what is in it. */
struct sent {
    uint64_t to;
    enum frame_body body, inner;
    struct frame_forward forward;
    struct frame_passage passage;
    bool asks_where;
};

static struct link links[LINKS];
static struct arrival inbox[INBOX];
static size_t arrived, received;
static struct sent sent[SENT];
static size_t sent_count;

static void fake_destroy(struct transport *transport) {
    (void)transport;
}

static enum mesh_status fake_listen(struct transport *transport, const char *endpoint,
                                    char bound[TRANSPORT_ENDPOINT_BYTES], struct mesh_error *error) {
    (void)transport;
    (void)error;
    strncpy(bound, endpoint, TRANSPORT_ENDPOINT_BYTES - 1);
    return MESH_OK;
}

static struct transport_link *new_link(const char *endpoint, enum transport_state state) {
    size_t at = 0;
    while (links[at].used) {
        at++;
    }
    cr_assert_lt(at, LINKS);
    links[at] =
        (struct link){.link = {.state = state, .ready = true}, .used = true, .news = state == TRANSPORT_OPENING};
    strncpy(links[at].endpoint, endpoint, sizeof links[at].endpoint - 1);
    return &links[at].link;
}

static enum mesh_status fake_open(struct transport *transport, const char *endpoint, bool two_way,
                                  struct transport_link **out) {
    (void)transport;
    (void)two_way;
    *out = new_link(endpoint, TRANSPORT_OPENING);
    return MESH_OK;
}

static enum mesh_status fake_back(struct transport *transport, uint64_t source, struct transport_link **out) {
    (void)transport;
    (void)source;
    *out = new_link("", TRANSPORT_UP);
    return MESH_OK;
}

static void fake_close(struct transport *transport, struct transport_link *link) {
    (void)transport;
    ((struct link *)(void *)link)->used = false;
}

/* Whether the batch asks an admin where somebody lives. */
static bool asks_where(const struct frame *frame) {
    struct control control;
    return frame->body == FRAME_BATCH && frame->batch.runs_count > 0 && frame->batch.runs[0].kind == FRAME_CONTROL &&
           frame->batch.runs[0].count > 0 &&
           control_decode(codec, frame->batch.runs[0].payloads[0], &control) == MESH_OK &&
           control.kind == CONTROL_RESOLVE;
}

static enum mesh_status fake_send(struct transport *transport, struct transport_link *link, struct codec *theirs,
                                  const struct codec_image *image) {
    static uint8_t packed[FRAME_PACKED_BYTES];
    struct frame frame, inner;
    (void)transport;
    cr_assert(link->ready);
    codec_pack(theirs, packed);
    cr_assert_eq(codec_decode(codec, bytes_make(packed, image->bytes), image->parts, image->parts_count, &frame),
                 MESH_OK);
    cr_assert_lt(sent_count, SENT);
    struct sent *entry = &sent[sent_count++];
    *entry = (struct sent){.to = frame.to, .body = frame.body};
    if (frame.body == FRAME_PASSAGE) {
        entry->passage = frame.passage;
    } else if (frame.body == FRAME_FORWARD) {
        entry->forward = frame.forward;
        const struct part *first = frame.forward.parts_count ? frame.forward.parts[0] : NULL;
        entry->inner = FRAME_HELLO;
        if (first && codec_decode(codec, first->bytes, NULL, 0, &inner) == MESH_OK) {
            entry->inner = inner.body;
        }
    } else {
        entry->asks_where = asks_where(&frame);
    }
    return MESH_OK;
}

static void fake_check(struct transport *transport, struct transport_link *link) {
    (void)transport;
    (void)link;
}

static struct transport_link *fake_changed(struct transport *transport) {
    (void)transport;
    for (size_t i = 0; i < LINKS; i++) {
        if (links[i].used && links[i].news) {
            links[i].news = false;
            links[i].link.state = links[i].link.state == TRANSPORT_OPENING ? TRANSPORT_UP : links[i].link.state;
            return &links[i].link;
        }
    }
    return NULL;
}

static bool fake_receive(struct transport *transport, struct transport_inbound *out) {
    (void)transport;
    if (received == arrived) {
        return false;
    }
    const struct arrival *next = &inbox[received++];
    *out = (struct transport_inbound){.first = bytes_make(next->packed, next->bytes),
                                      .parts = next->parts,
                                      .parts_count = next->parts_count,
                                      .link = next->link,
                                      .source = next->source};
    return true;
}

static size_t fake_descriptors(struct transport *transport, struct pollfd *out, size_t max) {
    (void)transport;
    (void)out;
    (void)max;
    return 0;
}

static const struct transport_ops fake_ops = {
    .destroy = fake_destroy,
    .listen = fake_listen,
    .open = fake_open,
    .back = fake_back,
    .close = fake_close,
    .send = fake_send,
    .check = fake_check,
    .changed = fake_changed,
    .receive = fake_receive,
    .descriptors = fake_descriptors,
};

static struct transport fake = {.ops = &fake_ops};

/* ---- what the test does ---- */

static struct transport_link *link_to(const char *endpoint) {
    for (size_t i = 0; i < LINKS; i++) {
        if (links[i].used && strcmp(links[i].endpoint, endpoint) == 0) {
            return &links[i].link;
        }
    }
    return NULL;
}

static void arrive(const struct frame *frame, struct transport_link *link, uint64_t source) {
    struct codec_image image;
    arrived = received == arrived ? 0 : arrived;
    received = arrived ? received : 0;
    cr_assert_lt(arrived, INBOX);
    struct arrival *next = &inbox[arrived++];
    cr_assert_eq(codec_prepare(codec, frame, &image), MESH_OK);
    cr_assert_leq(image.bytes, sizeof next->packed);
    codec_pack(codec, next->packed);
    next->bytes = image.bytes;
    next->parts_count = image.parts_count;
    next->parts[0] = image.parts_count ? image.parts[0] : NULL;
    next->link = link;
    next->source = source;
    fake.stirred = true;
}

/* Whatever is to be done now. */
static void turn(void) {
    sent_count = 0;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(process_turn(process, now_ns), MESH_OK);
    }
}

static const struct sent *only(enum frame_body body) {
    const struct sent *found = NULL;
    for (size_t i = 0; i < sent_count; i++) {
        cr_assert(sent[i].body != body || !found, "there are several");
        found = sent[i].body == body ? &sent[i] : found;
    }
    return found;
}

static void begin(enum frame_role role) {
    bool admin = role == FRAME_ROLE_ADMIN;
    struct mesh_error error;
    struct process_options options = {.role = role,
                                      .incarnation = admin ? ADMIN : OURS,
                                      .node = ADMIN,
                                      .slot = admin ? 0 : 1,
                                      .listen = (const char *const[]){"ipc://here", NULL},
                                      .advertise = admin ? "tcp://10.0.0.1:1900" : NULL,
                                      .admin = admin ? NULL : "ipc://admin",
                                      .transport = &fake,
                                      .clock = &now_ns,
                                      .limits = &delivery_limits_default};
    now_ns = NS_PER_S;
    cr_assert_eq(codec_new(&codec), MESH_OK);
    if (!admin) {
        arrive(&(struct frame){.from = ADMIN,
                               .to = OURS,
                               .body = FRAME_HELLO,
                               .hello = {.role = FRAME_ROLE_ADMIN,
                                         .node = ADMIN,
                                         .slot = 1,
                                         .endpoint = bytes_of_text("admin://000000000000000a")}},
               &links[0].link, 0);
    }
    cr_assert_eq(process_new(&process, &options, 1000, &error), MESH_OK, "%s", error.text);
    process_lock(process);
}

static void end(void) {
    process_unlock(process);
    process_destroy(&process);
    codec_destroy(&codec);
}

/* ---- the origin ---- */

static void begin_as_host(void) {
    begin(FRAME_ROLE_HOST);
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
    begin(FRAME_ROLE_ADMIN);
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

Test(admin, S8E_what_bears_a_wrong_sender_is_counted_and_dropped) {
    pass(OURS, OURS_TOO, THEIRS, 1);
    turn();
    cr_assert_eq(sent_count, 0);
    cr_assert_eq(process->noise.malformed, 1);
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
