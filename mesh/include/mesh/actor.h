/* Actors: what they are made of, and what their code may do.
 *
 * An actor type is a name and a few functions. Each actor has state of its own, zeroed at birth, and handles one
 * message at a time (A1); what a handler returns is its verdict (A5). Types come from a module (a shared object on
 * the node's module path, see MESH_MODULE) or from a program that brings its own (node.h).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_ACTOR_H
#define MESH_ACTOR_H

#include <mesh/message.h>

struct mesh_actor;

/* What became of a message, or of a constructor (A5). */
enum mesh_verdict {
    MESH_DONE,   /* the message is handled */
    MESH_FAILED, /* it is not: shown once more, then returned to its sender as poison (E1); see mesh_fail */
    MESH_EXIT,   /* it is handled, and the actor exits */
};

/* What a node has to offer (H1). Values are written as in a configuration file: true, 42, 2.5, text, "42" for a text that looks like
 * something else, x'00ff' for bytes in hexadecimal, which nobody but who reads them understands, or several that commas part, a list. */
struct mesh_capability {
    const char *name;
    const char *value;
};

/* What a node must have for a type, or for one actor, to be placed on it (H2). But for MESH_PRESENT its value is compared with `value`,
 * numbers by their size, texts by their bytes; what is not there, or of another kind, does not fit. Of a list one item is to suit, with
 * MESH_NOT_EQUAL all of them. */
enum mesh_comparison {
    MESH_PRESENT, /* there, and neither false nor zero nor empty */
    MESH_EQUAL,
    MESH_NOT_EQUAL,
    MESH_LESS,
    MESH_LESS_OR_EQUAL,
    MESH_GREATER,
    MESH_GREATER_OR_EQUAL,
    MESH_IN,   /* equal to one of a list */
    MESH_TOLD, /* no node is judged by it: only the type's check function, and whoever pulls a host, is told it */
};

/* One condition; a node has to meet all of them. */
struct mesh_requirement {
    const char *name;
    enum mesh_comparison comparison;
    const char *
        value; /* as that of a capability; of MESH_IN a list, of MESH_TOLD either, of others no list; NULL for MESH_PRESENT */
};

/* What a check function judges (H2); it lasts for the call. */
struct mesh_fit {
    size_t capabilities_count, requirements_count;
    const struct mesh_capability *capabilities;  /* of the node, in the order of names */
    const struct mesh_requirement *requirements; /* of the creator, which the node meets */
};

/* The value of the node's capability of that name; NULL when it has none. */
MESH_API const char *mesh_fit_value(const struct mesh_fit *fit, const char *name);

/* An actor type: what all of its actors have in common. What it points to lasts as long as the process. */
struct mesh_type {
    const char *name;
    size_t state_bytes; /* of each actor's state, zeroed; 0 for none */
    /* Handles one message. `state` is NULL when state_bytes is 0. */
    enum mesh_verdict (*receive)(struct mesh_actor *self, const struct mesh_message *message, void *state);
    /* Runs before the first message, after creation has succeeded (C3): MESH_FAILED and MESH_EXIT end the actor. May be NULL. */
    enum mesh_verdict (*start)(struct mesh_actor *self, void *state);
    /* Runs after the last message, for what `state` owns. Not after a crash. May be NULL. */
    void (*stop)(struct mesh_actor *self, void *state);
    const struct mesh_requirement *requirements;
    size_t requirements_count;
    void *user; /* for bindings: mesh_actor_user */
    /* Many actors of the type share one process, with the same API and semantics but for what one's crash or long handler does
     * to the others (A4). */
    bool light;
    /* Whether a node that meets all requirements suits an actor of the type (H2). It runs in the host that is to run the actor, before
     * `start`, and again when the node's capabilities change (H4); between handlers. A crash in it counts as no. May be NULL. */
    bool (*check)(const struct mesh_fit *fit, void *user);
};

/* The version of the structs above; a module of another one is refused with a text that says so. */
#define MESH_MODULE_ABI 2

/* What MESH_MODULE makes. */
struct mesh_module {
    unsigned abi;
    const struct mesh_type *const *types; /* NULL-terminated */
};

/* Makes a shared object a module: MESH_MODULE(&counter, &adder) once, at file level. */
#define MESH_MODULE(...)                                                                                               \
    __attribute__((visibility("default"))) extern const struct mesh_module mesh_module;                                \
    const struct mesh_module mesh_module = {MESH_MODULE_ABI, (const struct mesh_type *const[]){__VA_ARGS__, NULL}}

