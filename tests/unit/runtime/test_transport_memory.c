/* Unit tests of the memory transport: the contract of mesh/runtime/transport.h without a socket.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/transport.h"
#include <criterion/criterion.h>

static struct memory_hub *hub;
static struct transport *near, *far;
static struct codec *codec;

static void begin(void) {
    char bound[TRANSPORT_ENDPOINT_BYTES];
    cr_assert_eq(memory_hub_new(&hub), MESH_OK);
    cr_assert_eq(transport_memory_new(&near, hub, 1), MESH_OK);
    cr_assert_eq(transport_memory_new(&far, hub, 2), MESH_OK);
    cr_assert_eq(codec_new(&codec), MESH_OK);
    cr_assert_eq(transport_listen(far, "far", bound, NULL), MESH_OK);
    cr_assert_str_eq(bound, "far");
}

static void end(void) {
    transport_destroy(&near);
    transport_destroy(&far);
    codec_destroy(&codec);
    memory_hub_destroy(&hub);
}

TestSuite(transport_memory, .init = begin, .fini = end);

/* A heartbeat whose epoch tells one frame from the next. */
static void send(struct transport *transport, struct transport_link *link, uint64_t from, uint64_t number) {
    struct frame frame = {.from = from, .body = FRAME_HEARTBEAT, .heartbeat = {.epoch = number}};
    struct codec_image image;
    cr_assert_eq(codec_prepare(codec, &frame, &image), MESH_OK);
    cr_assert_eq(transport_send(transport, link, codec, &image), MESH_OK);
}

static uint64_t number_of(const struct transport_inbound *inbound) {
    struct frame frame;
    cr_assert_eq(codec_decode(codec, inbound->first, inbound->parts, inbound->parts_count, &frame), MESH_OK);
    return frame.heartbeat.epoch;
}

static struct transport_link *open_link(bool two_way) {
    struct transport_link *link;
    cr_assert_eq(transport_open(near, "far", two_way, &link), MESH_OK);
    return link;
}

Test(transport_memory, the_first_frame_says_that_the_link_is_up) {
    struct transport_link *link = open_link(false);
    struct transport_inbound inbound;
    cr_assert_eq(link->state, TRANSPORT_OPENING);
    send(near, link, 1, 5);
    cr_assert_eq(transport_changed(near), link);
    cr_assert_eq(link->state, TRANSPORT_UP);
    cr_assert_null(transport_changed(near));
    cr_assert(transport_receive(far, &inbound));
    cr_assert_eq(number_of(&inbound), 5);
    cr_assert_eq(inbound.source, 1);
    cr_assert_null(inbound.link);
    cr_assert_not(transport_receive(far, &inbound));
}

Test(transport_memory, nobody_listens) {
    struct transport_link *link;
    cr_assert_eq(transport_open(near, "nowhere", false, &link), MESH_OK);
    cr_assert_eq(transport_changed(near), link);
    cr_assert_eq(link->state, TRANSPORT_REFUSED);
}

Test(transport_memory, an_endpoint_is_listened_at_once) {
    char bound[TRANSPORT_ENDPOINT_BYTES];
    struct mesh_error error;
    cr_assert_eq(transport_listen(near, "far", bound, &error), MESH_ADDRESS_IN_USE);
    cr_assert(strstr(error.text, "far"));
}

Test(transport_memory, answers_come_on_the_link_of_the_call) {
    struct transport_link *link = open_link(true), *back;
    struct transport_inbound inbound;
    send(near, link, 1, 1);
    cr_assert(transport_receive(far, &inbound));
    cr_assert_eq(transport_back(far, inbound.source, &back), MESH_OK);
    send(far, back, 2, 8);
    cr_assert(transport_receive(near, &inbound));
    cr_assert_eq(inbound.link, link);
    cr_assert_eq(number_of(&inbound), 8);
    transport_close(near, link);
    cr_assert_eq(transport_changed(far), back);
    cr_assert_eq(transport_changed(far), NULL);
    cr_assert_eq(back->state, TRANSPORT_DOWN);
}

Test(transport_memory, a_full_link_keeps_one_frame_and_loses_none) {
    struct transport_link *link = open_link(false);
    struct transport_inbound inbound;
    uint64_t sent = 0;
    while (link->ready) {
        send(near, link, 1, sent++);
    }
    cr_assert_eq(sent, 65, "64 on their way and one that waits");
    cr_assert_eq(transport_changed(near), link);
    for (uint64_t i = 0; i < sent; i++) {
        cr_assert(transport_receive(far, &inbound));
        cr_assert_eq(number_of(&inbound), i);
    }
    cr_assert_not(transport_receive(far, &inbound));
    cr_assert_eq(transport_changed(near), link, "it is ready again");
    cr_assert(link->ready);
}

Test(transport_memory, a_link_to_one_that_goes_is_down) {
    struct transport_link *link = open_link(false);
    send(near, link, 1, 1);
    cr_assert_eq(transport_changed(near), link);
    transport_destroy(&far);
    cr_assert_eq(transport_changed(near), link);
    cr_assert_eq(link->state, TRANSPORT_DOWN);
    send(near, link, 1, 2); /* lost without a word */
}
