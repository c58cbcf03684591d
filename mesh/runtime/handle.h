/* The inside of a node handle: one program's place on one node.
 *
 * The handle is a process of the mesh with endpoints. Its own is number 1 of its slot; those that threads open have numbers
 * that stay in the process, so that whoever sends to one that is closed hears that from the process itself.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_HANDLE_H
#define MESH_RUNTIME_HANDLE_H

#include "mesh/base/map.h"
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/runtime/dead_letters.h"
#include "mesh/runtime/drive.h"
#include "mesh/runtime/endpoint.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/node_security.h"
#include "mesh/runtime/run_path.h"
#include "mesh/runtime/view.h"
#include <mesh/node.h>
#include <mesh/report.h>
#include <sys/types.h>

#define HANDLE_DRAIN_WAIT_NS (7 * NS_PER_S) /* D14 */

enum { HANDLE_ENDPOINTS_MAX = 4096 };

/* A request to the admin that a thread waits for: its answer has the same number. */
struct handle_request {
    struct handle_request *next;
    uint64_t id;
    bool answered;
    enum mesh_status status;
    struct mesh_address address;
    struct bytes offered;       /* a source, which the admin asks for part by part (J1) */
    uint64_t extended_ns;       /* so much longer it may take, since a source is arriving (C2) */
    struct mesh_report *report; /* of a status; whoever asked owns it */
    struct mesh_error error;
    const bool *admin_gone;                                               /* of the handle */
    void (*log_reply)(void *user, const struct control_log_reply *reply); /* of a question for lines of a log */
    void *user;
};

/* Sends a request whose answer will be in `request`, which has its callbacks already and stays where it is until handle_end_request: whether it has
 * come or not. As process_send_control; then there is nothing to end. With the baton. */
MESH_MUST_USE enum mesh_status handle_begin_request(struct mesh_node *node, struct control *control,
                                                    struct handle_request *request);
void handle_end_request(struct mesh_node *node, struct handle_request *request);

struct mesh_node {
    struct process *process;
    struct log *log;
    struct node_security *security; /* NULL where nothing is encrypted */
    struct drive drive;
    struct map endpoints; /* by address */
    struct mesh_endpoint *own;
    struct address_mint mint; /* of the others */
    const struct mesh_type *const *types;
    char run_directory[RUN_PATH_BYTES];
    int admin_pidfd; /* readable when the admin has died; -1 when it cannot be had */
    bool admin_gone, link_down;
    uint64_t link_down_ns;

    uint64_t now_ns; /* the present, good enough for tells: see process_now_after */
    unsigned now_calls;
    uint64_t last_id; /* of requests and asks */
    struct handle_request *requests;

    struct dead_letters dead_letters;
    bool process_drained;
};

/* Sends a request to the admin and waits for the answer, which is then in `request`. MESH_TIMED_OUT,
 * MESH_INTERRUPTED, MESH_CLOSED when the admin is gone, or the status of the answer. With the baton. */
MESH_MUST_USE enum mesh_status handle_request(struct mesh_node *node, struct control *control, uint64_t until_ns,
                                              struct handle_request *request);

/* The same for what offers bytes, which the admin asks for before it answers. */
MESH_MUST_USE enum mesh_status handle_offer(struct mesh_node *node, struct control *control, uint64_t until_ns,
                                            struct bytes offered, struct handle_request *request);

/* The same for what is answered by a status alone; `error` may be NULL. Takes the baton. */
MESH_MUST_USE enum mesh_status handle_wish(struct mesh_node *node, struct control *control, int timeout_ms,
                                           struct mesh_error *error);

/* An answer of the admin. */
void handle_on_answer(struct mesh_node *node, const struct control *control);

/* How it attaches: `transport` is NULL for ZeroMQ; tests give the memory transport, and the incarnation that it has. */
struct handle_options {
    const char *run_directory;
    const struct mesh_type *const *types;
    struct transport *transport;
    uint64_t incarnation;             /* 0: one is drawn */
    pid_t admin;                      /* 0: not known */
    const struct mesh_log_taker *log; /* or NULL */
};
MESH_MUST_USE enum mesh_status handle_open(struct mesh_node **out, const struct handle_options *options,
                                           struct mesh_error *error);

/* When a wait of `timeout_ms` from now on ends. */
uint64_t handle_until(const struct mesh_node *node, int timeout_ms);

#endif
