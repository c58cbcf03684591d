/* Stories of one admin's directory: events, and what it wants of each, line by line.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_UNIT_CONVENTION_STORY_H
#define TESTS_UNIT_CONVENTION_STORY_H

#include "convention/core/directory.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { OWN = 1, SECOND = 2, THIRD = 3, TRACE_BYTES = 16384 };

struct story {
    struct members members;
    struct directory *directory;
    uint64_t now_ns;
    char trace[TRACE_BYTES];
    size_t used;
};

static inline struct mesh_address at(uint64_t node, uint32_t slot, uint64_t number) {
    return address_make(node, slot, number);
}

static inline struct mesh_address admin(uint64_t node) {
    return at(node, 0, 0);
}

/* ---- what is wanted, as text ---- */

static inline const char *text_of(struct mesh_address address, char out[32]) {
    snprintf(out, 32, "%u.%u.%s%u", (unsigned)address.node, (unsigned)address_slot(address),
             address_is_local(address) ? "l" : "", (unsigned)(address_number(address) & ~ADDRESS_LOCAL));
    return out;
}

static inline void print_exited(struct text_builder *text, const struct control_exited *exited) {
    char name[32];
    text_append(text, "exited %s how %d%s", text_of(exited->address, name), (int)exited->how,
                exited->escalates ? " escalates" : "");
    if (exited->text.size > 0) {
        text_append(text, ": %.*s", (int)exited->text.size, (const char *)exited->text.data);
    }
}

static inline void print_resolved(struct text_builder *text, const struct control_resolved *resolved) {
    char name[32];
    text_append(text, "resolved %s in %u", text_of(resolved->address, name), (unsigned)resolved->process);
    if (resolved->life > 0) {
        text_append(text, " life %u", (unsigned)resolved->life);
    }
    if (resolved->floors_known) {
        text_append(text, " handled %u in hand %u of %s: %.*s", (unsigned)resolved->handled,
                    (unsigned)resolved->in_hand, text_of(resolved->sender, name), (int)resolved->text.size,
                    (const char *)resolved->text.data);
    }
}

static inline void print_check(struct text_builder *text, const struct control_check *check) {
    char name[32];
    text_append(text, "check %s by %u, required %u", text_of(check->address, name), (unsigned)check->capabilities_count,
                (unsigned)check->requirements_count);
}

static inline void print_word(struct text_builder *text, const struct control *control) {
    char name[32];
    if (control->kind == CONTROL_MET) {
        text_append(text, "met");
    } else if (control->kind == CONTROL_NAMES_HELD) {
        text_append(text, "%u names in epoch %u", (unsigned)control->names_held.count,
                    (unsigned)control->names_held.epoch);
    } else if (control->kind == CONTROL_NAME_FREED) {
        text_append(text, "freed");
    } else if (control->kind == CONTROL_NAMES_WANTED) {
        text_append(text, "names wanted");
    } else {
        text_append(text, "kill %s", text_of(control->kill.address, name));
    }
}

