/* Control: what processes of the mesh ask of each other, as the payload of FRAME_CONTROL messages.
 *
 * Carried on streams, so that a control message is delivered, ordered and acknowledged like any other. All of it is a
 * view: decoded texts are terminated and last until the codec decodes again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include "proto/body.h"
#include <mesh/actor.h>

struct codec;

enum {
    CONTROL_BYTES = 96 * 1024, /* the most that one control message may have when packed */
    CONTROL_TYPES = 1024,      /* actor types in one CONTROL_TYPES */
    CONTROL_LISTED = 4096,     /* actors, members or counters of one node's status; children of one actor's */
    CONTROL_HOPS = 2,          /* admins that pass the question for an actor's status on */
    CONTROL_LOG_COUNT = 1024,  /* of a log in one message */
    CONTROL_LOG_LINE_BYTES = 2048,
    CONTROL_NAMES = 256,       /* names in one NamesHeld */
    CONTROL_RESTARTS_MAX = 64, /* the most that a create may allow (C7) */
    CONTROL_STATUS_MAX = MESH_PARTIAL,
    CONTROL_HASH_BYTES = 32,        /* SHA-256 of a source (J1) */
    CONTROL_PART_BYTES = 64 * 1024, /* the most of a source that one message carries */
    CONTROL_INFO_BYTES = 255,       /* of a source's info text */
    CONTROL_SOURCES = 256,          /* in one node's status */
};

/* How an actor ended (C4); the wire's numbers, and those of enum mesh_how. */
enum control_how {
    CONTROL_HOW_UNKNOWN,
    CONTROL_EXIT_REQUEST,
    CONTROL_OWN_EXIT,
    CONTROL_NOT_CREATED,
    CONTROL_SIGNAL,
    CONTROL_EXIT_CODE,
    CONTROL_NODE_LOST,
};

/* What becomes of an actor that fails (C7); the wire's numbers, and those of enum mesh_on_failure. */
enum control_on_failure {
    CONTROL_STOP,
    CONTROL_RESTART,
    CONTROL_ESCALATE,
};

struct control_supervision {
    enum control_on_failure on_failure;
    uint32_t restarts_max, within_ms; /* of CONTROL_RESTART: at most so many in so long */
};

struct control_create {
    struct mesh_address address; /* none: the hosting admin mints it (C6) */
    struct mesh_address parent;
    struct bytes type, program; /* program: the executable that brings the type; empty for a module */
    size_t requirements_count, creators_count,
        refused_count; /* the first requirements are the creator's, the others its type's */
    const struct frame_requirement *requirements;
    const uint64_t *refused_by; /* admins that cannot host it: no loops (H3) */
    enum mesh_status status;    /* of the last refusal */
    struct bytes refusal;
    struct control_supervision supervision;
    bool detached;            /* its parent is the admin that hosts it (C6) */
    struct bytes name;        /* global (G1): the address is none then; empty: it has none */
    uint64_t name_epoch;      /* of the leader that gave it; 0: it is still to be asked for */
    struct bytes source;      /* hash of the loaded source that brings the type; empty: none (J3) */
    uint64_t source_load;     /* which load of it; 0: not known yet */
    uint64_t source_unloaded; /* loads of it up to that one are unloaded, as somebody on the way knows (J5) */
    uint64_t source_from;     /* an admin that has it; 0: not known (J4) */
};

struct control_created {
    struct mesh_address address;
    uint64_t process, admin; /* process: 0 when only the address is known, by its name */
    struct bytes endpoint;
    bool detached; /* of one that is known to be up: it outlives its creator (C6) */
};

struct control_create_failed {
    struct mesh_address address;
    enum mesh_status status;
    struct bytes text;
};

struct control_resolve {
    struct mesh_address address, sender; /* sender: of the stream whose floors a Gone shall tell */
};

struct control_resolved {
    struct mesh_address address, sender; /* as in the question */
    uint64_t process;
    struct bytes endpoint;
    uint64_t life;     /* how often the actor was started anew before (C7) */
    bool floors_known; /* of the stream's part in an earlier life of the actor, which `text` says the end of (C7) */
    uint64_t epoch, handled, in_hand;
    struct bytes text;
};

