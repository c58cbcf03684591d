/* Unit tests of passages: their text, what an admin does with a frame, the window of the origin, the queues of an admin.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/passage.h"
#include <criterion/criterion.h>

/* ---- text ---- */

static bool reads(const char *text, uint64_t node, const char *endpoint) {
    struct passage passage;
    return passage_read(bytes_of_text(text), &passage) && passage.node == node &&
           bytes_equal(passage.endpoint, bytes_of_text(endpoint));
}

static bool is_none(const char *text) {
    struct passage passage;
    return !passage_read(bytes_of_text(text), &passage);
}

Test(passage, S8A_an_endpoint_names_the_way) {
    char text[PASSAGE_BYTES + 32];
    cr_assert_eq(passage_print(0x1f, "tcp://10.0.0.1:1900", text, sizeof text), MESH_OK);
    cr_assert_str_eq(text, "admin://000000000000001f/tcp://10.0.0.1:1900");
    cr_assert(reads(text, 0x1f, "tcp://10.0.0.1:1900"));
    cr_assert_eq(passage_print(UINT64_MAX, "", text, PASSAGE_BYTES), MESH_OK);
    cr_assert_str_eq(text, "admin://ffffffffffffffff");
    cr_assert(reads(text, UINT64_MAX, ""));
    cr_assert(is_none(""));
    cr_assert(is_none("tcp://10.0.0.1:1900"));
    cr_assert(is_none("admin://000000000000001"));
    cr_assert(is_none("admin://000000000000001F"));
    cr_assert(is_none("admin://0000000000000000"));
    cr_assert(is_none("admin://000000000000001f/"));
    cr_assert(is_none("admin://000000000000001ftcp://10.0.0.1:1900"));
}

Test(passage, a_text_that_does_not_fit_is_not_cut) {
    char text[44 + 1];
    cr_assert_eq(passage_print(0x1f, "tcp://10.0.0.1:1900", text, sizeof text), MESH_OK);
    cr_assert_eq(passage_print(0x1f, "tcp://10.0.0.1:1900", text, sizeof text - 1), MESH_TOO_LARGE);
}

/* ---- judging: this admin is 10, with processes 11 and 12; admin 20 has 21, admin 30 has 31; the relay is 40 ---- */

enum { OWN = 10, OURS = 11, OURS_TOO = 12, THEIR_ADMIN = 20, THEIRS = 21, THIRD_ADMIN = 30, THIRD = 31, RELAY = 40 };

static uint64_t admin_of(uint64_t process) {
    return process - process % 10;
}

static struct passage_view seen_from(uint64_t from, uint64_t target, bool linked) {
    return (struct passage_view){.own = OWN,
                                 .from = from,
                                 .from_here = from == OURS || from == OURS_TOO,
                                 .target_here = target == OURS || target == OURS_TOO,
                                 .origin_known = true,
                                 .node_linked = linked};
}

static enum passage_step judge(const struct passage_view *view, uint64_t origin, uint64_t target, uint32_t hops) {
    struct frame_forward forward = {.origin = origin,
                                    .origin_node = admin_of(origin),
                                    .target = target,
                                    .target_node = admin_of(target),
                                    .hops = hops};
    return passage_judge(view, &forward);
}

static enum passage_step judge_plain(uint64_t from, uint64_t origin, uint64_t target) {
    struct passage_view view = seen_from(from, target, true);
    return judge(&view, origin, target, 0);
}

Test(passage, S8B_an_admin_passes_on_what_is_for_its_own_processes) {
    cr_assert_eq(judge_plain(THEIRS, THEIRS, OURS), PASSAGE_TO_TARGET, "a visitor");
    cr_assert_eq(judge_plain(THEIR_ADMIN, THEIRS, OURS), PASSAGE_TO_TARGET, "by its admin");
    cr_assert_eq(judge_plain(THEIR_ADMIN, THEIR_ADMIN, OWN), PASSAGE_ARRIVED);
}

Test(passage, S8D_what_comes_from_an_admin_that_is_not_known_is_dropped) {
    struct passage_view view = seen_from(RELAY, OWN, true);
    view.relay = RELAY;
    cr_assert_eq(judge(&view, THIRD_ADMIN, OWN, 1), PASSAGE_ARRIVED);
    view.origin_known = false;
    cr_assert_eq(judge(&view, THIRD_ADMIN, OWN, 1), PASSAGE_UNKNOWN);
    cr_assert_eq(judge(&view, THIRD, OWN, 1), PASSAGE_ARRIVED, "who is no admin need not be known");
}