static inline void print_control(struct text_builder *text, const struct control *control) {
    char name[32];
    switch (control->kind) {
    case CONTROL_CREATE:
        text_append(text, "create %s refused %u", text_of(control->create.address, name),
                    (unsigned)control->create.refused_count);
        break;
    case CONTROL_CREATED:
        text_append(text, "created %s in %u%s", text_of(control->created.address, name),
                    (unsigned)control->created.process, control->created.detached ? " detached" : "");
        break;
    case CONTROL_CREATE_FAILED:
        text_append(text, "failed %s %s: %.*s", text_of(control->create_failed.address, name),
                    mesh_status_name(control->create_failed.status), (int)control->create_failed.text.size,
                    (const char *)control->create_failed.text.data);
        break;
    case CONTROL_RESOLVE:
        text_append(text, "resolve %s", text_of(control->resolve.address, name));
        break;
    case CONTROL_RESOLVED:
        print_resolved(text, &control->resolved);
        break;
    case CONTROL_GONE:
        text_append(text, "gone %s reason %d", text_of(control->gone.address, name), (int)control->gone.reason);
        if (control->gone.floors_known) {
            text_append(text, " handled %u of %s", (unsigned)control->gone.handled,
                        text_of(control->gone.sender, name));
        }
        break;
    case CONTROL_EXITED:
        print_exited(text, &control->exited);
        break;
    case CONTROL_MET:
    case CONTROL_KILL:
    case CONTROL_NAMES_HELD:
    case CONTROL_NAME_FREED:
    case CONTROL_NAMES_WANTED:
        print_word(text, control);
        break;
    case CONTROL_CHECK:
        print_check(text, &control->check);
        break;
    case CONTROL_SOURCE:
        text_append(text, "arriving %u ms", (unsigned)control->source.number);
        break;
    case CONTROL_STATUS_REQUEST:
    case CONTROL_STATUS_REPLY:
    case CONTROL_SHUTDOWN:
    case CONTROL_PROGRAM_TYPES:
    case CONTROL_DONE:
    case CONTROL_DEAD_LETTER_HANDLER:
    case CONTROL_DEAD_LETTER:
    case CONTROL_ACTOR_REPORT:
    case CONTROL_PREREGISTER:
    case CONTROL_DISMISS:
    case CONTROL_WATCH_MEMBERS:
    case CONTROL_MEMBER_UPDATE:
    case CONTROL_CAPABILITIES:
    case CONTROL_NAME_REQUEST:
    case CONTROL_NAME_GRANT:
    case CONTROL_NAME_TAKEN:
    case CONTROL_MEMBER_KEY:
    case CONTROL_KEYS_CHANGED:
    case CONTROL_UNREACHED:
    case CONTROL_LOG_LINES:
    case CONTROL_LOG_REQUEST:
    case CONTROL_LOG_REPLY:
        CHECK_UNREACHABLE();
    }
}

static inline void print_action(struct text_builder *text, const struct directory_action *action) {
    char name[32];
    switch (action->kind) {
    case DIRECTORY_START_HOST:
        text_append(text, "start %u for %s", action->slot, text_of(action->control.create.address, name));
        break;
    case DIRECTORY_KILL_HOST:
        text_append(text, "kill host %u", action->slot);
        break;
    case DIRECTORY_SEND:
        text_append(text, "%s#%u ", text_of(action->to, name), (unsigned)action->control.id);
        print_control(text, &action->control);
        break;
    case DIRECTORY_NAME_TAKEN:
        text_append(text, "name taken from %s", text_of(action->to, name));
        break;
    case DIRECTORY_UNFIT:
        text_append(text, "unfit %s", text_of(action->to, name));
        break;
    case DIRECTORY_EXIT_REQUEST:
        text_append(text, "exit request to %s", text_of(action->to, name));
        break;
    case DIRECTORY_WARN:
        text_append(text, "of %s%s%s: %s", action->type ? action->type : "", action->type ? " " : "",
                    text_of(action->to, name), action->text);
        break;
    }
    text_append(text, "\n");
}

static inline enum mesh_status step(struct story *story, const struct directory_event *event) {
    struct directory_action action;
    enum mesh_status status = directory_step(story->directory, story->now_ns, event);
    while (directory_poll(story->directory, &action)) {
        struct text_builder text = text_builder(story->trace + story->used, TRACE_BYTES - story->used);
        print_action(&text, &action);
        story->used += text.length;
    }
    cr_assert(directory_deadline(story->directory) > story->now_ns, "law 7");
    return status;
}

static inline void expect(struct story *story, const char *trace) {
    cr_assert(strcmp(story->trace, trace) == 0, "the trace is\n%sand should be\n%s", story->trace, trace);
    story->trace[0] = 0;
    story->used = 0;
}

/* ---- the stage ---- */

static inline void join(struct story *story, uint64_t incarnation, bool gpu) {
    char name[16];
    snprintf(name, sizeof name, "n%u", (unsigned)incarnation);
    struct frame_value yes = {.kind = FRAME_VALUE_FLAG, .flag = true};
    struct frame_capability item = {bytes_of_text("gpu"), 1, &yes, false};
    struct frame_member from = {incarnation, bytes_of_text(name), bytes_of_text(name), gpu, &item, 0};
    struct member *member;
    CHECK(members_add(&story->members, 0, &from, &member) == MESH_OK);
    if (story->directory) {
        step(story, &(struct directory_event){.kind = DIRECTORY_MEMBER_ADDED, .admin = incarnation});
    }
}