struct control_gone {
    struct mesh_address address, sender; /* as in the question */
    enum frame_reason reason;
    struct bytes text;
    bool floors_known;
    uint64_t epoch, handled, in_hand;
};

struct control_exited {
    struct mesh_address address;
    enum control_how how;
    int number;
    struct bytes text;
    bool failed;    /* a host's word: not by anybody's will (C7) */
    bool escalates; /* an admin's: the parent shall exit too (C7) */
    bool alone;     /* a host's: it leaves its children be (C5) */
};

struct control_type {
    struct bytes name;
    bool light; /* its actors share hosts (A4) */
    size_t requirements_count;
    const struct frame_requirement *requirements;
};

/* Actor types that a program brings: hosts for them are started from its executable. */
struct control_types {
    struct bytes program;
    size_t count;
    const struct control_type *types;
};

struct control_actor_status {
    struct mesh_address address, parent;
    struct bytes type, state;
    uint32_t pid;
    uint64_t mailbox, handled, busy_ms, unsettled;
    uint64_t children_count; /* all that live */
};

struct control_member_status {
    struct bytes name, endpoint, state;
    uint64_t silent_ms;
    uint64_t incarnation; /* 0: of a guest that has not come */
};

struct control_counter {
    struct bytes name;
    uint64_t value;
};

struct control_held_name {
    struct bytes name;
    struct mesh_address address; /* none: its actor is still being created */
    uint64_t epoch;              /* of the leader that gave it */
};

struct control_source_status {
    struct bytes hash, info, state;
    uint64_t size, load, processes;
};

struct control_node_status {
    struct frame_member member;
    bool acting;
    uint64_t leader, uptime_ms;
    uint32_t pid;
    size_t actors_count, counters_count, members_count, names_count, watchers_count, sources_count;
    const struct control_actor_status *actors;
    const struct control_counter *counters;
    const struct control_member_status *members;
    const struct control_held_name *names;
    const struct mesh_address *watchers; /* actors that are told of members (S5A) */
    const struct control_source_status *sources;
    struct mesh_address authority; /* of sources (J2); none: there is none */
    struct bytes note;             /* what an operator of a leader should know; empty for nothing */
};

/* Of one actor. What its host says, or, when that has not answered, what its admin knows of it. */
struct control_actor_report {
    struct control_actor_status actor;
    struct bytes node_name, in_hand; /* in_hand: type of the message in its handler; empty for none */
    bool light, exiting;
    uint64_t restarts; /* its admin's word */
    bool secondhand; /* the host has not answered: streams, watched descriptors and which children live are not known */
    uint64_t mailbox_bytes, unsettled_bytes, streams_out, streams_in, timers, watched;
    size_t children_listed, counters_count;
    const struct mesh_address *children;
    const struct control_counter *counters;
};

struct control_status_request {
    bool whole_convention;
    struct mesh_address address; /* of an actor; none: of the node that is asked */
    uint32_t hops;               /* admins that have passed it on */
    bool brief;                  /* one node of many that are asked: it lists fewer actors */
    struct bytes name;           /* of the global names this one alone, and no actors; empty: the first CONTROL_NAMES */
};

struct control_status_reply {
    size_t nodes_count;
    const struct control_node_status *nodes;
};

/* The dead-letter handler of a node, and the process that it lives in; none: nobody is registered (E4). */
struct control_dead_letter_handler {
    struct mesh_address handler, process;
    bool registered; /* a host's word: it registers; else it steps down */
};

struct control_dead_letter {
    struct mesh_address handler, target, sender;
    uint64_t ask; /* of the handler, which is an endpoint then: nobody will answer it (D11); else 0 */
    enum frame_reason reason;
    bool returned; /* only of an ask */
    bool maybe_handled;
    struct bytes type, payload, text;
    uint64_t payload_bytes; /* of all of it */
};

struct control_preregister {
    struct bytes endpoint;
    size_t expected_count;
    const struct frame_requirement *expected;
    bool passed_on; /* by an admin that does not lead */
};

struct control_dismiss {
    struct bytes endpoint; /* empty: `admin` is meant */
    uint64_t admin;
    bool passed_on;
};

struct control_unreached {
    struct bytes endpoint, text;
};

