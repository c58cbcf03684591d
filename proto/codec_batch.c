/* Batches: runs and acks. The hot path: a run of small payloads costs a few nanoseconds each.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "proto/codec_memory.h"

/* ---- to the wire ---- */

static bool put_external(struct codec *codec, const struct frame_run *run, Mesh__Wire__Run *wire) {
    for (size_t i = 0; i < run->count; i++) {
        if (codec->parts_count >= CODEC_PARTS) {
            codec->parts_count = CODEC_PARTS_MAX + 1;
            return false;
        }
        codec->payloads[codec->parts_count] = run->payloads[i];
        codec->parts[codec->parts_count++] = run->parts[i];
    }
    wire->external = (uint32_t)run->count;
    return true;
}

static bool put_payloads(struct codec *codec, const struct frame_run *run, Mesh__Wire__Run *wire) {
    ProtobufCBinaryData *payloads = arena_take(&codec->out, (run->count + 1) * sizeof *payloads);
    if (!payloads) {
        return false;
    }
    for (size_t i = 0; i < run->count; i++) {
        payloads[i].len = run->payloads[i].size;
        payloads[i].data = (uint8_t *)(uintptr_t)run->payloads[i].data; /* protobuf-c only reads it */
    }
    wire->payloads = payloads;
    wire->n_payloads = run->count;
    return true;
}

static bool put_run(struct codec *codec, const struct frame_run *run, Mesh__Wire__Run *wire) {
    mesh__wire__run__init(wire);
    wire->sender_node = run->sender.node;
    wire->sender_local = run->sender.local;
    wire->target_node = run->target.node;
    wire->target_local = run->target.local;
    wire->epoch = run->epoch;
    wire->first = run->first;
    wire->lowest = run->base;
    wire->kind = (Mesh__Wire__Kind)run->kind;
    wire->type = codec_text(&codec->out, run->type);
    wire->ttl_ms = run->ttl_ms;
    wire->ask = run->ask;
    wire->flags = run->flags;
    wire->probe = run->probe;
    wire->asker_node = run->asker.node;
    wire->asker_local = run->asker.local;
    wire->total = run->total;
    wire->offset = run->offset;
    return wire->type && (run->parts ? put_external(codec, run, wire) : put_payloads(codec, run, wire));
}

static bool put_exceptions(struct arena *arena, const struct frame_ack *ack, Mesh__Wire__Ack *wire) {
    Mesh__Wire__Exception *items = codec_array(arena, ack->exceptions_count, sizeof *items);
    Mesh__Wire__Exception **pointers = codec_array(arena, ack->exceptions_count, sizeof *pointers);
    if (!items || !pointers) {
        return false;
    }
    for (size_t i = 0; i < ack->exceptions_count; i++) {
        const struct frame_exception *exception = &ack->exceptions[i];
        mesh__wire__exception__init(&items[i]);
        items[i].seq = exception->seq;
        items[i].outcome = (Mesh__Wire__Outcome)exception->outcome;
        items[i].reason = (Mesh__Wire__Reason)exception->reason;
        items[i].maybe_handled = exception->maybe_handled;
        items[i].text = codec_text(arena, exception->text);
        if (!items[i].text) {
            return false;
        }
        pointers[i] = &items[i];
    }
    wire->exceptions = pointers;
    wire->n_exceptions = ack->exceptions_count;
    return true;
}

static bool put_ahead(struct arena *arena, const struct frame_ack *ack, Mesh__Wire__Ack *wire) {
    wire->ahead = codec_array(arena, 2 * ack->ahead_count, sizeof *wire->ahead);
    for (size_t i = 0; wire->ahead && i < ack->ahead_count; i++) {
        wire->ahead[wire->n_ahead++] = ack->ahead[i].first;
        wire->ahead[wire->n_ahead++] = ack->ahead[i].last;
    }
    return wire->ahead != NULL;
}

static bool put_ack(struct arena *arena, const struct frame_ack *ack, Mesh__Wire__Ack *wire) {
    mesh__wire__ack__init(wire);
    wire->sender_node = ack->sender.node;
    wire->sender_local = ack->sender.local;
    wire->target_node = ack->target.node;
    wire->target_local = ack->target.local;
    wire->epoch = ack->epoch;
    wire->received = ack->received;
    wire->handled = ack->handled;
    wire->listed_from = ack->listed_from;
    wire->credit_seq = ack->credit_seq;
    wire->credit_bytes = ack->credit_bytes;
    wire->echo = ack->echo;
    wire->flags = ack->flags;
    return (ack->exceptions_count == 0 || put_exceptions(arena, ack, wire)) &&
           (ack->ahead_count == 0 || put_ahead(arena, ack, wire));
}