/* Node 1, with a program in slot 1 that is process 101. `leader` is on the roster too, and has a gpu. */
static inline struct story *story_new(uint64_t leader) {
    struct story *story = calloc(1, sizeof *story);
    uint32_t slot;
    CHECK(story && members_init(&story->members, 8) == MESH_OK);
    join(story, OWN, false);
    if (leader != OWN && leader) {
        join(story, leader, true);
    }
    struct directory_limits limits = directory_limits_default;
    limits.tombstones_max = 2;
    limits.tombstones_kept = 1;
    CHECK(directory_new(&story->directory, &limits, OWN, "n1", &story->members) == MESH_OK);
    CHECK(directory_lease(story->directory, &slot) == MESH_OK && slot == 1);
    step(story, &(struct directory_event){
                    .kind = DIRECTORY_HOST_UP, .slot = 1, .process = 101, .endpoint = bytes_of_text("ipc://1")});
    step(story, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = leader});
    expect(story, "");
    return story;
}

static inline void story_end(struct story *story) {
    directory_destroy(&story->directory);
    members_fini(&story->members);
    free(story);
}

static inline void lose(struct story *story, uint64_t incarnation) {
    members_remove(&story->members, members_find(&story->members, incarnation));
    members_free_removed(&story->members);
    step(story, &(struct directory_event){.kind = DIRECTORY_MEMBER_LOST, .admin = incarnation});
}

static inline enum mesh_status control(struct story *story, struct mesh_address asker, const struct control *message) {
    return step(
        story, &(struct directory_event){.kind = DIRECTORY_CONTROL, .asker = asker, .control = message, .known = true});
}

static inline void create(struct story *story, struct mesh_address asker, struct mesh_address address, bool gpu) {
    struct frame_requirement need = {.name = bytes_of_text("gpu"), .comparison = FRAME_COMPARE_PRESENT};
    struct control message = {.id = 9, .kind = CONTROL_CREATE};
    message.create.address = address;
    message.create.parent = at(1, 1, 1);
    message.create.type = bytes_of_text("mapper");
    message.create.requirements = &need;
    message.create.requirements_count = gpu;
    control(story, asker, &message);
}

static inline void resolve(struct story *story, struct mesh_address address, struct mesh_address sender) {
    struct control message = {.id = 5, .kind = CONTROL_RESOLVE};
    message.resolve = (struct control_resolve){.address = address, .sender = sender};
    control(story, at(1, 1, 0), &message);
}

static inline void created(struct story *story, uint64_t from, uint64_t id, struct mesh_address address) {
    struct control message = {.id = id, .kind = CONTROL_CREATED};
    message.created = (struct control_created){address, 205, from, bytes_of_text("tcp://5"), false};
    control(story, admin(from), &message);
}

static inline void exited(struct story *story, struct mesh_address asker, struct mesh_address address) {
    struct control message = {.kind = CONTROL_EXITED};
    message.exited = (struct control_exited){.address = address, .how = CONTROL_OWN_EXIT};
    control(story, asker, &message);
}

static inline void host_up(struct story *story, uint32_t slot) {
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_UP, .slot = slot, .process = 100 + slot});
    step(story, &(struct directory_event){.kind = DIRECTORY_ACTOR_UP, .slot = slot});
}

static inline void host_died(struct story *story, uint32_t slot, const struct directory_floor *floor) {
    step(story, &(struct directory_event){.kind = DIRECTORY_HOST_DIED,
                                          .slot = slot,
                                          .how = CONTROL_SIGNAL,
                                          .number = 9,
                                          .floors = floor,
                                          .floors_count = floor != NULL});
}

/* What the directory knows of where an address is, for the status (K1). */
static inline void expect_place(const struct story *story, struct mesh_address address,
                                enum directory_place_kind kind) {
    char name[32];
    struct directory_place place = directory_find(story->directory, address);
    cr_assert_eq(place.kind, kind, "%s is %d", text_of(address, name), (int)place.kind);
}

/* The same with an actor's host in slot 2. */
static inline struct story *story_with_host(void) {
    struct story *story = story_new(OWN);
    create(story, at(1, 1, 0), (struct mesh_address){0}, false);
    host_up(story, 2);
    story->used = 0;
    story->trace[0] = 0;
    return story;
}

#endif
