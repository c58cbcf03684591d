/* Unit tests of a process and its links: where it says that it is reached, and what it closes when there are too many.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/runtime/fake_transport.h"
#include <stdio.h>

static void begin(void) {
    begin_as(FRAME_ROLE_HOST, "tcp://10.0.0.1:1900");
}

TestSuite(process_link, .init = begin, .fini = end);

/* ---- where it is reached ---- */

static void admin_says(const char *endpoint) {
    arrive(&(struct frame){.from = ADMIN,
                           .to = OURS,
                           .body = FRAME_HELLO,
                           .hello = {.role = FRAME_ROLE_ADMIN, .node = ADMIN, .endpoint = bytes_of_text(endpoint)}},
           link_to("ipc://admin"), 0);
    turn();
}

Test(process_link, S9A_a_host_has_the_address_of_its_admin_and_a_port_of_its_own) {
    cr_assert_str_eq(process_endpoint(process, true), "tcp://10.0.0.1:7000");
    cr_assert_str_eq(process_endpoint(process, false), "ipc://here");
    admin_says("tcp://10.0.0.2:1900");
    cr_assert_str_eq(process_endpoint(process, true), "tcp://10.0.0.2:7000");
    admin_says("admin://000000000000000a");
    cr_assert_str_eq(process_endpoint(process, true), "admin://000000000000000a");
}

Test(process_link, S9A_where_its_admin_is_known_by_a_name_a_host_is_too) {
    admin_says("tcp://alpha.example:1900");
    cr_assert_str_eq(process_endpoint(process, true), "tcp://alpha.example:7000");
}

/* ---- a node that restarts ---- */

static void begin_admin(void) {
    begin_as(FRAME_ROLE_ADMIN, "");
}

TestSuite(restart, .init = begin_admin, .fini = end);

enum { FORMER = 30, PRESENT = 31 };

static size_t links_to(const char *endpoint) {
    size_t count = 0;
    for (size_t i = 0; i < LINKS; i++) {
        count += links[i].used && strcmp(links[i].endpoint, endpoint) == 0;
    }
    return count;
}

Test(restart, S1G_what_was_for_the_former_life_does_not_end_the_link_to_the_present_one) {
    static const char endpoint[] = "tcp://10.0.0.3:1900";
    const struct mesh_address former = {FORMER, 0};
    struct control word = {.kind = CONTROL_SHUTDOWN};
    cr_assert_eq(process_call(process, PRESENT, endpoint), MESH_OK);
    turn();
    cr_assert_eq(process_send_control(process, former, &word), MESH_OK);
    cr_assert_eq(process_resolved(process, former, FORMER, endpoint), MESH_OK);
    turn();
    cr_assert_eq(links_to(endpoint), 1);
    cr_assert_null(only(FRAME_BATCH));
    process_peer_lost(process, PRESENT);
    now_ns += BACKOFF_MAX_NS;
    turn();
    cr_assert_eq(links_to(endpoint), 1);
    cr_assert_eq(only(FRAME_BATCH)->to, FORMER);
}

/* ---- nonsense ---- */

static void send_nonsense(const char *endpoint, unsigned pieces) {
    for (unsigned i = 0; i < pieces; i++) {
        arrive(&(struct frame){.from = PRESENT, .to = ADMIN, .body = FRAME_HEARTBEAT}, link_to(endpoint), 0);
        inbox[arrived - 1].packed[0] = 'x';
        turn();
    }
}

Test(restart, S7K_too_much_nonsense_closes_a_link_that_was_opened_here) {
    static const char endpoint[] = "tcp://10.0.0.3:1900";
    cr_assert_eq(process_call(process, PRESENT, endpoint), MESH_OK);
    turn();
    send_nonsense(endpoint, 15);
    cr_assert_eq(links_to(endpoint), 1);
    now_ns += callers_limits_default.memory_ns;
    send_nonsense(endpoint, 15);
    cr_assert_eq(links_to(endpoint), 1, "what is long ago is forgotten");
    send_nonsense(endpoint, 1);
    cr_assert_eq(links_to(endpoint), 0);
    cr_assert_eq(process_strangers(process).malformed, 31);
    now_ns += BACKOFF_MAX_NS;
    turn();
    cr_assert_eq(links_to(endpoint), 1, "it is opened again after a while");
}

