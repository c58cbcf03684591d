/* An inbox: what comes for an endpoint of a program, or of a test, and its one ask (D11).
 *
 * An endpoint is an actor of its process's delivery without a handler. What comes for it waits in its mailbox: the answer
 * to the ask that somebody waits in is picked out as it arrives, anything else stays until a listen takes it, and only
 * then is settled as handled. An exit request is refused as it arrives (C6).
 *
 * Everything here is under the process's baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_INBOX_H
#define MESH_RUNTIME_INBOX_H

#include "mesh/core/message.h"
#include <mesh/message.h>

struct control_dead_letter;
struct process;

enum { INBOX_ASIDE_MAX = 65536 };

enum inbox_ask {
    INBOX_ASK_NONE,
    INBOX_ASK_OPEN,   /* waits for its reply, or may be resumed */
    INBOX_ASK_FAILED, /* `failed` says why */
};

struct inbox {
    struct process *process;
    struct mesh_address address;
    bool may_have_mail;                       /* the mailbox was told to have something since it was last found empty */
    struct mesh_message *aside, **aside_tail; /* what came back, for listen */
    size_t aside_count;
    enum inbox_ask ask;
    bool asking; /* somebody waits for the reply */
    uint64_t ask_id;
    struct mesh_address asked; /* the target of the ask */
    struct mesh_message *reply, *failed;
};

/* Opens the mailbox of that address. The inbox must not move. MESH_NO_MEMORY, MESH_FULL. */
MESH_MUST_USE enum mesh_status inbox_open(struct inbox *inbox, struct process *process, struct mesh_address address);

/* Closes the mailbox: what is unread is dead (exited). What was sent from here is still under way. */
void inbox_close(struct inbox *inbox);

/* Forgets a closed one, with all that it has kept. */
void inbox_fini(struct inbox *inbox);

/* ---- asking ---- */

/* An ask of that target begins, of that number; the one before is over. */
void inbox_begin_ask(struct inbox *inbox, uint64_t id, struct mesh_address target);

/* From now on, until `asking` is lowered, the reply to the open ask is picked; it may be here already. Until that time the end of the target
 * ends the ask. */
void inbox_await(struct inbox *inbox, uint64_t until_ns);

/* Whether the ask has come to its end. */
static inline bool inbox_is_answered(const struct inbox *inbox) {
    return inbox->reply || inbox->ask == INBOX_ASK_FAILED;
}

/* Gives out what an answered ask came to: MESH_OK with the reply, MESH_REFUSED or MESH_DEAD with what came back, or NULL without memory. */
MESH_MUST_USE enum mesh_status inbox_take_answer(struct inbox *inbox, struct mesh_message **out);

/* ---- listening ---- */

/* Whether inbox_take may find something. */
static inline bool inbox_has_mail(const struct inbox *inbox) {
    return inbox->aside || inbox->may_have_mail;
}

/* The next message for listen, which is handled by that; NULL when there is none. */
struct mesh_message *inbox_take(struct inbox *inbox);

/* ---- what the process tells ---- */

void inbox_on_mail(struct inbox *inbox);

/* What came back ends the ask that it belongs to, and so does the end of its target (delivery_watch); a poison that belongs to none waits
 * for listen. The message stays the caller's. */
void inbox_on_failed(struct inbox *inbox, const struct message *message);

/* A forwarded ask is dead or has come back (dead_letters_tell_asker). */
void inbox_on_letter(struct inbox *inbox, const struct control_dead_letter *letter);

#endif
