/* Laws: what must hold after every step, whatever the network does, and what must hold at rest.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "tests/sim/world.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    STEPS_AT_ONE_TIME_MAX = 20000,
    STEPS_TO_A_WALK = 256, /* through the whole ledger */
};

/* Expiries are rounded up, so that neighbours travel together. */
#define EXPIRY_SLACK_NS (9 * NS_PER_MS)

static bool has_passed(const struct world *world, const struct ledger_entry *entry) {
    return entry->finished || world->now_ns >= entry->deadline_ns;
}

/* What is on record of a dead target cannot list exceptions: up to its mark there may be messages that expired, or that
 * failed, and are given for handled. Beyond the mark
 * nothing is, but for a request that went ahead of the mailbox. */
static bool by_floors(struct world *world, const struct ledger_entry *entry) {
    const struct actor_record *target = &world->actors[entry->target];
    return (target->fate == FATE_ENDED || target->life > 0) && target->floors_known && has_passed(world, entry);
}

static bool was_handled(struct world *world, const struct ledger_entry *entry) {
    return by_floors(world, entry) || (entry->finished && entry->verdict == FRAME_HANDLED);
}

/* ---- law 1 where nobody is told of the handled: how many they are is known at every step, and which ones at rest ---- */

static void settle_untold(struct world *world, struct sim_process *process, struct ledger_entry *entry) {
    entry->state = LEDGER_SETTLED;
    entry->outcome = FRAME_HANDLED;
    process->counts.open--;
    process->counts.handled++;
    world_count(world, TALLY_HANDLED, 1);
    world_count(world, TALLY_HANDLED_UNTOLD, 1);
}

/* Now, or when the record of a life that is over was the last. */
static bool may_have_counted(struct world *world, const struct ledger_entry *entry) {
    return was_handled(world, entry) || (world->actors[entry->target].was_on_record && has_passed(world, entry));
}

/* No more than were. */
static void check_untold(struct world *world, const struct sim_process *process) {
    uint64_t untold = delivery_counters(process->delivery)->handled - process->counts.handled;
    uint64_t were = 0;
    for (uint64_t i = 0; untold > 0 && i < world->ledger.count; i++) {
        const struct ledger_entry *entry = &world->ledger.entries[i];
        bool open = entry->state == LEDGER_OPEN && entry->incarnation == process->incarnation;
        were += open && may_have_counted(world, entry);
    }
    if (untold > were) {
        world_broken(world, LAW_SETTLED_ONCE,
                     "process %zu counts %" PRIu64 " messages as handled, of which %" PRIu64 " were", process->index,
                     untold, were);
    }
}

void laws_settle_untold(struct world *world) {
    for (uint64_t i = 0; i < world->ledger.count && !world->options.delivery.tell_handled; i++) {
        struct ledger_entry *entry = &world->ledger.entries[i];
        struct sim_process *process = world_process(world, entry->incarnation);
        if (entry->state == LEDGER_OPEN && process && may_have_counted(world, entry)) {
            settle_untold(world, process, entry);
        }
    }
    for (size_t i = 0; i < world->options.processes; i++) {
        const struct sim_process *process = &world->processes[i];
        if (process->alive && delivery_counters(process->delivery)->handled != process->counts.handled) {
            world_broken(world, LAW_SETTLED_ONCE,
                         "process %zu counts %" PRIu64 " messages as handled; the ledger %" PRIu64, i,
                         delivery_counters(process->delivery)->handled, process->counts.handled);
        }
    }
}

/* What the delivery has no longer open was handled untold; the rest is abandoned. How many they are is known, which ones is a guess: one
 * that was handled by a life with nothing on record may be on its way again. */
