/* Hosts: the actors of the simulated processes, their handlers, and what these do.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "tests/sim/world.h"
#include <stdlib.h>

enum {
    LARGE_BYTES = 48000, /* more than many a mailbox holds */
    BURST_MAX = 8,
    CREATED_MAX = WORLD_ACTORS_MAX - 40,
};

/* ---- sending ---- */

static struct message *make_message(struct world *world, struct sim_process *process, uint64_t number) {
    const struct ledger_entry *entry = &world->ledger.entries[number];
    unsigned char *payload = malloc(entry->bytes);
    CHECK(payload);
    ledger_fill(&world->ledger, number, payload);
    struct message_pool *pool = delivery_pool(process->delivery);
    struct bytes type = entry->kind == FRAME_USER ? bytes_of_text(number % 16 ? "note" : "other") : bytes_of_text("");
    struct message *message;
    if (entry->bytes > FRAME_INLINE_BYTES) {
        struct part *part = part_copy(bytes_make(payload, entry->bytes));
        CHECK(part);
        message = message_new_part(pool, type, part);
        part_release(part);
    } else {
        message = message_new(pool, type, bytes_make(payload, entry->bytes));
    }
    free(payload);
    CHECK(message);
    message->sender = world->actors[entry->sender].address;
    message->target = world->actors[entry->target].address;
    message->kind = entry->kind;
    message->urgent = entry->urgent;
    message->deadline_ns = entry->deadline_ns;
    return message;
}

/* A sender at its limit waits for room; one that a full mailbox of its own process refused tries again later (D7). */
static void note_refusal(struct world *world, size_t sender, size_t target) {
    const struct actor_record *to = &world->actors[target];
    world_count(world, TALLY_WINDOW_FULL, 1);
    world->actors[sender].blocked = !to->open || to->incarnation != world->actors[sender].incarnation;
}

enum mesh_status host_send(struct world *world, size_t sender, size_t target, enum frame_kind kind, uint64_t content,
                           uint64_t expiry_ns) {
    const struct actor_record *from = &world->actors[sender];
    struct sim_process *process = world_process(world, from->incarnation);
    struct prng *prng = &world->prng;
    CHECK(process);
    struct ledger_entry entry = {.sender = sender, .target = target, .kind = kind, .content = content};
    entry.bytes = prng_chance(prng, world->options.large)
                      ? prng_between(prng, FRAME_INLINE_BYTES + 1, LARGE_BYTES)
                      : prng_between(prng, LEDGER_HEADER_BYTES, world->options.payload_max);
    entry.bytes = kind == FRAME_USER ? entry.bytes : LEDGER_HEADER_BYTES;
    entry.process = process->index;
    entry.incarnation = process->incarnation;
    entry.deadline_ns = world->now_ns + expiry_ns;
    entry.urgent = kind == FRAME_EXIT_REQUEST;
    uint64_t number = ledger_add(&world->ledger, &entry);
    struct message *message = make_message(world, process, number);
    struct message draft = *message;
    draft.part = NULL;
    enum mesh_status status = delivery_post(process->delivery, world->now_ns, &draft);
    message_release(message);
    if (status != MESH_OK) {
        world->ledger.count--;
        if (status == MESH_WOULD_BLOCK && kind == FRAME_USER) {
            note_refusal(world, sender, target);
        }
        return status;
    }
    world_say(world, "accepted %d (%zu to %zu), kind %d, %zu bytes", (int)number, sender, target, (int)kind,
              entry.bytes);
    world_count(world, TALLY_ACCEPTED, 1);
    process->counts.accepted++;
    process->counts.open++;
    process_stepped(world, process);
    return MESH_OK;
}

static void send_user(struct world *world, size_t sender, size_t target) {
    struct prng *prng = &world->prng;
    bool full = world->ledger.count >= world->options.messages_max && !world->healing;
    if (full || world->actors[sender].blocked || !world->actors[sender].open) {
        return;
    }
    bool is_short = !world->healing && prng_chance(prng, world->options.short_expiry);
    uint64_t expiry_ns = is_short ? prng_between(prng, NS_PER_MS, world->options.expiry_ns) : 300 * NS_PER_S;
    enum mesh_status status = host_send(world, sender, target, FRAME_USER, prng_next(prng), expiry_ns);
    if (status == MESH_OK && prng_chance(prng, 50)) {
        struct sim_process *process = world_process(world, world->actors[sender].incarnation);
        (void)delivery_watch(process->delivery, world->actors[sender].address, world->actors[target].address,
                             world->now_ns + prng_between(prng, 0, 20 * NS_PER_S));
    }
}

