/* Unit tests of a turn and of who drives: what is to go out does not wait for something to come in (A7).
 *
 * The transport is made of the test's words: a link comes up at the very look that the test wants. poll(2) is the test's
 * too, and only notes how long it would have waited.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/drive.h"
#include "mesh/runtime/process_inside.h"
#include "mesh/runtime/transport.h"
#include <criterion/criterion.h>
#include <malloc.h>

enum { ADMIN = 11, OTHER = 12 };

static uint64_t now_ns = NS_PER_S;
static struct process *process;
static int polls, polled_ms;

int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms) {
    (void)descriptors;
    (void)count;
    polls++;
    polled_ms = timeout_ms;
    return 0;
}

static int trims;

int malloc_trim(size_t kept_bytes) {
    (void)kept_bytes;
    trims++;
    return 0;
}

/* ---- the transport ---- */

static struct transport_link only_link;
static unsigned sent;
static bool news;

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

/* It is up at once, which is news to the next look. */
static enum mesh_status fake_open(struct transport *transport, const char *endpoint, bool two_way,
                                  struct transport_link **out) {
    (void)transport;
    (void)endpoint;
    (void)two_way;
    only_link = (struct transport_link){.state = TRANSPORT_OPENING, .ready = true};
    news = true;
    *out = &only_link;
    return MESH_OK;
}

static void fake_close(struct transport *transport, struct transport_link *link) {
    (void)transport;
    (void)link;
}

static enum mesh_status fake_send(struct transport *transport, struct transport_link *link, struct codec *codec,
                                  const struct codec_image *image) {
    (void)transport;
    (void)link;
    (void)codec;
    (void)image;
    sent++;
    return MESH_OK;
}

static struct transport_link *fake_changed(struct transport *transport) {
    (void)transport;
    if (!news) {
        return NULL;
    }
    news = false;
    only_link.state = TRANSPORT_UP;
    return &only_link;
}

static uint8_t noise[REST_BYTES];
static size_t arriving; /* bytes of what is no frame */

static bool fake_receive(struct transport *transport, struct transport_inbound *out) {
    (void)transport;
    bool any = arriving > 0;
    *out = (struct transport_inbound){.first = bytes_make(noise, arriving)};
    arriving = 0;
    return any;
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
    .close = fake_close,
    .send = fake_send,
    .changed = fake_changed,
    .receive = fake_receive,
    .descriptors = fake_descriptors,
};

/* ---- a process with a message for another ---- */

static struct transport fake = {.ops = &fake_ops};
static struct mesh_address target;

static void begin(void) {
    struct mesh_error error;
    struct process_options options = {.role = FRAME_ROLE_ADMIN,
                                      .incarnation = ADMIN,
                                      .node = ADMIN,
                                      .listen = (const char *const[]){"ipc://turn", NULL},
                                      .transport = &fake,
                                      .clock = &now_ns,
                                      .limits = &delivery_limits_default};
    target = address_make(OTHER, 1, 1);
    cr_assert_eq(process_new(&process, &options, 0, &error), MESH_OK);
    process_lock(process);
}

static void end(void) {
    process_unlock(process);
    process_destroy(&process);
}

TestSuite(turn, .init = begin, .fini = end);

static void say_something(void) {
    struct control word = {.kind = CONTROL_SHUTDOWN};
    cr_assert_eq(process_send_control(process, target, &word), MESH_OK);
    cr_assert_eq(process_resolved(process, target, OTHER, "ipc://other"), MESH_OK);
}

/* Found by tests/models/send_queue.pml: nothing announces a link that the last look before the wait found up. */
Test(turn, A7_a_turn_does_not_wait_when_its_last_look_found_a_link_that_can_go_on) {
    say_something();
    cr_assert_eq(process_turn(process, now_ns + 10 * NS_PER_S), MESH_OK);
    cr_assert_eq(polls, 1);
    cr_assert_eq(polled_ms, 0);
    cr_assert_eq(sent, 2, "the hello, and what waited behind it");
}

Test(turn, A7_a_turn_waits_when_nothing_is_to_be_done) {
    cr_assert_eq(process_turn(process, now_ns + 10 * NS_PER_S), MESH_OK);
    cr_assert_eq(polled_ms, 10000);
}

/* What makes it expect the next one soon is that the first wait is over at once. */
Test(turn, A7_who_waited_briefly_looks_again_before_it_sleeps) {
    cr_assert_eq(process_turn(process, now_ns + 10 * NS_PER_S), MESH_OK);
    cr_assert_eq(polls, 1);
    cr_assert_eq(process_turn(process, now_ns + 10 * NS_PER_S), MESH_OK);
    cr_assert_geq(polls, 3, "one look at least, and the sleep");
    cr_assert_eq(polled_ms, 10000);
}

Test(turn, A7_who_is_not_to_wait_looks_once) {
    cr_assert_eq(process_turn(process, now_ns + 10 * NS_PER_S), MESH_OK);
    cr_assert_eq(process_turn(process, now_ns), MESH_OK);
    cr_assert_eq(polls, 2);
}

/* ---- memory ---- */

static void hear(size_t bytes) {
    arriving = bytes;
    cr_assert_eq(process_turn(process, now_ns), MESH_OK);
    cr_assert_eq(arriving, 0);
}

static void turn_at(uint64_t at_ns) {
    now_ns = at_ns;
    cr_assert_eq(process_turn(process, now_ns), MESH_OK);
}

Test(turn, D10_a_process_at_rest_gives_free_memory_back) {
    uint64_t heard_ns = now_ns;
    hear(REST_BYTES);
    cr_assert_eq(process_deadline(process), heard_ns + REST_NS);
    turn_at(heard_ns + REST_NS - 1);
    cr_assert_eq(trims, 0);
    turn_at(heard_ns + REST_NS);
    cr_assert_eq(trims, 1);
    turn_at(heard_ns + 10 * REST_NS);
    cr_assert_eq(trims, 1, "once");
}

Test(turn, D10_who_goes_on_is_not_at_rest) {
    uint64_t heard_ns = now_ns;
    hear(REST_BYTES);
    now_ns = heard_ns + REST_NS / 2;
    hear(1);
    turn_at(heard_ns + REST_NS);
    cr_assert_eq(trims, 0);
    turn_at(heard_ns + REST_NS / 2 + REST_NS);
    cr_assert_eq(trims, 1);
}

Test(turn, D10_little_is_not_worth_it) {
    uint64_t heard_ns = now_ns;
    hear(REST_BYTES - 1);
    turn_at(heard_ns + 2 * REST_NS);
    cr_assert_eq(trims, 0);
}

/* ---- drive ---- */

static struct drive drive;

static void begin_drive(void) {
    begin();
    cr_assert_eq(drive_init(&drive, process), MESH_OK);
    drive.has_standby = true;
    drive.flushed_ns = now_ns;
}

static void end_drive(void) {
    drive_fini(&drive);
    end();
}

TestSuite(drive, .init = begin_drive, .fini = end_drive);

Test(drive, A7_while_the_standby_pauses_and_nobody_drives_it_sends_what_was_submitted) {
    drive.pausing = true;
    drive_submitted(&drive, 1);
    cr_assert_not(drive.gathered);
    cr_assert_not(drive.urgent);
}

/* Found by tests/models/send_queue.pml: who drives meanwhile may wait for long, and the standby does not look before that. */
Test(drive, A7_a_driver_who_came_while_the_standby_pauses_is_woken_for_what_was_submitted) {
    drive.pausing = true;
    drive.driving = true;
    drive_submitted(&drive, 1);
    cr_assert(drive.gathered);
    cr_assert(atomic_load(&process->woken));
}