Test(passage, S8F_the_sender_is_told_that_there_is_no_such_process) {
    cr_assert_eq(judge_plain(THEIRS, THEIRS, OURS + 5), PASSAGE_GONE);
    cr_assert_eq(judge_plain(THEIR_ADMIN, THEIRS, OURS + 5), PASSAGE_GONE);
}

Test(passage, S8C_an_admin_passes_on_what_its_own_processes_send) {
    cr_assert_eq(judge_plain(OURS, OURS, THEIRS), PASSAGE_TO_NODE);
    struct passage_view view = seen_from(OURS, THEIRS, false);
    cr_assert_eq(judge(&view, OURS, THEIRS, 0), PASSAGE_CLOSED);
}

Test(passage, S8D_where_there_is_no_link_the_leader_passes_on) {
    struct passage_view view = seen_from(OURS, THEIRS, false);
    view.relay = RELAY;
    cr_assert_eq(judge(&view, OURS, THEIRS, 0), PASSAGE_TO_RELAY);
    view.relay = THEIR_ADMIN;
    cr_assert_eq(judge(&view, OURS, THEIRS, 0), PASSAGE_CLOSED, "the relay is the one that is not linked");
    struct passage_view leader = seen_from(THIRD_ADMIN, THEIRS, true);
    cr_assert_eq(judge(&leader, THIRD, THEIRS, 1), PASSAGE_TO_NODE, "at the leader");
    struct passage_view receiver = seen_from(RELAY, OURS, true);
    receiver.relay = RELAY;
    cr_assert_eq(judge(&receiver, THIRD, OURS, 2), PASSAGE_TO_TARGET, "behind it");
}

/* A leader that has just begun knows few nodes: those that it does not know are not gone. */
Test(passage, S8F_only_the_admin_of_its_node_knows_that_a_process_is_gone) {
    struct passage_view view = seen_from(THIRD_ADMIN, THEIRS, false);
    cr_assert_eq(judge(&view, THIRD_ADMIN, THEIR_ADMIN, 0), PASSAGE_CLOSED);
    cr_assert_eq(judge(&view, THIRD, THEIRS, 1), PASSAGE_CLOSED);
}

Test(passage, S8D_nothing_goes_in_circles) {
    struct passage_view view = seen_from(THIRD_ADMIN, THEIRS, true);
    cr_assert_eq(judge(&view, THIRD, THEIRS, PASSAGE_HOPS - 1), PASSAGE_TO_NODE);
    cr_assert_eq(judge(&view, THIRD, THEIRS, PASSAGE_HOPS), PASSAGE_CLOSED);
    view = seen_from(THIRD_ADMIN, THEIRS, false);
    view.relay = RELAY;
    cr_assert_eq(judge(&view, THIRD, THEIRS, 0), PASSAGE_CLOSED, "only its own processes' frames go to the relay");
}

Test(passage, S8E_a_wrong_sender_is_dropped) {
    cr_assert_eq(judge_plain(OURS, OURS_TOO, THEIRS), PASSAGE_FORGED, "in a neighbour's name");
    cr_assert_eq(judge_plain(OURS, THEIRS, OURS_TOO), PASSAGE_FORGED, "in another node's name");
    cr_assert_eq(judge_plain(THEIRS, OURS, OURS_TOO), PASSAGE_FORGED, "as one of ours");
    cr_assert_eq(judge_plain(THEIR_ADMIN, OURS, OURS_TOO), PASSAGE_FORGED, "what is ours does not come back");
    cr_assert_eq(judge_plain(THEIR_ADMIN, THIRD, OURS), PASSAGE_FORGED, "who is no relay speaks for its node only");
    cr_assert_eq(judge_plain(THEIRS, THEIRS, THIRD), PASSAGE_GONE, "a visitor goes no further");
}

/* ---- window ---- */