/* Mostly to few, so that streams are long; the living, the dead, the unborn and itself. */
static size_t draw_target(struct world *world, size_t sender) {
    size_t target = prng_chance(&world->prng, 700) ? (sender + prng_below(&world->prng, 3)) % world->actors_count
                                                   : prng_below(&world->prng, world->actors_count);
    return world->actors[target].endpoint ? sender : target;
}

static void run_traffic(struct world *world, const struct errand *errand) {
    size_t target = draw_target(world, errand->actor);
    for (uint64_t left = prng_between(&world->prng, 1, BURST_MAX); left > 0 && !world->healing; left--) {
        send_user(world, errand->actor, target);
    }
    if (world->actors[errand->actor].open && !world->healing) {
        world_later(world, prng_between(&world->prng, 0, 2 * world->options.pause_ns), *errand);
    }
}

/* ---- birth ---- */

unsigned host_lives(const struct actor_record *record) {
    return record->life + record->renewed;
}

size_t host_new_actor(struct world *world, size_t process, int parent) {
    CHECK(world->actors_count < WORLD_ACTORS_MAX);
    size_t actor = world->actors_count++;
    world->actors[actor] = (struct actor_record){.process = process, .parent = parent};
    world->actors[actor].address = (struct mesh_address){1, actor + 1};
    world->actors[actor].restarts = prng_chance(&world->prng, world->options.restart);
    world->actors[actor].parent_life = parent == WORLD_NONE ? 0 : host_lives(&world->actors[parent]);
    return actor;
}

static void run_started(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    struct lifecycle_event event = {.kind = LIFECYCLE_STARTED, .actor = world->actors[errand->actor].address};
    if (world->actors[errand->actor].parent != WORLD_NONE &&
        prng_chance(&world->prng, world->options.constructor_fail)) {
        world_count(world, TALLY_CONSTRUCTORS_FAILED, 1);
        world->actors[errand->actor].exiting = !world->actors[errand->actor].restarts;
        event.verdict = MESH_FAILED;
        event.text = bytes_of_text("the constructor failed");
    }
    world->actors[errand->actor].started = event.verdict != MESH_FAILED;
    CHECK(process_live(world, process, event) == MESH_OK);
}

void host_born(struct world *world, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    struct sim_process *process = &world->processes[record->process];
    struct mesh_address parent = {0};
    if (record->parent != WORLD_NONE) {
        parent = world->actors[record->parent].address;
    }
    record->incarnation = process->incarnation;
    record->started = false;
    record->fate = FATE_ALIVE;
    record->open = true;
    struct delivery_event event = {.kind = DELIVERY_OPEN, .address = record->address};
    CHECK(process_deliver(world, process, event) == MESH_OK);
    if (record->endpoint) {
        return;
    }
    struct lifecycle_event born = {
        .kind = LIFECYCLE_BORN, .actor = record->address, .parent = parent, .restarts = record->restarts};
    CHECK(process_live(world, process, born) == MESH_OK);
    struct errand errand = {.run = run_started, .actor = actor, .incarnation = process->incarnation};
    world_later(world, prng_between(&world->prng, 0, 20 * NS_PER_MS), errand);
    errand.run = run_traffic;
    world_later(world, prng_between(&world->prng, 20 * NS_PER_MS, 2 * world->options.pause_ns + 20 * NS_PER_MS),
                errand);
}

/* As the test kit does: what its code began in the failed life goes with it. */
static void renew(struct world *world, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    struct sim_process *process = world_process(world, record->incarnation);
    struct delivery_event event = {.kind = DELIVERY_RENEW, .address = record->address};
    world_count(world, TALLY_RENEWED, 1);
    laws_abandoned(world, process, actor);
    laws_lost_with_it(world, actor);
    record->blocked = false;
    CHECK(process_deliver(world, process, event) == MESH_OK);
}

