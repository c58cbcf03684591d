/* Each limit of a frame: the last that is taken, and the first that is not.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/proto/wire.h"

static const struct mesh_address here = {1, 1}, there = {2, 2};
static uint8_t many[WIRE_ROOM]; /* stands for any payload and any text */

static void setup(void) {
    memset(many, 'x', sizeof many);
    wire_setup();
}

TestSuite(limits, .init = setup, .fini = wire_teardown);

static struct bytes text_of(size_t size) {
    return bytes_make(many, size);
}

static struct frame_run one_run(void) {
    return (struct frame_run){.sender = here, .target = there, .epoch = 1, .first = 1, .base = 1};
}

static struct frame_ack one_ack(void) {
    return (struct frame_ack){.sender = here, .target = there, .epoch = 1, .received = 9, .handled = 9};
}

static enum mesh_status send_runs(const struct frame_run *runs, size_t count) {
    struct frame frame = {.from = 1, .to = 2, .body = FRAME_BATCH, .batch = {.runs_count = count, .runs = runs}};
    return wire_send(&frame);
}

static enum mesh_status send_ack(const struct frame_ack *ack) {
    struct frame frame = {.from = 1, .to = 2, .body = FRAME_BATCH, .batch = {.acks_count = 1, .acks = ack}};
    return wire_send(&frame);
}

#define BOTH_SIDES(limit, inside)                                                                                      \
    for (size_t size = (limit); size <= (size_t)(limit) + 1; size++) {                                                 \
        enum mesh_status expected = size == (limit) ? MESH_OK : MESH_PROTOCOL;                                         \
        cr_assert_eq((inside), expected, "%zu", size);                                                                 \
    }

/* ---- runs ---- */

static enum mesh_status send_typed(size_t size) {
    struct frame_run run = one_run();
    run.type = text_of(size);
    return send_runs(&run, 1);
}

Test(limits, of_a_type_name) {
    BOTH_SIDES(FRAME_TYPE_BYTES, send_typed(size))
}

static enum mesh_status send_many_runs(size_t count) {
    static struct frame_run runs[FRAME_RUNS + 1];
    for (size_t i = 0; i < count; i++) {
        runs[i] = one_run();
    }
    return send_runs(runs, count);
}

Test(limits, of_runs) {
    BOTH_SIDES(FRAME_RUNS, send_many_runs(size))
}

static enum mesh_status send_many_payloads(size_t count) {
    static struct bytes payloads[FRAME_PAYLOADS + 1];
    struct frame_run runs[] = {one_run(), one_run()};
    runs[0].count = 3;
    runs[1].count = count - 3;
    runs[0].payloads = runs[1].payloads = payloads;
    return send_runs(runs, 2);
}

Test(limits, of_payloads_in_all_runs) {
    BOTH_SIDES(FRAME_PAYLOADS, send_many_payloads(size))
}

static enum mesh_status send_payload_bytes(size_t bytes) {
    struct bytes payloads[] = {text_of(1000), text_of(bytes - 1000)};
    struct frame_run runs[] = {one_run(), one_run()};
    runs[0].count = runs[1].count = 1;
    runs[0].payloads = payloads;
    runs[1].payloads = payloads + 1;
    return send_runs(runs, 2);
}

Test(limits, D6_of_payload_bytes) {
    BOTH_SIDES(FRAME_PAYLOAD_BYTES, send_payload_bytes(size))
}

static void keep(struct part *part) {
    (void)part;
}

static enum mesh_status send_external_bytes(size_t bytes) {
    struct part parts[] = {{.holders = 1, .bytes = text_of(1000), .free = keep},
                           {.holders = 1, .bytes = text_of(bytes - 1000), .free = keep}};
    struct part *const pointers[] = {&parts[0], &parts[1]};
    struct bytes payloads[] = {parts[0].bytes, parts[1].bytes};
    struct frame_run run = one_run();
    run.count = 2;
    run.payloads = payloads;
    run.parts = pointers;
    return send_runs(&run, 1);
}

Test(limits, D6_of_payload_bytes_outside){BOTH_SIDES(FRAME_PAYLOAD_BYTES, send_external_bytes(size))}

