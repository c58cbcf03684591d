/* The ideal admin: knows every actor's fate at once, and tells it late, twice, as it was when it was asked, or not at all.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "tests/sim/world.h"

static uint64_t admin_delay(struct world *world) {
    return prng_between(&world->prng, 0, world->options.admin_ns);
}

/* ---- where does it live? ---- */

static void answer_gone(struct world *world, struct sim_process *process, size_t target, size_t sender) {
    const struct actor_record *record = &world->actors[target];
    const struct ledger_floor *floor = ledger_floor(&world->ledger, sender, target);
    struct delivery_gone gone = {.reason = record->reason, .text = bytes_of_text("it is gone")};
    if (record->floors_known) {
        gone.sender = world->actors[sender].address;
        gone.floors_known = true;
        gone.epoch = floor->epoch;
        gone.handled = floor->handled;
        gone.in_hand = floor->in_hand;
    }
    world_count(world, record->floors_known ? TALLY_GONE_FLOORS : TALLY_GONE_PLAIN, 1);
    (void)process_deliver(world, process,
                          (struct delivery_event){.kind = DELIVERY_GONE, .address = record->address, .gone = &gone});
}

/* What the lives before the present one have left for that sender. */
static struct delivery_gone record_of_earlier(struct world *world, size_t sender, size_t target) {
    const struct actor_record *record = &world->actors[target];
    const struct ledger_floor *floor = ledger_floor(&world->ledger, sender, target);
    struct delivery_gone earlier = {.text = bytes_of_text("it crashed"), .sender = world->actors[sender].address};
    if (record->life > 0 && record->floors_known) {
        world_count(world, TALLY_RESOLVED_FLOORS, 1);
        earlier.floors_known = true;
        earlier.epoch = floor->epoch;
        earlier.handled = floor->handled;
        earlier.in_hand = floor->in_hand;
    }
    return earlier;
}

/* `number` is the incarnation that was right when the question came, in that `life`, or 0. */
static void run_resolved(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    const struct actor_record *record = &world->actors[errand->actor];
    uint64_t lives_in = errand->number ? errand->number : record->incarnation;
    if (!errand->number && record->fate == FATE_PENDING) {
        struct errand again = *errand;
        world_count(world, TALLY_PARKED, 1);
        world_later(world, 10 * NS_PER_MS, again);
    } else if (!errand->number && record->fate == FATE_ENDED) {
        answer_gone(world, process, errand->actor, errand->other);
    } else {
        struct delivery_gone earlier = record_of_earlier(world, errand->other, errand->actor);
        struct delivery_event event = {.kind = DELIVERY_RESOLVED,
                                       .address = record->address,
                                       .peer = lives_in,
                                       .life = errand->number ? errand->life : record->life,
                                       .gone = &earlier};
        world_count(world, TALLY_RESOLVED_EARLIER, event.life < record->life);
        (void)process_deliver(world, process, event);
        network_want(world, process, lives_in);
    }
}

void admin_resolve(struct world *world, struct sim_process *process, struct mesh_address address,
                   struct mesh_address sender) {
    if (!world->healing && prng_chance(&world->prng, world->options.unanswered)) {
        world_count(world, TALLY_UNANSWERED, 1);
        return;
    }
    const struct actor_record *record = world_actor(world, address);
    struct errand errand = {.run = run_resolved, .incarnation = process->incarnation};
    errand.actor = (size_t)(record - world->actors);
    errand.other =
        mesh_address_is_none(sender) ? process->endpoint : (size_t)(world_actor(world, sender) - world->actors);
    bool early = !world->healing && prng_chance(&world->prng, 300);
    errand.number = early && record->fate == FATE_ALIVE ? record->incarnation : 0;
    errand.life = record->life;
    world_later(world, admin_delay(world), errand);
}

/* ---- exits ---- */

static void run_child_ended(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    struct lifecycle_event event = {.kind = LIFECYCLE_CHILD_ENDED,
                                    .child = world->actors[errand->actor].address,
                                    .how = (enum mesh_how)errand->number,
                                    .text = bytes_of_text("the admin says so")};
    /* Plant 5: a parent that forgets whom it has heard of. */
    if (world->plant == LAW_EXIT_NOTICE && world->actors[errand->actor].notices > 0) {
        (void)process_live(world, process,
                           (struct lifecycle_event){.kind = LIFECYCLE_CHILD,
                                                    .actor = world->actors[errand->other].address,
                                                    .child = event.child});
    }
    CHECK(process_live(world, process, event) == MESH_OK);
}