void laws_abandoned(struct world *world, struct sim_process *process, size_t sender) {
    struct delivery_load load = {0};
    CHECK(delivery_load(process->delivery, world->actors[sender].address, &load));
    size_t open = 0;
    for (uint64_t i = 0; i < world->ledger.count; i++) {
        open += world->ledger.entries[i].sender == sender && world->ledger.entries[i].state == LEDGER_OPEN;
    }
    for (uint64_t i = 0; i < world->ledger.count; i++) {
        struct ledger_entry *entry = &world->ledger.entries[i];
        if (entry->sender != sender || entry->state != LEDGER_OPEN) {
            continue;
        }
        if (open > load.unsettled_messages && !world->options.delivery.tell_handled && may_have_counted(world, entry)) {
            settle_untold(world, process, entry);
            entry->guessed = true;
            open--;
        } else {
            entry->state = LEDGER_ABANDONED;
            process->counts.open--;
            process->counts.abandoned++;
            world_count(world, TALLY_ABANDONED, 1);
        }
    }
    if (open != load.unsettled_messages) {
        world_broken(world, LAW_SETTLED_ONCE, "actor %zu has %zu messages open; the ledger %zu", sender,
                     load.unsettled_messages, open);
    }
}

/* Law 1: what the delivery counts is what the ledger counts, and it adds up. */
static void check_counters(struct world *world, struct sim_process *process) {
    const struct delivery_counters *theirs = delivery_counters(process->delivery);
    const struct ledger_counts *ours = &process->counts;
    uint64_t sum = theirs->handled + theirs->returned + theirs->dead + theirs->abandoned + theirs->in_flight;
    if (theirs->accepted != sum) {
        world_broken(world, LAW_SETTLED_ONCE, "process %zu: accepted %" PRIu64 ", but the rest adds up to %" PRIu64,
                     process->index, theirs->accepted, sum);
    }
    bool handled =
        world->options.delivery.tell_handled ? theirs->handled == ours->handled : theirs->handled >= ours->handled;
    if (theirs->accepted != ours->accepted || !handled || theirs->returned != ours->returned ||
        theirs->dead != ours->dead || theirs->abandoned != ours->abandoned) {
        world_broken(world, LAW_SETTLED_ONCE,
                     "process %zu counts accepted %" PRIu64 " handled %" PRIu64 " returned %" PRIu64 " dead %" PRIu64
                     " abandoned %" PRIu64 "; the ledger %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
                     process->index, theirs->accepted, theirs->handled, theirs->returned, theirs->dead,
                     theirs->abandoned, ours->accepted, ours->handled, ours->returned, ours->dead, ours->abandoned);
    }
}

/* Law 6. A message above the byte limit may stand alone in its window and its mailbox (D7, D7a); system messages have a share beside. */
static void check_load(struct world *world, const struct sim_process *process, size_t actor) {
    const struct delivery_limits *limits = &world->options.delivery;
    struct delivery_load load;
    if (!delivery_load(process->delivery, world->actors[actor].address, &load)) {
        return;
    }
    if (load.mailbox_messages >= limits->mailbox_messages) {
        world_count(world, TALLY_MAILBOX_FULL, 1);
    }
    if (load.mailbox_messages > limits->mailbox_messages ||
        (load.mailbox_bytes > limits->mailbox_bytes && load.mailbox_messages > 1)) {
        world_broken(world, LAW_LIMITS, "mailbox of actor %zu holds %zu messages, %zu bytes; its limits are %zu, %zu",
                     actor, load.mailbox_messages, load.mailbox_bytes, limits->mailbox_messages, limits->mailbox_bytes);
    }
    if (load.unsettled_messages > limits->window_messages + limits->system_messages ||
        (load.unsettled_bytes > limits->window_bytes + limits->system_messages * 1024 &&
         load.unsettled_messages - load.system_messages > 1)) {
        world_broken(world, LAW_LIMITS, "window of actor %zu holds %zu messages, %zu bytes; its limits are %zu, %zu",
                     actor, load.unsettled_messages, load.unsettled_bytes, limits->window_messages,
                     limits->window_bytes);
    }
}