/* ---- who does not answer ---- */

static void fail_link(const char *endpoint, bool silent) {
    struct link *link = (struct link *)(void *)link_to(endpoint);
    link->link.state = TRANSPORT_DOWN;
    link->link.silent = silent;
    link->link.why = "why";
    link->news = true;
    turn();
}

Test(restart, S7E_who_does_not_answer_is_not_distrusted) {
    static const char endpoint[] = "tcp://10.0.0.3:1900";
    cr_assert_eq(process_call(process, PRESENT, endpoint), MESH_OK);
    turn();
    fail_link(endpoint, true);
    cr_assert_eq(process_distrust(process).calls, 0);
    cr_assert(peers_find(&process->peers, PRESENT)->silence_told);
    now_ns += BACKOFF_MAX_NS;
    turn();
    cr_assert_not(peers_find(&process->peers, PRESENT)->silence_told, "its link is up again");
    fail_link(endpoint, false);
    cr_assert_eq(process_distrust(process).calls, 1);
}

/* The convention calls by endpoint whom it does not know yet, though the process may. */
static unsigned told_up;

static void count_up(void *user, uint64_t peer, const char *endpoint, enum process_link link) {
    (void)user;
    (void)endpoint;
    told_up += peer == PRESENT && link == PROCESS_LINK_UP;
}

static void answer_as_present(const char *endpoint) {
    arrive(&(struct frame){.from = PRESENT,
                           .to = ADMIN,
                           .body = FRAME_HELLO,
                           .hello = {.role = FRAME_ROLE_ADMIN, .node = PRESENT, .endpoint = bytes_of_text(endpoint)}},
           link_to(endpoint), 0);
    turn();
}

Test(restart, S8C_who_is_linked_is_not_called_again) {
    static const char endpoint[] = "tcp://10.0.0.3:1900";
    process->callbacks.link = count_up;
    cr_assert_eq(process_call(process, PRESENT, endpoint), MESH_OK);
    turn();
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    turn();
    cr_assert_eq(only(FRAME_HELLO)->to, PRESENT, "it may have forgotten us");
    cr_assert_eq(links_to(endpoint), 1);
    told_up = 0;
    answer_as_present(endpoint);
    cr_assert_eq(told_up, 1);
}

static unsigned former_up, former_replaced;

static void note_former(void *user, uint64_t peer, const char *endpoint, enum process_link link) {
    count_up(user, peer, endpoint, link);
    former_up += peer == FORMER && link == PROCESS_LINK_UP;
    former_replaced += peer == FORMER && link == PROCESS_LINK_REPLACED;
}

/* Else a node that restarts would be heard of as often as it is called, and neither be lost nor let its next life in. */
Test(restart, S3B_that_a_link_is_up_says_nothing_of_who_answers) {
    static const char endpoint[] = "tcp://10.0.0.3:1900";
    process->callbacks.link = note_former;
    told_up = 0;
    cr_assert_eq(process_call(process, FORMER, endpoint), MESH_OK);
    turn();
    cr_assert_eq(peers_find(&process->peers, FORMER)->state, PEER_UP);
    cr_assert_eq(former_up, 0);
    answer_as_present(endpoint);
    cr_assert_eq(former_up, 0);
    cr_assert_eq(former_replaced, 1);
    cr_assert_eq(told_up, 1);
}