Test(passage, S8D_the_origin_is_no_further_ahead_than_a_window) {
    struct passage_window window = {0};
    uint64_t first = passage_window_reopen(&window), number = 0;
    cr_assert(passage_window_answer(&window, first));
    uint64_t quarter = PASSAGE_WINDOW_BYTES / 4;
    cr_assert_eq(passage_window_send(&window, (size_t)quarter - 1), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert(passage_window_is_open(&window));
        number = passage_window_send(&window, (size_t)quarter);
        cr_assert_neq(number, 0);
    }
    cr_assert(passage_window_is_open(&window), "one byte is left");
    (void)passage_window_send(&window, 1);
    cr_assert_not(passage_window_is_open(&window));
    cr_assert(passage_window_answer(&window, number));
    cr_assert(passage_window_is_open(&window));
}

Test(passage, an_old_answer_opens_nothing) {
    struct passage_window window = {0};
    uint64_t first = passage_window_reopen(&window);
    (void)passage_window_send(&window, (size_t)PASSAGE_WINDOW_BYTES);
    uint64_t again = passage_window_reopen(&window);
    cr_assert_not(passage_window_answer(&window, first));
    cr_assert_not(passage_window_answer(&window, again + 1), "never asked");
    cr_assert(passage_window_answer(&window, again));
    cr_assert_eq(window.answered, again);
}

/* ---- queue ---- */

static unsigned freed;

static void count_free(struct part *part) {
    (void)part;
    freed++;
}

static struct part small = {.holders = 1, .bytes = {NULL, 1000}, .free = count_free};
static struct part *const parts[] = {&small, &small};

static size_t total;
static struct passage_queue queue;

static void begin(void) {
    total = 0;
    passage_queue_init(&queue, &total);
}

static void end(void) {
    passage_queue_fini(&queue);
    cr_assert_eq(total, 0);
    cr_assert_eq(atomic_load(&small.holders), 1);
}

TestSuite(passage_queue, .init = begin, .fini = end);

static enum mesh_status push(uint64_t origin, uint64_t number) {
    char endpoint[] = "tcp://10.0.0.1:1900"; /* its memory is not needed afterwards */
    struct frame_forward forward = {.origin = origin,
                                    .origin_node = 1,
                                    .origin_endpoint = bytes_of_text(endpoint),
                                    .target = 2,
                                    .target_node = 3,
                                    .number = number,
                                    .parts_count = 2,
                                    .parts = parts};
    return passage_queue_push(&queue, 7, &forward);
}

Test(passage_queue, S8D_frames_leave_in_the_order_in_which_they_came) {
    cr_assert_eq(push(1, 1), MESH_OK);
    cr_assert_eq(push(2, 2), MESH_OK);
    const struct passage_item *item = passage_queue_first(&queue);
    cr_assert_eq(item->forward.number, 1);
    cr_assert_eq(item->from, 7);
    cr_assert(bytes_equal(item->forward.origin_endpoint, bytes_of_text("tcp://10.0.0.1:1900")));
    cr_assert_eq(item->forward.parts[1], &small);
    passage_queue_drop_first(&queue);
    cr_assert_eq(passage_queue_first(&queue)->forward.number, 2);
    passage_queue_drop_first(&queue);
    cr_assert(passage_queue_is_empty(&queue));
    cr_assert_null(passage_queue_first(&queue));
}

static size_t fill(uint64_t origin) {
    size_t count = 0;
    while (push(origin, count) == MESH_OK) {
        count++;
    }
    return count;
}

Test(passage_queue, S8D_a_flood_leaves_room_to_others) {
    size_t flood = fill(1), second = fill(2), third = fill(3);
    cr_assert_leq(queue.bytes, PASSAGE_QUEUE_BYTES);
    cr_assert_geq(2 * flood * 2000, PASSAGE_QUEUE_BYTES * 4 / 5, "it gets half");
    cr_assert_geq(second, flood / 2 - 1);
    cr_assert_geq(third, flood / 4 - 1);
    passage_queue_drop_first(&queue);
    cr_assert_eq(push(4, 0), MESH_OK);
}

Test(passage_queue, D10_all_queues_of_an_admin_have_one_limit) {
    total = PASSAGE_TOTAL_BYTES - 2000;
    cr_assert_eq(push(1, 1), MESH_FULL);
    total = PASSAGE_TOTAL_BYTES - 3000;
    cr_assert_eq(push(1, 1), MESH_OK);
    passage_queue_drop_first(&queue);
    total = 0;
}