Test(limits, of_parts) {
    struct part part = {.holders = 1, .bytes = text_of(10), .free = keep};
    struct part *pointers[CODEC_PARTS + 1];
    struct bytes payloads[CODEC_PARTS + 1];
    for (size_t i = 0; i <= CODEC_PARTS; i++) {
        pointers[i] = &part;
        payloads[i] = part.bytes;
    }
    struct frame_run run = one_run();
    run.payloads = payloads;
    run.parts = pointers;
    run.count = CODEC_PARTS;
    cr_assert_eq(send_runs(&run, 1), MESH_OK);
    run.count = CODEC_PARTS + 1;
    struct codec_image image;
    struct frame frame = {.from = 1, .body = FRAME_BATCH, .batch = {.runs_count = 1, .runs = &run}}, out;
    cr_assert_eq(codec_prepare(ours, &frame, &image), MESH_TOO_LARGE);
    run.count = CODEC_PARTS;
    struct bytes packed = wire_pack(&frame, &image);
    cr_assert_eq(codec_decode(theirs, packed, pointers, CODEC_PARTS + 1, &out), MESH_PROTOCOL);
}

/* One more than a batch has: the packed frame goes before its payloads. */
Test(limits, of_parts_of_what_is_passed_on) {
    struct part part = {.holders = 1, .bytes = text_of(10), .free = keep};
    struct part *pointers[CODEC_PARTS_MAX + 1];
    for (size_t i = 0; i <= CODEC_PARTS_MAX; i++) {
        pointers[i] = &part;
    }
    struct frame frame = {.from = 1,
                          .to = 2,
                          .body = FRAME_FORWARD,
                          .forward = {1, 2, 3, text_of(FRAME_ENDPOINT_BYTES), 4, 5, 6, 7, CODEC_PARTS_MAX, pointers}};
    struct frame out;
    struct codec_image image;
    cr_assert_eq(wire_send(&frame), MESH_OK);
    struct bytes packed = wire_pack(&frame, &image);
    cr_assert_eq(codec_decode(theirs, packed, pointers, CODEC_PARTS_MAX + 1, &out), MESH_PROTOCOL);
    frame.forward.parts_count++;
    cr_assert_eq(codec_prepare(ours, &frame, &image), MESH_TOO_LARGE);
}

static enum mesh_status send_forward(const struct frame_forward *forward) {
    return wire_send(&(struct frame){.from = 1, .to = 2, .body = FRAME_FORWARD, .forward = *forward});
}

Test(limits, what_is_passed_on_names_both_ends) {
    const struct frame_forward good = {.origin = 1, .origin_node = 2, .target = 3, .target_node = 4};
    struct frame_forward bad[] = {good, good, good, good, good, good};
    bad[0].origin = 0;
    bad[1].origin_node = 0;
    bad[2].target = 0;
    bad[3].target_node = 0;
    bad[4].origin_slot = 1U << 24;
    bad[5].origin_endpoint = text_of(FRAME_ENDPOINT_BYTES + 1);
    cr_assert_eq(send_forward(&good), MESH_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(send_forward(&bad[i]), MESH_PROTOCOL, "%zu", i);
    }
}

static enum mesh_status send_passage(uint64_t origin, uint64_t node, uint64_t target, unsigned way) {
    return wire_send(&(struct frame){
        .from = 1, .to = 2, .body = FRAME_PASSAGE, .passage = {origin, node, target, 0, (enum frame_way)way}});
}

Test(limits, of_what_is_said_of_a_way) {
    cr_assert_eq(send_passage(1, 2, 3, FRAME_WAY_OPEN), MESH_OK);
    cr_assert_eq(send_passage(1, 2, 3, FRAME_WAY_GONE), MESH_OK);
    cr_assert_eq(send_passage(0, 2, 3, FRAME_WAY_OPEN), MESH_PROTOCOL);
    cr_assert_eq(send_passage(1, 0, 3, FRAME_WAY_OPEN), MESH_PROTOCOL);
    cr_assert_eq(send_passage(1, 2, 0, FRAME_WAY_OPEN), MESH_PROTOCOL);
    cr_assert_eq(send_passage(1, 2, 3, 0), MESH_PROTOCOL);
    cr_assert_eq(send_passage(1, 2, 3, FRAME_WAY_GONE + 1), MESH_PROTOCOL);
}

