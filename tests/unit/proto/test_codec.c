/* Frames go over the wire and come back the same; what is no frame is refused and does nothing else.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/proto/wire.h"

TestSuite(codec, .init = wire_setup, .fini = wire_teardown);

Test(codec, every_body_comes_back_the_same) {
    for (size_t i = 0; i < WIRE_FRAMES; i++) {
        struct codec_image image;
        struct frame out;
        struct bytes packed = wire_pack(&wire_frames[i], &image);
        cr_assert_eq(codec_decode(theirs, packed, image.parts, image.parts_count, &out), MESH_OK, "frame %zu", i);
        cr_assert(wire_same_frame(&wire_frames[i], &out), "frame %zu", i);
    }
}

Test(codec, there_is_a_sample_of_every_body) {
    unsigned seen = 0;
    for (size_t i = 0; i < WIRE_FRAMES; i++) {
        seen |= 1U << wire_frames[i].body;
    }
    cr_assert_eq(seen, (1U << (FRAME_TRUST + 1)) - 1);
}

Test(codec, a_first_part_begins_with_letters_and_the_version) {
    struct codec_image image;
    unsigned major = 0, minor = 99;
    struct bytes packed = wire_pack(&wire_frames[0], &image);
    cr_assert_eq(memcmp(packed.data, "MW", 2), 0);
    cr_assert(codec_version(packed, &major, &minor));
    cr_assert_eq(major, CODEC_MAJOR);
    cr_assert_eq(minor, CODEC_MINOR);
    cr_assert_not(codec_version(bytes_make(packed.data, CODEC_PRELUDE_BYTES - 1), &major, &minor));
}

/* The example of docs/wire.md. */
Test(codec, a_heartbeat_is_these_bytes) {
    static const uint8_t bytes[] = {
        0x4d, 0x57, 0x01, 0x00,                               /* the prelude */
        0x09, 0x0b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* from = 11 */
        0x11, 0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* to = 22 */
        0x2a, 0x04, 0x08, 0x03, 0x10, 0x01,                   /* heartbeat = {epoch = 3, acting = true} */
    };
    struct frame frame = {.from = 11, .to = 22, .body = FRAME_HEARTBEAT, .heartbeat = {.epoch = 3, .acting = true}};
    struct codec_image image;
    cr_assert(bytes_equal(wire_pack(&frame, &image), bytes_make(bytes, sizeof bytes)));
}

Test(codec, external_payloads_are_the_parts_themselves) {
    struct codec_image image;
    struct frame out;
    struct bytes packed = wire_pack(&wire_frames[WIRE_EXTERNAL_FRAME], &image);
    cr_assert_eq(image.parts_count, WIRE_EXTERNALS);
    cr_assert_eq(codec_decode(theirs, packed, image.parts, image.parts_count, &out), MESH_OK);
    cr_assert_eq(out.batch.runs[0].parts[0], wire_parts[0]);
    cr_assert_eq(out.batch.runs[0].payloads[0].data, wire_parts[0]->bytes.data);
}

Test(codec, miscounted_parts_are_refused) {
    struct part *const parts[] = {wire_parts[0], wire_parts[1], wire_parts[0]};
    struct codec_image image;
    struct frame out = {.from = 1};
    struct bytes packed = wire_pack(&wire_frames[WIRE_EXTERNAL_FRAME], &image);
    for (size_t count = 0; count <= 3; count++) {
        enum mesh_status status = codec_decode(theirs, packed, parts, count, &out);
        cr_assert_eq(status, count == WIRE_EXTERNALS ? MESH_OK : MESH_PROTOCOL, "%zu parts", count);
    }
    packed = wire_pack(&wire_frames[0], &image);
    cr_assert_eq(codec_decode(theirs, packed, parts, 1, &out), MESH_PROTOCOL);
}