static void tell_parent(struct world *world, size_t child, enum mesh_how how) {
    const struct actor_record *record = &world->actors[child];
    if (record->parent == WORLD_NONE) {
        return;
    }
    const struct actor_record *parent = &world->actors[record->parent];
    if (parent->incarnation == 0 || host_lives(parent) != record->parent_life) {
        return; /* its parent lives again, and knows nothing of it */
    }
    struct errand errand = {.run = run_child_ended,
                            .incarnation = parent->incarnation,
                            .actor = child,
                            .other = (size_t)record->parent,
                            .number = how};
    world_later(world, admin_delay(world), errand);
    if (prng_chance(&world->prng, world->options.tell_twice)) {
        world_count(world, TALLY_CHILD_EXITS_AGAIN, 1);
        world_later(world, admin_delay(world) + admin_delay(world), errand);
    }
}

static void end(struct world *world, size_t actor, enum frame_reason reason, enum mesh_how how) {
    struct actor_record *record = &world->actors[actor];
    world_say(world, "the admin knows the end of actor %zu, how %d", actor, (int)how);
    if (record->fate != FATE_ENDED) {
        record->fate = FATE_ENDED;
        record->reason = reason;
        record->floors_known = prng_chance(&world->prng, world->options.floors);
        record->was_on_record = record->was_on_record || record->floors_known;
    }
    tell_parent(world, actor, how);
}

static void run_exited(struct world *world, const struct errand *errand) {
    end(world, errand->actor, FRAME_EXITED, (enum mesh_how)errand->number);
}

void admin_exited(struct world *world, size_t actor, enum mesh_how how) {
    world_later(world, admin_delay(world), (struct errand){.run = run_exited, .actor = actor, .number = how});
}

/* It is born again when its process begins anew. The order of handling begins anew with it. */
static void restart(struct world *world, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    record->fate = FATE_PENDING;
    record->incarnation = 0;
    record->life++;
    record->floors_known = prng_chance(&world->prng, world->options.floors);
    record->was_on_record = record->was_on_record || record->floors_known;
    record->unrecorded = record->unrecorded || !record->floors_known;
    for (size_t sender = 0; sender < world->actors_count; sender++) {
        ledger_floor(&world->ledger, sender, actor)->begun = 0;
    }
    world_say(world, "actor %zu is to live again", actor);
}

static void judge_crash(struct world *world, uint64_t incarnation) {
    bool node = prng_chance(&world->prng, 300);
    for (size_t i = 0; i < world->actors_count; i++) {
        struct actor_record *record = &world->actors[i];
        if (record->incarnation != incarnation || record->fate == FATE_ENDED) {
            continue;
        }
        if (record->restarts && !record->exiting && !node) {
            restart(world, i);
        } else {
            end(world, i, node ? FRAME_NODE_LOST : FRAME_EXITED, node ? MESH_EXITED_WITH_NODE : MESH_EXITED_BY_SIGNAL);
        }
    }
}

/* `number` is the incarnation that has crashed. */
static void run_crashed(struct world *world, const struct errand *errand) {
    judge_crash(world, errand->number);
}

/* A new process has sent nothing yet, so nobody in it waits for word of an earlier life. */
void admin_begun(struct world *world, size_t process) {
    judge_crash(world, world->processes[process].incarnation - WORLD_PROCESSES_MAX);
    for (size_t i = 0; i < world->actors_count; i++) {
        struct actor_record *record = &world->actors[i];
        if (record->fate == FATE_PENDING && record->life > 0 && record->process == process) {
            world_count(world, TALLY_LIVES, 1);
            host_born(world, i);
        }
    }
}

static void run_failed(struct world *world, const struct errand *errand) {
    struct actor_record *record = &world->actors[errand->actor];
    struct sim_process *process = world_process(world, errand->incarnation);
    if (prng_chance(&world->prng, 500)) {
        world_count(world, TALLY_LIVES_AFTER_FAILURE, 1);
        host_born_again(world, errand->actor);
        return;
    }
    world_count(world, TALLY_LIVES_GIVEN_UP, 1);
    record->exiting = true;
    (void)process_live(world, process, (struct lifecycle_event){.kind = LIFECYCLE_GIVEN_UP, .actor = record->address});
}

