/* The public face of a message: what a handler borrows and what ask and listen hand out.
 *
 * A handler's lies on its host's stack and points into the message that the delivery keeps. What a program gets is a
 * block of its own, so that it may be given back on any thread, also after its node was detached. A poison and a dead
 * letter are the message that failed, turned round: its inner message is what was sent.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_VIEW_H
#define MESH_RUNTIME_VIEW_H

#include "mesh/core/message.h"
#include <mesh/message.h>

struct mesh_fit;

struct mesh_message {
    enum mesh_kind kind;
    uint32_t flags; /* FRAME_RUN_* */
    struct mesh_address sender;
    struct mesh_address asker; /* of a forwarded ask; else none */
    uint64_t ask;              /* of a wake-up: its timer */
    uint64_t delay_ms;         /* of a wake-up */
    struct mesh_dead dead;     /* of a dead letter */
    struct bytes type, payload;
    struct part *part;                /* that a kept one holds */
    const struct mesh_message *inner; /* of a poison or a dead letter */
    const char *type_text;            /* terminated; NULL until somebody asks */
    char *type_room;                  /* where it goes then */
    const char *failure;              /* never NULL when there is an inner message */
    const char *head;                 /* of what tells of a source */
    struct mesh_message *next;        /* of a program's inbox */
    const struct mesh_fit *fit;       /* of a check */
};

/* A message as a handler sees it, with room for what must be terminated; not to be copied. */
struct view {
    struct mesh_message message, inner;
    char type[FRAME_TYPE_BYTES + 1];
    char failure[FRAME_TEXT_BYTES + 1];
};

/* Shows `message`, which must outlast the view. */
void view_show(struct view *view, const struct message *message);

/* Makes a settled message that failed into the poison for its sender, from this process's own endpoint. It never
 * leaves the process; who failed stands in front of its text. */
void view_turn(struct message *message, struct mesh_address process);

/* An exit request that came by no message: from a signal, or from the process's own end. */
void view_show_exit_request(struct view *view, struct mesh_address sender);

/* A message of the same content that its holder gives back with mesh_message_release; NULL without memory. */
struct mesh_message *view_keep(const struct message *message);

/* What a settled message that failed is to its sender: a poison or a dead letter around it; NULL without memory. */
struct mesh_message *view_keep_failed(const struct message *message);

/* Why a settled message failed, in words: its text, or else its reason. Lasts as long as the message. */
struct bytes view_failure(const struct message *message);

/* The payload of a WAKEUP, which never leaves its process: at most VIEW_WAKEUP_BYTES more than its own. Gives the bytes written. */
enum { VIEW_WAKEUP_BYTES = 16 };
size_t view_pack_wakeup(uint8_t *payload, uint64_t id, uint64_t delay_ms, struct bytes content);

/* The payload of a SOURCE and a VALIDATE, which never leaves its process, has so much in front of its own: hosted_sources.c. */
enum { VIEW_SOURCE_BYTES = 336 };

/* The payload of a DEAD, which never leaves its process: the fate before what the message held. Gives the bytes written. */
size_t view_pack_dead(uint8_t *payload, const struct mesh_dead *dead, struct bytes content);

/* The payload of a CHILD_EXITED, which never leaves its process; at most VIEW_EXIT_BYTES. Gives the bytes written. */
enum { VIEW_EXIT_BYTES = 24 + FRAME_TEXT_BYTES + 1 };
size_t view_pack_exit(uint8_t payload[VIEW_EXIT_BYTES], const struct mesh_exit *exit, size_t text_bytes);

#endif