Test(limits, of_a_packed_frame) {
    struct codec_image image;
    struct bytes payload = text_of(FRAME_PACKED_BYTES);
    struct frame_run run = one_run();
    struct frame frame = {.from = 1, .body = FRAME_BATCH, .batch = {.runs_count = 1, .runs = &run}};
    run.count = 1;
    run.payloads = &payload;
    cr_assert_eq(codec_prepare(ours, &frame, &image), MESH_TOO_LARGE);
    payload.size -= 1024;
    cr_assert_eq(codec_prepare(ours, &frame, &image), MESH_OK);
    payload.size += FRAME_PACKED_BYTES - image.bytes;
    cr_assert_eq(codec_prepare(ours, &frame, &image), MESH_OK);
    cr_assert_eq(image.bytes, FRAME_PACKED_BYTES);
    payload.size++;
    cr_assert_eq(codec_prepare(ours, &frame, &image), MESH_TOO_LARGE);
}

/* The rest of the frame is a field that nobody knows. */
static enum mesh_status send_packed_bytes(size_t bytes) {
    struct codec_image image;
    struct frame frame = {.from = 1, .body = FRAME_HEARTBEAT}, out;
    struct bytes packed = wire_pack(&frame, &image);
    uint8_t *room = malloc(WIRE_ROOM);
    struct wire_text text = {room, 0};
    wire_put(&text, packed.data, packed.size);
    wire_bytes(&text, 99, many, bytes - packed.size - 5); /* two bytes of tag, three of length */
    cr_assert_eq(text.size, bytes);
    enum mesh_status status = codec_decode(theirs, bytes_make(room, bytes), NULL, 0, &out);
    free(room);
    return status;
}

Test(limits, of_a_received_frame){BOTH_SIDES(FRAME_PACKED_BYTES, send_packed_bytes(size))}

/* As many empty payloads as fit: more memory than a codec has. */
Test(limits, of_memory_make_a_refusal) {
    uint8_t *room = malloc(WIRE_ROOM), *frame = malloc(WIRE_ROOM);
    struct wire_text run = {room, 0}, batch = {room + 2 * FRAME_PACKED_BYTES, 0}, text = {frame, 0};
    struct frame out;
    while (run.size < FRAME_PACKED_BYTES - 100) {
        wire_bytes(&run, 14, NULL, 0);
    }
    wire_bytes(&batch, 1, run.bytes, run.size);
    wire_put(&text, "MW\1\0", CODEC_PRELUDE_BYTES);
    wire_fixed(&text, 1, 11);
    wire_bytes(&text, 4, batch.bytes, batch.size);
    cr_assert_leq(text.size, FRAME_PACKED_BYTES);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(codec_decode(theirs, bytes_make(frame, text.size), NULL, 0, &out), MESH_PROTOCOL);
        cr_assert_eq(wire_send(&wire_frames[1]), MESH_OK);
    }
    free(room);
    free(frame);
}

/* ---- what makes no sense ---- */