/* Of a member's log, for that of its leader (K2). */
struct control_log_lines {
    uint64_t lost; /* so many more there were */
    size_t count;
    const struct bytes *lines; /* as log_line_print writes them, without the newline */
};

struct control_log_request {
    struct bytes node; /* its name; empty: the one that is asked */
    enum mesh_level level;
    uint64_t file, offset; /* the place; file 0: some way before the end */
    uint32_t wait_ms;
    bool passed_on; /* by another admin */
};

struct control_log_reply {
    struct bytes node;
    uint64_t file, offset;
    bool end, skipped;
    size_t count;
    const struct bytes *lines;
    struct bytes note; /* why there is nothing to read; empty when there is */
};

struct control_watch_members {
    struct mesh_address actor;
    bool on;
};

struct control_member_update {
    struct mesh_address watcher;
    struct frame_member member;
    bool added;
    struct bytes text;
};

/* From a process of the node: what is to change, to nothing what has no value; from a member: all that it has. */
struct control_capabilities {
    size_t count;
    const struct frame_capability *items;
};

struct control_member_key {
    struct frame_trusted word; /* without a stamp */
    bool force;                /* also when it leaves a node that is asked without a key */
    bool passed_on;            /* by an admin that does not lead */
};

/* A host's question what the check function of an actor's type shall judge, and its admin's answer. */
struct control_check {
    struct mesh_address address;
    size_t capabilities_count, requirements_count;
    const struct frame_capability *capabilities;  /* of the node */
    const struct frame_requirement *requirements; /* the creator's */
};

/* May an actor of that name be created, or who has it? */
struct control_name_request {
    struct bytes name;
};

struct control_name_grant {
    struct bytes name;
    uint64_t epoch; /* of the leader that gives it */
    enum mesh_status status;
    struct bytes text;
    struct mesh_address address; /* who has it, hosted by `admin`; none: the asker may create it */
    uint64_t admin;
};

/* What a node holds: all of it in parts, the first and the last of which say so, or what is new. */
struct control_names_held {
    uint64_t epoch; /* of the leader that wanted to know */
    bool first, last;
    size_t count;
    const struct control_held_name *names;
};

struct control_name_freed {
    struct bytes name;
    struct mesh_address address; /* that has exited; none: what became of its create */
    uint64_t admin;              /* that created it, and will say so; 0: it was not created */
};

/* Another has it by the word of a later leader. */
struct control_name_taken {
    struct bytes name;
    struct mesh_address address;
};

/* What is said about a source (J1 to J6); the wire's numbers. Bytes go only to who asks for them, part by part: so nobody is flooded.
 *
 *   process -> admin   Load, whose bytes are wanted by the number of the request; Unload; Authority, Watch
 *   admin -> host      Validate, whose bytes are wanted by the hash; Update
 *   host -> admin      Validated, whose plain bytes, if they are others, are wanted by `number`; Refused
 *   admin -> admin     Fetch -> Offer, whose bytes are wanted by the hash; Unload; Arriving, about a create
 *   whoever receives   Wanted -> Part
 *
 * Load, Unload and Fetch are answered by Done when nothing else is. */
enum control_source_what {
    CONTROL_SOURCE_LOAD = 1,  /* `size`, `text` is its info */
    CONTROL_SOURCE_UNLOAD,    /* from an admin: every load up to `load`; without an id it is not answered */
    CONTROL_SOURCE_FETCH,     /* who has it? */
    CONTROL_SOURCE_OFFER,     /* `size`, `load`, `text`; `number`: size of the plain bytes, 0 when they are the same */
    CONTROL_SOURCE_WANTED,    /* from `offset` on; `flag`: of the plain bytes */
    CONTROL_SOURCE_PART,      /* `offset`, `data` */
    CONTROL_SOURCE_VALIDATE,  /* `actor` shall judge it: `size`, `text` */
    CONTROL_SOURCE_VALIDATED, /* `flag`: its bytes are plain; else `size` and `number` of those that are */
    CONTROL_SOURCE_REFUSED,   /* `text` says why */
    CONTROL_SOURCE_AUTHORITY, /* `actor` is the node's Source Authority from now on, with `flag`; or not any more */
    CONTROL_SOURCE_WATCH,     /* `actor` wants to be told of sources, with `flag`; or not any more */
    CONTROL_SOURCE_UPDATE,    /* `actor` is told of it: loaded, with `flag`; or not any more; `text`, `load`, `size` */
    CONTROL_SOURCE_ARRIVING,  /* the create of that id has waited `number` milliseconds for its source (C2) */
};