void laws_deadline(struct world *world, const struct sim_process *process, const char *core, uint64_t deadline_ns) {
    if (deadline_ns <= world->now_ns) {
        world_broken(world, LAW_DEADLINE, "process %zu: after a step the deadline of %s is %" PRIu64, process->index,
                     core, deadline_ns);
    }
}

void laws_after_step(struct world *world, struct sim_process *process) {
    if (++world->steps % STEPS_TO_A_WALK == 0) {
        check_untold(world, process);
    }
    if (++world->steps_now > STEPS_AT_ONE_TIME_MAX) {
        world_broken(world, LAW_PROGRESS, "%d steps at one time", STEPS_AT_ONE_TIME_MAX);
    }
    check_counters(world, process);
    for (size_t i = 0; i < world->actors_count; i++) {
        if (world->actors[i].incarnation == process->incarnation && world->actors[i].open) {
            check_load(world, process, i);
        }
    }
}

/* Law 2: the message is one that was sent, from there, to here, with these bytes. */
static struct ledger_entry *known(struct world *world, const struct message *message, uint64_t *number) {
    struct ledger_entry *entry = ledger_find(&world->ledger, message->payload, number);
    if (!entry || !ledger_equal(&world->ledger, *number, message->payload)) {
        world_broken(world, LAW_CONTENT, "a message whose payload of %zu bytes nobody sent", message->payload.size);
    }
    if (!mesh_address_equal(message->sender, world->actors[entry->sender].address) ||
        !mesh_address_equal(message->target, world->actors[entry->target].address) || message->kind != entry->kind) {
        world_broken(world, LAW_CONTENT, "message %" PRIu64 " (%zu to %zu) has another sender, target or kind", *number,
                     entry->sender, entry->target);
    }
    return entry;
}

/* Counts as handled: nobody waits for it. */
void laws_lost_with_it(struct world *world, size_t actor) {
    for (uint64_t i = 0; i < world->ledger.count; i++) {
        struct ledger_entry *entry = &world->ledger.entries[i];
        if (entry->target == actor && entry->kind == FRAME_CHILD_EXITED && !entry->finished) {
            entry->finished = true;
            entry->verdict = FRAME_HANDLED;
        }
    }
}

/* A death needs its reason: the time is over, or the target does not live (D1, D8). */
static bool has_died_of(struct world *world, const struct ledger_entry *entry, enum frame_reason reason, bool maybe) {
    const struct actor_record *target = &world->actors[entry->target];
    switch (reason) {
    case FRAME_EXPIRED:
        return world->now_ns >= entry->deadline_ns;
    case FRAME_EXITED:
        return target->fate == FATE_ENDED || target->exiting || target->crashed;
    case FRAME_NEVER_CREATED:
        return target->fate == FATE_ENDED && target->reason == FRAME_NEVER_CREATED;
    case FRAME_NODE_LOST:
        return (target->fate == FATE_ENDED && target->reason == FRAME_NODE_LOST) || (maybe && target->crashed);
    case FRAME_REFUSED:
        return entry->process == target->process;
    case FRAME_NO_REASON:
        return false;
    }
    return false;
}

/* Of a failure: it names the message, and is long now and then, so that exceptions fill acks. */
struct bytes laws_text(const struct message *message, char out[LAWS_TEXT_BYTES]) {
    uint64_t number;
    CHECK(message->payload.size >= sizeof number);
    memcpy(&number, message->payload.data, sizeof number);
    int length = snprintf(out, LAWS_TEXT_BYTES, "message %" PRIu64 " failed %*s", number,
                          number % 3 ? 1 : LAWS_TEXT_BYTES - 60, ".");
    return bytes_make(out, (size_t)length);
}

static bool laws_text_equal(const struct message *message) {
    char text[LAWS_TEXT_BYTES];
    return bytes_equal(message->text, laws_text(message, text));
}