#define REFUSED(make, member, value)                                                                                   \
    do {                                                                                                               \
        make item = good;                                                                                              \
        item.member = (value);                                                                                         \
        cr_assert_eq(SEND(&item), MESH_PROTOCOL, #member " " #value);                                                  \
    } while (0)

Test(limits, of_sense_in_a_run) {
    static const struct bytes payload = {(const uint8_t *)"x", 1};
    struct frame_run good = one_run();
    good.count = 1;
    good.payloads = &payload;
#define SEND(item) send_runs(item, 1)
    cr_assert_eq(SEND(&good), MESH_OK);
    REFUSED(struct frame_run, sender, ((struct mesh_address){0, 0}));
    REFUSED(struct frame_run, target, ((struct mesh_address){0, 0}));
    REFUSED(struct frame_run, kind, (enum frame_kind)(FRAME_CHUNK + 1));
    REFUSED(struct frame_run, kind, (enum frame_kind) - 1);
    REFUSED(struct frame_run, base, good.first + 1);
    REFUSED(struct frame_run, first, UINT64_MAX);
    good.kind = FRAME_SKIP;
    good.first = UINT64_MAX - 1;
    cr_assert_eq(SEND(&good), MESH_OK);
    good.first = good.base = 0;
    cr_assert_eq(SEND(&good), MESH_PROTOCOL, "a payload has a number");
    good.count = 0;
    cr_assert_eq(SEND(&good), MESH_OK);
#undef SEND
}

Test(limits, C4_what_a_process_tells_its_own_actors_does_not_travel) {
    static const bool travels[] = {
        [FRAME_USER] = true, [FRAME_EXIT_REQUEST] = true, [FRAME_CONTROL] = true, [FRAME_SKIP] = true};
    static const struct bytes payload = {(const uint8_t *)"x", 1};
    struct frame_run run = one_run();
    run.count = 1;
    run.payloads = &payload;
    for (int kind = FRAME_USER; kind <= FRAME_SKIP; kind++) {
        run.kind = (enum frame_kind)kind;
        cr_assert_eq(send_runs(&run, 1), travels[kind] ? MESH_OK : MESH_PROTOCOL, "kind %d", kind);
    }
}

Test(limits, D6_of_sense_in_slices) {
    static const struct bytes payloads[] = {{(const uint8_t *)"x", 1}, {(const uint8_t *)"y", 1}};
    struct frame_run good = one_run();
    good.count = 2;
    good.payloads = payloads;
    good.kind = FRAME_CHUNK;
    good.total = UINT64_MAX;
    good.offset = UINT64_MAX - 1;
#define SEND(item) send_runs(item, 1)
    cr_assert_eq(SEND(&good), MESH_OK);
    REFUSED(struct frame_run, total, 0);
    REFUSED(struct frame_run, offset, UINT64_MAX);
    REFUSED(struct frame_run, kind, FRAME_USER); /* only one slice completes a message */
    good.total = good.offset = 0;
    good.kind = FRAME_USER;
    cr_assert_eq(SEND(&good), MESH_OK);
    REFUSED(struct frame_run, offset, 1);
#undef SEND
}

Test(limits, of_sense_in_an_ack) {
    struct frame_ack good = one_ack();
#define SEND(item) send_ack(item)
    cr_assert_eq(SEND(&good), MESH_OK);
    REFUSED(struct frame_ack, sender, ((struct mesh_address){0, 0}));
    REFUSED(struct frame_ack, target, ((struct mesh_address){0, 0}));
    REFUSED(struct frame_ack, handled, good.received + 1);
#undef SEND
}

static enum mesh_status send_exceptions(const struct frame_exception *exceptions, size_t count) {
    struct frame_ack ack = one_ack();
    ack.received = ack.handled = 2 * FRAME_EXCEPTIONS;
    ack.listed_from = 5;
    ack.exceptions = exceptions;
    ack.exceptions_count = count;
    return send_ack(&ack);
}

Test(limits, of_sense_in_exceptions) {
    const struct frame_exception good = {.seq = 5, .outcome = FRAME_DIED, .reason = FRAME_NODE_LOST};
#define SEND(item) send_exceptions(item, 1)
    cr_assert_eq(SEND(&good), MESH_OK);
    REFUSED(struct frame_exception, seq, 4);
    REFUSED(struct frame_exception, seq, 2 * FRAME_EXCEPTIONS + 1);
    REFUSED(struct frame_exception, outcome, (enum frame_outcome)(FRAME_DIED + 1));
    REFUSED(struct frame_exception, outcome, (enum frame_outcome) - 1);
    REFUSED(struct frame_exception, reason, (enum frame_reason)(FRAME_NODE_LOST + 1));
    REFUSED(struct frame_exception, reason, (enum frame_reason) - 1);
#undef SEND
    struct frame_exception pair[] = {good, good};
    cr_assert_eq(send_exceptions(pair, 2), MESH_PROTOCOL, "listed twice");
    pair[1].seq++;
    cr_assert_eq(send_exceptions(pair, 2), MESH_OK);
}

static enum mesh_status send_many_exceptions(size_t count) {
    static struct frame_exception exceptions[FRAME_EXCEPTIONS + 1];
    for (size_t i = 0; i < count; i++) {
        exceptions[i] = (struct frame_exception){.seq = 5 + i, .outcome = FRAME_DIED, .reason = FRAME_EXITED};
    }
    return send_exceptions(exceptions, count);
}

Test(limits, of_exceptions) {
    BOTH_SIDES(FRAME_EXCEPTIONS, send_many_exceptions(size))
}

static enum mesh_status send_ranges(const struct frame_range *ranges, size_t count) {
    struct frame_ack ack = one_ack();
    ack.handled = 4;
    ack.received = 4 + 2 * (FRAME_RANGES + 1);
    ack.ahead = ranges;
    ack.ahead_count = count;
    return send_ack(&ack);
}

Test(limits, of_sense_in_ranges) {
    const struct frame_range good = {.first = 6, .last = 7};
#define SEND(item) send_ranges(item, 1)
    cr_assert_eq(SEND(&good), MESH_OK);
    REFUSED(struct frame_range, first, 4);
    REFUSED(struct frame_range, first, 8);
    REFUSED(struct frame_range, last, 4 + 2 * (FRAME_RANGES + 1) + 1);
#undef SEND
    struct frame_range pair[] = {good, {7, 8}};
    cr_assert_eq(send_ranges(pair, 2), MESH_PROTOCOL, "one lies in the other");
    pair[1].first = 8;
    cr_assert_eq(send_ranges(pair, 2), MESH_OK);
}

static enum mesh_status send_many_ranges(size_t count) {
    static struct frame_range ranges[FRAME_RANGES + 1];
    for (size_t i = 0; i < count; i++) {
        ranges[i] = (struct frame_range){6 + 2 * i, 6 + 2 * i};
    }
    return send_ranges(ranges, count);
}

Test(limits, of_ranges) {
    BOTH_SIDES(FRAME_RANGES, send_many_ranges(size))
}

static enum mesh_status send_exception_text(size_t size) {
    struct frame_exception exception = {.seq = 5, .outcome = FRAME_RETURNED, .text = text_of(size)};
    return send_exceptions(&exception, 1);
}

Test(limits, of_the_text_of_an_exception) {
    BOTH_SIDES(FRAME_TEXT_BYTES, send_exception_text(size))
}

static enum mesh_status send_acks(size_t count) {
    static struct frame_ack acks[FRAME_ACKS + 1];
    for (size_t i = 0; i < count; i++) {
        acks[i] = one_ack();
    }
    struct frame frame = {.from = 1, .body = FRAME_BATCH, .batch = {.acks_count = count, .acks = acks}};
    return wire_send(&frame);
}

Test(limits, of_acks) {
    BOTH_SIDES(FRAME_ACKS, send_acks(size))
}

/* ---- hello and the convention ---- */

static enum mesh_status send_hello(struct frame_hello hello) {
    struct frame frame = {.from = 1, .body = FRAME_HELLO, .hello = hello};
    return wire_send(&frame);
}

Test(limits, of_a_hello) {
    struct frame_hello hello = {.role = FRAME_ROLE_ADMIN};
    BOTH_SIDES(FRAME_NAME_BYTES, (hello.node_name = text_of(size), send_hello(hello)))
    hello.node_name.size = 0;
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, (hello.endpoint = text_of(size), send_hello(hello)))
    hello.endpoint.size = 0;
    BOTH_SIDES(FRAME_TEXT_BYTES, (hello.refusal = text_of(size), send_hello(hello)))
    hello.refusal.size = 0;
    BOTH_SIDES((1U << 24) - 1, (hello.slot = (uint32_t)size, send_hello(hello)))
    hello.slot = 0;
    BOTH_SIDES(FRAME_ROLE_PROGRAM, (hello.role = (enum frame_role)size, send_hello(hello)))
    hello.role = FRAME_ROLE_ADMIN;
    hello.limits = (struct frame_limits){1, 1, 1, 1, 1};
    cr_assert_eq(send_hello(hello), MESH_OK);
    hello.limits.message_bytes = 0;
    cr_assert_eq(send_hello(hello), MESH_PROTOCOL, "nothing could be sent");
    hello.limits.message_bytes = 1;
    hello.role = (enum frame_role)0;
    cr_assert_eq(send_hello(hello), MESH_PROTOCOL);
}

