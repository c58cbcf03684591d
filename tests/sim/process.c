/* One simulated process: its two cores, what they want, and the time at which they want to be asked again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "tests/sim/world.h"

/* What the cores take the time for. Plant 7: a caller that lags behind. */
static uint64_t told_time(const struct world *world) {
    uint64_t lag_ns = world->plant == LAW_DEADLINE ? 300 * NS_PER_MS : 0;
    return world->now_ns > lag_ns ? world->now_ns - lag_ns : 0;
}

static void run_tick(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    if (process->wake_ns != errand->at_ns) {
        return;
    }
    process->wake_ns = TIME_NEVER;
    (void)process_live(world, process, (struct lifecycle_event){.kind = LIFECYCLE_TICK});
    (void)process_deliver(world, process, (struct delivery_event){.kind = DELIVERY_TICK});
}

static void keep_deadline(struct world *world, struct sim_process *process) {
    uint64_t due_ns = time_min(delivery_deadline(process->delivery), lifecycle_deadline(process->lifecycle));
    if (due_ns < process->wake_ns) {
        process->wake_ns = due_ns;
        world_later(world, time_left(world->now_ns, due_ns),
                    (struct errand){.run = run_tick, .incarnation = process->incarnation});
    }
}

/* Plant 1: a settlement that gets lost on its way out. */
static void collect_settled(struct world *world, struct sim_process *process) {
    struct message *message;
    while ((message = delivery_settled(process->delivery))) {
        if (message->kind == FRAME_SKIP) {
            laws_end_told(world, message);
        } else if (world->plant != LAW_SETTLED_ONCE || !prng_chance(&world->prng, 10)) {
            laws_settled(world, process, message);
        }
        message_release(message);
    }
    while ((message = delivery_unclaimed(process->delivery))) {
        laws_unclaimed(world, message);
        message_release(message);
    }
}

static void perform_delivery(struct world *world, struct sim_process *process, const struct delivery_action *action) {
    struct actor_record *actor;
    switch (action->kind) {
    case DELIVERY_RESOLVE:
        admin_resolve(world, process, action->address, action->sender);
        break;
    case DELIVERY_FLUSH:
        network_flush(world, process, action->peer, action->lazy);
        break;
    case DELIVERY_CHECK:
        world_count(world, TALLY_CHECKS, 1);
        network_check(world, process, action->peer);
        break;
    case DELIVERY_ROOM:
        world_count(world, TALLY_ROOM, 1);
        world_actor(world, action->address)->blocked = false;
        break;
    case DELIVERY_RUNNABLE:
        actor = world_actor(world, action->address);
        actor->runnable = true;
        break;
    case DELIVERY_DRAINED:
        world_count(world, TALLY_DRAINED, 1);
        world_actor(world, action->address)->drained = true;
        (void)process_live(world, process,
                           (struct lifecycle_event){.kind = LIFECYCLE_DRAINED, .actor = action->address});
        break;
    case DELIVERY_NOTHING:
        CHECK_UNREACHABLE();
    }
}

/* What the actor had open is abandoned: the ledger writes it off as the delivery does. */
static void forget(struct world *world, struct sim_process *process, struct mesh_address address) {
    size_t sender = (size_t)(world_actor(world, address) - world->actors);
    world_count(world, TALLY_GIVEN_UP, !world->actors[sender].drained);
    laws_abandoned(world, process, sender);
    struct delivery_event event = {.kind = DELIVERY_FORGET, .address = address};
    CHECK(process_deliver(world, process, event) == MESH_OK);
}

static void perform_lifecycle(struct world *world, struct sim_process *process, const struct lifecycle_action *action) {
    size_t actor = (size_t)(world_actor(world, action->actor) - world->actors);
    switch (action->kind) {
    case LIFECYCLE_SHOW_EXIT:
        host_show_exit(world, actor);
        break;
    case LIFECYCLE_CHILD_EXITED:
        host_owe_notice(world, actor, (size_t)(world_actor(world, action->child) - world->actors));
        break;
    case LIFECYCLE_ASK_CHILD_EXIT:
        world_count(world, TALLY_CHILDREN_ASKED, 1);
        (void)host_send(world, actor, (size_t)(world_actor(world, action->child) - world->actors), FRAME_EXIT_REQUEST,
                        0, world->options.lifecycle.exit_wait_ns);
        break;
    case LIFECYCLE_KILL_CHILD:
        world_count(world, TALLY_CHILDREN_KILLED, 1);
        admin_kill(world, (size_t)(world_actor(world, action->child) - world->actors));
        break;
    case LIFECYCLE_CLOSE_MAILBOX:
        world->actors[actor].close_waits = true;
        break;
    case LIFECYCLE_FORGET:
        forget(world, process, action->actor);
        break;
    case LIFECYCLE_REPORT_EXITED:
        admin_exited(world, actor, action->how);
        break;
    case LIFECYCLE_REPORT_FAILED:
        admin_failed(world, actor, action->how);
        break;
    }
}