void admin_failed(struct world *world, size_t actor, enum mesh_how how) {
    CHECK(how == MESH_EXITED_ITSELF || how == MESH_EXITED_BY_SIGNAL);
    world_later(world, admin_delay(world),
                (struct errand){.run = run_failed, .actor = actor, .incarnation = world->actors[actor].incarnation});
}

void admin_crashed(struct world *world, size_t process, uint64_t incarnation) {
    for (size_t i = 0; i < world->actors_count; i++) {
        struct actor_record *record = &world->actors[i];
        if (record->incarnation == incarnation) {
            record->crashed = record->fate == FATE_ALIVE;
            record->open = record->blocked = record->stalled = record->runnable = false;
            record->handler = HANDLER_IDLE;
            record->in_hand = NULL;
        }
    }
    world_later(world, admin_delay(world),
                (struct errand){.run = run_crashed, .process = process, .number = incarnation});
}

static void run_kill(struct world *world, const struct errand *errand) {
    struct actor_record *record = &world->actors[errand->actor];
    struct sim_process *process = world_process(world, record->incarnation);
    if (record->fate == FATE_ALIVE && process) {
        record->exiting = true; /* whoever is killed is not started anew */
        process_crash(world, process);
    }
}

void admin_kill(struct world *world, size_t actor) {
    world_later(world, admin_delay(world), (struct errand){.run = run_kill, .actor = actor});
}

/* ---- creation ---- */

static void run_create(struct world *world, const struct errand *errand) {
    struct actor_record *record = &world->actors[errand->actor];
    if (!world->processes[record->process].alive || prng_chance(&world->prng, world->options.create_fail)) {
        world_count(world, TALLY_CREATES_FAILED, 1);
        end(world, errand->actor, FRAME_NEVER_CREATED, MESH_EXITED_UNCREATED);
        return;
    }
    world_count(world, TALLY_CREATES, 1);
    host_born(world, errand->actor);
}

void admin_create(struct world *world, size_t actor) {
    world_later(world, admin_delay(world), (struct errand){.run = run_create, .actor = actor});
}

/* ---- trouble, as often as the seed says, until healing ---- */

static void run_trouble(struct world *world, const struct errand *errand) {
    struct prng *prng = &world->prng;
    size_t index = prng_below(prng, world->options.processes);
    struct sim_process *process = &world->processes[index];
    size_t other = prng_below(prng, world->options.processes);
    if (world->healing) {
        return;
    }
    world_later(world, prng_between(prng, errand->number / 2, errand->number * 3 / 2), *errand);
    if (!process->alive) {
        return;
    }
    if (errand->other == 0) {
        network_reset(world, process, other, prng_chance(prng, world->options.told));
    } else if (errand->other == 1 && process->links[other].up) {
        world_count(world, TALLY_SILENCES, 1);
        process->links[other].silent_until_ns = world->now_ns + prng_between(prng, 1, 2000) * NS_PER_MS;
    } else if (errand->other == 2 && world->actors_count < WORLD_ACTORS_MAX * 3 / 4) {
        process_crash(world, process);
    } else if (errand->other == 4) {
        host_cut(world, prng_below(prng, world->actors_count));
    } else if (errand->other == 3) {
        size_t actor = prng_below(prng, world->actors_count);
        size_t sender = prng_below(prng, world->actors_count);
        if (!world->actors[actor].endpoint && world->actors[sender].open && prng_chance(prng, 500)) {
            (void)host_send(world, sender, actor, FRAME_EXIT_REQUEST, prng_below(prng, 2), 60 * NS_PER_S);
        }
    }
}

void admin_shake(struct world *world) {
    const uint64_t every[] = {world->options.reset_every_ns, world->options.silence_every_ns,
                              world->options.crash_every_ns, world->options.exit_every_ns, world->options.cut_every_ns};
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        if (every[i]) {
            world_later(world, prng_below(&world->prng, every[i]),
                        (struct errand){.run = run_trouble, .other = i, .number = every[i]});
        }
    }
}
