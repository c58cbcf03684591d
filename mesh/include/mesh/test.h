/* The test kit: actors in one process, without a node, on virtual time.
 *
 * The same code runs the actors as in a host: mailboxes, acknowledgements, retries, exits, timers. What is missing is the
 * processes, so a crash is injected, and the wire. Nothing moves unless the test moves it: what is told is handled by
 * the next run, ask, listen or advance, and time stands still but for advance and the waits of ask and listen, which leap
 * to whatever comes next. So a test of five minutes takes no time, and each run is like the other.
 *
 *   struct mesh_test *test;
 *   mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL);
 *   mesh_test_create(test, "counter", NULL, &counter, NULL);
 *   mesh_test_ask_text(test, counter, "how many", 1000, &reply);
 *   mesh_test_destroy(&test);
 *
 * Supervision is that of a node (C7), and so are detached actors (C6), the ends that parents hear of (C4), dead letters and their
 * handler (E4), requirements, check functions and capabilities (H2a), endpoints and their inboxes (D11, D12). What is not as on a node:
 *   - A crash is that of one actor; on a node it takes the light actors of the same process along (A4).
 *   - How far a crashed actor had come is always on record, so no message is marked redelivered (D4).
 *   - A send at the window's limit waits for nobody, as between actors of one process (D7).
 *   - There is no convention: what is told a leader about guests comes to nothing, and nobody is told of members.
 *   - Only signals are injected. A handler that really crashes, or calls exit(), ends the test; no node is ever lost.
 *
 * One thread uses a test; threads that actors make may send. Rules A1 to F2.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_TEST_H
#define MESH_TEST_H

#include <mesh/actor.h>
#include <mesh/error.h>

struct mesh_test;

/* What a test is made of. */
struct mesh_test_options {
    const struct mesh_type *const *types; /* NULL-terminated */
    bool real_time;                       /* time is the clock's: advance, ask and listen wait */
    bool log;                             /* what a node would log goes to the standard error */
};

/* MESH_LOAD_FAILED when a type is malformed, with a text that says how; MESH_NO_MEMORY. `error` may be NULL, here and below. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_new(struct mesh_test **out, const struct mesh_test_options *options,
                                                      struct mesh_error *error);

/* Has all actors exit, so that their `stop` has run, and frees everything. Nulls the pointer; NULL-safe. */
MESH_API void mesh_test_destroy(struct mesh_test **test);

/* Creates a top-level actor; its constructor runs with the next run. MESH_INVALID_ARGUMENT for options that mesh_create refuses,
 * MESH_UNKNOWN_TYPE, MESH_NO_COMPATIBLE_NODE with a text that says what is missing, MESH_FULL, MESH_NO_MEMORY. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_create(struct mesh_test *test, const char *type,
                                                         const struct mesh_create_options *options,
                                                         struct mesh_address *out, struct mesh_error *error);

/* What the test's node has to offer (H1): `value` as that of a mesh_capability; NULL: nothing. At first there are
 * the standard ones alone, which cannot be set. What requires something that is not there any more is asked to exit, with the next run; to set
 * what is so already does nothing (H4). MESH_REFUSED for a standard one, MESH_INVALID_ARGUMENT, MESH_TOO_LARGE, MESH_NO_MEMORY. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_set_capability(struct mesh_test *test, const char *name,
                                                                 const char *value);

/* Sends from the test's own endpoint. As mesh_tell, but at the window's limit MESH_WOULD_BLOCK at once. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_tell(struct mesh_test *test, struct mesh_address to, const char *type,
                                                       const void *data, size_t bytes);
MESH_MUST_USE MESH_API enum mesh_status mesh_test_tell_text(struct mesh_test *test, struct mesh_address to,
                                                            const char *text);

/* Sends and runs until the answer is there. Statuses and ownership of `*reply` as mesh_ask. Other messages stay for
 * mesh_test_listen, and so does an answer that comes late. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_ask(struct mesh_test *test, struct mesh_address to, const char *type,
                                                      const void *data, size_t bytes, int timeout_ms,
                                                      struct mesh_message **reply);
MESH_MUST_USE MESH_API enum mesh_status mesh_test_ask_text(struct mesh_test *test, struct mesh_address to,
                                                           const char *text, int timeout_ms,
                                                           struct mesh_message **reply);

/* Runs until there is a message for the test's endpoint, which is the caller's, and handled by that. MESH_TIMED_OUT. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_listen(struct mesh_test *test, int timeout_ms,
                                                         struct mesh_message **out);

/* The endpoint's address, for actors that are to send to it. */
MESH_API struct mesh_address mesh_test_address(const struct mesh_test *test);

