/* The crash page: what its reader makes of every instant at which its writer may have died.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/crash_page.h"
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct crash_page *page;
static const struct mesh_address actor = {7, 100};
static const struct mesh_address sender = {7, 200};

static void open_page(void) {
    int fd = -1;
    cr_assert_eq(crash_page_create(&fd), MESH_OK);
    cr_assert_eq(crash_page_map(&page, fd), MESH_OK);
    (void)close(fd);
    crash_page_begin(page, 42, 4711);
}

static void close_page(void) {
    crash_page_unmap(&page);
    cr_assert_null(page);
}

TestSuite(crash_page, .init = open_page, .fini = close_page);

static struct message message_of(struct mesh_address from, uint64_t epoch, uint64_t seq) {
    return (struct message){
        .sender = from, .target = actor, .epoch = epoch, .seq = seq, .type = bytes_of_text("add"), .kind = FRAME_USER};
}

static void handle(int entry, struct mesh_address from, uint64_t epoch, uint64_t seq) {
    struct message message = message_of(from, epoch, seq);
    crash_page_enter(page, entry, 1, &message);
    crash_page_leave(page, entry, 2, &message);
}

Test(crash_page, another_size_is_no_page) {
    int fd = memfd_create("other", MFD_CLOEXEC);
    struct crash_page *other = NULL;
    cr_assert_eq(crash_page_map(&other, fd), MESH_INVALID_ARGUMENT);
    cr_assert_null(other);
    (void)close(fd);
}

Test(crash_page, an_untouched_page_has_nothing_on_record) {
    int fd = -1;
    struct crash_page *fresh = NULL;
    struct crash_record record;
    struct crash_floor floor;
    cr_assert_eq(crash_page_create(&fd), MESH_OK);
    cr_assert_eq(crash_page_map(&fresh, fd), MESH_OK);
    cr_assert_eq(crash_page_incarnation(fresh), 0);
    cr_assert_not(crash_page_actor(fresh, 0, &record));
    cr_assert_not(crash_page_floor(fresh, actor, sender, &floor));
    cr_assert_eq(crash_page_all_ends(fresh), 0);
    crash_page_unmap(&fresh);
    (void)close(fd);
}

Test(crash_page, E3_a_message_in_hand_is_on_record_until_its_handler_returns) {
    int entry = crash_page_open(page, 1, actor, "counter");
    struct message message = message_of(sender, 3, 9);
    struct crash_record record;
    struct crash_floor floor;
    crash_page_enter(page, entry, 77, &message);
    cr_assert(crash_page_find(page, actor, &record));
    cr_assert(record.in_hand);
    cr_assert_eq(record.state, CRASH_BUSY);
    cr_assert_eq(record.since_ns, 77);
    cr_assert_str_eq(record.type, "counter");
    cr_assert_str_eq(record.in_hand_type, "add");
    cr_assert(crash_page_floor(page, actor, sender, &floor));
    cr_assert_eq(floor.epoch, 3);
    cr_assert_eq(floor.handled, 8, "all before the one in hand were handled");
    cr_assert_eq(floor.in_hand, 9);

    crash_page_leave(page, entry, 78, &message);
    cr_assert(crash_page_find(page, actor, &record));
    cr_assert_not(record.in_hand);
    cr_assert_eq(record.handled, 1);
    cr_assert(crash_page_floor(page, actor, sender, &floor));
    cr_assert_eq(floor.handled, 9);
    cr_assert_eq(floor.in_hand, 0);
}

Test(crash_page, D14_a_later_epoch_replaces_the_floor_of_an_earlier_one) {
    int entry = crash_page_open(page, 1, actor, "counter");
    struct crash_floor floor;
    handle(entry, sender, 1, 500);
    handle(entry, sender, 2, 1);
    cr_assert(crash_page_floor(page, actor, sender, &floor));
    cr_assert_eq(floor.epoch, 2);
    cr_assert_eq(floor.handled, 1);
}

/* Seed 1542 of the simulator: an exit request went ahead of seven messages, which were then given for handled. */
Test(crash_page, C5_an_urgent_message_makes_no_floor) {
    int entry = crash_page_open(page, 1, actor, "counter");
    struct message urgent = message_of(sender, 3, 13);
    struct crash_floor floor;
    urgent.urgent = true;
    handle(entry, sender, 3, 5);
    crash_page_enter(page, entry, 1, &urgent);
    cr_assert(crash_page_floor(page, actor, sender, &floor));
    cr_assert_eq(floor.handled, 5);
    cr_assert_eq(floor.in_hand, 0);
    crash_page_leave(page, entry, 2, &urgent);
    cr_assert(crash_page_floor(page, actor, sender, &floor));
    cr_assert_eq(floor.handled, 5);
}

Test(crash_page, a_message_of_the_same_process_has_no_floor) {
    int entry = crash_page_open(page, 1, actor, "counter");
    struct crash_floor floor;
    handle(entry, sender, 0, 0);
    cr_assert_not(crash_page_floor(page, actor, sender, &floor));
}

Test(crash_page, the_table_of_floors_is_bounded_and_forgets_the_oldest) {
    int entry = crash_page_open(page, 1, actor, "counter");
    enum { SENDERS = CRASH_PAGE_FLOORS * 3 };
    for (uint64_t i = 1; i <= SENDERS; i++) {
        handle(entry, (struct mesh_address){9, i}, 1, i);
    }
    struct crash_floor floor;
    cr_assert(crash_page_floor(page, actor, (struct mesh_address){9, SENDERS}, &floor));
    cr_assert_eq(floor.handled, SENDERS);
    size_t place = 0;
    size_t known = 0;
    struct crash_stream stream;
    while (crash_page_next_stream(page, &place, &stream)) {
        cr_assert_eq(stream.floor.handled, stream.sender.local);
        known++;
    }
    cr_assert_gt(known, CRASH_PAGE_FLOORS / 2);
    cr_assert_leq(known, CRASH_PAGE_FLOORS);
}