void process_perform(struct world *world, struct sim_process *process) {
    struct delivery_action wanted;
    struct lifecycle_action due;
    bool more = true;
    while (more) {
        collect_settled(world, process);
        more = delivery_poll(process->delivery, &wanted);
        if (more) {
            perform_delivery(world, process, &wanted);
        } else if ((more = lifecycle_poll(process->lifecycle, &due))) {
            perform_lifecycle(world, process, &due);
        } else {
            more = host_run(world, process);
        }
    }
}

/* One step is done: its wants are performed by the outermost step only, so that no two are under way at once. */
void process_stepped(struct world *world, struct sim_process *process) {
    if (process->performing) {
        return;
    }
    process->performing = true;
    process_perform(world, process);
    process->performing = false;
    laws_after_step(world, process);
    keep_deadline(world, process);
}

enum mesh_status process_deliver(struct world *world, struct sim_process *process, struct delivery_event event) {
    enum mesh_status status = delivery_step(process->delivery, told_time(world), &event);
    laws_deadline(world, process, "delivery", delivery_deadline(process->delivery));
    process_stepped(world, process);
    return status;
}

enum mesh_status process_live(struct world *world, struct sim_process *process, struct lifecycle_event event) {
    enum mesh_status status = lifecycle_step(process->lifecycle, world->now_ns, &event);
    laws_deadline(world, process, "lifecycle", lifecycle_deadline(process->lifecycle));
    process_stepped(world, process);
    return status;
}

static void run_begin(struct world *world, const struct errand *errand) {
    world_count(world, TALLY_RESTARTS, 1);
    process_begin(world, errand->process);
}

/* Plant 6: a delivery whose limits are not those it was given. */
static struct delivery_limits planted_limits(const struct world *world) {
    struct delivery_limits limits = world->options.delivery;
    if (world->plant == LAW_LIMITS) {
        limits.mailbox_messages *= 4;
        limits.window_messages *= 4;
    }
    return limits;
}

void process_begin(struct world *world, size_t index) {
    struct sim_process *process = &world->processes[index];
    struct delivery_limits limits = planted_limits(world);
    uint64_t life = process->life + 1;
    *process = (struct sim_process){.index = index, .alive = true, .life = life, .wake_ns = TIME_NEVER};
    process->incarnation = life * WORLD_PROCESSES_MAX + index;
    CHECK(delivery_new(&process->delivery, &limits, prng_next(&world->prng)) == MESH_OK);
    CHECK(lifecycle_new(&process->lifecycle, &world->options.lifecycle, prng_next(&world->prng)) == MESH_OK);
    world_say(world, "process %zu begins its life %d", index, (int)life);
    process->endpoint = host_new_actor(world, index, WORLD_NONE);
    world->actors[process->endpoint].endpoint = true;
    host_born(world, process->endpoint);
    for (size_t i = 0; i < world->options.roots && world->actors_count < WORLD_ACTORS_MAX / 2; i++) {
        host_born(world, host_new_actor(world, index, WORLD_NONE));
    }
    admin_begun(world, index);
}

void process_end(struct sim_process *process) {
    process->alive = false;
    delivery_destroy(&process->delivery);
    lifecycle_destroy(&process->lifecycle);
}

/* All at once: its cores, its actors; what its senders had open is for its admin to count. */
void process_crash(struct world *world, struct sim_process *process) {
    const struct delivery_counters *counters = delivery_counters(process->delivery);
    world_say(world, "process %zu crashes", process->index);
    world_count(world, TALLY_CRASHES, 1);
    world_gather(world, counters);
    for (uint64_t i = 0; i < world->ledger.count; i++) {
        struct ledger_entry *entry = &world->ledger.entries[i];
        if (entry->incarnation == process->incarnation && entry->state == LEDGER_OPEN) {
            entry->state = LEDGER_ORPHANED;
            world_count(world, TALLY_ORPHANED, 1);
        }
    }
    process_end(process);
    admin_crashed(world, process->index, process->incarnation);
    network_process_died(world, process->index, process->incarnation);
    world_later(world, prng_between(&world->prng, 0, 500 * NS_PER_MS),
                (struct errand){.run = run_begin, .process = process->index});
}