Test(limits, of_who_speaks) {
    struct frame frame = {.from = 0, .body = FRAME_HEARTBEAT};
    cr_assert_eq(wire_send(&frame), MESH_PROTOCOL);
    frame.from = 1;
    cr_assert_eq(wire_send(&frame), MESH_OK);
}

static enum mesh_status send_member(struct frame_member member) {
    struct frame frame = {.from = 1, .to = 2, .body = FRAME_INVITE, .invite = {.leader = member}};
    return wire_send(&frame);
}

Test(limits, of_a_member) {
    struct frame_member member = {.incarnation = 0, .name = text_of(1)};
    cr_assert_eq(send_member(member), MESH_PROTOCOL);
    member.incarnation = 1;
    cr_assert_eq(send_member(member), MESH_OK);
    BOTH_SIDES(FRAME_NAME_BYTES, (member.name = text_of(size), send_member(member)))
    member.name.size = 0;
    cr_assert_eq(send_member(member), MESH_PROTOCOL);
    member.name.size = 1;
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, (member.endpoint = text_of(size), send_member(member)))
}

static enum mesh_status send_capabilities(const struct frame_capability *capabilities, size_t count) {
    return send_member((struct frame_member){
        .incarnation = 1, .name = text_of(1), .capabilities_count = count, .capabilities = capabilities});
}