Test(crash_page, the_walk_shows_each_stream_once_and_those_only_in_hand) {
    int entry = crash_page_open(page, 1, actor, "counter");
    struct message first = message_of((struct mesh_address){9, 1}, 4, 1);
    handle(entry, sender, 1, 5);
    crash_page_enter(page, entry, 1, &first);
    size_t place = 0;
    size_t count = 0;
    struct crash_stream stream;
    while (crash_page_next_stream(page, &place, &stream)) {
        count++;
        cr_assert_eq(stream.floor.in_hand, mesh_address_equal(stream.sender, sender) ? 0 : 1);
    }
    cr_assert_eq(count, 2);
}

Test(crash_page, actors_beyond_the_limit_run_without_a_record) {
    for (int i = 0; i < CRASH_PAGE_ACTORS; i++) {
        cr_assert_eq(crash_page_open(page, 1, (struct mesh_address){7, (uint64_t)i + 1}, "counter"), i);
    }
    int entry = crash_page_open(page, 1, actor, "counter");
    cr_assert_eq(entry, -1);
    handle(entry, sender, 1, 1);
    crash_page_close(page, entry);
    crash_page_close(page, 5);
    cr_assert_eq(crash_page_open(page, 1, actor, "counter"), 5);
}

static size_t count_ends(struct crash_end *last) {
    size_t place = 0, count = 0;
    while (crash_page_next_end(page, &place, last)) {
        count++;
    }
    return count;
}

Test(crash_page, C4_the_ends_of_any_number_of_actors_are_on_record) {
    enum { ACTORS = CRASH_PAGE_ACTORS * 100 };
    struct crash_end last;
    cr_assert_eq(count_ends(&last), 0);
    for (uint64_t i = 1; i <= ACTORS; i++) {
        crash_page_want_end(page, (struct mesh_address){9, i}, MESH_EXITED_ITSELF);
    }
    crash_page_want_end(page, actor, MESH_EXITED_ON_REQUEST);
    cr_assert_eq(count_ends(&last), ACTORS + 1);
    cr_assert(mesh_address_equal(last.actor, actor));
    cr_assert_eq(last.how, MESH_EXITED_ON_REQUEST);
}

Test(crash_page, the_latest_ends_are_kept) {
    bool latest = false;
    struct crash_end end;
    for (uint64_t i = 1; i <= CRASH_PAGE_ENDS + 1; i++) {
        crash_page_want_end(page, (struct mesh_address){9, i}, MESH_EXITED_ITSELF);
    }
    size_t place = 0, count = 0;
    while (crash_page_next_end(page, &place, &end)) {
        cr_assert_neq(end.actor.local, 1, "the oldest");
        latest = latest || end.actor.local == CRASH_PAGE_ENDS + 1;
        count++;
    }
    cr_assert(latest);
    cr_assert_eq(count, CRASH_PAGE_ENDS);
}

Test(crash_page, C4_that_all_actors_end_has_one_cause) {
    cr_assert_eq(crash_page_all_ends(page), 0);
    crash_page_want_all_ends(page, MESH_EXITED_ON_REQUEST);
    crash_page_want_all_ends(page, MESH_EXITED_ITSELF);
    cr_assert_eq(crash_page_all_ends(page), MESH_EXITED_ON_REQUEST);
}

Test(crash_page, a_page_that_was_scribbled_over_is_read_within_bounds) {
    static const unsigned char patterns[] = {0xff, 0x01, 0x03, 0x80};
    (void)crash_page_open(page, 1, actor, "counter");
    for (size_t i = 0; i < sizeof patterns; i++) {
        /* What lies behind the magic number, up to the page that surely belongs to it. */
        memset((char *)page + 4, patterns[i], 3 * 1024 * 1024);
        struct crash_record record;
        struct crash_stream stream;
        struct crash_end end;
        size_t place = 0;
        cr_assert_eq(count_ends(&end), 0, "of no end is how is one of the two");
        cr_assert_eq(crash_page_all_ends(page), 0);
        for (size_t entry = 0; entry <= CRASH_PAGE_ACTORS; entry++) {
            if (crash_page_actor(page, entry, &record)) {
                cr_assert_lt(strlen(record.type), CRASH_PAGE_TYPE_BYTES);
                cr_assert_lt(strlen(record.in_hand_type), CRASH_PAGE_TYPE_BYTES);
            }
        }
        while (crash_page_next_stream(page, &place, &stream)) {
        }
    }
}

Test(crash_page, D1_counters_are_those_that_were_counted_last) {
    struct delivery_counters counters = {.accepted = 5, .in_flight = 2};
    cr_assert_eq(crash_page_counted(page).accepted, 0);
    crash_page_count(page, &counters);
    counters.accepted = 6;
    crash_page_count(page, &counters);
    cr_assert_eq(crash_page_counted(page).accepted, 6);
    cr_assert_eq(crash_page_counted(page).in_flight, 2);
}

Test(crash_page, H2_whose_check_function_is_at_work) {
    cr_assert(mesh_address_is_none(crash_page_checking(page)));
    crash_page_enter_check(page, actor);
    cr_assert(mesh_address_equal(crash_page_checking(page), actor));
    crash_page_leave_check(page);
    cr_assert(mesh_address_is_none(crash_page_checking(page)));
}