Test(codec, a_run_cannot_have_payloads_inside_and_outside) {
    uint8_t room[4096];
    struct wire_text run = {room, 0}, batch = {room + 1024, 0}, frame = {room + 2048, 0};
    struct frame out;
    wire_fixed(&run, 1, 1);
    wire_fixed(&run, 3, 2);
    wire_number(&run, 6, 1);
    wire_bytes(&run, 14, "inside", 6);
    wire_number(&run, 15, 1);
    wire_bytes(&batch, 1, run.bytes, run.size);
    wire_put(&frame, "MW\1\0", CODEC_PRELUDE_BYTES);
    wire_fixed(&frame, 1, 11);
    wire_bytes(&frame, 4, batch.bytes, batch.size);
    cr_assert_eq(codec_decode(theirs, bytes_make(frame.bytes, frame.size), wire_parts, 1, &out), MESH_PROTOCOL);
}

Test(codec, a_refused_frame_leaves_the_result_alone) {
    struct frame out = {.from = 4711};
    cr_assert_eq(codec_decode(theirs, bytes_of_text("MW\1"), NULL, 0, &out), MESH_PROTOCOL);
    cr_assert_eq(out.from, 4711);
}

Test(codec, another_major_version_is_told_apart_from_noise) {
    struct codec_image image;
    struct frame out;
    struct bytes packed = wire_pack(&wire_frames[4], &image);
    uint8_t *copy = wire_copy(packed.data, packed.size);
    for (unsigned major = 0; major <= UINT8_MAX; major++) {
        copy[2] = (uint8_t)major;
        enum mesh_status status = codec_decode(theirs, bytes_make(copy, packed.size), NULL, 0, &out);
        cr_assert_eq(status, major == CODEC_MAJOR ? MESH_OK : MESH_VERSION_MISMATCH);
    }
    copy[0] = 'm';
    cr_assert_eq(codec_decode(theirs, bytes_make(copy, packed.size), NULL, 0, &out), MESH_PROTOCOL);
    free(copy);
}

Test(codec, another_major_version_is_recognised_whatever_follows) {
    struct frame out;
    const uint8_t newer[] = {'M', 'W', CODEC_MAJOR + 1, 0, 0xff, 0xff, 0xff};
    cr_assert_eq(codec_decode(theirs, bytes_make(newer, sizeof newer), NULL, 0, &out), MESH_VERSION_MISMATCH);
    cr_assert_eq(codec_decode(theirs, bytes_make(newer, CODEC_PRELUDE_BYTES), NULL, 0, &out), MESH_VERSION_MISMATCH);
}

Test(codec, a_newer_minor_version_is_understood) {
    struct codec_image image;
    struct frame out;
    struct bytes packed = wire_pack(&wire_frames[4], &image);
    uint8_t *copy = wire_copy(packed.data, packed.size);
    copy[3] = CODEC_MINOR + 7;
    cr_assert_eq(codec_decode(theirs, bytes_make(copy, packed.size), NULL, 0, &out), MESH_OK);
    cr_assert(wire_same_frame(&wire_frames[4], &out));
    free(copy);
}

Test(codec, unknown_fields_are_ignored) {
    uint8_t room[1024];
    struct wire_text text = {room, 0};
    struct codec_image image;
    struct frame out;
    struct bytes packed = wire_pack(&wire_frames[4], &image);
    wire_put(&text, packed.data, packed.size);
    wire_number(&text, 100, 5);
    wire_bytes(&text, 101, "from the next minor version", 27);
    wire_fixed(&text, 102, 6);
    cr_assert_eq(codec_decode(theirs, bytes_make(room, text.size), NULL, 0, &out), MESH_OK);
    cr_assert(wire_same_frame(&wire_frames[4], &out));
}

Test(codec, an_unknown_body_is_refused) {
    uint8_t room[64];
    struct wire_text text = {room, 0};
    struct frame out;
    wire_put(&text, "MW\1\0", CODEC_PRELUDE_BYTES);
    wire_fixed(&text, 1, 11);
    cr_assert_eq(codec_decode(theirs, bytes_make(room, text.size), NULL, 0, &out), MESH_PROTOCOL);
    wire_bytes(&text, 99, "", 0);
    cr_assert_eq(codec_decode(theirs, bytes_make(room, text.size), NULL, 0, &out), MESH_PROTOCOL);
}