void host_born_again(struct world *world, size_t actor) {
    const struct actor_record *record = &world->actors[actor];
    if (record->renewed > 0 || prng_chance(&world->prng, 500)) {
        renew(world, actor);
    }
    struct lifecycle_event born = {.kind = LIFECYCLE_BORN, .actor = record->address};
    CHECK(process_live(world, world_process(world, record->incarnation), born) == MESH_OK);
    world_later(world, prng_between(&world->prng, 0, 20 * NS_PER_MS),
                (struct errand){.run = run_started, .actor = actor, .incarnation = record->incarnation});
}

static void create_child(struct world *world, size_t parent) {
    struct sim_process *process = world_process(world, world->actors[parent].incarnation);
    if (world->actors_count >= CREATED_MAX) {
        return;
    }
    size_t child = host_new_actor(world, prng_below(&world->prng, world->options.processes), (int)parent);
    struct lifecycle_event event = {
        .kind = LIFECYCLE_CHILD, .actor = world->actors[parent].address, .child = world->actors[child].address};
    if (process_live(world, process, event) != MESH_OK) {
        world->actors_count--;
        return;
    }
    admin_create(world, child);
    send_user(world, parent, child);
}

/* ---- handlers ---- */

static void verdict(struct world *world, struct sim_process *process, size_t actor, enum frame_outcome outcome,
                    enum frame_reason reason) {
    struct actor_record *record = &world->actors[actor];
    char text[LAWS_TEXT_BYTES];
    struct bytes failure = laws_text(record->in_hand, text);
    laws_finished(world, record->in_hand, outcome);
    record->in_hand = NULL;
    struct delivery_event event = {
        .kind = DELIVERY_VERDICT, .address = record->address, .outcome = outcome, .reason = reason};
    event.text = outcome == FRAME_RETURNED ? failure : bytes_make(NULL, 0);
    CHECK(process_deliver(world, process, event) == MESH_OK);
}

static void taken(struct world *world, struct sim_process *process, size_t actor, struct message *message);

/* A host that handles one message after the other does not let go of the actor in between. */
static bool goes_on(const struct sim_process *process, const struct actor_record *record) {
    return record->endpoint || lifecycle_treat(process->lifecycle, record->address, FRAME_USER) == LIFECYCLE_SHOW;
}

static void go_on(struct world *world, struct sim_process *process, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    laws_finished(world, record->in_hand, FRAME_HANDLED);
    struct message *next = delivery_next(process->delivery, world->now_ns, record->address);
    world_count(world, TALLY_WENT_ON, next != NULL);
    record->handler = HANDLER_IDLE;
    taken(world, process, actor, next);
    process_stepped(world, process);
}

static void finish_message(struct world *world, struct sim_process *process, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    struct prng *prng = &world->prng;
    struct mesh_address sender = record->in_hand->sender;
    if (prng_chance(prng, 200) && !world->healing) {
        send_user(world, actor, (size_t)(world_actor(world, sender) - world->actors));
    }
    if (prng_chance(prng, world->options.create) && !world->healing) {
        create_child(world, actor);
    }
    if (prng_chance(prng, 10)) {
        struct delivery_event event = {.kind = DELIVERY_PASSED_ON, .address = record->address};
        CHECK(process_deliver(world, process, event) == MESH_OK);
    }
    bool fails = prng_chance(prng, world->options.fail);
    if (!fails && prng_chance(prng, 300) && goes_on(process, record)) {
        go_on(world, process, actor);
        return;
    }
    verdict(world, process, actor, fails ? FRAME_RETURNED : FRAME_HANDLED, FRAME_NO_REASON);
    record->handler = HANDLER_IDLE;
    if (prng_chance(prng, world->options.own_exit) && !world->healing && !record->endpoint) {
        world_count(world, TALLY_OWN_EXITS, 1);
        record->exiting = true;
        struct lifecycle_event event = {.kind = LIFECYCLE_OWN_EXIT, .actor = record->address};
        CHECK(process_live(world, process, event) == MESH_OK);
    } else {
        process_stepped(world, process);
    }
}

static void finish_notice(struct world *world, struct sim_process *process, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    verdict(world, process, actor, FRAME_HANDLED, FRAME_NO_REASON);
    record->handler = HANDLER_IDLE;
    struct lifecycle_event event = {.kind = LIFECYCLE_CHILD_SHOWN, .actor = record->address};
    CHECK(process_live(world, process, event) == MESH_OK);
}