/* ---- what an actor's code may do, from any thread of its process unless said otherwise ---- */

/* Its own address, and that of who created it (C6). */
MESH_API struct mesh_address mesh_self(const struct mesh_actor *self);
MESH_API struct mesh_address mesh_parent(const struct mesh_actor *self);
/* The name of the node that it lives on; lasts as long as the actor. */
MESH_API const char *mesh_actor_node(const struct mesh_actor *self);

MESH_API void *mesh_actor_user(const struct mesh_actor *self); /* the type's user pointer */

/* What becomes of an actor that fails: that a signal kills, whose process ends with an exit code other than 0, or whose
 * constructor fails (C7). A message that fails is none of these, nor is an end that somebody wanted. */
enum mesh_on_failure {
    MESH_STOP, /* it is gone, and its parent is told */
    MESH_RESTART, /* it is started anew at its address with fresh state, and handles what is not settled; its parent is not told */
    MESH_ESCALATE, /* it is gone, and its parent fails too, after it was told and shown an exit request */
};

/* How an actor is created; zero is a child without requirements that is not restarted. */
struct mesh_create_options {
    const struct mesh_requirement *requirements; /* beside those of the type */
    size_t requirements_count;
    enum mesh_on_failure on_failure;
    uint32_t restarts_max;       /* of MESH_RESTART: at most so many, 64 or less (0: 3) ... */
    uint32_t restarts_within_ms; /* ... in so long (0: 5,000); one failure more is its end */
    bool detached; /* a child of nobody but the node that hosts it: nobody is told of its end, and it outlives its
                                  * creator (C6, C8). What a program creates is that anyway */
    const char *
        name; /* global: of 1 to 255 bytes, none a control character; NULL for none. If an actor of the convention has it, that
                       * one is given, whatever its type (G1); else what is created is detached, and has it until it ends */
    const char *
        source; /* the hash of the loaded source that brings the type, 64 hexadecimal digits; NULL: that of the creator, if it is of one; "":
                         * none, so that the type is one of the node's (J3) */
};

/* Creates a child. Never blocks, never fails for want of a place: the address is final at once, messages to it wait for
 * it, and if it cannot be created the parent gets one MESH_CHILD_EXITED that says why (C1, B2). `options` may be NULL.
 * MESH_INVALID_ARGUMENT, MESH_NO_MEMORY, MESH_FULL (children), MESH_SHUTTING_DOWN when this actor is exiting. Rules C6, C7.
 *
 * With a name it waits until the actor is there, 5 s at most, and no other handler of this process runs meanwhile; it gives what
 * mesh_node_create gives, too: MESH_NAME_UNAVAILABLE when no leader can give the name now, MESH_TIMED_OUT when the actor is not up yet,
 * which asking again finds out (G3). */
MESH_MUST_USE MESH_API enum mesh_status mesh_create(struct mesh_actor *self, const char *type,
                                                    const struct mesh_create_options *options,
                                                    struct mesh_address *child);

/* Sends a copy of the payload. Settled exactly once (D1): handled, returned as MESH_POISON, or dead. At the window's
 * limit it waits, in a handler up to send_wait (5 s), then MESH_WOULD_BLOCK with nothing accepted (D7).
 * MESH_INVALID_ADDRESS (E5), MESH_INVALID_ARGUMENT, MESH_TOO_LARGE, MESH_NO_MEMORY, MESH_SHUTTING_DOWN. */
MESH_MUST_USE MESH_API enum mesh_status mesh_send(struct mesh_actor *self, struct mesh_address to, const char *type,
                                                  const void *data, size_t bytes);

/* How a message is sent; zero is as by mesh_send. */
struct mesh_send_options {
    uint32_t expiry_ms; /* 0: the default, 5 minutes (D8) */
    bool no_wait;       /* MESH_WOULD_BLOCK at once at the window's limit */
};

/* As mesh_send, with options. */
MESH_MUST_USE MESH_API enum mesh_status mesh_send_with(struct mesh_actor *self, struct mesh_address to,
                                                       const char *type, const void *data, size_t bytes,
                                                       const struct mesh_send_options *options);

/* Answers `message`: as mesh_send to its sender, or to who asked if it was forwarded; ends the ask that it belongs to, if any
 * (D11). */
MESH_MUST_USE MESH_API enum mesh_status mesh_reply(struct mesh_actor *self, const struct mesh_message *message,
                                                   const char *type, const void *data, size_t bytes);

