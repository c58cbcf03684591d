/* The network: one link for each direction of each pair of processes, and frames that get lost, doubled, late, and
 * that outlive their links and their senders. A frame is a copy of all its bytes, as on the wire.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "tests/sim/world.h"
#include <stdlib.h>
#include <string.h>

enum { BATCHES_AT_ONCE = 4 };

struct packet {
    unsigned holders;
    size_t from, to;
    uint64_t from_incarnation, to_incarnation, generation;
    struct frame_batch batch;
    struct frame_run *runs;
    struct frame_ack *acks;
};

/* ---- packets ---- */

static void *copy(const void *from, size_t bytes) {
    void *to = calloc(1, bytes ? bytes : 1);
    CHECK(to);
    if (bytes) {
        memcpy(to, from, bytes);
    }
    return to;
}

static struct bytes copy_bytes(struct bytes bytes) {
    return bytes_make(copy(bytes.data, bytes.size), bytes.size);
}

static void copy_run(struct frame_run *run) {
    struct bytes *payloads = copy(run->payloads, run->count * sizeof *payloads);
    struct part **parts = run->parts ? copy(run->parts, run->count * sizeof *parts) : NULL;
    for (size_t i = 0; i < run->count; i++) {
        if (parts) {
            parts[i] = part_copy(payloads[i]);
            CHECK(parts[i]);
            payloads[i] = parts[i]->bytes;
        } else {
            payloads[i] = copy_bytes(payloads[i]);
        }
    }
    run->type = copy_bytes(run->type);
    run->payloads = payloads;
    run->parts = parts;
}

static void copy_ack(struct frame_ack *ack) {
    struct frame_exception *exceptions = copy(ack->exceptions, ack->exceptions_count * sizeof *exceptions);
    for (size_t i = 0; i < ack->exceptions_count; i++) {
        exceptions[i].text = copy_bytes(exceptions[i].text);
    }
    ack->exceptions = exceptions;
    ack->ahead = copy(ack->ahead, ack->ahead_count * sizeof *ack->ahead);
}

static struct packet *packet_of(const struct frame_batch *batch) {
    struct packet *packet = calloc(1, sizeof *packet);
    CHECK(packet);
    packet->runs = copy(batch->runs, batch->runs_count * sizeof *packet->runs);
    packet->acks = copy(batch->acks, batch->acks_count * sizeof *packet->acks);
    for (size_t i = 0; i < batch->runs_count; i++) {
        copy_run(&packet->runs[i]);
    }
    for (size_t i = 0; i < batch->acks_count; i++) {
        copy_ack(&packet->acks[i]);
    }
    packet->batch = (struct frame_batch){
        .runs_count = batch->runs_count, .acks_count = batch->acks_count, .runs = packet->runs, .acks = packet->acks};
    packet->holders = 1;
    return packet;
}

static void free_run(struct frame_run *run) {
    for (size_t i = 0; i < run->count; i++) {
        if (run->parts) {
            part_release(run->parts[i]);
        } else {
            free((void *)run->payloads[i].data);
        }
    }
    free((void *)run->type.data);
    free((void *)run->payloads);
    free((void *)run->parts);
}

void network_discard(struct packet *packet) {
    if (!packet || --packet->holders > 0) {
        return;
    }
    for (size_t i = 0; i < packet->batch.runs_count; i++) {
        free_run(&packet->runs[i]);
    }
    for (size_t i = 0; i < packet->batch.acks_count; i++) {
        for (size_t k = 0; k < packet->acks[i].exceptions_count; k++) {
            free((void *)packet->acks[i].exceptions[k].text.data);
        }
        free((void *)packet->acks[i].exceptions);
        free((void *)packet->acks[i].ahead);
    }
    free(packet->runs);
    free(packet->acks);
    free(packet);
}

/* ---- what frames carry ---- */

