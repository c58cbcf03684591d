/* Any bytes as what happens to a delivery: its callers keep to the rules, its peers do not.
 *
 * After each event: every message that was accepted is settled once or still open, the limits hold, the deadline lies ahead,
 * what it wants comes to an end, and each batch can go over the wire. In the end all parties and peers are gone, and
 * nothing may be left of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/core/delivery.h"
#include "proto/codec.h"
#include "tests/fuzz/delivery_events.h"
#include <stdlib.h>

enum {
    MESSAGES_MAX = 512, /* submitted in one script */
    PULLED_MAX = 16,    /* runs that an ack may be for */
    RUN_PAYLOADS = 4,
    EXCEPTIONS_MAX = 4,
    POLLS_MAX = 4096,
    PAYLOAD_BYTES = 256 * SCRIPT_UNIT_BYTES,
};

/* Small, so that a short script reaches them. */
static const struct delivery_limits limits = {
    .run_min = 1,
    .window_messages = 8,
    .window_bytes = 64 * 1024,
    .system_messages = 3,
    .mailbox_messages = 5,
    .mailbox_bytes = 48 * 1024,
    .message_bytes_max = 96 * 1024,
    .chunk_bytes = FRAME_INLINE_BYTES,
    .first_credit_messages = 4,
    .first_credit_bytes = 24 * 1024,
    .actors_max = 6,
    .streams_max = 12,
    .peers_max = 3,
    .overdue_ns = 100 * NS_PER_MS,
    .overdue_max_ns = NS_PER_S,
    .stream_idle_ns = 2 * NS_PER_S,
    .room_percent = 50,
};

struct pulled {
    struct mesh_address sender, target;
    uint64_t epoch, high, probe;
};

struct state {
    struct bytes script;
    struct delivery *delivery;
    uint64_t now_ns;
    struct pulled pulled[PULLED_MAX];
    size_t pulled_count, submitted;
    bool open[MESSAGES_MAX]; /* accepted and not settled */
    size_t sizes[MESSAGES_MAX];
    struct mesh_address senders[MESSAGES_MAX];
};

static uint8_t content[PAYLOAD_BYTES];
static struct codec *ours, *theirs;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the script ---- */

static uint8_t next(struct state *state) {
    if (state->script.size == 0) {
        return 0;
    }
    uint8_t byte = state->script.data[0];
    state->script = bytes_make(state->script.data + 1, state->script.size - 1);
    return byte;
}

/* The last two are of those that never leave their process. */
static struct mesh_address address_of(uint8_t party) {
    return address_make(7, party % 2 ? 2 : 1, party < SCRIPT_PARTIES - 2 ? party + 1U : ADDRESS_LOCAL + party);
}

static struct mesh_address next_party(struct state *state) {
    return address_of(next(state) % SCRIPT_PARTIES);
}

static uint64_t next_peer(struct state *state) {
    return next(state) % SCRIPT_PEERS + 1;
}

static size_t next_units(struct state *state) {
    return (size_t)next(state) * SCRIPT_UNIT_BYTES;
}

/* ---- what must hold ---- */

static void check_settled(struct state *state) {
    struct message *message;
    while ((message = delivery_settled(state->delivery))) {
        if (message->kind == FRAME_SKIP) {
            CHECK(message->outcome == FRAME_DIED);
            message_release(message);
            continue;
        }
        CHECK(message->ask < state->submitted && state->open[message->ask]);
        CHECK(message->payload.size == state->sizes[message->ask]);
        state->open[message->ask] = false;
        message_release(message);
    }
    while ((message = delivery_unclaimed(state->delivery))) {
        CHECK(message->kind == FRAME_USER && message->outcome != FRAME_HANDLED);
        message_release(message);
    }
}

static void check_polls(struct state *state) {
    struct delivery_action action;
    for (int i = 0; delivery_poll(state->delivery, &action); i++) {
        CHECK(i < POLLS_MAX);
    }
}

static void check_loads(const struct state *state) {
    for (uint8_t party = 0; party < SCRIPT_PARTIES; party++) {
        struct delivery_load load;
        if (!delivery_load(state->delivery, address_of(party), &load)) {
            continue;
        }
        CHECK(load.mailbox_messages <= limits.mailbox_messages);
        CHECK(load.mailbox_bytes <= limits.mailbox_bytes || load.mailbox_messages == 1);
        CHECK(load.unsettled_messages - load.system_messages <= limits.window_messages);
        CHECK(load.system_messages <= limits.system_messages);
    }
}