/* Passes a user message on to another actor, who can answer it as if it had been asked itself: its mesh_reply goes to who asked, and ends
 * that ask (D11). The message is then sent by `self`, to whom it comes back if it fails. As mesh_send; MESH_INVALID_ARGUMENT for
 * any other kind. */
MESH_MUST_USE MESH_API enum mesh_status mesh_forward(struct mesh_actor *self, const struct mesh_message *message,
                                                     struct mesh_address to);

/* mesh_send and mesh_reply with a MESH_TEXT message, formatted as by printf. */
MESH_MUST_USE MESH_API enum mesh_status mesh_send_text(struct mesh_actor *self, struct mesh_address to,
                                                       const char *format, ...) __attribute__((format(printf, 3, 4)));
MESH_MUST_USE MESH_API enum mesh_status mesh_reply_text(struct mesh_actor *self, const struct mesh_message *message,
                                                        const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Asks an actor to exit; its children go with it unless `alone`: then they live on, and nobody is told of their ends (C5). As mesh_send; never waits. */
MESH_MUST_USE MESH_API enum mesh_status mesh_request_exit(struct mesh_actor *self, struct mesh_address who, bool alone);

/* Ends the node that the actor lives on, with all of its actors, itself included (C12). Returns at once; may be called again.
 * MESH_NO_MEMORY, MESH_WOULD_BLOCK: ask again. */
MESH_MUST_USE MESH_API enum mesh_status mesh_shutdown(struct mesh_actor *self);

/* The most payload of a timer. */
#define MESH_WAKEUP_BYTES 4096

/* Sends this actor a MESH_WAKEUP with a copy of the payload, not before the delay is over (F1). Several may be pending; they go
 * with the actor, and do not come to one that exits. `*id`, never 0, is for mesh_cancel_wakeup; `id` may be NULL. From any thread; never
 * waits. MESH_FULL (a million timers in one host), MESH_TOO_LARGE, MESH_INVALID_ARGUMENT, MESH_NO_MEMORY, MESH_SHUTTING_DOWN when
 * this actor is exiting. */
MESH_MUST_USE MESH_API enum mesh_status mesh_wakeup(struct mesh_actor *self, uint64_t delay_ms, const void *data,
                                                    size_t bytes, uint64_t *id);

/* MESH_NOT_FOUND when its message is on its way, or it never was this actor's. From any thread. */
MESH_API enum mesh_status mesh_cancel_wakeup(struct mesh_actor *self, uint64_t id);

/* In a handler, or in `start`: when it has returned, these descriptors are watched, until the next message has been handled; a set
 * that is not stated again is watched no more (F2). When some are readable, or have come to their end, the actor gets one MESH_WATCH
 * that lists them. Closed ones are ignored. The descriptors stay the caller's. MESH_FULL above 64, MESH_INVALID_ARGUMENT
 * outside a handler. */
MESH_MUST_USE MESH_API enum mesh_status mesh_watch(struct mesh_actor *self, const int *fds, size_t count);

/* From now on this actor is its node's dead-letter handler, in place of any other, until it steps down (`on` is false), exits,
 * or another one registers: what actors and programs of the node sent and is dead comes to it as MESH_DEAD_LETTER (E4), also when the
 * sender is gone (D14). Each process of the node learns of it a moment later. MESH_WOULD_BLOCK, MESH_NO_MEMORY, MESH_SHUTTING_DOWN. */
MESH_MUST_USE MESH_API enum mesh_status mesh_dead_letters(struct mesh_actor *self, bool on);

/* In a handler: the text of a failure, for `return mesh_fail(self, "no such file: %s", name);`. Gives MESH_FAILED. */
MESH_API enum mesh_verdict mesh_fail(struct mesh_actor *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with a text as it stands, for bindings; NULL is an empty one. */
MESH_API enum mesh_verdict mesh_fail_text(struct mesh_actor *self, const char *text);

/* How much a line in the log matters. */
enum mesh_level {
    MESH_LOG_ERROR,
    MESH_LOG_WARNING,
    MESH_LOG_INFO,
    MESH_LOG_DEBUG,
};

/* Writes one line to the node's log. Never blocks, from any thread (A7). */
MESH_API void mesh_log(struct mesh_actor *self, enum mesh_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
MESH_API void mesh_log_text(struct mesh_actor *self, enum mesh_level level, const char *text);

#endif
