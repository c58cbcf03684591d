/* The actors of a world: programs and hosts that create, hosts that come up or do not, actors that exit or crash. Each lives in
 * a process of its own; each node has one program, which ends with it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/address.h"
#include "tests/sim/convention/world.h"
#include <stdio.h>

enum { PROGRAM_SLOT = 1, NAMES = 5 };

static uint64_t some_ms(struct world *world, uint64_t most) {
    return prng_between(&world->prng, 1, most) * NS_PER_MS;
}

/* The one that lives, if any does: there may have been two for a moment, one of which its home has killed. */
static struct sim_actor *actor_at(struct world *world, struct mesh_address address) {
    struct sim_actor *found = NULL;
    for (size_t i = world->actors_count; i-- > 0;) {
        struct sim_actor *actor = &world->actors[i];
        if (mesh_address_equal(actor->address, address) && (!found || (actor->alive && !found->alive))) {
            found = actor;
        }
    }
    return found;
}

static bool is_in(const struct sim_actor *actor, const struct sim_node *node, uint32_t slot) {
    return actor->host == node->incarnation && actor->slot == slot;
}

/* ---- processes ---- */

void actors_begin(struct world *world, struct sim_node *node) {
    uint32_t slot;
    CHECK(directory_lease(node->directory, &slot) == MESH_OK && slot == PROGRAM_SLOT);
    node_tell_directory(world, node,
                        &(struct directory_event){.kind = DIRECTORY_HOST_UP,
                                                  .slot = slot,
                                                  .process = node->incarnation + 1,
                                                  .endpoint = bytes_of_text("ipc://program")});
}

void actors_end(struct world *world, const struct sim_node *node) {
    for (size_t i = 0; i < world->actors_count; i++) {
        world->actors[i].alive = world->actors[i].alive && world->actors[i].host != node->incarnation;
    }
}

/* What its process asked for nobody waits for any more. */
static void run_died(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    uint32_t slot = (uint32_t)errand->number;
    enum control_how how = (enum control_how)errand->other;
    if (node_waits(world, node, errand)) {
        return;
    }
    for (size_t i = 0; i < world->actors_count; i++) {
        if (is_in(&world->actors[i], node, slot)) {
            world->actors[i].alive = false;
            world->actors[i].gone = true;
        }
    }
    for (size_t i = 0; i < world->orders_count; i++) {
        struct sim_order *order = &world->orders[i];
        order->over = order->over || (order->asker.node == node->incarnation && address_slot(order->asker) == slot);
    }
    node_tell_directory(world, node,
                        &(struct directory_event){
                            .kind = DIRECTORY_HOST_DIED, .slot = slot, .how = how, .text = bytes_of_text("it ended")});
}

static void die_later(struct world *world, const struct sim_node *node, uint32_t slot, enum control_how how) {
    world_later(
        world, some_ms(world, 20),
        (struct errand){.run = run_died, .incarnation = node->incarnation, .number = slot, .other = (size_t)how});
}

static void run_birth(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    struct sim_actor *actor = &world->actors[errand->actor];
    if (actor->gone || node_waits(world, node, errand)) {
        return;
    }
    struct directory_event event = {.kind = DIRECTORY_HOST_UP,
                                    .slot = actor->slot,
                                    .process = node->incarnation + actor->slot,
                                    .endpoint = bytes_of_text("ipc://host")};
    node_tell_directory(world, node, &event);
    if (prng_chance(&world->prng, world->options.birth_fail)) {
        world_count(world, WORLD_BIRTHS_FAILED);
        event = (struct directory_event){.kind = DIRECTORY_HOST_FAILED,
                                         .slot = actor->slot,
                                         .address = actor->address,
                                         .status = MESH_LOAD_FAILED,
                                         .text = bytes_of_text("its constructor failed")};
        node_tell_directory(world, node, &event);
        die_later(world, node, actor->slot, CONTROL_OWN_EXIT);
        return;
    }
    world_count(world, WORLD_BIRTHS);
    world_say(world, "actor %u of %s is up at %s %s", (unsigned)address_number(actor->address),
              world_place(world, actor->address.node)->name, node->name, actor->name);
    actor->alive = true;
    actor->born_ns = world->now_ns;
    event = (struct directory_event){.kind = DIRECTORY_ACTOR_UP, .slot = actor->slot, .address = actor->address};
    node_tell_directory(world, node, &event);
}

/* ---- ends ---- */