static void note_run(struct world *world, const struct frame_run *run) {
    world_count(world, TALLY_RUN_PACKED, run->count > 1);
    world_count(world, TALLY_RUN_SKIP, run->kind == FRAME_SKIP);
    world_count(world, TALLY_RUN_CLOSE, (run->flags & FRAME_RUN_CLOSE) != 0);
    world_count(world, TALLY_RUN_LARGE, run->parts ? run->count : 0);
    world_count(world, TALLY_RUN_CHUNKS, run->kind == FRAME_CHUNK ? run->count : 0);
    size_t named = run->total == 0 ? run->count : run->offset == 0; /* only the first slice begins with the number */
    for (size_t i = 0; i < named && i < run->count && run->kind != FRAME_SKIP; i++) {
        uint64_t number;
        struct ledger_entry *entry = ledger_find(&world->ledger, run->payloads[i], &number);
        if (entry) {
            entry->wired = true;
        }
    }
}

static void note_batch(struct world *world, const struct frame_batch *batch) {
    world_count(world, TALLY_FRAMES, 1);
    for (size_t i = 0; i < batch->runs_count; i++) {
        note_run(world, &batch->runs[i]);
    }
    for (size_t i = 0; i < batch->acks_count; i++) {
        world_count(world, TALLY_ACK_GAP, (batch->acks[i].flags & FRAME_ACK_GAP) != 0);
        world_count(world, TALLY_ACK_STALE, (batch->acks[i].flags & FRAME_ACK_STALE) != 0);
        world_count(world, TALLY_ACK_EXCEPTION, batch->acks[i].exceptions_count);
        world_count(world, TALLY_ACK_AHEAD, batch->acks[i].ahead_count);
    }
}

static bool begun(struct world *world, const struct frame_run *run) {
    uint64_t number;
    const struct ledger_entry *entry = run->count ? ledger_find(&world->ledger, run->payloads[0], &number) : NULL;
    return entry && entry->begun;
}

/* Plants 2, 3 and 4: bytes that change on the way, messages of a run that change places, a run that comes again as
 * if its stream had begun anew. */
static void plant(struct world *world, struct packet *packet) {
    if (packet->batch.runs_count == 0 || !prng_chance(&world->prng, 100)) {
        return;
    }
    struct frame_run *run = &packet->runs[0];
    struct bytes *payloads = (struct bytes *)run->payloads;
    if (world->plant == LAW_CONTENT && run->count > 0 && run->kind == FRAME_USER) {
        ((uint8_t *)payloads[0].data)[LEDGER_HEADER_BYTES - 1] ^= 1;
    } else if (world->plant == LAW_ORDER && run->count > 1 && run->kind == FRAME_USER) {
        struct bytes first = payloads[0];
        payloads[0] = payloads[1];
        payloads[1] = first;
    } else if (world->plant == LAW_HANDLED_ONCE && begun(world, run)) {
        run->epoch += 1000;
        run->first = run->base = 1;
    }
}

/* ---- links ---- */

static struct link *link_to(struct sim_process *from, uint64_t incarnation) {
    struct link *link = &from->links[incarnation % WORLD_PROCESSES_MAX];
    return link->incarnation == incarnation && !link->lost ? link : NULL;
}

/* Plant 11: a loss that not all are told of. */
static bool is_hushed_up(struct world *world) {
    return world->plant == LAW_NOTHING_LEFT && prng_chance(&world->prng, 300);
}

/* Of one life of a peer, in what its link has been told. */
static uint64_t life_bit(uint64_t incarnation) {
    return UINT64_C(1) << incarnation / WORLD_PROCESSES_MAX % 64;
}

static void tell_lost(struct world *world, struct sim_process *process, uint64_t incarnation) {
    process->links[incarnation % WORLD_PROCESSES_MAX].told |= life_bit(incarnation);
    struct delivery_event event = {.kind = DELIVERY_PEER_LOST, .peer = incarnation};
    (void)process_deliver(world, process, event);
}

static void run_peer_lost(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    struct link *link = link_to(process, errand->number);
    if (link) {
        link->lost = true;
        link->up = false;
        if (is_hushed_up(world)) {
            link->told |= life_bit(errand->number);
        } else {
            tell_lost(world, process, errand->number);
        }
    }
}