static void check(struct state *state) {
    check_settled(state);
    check_polls(state);
    check_loads(state);
    const struct delivery_counters *c = delivery_counters(state->delivery);
    CHECK(c->accepted == c->handled + c->returned + c->dead + c->abandoned + c->in_flight);
    struct delivery_census census = delivery_census(state->delivery);
    CHECK(census.actors <= limits.actors_max && census.peers <= limits.peers_max);
    CHECK(census.streams_out <= limits.streams_max && census.streams_in <= limits.streams_max);
    CHECK(delivery_deadline(state->delivery) > state->now_ns);
}

static enum mesh_status step(struct state *state, struct delivery_event event) {
    enum mesh_status status = delivery_step(state->delivery, state->now_ns, &event);
    check(state);
    return status;
}

/* ---- what happens ---- */

/* What the party had open is abandoned: nobody hears of it any more. */
static void abandon(struct state *state, enum delivery_event_kind how) {
    struct mesh_address party = next_party(state);
    if (step(state, (struct delivery_event){.kind = how, .address = party}) != MESH_OK) {
        return;
    }
    for (size_t i = 0; i < state->submitted; i++) {
        state->open[i] = state->open[i] && !mesh_address_equal(state->senders[i], party);
    }
}

/* Goes on with the next one when a message is in hand already. */
static void take_next(struct state *state, struct mesh_address party) {
    if (!delivery_take(state->delivery, state->now_ns, party)) {
        (void)delivery_next(state->delivery, state->now_ns, party);
    }
}

static void submit(struct state *state) {
    static const enum frame_kind kinds[] = {FRAME_USER, FRAME_USER, FRAME_EXIT_REQUEST, FRAME_CONTROL};
    struct mesh_address sender = next_party(state), target = next_party(state);
    uint8_t kind = next(state);
    size_t size = next_units(state) + kind % 3;
    uint8_t expiry = next(state);
    size = size < PAYLOAD_BYTES ? size : PAYLOAD_BYTES;
    if (state->submitted == MESSAGES_MAX) {
        return;
    }
    struct message *message =
        message_new(delivery_pool(state->delivery), bytes_make("type", kind % 5U), bytes_make(content, size));
    CHECK(message);
    message->sender = sender;
    message->target = target;
    message->kind = kinds[kind % 4];
    message->urgent = message->kind == FRAME_EXIT_REQUEST;
    message->ask = state->submitted;
    message->deadline_ns = expiry == UINT8_MAX ? TIME_NEVER : state->now_ns + (expiry + 1U) * 50 * NS_PER_MS;
    enum mesh_status status = delivery_submit(state->delivery, state->now_ns, message);
    if (status == MESH_OK) {
        state->open[state->submitted] = true;
        state->senders[state->submitted] = sender;
        state->sizes[state->submitted++] = size;
        (void)delivery_watch(state->delivery, sender, target, kind % 2 ? state->now_ns + expiry * NS_PER_S : 0);
    } else {
        message_release(message);
    }
}

/* Runs of any meaning; but what the codec refuses never comes here. */
static void run(struct state *state) {
    struct bytes payloads[RUN_PAYLOADS];
    uint64_t peer = next_peer(state);
    struct frame_run run = {.sender = next_party(state), .target = next_party(state)};
    run.epoch = next(state);
    run.first = next(state) + UINT64_C(1);
    run.base = run.first - next(state) % run.first;
    run.kind = (enum frame_kind)(next(state) % (FRAME_CHUNK + 1));
    run.flags = next(state);
    run.count = next(state) % (RUN_PAYLOADS + 1);
    size_t size = next_units(state);
    uint8_t ttl = next(state);
    run.ttl_ms = ttl == UINT8_MAX ? FRAME_TTL_NEVER : ttl * 10U;
    uint8_t total = next(state);
    run.total = total == UINT8_MAX ? UINT64_MAX : (uint64_t)total * SCRIPT_UNIT_BYTES;
    run.offset = next_units(state);
    run.probe = next(state);
    run.type = bytes_of_text("type");
    for (size_t i = 0; i < run.count; i++) {
        payloads[i] = bytes_make(content, size < FRAME_PAYLOAD_BYTES / RUN_PAYLOADS ? size : 1);
    }
    run.payloads = payloads;
    struct frame_batch batch = {.runs_count = 1, .runs = &run};
    CHECK(step(state, (struct delivery_event){.kind = DELIVERY_FRAME, .peer = peer, .batch = &batch}) == MESH_OK);
}

