/* Mailbox: what waits for one actor, in the order of arrival, urgent messages first (C5), within limits (D7a).
 *
 * Only a system's own requests are urgent; among themselves they keep their order, and so do the others. A message that is
 * still coming in slices has its room reserved from the first one on, so that two of them can never stop each other half
 * way (D6). One that is larger than all the room is taken when there is nothing else.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_MAILBOX_H
#define MESH_CORE_MAILBOX_H

#include "mesh/core/message.h"

struct mailbox {
    struct message_list urgent, others;
    size_t messages, bytes;
    size_t messages_max, bytes_max;  /* what is not reserved */
    size_t limit_bytes;              /* as given */
    size_t reserved, reserved_bytes; /* for messages still to come */
    size_t busy;                     /* streams that have messages in it */
    uint64_t expiry_ns;              /* nothing in it, or to come, expires earlier */
    struct message *seen;            /* mailbox_pick has looked at it and at what came before; NULL: at nothing */
};

void mailbox_init(struct mailbox *mailbox, size_t messages_max, size_t bytes_max);

static inline bool mailbox_is_empty(const struct mailbox *mailbox) {
    return mailbox->messages == 0 && mailbox->reserved == 0;
}

/* Whether there is room for one more message of that weight. */
static inline bool mailbox_fits(const struct mailbox *mailbox, size_t weight) {
    return (mailbox->messages < mailbox->messages_max && mailbox->bytes + weight <= mailbox->bytes_max) ||
           mailbox_is_empty(mailbox);
}

/* Whether there is room for a message, or for all of a run. */
static inline bool mailbox_fits_all(const struct mailbox *mailbox, const struct message *message) {
    return message_count(message) == 1 ? mailbox_fits(mailbox, message_weight(message))
                                       : mailbox->messages + message_count(message) <= mailbox->messages_max &&
                                             mailbox->bytes + message_weight(message) <= mailbox->bytes_max;
}

/* Whether at least one `part`th of it is free. */
bool mailbox_is_free(const struct mailbox *mailbox, size_t part);

/* Keeps room for a message that fits and that expires at `deadline_ns`; and gives it up, at the latest just before that
 * message is put in. */
void mailbox_reserve(struct mailbox *mailbox, size_t weight, uint64_t deadline_ns);
void mailbox_unreserve(struct mailbox *mailbox, size_t weight);

/* Puts in a message that fits, or a run. */
void mailbox_push(struct mailbox *mailbox, struct message *message);

/* Appends a payload that fits to a run in it; false when the run is full. */
bool mailbox_push_into(struct mailbox *mailbox, struct message *run, struct bytes payload);

/* The next message, which leaves the mailbox, and its run if it stood in one; NULL when it is empty, or without memory for that. */
struct message *mailbox_take(struct mailbox *mailbox);

/* Makes an entry that was taken from a run the next one of it, when that comes next in the mailbox and is not the last: the same as to
 * release it and to take another, at a fraction of the cost. False when it is not so: nothing has happened. */
bool mailbox_take_next_entry(struct mailbox *mailbox, struct message *entry);

/* The same as mailbox_take, but a run leaves as it is. */
struct message *mailbox_take_whole(struct mailbox *mailbox);

/* Takes the first message that is `wanted`, past the others, among those that no pick has looked at yet: each is looked
 * at once, until mailbox_unsee. Of the urgent ones only the next is looked at; a run is wanted or not as a whole, whatever its
 * payloads. NULL when there is none, or no memory to take it. */
struct message *mailbox_pick(struct mailbox *mailbox, bool (*wanted)(void *user, const struct message *message),
                             void *user);

/* Whether the last pick ended before it had looked at all: a wanted one could not be taken. */
static inline bool mailbox_has_unseen(const struct mailbox *mailbox) {
    return mailbox->seen ? mailbox->seen->next != NULL : mailbox->others.first != NULL;
}

static inline void mailbox_unsee(struct mailbox *mailbox) {
    mailbox->seen = NULL;
}

/* Moves what has expired by `now_ns` to `expired` (D8), out of its runs, and finds out when the next will. */
void mailbox_expire(struct mailbox *mailbox, uint64_t now_ns, struct message_list *expired);

/* What one stream, busy or not, may send now: a fair share of the free room among the busy ones (D7a). A share of a
 * mailbox that is not full is never nothing, else one message might wait for ever among a thousand. */
struct mailbox_share {
    size_t messages, bytes;
};
struct mailbox_share mailbox_share(const struct mailbox *mailbox, bool busy);

#endif
