/* What the files of the lifecycle share: actors and children stand in a map each; wants and deadlines are intrusive lists. A
 * deadline's length depends on the state alone, so the actors of one state stand in the order of their deadlines and the
 * head of each list is the least. Nobody else includes this.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_LIFECYCLE_STATE_H
#define MESH_CORE_LIFECYCLE_STATE_H

#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/core/lifecycle.h"

enum { TEXT_BYTES = 512 };

/* What is to be polled of an entry, in the order in which it is given out. */
enum {
    WANT_SHOW_EXIT = 1,
    WANT_NOTICE = 2,
    WANT_ASK = 4,
    WANT_KILL = 8,
    WANT_CLOSE = 16,
    WANT_FORGET = 32,
    WANT_REPORT = 64,
    WANT_REPORT_FAILED = 128,
};

/* What an actor and a child have in common: an address, a place in the list of wants, an end. */
struct entry {
    struct mesh_address address;
    struct list_node wanting;
    unsigned wants;
    bool is_child;
    enum mesh_how how;
    int number;
    char *text;
};

struct actor {
    struct entry entry;
    struct mesh_address parent;
    enum lifecycle_state state;
    struct list_node timed; /* among the actors of its state */
    struct list children;
    size_t children_count, notices;
    uint64_t deadline_ns;
    bool asked, alone; /* an exit request came; it leaves the children be */
    bool restarts, failed;
    char *escalation; /* a child that failed takes this actor along, for this reason (C7) */
};

struct child {
    struct entry entry;
    struct actor *actor;
    struct list_node sibling;
};

struct lifecycle {
    struct lifecycle_limits limits;
    struct map actors, kin; /* by address */
    struct list wants, waiting, killing, draining;
    char *given; /* the text of the action that was polled last */
    bool shutdown;
};

struct actor *lifecycle_find_actor(const struct lifecycle *lifecycle, struct mesh_address address);
struct child *lifecycle_find_child(const struct lifecycle *lifecycle, struct mesh_address address);
void lifecycle_entry_init(struct entry *entry, struct mesh_address address, bool is_child);
void lifecycle_want(struct lifecycle *lifecycle, struct entry *entry, unsigned wants);
void lifecycle_unwant(struct entry *entry, unsigned wants);
char *lifecycle_copy_text(struct bytes text);
void lifecycle_note_end(struct entry *entry, const struct lifecycle_event *event);
void lifecycle_free_child(struct lifecycle *lifecycle, struct child *child);
void lifecycle_free_actor(struct lifecycle *lifecycle, struct actor *actor);
void lifecycle_enter_starting(struct actor *actor);
void lifecycle_enter_running(struct actor *actor);
void lifecycle_enter_exiting(struct lifecycle *lifecycle, struct actor *actor);
void lifecycle_enter_escalating(struct lifecycle *lifecycle, struct actor *actor);
void lifecycle_enter_gone(struct lifecycle *lifecycle, struct actor *actor);
void lifecycle_enter_draining(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor);
void lifecycle_enter_failed(struct lifecycle *lifecycle, struct actor *actor);
bool lifecycle_may_be_born_again(const struct lifecycle *lifecycle, const struct actor *actor);
void lifecycle_enter_waiting(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor);
void lifecycle_enter_killing(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor);
void lifecycle_look_for_the_last(struct lifecycle *lifecycle, uint64_t now_ns, struct actor *actor);

#endif