static void lose_peer_later(struct world *world, struct sim_process *process, uint64_t incarnation) {
    world_later(world, prng_between(&world->prng, 0, world->options.admin_ns),
                (struct errand){.run = run_peer_lost, .incarnation = process->incarnation, .number = incarnation});
}

static void run_link_up(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    struct link *link = link_to(process, errand->number);
    if (!link || link->up || link->generation != errand->other) {
        return;
    }
    if (!world_process(world, errand->number)) {
        lose_peer_later(world, process, errand->number);
        return;
    }
    link->up = true;
    link->dead = false;
    struct delivery_event event = {.kind = DELIVERY_LINK_UP, .peer = errand->number};
    (void)process_deliver(world, process, event);
    network_flush(world, process, errand->number, false);
}

static void connect_later(struct world *world, struct sim_process *process, const struct link *link) {
    uint64_t most_ns = world->healing ? NS_PER_MS : world->options.reconnect_ns;
    world_later(world, prng_between(&world->prng, 0, most_ns),
                (struct errand){.run = run_link_up,
                                .incarnation = process->incarnation,
                                .number = link->incarnation,
                                .other = link->generation});
}

/* Whoever connects to a process that is no more learns that by the first answer. */
static void run_refused(struct world *world, const struct errand *errand) {
    tell_lost(world, world_process(world, errand->incarnation), errand->number);
}

void network_want(struct world *world, struct sim_process *from, uint64_t incarnation) {
    struct link *link = &from->links[incarnation % WORLD_PROCESSES_MAX];
    if (link->incarnation > incarnation || (link->incarnation == incarnation && link->lost)) {
        world_later(world, prng_below(&world->prng, world->options.reconnect_ns),
                    (struct errand){.run = run_refused, .incarnation = from->incarnation, .number = incarnation});
        return;
    }
    if (link->incarnation == incarnation) {
        return;
    }
    if (link->incarnation && !link->lost) {
        link->lost = true;
        tell_lost(world, from, link->incarnation);
    }
    *link = (struct link){.incarnation = incarnation, .generation = link->generation + 1, .told = link->told};
    connect_later(world, from, link);
}

static void link_down(struct world *world, struct sim_process *process, struct link *link) {
    link->up = false;
    struct delivery_event event = {.kind = DELIVERY_LINK_DOWN, .peer = link->incarnation};
    (void)process_deliver(world, process, event);
    connect_later(world, process, link);
}

void network_reset(struct world *world, struct sim_process *from, size_t to, bool told) {
    struct link *link = &from->links[to];
    if (!link->up || link->dead || link->lost) {
        return;
    }
    world_count(world, told ? TALLY_RESETS : TALLY_RESETS_UNTOLD, 1);
    world_say(world, "link %zu to %zu is reset, told %d", from->index, to, told);
    link->generation++;
    link->dead = true;
    if (told) {
        link_down(world, from, link);
    }
}

void network_check(struct world *world, struct sim_process *from, uint64_t incarnation) {
    struct link *link = link_to(from, incarnation);
    if (link && link->up && link->dead) {
        world_count(world, TALLY_RESETS_FOUND, 1);
        link_down(world, from, link);
    }
}

void network_process_died(struct world *world, size_t index, uint64_t incarnation) {
    for (size_t i = 0; i < world->options.processes; i++) {
        struct sim_process *process = &world->processes[i];
        struct link *link = &process->links[index];
        if (process->alive && link->incarnation == incarnation && !link->lost) {
            link->dead = true;
            link->generation++;
            lose_peer_later(world, process, incarnation);
        }
    }
}

void network_heal(struct world *world) {
    for (size_t i = 0; i < world->options.processes; i++) {
        for (size_t k = 0; k < world->options.processes && world->processes[i].alive; k++) {
            struct link *link = &world->processes[i].links[k];
            link->silent_until_ns = 0;
            if (link->up && link->dead && !link->lost && world_process(world, link->incarnation)) {
                link_down(world, &world->processes[i], link);
            }
        }
    }
}

/* ---- frames ---- */