static void run_exit(struct world *world, const struct errand *errand) {
    struct sim_node *node = world_node(world, errand->incarnation);
    struct sim_actor *actor = &world->actors[errand->actor];
    if (!actor->alive || node_waits(world, node, errand)) {
        return;
    }
    enum control_how how = actor->asked ? CONTROL_EXIT_REQUEST : CONTROL_OWN_EXIT;
    struct control control = {.kind = CONTROL_EXITED, .exited = {.address = actor->address, .how = how}};
    actor->alive = false;
    world_count(world, WORLD_EXITS);
    world_say(world, "actor %u of %s exits at %s", (unsigned)address_number(actor->address),
              world_place(world, actor->address.node)->name, node->name);
    node_tell_directory(world, node,
                        &(struct directory_event){.kind = DIRECTORY_CONTROL,
                                                  .asker = address_make(node->incarnation, actor->slot, 0),
                                                  .control = &control});
    die_later(world, node, actor->slot, CONTROL_OWN_EXIT);
}

static void exit_later(struct world *world, const struct sim_actor *actor, uint64_t delay_ns) {
    world_later(world, delay_ns + some_ms(world, 100),
                (struct errand){.run = run_exit, .incarnation = actor->host, .actor = (size_t)(actor - world->actors)});
}

static void ask_to_exit(struct world *world, struct mesh_address address, uint64_t delay_ns) {
    struct sim_actor *actor = actor_at(world, address);
    if (actor && actor->alive && !actor->asked) {
        world_count(world, WORLD_EXIT_REQUESTS);
        actor->asked = true;
        exit_later(world, actor, delay_ns);
    }
}

void actors_ask_to_exit(struct world *world, struct mesh_address address) {
    ask_to_exit(world, address, 0);
}

void actors_strike(struct world *world) {
    struct sim_actor *actor =
        world->actors_count ? &world->actors[prng_below(&world->prng, world->actors_count)] : NULL;
    struct sim_node *node = actor && actor->alive ? world_node(world, actor->host) : NULL;
    if (node && prng_chance(&world->prng, 500)) {
        exit_later(world, actor, 0);
    } else if (node) {
        world_count(world, WORLD_ACTORS_CRASHED);
        die_later(world, node, actor->slot, CONTROL_SIGNAL);
    }
}

/* ---- creates ---- */

/* By the program, or by an actor of that node. */
static struct mesh_address draw_parent(struct world *world, const struct sim_node *node) {
    const struct sim_actor *actor =
        world->actors_count ? &world->actors[prng_below(&world->prng, world->actors_count)] : NULL;
    bool may = actor && actor->alive && actor->host == node->incarnation && prng_chance(&world->prng, 700);
    return may ? actor->address : address_make(node->incarnation, PROGRAM_SLOT, 0);
}

void actors_create(struct world *world, struct sim_node *node) {
    if (world->orders_count == WORLD_ORDERS_MAX || world->actors_count > WORLD_ACTORS_MAX - WORLD_NODES_MAX) {
        return;
    }
    static const char *const names[NAMES] = {"anna", "bert", "carl", "dora", "emil"};
    struct frame_requirement need = {.name = bytes_of_text("gpu"), .comparison = FRAME_COMPARE_PRESENT};
    struct mesh_address parent = draw_parent(world, node);
    const struct sim_actor *creator = actor_at(world, parent);
    uint32_t slot = creator ? creator->slot : PROGRAM_SLOT;
    bool named = prng_chance(&world->prng, world->options.named);
    struct control control = {.id = ++world->ids, .kind = CONTROL_CREATE};
    if (named) {
        control.create.name = bytes_of_text(names[prng_below(&world->prng, NAMES)]);
    } else {
        control.create.address = address_make(node->incarnation, slot, control.id);
        control.create.parent = parent;
    }
    control.create.type = bytes_of_text("actor");
    control.create.detached = !named && prng_chance(&world->prng, 300);
    control.create.requirements = &need;
    control.create.requirements_count = prng_chance(&world->prng, 400);
    struct sim_order *order = &world->orders[world->orders_count++];
    *order = (struct sim_order){.asker = address_make(node->incarnation, slot, 0),
                                .address = control.create.address,
                                .id = control.id,
                                .named = named,
                                .detached = control.create.detached};
    world_count(world, named ? WORLD_CREATES_NAMED : order->detached ? WORLD_CREATES_DETACHED : WORLD_CREATES);
    world_say(world, "%s asks for actor %u%s", node->name, (unsigned)control.id,
              named             ? " by a name"
              : order->detached ? " detached"
                                : "");
    node_tell_directory(world, node,
                        &(struct directory_event){
                            .kind = DIRECTORY_CONTROL, .asker = order->asker, .control = &control, .known = true});
}