static void finish_exit(struct world *world, struct sim_process *process, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    if (record->in_hand) {
        verdict(world, process, actor, FRAME_HANDLED, FRAME_NO_REASON);
    }
    record->handler = HANDLER_IDLE;
    struct lifecycle_event event = {.kind = LIFECYCLE_SHOWN, .actor = record->address};
    CHECK(process_live(world, process, event) == MESH_OK);
}

/* As the test kit lets one crash alone: between two messages, or with one in hand, which goes back to its sender with the cause (E3). */
void host_cut(struct world *world, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    struct sim_process *process = world_process(world, record->incarnation);
    bool in_hand = record->handler == HANDLER_MESSAGE;
    if (!process || !record->started || !record->open || (record->handler != HANDLER_IDLE && !in_hand)) {
        return;
    }
    world_count(world, in_hand ? TALLY_CUT_IN_HAND : TALLY_CUT, 1);
    bool again = record->restarts && !record->exiting;
    record->renewed += again;
    record->exiting = !again;
    record->started = record->exit_waits = false;
    struct lifecycle_event event = {
        .kind = LIFECYCLE_CUT, .actor = record->address, .how = MESH_EXITED_BY_SIGNAL, .crashed = true};
    CHECK(process_live(world, process, event) == MESH_OK);
    if (in_hand) {
        verdict(world, process, actor, FRAME_RETURNED, FRAME_NO_REASON);
        record->handler = HANDLER_IDLE;
        record->stalled = false;
        process_stepped(world, process);
    }
}

static void run_finish(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    struct actor_record *record = &world->actors[errand->actor];
    if (record->handler == HANDLER_IDLE || errand->number != record->handlers) {
        return; /* it has crashed meanwhile */
    }
    record->stalled = false;
    if (record->handler == HANDLER_MESSAGE) {
        finish_message(world, process, errand->actor);
    } else if (record->handler == HANDLER_NOTICE) {
        finish_notice(world, process, errand->actor);
    } else {
        CHECK(record->handler == HANDLER_EXIT);
        finish_exit(world, process, errand->actor);
    }
}

static void finish_later(struct world *world, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    if (!world->healing && record->handler == HANDLER_MESSAGE && prng_chance(&world->prng, world->options.stall)) {
        world_count(world, TALLY_STALLS, 1);
        record->stalled = true;
        return;
    }
    world_later(world, prng_between(&world->prng, 0, world->options.handle_ns),
                (struct errand){
                    .run = run_finish, .actor = actor, .number = record->handlers, .incarnation = record->incarnation});
}

void host_release(struct world *world) {
    for (size_t i = 0; i < world->actors_count; i++) {
        if (world->actors[i].stalled && world->actors[i].handler != HANDLER_IDLE) {
            finish_later(world, i);
        }
    }
}

/* ---- what is shown ---- */

static void begin(struct world *world, struct sim_process *process, size_t actor, enum handler handler) {
    struct actor_record *record = &world->actors[actor];
    record->handler = handler;
    record->handlers++;
    if (record->in_hand) {
        laws_begun(world, process, record->in_hand);
    }
    finish_later(world, actor);
}

static void begin_exit(struct world *world, struct sim_process *process, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    uint64_t number;
    struct ledger_entry *entry = ledger_find(&world->ledger, record->in_hand->payload, &number);
    CHECK(entry);
    record->exiting = true;
    begin(world, process, actor, HANDLER_EXIT);
    struct lifecycle_event event = {
        .kind = LIFECYCLE_EXIT_REQUEST, .actor = record->address, .alone = entry->content % 2};
    CHECK(process_live(world, process, event) == MESH_OK);
}

/* A request that came as a message is being shown already; another waits for the end of the handler at work. */
void host_show_exit(struct world *world, size_t actor) {
    world_count(world, TALLY_EXIT_REQUESTS, 1);
    world->actors[actor].exiting = true;
    world->actors[actor].exit_waits = world->actors[actor].handler != HANDLER_EXIT;
}

static void begin_notice(struct world *world, struct sim_process *process, size_t actor) {
    uint64_t number;
    struct ledger_entry *entry = ledger_find(&world->ledger, world->actors[actor].in_hand->payload, &number);
    CHECK(entry);
    world_count(world, TALLY_CHILD_EXITS, 1);
    laws_notice(world, actor, (size_t)entry->content);
    begin(world, process, actor, HANDLER_NOTICE);
}

