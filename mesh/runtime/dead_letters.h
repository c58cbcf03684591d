/* What a process does with dead letters: what its actors or endpoints sent and nobody will handle (E4).
 *
 * The admin tells every process of its node which actor is the dead-letter handler. To its process each sends its dead
 * letters itself, as control messages: those are settled without a word, so that nothing about a dead letter is ever
 * dead-lettered. Without a handler, or when too many are on their way already, they are logged, so many in a second.
 *
 * What a sender that is gone had open dies elsewhere: whoever finds that out sends the letter for it (D14).
 *
 * Under the process's baton.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_DEAD_LETTERS_H
#define MESH_RUNTIME_DEAD_LETTERS_H

#include "mesh/base/limiter.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/process.h"

struct dead_letters {
    struct mesh_address handler, process; /* none: nobody is registered */
    struct mesh_address own;              /* the last one of this host that registered */
    struct limiter limiter;
};

void dead_letters_init(struct dead_letters *letters);

/* The admin's word. */
void dead_letters_on_handler(struct dead_letters *letters, const struct control_dead_letter_handler *handler);

/* A dead user message that was sent from here; it stays the caller's. */
void dead_letters_send(struct dead_letters *letters, struct process *process, struct log *log,
                       const struct message *message);

/* The same for one whose sender is gone (delivery_unclaimed), unless it was returned: it is for the handler of the node that minted the sender's address,
 * by way of the admins when that is another one (D14). */
void dead_letters_send_unclaimed(struct dead_letters *letters, struct process *process, struct log *log,
                                 const struct message *message);

/* A forwarded ask is dead or returned: so is told who asked (D11), unless too many are on their way. */
void dead_letters_tell_asker(struct process *process, const struct message *message);

/* What dead_letters_tell_asker has told, as a settled message of the endpoint that asked. It lasts as long as the letter. */
struct message dead_letters_unpack(const struct control_dead_letter *letter);

/* Sends one on; false, with nothing sent, when too many are on their way from this process. */
bool dead_letters_pass_on(struct process *process, struct mesh_address to, const struct control_dead_letter *letter);

/* One has come for a handler in this process: makes it a message for that actor. MESH_WOULD_BLOCK when its mailbox is
 * full, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status dead_letters_deliver(struct process *process, const struct control_dead_letter *letter);

/* Tells the admin that an actor of this host registers, or steps down. As process_send_control. */
enum mesh_status dead_letters_register(struct dead_letters *letters, struct process *process, struct mesh_address actor,
                                       bool on);

/* Logs how many lines were left out; when it wants to be called again. */
uint64_t dead_letters_tick(struct dead_letters *letters, struct log *log, uint64_t now_ns);

/* One line. */
void dead_letters_log(struct log *log, const struct control_dead_letter *letter);

#endif
