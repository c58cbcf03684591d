/* The inside of the test kit: a host whose admin is the test, on a clock of its own.
 *
 * Its process has the admin's role and no peers, so what actors say to their admin comes back here: creates, exits, and
 * questions where an address lives. All actors, light or not, live in the one host.
 *
 * All functions are called with the baton held.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_TEST_KIT_H
#define MESH_RUNTIME_TEST_KIT_H

#include "mesh/core/capability.h"
#include "mesh/core/supervision.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/inbox.h"
#include <mesh/test.h>

struct memory_hub;
struct demand;

enum { SETTLEMENTS_MAX = 65536, ENDPOINTS_MAX = 4096 };

/* A settlement that waits to be looked at: its texts lie behind it. */
struct settled {
    struct settled *next;
    struct mesh_settlement content;
};

/* An actor that is to die of its next message: until it is started anew it has a type of its own. */
struct doomed {
    struct doomed *next;
    struct mesh_address actor;
    int signal;
    bool dead;
    const struct mesh_type *was;
    struct mesh_type type;
};

/* An actor whose create said what becomes of it when it fails (C7). */
struct supervised {
    struct supervised *next;
    struct mesh_address actor;
    struct supervision supervision;
    bool given_up;
    char text[FRAME_TEXT_BYTES]; /* why it is */
};

/* A global name, and who has it as long as that lives (G1). */
struct named {
    struct named *next;
    struct mesh_address actor;
    char name[FRAME_NAME_BYTES + 1];
};

/* An address that nobody knew when it was sent to; its create may be on the way. */
struct unknown {
    struct unknown *next;
    struct mesh_address address;
};

struct mesh_test {
    struct host host; /* first: what it tells goes to the host's own callbacks as well */
    struct host_options options;
    struct memory_hub *hub;
    uint64_t now_ns, began_ns;
    bool real_time;
    struct map endpoints; /* by address */
    struct mesh_test_endpoint *own;
    uint64_t last_ask;
    struct capability_set capabilities;
    struct demand *demands;
    struct settled *settled, **settled_tail, *shown;
    size_t settled_count;
    struct doomed *doomed;
    struct supervised *supervised;
    struct unknown *unknown;
    struct named *named;
};

/* Runs until nothing is left to do at this time, what came due and descriptors that are ready included. */
void test_run(struct mesh_test *test);

/* Goes on to the next thing that comes due, but not beyond `until_ns`, and runs; false when that is reached. */
bool test_go_on(struct mesh_test *test, uint64_t until_ns);

/* The time that a public time-out means. */
uint64_t test_until(const struct mesh_test *test, int timeout_ms);

/* Begins an actor, under its supervision. MESH_UNKNOWN_TYPE, and as test_admit and hosted_begin. */
MESH_MUST_USE enum mesh_status test_begin(struct mesh_test *test, const struct control_create *create,
                                          struct mesh_error *error);

/* ---- supervision: what the directory of a node does ---- */

/* Keeps what is to become of that actor when it fails. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status test_supervise(struct mesh_test *test, struct mesh_address actor,
                                              const struct control_supervision *terms);
void test_unsupervise(struct mesh_test *test, struct mesh_address actor); /* of one that has none too */

/* The actor dies as if by a signal. */
void test_crash(struct mesh_test *test, struct mesh_actor *actor, int signal);

/* It does so of the next user message that its handler is shown. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status test_doom(struct mesh_test *test, struct mesh_actor *actor, int signal);

/* The host says that an actor has ended, or has failed and waits for a word: starts it anew, gives it up, tells its parent. */
void test_on_exited(struct mesh_test *test, const struct control_exited *exited);

/* ---- names: what the leader does ---- */

/* A create with a name, from the test or an actor: as mesh_node_create, but that nothing waits. */
MESH_MUST_USE enum mesh_status test_create_named(struct mesh_test *test, const struct control_create *create,
                                                 struct mesh_address *out, struct mesh_error *error);
/* The same as a host's create_named. */
enum mesh_status test_create_named_here(struct host *host, const struct control_create *create,
                                        struct mesh_address *out);

/* ---- endpoints ---- */

/* As mesh_test_endpoint_open. */
MESH_MUST_USE enum mesh_status test_open_endpoint(struct mesh_test *test, struct mesh_test_endpoint **out);
void test_close_endpoints(struct mesh_test *test);

/* The inbox of that address; NULL when no endpoint has it. */
struct inbox *test_inbox(struct mesh_test *test, struct mesh_address address);

/* ---- capabilities: what the directories of all nodes do ---- */

/* The standard ones (H1). MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status test_init_capabilities(struct mesh_test *test);
void test_free_capabilities(struct mesh_test *test);

/* Whether the actor to be created fits; if so, that is judged again with each change, until it is dismissed (H4).
 * MESH_NO_COMPATIBLE_NODE, MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status test_admit(struct mesh_test *test, const struct mesh_type *type,
                                          const struct control_create *create, struct mesh_error *error);
void test_dismiss(struct mesh_test *test, struct mesh_address actor);

/* Who does not fit any more is asked to exit. As capability_set_put. */
enum mesh_status test_change_capabilities(struct mesh_test *test, const struct frame_capability *items, size_t count);

#endif