bool codec_put_batch(struct codec *codec, const struct frame_batch *batch, Mesh__Wire__Batch *out) {
    struct arena *arena = &codec->out;
    Mesh__Wire__Run *runs = codec_array(arena, batch->runs_count, sizeof *runs);
    Mesh__Wire__Run **run_pointers = codec_array(arena, batch->runs_count, sizeof *run_pointers);
    Mesh__Wire__Ack *acks = codec_array(arena, batch->acks_count, sizeof *acks);
    Mesh__Wire__Ack **ack_pointers = codec_array(arena, batch->acks_count, sizeof *ack_pointers);
    if (!runs || !run_pointers || !acks || !ack_pointers) {
        return false;
    }
    for (size_t i = 0; i < batch->runs_count; i++) {
        run_pointers[i] = &runs[i];
        if (!put_run(codec, &batch->runs[i], &runs[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < batch->acks_count; i++) {
        ack_pointers[i] = &acks[i];
        if (!put_ack(arena, &batch->acks[i], &acks[i])) {
            return false;
        }
    }
    out->n_runs = batch->runs_count;
    out->runs = run_pointers;
    out->n_acks = batch->acks_count;
    out->acks = ack_pointers;
    return true;
}

/* ---- from the wire ---- */

static bool get_external(struct arena *arena, size_t count, struct codec_inbox *inbox, struct frame_run *out) {
    struct bytes *payloads = count > inbox->left ? NULL : arena_take(arena, count * sizeof *payloads);
    if (!payloads) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        payloads[i] = inbox->parts[i]->bytes;
    }
    out->count = count;
    out->payloads = payloads;
    out->parts = inbox->parts;
    inbox->parts += count;
    inbox->left -= count;
    return true;
}

static bool get_payloads(struct arena *arena, const Mesh__Wire__Run *wire, struct frame_run *out) {
    struct bytes *payloads = arena_take(arena, (wire->n_payloads + 1) * sizeof *payloads);
    if (!payloads) {
        return false;
    }
    for (size_t i = 0; i < wire->n_payloads; i++) {
        payloads[i] = bytes_make(wire->payloads[i].data, wire->payloads[i].len);
    }
    out->count = wire->n_payloads;
    out->payloads = payloads;
    return true;
}

/* Whether the frame may carry these payloads too. What it carries is limited so that small messages pass between (D6). */
static bool is_carried(struct codec_inbox *inbox, const struct frame_run *run) {
    if (run->count > inbox->payloads_left) {
        return false;
    }
    inbox->payloads_left -= run->count;
    for (size_t i = 0; i < run->count; i++) {
        if (run->payloads[i].size > inbox->bytes_left) {
            return false;
        }
        inbox->bytes_left -= run->payloads[i].size;
    }
    return true;
}

/* The other kinds are made by a process for its own actors: a peer that sends one would forge a child's exit (C4), say. */
static bool kind_travels(enum frame_kind kind) {
    return kind == FRAME_USER || kind == FRAME_EXIT_REQUEST || kind == FRAME_CONTROL || kind == FRAME_SKIP ||
           kind == FRAME_CHUNK;
}

/* Slices lie within their message; one that completes it comes alone (D6). */
static bool slices_are_valid(const struct frame_run *run) {
    if (run->total == 0) {
        return run->offset == 0 && run->kind != FRAME_CHUNK;
    }
    return run->offset < run->total && (run->kind == FRAME_CHUNK || run->count == 1);
}

/* Whether a run makes sense in itself; whether it does in its stream is for the core. */
static bool run_is_valid(const struct frame_run *run) {
    return !mesh_address_is_none(run->sender) && !mesh_address_is_none(run->target) && kind_travels(run->kind) &&
           run->type.size <= FRAME_TYPE_BYTES && run->base <= run->first && (run->count == 0 || run->first > 0) &&
           run->first <= UINT64_MAX - run->count && slices_are_valid(run);
}

static bool get_run(struct arena *arena, const Mesh__Wire__Run *wire, struct codec_inbox *inbox,
                    struct frame_run *out) {
    *out = (struct frame_run){
        .sender = codec_address(wire->sender_node, wire->sender_local),
        .target = codec_address(wire->target_node, wire->target_local),
        .asker = codec_address(wire->asker_node, wire->asker_local),
        .epoch = wire->epoch,
        .first = wire->first,
        .base = wire->lowest,
        .ask = wire->ask,
        .probe = wire->probe,
        .total = wire->total,
        .offset = wire->offset,
        .kind = (enum frame_kind)wire->kind,
        .ttl_ms = wire->ttl_ms,
        .flags = wire->flags,
        .type = codec_view(wire->type),
    };
    if (wire->external > 0 && wire->n_payloads > 0) {
        return false;
    }
    bool well = wire->external > 0 ? get_external(arena, wire->external, inbox, out) : get_payloads(arena, wire, out);
    return well && is_carried(inbox, out) && run_is_valid(out);
}

static bool get_exception(const Mesh__Wire__Exception *wire, const struct frame_ack *ack, struct frame_exception *out) {
    *out = (struct frame_exception){
        .seq = wire->seq,
        .outcome = (enum frame_outcome)wire->outcome,
        .reason = (enum frame_reason)wire->reason,
        .maybe_handled = wire->maybe_handled,
        .text = codec_view(wire->text),
    };
    return wire->outcome >= 0 && out->outcome <= FRAME_DIED && wire->reason >= 0 && out->reason <= FRAME_NODE_LOST &&
           out->text.size <= FRAME_TEXT_BYTES && wire->seq >= ack->listed_from && wire->seq <= ack->handled;
}

static bool get_exceptions(struct arena *arena, const Mesh__Wire__Ack *wire, struct frame_ack *out) {
    struct frame_exception *exceptions =
        wire->n_exceptions > FRAME_EXCEPTIONS ? NULL : arena_take(arena, wire->n_exceptions * sizeof *exceptions);
    if (!exceptions) {
        return false;
    }
    for (size_t i = 0; i < wire->n_exceptions; i++) {
        if (!get_exception(wire->exceptions[i], out, &exceptions[i]) ||
            (i > 0 && exceptions[i].seq <= exceptions[i - 1].seq)) {
            return false;
        }
    }
    out->exceptions = exceptions;
    out->exceptions_count = wire->n_exceptions;
    return true;
}

static bool get_ahead(struct arena *arena, const Mesh__Wire__Ack *wire, struct frame_ack *out) {
    size_t count = wire->n_ahead / 2;
    struct frame_range *ranges =
        wire->n_ahead % 2 != 0 || count > FRAME_RANGES ? NULL : arena_take(arena, count * sizeof *ranges);
    uint64_t before = out->handled;
    for (size_t i = 0; ranges && i < count; i++) {
        ranges[i] = (struct frame_range){wire->ahead[2 * i], wire->ahead[2 * i + 1]};
        if (ranges[i].first <= before || ranges[i].last < ranges[i].first || ranges[i].last > out->received) {
            return false;
        }
        before = ranges[i].last;
    }
    out->ahead = ranges;
    out->ahead_count = count;
    return ranges != NULL;
}

static bool get_ack(struct arena *arena, const Mesh__Wire__Ack *wire, struct frame_ack *out) {
    *out = (struct frame_ack){
        .sender = codec_address(wire->sender_node, wire->sender_local),
        .target = codec_address(wire->target_node, wire->target_local),
        .epoch = wire->epoch,
        .received = wire->received,
        .handled = wire->handled,
        .listed_from = wire->listed_from,
        .credit_seq = wire->credit_seq,
        .credit_bytes = wire->credit_bytes,
        .echo = wire->echo,
        .flags = wire->flags,
    };
    return !mesh_address_is_none(out->sender) && !mesh_address_is_none(out->target) && out->handled <= out->received &&
           (wire->n_exceptions == 0 || get_exceptions(arena, wire, out)) &&
           (wire->n_ahead == 0 || get_ahead(arena, wire, out));
}

bool codec_get_batch(struct arena *arena, const Mesh__Wire__Batch *wire, struct codec_inbox *inbox,
                     struct frame_batch *out) {
    if (wire->n_runs > FRAME_RUNS || wire->n_acks > FRAME_ACKS) {
        return false;
    }
    struct frame_run *runs = arena_take(arena, (wire->n_runs + 1) * sizeof *runs);
    struct frame_ack *acks = arena_take(arena, (wire->n_acks + 1) * sizeof *acks);
    if (!runs || !acks) {
        return false;
    }
    for (size_t i = 0; i < wire->n_runs; i++) {
        if (!get_run(arena, wire->runs[i], inbox, &runs[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < wire->n_acks; i++) {
        if (!get_ack(arena, wire->acks[i], &acks[i])) {
            return false;
        }
    }
    *out = (struct frame_batch){wire->n_runs, wire->n_acks, runs, acks};
    return true;
}
