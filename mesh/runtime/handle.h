/* The inside of a node handle: one program's place on one node.
 *
 * The handle is a process of the mesh with one endpoint of its own, number 1 of its slot: what it tells and asks
 * comes from there, and what is for it arrives there. An ask takes what stands before its reply out of the mailbox
 * and keeps it aside, in order, for the next listen; such a message is settled as handled when it is taken.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_HANDLE_H
#define MESH_RUNTIME_HANDLE_H

#include "mesh/runtime/drive.h"
#include "mesh/runtime/run_path.h"
#include "mesh/runtime/view.h"
#include <mesh/node.h>
#include <mesh/report.h>

enum { HANDLE_ASIDE_MAX = 65536 };

/* A request to the admin that a thread waits for: its answer has the same number. */
struct handle_request {
    struct handle_request *next;
    uint64_t id;
    bool answered;
    enum mesh_status status;
    struct mesh_address address;
    struct mesh_report *report; /* of a status; whoever asked owns it */
    struct mesh_error error;
    const bool *admin_gone; /* of the handle */
};

enum handle_ask {
    HANDLE_ASK_NONE,
    HANDLE_ASK_OPEN,   /* waits for its reply, or may be resumed */
    HANDLE_ASK_FAILED, /* `failed` says why */
};

struct mesh_node {
    struct process *process;
    struct drive drive;
    struct mesh_address endpoint;
    const struct mesh_type *const *types;
    char run_directory[RUN_PATH_BYTES];
    int admin_pidfd; /* readable when the admin has died; -1 when it cannot be had */
    bool admin_gone, link_down;
    uint64_t link_down_ns;

    uint64_t last_id; /* of requests and asks */
    struct handle_request *requests;

    uint64_t rooms;     /* counts up whenever the window has room again; POST_CLOSED at the end */
    bool receiving;     /* a thread is in ask or listen */
    bool may_have_mail; /* the mailbox was told to have something since it was last found empty */
    struct mesh_message *aside, **aside_tail;
    size_t aside_count;

    enum handle_ask ask_state;
    uint64_t ask_id;
    struct mesh_message *ask_reply, *ask_failed;

    bool endpoint_drained, process_drained;
};

/* Sends a request to the admin and waits for the answer, which is then in `request`. MESH_TIMED_OUT,
 * MESH_INTERRUPTED, MESH_CLOSED when the admin is gone, or the status of the answer. With the baton. */
MESH_MUST_USE enum mesh_status handle_request(struct mesh_node *node, struct control *control, uint64_t until_ns,
                                              struct handle_request *request);

/* The callbacks of a process that concern asks and the inbox. */
void handle_on_unhandled(void *user, struct message *message);
void handle_on_answer(struct mesh_node *node, const struct control *control);

/* Puts it behind what waits for listen. */
void handle_put_aside(struct mesh_node *node, struct mesh_message *message);

/* When a wait of `timeout_ms` from now on ends. */
uint64_t handle_until(const struct mesh_node *node, int timeout_ms);

#endif