/* ---- private endpoints (D12) ---- */

/* One more endpoint with an address and an inbox of its own, as a thread of a program opens one. The functions are those above, which are
 * these on the test's own endpoint. */
struct mesh_test_endpoint;

/* It lasts until it is closed or the test is destroyed. MESH_FULL at 4096, MESH_NO_MEMORY. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_endpoint_open(struct mesh_test *test,
                                                                struct mesh_test_endpoint **out);

/* What is unread is dead (exited). Nulls the pointer; NULL-safe. */
MESH_API void mesh_test_endpoint_close(struct mesh_test_endpoint **endpoint);

/* As those of the test itself. */
MESH_API struct mesh_address mesh_test_endpoint_address(const struct mesh_test_endpoint *endpoint);
MESH_MUST_USE MESH_API enum mesh_status mesh_test_endpoint_tell(struct mesh_test_endpoint *endpoint,
                                                                struct mesh_address to, const char *type,
                                                                const void *data, size_t bytes);
MESH_MUST_USE MESH_API enum mesh_status mesh_test_endpoint_ask(struct mesh_test_endpoint *endpoint,
                                                               struct mesh_address to, const char *type,
                                                               const void *data, size_t bytes, int timeout_ms,
                                                               struct mesh_message **reply);
MESH_MUST_USE MESH_API enum mesh_status mesh_test_endpoint_listen(struct mesh_test_endpoint *endpoint, int timeout_ms,
                                                                  struct mesh_message **out);

/* ---- running ---- */

/* Runs until nothing is left to do at this time. */
MESH_API void mesh_test_run(struct mesh_test *test);

/* Lets that much time go by, and runs what comes due in its order. */
MESH_API void mesh_test_advance(struct mesh_test *test, uint64_t span_ms);

/* Since the test began. */
MESH_API uint64_t mesh_test_now_ms(const struct mesh_test *test);

/* As mesh_node_request_exit: the actor exits with the next run. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_request_exit(struct mesh_test *test, struct mesh_address who,
                                                               bool alone);

/* The actor dies now as if its process had been killed by that signal: its `stop` does not run, its children are asked to exit. Then its
 * supervision acts with the next run: its mailbox is dead and its parent hears of it, or it is started anew and what waited is
 * handled (C7). MESH_NOT_FOUND. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_crash(struct mesh_test *test, struct mesh_address actor, int signal);

/* The same while it handles the next user message, which its handler does not see: it goes back to its sender as poison (E3). Asked
 * twice before that, the later signal counts. MESH_NOT_FOUND, MESH_NO_MEMORY. */
MESH_MUST_USE MESH_API enum mesh_status mesh_test_crash_in_handler(struct mesh_test *test, struct mesh_address actor,
                                                                   int signal);

/* Whether it is there, exiting or not. */
MESH_API bool mesh_test_lives(const struct mesh_test *test, struct mesh_address actor);

/* ---- what became of each message (D1) ---- */

/* What became of a message (D1). */
enum mesh_outcome {
    MESH_OUTCOME_HANDLED,
    MESH_OUTCOME_RETURNED, /* as poison: `text` says why */
    MESH_OUTCOME_DEAD,
};

/* Of one user message. Texts last until the next call. */
struct mesh_settlement {
    struct mesh_address sender, target;
    enum mesh_outcome outcome;
    bool maybe_handled; /* of a dead one */
    const char *type, *text;
};

/* The next settlement, in their order; false when there is none yet. At most 65,536 wait; the oldest give way. */
MESH_API bool mesh_test_settled(struct mesh_test *test, struct mesh_settlement *out);

/* User and system messages: accepted = handled + returned + dead + abandoned + in_flight, at all times. */
struct mesh_test_counts {
    uint64_t accepted, handled, returned, dead, abandoned, in_flight;
};
/* What has been counted since the test began. */
MESH_API struct mesh_test_counts mesh_test_counts(const struct mesh_test *test);

#endif