static enum mesh_status send_many_capabilities(size_t count) {
    static struct frame_capability capabilities[FRAME_CAPABILITIES + 1];
    for (size_t i = 0; i < count; i++) {
        capabilities[i].name = text_of(1);
    }
    return send_capabilities(capabilities, count);
}

Test(limits, H1_of_capabilities) {
    static struct frame_value values[FRAME_VALUES + 1];
    struct frame_capability capability = {.values = values, .list = true};
    BOTH_SIDES(FRAME_CAPABILITIES, send_many_capabilities(size))
    BOTH_SIDES(FRAME_NAME_BYTES, (capability.name = text_of(size), send_capabilities(&capability, 1)))
    capability.name.size = 0;
    cr_assert_eq(send_capabilities(&capability, 1), MESH_PROTOCOL);
    capability.name.size = 1;
    BOTH_SIDES(FRAME_VALUES, (capability.values_count = size, send_capabilities(&capability, 1)))
    capability.list = false;
    BOTH_SIDES(1, (capability.values_count = size, send_capabilities(&capability, 1)))
    capability.values_count = 1;
    values[0].kind = FRAME_VALUE_TEXT;
    BOTH_SIDES(FRAME_VALUE_BYTES, (values[0].bytes = text_of(size), send_capabilities(&capability, 1)))
    values[0].kind = FRAME_VALUE_DATA;
    BOTH_SIDES(FRAME_VALUE_BYTES, (values[0].bytes = text_of(size), send_capabilities(&capability, 1)))
}

static enum mesh_status send_roster(size_t joined, size_t left) {
    static struct frame_member members[FRAME_MEMBERS + 1];
    static uint64_t incarnations[FRAME_MEMBERS + 1];
    for (size_t i = 0; i < joined; i++) {
        members[i] = (struct frame_member){.incarnation = i + 1, .name = text_of(1)};
    }
    struct frame frame = {
        .from = 1,
        .to = 2,
        .body = FRAME_ROSTER,
        .roster = {.joined_count = joined, .left_count = left, .joined = members, .left = incarnations},
    };
    return wire_send(&frame);
}

Test(limits, of_a_roster) {
    BOTH_SIDES(FRAME_MEMBERS, send_roster(size, 0)) BOTH_SIDES(FRAME_MEMBERS, send_roster(0, size))
}