Test(restart, S8C_who_is_being_called_is_not_linked_beside_it) {
    static const char endpoint[] = "tcp://10.0.0.3:1900";
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    cr_assert_eq(process_call(process, PRESENT, endpoint), MESH_OK);
    turn();
    cr_assert_eq(links_to(endpoint), 1);
    answer_as_present(endpoint);
    cr_assert_eq(links_to(endpoint), 1);
    cr_assert_not_null(peers_find(&process->peers, PRESENT)->link);
}

/* Found by the cluster: a leader that had come back was called by its name and by its new address at once. It answered the call that ended, and
 * what was said by the other got no answer for ever. */
Test(restart, S8C_of_two_calls_of_one_node_the_one_that_stays_greets_last) {
    static const char name[] = "tcp://10.0.0.3:1900", address[] = "tcp://10.0.0.4:1900";
    cr_assert_eq(process_call(process, PRESENT, address), MESH_OK);
    cr_assert_eq(process_call(process, 0, name), MESH_OK);
    turn();
    cr_assert_eq(links_to(name) + links_to(address), 2);
    answer_as_present(name);
    cr_assert_eq(links_to(name), 0);
    cr_assert(only(FRAME_HELLO) && only(FRAME_HELLO)->to == PRESENT);
    cr_assert_eq(links_to(address), 1);
}

/* Found with two nodes of one address: the one that had been displaced knew the leader's process by an answer without an endpoint, and each call ended
 * in favour of a link that nothing could open. */
Test(restart, S8C_who_answers_is_reached_there_when_nobody_has_said_where) {
    static const char endpoint[] = "tcp://10.0.0.3:1900";
    process->callbacks.link = count_up;
    (void)process_resolved(process, (struct mesh_address){PRESENT, 1}, PRESENT, "");
    cr_assert_eq(process_call(process, 0, endpoint), MESH_OK);
    turn();
    answer_as_present(endpoint);
    told_up = 0;
    cr_assert_eq(links_to(endpoint), 1);
    answer_as_present(endpoint);
    cr_assert_eq(told_up, 1);
}

/* ---- many peers ---- */

static struct mesh_address actor_of(uint64_t process_id) {
    return (struct mesh_address){THEIR_ADMIN, process_id << 40 | 1};
}

static const char *endpoint_of(uint64_t process_id) {
    static char text[32];
    (void)snprintf(text, sizeof text, "tcp://10.0.0.9:%u", (unsigned)process_id);
    return text;
}

/* A message to an actor of that process, whose link is opened if need be. */
static void say_to(uint64_t process_id) {
    struct control word = {.kind = CONTROL_SHUTDOWN};
    cr_assert_eq(process_send_control(process, actor_of(process_id), &word), MESH_OK);
    (void)process_resolved(process, actor_of(process_id), process_id, endpoint_of(process_id));
    turn();
}

/* All that was sent to it has been handled. */
static void handled_by(uint64_t process_id, uint64_t count) {
    struct frame_ack ack = {.sender = process_address(process),
                            .target = actor_of(process_id),
                            .epoch = process_id,
                            .received = count,
                            .handled = count,
                            .listed_from = 1,
                            .credit_seq = 1000,
                            .credit_bytes = 100000};
    arrive(
        &(struct frame){.from = process_id, .to = OURS, .body = FRAME_BATCH, .batch = {.acks_count = 1, .acks = &ack}},
        NULL, 0);
    turn();
}

static bool has_link(uint64_t process_id) {
    return link_to(endpoint_of(process_id)) != NULL;
}

/* Streams get their epochs in the order in which they begin, so these are the numbers of the processes. */
enum { FIRST = 1, SECOND, THIRD };

Test(process_link, S9C_the_least_used_idle_connection_is_closed) {
    links_max = 3; /* the admin's is one */
    say_to(FIRST);
    say_to(SECOND);
    handled_by(SECOND, 1);
    handled_by(FIRST, 1);
    say_to(FIRST);
    handled_by(FIRST, 2);
    say_to(THIRD);
    cr_assert(has_link(FIRST));
    cr_assert_not(has_link(SECOND), "used longer ago");
    cr_assert(has_link(THIRD));
    cr_assert_not_null(link_to("ipc://admin"));
}