static const char *wrong_settlement(struct world *world, const struct ledger_entry *entry,
                                    const struct message *message) {
    const struct actor_record *target = &world->actors[entry->target];
    switch (message->outcome) {
    case FRAME_HANDLED:
        if (!was_handled(world, entry)) {
            return "settled as handled, but its handler did not say so (D2)";
        }
        return NULL;
    case FRAME_RETURNED:
        if (!(entry->finished && entry->verdict == FRAME_RETURNED) && !(entry->begun && target->crashed)) {
            return "returned, but its handler did not fail";
        }
        if (entry->finished && !laws_text_equal(message)) {
            return "returned with another text than its handler gave";
        }
        return NULL;
    case FRAME_DIED:
        if (!has_died_of(world, entry, message->reason, message->maybe_handled)) {
            return "dead without the reason it gives";
        }
        if (entry->finished && entry->verdict != FRAME_DIED && !message->maybe_handled &&
            !(entry->urgent && target->fate == FATE_ENDED && target->floors_known)) {
            return "settled as not handled, but it was";
        }
        if (message->maybe_handled && !entry->wired) {
            return "said to be maybe handled, but it never left";
        }
        return NULL;
    }
    return "settled with no known outcome";
}

static void count_settlement(struct world *world, struct sim_process *process, const struct message *message) {
    static const enum tally_event of_reason[] = {
        [FRAME_NO_REASON] = TALLY_DEAD,
        [FRAME_EXITED] = TALLY_DEAD_EXITED,
        [FRAME_NEVER_CREATED] = TALLY_DEAD_NEVER_CREATED,
        [FRAME_EXPIRED] = TALLY_DEAD_EXPIRED,
        [FRAME_REFUSED] = TALLY_DEAD,
        [FRAME_NODE_LOST] = TALLY_DEAD_NODE_LOST,
    };
    process->counts.open--;
    if (message->outcome == FRAME_HANDLED) {
        process->counts.handled++;
        world_count(world, TALLY_HANDLED, 1);
    } else if (message->outcome == FRAME_RETURNED) {
        process->counts.returned++;
        world_count(world, TALLY_RETURNED, 1);
    } else {
        process->counts.dead++;
        world_count(world, TALLY_DEAD, 1);
        world_count(world, of_reason[message->reason], 1);
        world_count(world, TALLY_MAYBE_HANDLED, message->maybe_handled);
    }
}

/* Who watches is told of nobody who lives (D11). */
void laws_end_told(struct world *world, const struct message *message) {
    const struct actor_record *target = world_actor(world, message->target);
    world_count(world, TALLY_ENDS_TOLD, 1);
    if (target->fate != FATE_ENDED && (target->open || !target->exiting)) {
        world_broken(world, LAW_SETTLED_ONCE, "actor %zu lives, but is told to have ended",
                     (size_t)(target - world->actors));
    }
}

/* Law 1 where the sender is gone: it is told once, but for one that was said to be maybe handled, by the sender or of what that gave up on
 * its way. */
void laws_unclaimed(struct world *world, const struct message *message) {
    uint64_t number;
    struct ledger_entry *entry = known(world, message, &number);
    bool doubted = entry->state == LEDGER_SETTLED && entry->outcome == FRAME_DIED && entry->maybe;
    bool gone = entry->state == LEDGER_ABANDONED || entry->state == LEDGER_ORPHANED || entry->guessed || doubted;
    bool given_up = entry->state != LEDGER_ORPHANED && message->reason == FRAME_EXPIRED;
    bool wrong = given_up ? entry->begun && !message->maybe_handled : wrong_settlement(world, entry, message) != NULL;
    bool again = entry->unclaimed && !entry->maybe;
    world_count(world, TALLY_UNCLAIMED, 1);
    world_count(world, TALLY_GIVEN_UP_ON_THE_WAY,
                message->reason == FRAME_EXPIRED && world->now_ns < entry->deadline_ns);
    if (!gone || wrong || again) {
        world_broken(world, LAW_SETTLED_ONCE,
                     "unclaimed message %" PRIu64
                     " (%zu to %zu, state %d, outcome %d, reason %d, maybe %d, begun %d, finished %d, told before %d)",
                     number, entry->sender, entry->target, (int)entry->state, (int)message->outcome,
                     (int)message->reason, message->maybe_handled, entry->begun, entry->finished, entry->unclaimed);
    }
    entry->unclaimed = true;
    entry->maybe = message->maybe_handled;
}

