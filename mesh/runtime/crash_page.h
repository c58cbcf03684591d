/* The crash page: what a host is doing, in memory that its admin shares and can read after the host is dead.
 *
 * The host writes plain stores before and after each handler, never a lock or a system call. Its admin reads the
 * page when the host has died (which message was in hand, how far each stream was handled; E3, D14), for the status
 * of a host whose handler is busy (K1); the host's own SIGUSR1 prints from it (C11).
 *
 * The writer may have died between any two of its stores, or have scribbled over everything: a reader believes
 * nothing, finds every index and length within bounds by itself, and treats what makes no sense as not on record.
 *
 * A floor is how far one stream is handled. The table of floors is bounded; a stream that was crowded out is not on
 * record, which only means that its messages may have been handled. Architecture: the crash page.
 *
 * An end is one that somebody wanted, of any actor that the admin has on record: what kills the host afterwards is no failure of it
 * (C7), and not how it ended (C4). The latest ends are kept, also of actors that are gone: the word of that may still be on its way.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_CRASH_PAGE_H
#define MESH_RUNTIME_CRASH_PAGE_H

#include "mesh/core/delivery.h"
#include <mesh/message.h>
#include <mesh/status.h>

enum {
    CRASH_PAGE_ACTORS = 64,    /* of one host with their state; more may run */
    CRASH_PAGE_FLOORS = 16384, /* of all actors of the host; a power of two. Memory is used by those that are written */
    CRASH_PAGE_ENDS =
        1 << 17, /* the latest; an admin has half as many actors on record by default. Memory as with floors */
    CRASH_PAGE_TYPE_BYTES = 64, /* a longer type name is cut */
};

enum crash_state {
    CRASH_FREE, /* the entry is not used */
    CRASH_STARTING,
    CRASH_IDLE,
    CRASH_BUSY, /* in a handler */
    CRASH_EXITING,
};

struct crash_page;

/* ---- both sides ---- */

/* Makes the memory, of the one size that all crash pages have; `*fd` is the caller's and closes on exec. MESH_IO. */
MESH_MUST_USE enum mesh_status crash_page_create(int *fd);

/* Maps the page of `fd`, which may be closed afterwards. MESH_INVALID_ARGUMENT when it is no crash page by its size,
 * MESH_IO. */
MESH_MUST_USE enum mesh_status crash_page_map(struct crash_page **out, int fd);

void crash_page_unmap(struct crash_page **page); /* NULL-safe */

/* The admin: what the host runs is of a source that is unloaded. The host: whether it is, so that it begins nothing new of it (J5); without a
 * page, no. */
void crash_page_unload(struct crash_page *page);
bool crash_page_is_unloaded(const struct crash_page *page);

/* The word that the status uses: "idle", "busy" ... */
const char *crash_state_name(enum crash_state state);

/* ---- the host's side: one thread ---- */

void crash_page_begin(struct crash_page *page, uint64_t incarnation, uint32_t pid);

/* An entry for an actor's state; -1 when all are taken. Every function below accepts that, and no page: what is in hand and
 * how far streams are handled is on record without an entry. */
int crash_page_open(struct crash_page *page, uint64_t now_ns, struct mesh_address actor, const char *type);
void crash_page_close(struct crash_page *page, int entry);

void crash_page_set_state(struct crash_page *page, int entry, uint64_t now_ns, enum crash_state state);

/* `actor` ends: MESH_EXITED_ON_REQUEST or MESH_EXITED_ITSELF. */
void crash_page_want_end(struct crash_page *page, struct mesh_address actor, enum mesh_how how);

/* Its check function is at work, or has returned (H2). */
void crash_page_enter_check(struct crash_page *page, struct mesh_address actor);
void crash_page_leave_check(struct crash_page *page);

/* So do all actors of the host that do not yet. */
void crash_page_want_all_ends(struct crash_page *page, enum mesh_how how);

/* What is told of an actor beside its state: what waits for it, what it sent that is not settled, and what was counted. */
struct crash_load {
    uint64_t mailbox, mailbox_bytes, unsettled, unsettled_bytes;
    uint64_t children, timers;
    uint64_t retried, returned, sent, sent_returned, sent_dead;
};
void crash_page_set_load(struct crash_page *page, int entry, const struct crash_load *load);

/* What the host's delivery has counted so far. */
void crash_page_count(struct crash_page *page, const struct delivery_counters *counters);

/* Around each handler: `message` is in hand; it is settled. */
void crash_page_enter(struct crash_page *page, int entry, uint64_t now_ns, const struct message *message);
void crash_page_leave(struct crash_page *page, int entry, uint64_t now_ns, const struct message *message);

/* ---- the reader's side: any process that mapped it ---- */

struct crash_record {
    struct mesh_address actor;
    enum crash_state state;
    uint64_t since_ns; /* when the state began, by the monotonic clock */
    char type[CRASH_PAGE_TYPE_BYTES];
    uint64_t handled;
    struct crash_load load;
    bool in_hand; /* a message was: the four below */
    struct mesh_address sender;
    uint64_t epoch, seq;
    char in_hand_type[CRASH_PAGE_TYPE_BYTES];
};

/* Whose page it is; 0 when nobody's yet. */
uint64_t crash_page_incarnation(const struct crash_page *page);

/* What was counted last; with a host at work the numbers may be of different instants. */
struct delivery_counters crash_page_counted(const struct crash_page *page);

/* The entry of number `index`, from 0 up to CRASH_PAGE_ACTORS; false when it is not used. */
bool crash_page_actor(const struct crash_page *page, size_t index, struct crash_record *out);

/* The same for an actor. */
bool crash_page_find(const struct crash_page *page, struct mesh_address actor, struct crash_record *out);

/* How far the stream of `sender` to `actor` is on record as handled; false when it is not on record. */
struct crash_floor {
    uint64_t epoch, handled;
    uint64_t in_hand; /* its message that was in the handler, 0 for none */
};
bool crash_page_floor(const struct crash_page *page, struct mesh_address actor, struct mesh_address sender,
                      struct crash_floor *out);

/* Walks all streams that are on record, each once: `*place` begins at 0; false at the end. */
struct crash_stream {
    struct mesh_address actor, sender;
    struct crash_floor floor;
};
bool crash_page_next_stream(const struct crash_page *page, size_t *place, struct crash_stream *out);

/* Walks the ends on record in the same way. */
struct crash_end {
    struct mesh_address actor;
    enum mesh_how how;
};
bool crash_page_next_end(const struct crash_page *page, size_t *place, struct crash_end *out);

/* Whose check function was at work; none: nobody's. */
struct mesh_address crash_page_checking(const struct crash_page *page);

/* How all actors end that have no end of their own on record; 0: they do not. */
enum mesh_how crash_page_all_ends(const struct crash_page *page);

#endif