static void ack(struct state *state) {
    struct frame_exception exceptions[EXCEPTIONS_MAX];
    uint64_t peer = next_peer(state);
    const struct pulled *of = &state->pulled[next(state) % PULLED_MAX];
    struct frame_ack ack = {.sender = of->sender, .target = of->target, .epoch = of->epoch, .echo = of->probe};
    uint64_t behind = next(state);
    ack.received = of->high > behind ? of->high - behind : of->high;
    behind = next(state);
    ack.handled = ack.received > behind ? ack.received - behind : 0;
    ack.listed_from = next(state) + UINT64_C(1);
    uint64_t credit = next(state);
    ack.credit_seq = ack.received + credit;
    ack.credit_bytes = credit * SCRIPT_UNIT_BYTES * 4;
    ack.flags = next(state);
    ack.exceptions_count = next(state) % (EXCEPTIONS_MAX + 1);
    for (size_t i = 0; i < ack.exceptions_count; i++) {
        exceptions[i] = (struct frame_exception){
            .seq = ack.listed_from + i, .outcome = (enum frame_outcome)(i % 3), .text = bytes_of_text("text")};
    }
    ack.exceptions = exceptions;
    struct frame_range ahead = {ack.handled + 2, ack.received};
    ack.ahead = &ahead;
    ack.ahead_count = ack.flags % 2 && ahead.first <= ahead.last;
    struct frame_batch batch = {.acks_count = 1, .acks = &ack};
    CHECK(step(state, (struct delivery_event){.kind = DELIVERY_FRAME, .peer = peer, .batch = &batch}) == MESH_OK);
}

/* What is on record, of one of the streams that were pulled or of none. */
static struct delivery_gone next_record(struct state *state) {
    struct delivery_gone record = {.text = bytes_of_text("text")};
    uint8_t sender = next(state);
    const struct pulled *of = &state->pulled[sender % PULLED_MAX];
    if (sender % 2) {
        record.sender = of->sender;
        record.epoch = of->epoch;
    }
    record.floors_known = next(state) % 2;
    record.handled = next(state);
    record.in_hand = next(state);
    return record;
}

/* Of any life: the first, a later one, or one that an answer before has overtaken (D4). */
static void resolved(struct state *state) {
    struct delivery_event event = {.kind = DELIVERY_RESOLVED, .address = next_party(state)};
    event.peer = next_peer(state);
    event.life = next(state);
    struct delivery_gone earlier = next_record(state);
    event.gone = mesh_address_is_none(earlier.sender) ? NULL : &earlier;
    (void)step(state, event);
}

static void gone(struct state *state) {
    struct mesh_address party = next_party(state);
    enum frame_reason reason = (enum frame_reason)(next(state) % (FRAME_NODE_LOST + 1));
    struct delivery_gone gone = next_record(state);
    gone.reason = reason;
    (void)step(state, (struct delivery_event){.kind = DELIVERY_GONE, .address = party, .gone = &gone});
}

/* Another implementation would read the same. */
static void check_wire(const struct frame_batch *batch) {
    static uint8_t packed[FRAME_PACKED_BYTES];
    struct frame frame = {.from = 1, .to = 2, .body = FRAME_BATCH, .batch = *batch}, read;
    struct codec_image image;
    struct part *slices[CODEC_PARTS];
    CHECK(codec_prepare(ours, &frame, &image) == MESH_OK);
    codec_pack(ours, packed);
    for (size_t i = 0; i < image.parts_count; i++) {
        slices[i] = part_slice(image.parts[i], image.payloads[i]);
        CHECK(slices[i]);
    }
    CHECK(codec_decode(theirs, bytes_make(packed, image.bytes), slices, image.parts_count, &read) == MESH_OK);
    for (size_t i = 0; i < image.parts_count; i++) {
        part_release(slices[i]);
    }
}

static void pull(struct state *state) {
    struct frame_batch batch;
    if (!delivery_pull(state->delivery, state->now_ns, next_peer(state), &batch)) {
        return;
    }
    check_wire(&batch);
    for (size_t i = 0; i < batch.runs_count; i++) {
        const struct frame_run *run = &batch.runs[i];
        state->pulled[state->pulled_count++ % PULLED_MAX] =
            (struct pulled){run->sender, run->target, run->epoch, run->first + run->count - 1, run->probe};
    }
}