Test(process_link, S9C_what_is_under_way_keeps_its_connection) {
    links_max = 3;
    say_to(FIRST);
    say_to(SECOND);
    handled_by(SECOND, 1);
    say_to(THIRD);
    cr_assert(has_link(FIRST), "it owes an ack");
    cr_assert_not(has_link(SECOND));
}

Test(process_link, S9C_a_closed_connection_is_opened_when_it_is_used) {
    links_max = 3;
    say_to(FIRST);
    handled_by(FIRST, 1);
    say_to(SECOND);
    handled_by(SECOND, 1);
    say_to(THIRD);
    handled_by(THIRD, 1);
    cr_assert_not(has_link(FIRST));
    say_to(FIRST);
    cr_assert(has_link(FIRST));
    cr_assert_not_null(only(FRAME_BATCH));
    cr_assert_eq(only(FRAME_BATCH)->to, FIRST);
}

Test(process_link, S9C_without_an_idle_one_the_new_one_waits) {
    links_max = 3;
    say_to(FIRST);
    say_to(SECOND);
    say_to(THIRD);
    cr_assert_not(has_link(THIRD));
    handled_by(FIRST, 1);
    now_ns += BACKOFF_FIRST_NS;
    turn();
    cr_assert(has_link(THIRD));
}

/* ---- who has called, and hangs up ---- */

/* The admin of another node calls; gives the way back. */
static struct link *called_by(uint64_t incarnation) {
    arrive(&(struct frame){.from = incarnation,
                           .to = ADMIN,
                           .body = FRAME_HELLO,
                           .hello = {.role = FRAME_ROLE_ADMIN, .node = incarnation}},
           NULL, incarnation);
    turn();
    return (struct link *)(void *)peers_find(&process->peers, incarnation)->link;
}

Test(restart, S3A_who_has_called_and_hangs_up_is_greeted_to_see_whether_it_is_there) {
    struct link *way_back = called_by(PRESENT);
    way_back->link.doubtful = way_back->news = true;
    turn();
    cr_assert_null(only(FRAME_HELLO), "its goodbye may still come");
    now_ns += NS_PER_S;
    turn();
    cr_assert_eq(only(FRAME_HELLO)->to, PRESENT);
    now_ns += NS_PER_S;
    turn();
    cr_assert_null(only(FRAME_HELLO));
    cr_assert_eq(peers_find(&process->peers, PRESENT)->state, PEER_UP, "nobody has said that it is not");
}

Test(restart, S3A_a_new_call_ends_the_doubt) {
    struct link *way_back = called_by(PRESENT);
    way_back->link.doubtful = way_back->news = true;
    turn();
    (void)called_by(PRESENT);
    now_ns += NS_PER_S;
    turn();
    cr_assert_null(only(FRAME_HELLO));
}

/* ---- goodbye ---- */

Test(process_link, D14_who_ends_says_so_to_those_that_it_has_a_link_to) {
    say_to(FIRST);
    handled_by(FIRST, 1);
    sent_count = 0;
    process_say_goodbye(process);
    cr_assert_eq(sent_count, 1, "the admin learns it otherwise");
    cr_assert_eq(only(FRAME_STALE)->to, FIRST);
    cr_assert_eq(only(FRAME_STALE)->meant, OURS);
}

Test(process_link, D14_nobody_asks_about_who_has_said_that_it_ends) {
    say_to(FIRST);
    handled_by(FIRST, 1);
    sent_count = 0;
    arrive(&(struct frame){.from = FIRST, .to = OURS, .body = FRAME_STALE, .stale = {.meant = FIRST}}, NULL, 0);
    turn();
    now_ns += BACKOFF_MAX_NS;
    turn();
    cr_assert_not(has_link(FIRST));
    cr_assert_eq(sent_count, 0);
}