static void start_host(struct world *world, const struct sim_node *node, const struct directory_action *action) {
    const struct control_create *create = &action->control.create;
    CHECK(world->actors_count < WORLD_ACTORS_MAX);
    struct sim_actor *actor = &world->actors[world->actors_count++];
    *actor = (struct sim_actor){.address = create->address, .host = node->incarnation, .slot = action->slot};
    CHECK(create->name.size < sizeof actor->name);
    memcpy(actor->name, create->name.data, create->name.size);
    world_later(world, some_ms(world, 300),
                (struct errand){.run = run_birth, .incarnation = node->incarnation, .actor = world->actors_count - 1});
}

/* ---- what a process of the node hears ---- */

static void on_answer(struct world *world, const struct sim_node *node, struct mesh_address to,
                      const struct control *control) {
    for (size_t i = 0; i < world->orders_count; i++) {
        struct sim_order *order = &world->orders[i];
        if (mesh_address_equal(order->asker, to) && order->id == control->id) {
            order->created = control->kind == CONTROL_CREATED;
            if (++order->answers > 1) {
                world_broken(world, LAW_ANSWERED_ONCE, "a create at %s is answered twice", node->name);
            }
        }
    }
}

static void on_exited(struct world *world, const struct sim_node *node, struct mesh_address to,
                      const struct control *control) {
    for (size_t i = 0; i < world->orders_count; i++) {
        struct sim_order *order = &world->orders[i];
        if (mesh_address_equal(order->asker, to) && mesh_address_equal(order->address, control->exited.address)) {
            world_count(world, WORLD_CHILD_EXITS);
            if (!order->created || ++order->notices > 1) {
                world_broken(world, LAW_EXIT_NOTICE, "a creator at %s is told of an end for the time %u, created %d",
                             node->name, order->notices, order->created);
            }
        }
    }
}

/* Plants 1 and 5: answers, and ends, that get lost. */
static void hear(struct world *world, const struct sim_node *node, struct mesh_address to,
                 const struct control *control) {
    bool lost = prng_chance(&world->prng, 100);
    if (control->kind == CONTROL_CREATED || control->kind == CONTROL_CREATE_FAILED) {
        world_count(world, control->kind == CONTROL_CREATED ? WORLD_CREATED : WORLD_CREATES_FAILED);
        if (!lost || world->plant != LAW_ANSWERED_ONCE) {
            on_answer(world, node, to, control);
        }
    } else if (control->kind == CONTROL_EXITED && (!lost || world->plant != LAW_EXIT_NOTICE)) {
        on_exited(world, node, to, control);
    }
}

void actors_perform(struct world *world, struct sim_node *node, const struct directory_action *action) {
    struct sim_actor *target;
    switch (action->kind) {
    case DIRECTORY_SEND:
        if (action->to.node != node->incarnation) {
            network_send_control(world, node, action->to, &action->control);
        } else if (action->to.local) {
            hear(world, node, action->to, &action->control);
        }
        return;
    case DIRECTORY_START_HOST:
        start_host(world, node, action);
        return;
    case DIRECTORY_KILL_HOST:
        world_count(world, WORLD_HOSTS_KILLED);
        die_later(world, node, action->slot, CONTROL_SIGNAL);
        return;
    case DIRECTORY_NAME_TAKEN:
        world_count(world, WORLD_NAMES_TAKEN);
        world_say(world, "%s takes a name from %u", node->name, (unsigned)address_number(action->to));
        /* The second plant against law 9: whoever has to give a name back takes its time. */
        ask_to_exit(world, action->to, world->plant == PLANT_NAMES_KEPT ? 15 * NS_PER_S : 0);
        return;
    case DIRECTORY_UNFIT:
    case DIRECTORY_EXIT_REQUEST:
        target = actor_at(world, action->to);
        if (target && target->host != node->incarnation) {
            network_send_exit(world, node, target->host, action->to);
        } else {
            actors_ask_to_exit(world, action->to);
        }
        return;
    case DIRECTORY_WARN:
        target = actor_at(world, action->to);
        if (target && target->address.node == node->incarnation) {
            target->turned_away = true;
        }
        world_say(world, "%s warns of %u.%u: %s", node->name, (unsigned)action->to.node,
                  (unsigned)address_number(action->to), action->text);
        return;
    }
    CHECK_UNREACHABLE();
}

/* ---- the laws at rest ---- */

static bool lives(struct world *world, struct mesh_address address) {
    const struct sim_actor *actor = actor_at(world, address);
    return actor && actor->alive;
}

/* Whether what became of the actor is judged: a node that nobody has invited keeps the roster that it had last, and hears of nobody. */
static bool are_together(const struct world *world, const struct sim_node *one, const struct sim_node *other) {
    return one == other || (laws_belongs(world, one) && laws_belongs(world, other));
}