void laws_settled(struct world *world, struct sim_process *process, const struct message *message) {
    uint64_t number;
    struct ledger_entry *entry = known(world, message, &number);
    world_count(world, TALLY_OF_RUN_SETTLED, message->of != NULL);
    world_say(world, "settled %" PRIu64 " (%zu to %zu): outcome %d reason %d maybe %d", number, entry->sender,
              entry->target, (int)message->outcome, (int)message->reason, message->maybe_handled);
    if (entry->state != LEDGER_OPEN || entry->incarnation != process->incarnation) {
        world_broken(world, LAW_SETTLED_ONCE, "message %" PRIu64 " (%zu to %zu) is settled again, or by a stranger",
                     number, entry->sender, entry->target);
    }
    const char *wrong = wrong_settlement(world, entry, message);
    if (wrong) {
        world_broken(world, LAW_SETTLED_ONCE,
                     "message %" PRIu64 " (%zu to %zu, outcome %d, reason %d, maybe %d, begun %d, finished %d): %s",
                     number, entry->sender, entry->target, (int)message->outcome, (int)message->reason,
                     message->maybe_handled, entry->begun, entry->finished, wrong);
    }
    entry->state = LEDGER_SETTLED;
    entry->outcome = message->outcome;
    entry->reason = message->reason;
    entry->maybe = message->maybe_handled;
    count_settlement(world, process, message);
}

/* Of a life with nothing on record, and it says so (C7). */
static bool is_shown_to_a_later_life(struct world *world, const struct ledger_entry *entry,
                                     const struct sim_process *process, const struct message *message) {
    bool later = entry->begun_in != process->incarnation && world->actors[entry->target].unrecorded;
    world_count(world, TALLY_SHOWN_AGAIN, later);
    return later && (message->flags & FRAME_RUN_REDELIVERED);
}

/* Laws 2, 3 and 4: a handler is about to be shown the message. */
void laws_begun(struct world *world, struct sim_process *process, const struct message *message) {
    uint64_t number;
    struct ledger_entry *entry = known(world, message, &number);
    struct ledger_floor *floor = ledger_floor(&world->ledger, entry->sender, entry->target);
    world_say(world, "shown %" PRIu64 " (%zu to %zu) in process %zu", number, entry->sender, entry->target,
              process->index);
    if (entry->begun && !is_shown_to_a_later_life(world, entry, process, message)) {
        world_broken(world, LAW_HANDLED_ONCE, "message %" PRIu64 " (%zu to %zu) is handled twice", number,
                     entry->sender, entry->target);
    }
    if (entry->state == LEDGER_SETTLED && !entry->guessed && !(entry->outcome == FRAME_DIED && entry->maybe)) {
        world_broken(world, LAW_SETTLED_ONCE, "message %" PRIu64 " (%zu to %zu) is handled after it was settled",
                     number, entry->sender, entry->target);
    }
    if (world->actors[entry->sender].incarnation == process->incarnation &&
        world->now_ns > entry->deadline_ns + EXPIRY_SLACK_NS) {
        world_broken(world, LAW_SETTLED_ONCE, "message %" PRIu64 " (%zu to %zu) is handled after its expiry (D8)",
                     number, entry->sender, entry->target);
    }
    bool ordered = !entry->urgent && entry->state != LEDGER_ORPHANED; /* its sender may live again, and send anew */
    if (ordered && number + 1 <= floor->begun) {
        world_broken(world, LAW_ORDER, "message %" PRIu64 " (%zu to %zu) is handled after message %" PRIu64, number,
                     entry->sender, entry->target, floor->begun - 1);
    }
    if (ordered) {
        floor->begun = number + 1;
    }
    if (message->seq) {
        floor->handled = floor->epoch == message->epoch ? floor->handled : 0; /* numbers may begin anew with an epoch */
        floor->epoch = message->epoch;
        floor->in_hand = entry->urgent ? 0 : message->seq; /* as its mark below */
    }
    entry->begun = true;
    entry->begun_in = process->incarnation;
    entry->finished = false;
}

