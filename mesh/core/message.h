/* One message in the keeping of one process: from submit to settlement, or from receipt to verdict.
 *
 * A message has one owner and stands in one list at a time. Small payloads lie behind the struct in the same
 * allocation; larger ones belong to a part that is shared with the transport.
 *
 * A *run* stands for many: small messages that follow each other in one stream, alike in all but their payloads, in one
 * block. So what waits in its thousands is a fifth as large, and is counted, packed and settled by the run. Its entries have
 * consecutive numbers from `seq` on; those before `begin` have left it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_MESSAGE_H
#define MESH_CORE_MESSAGE_H

#include "proto/frame.h"
#include <stdalign.h>
#include <stddef.h>

struct message_pool;
struct stream_in;

/* What streams look at again and again stands first. What lies behind the struct begins where any type may. */
struct message {
    alignas(max_align_t) struct message *next; /* of the one list it stands in */
    uint64_t seq;                              /* in its stream; 0 before it was first sent, and for local messages */
    union {
        uint32_t slice_bytes; /* going out: what of the payload goes under its own number, the last of it (D6) */
        uint32_t chunks;      /* come in: the numbers before its own that brought slices of it (D6) */
        uint32_t life;        /* of a local one: which life of its sender it is of */
    };
    enum frame_kind kind;
    uint32_t begin, count; /* of a run: its first entry left, and the one after its last; 0 and 1 of any other */
    uint32_t used;         /* of a run: bytes of its block that payloads take up */
    uint64_t deadline_ns;  /* its expiry (D8) */
    struct mesh_address sender, target;
    struct mesh_address asker; /* of a forwarded ask, who asked (D11); none when that is the sender */
    uint64_t ask;              /* correlation; 0 for none */
    uint64_t epoch;            /* of the stream that it came in on; 0 for local messages */
    struct bytes type, payload;
    struct part *part;          /* the payload's owner, or NULL when it lies behind this struct, or in a run */
    struct message *of;         /* the run in which type and payload lie, or NULL */
    struct bytes text;          /* why it failed: owned, see message_set_text */
    enum frame_outcome outcome; /* valid when settled */
    enum frame_reason reason;
    uint32_t holders;         /* the owner and whoever asked to keep it */
    uint16_t flags;           /* FRAME_RUN_* */
    bool maybe_handled;       /* D1: a dead one that may have been handled */
    bool urgent;              /* goes ahead of the mailbox (C5) */
    bool run;                 /* it has a payload for each entry, in its block */
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

static inline void message_list_prepend(struct message_list *list, struct message *message) {
    message->next = list->first;
    list->first = message;
    list->last = list->last ? list->last : message;
}

/* Puts it behind `before`, which is in the list; in front when that is NULL. */
static inline void message_list_insert(struct message_list *list, struct message *before, struct message *message) {
    if (!before) {
        message_list_prepend(list, message);
    } else if (before == list->last) {
        message_list_append(list, message);
    } else {
        message->next = before->next;
        before->next = message;
    }
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

/* Takes the one behind `before`, which is in the list; the first one when that is NULL. NULL when there is none. */
static inline struct message *message_list_take_after(struct message_list *list, struct message *before) {
    if (!before) {
        return message_list_take(list);
    }
    struct message *message = before->next;
    if (message) {
        before->next = message->next;
        list->last = list->last == message ? before : list->last;
        message->next = NULL;
    }
    return message;
}

/* Where small messages come from: blocks of one size kept for reuse, at most `kept_max` of them. One thread. */
enum mesh_status message_pool_new(struct message_pool **out, size_t kept_max);
void message_pool_destroy(struct message_pool **pool);

/* Frees what it keeps for messages to come. */
void message_pool_trim(struct message_pool *pool);

/* A message with its own copy of type and payload, held once; NULL without memory. A payload above FRAME_INLINE_BYTES is
 * copied into a part. */
struct message *message_new(struct message_pool *pool, struct bytes type, struct bytes payload);

/* The same with all that the sender gives from a draft, which is no message of a pool. */
struct message *message_new_from(struct message_pool *pool, const struct message *draft);

/* The same as message_new, but the payload is the part's, which the message then holds too. */
struct message *message_new_part(struct message_pool *pool, struct bytes type, struct part *part);

/* Keeps a copy of at most FRAME_TEXT_BYTES of `text`; without memory the message has no text. */
void message_set_text(struct message *message, struct bytes text);

/* Lets go of a part that nobody else needs: what is kept is only the record of its fate. */
void message_shed(struct message *message);

struct message *message_hold(struct message *message);
void message_release(struct message *message); /* NULL-safe; frees at the last holder */

/* ---- runs ---- */

enum { MESSAGE_RUN_PAYLOAD_BYTES = 2048 }; /* a larger payload never stands in a run */

/* Begins a run with a copy of the message, or of the draft; NULL without memory. */
struct message *message_run_new(struct message_pool *pool, const struct message *like);

/* Whether a message may stand in a run, and whether it is like the messages of this one. */
bool message_may_run(const struct message *message);
bool message_is_alike(const struct message *a, const struct message *b);

/* Appends a payload; false when the run is full. */
bool message_run_add(struct message *run, struct bytes payload);

/* Takes the entries from `at` on, which is neither the first of all nor before `begin`, into a run of their own without a number;
 * NULL without memory. */
struct message *message_run_split(struct message *run, uint32_t at);

/* The first entry, as a message by itself, which holds the run; that it has left is for the caller to say, by `begin`. NULL
 * without memory. */
struct message *message_run_first(struct message *run);

/* How many it stands for. */
static inline size_t message_count(const struct message *message) {
    return message->count - message->begin;
}

/* The number of the last of them. */
static inline uint64_t message_last_seq(const struct message *message) {
    return message->seq + message->count - 1;
}

/* The payload of one entry of a run. */
struct bytes message_entry(const struct message *run, uint32_t i);

/* The payloads of the `count` entries from `from` on. */
void message_entries(const struct message *run, uint32_t from, size_t count, struct bytes *out);

/* How many bytes of payload the entries from `from` to before `to` have. */
size_t message_entries_bytes(const struct message *run, uint32_t from, uint32_t to);

/* How many of the `count` entries from `from` on have together at most so many bytes of payload. */
size_t message_entries_within(const struct message *run, uint32_t from, size_t count, size_t bytes);

/* What a message counts for in windows and mailboxes: payload plus a fixed share for its keeping. */
enum { MESSAGE_OVERHEAD_BYTES = 64 };

static inline size_t message_weight(const struct message *message) {
    size_t bytes =
        message->run ? message_entries_bytes(message, message->begin, message->count) : message->payload.size;
    return bytes + message_count(message) * MESSAGE_OVERHEAD_BYTES;
}

/* Takes a number in its stream but is no message: the sender's record of a slice, or of what was settled before. */
static inline bool message_is_filler(const struct message *message) {
    return message->kind == FRAME_SKIP || message->kind == FRAME_CHUNK;
}

#endif
