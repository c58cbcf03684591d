/* A message as the receiver sees it: read-only, with its sender, its type name and its payload.
 *
 * In a handler it is borrowed and lasts until the handler returns. From ask and listen it is the caller's, who
 * gives it back with mesh_message_release. Views of it (payload, texts, inner message) last as long as it does.
 * All functions here only read and never block. Rules D9, D11.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_MESSAGE_H
#define MESH_MESSAGE_H

#include <mesh/address.h>

struct mesh_message;

/* The type name of a text message; its payload is the text with its terminating zero. */
#define MESH_TEXT "text"

/* Who has made a message, and what for. All but MESH_USER are of the library. */
enum mesh_kind {
    MESH_USER,         /* somebody sent it */
    MESH_EXIT_REQUEST, /* the actor is about to go; the last message but those of its children (C5) */
    MESH_CHILD_EXITED, /* a child is gone: mesh_message_exit (C4) */
    MESH_POISON,      /* what this actor sent has failed at its target: mesh_message_inner, mesh_message_failure (E1) */
    MESH_DEAD_LETTER, /* what somebody sent is dead: mesh_message_inner, mesh_message_dead (E4) */
    MESH_WAKEUP,      /* a timer is over: mesh_message_wakeup (F1) */
    MESH_WATCH,       /* descriptors are readable: mesh_message_ready (F2) */
    MESH_REPORT,      /* the status that this actor requested: mesh_message_report (K1) */
    MESH_UPDATE,      /* a member of the convention, present, added or removed: mesh_message_update (S5A) */
    /* Only where a host is pulled (host.h): */
    MESH_CHECK, /* whether the node suits the actor: mesh_message_fit (H2) */
    MESH_BEGIN, /* its constructor (C3) */
    MESH_END,   /* nothing comes any more; for what its code owns */
    /* Of loadable sources (source.h): */
    MESH_SOURCE,   /* one is loaded, or not any more: mesh_message_source (J6) */
    MESH_VALIDATE, /* one is to be judged: mesh_message_source, and its bytes (J2) */
};

/* Its kind, and who sent it. */
MESH_API enum mesh_kind mesh_message_kind(const struct mesh_message *message);
MESH_API struct mesh_address mesh_message_sender(const struct mesh_message *message);

/* The type name, empty for system messages; never NULL. */
MESH_API const char *mesh_message_type(const struct mesh_message *message);

/* Whether it is a user message of this type. */
MESH_API bool mesh_message_is(const struct mesh_message *message, const char *type);

/* The payload; `*bytes` gets its size. Never NULL, also when empty. */
MESH_API const void *mesh_message_data(const struct mesh_message *message, size_t *bytes);

/* The text of a MESH_TEXT message, terminated; NULL for any other, or when its sender did not terminate it. */
MESH_API const char *mesh_message_text(const struct mesh_message *message);

/* Whether it may have been handled before, by an earlier life of this actor (D4). */
MESH_API bool mesh_message_redelivered(const struct mesh_message *message);

/* How an actor ended (C4). */
enum mesh_how {
    MESH_EXITED_ON_REQUEST = 1,
    MESH_EXITED_ITSELF,
    MESH_EXITED_UNCREATED, /* it never came up: the text says why */
    MESH_EXITED_BY_SIGNAL, /* number: the signal */
    MESH_EXITED_WITH_CODE, /* number: the exit code of its process */
    MESH_EXITED_WITH_NODE, /* its node was lost */
};

/* The end of a child (C4). */
struct mesh_exit {
    struct mesh_address child;
    enum mesh_how how;
    int number;
    const char *text; /* never NULL */
};

/* The content of a MESH_CHILD_EXITED. MESH_INVALID_ARGUMENT for any other kind. */
MESH_MUST_USE MESH_API enum mesh_status mesh_message_exit(const struct mesh_message *message, struct mesh_exit *out);

/* A timer that is over, as it was set. */
struct mesh_timer {
    uint64_t id, delay_ms;
    const void *data; /* lasts as long as the message */
    size_t bytes;
};

/* The content of a MESH_WAKEUP; mesh_message_data gives its payload, too. MESH_INVALID_ARGUMENT for any other kind. */
MESH_MUST_USE MESH_API enum mesh_status mesh_message_wakeup(const struct mesh_message *message, struct mesh_timer *out);

/* Copies at most `max` of the readable descriptors of a MESH_WATCH, and gives how many there are; 0 for any other kind. */
MESH_API size_t mesh_message_ready(const struct mesh_message *message, int *fds, size_t max);

/* Why a message is dead (D1). */
enum mesh_reason {
    MESH_DEAD_EXITED = 1,    /* its target has exited */
    MESH_DEAD_NEVER_CREATED, /* its target never came up */
    MESH_DEAD_EXPIRED,       /* its time (D8), or its sender's (D14), was up before a handler began with it */
    MESH_DEAD_REFUSED,       /* by an admin, or for want of memory at the target */
    MESH_DEAD_WITH_NODE,     /* its target's node was lost */
};

/* What became of a message that is dead (D1). */
struct mesh_dead {
    struct mesh_address target, sender;
    enum mesh_reason reason;
    bool maybe_handled; /* it may have been handled all the same (D1) */
    size_t bytes;       /* of its payload: more than the inner message has when that was cut, to 64 KiB */
};

/* The fate of the inner message of a MESH_DEAD_LETTER. MESH_INVALID_ARGUMENT for any other kind. */
MESH_MUST_USE MESH_API enum mesh_status mesh_message_dead(const struct mesh_message *message, struct mesh_dead *out);

/* Of MESH_POISON and MESH_DEAD_LETTER: the message that failed, and why. NULL for any other kind. */
MESH_API const struct mesh_message *mesh_message_inner(const struct mesh_message *message);
MESH_API const char *mesh_message_failure(const struct mesh_message *message);

/* A copy of a user message, to be answered or looked at after its handler has returned: the caller's, to be given back. NULL without
 * memory, and for a message of any other kind. From any thread. */
MESH_API struct mesh_message *mesh_message_copy(const struct mesh_message *message);

/* Gives back a copy, or a message of ask or listen, and nulls the pointer. NULL-safe. From any thread. */
MESH_API void mesh_message_release(struct mesh_message **message);

#endif