struct control_source {
    enum control_source_what what;
    struct bytes hash; /* CONTROL_HASH_BYTES of them; none of an Authority, Watch and Arriving */
    uint64_t size, offset, load, number;
    struct mesh_address actor;
    bool flag;
    struct bytes text, data;
};

enum control_kind {
    CONTROL_CREATE,
    CONTROL_CREATED,
    CONTROL_CREATE_FAILED,
    CONTROL_RESOLVE,
    CONTROL_RESOLVED,
    CONTROL_GONE,
    CONTROL_EXITED,
    CONTROL_STATUS_REQUEST,
    CONTROL_STATUS_REPLY,
    CONTROL_SHUTDOWN,
    CONTROL_PROGRAM_TYPES,
    CONTROL_KILL,
    CONTROL_DONE,
    CONTROL_DEAD_LETTER_HANDLER,
    CONTROL_DEAD_LETTER,
    CONTROL_ACTOR_REPORT,
    CONTROL_PREREGISTER,
    CONTROL_DISMISS,
    CONTROL_WATCH_MEMBERS,
    CONTROL_MEMBER_UPDATE,
    CONTROL_NAME_REQUEST,
    CONTROL_NAME_GRANT,
    CONTROL_NAMES_HELD,
    CONTROL_NAME_FREED,
    CONTROL_NAMES_WANTED,
    CONTROL_NAME_TAKEN,
    CONTROL_CAPABILITIES,
    CONTROL_CHECK,
    CONTROL_MEMBER_KEY,
    CONTROL_KEYS_CHANGED, /* the members file in the run directory says something else now */
    CONTROL_UNREACHED,    /* the leader cannot call this node where it says that it is reached */
    CONTROL_LOG_LINES,    /* a member's warnings and worse, for its leader's log */
    CONTROL_LOG_REQUEST,
    CONTROL_LOG_REPLY,
    CONTROL_SOURCE,
    CONTROL_MET, /* the receiver is on the roster of who says so, and may have missed what that had to say before */
};

struct control {
    uint64_t id; /* pairs a request with its reply */
    enum control_kind kind;
    union {
        struct control_create create;
        struct control_created created;
        struct control_create_failed create_failed;
        struct control_resolve resolve;
        struct control_resolved resolved;
        struct control_gone gone;
        struct control_exited exited;
        struct control_status_request status_request;
        struct control_status_reply status_reply;
        struct {
            uint32_t timeout_ms;
        } shutdown;
        struct control_types types;
        struct {
            struct mesh_address address;
        } kill; /* its parent waited long enough for it (C5) */
        struct {
            enum mesh_status status;
            struct bytes text;
        } done;
        struct control_dead_letter_handler dead_letter_handler;
        struct control_dead_letter dead_letter;
        struct control_actor_report actor_report;
        struct control_preregister preregister;
        struct control_dismiss dismiss;
        struct control_watch_members watch_members;
        struct control_member_update member_update;
        struct control_name_request name_request;
        struct control_name_grant name_grant;
        struct control_names_held names_held;
        struct control_name_freed name_freed;
        struct {
            uint64_t epoch;
        } names_wanted; /* by a leader */
        struct control_name_taken name_taken;
        struct control_capabilities capabilities;
        struct control_check check;
        struct control_member_key member_key;
        struct control_unreached unreached;
        struct control_log_lines log_lines;
        struct control_log_request log_request;
        struct control_log_reply log_reply;
        struct control_source source;
    };
};

/* Packs it into memory of the codec, valid until it encodes again. MESH_TOO_LARGE, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status control_encode(struct codec *codec, const struct control *control, struct bytes *out);

/* MESH_PROTOCOL for what is malformed or above a limit. */
MESH_MUST_USE enum mesh_status control_decode(struct codec *codec, struct bytes packed, struct control *out);

#endif