static void deliver(struct world *world, struct sim_process *to, struct packet *packet) {
    bool known_lost = to->links[packet->from].told & life_bit(packet->from_incarnation);
    if (known_lost) {
        world_count(world, TALLY_FRAMES_POSTHUMOUS, 1);
    }
    plant(world, packet);
    struct delivery_event event = {.kind = DELIVERY_FRAME, .peer = packet->from_incarnation, .batch = &packet->batch};
    (void)process_deliver(world, to, event);
    if (!known_lost) {
        network_want(world, to, packet->from_incarnation); /* as after a hello, and so learns, if that is no more */
    }
}

static void run_arrive(struct world *world, const struct errand *errand) {
    struct packet *packet = errand->packet;
    struct sim_process *from = world_process(world, packet->from_incarnation);
    struct sim_process *to = world_process(world, packet->to_incarnation);
    bool outlived = !from || from->links[packet->to].generation != packet->generation;
    if (!to) {
        world_count(world, TALLY_FRAMES_STALE, 1);
    } else if (outlived && prng_chance(&world->prng, 500)) {
        world_count(world, TALLY_FRAMES_LOST, 1);
    } else {
        deliver(world, to, packet);
    }
    network_discard(packet);
}

static void send_copy(struct world *world, struct link *link, struct packet *packet) {
    struct prng *prng = &world->prng;
    uint64_t at_ns = world->now_ns + prng_between(prng, world->options.delay_min_ns, world->options.delay_max_ns);
    if (!world->healing && prng_chance(prng, world->options.late)) {
        world_count(world, TALLY_FRAMES_LATE, 1);
        at_ns += prng_below(prng, 20 * world->options.delay_max_ns);
    } else {
        at_ns = link->last_ns = at_ns > link->last_ns ? at_ns : link->last_ns;
    }
    packet->holders++;
    world_later(world, at_ns - world->now_ns, (struct errand){.run = run_arrive, .packet = packet});
}

static void send_batch(struct world *world, struct sim_process *from, struct link *link,
                       const struct frame_batch *batch) {
    struct prng *prng = &world->prng;
    note_batch(world, batch);
    bool lost = link->dead || world->now_ns < link->silent_until_ns ||
                (!world->healing && prng_chance(prng, world->options.loss));
    if (lost) {
        world_count(world, TALLY_FRAMES_LOST, 1);
        return;
    }
    struct packet *packet = packet_of(batch);
    packet->from = from->index;
    packet->to = link->incarnation % WORLD_PROCESSES_MAX;
    packet->from_incarnation = from->incarnation;
    packet->to_incarnation = link->incarnation;
    packet->generation = link->generation;
    send_copy(world, link, packet);
    if (!world->healing && prng_chance(prng, world->options.duplicate)) {
        world_count(world, TALLY_FRAMES_DOUBLED, 1);
        send_copy(world, link, packet);
    }
    network_discard(packet);
}

/* A socket takes a few batches at once; one whose connection is dead may say so. */
static void run_flush(struct world *world, const struct errand *errand) {
    struct sim_process *from = world_process(world, errand->incarnation);
    struct link *link = link_to(from, errand->number);
    struct frame_batch batch;
    int left = BATCHES_AT_ONCE;
    if (!link) {
        return;
    }
    link->flush_waits = false;
    while (link->up && left > 0 && delivery_pull(from->delivery, world->now_ns, link->incarnation, &batch)) {
        send_batch(world, from, link, &batch);
        left--;
        if (link->dead && prng_chance(&world->prng, 300)) {
            network_check(world, from, link->incarnation);
        }
    }
    if (link->up && left == 0) {
        network_flush(world, from, errand->number, true);
    }
    process_stepped(world, from);
}

void network_flush(struct world *world, struct sim_process *from, uint64_t incarnation, bool lazy) {
    struct link *link = link_to(from, incarnation);
    if (!link || link->flush_waits || !link->up) {
        return;
    }
    link->flush_waits = true;
    world_later(world, prng_below(&world->prng, (lazy ? 2000 : 200) * NS_PER_US),
                (struct errand){.run = run_flush, .incarnation = from->incarnation, .number = incarnation});
}
