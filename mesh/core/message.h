/* One message in the keeping of one process: from submit to settlement, or from receipt to verdict.
 *
 * A message has one owner and stands in one list at a time. Small payloads lie behind the struct in the same
 * allocation; larger ones belong to a part that is shared with the transport.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_MESSAGE_H
#define MESH_CORE_MESSAGE_H

#include "proto/frame.h"

struct message_pool;
struct stream_in;

/* What streams look at again and again stands first. */
struct message {
    struct message *next; /* of the one list it stands in */
    uint64_t seq;         /* in its stream; 0 before it was first sent, and for local messages */
    union {
        uint32_t slice_bytes; /* going out: what of the payload goes under its own number, the last of it (D6) */
        uint32_t chunks;      /* come in: the numbers before its own that brought slices of it (D6) */
        uint32_t life;        /* of a local one: which life of its sender it is of */
    };
    enum frame_kind kind;
    uint64_t deadline_ns; /* its expiry (D8) */
    struct mesh_address sender, target;
    uint64_t ask;   /* correlation; 0 for none */
    uint64_t epoch; /* of the stream that it came in on; 0 for local messages */
    struct bytes type, payload;
    struct part *part;          /* the payload's owner, or NULL when it lies behind this struct */
    struct bytes text;          /* why it failed: owned, see message_set_text */
    enum frame_outcome outcome; /* valid when settled */
    enum frame_reason reason;
    uint32_t holders;         /* the owner and whoever asked to keep it */
    uint16_t flags;           /* FRAME_RUN_* */
    bool maybe_handled;       /* D1: a dead one that may have been handled */
    bool urgent;              /* goes ahead of the mailbox (C5) */
    struct stream_in *stream; /* that it came in on; NULL for local messages */
    struct message_pool *pool;
};

/* A queue of messages, linked by themselves; all zero when empty. */
struct message_list {
    struct message *first, *last;
};

static inline void message_list_append(struct message_list *list, struct message *message) {
    message->next = NULL;
    if (list->last) {
        list->last->next = message;
    } else {
        list->first = message;
    }
    list->last = message;
}

/* Moves all of `more` behind `list`. */
static inline void message_list_concat(struct message_list *list, struct message_list *more) {
    if (!more->first) {
        return;
    }
    if (list->last) {
        list->last->next = more->first;
    } else {
        list->first = more->first;
    }
    list->last = more->last;
    *more = (struct message_list){0};
}

static inline struct message *message_list_take(struct message_list *list) {
    struct message *message = list->first;
    if (message) {
        list->first = message->next;
        if (!list->first) {
            list->last = NULL;
        }
        message->next = NULL;
    }
    return message;
}

/* Takes the one behind `before`, which is in the list; the first one when that is NULL. */
static inline struct message *message_list_take_after(struct message_list *list, struct message *before) {
    if (!before) {
        return message_list_take(list);
    }
    struct message *message = before->next;
    before->next = message->next;
    list->last = list->last == message ? before : list->last;
    message->next = NULL;
    return message;
}

/* Where small messages come from: blocks of one size kept for reuse, at most `kept_max` of them. One thread. */
enum mesh_status message_pool_new(struct message_pool **out, size_t kept_max);
void message_pool_destroy(struct message_pool **pool);

/* A message with its own copy of type and payload, held once; NULL without memory. A payload above FRAME_INLINE_BYTES is
 * copied into a part. */
struct message *message_new(struct message_pool *pool, struct bytes type, struct bytes payload);

/* The same, but the payload is the part's, which the message then holds too. */
struct message *message_new_part(struct message_pool *pool, struct bytes type, struct part *part);

/* Keeps a copy of at most FRAME_TEXT_BYTES of `text`; without memory the message has no text. */
void message_set_text(struct message *message, struct bytes text);

/* Lets go of a part that nobody else needs: what is kept is only the record of its fate. */
void message_shed(struct message *message);

struct message *message_hold(struct message *message);
void message_release(struct message *message); /* NULL-safe; frees at the last holder */

/* What a message counts for in windows and mailboxes: payload plus a fixed share for its keeping. */
enum { MESSAGE_OVERHEAD_BYTES = 64 };

static inline size_t message_weight(const struct message *message) {
    return message->payload.size + MESSAGE_OVERHEAD_BYTES;
}

/* Takes a number in its stream but is no message: the sender's record of a slice, or of what was settled before. */
static inline bool message_is_filler(const struct message *message) {
    return message->kind == FRAME_SKIP || message->kind == FRAME_CHUNK;
}

#endif
