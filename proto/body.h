/* A whole frame as the shells see it: who speaks to whom, and one of the things that can be said.
 *
 * Views, as everything in proto/: on the way in they last until the codec decodes again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_BODY_H
#define PROTO_BODY_H

#include "proto/convention.h"
#include "proto/frame.h"

/* The wire's numbers. */
enum frame_role {
    FRAME_ROLE_ADMIN = 1,
    FRAME_ROLE_HOST,
    FRAME_ROLE_PROGRAM,
};

/* The first frame of every connection, in both directions. */
/* Of each delivery in a node; all 0 when they are not told. */
struct frame_limits {
    uint64_t window_messages, window_bytes, mailbox_messages, mailbox_bytes, message_bytes;
};

struct frame_hello {
    enum frame_role role;
    uint64_t node; /* incarnation of the node's admin; 0 from a program that is new to it */
    struct bytes node_name;
    uint32_t slot;         /* leased slot; 0 asks the admin for one */
    struct bytes endpoint; /* where this process can be connected to; empty when nowhere */
    uint32_t pid;
    uint64_t last_seen;         /* incarnation last seen behind the peer's endpoint; 0 for none */
    struct bytes refusal;       /* why the answering side will not talk; empty when it will */
    struct frame_limits limits; /* from an admin, for the processes of its node */
};

/* The answer to a frame that was meant for another incarnation; from a host that ends, its last word: its own. */
struct frame_stale {
    uint64_t meant;
};

/* A frame on its way through admins, who pass it on unread. Its parts are the first part of that frame and its external payloads;
 * without any it asks whether the way is open. */
struct frame_forward {
    uint64_t origin, origin_node; /* incarnations of the process that sent it, and of its admin */
    uint32_t origin_slot;
    struct bytes origin_endpoint; /* where that process can be reached: see mesh/core/passage.h */
    uint64_t target, target_node; /* of the process that it is for, and of its admin */
    uint64_t number;              /* wants to be told back by the last admin that passes it on; 0: need not */
    uint32_t hops;                /* admins that have passed it on */
    size_t parts_count;
    struct part *const *parts;
};

/* The wire's numbers. */
enum frame_way {
    FRAME_WAY_OPEN = 1, /* what carried that number, and all before it, was passed on */
    FRAME_WAY_FULL,     /* a frame was dropped for want of room */
    FRAME_WAY_CLOSED,   /* there is no connection at present */
    FRAME_WAY_GONE,     /* there is no such process */
};

/* What an admin says of the way to a process, to the origin of a forwarded frame. */
struct frame_passage {
    uint64_t origin, origin_node, target, number;
    enum frame_way way;
};

enum frame_body {
    FRAME_HELLO,
    FRAME_BATCH,
    FRAME_HEARTBEAT,
    FRAME_STALE,
    FRAME_REGISTER,
    FRAME_REGISTERED,
    FRAME_ROSTER,
    FRAME_DEREGISTER,
    FRAME_INVITE,
    FRAME_FORWARD,
    FRAME_PASSAGE,
    FRAME_TRUST,
};

struct frame {
    uint64_t from, to; /* incarnations; `to` is 0 in a first hello */
    enum frame_body body;
    union {
        struct frame_hello hello;
        struct frame_batch batch;
        struct frame_heartbeat heartbeat;
        struct frame_stale stale;
        struct frame_register registration;
        struct frame_registered registered;
        struct frame_roster roster;
        struct frame_deregister deregister;
        struct frame_invite invite;
        struct frame_forward forward;
        struct frame_passage passage;
        struct frame_trust trust;
    };
};

#endif