static enum mesh_status send_invite(size_t count, size_t bytes) {
    static struct bytes leaders[FRAME_LEADERS + 1];
    struct frame frame = {
        .from = 1,
        .to = 2,
        .body = FRAME_INVITE,
        .invite = {.leader = {.incarnation = 1, .name = text_of(1)}, .leaders_count = count, .leaders = leaders},
    };
    for (size_t i = 0; i < count; i++) {
        leaders[i] = text_of(bytes);
    }
    return wire_send(&frame);
}

Test(limits, of_an_invitation) {
    BOTH_SIDES(FRAME_LEADERS, send_invite(size, 1))
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, send_invite(1, size))
    cr_assert_eq(send_invite(1, 0), MESH_PROTOCOL);
}

static enum mesh_status send_keys(size_t count) {
    static struct frame_trusted keys[FRAME_TRUSTED + 1];
    struct frame frame = {.from = 1, .to = 2, .body = FRAME_TRUST, .trust = {.keys_count = count, .keys = keys}};
    for (size_t i = 0; i < count; i++) {
        memset(keys[i].pattern, 'x', FRAME_PATTERN_BYTES);
        keys[i].stamp = UINT64_MAX;
    }
    return wire_send(&frame);
}

Test(limits, S7H_of_keys) {
    BOTH_SIDES(FRAME_TRUSTED, send_keys(size))
}

/* What does not stand for a key is written by hand: the codec packs no other. */
static enum mesh_status send_key(size_t key_bytes, size_t pattern_bytes) {
    static const char zeros[FRAME_KEY_BYTES + 1];
    char letters[FRAME_PATTERN_BYTES + 1];
    uint8_t room[200], keys[150], key[130];
    struct wire_text frame = {room, 0}, trust = {keys, 0}, trusted = {key, 0};
    struct frame out;
    memset(letters, 'x', sizeof letters);
    wire_bytes(&trusted, 1, zeros, key_bytes);
    wire_bytes(&trusted, 4, letters, pattern_bytes);
    wire_bytes(&trust, 1, (const char *)key, trusted.size);
    wire_put(&frame, "MW\1\0", CODEC_PRELUDE_BYTES);
    wire_fixed(&frame, 1, 11);
    wire_bytes(&frame, 14, (const char *)keys, trust.size);
    return codec_decode(theirs, bytes_make(room, frame.size), NULL, 0, &out);
}

Test(limits, S7H_of_one_key) {
    BOTH_SIDES(FRAME_KEY_BYTES, send_key(size, 1))
    BOTH_SIDES(FRAME_PATTERN_BYTES, send_key(FRAME_KEY_BYTES, size))
    cr_assert_eq(send_key(FRAME_KEY_BYTES - 1, 1), MESH_PROTOCOL);
    cr_assert_eq(send_key(FRAME_KEY_BYTES, 0), MESH_OK);
}

Test(limits, of_a_goodbye) {
    struct frame frame = {.from = 1, .to = 2, .body = FRAME_DEREGISTER};
    BOTH_SIDES(FRAME_TEXT_BYTES, (frame.deregister.reason = text_of(size), wire_send(&frame)))
}

/* A member stands in a message of its own, which a peer can leave out. */
Test(limits, of_what_can_be_left_out) {
    const struct {
        unsigned field;
        enum mesh_status status;
    } bodies[] = {{5, MESH_OK}, {6, MESH_OK},  {7, MESH_PROTOCOL},  {8, MESH_PROTOCOL},
                  {9, MESH_OK}, {10, MESH_OK}, {11, MESH_PROTOCOL}, {14, MESH_OK}};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        uint8_t room[64];
        struct wire_text text = {room, 0};
        struct frame out;
        wire_put(&text, "MW\1\0", CODEC_PRELUDE_BYTES);
        wire_fixed(&text, 1, 11);
        wire_bytes(&text, bodies[i].field, "", 0);
        cr_assert_eq(codec_decode(theirs, bytes_make(room, text.size), NULL, 0, &out), bodies[i].status, "body %u",
                     bodies[i].field);
    }
}