static bool is_judged(struct world *world, const struct sim_order *order) {
    const struct sim_actor *actor = actor_at(world, order->address);
    return !order->named &&
           (!actor || are_together(world, world_place(world, order->asker.node), world_place(world, actor->host)));
}

static void check_order(struct world *world, const struct sim_order *order) {
    const struct sim_node *node = world_node(world, order->asker.node);
    bool over = order->over || !node, judged = is_judged(world, order);
    if (judged && over && !order->detached && lives(world, order->address)) {
        world_broken(world, LAW_NOTHING_LEFT, "actor %u lives on, whose creator is gone", (unsigned)order->id);
    }
    if (!over && order->answers != 1) {
        world_broken(world, LAW_ANSWERED_ONCE, "create %u at %s is not answered", (unsigned)order->id, node->name);
    }
    bool ended = order->created && !order->detached && !lives(world, order->address);
    if (judged && !over && order->notices != ended) {
        world_broken(world, LAW_EXIT_NOTICE, "the creator of actor %u at %s was told %u times of its end, which %s",
                     (unsigned)order->id, node->name, order->notices, ended ? "has come" : "has not");
    }
}

/* Whether it holds a name of the convention. */
static bool is_named(struct world *world, const struct sim_actor *actor) {
    return actor->alive && actor->name[0] && laws_belongs(world, world_place(world, actor->host));
}

static void check_names(struct world *world) {
    for (size_t i = 0; i < world->actors_count; i++) {
        const struct sim_actor *one = &world->actors[i];
        for (size_t j = 0; is_named(world, one) && j < i; j++) {
            const struct sim_actor *other = &world->actors[j];
            if (is_named(world, other) && strcmp(other->name, one->name) == 0) {
                world_broken(world, LAW_UNIQUE, "two actors have the name %s", one->name);
            }
        }
    }
}

/* Since when it has it beside all others that follow the leader; TIME_NEVER when its node follows none. */
static uint64_t named_since(struct world *world, const struct sim_actor *actor) {
    const struct sim_node *node = world_node(world, actor->host);
    bool named = node && node->follows && is_named(world, actor);
    return !named ? TIME_NEVER : actor->born_ns > node->follows_ns ? actor->born_ns : node->follows_ns;
}

void actors_check_names(struct world *world, uint64_t span_ns) {
    for (size_t i = 0; i < world->actors_count; i++) {
        const struct sim_actor *one = &world->actors[i];
        uint64_t since_ns = one->alive && one->name[0] ? named_since(world, one) : TIME_NEVER;
        for (size_t j = 0; since_ns < world->now_ns && world->now_ns - since_ns > span_ns && j < i; j++) {
            const struct sim_actor *other = &world->actors[j];
            uint64_t other_ns =
                other->alive && strcmp(other->name, one->name) == 0 ? named_since(world, other) : TIME_NEVER;
            if (other_ns < world->now_ns && world->now_ns - other_ns > span_ns &&
                world_node(world, one->host)->follows == world_node(world, other->host)->follows) {
                world_broken(world, LAW_UNIQUE, "two actors have had the name %s under one leader for more than %.0f s",
                             one->name, (double)span_ns / 1e9);
            }
        }
    }
}

/* A node knows those that it hosts, and those homed there, and nobody else. One that was full has not taken back whom it had lost. */
static void check_book(struct world *world, const struct sim_node *node) {
    struct directory_census census = directory_census(node->directory);
    size_t hosted = 0, known = 0, away = 0;
    for (size_t i = 0; i < world->actors_count; i++) {
        const struct sim_actor *actor = &world->actors[i];
        bool here = actor->alive && actor->host == node->incarnation;
        bool homed = !here && actor->alive && actor->address.node == node->incarnation &&
                     are_together(world, node, world_place(world, actor->host));
        hosted += here;
        known += here || homed;
        away += homed && actor->turned_away;
    }
    bool full = census.actors == world->options.directory.actors_max;
    bool amiss = census.actors > known || (census.actors + away < known && !full);
    if ((amiss && laws_belongs(world, node)) || census.slots != hosted + 1 || census.pendings || census.waits) {
        world_broken(world, LAW_NOTHING_LEFT,
                     "%s has %zu actors on record instead of %zu, %zu slots instead of %zu, %zu creates, %zu questions",
                     node->name, census.actors, known, census.slots, hosted + 1, census.pendings, census.waits);
    }
}

void actors_check(struct world *world) {
    for (size_t i = 0; i < world->orders_count; i++) {
        check_order(world, &world->orders[i]);
    }
    check_names(world);
    for (size_t i = 0; i < world->options.nodes; i++) {
        check_book(world, &world->nodes[i]);
    }
}