void laws_finished(struct world *world, const struct message *message, enum frame_outcome outcome) {
    uint64_t number;
    struct ledger_entry *entry = known(world, message, &number);
    struct ledger_floor *floor = ledger_floor(&world->ledger, entry->sender, entry->target);
    entry->finished = true;
    entry->verdict = outcome;
    if (message->seq) {
        floor->epoch = message->epoch;
        floor->handled = entry->urgent ? floor->handled : message->seq; /* it has overtaken others: no mark (C5) */
        floor->in_hand = 0;
    }
}

/* Law 5. */
void laws_notice(struct world *world, size_t parent, size_t child) {
    struct actor_record *record = &world->actors[child];
    if (record->parent != (int)parent || record->notices > 0 || record->fate != FATE_ENDED) {
        world_broken(world, LAW_EXIT_NOTICE, "actor %zu is told of the exit of %zu, for the time %u, fate %d", parent,
                     child, record->notices + 1, (int)record->fate);
    }
    record->notices++;
}

static void check_notices(struct world *world) {
    for (size_t i = 0; i < world->actors_count; i++) {
        const struct actor_record *child = &world->actors[i];
        if (child->parent == WORLD_NONE || child->fate != FATE_ENDED ||
            child->parent_life != host_lives(&world->actors[child->parent])) {
            continue;
        }
        const struct actor_record *parent = &world->actors[child->parent];
        if (parent->fate == FATE_ALIVE && child->notices != 1) {
            world_broken(world, LAW_EXIT_NOTICE, "actor %d was told %u times of the exit of %zu", child->parent,
                         child->notices, i);
        }
    }
}

void laws_at_rest(struct world *world) {
    laws_settle_untold(world);
    for (uint64_t i = 0; i < world->ledger.count; i++) {
        const struct ledger_entry *entry = &world->ledger.entries[i];
        if (entry->state == LEDGER_OPEN) {
            world_broken(world, LAW_LIVENESS, "message %" PRIu64 " (%zu to %zu, begun %d, finished %d) is not settled",
                         i, entry->sender, entry->target, entry->begun, entry->finished);
        }
    }
    for (size_t i = 0; i < world->actors_count; i++) {
        if (world->actors[i].blocked && world->actors[i].open) {
            world_broken(world, LAW_LIVENESS, "actor %zu still waits for room", i);
        }
    }
    check_notices(world);
}

static size_t open_actors(const struct world *world, const struct sim_process *process) {
    size_t count = 0;
    for (size_t i = 0; i < world->actors_count; i++) {
        count += world->actors[i].open && world->actors[i].incarnation == process->incarnation;
    }
    return count;
}

/* Law 11. Streams between the living are idle, and closed: what is left of any belongs to somebody lost or closed. Lost
 * peers alone are remembered, within their limit, for what may still come of theirs (D4). */
void laws_nothing_left(struct world *world) {
    for (size_t i = 0; i < world->options.processes; i++) {
        const struct sim_process *process = &world->processes[i];
        if (!process->alive) {
            continue;
        }
        struct delivery_census census = delivery_census(process->delivery);
        size_t open = open_actors(world, process);
        if (census.actors != open || census.routes + census.streams_out + census.streams_in > 0) {
            world_broken(world, LAW_NOTHING_LEFT,
                         "process %zu keeps %zu actors of which %zu are open, %zu routes, %zu streams out, %zu in", i,
                         census.actors, open, census.routes, census.streams_out, census.streams_in);
        }
    }
}