static void show(struct world *world, struct sim_process *process, size_t actor) {
    struct actor_record *record = &world->actors[actor];
    if (record->in_hand->kind == FRAME_EXIT_REQUEST) {
        begin_exit(world, process, actor);
    } else if (record->in_hand->kind == FRAME_CHILD_EXITED) {
        begin_notice(world, process, actor);
    } else {
        begin(world, process, actor, HANDLER_MESSAGE);
    }
}

static void taken(struct world *world, struct sim_process *process, size_t actor, struct message *message) {
    struct actor_record *record = &world->actors[actor];
    record->in_hand = message;
    if (!message) {
        record->runnable = false;
        return;
    }
    world_count(world, TALLY_OF_RUN_TAKEN, record->in_hand->of != NULL);
    enum lifecycle_treatment treatment =
        record->endpoint ? LIFECYCLE_SHOW : lifecycle_treat(process->lifecycle, record->address, record->in_hand->kind);
    if (treatment == LIFECYCLE_SHOW) {
        show(world, process, actor);
    } else if (treatment == LIFECYCLE_SETTLE) {
        laws_begun(world, process, record->in_hand);
        verdict(world, process, actor, FRAME_HANDLED, FRAME_NO_REASON);
    } else {
        verdict(world, process, actor, FRAME_DIED, FRAME_EXITED);
    }
}

static bool is_picked(void *user, const struct message *message) {
    uint64_t number;
    struct ledger_entry *entry = ledger_find(user, message->payload, &number);
    return message->kind != FRAME_USER || (!message->run && entry && entry->content % 4 == 0);
}

/* Past others, as an answer at an endpoint, which has no later life: it is in the order of those no more. */
static struct message *pick(struct world *world, struct sim_process *process, struct mesh_address address) {
    struct delivery_pick pick = {.wanted = is_picked, .user = &world->ledger, .again = true};
    struct message *message = delivery_take_picked(process->delivery, world->now_ns, address, &pick);
    uint64_t number;
    if (message && message->kind == FRAME_USER) {
        ledger_find(&world->ledger, message->payload, &number)->urgent = true;
    }
    world_count(world, TALLY_PICKED, message != NULL);
    return message;
}

static bool take(struct world *world, struct sim_process *process, size_t actor) {
    struct mesh_address address = world->actors[actor].address;
    struct message *message = NULL;
    if (!world->actors[actor].restarts && prng_chance(&world->prng, 200)) {
        message = pick(world, process, address);
    }
    message = message ? message : delivery_take(process->delivery, world->now_ns, address);
    taken(world, process, actor, message);
    return message != NULL;
}

static void close_mailbox(struct world *world, struct sim_process *process, struct actor_record *record) {
    struct delivery_event event = {.kind = DELIVERY_CLOSE, .address = record->address, .reason = FRAME_EXITED};
    record->open = record->close_waits = false;
    CHECK(process_deliver(world, process, event) == MESH_OK);
}

bool host_run(struct world *world, struct sim_process *process) {
    for (size_t i = 0; i < world->actors_count; i++) {
        struct actor_record *record = &world->actors[i];
        if (!record->open || record->incarnation != process->incarnation || record->handler != HANDLER_IDLE) {
            continue;
        }
        if (record->close_waits) {
            close_mailbox(world, process, record);
            return true;
        }
        if (record->exit_waits) {
            record->exit_waits = false;
            begin(world, process, i, HANDLER_EXIT);
            return true;
        }
        bool held =
            !record->endpoint && lifecycle_treat(process->lifecycle, record->address, FRAME_USER) == LIFECYCLE_HOLD;
        if (record->runnable && !held && take(world, process, i)) {
            return true;
        }
    }
    return false;
}

/* A notice goes through its parent's mailbox, behind what the child has sent. */
static void run_notice(struct world *world, const struct errand *errand) {
    struct sim_process *process = world_process(world, errand->incarnation);
    if (!world->actors[errand->actor].open) {
        return;
    }
    enum mesh_status status =
        host_send(world, process->endpoint, errand->actor, FRAME_CHILD_EXITED, errand->other, 300 * NS_PER_S);
    if (status != MESH_OK) {
        world_later(world, 10 * NS_PER_MS, *errand);
    }
}

void host_owe_notice(struct world *world, size_t parent, size_t child) {
    world_later(
        world, 0,
        (struct errand){
            .run = run_notice, .actor = parent, .other = child, .incarnation = world->actors[parent].incarnation});
}
