/* Names: the leader's table of global names: who has one, and for whom one is reserved (G1, G2, G4).
 *
 *   (none) --asked for--> RESERVED --held--> HELD --freed, node lost--> (none)
 *                         RESERVED --not created, node lost--> (none), or RESERVED for the next who waits
 *
 * A name is given to the admin that asks first; who asks for a reserved one waits, and hears who has it. The hosting
 * admin says when its actor is up, and when it has ended. Each name bears the epoch of the leader that gave it.
 *
 * A leader in a new epoch asks all members which names they hold, and each that is added. As long as one that is not suspect has
 * not answered, or its mandate is still to come (S6D), it gives none: who asks waits. Of two that have one name, the one that was
 * given in the higher epoch stays, or the one that is known; the other is told that the name is taken.
 *
 * A detached actor of another home is held by its address, which nobody asks to be given (C6).
 *
 * Pure: tell what happened, then poll until there is nothing left.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_NAMES_H
#define CONVENTION_CORE_NAMES_H

#include "convention/core/convention.h"
#include "proto/control.h"

struct names;

/* What is to be sent. Its texts last until names_forget. */
struct names_action {
    uint64_t admin;
    struct control control; /* a name grant, names wanted, or a name that is taken */
};

/* `members` is the roster, borrowed. At most `names_max` names are given, and as many may wait. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status names_new(struct names **out, struct members *members, size_t names_max);
void names_destroy(struct names **names); /* NULL-safe */

/* All actions have been polled, and what they refer to is not needed any more. */
void names_forget(struct names *names);

/* This node leads in `epoch`, and gives names as the mandate says; in epoch 0 it does not lead, and has no table. `text` is a literal
 * that says why it gives none. */
void names_on_mandate(struct names *names, uint64_t epoch, enum convention_mandate mandate, const char *text);

/* From an admin, which may be this one. What comes while this node does not lead is dropped: it is asked again elsewhere. */
void names_on_request(struct names *names, uint64_t admin, uint64_t id, const struct control_name_request *request);
void names_on_held(struct names *names, uint64_t admin, const struct control_names_held *held);
void names_on_freed(struct names *names, uint64_t admin, const struct control_name_freed *freed);

void names_on_member_added(struct names *names, uint64_t admin);
void names_on_member_lost(struct names *names, uint64_t admin);
/* It is not waited for any more. */
void names_on_member_suspect(struct names *names);

bool names_poll(struct names *names, struct names_action *out);

/* Who holds it; 0: nobody that is known, or it is reserved. */
uint64_t names_holder(const struct names *names, struct bytes text);

/* This node leads, and every member has told what it holds, those that are suspect included. */
bool names_are_all_told(const struct names *names);

/* How many names are held or reserved. */
size_t names_count(const struct names *names);

#endif