Test(codec, the_first_half_of_a_frame_is_no_frame) {
    for (size_t i = 0; i < WIRE_FRAMES; i++) {
        struct codec_image image;
        struct frame out;
        struct bytes packed = wire_pack(&wire_frames[i], &image);
        for (size_t size = 0; size < packed.size; size++) {
            uint8_t *cut = wire_copy(packed.data, size);
            enum mesh_status status = codec_decode(theirs, bytes_make(cut, size), image.parts, image.parts_count, &out);
            cr_assert_eq(status, MESH_PROTOCOL, "frame %zu cut at %zu", i, size);
            free(cut);
        }
    }
}

/* Whether a frame that came in goes out again and is the same. */
static bool can_be_said_again(const struct frame *frame) {
    static uint8_t packed[FRAME_PACKED_BYTES];
    struct codec_image image;
    struct frame again;
    if (codec_prepare(theirs, frame, &image) != MESH_OK) {
        return false;
    }
    codec_pack(theirs, packed);
    struct bytes first = bytes_make(packed, image.bytes);
    return codec_decode(ours, first, image.parts, image.parts_count, &again) == MESH_OK &&
           wire_same_frame(frame, &again);
}

Test(codec, a_flipped_bit_is_refused_or_read_and_nothing_worse) {
    for (size_t i = 0; i < WIRE_FRAMES; i++) {
        struct codec_image image;
        struct frame out;
        struct bytes packed = wire_pack(&wire_frames[i], &image);
        uint8_t *copy = wire_copy(packed.data, packed.size);
        for (size_t bit = 0; bit < 8 * packed.size; bit++) {
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
            enum mesh_status status =
                codec_decode(theirs, bytes_make(copy, packed.size), image.parts, image.parts_count, &out);
            cr_assert(status == MESH_OK || status == MESH_PROTOCOL || status == MESH_VERSION_MISMATCH);
            cr_assert(status != MESH_OK || can_be_said_again(&out), "frame %zu bit %zu", i, bit);
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        free(copy);
    }
}

Test(codec, the_bytes_of_strangers_are_refused) {
    const char *const strangers[] = {"",
                                     "M",
                                     "MW",
                                     "MW\1",
                                     "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                     "SSH-2.0-OpenSSH_9.2p1 Debian-2",
                                     "MW\1\1garbage garbage garbage",
                                     "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"};
    struct frame out;
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        cr_assert_eq(codec_decode(theirs, bytes_of_text(strangers[i]), NULL, 0, &out), MESH_PROTOCOL, "%zu", i);
    }
    cr_assert_eq(codec_decode(theirs, bytes_make("MW\1\0", CODEC_PRELUDE_BYTES), NULL, 0, &out), MESH_PROTOCOL);
}

/* Fields that hold fields that hold fields: nothing of the wire is recursive, so it is skipped or refused, not followed. */
Test(codec, nested_garbage_uses_no_stack) {
    static uint8_t room[2][FRAME_PACKED_BYTES];
    struct wire_text inner = {room[0], 0};
    struct frame out;
    for (int depth = 0; depth < 700; depth++) {
        struct wire_text outer = {room[(depth + 1) % 2], 0};
        wire_bytes(&outer, 4, inner.bytes, inner.size);
        inner = outer;
    }
    uint8_t *frame = malloc(WIRE_ROOM);
    struct wire_text text = {frame, 0};
    wire_put(&text, "MW\1\0", CODEC_PRELUDE_BYTES);
    wire_fixed(&text, 1, 11);
    wire_put(&text, inner.bytes, inner.size);
    /* A batch all of whose content is an unknown field of it. */
    cr_assert_eq(codec_decode(theirs, bytes_make(frame, text.size), NULL, 0, &out), MESH_OK);
    cr_assert_eq(out.batch.runs_count + out.batch.acks_count, 0);
    free(frame);
}

Test(codec, a_codec_is_used_again_and_again) {
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < WIRE_FRAMES; i++) {
            cr_assert_eq(wire_send(&wire_frames[i]), MESH_OK);
        }
    }
}