static void happen(struct state *state, enum delivery_script what) {
    struct delivery_event event = {0};
    switch (what) {
    case SCRIPT_OPEN:
        event = (struct delivery_event){.kind = DELIVERY_OPEN, .address = next_party(state)};
        break;
    case SCRIPT_CLOSE:
        event = (struct delivery_event){.kind = DELIVERY_CLOSE, .address = next_party(state), .reason = FRAME_EXITED};
        break;
    case SCRIPT_FORGET:
        abandon(state, DELIVERY_FORGET);
        return;
    case SCRIPT_RENEW:
        abandon(state, DELIVERY_RENEW);
        return;
    case SCRIPT_RESOLVED:
        resolved(state);
        return;
    case SCRIPT_LINK_UP:
        event = (struct delivery_event){.kind = DELIVERY_LINK_UP, .peer = next_peer(state)};
        break;
    case SCRIPT_LINK_DOWN:
        event = (struct delivery_event){.kind = DELIVERY_LINK_DOWN, .peer = next_peer(state)};
        break;
    case SCRIPT_PEER_LOST:
        event = (struct delivery_event){.kind = DELIVERY_PEER_LOST, .peer = next_peer(state)};
        break;
    case SCRIPT_VERDICT:
        event = (struct delivery_event){.kind = DELIVERY_VERDICT, .address = next_party(state)};
        event.outcome = (enum frame_outcome)(next(state) % (FRAME_DIED + 1));
        event.text = bytes_of_text("text");
        break;
    case SCRIPT_TIME:
        state->now_ns += (UINT64_C(1) << next(state) % 12) * 10 * NS_PER_MS;
        event.kind = DELIVERY_TICK;
        break;
    case SCRIPT_TAKE:
        take_next(state, next_party(state));
        check(state);
        return;
    case SCRIPT_SUBMIT:
        submit(state);
        check(state);
        return;
    case SCRIPT_PULL:
        pull(state);
        check(state);
        return;
    case SCRIPT_RUN:
        run(state);
        return;
    case SCRIPT_ACK:
        ack(state);
        return;
    case SCRIPT_GONE:
        gone(state);
        return;
    case SCRIPT_EVENTS:
        return;
    }
    (void)step(state, event);
}

/* ---- the end ---- */

static void end_all(struct state *state) {
    static const struct delivery_gone lost = {.reason = FRAME_NODE_LOST};
    for (uint64_t peer = 1; peer <= SCRIPT_PEERS; peer++) {
        (void)step(state, (struct delivery_event){.kind = DELIVERY_PEER_LOST, .peer = peer});
    }
    for (uint8_t party = 0; party < SCRIPT_PARTIES; party++) {
        struct mesh_address address = address_of(party);
        (void)step(state, (struct delivery_event){.kind = DELIVERY_GONE, .address = address, .gone = &lost});
        (void)step(state, (struct delivery_event){.kind = DELIVERY_CLOSE, .address = address, .reason = FRAME_EXITED});
    }
    for (uint8_t party = 0; party < SCRIPT_PARTIES; party++) {
        (void)step(state, (struct delivery_event){.kind = DELIVERY_FORGET, .address = address_of(party)});
    }
    struct delivery_census census = delivery_census(state->delivery);
    CHECK(delivery_counters(state->delivery)->in_flight == 0);
    CHECK(census.actors + census.routes + census.streams_out + census.streams_in == 0);
    CHECK(delivery_deadline(state->delivery) == TIME_NEVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct state *state = calloc(1, sizeof *state);
    CHECK(state);
    if (!ours) {
        CHECK(codec_new(&ours) == MESH_OK && codec_new(&theirs) == MESH_OK);
        for (size_t i = 0; i < PAYLOAD_BYTES; i++) {
            content[i] = (uint8_t)(i * 31 + i / 251);
        }
    }
    state->script = bytes_make(data, size);
    state->now_ns = NS_PER_S;
    struct delivery_limits drawn = limits;
    drawn.tell_handled = size % 2;
    CHECK(delivery_new(&state->delivery, &drawn, 1) == MESH_OK);
    while (state->script.size > 0) {
        happen(state, (enum delivery_script)(next(state) % SCRIPT_EVENTS));
    }
    end_all(state);
    delivery_destroy(&state->delivery);
    free(state);
    return 0;
}
