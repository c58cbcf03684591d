/* The test kit: its endpoints, where a test tells, asks and listens (D11, D12). See test_kit.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/post.h"
#include "mesh/runtime/test_kit.h"
#include <stdlib.h>
#include <string.h>

struct mesh_test_endpoint {
    struct mesh_test *test;
    struct inbox inbox;
};

/* ---- opening and closing ---- */

enum mesh_status test_open_endpoint(struct mesh_test *test, struct mesh_test_endpoint **out) {
    struct mesh_test_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint) {
        return MESH_NO_MEMORY;
    }
    struct mesh_address address;
    endpoint->test = test;
    enum mesh_status status = address_mint(&test->host.mint, &address);
    if (status == MESH_OK) {
        status = map_put(&test->endpoints, &address, endpoint);
    }
    if (status == MESH_OK && (status = inbox_open(&endpoint->inbox, test->host.process, address)) != MESH_OK) {
        (void)map_remove(&test->endpoints, &address);
    }
    if (status != MESH_OK) {
        free(endpoint);
        return status;
    }
    *out = endpoint;
    return MESH_OK;
}

enum mesh_status mesh_test_endpoint_open(struct mesh_test *test, struct mesh_test_endpoint **out) {
    process_lock(test->host.process);
    enum mesh_status status = test_open_endpoint(test, out);
    process_unlock(test->host.process);
    return status;
}

/* What it sent is in mailboxes of this process, so received. */
static void close_endpoint(struct mesh_test_endpoint *endpoint) {
    inbox_close(&endpoint->inbox);
    inbox_fini(&endpoint->inbox);
    (void)map_remove(&endpoint->test->endpoints, &endpoint->inbox.address);
    free(endpoint);
}

void mesh_test_endpoint_close(struct mesh_test_endpoint **closed) {
    struct mesh_test_endpoint *endpoint = closed ? *closed : NULL;
    if (endpoint) {
        struct process *process = endpoint->test->host.process;
        process_lock(process);
        close_endpoint(endpoint);
        process_unlock(process);
        *closed = NULL;
    }
}

void test_close_endpoints(struct mesh_test *test) {
    size_t place = 0;
    for (struct mesh_test_endpoint *endpoint; (endpoint = map_next(&test->endpoints, &place)); place = 0) {
        close_endpoint(endpoint);
    }
    map_fini(&test->endpoints);
}

struct inbox *test_inbox(struct mesh_test *test, struct mesh_address address) {
    struct mesh_test_endpoint *endpoint = map_get(&test->endpoints, &address);
    return endpoint ? &endpoint->inbox : NULL;
}

struct mesh_address mesh_test_endpoint_address(const struct mesh_test_endpoint *endpoint) {
    return endpoint->inbox.address;
}

/* ---- telling, asking, listening ---- */

static enum mesh_status submit(struct mesh_test_endpoint *endpoint, struct post *post) {
    post->from = endpoint->inbox.address;
    post->now_ns = process_now(endpoint->test->host.process);
    return post_now(endpoint->test->host.process, post);
}

static enum mesh_status tell(struct mesh_test_endpoint *endpoint, struct post *post) {
    process_lock(endpoint->test->host.process);
    enum mesh_status status = submit(endpoint, post);
    process_unlock(endpoint->test->host.process);
    return status;
}

enum mesh_status mesh_test_endpoint_tell(struct mesh_test_endpoint *endpoint, struct mesh_address to, const char *type,
                                         const void *data, size_t bytes) {
    struct post post = {.to = to, .kind = FRAME_USER, .type = type, .data = data, .bytes = bytes};
    return tell(endpoint, &post);
}

/* An actor of this process that is gone, and has not forwarded the ask, will not answer (D11). */
static void look_after_asked(struct mesh_test *test, struct inbox *inbox) {
    bool here = hosted_find(&test->host, inbox->asked) || test_inbox(test, inbox->asked);
    if (!here && !forwarded_knows(&test->host.forwarded, inbox->address, inbox->ask_id)) {
        inbox_on_failed(inbox, &(struct message){.kind = FRAME_SKIP,
                                                 .sender = inbox->address,
                                                 .target = inbox->asked,
                                                 .outcome = FRAME_DIED,
                                                 .reason = FRAME_EXITED,
                                                 .maybe_handled = true});
    }
}

/* Of an ask whose time is over, what comes late stays for listen. */
static enum mesh_status await_reply(struct mesh_test *test, struct inbox *inbox, uint64_t until_ns,
                                    struct mesh_message **reply) {
    inbox_await(inbox, until_ns);
    test_run(test);
    look_after_asked(test, inbox);
    while (!inbox_is_answered(inbox) && test_go_on(test, until_ns)) {
        look_after_asked(test, inbox);
    }
    inbox->asking = false;
    if (inbox_is_answered(inbox)) {
        return inbox_take_answer(inbox, reply);
    }
    inbox->ask = INBOX_ASK_NONE;
    return MESH_TIMED_OUT;
}

enum mesh_status mesh_test_endpoint_ask(struct mesh_test_endpoint *endpoint, struct mesh_address to, const char *type,
                                        const void *data, size_t bytes, int timeout_ms, struct mesh_message **reply) {
    struct mesh_test *test = endpoint->test;
    struct post post = {.to = to, .kind = FRAME_USER, .type = type, .data = data, .bytes = bytes};
    *reply = NULL;
    process_lock(test->host.process);
    post.ask = ++test->last_ask;
    inbox_begin_ask(&endpoint->inbox, post.ask, to);
    enum mesh_status status = submit(endpoint, &post);
    if (status == MESH_OK) {
        status = await_reply(test, &endpoint->inbox, test_until(test, timeout_ms), reply);
    } else {
        endpoint->inbox.ask = INBOX_ASK_NONE;
    }
    process_unlock(test->host.process);
    return status;
}

enum mesh_status mesh_test_endpoint_listen(struct mesh_test_endpoint *endpoint, int timeout_ms,
                                           struct mesh_message **out) {
    struct mesh_test *test = endpoint->test;
    process_lock(test->host.process);
    uint64_t until_ns = test_until(test, timeout_ms);
    test_run(test);
    while (!(*out = inbox_take(&endpoint->inbox)) && test_go_on(test, until_ns)) {
    }
    process_unlock(test->host.process);
    return *out ? MESH_OK : MESH_TIMED_OUT;
}

/* ---- at the test's own endpoint ---- */

enum mesh_status mesh_test_tell(struct mesh_test *test, struct mesh_address to, const char *type, const void *data,
                                size_t bytes) {
    return mesh_test_endpoint_tell(test->own, to, type, data, bytes);
}

enum mesh_status mesh_test_tell_text(struct mesh_test *test, struct mesh_address to, const char *text) {
    return mesh_test_tell(test, to, MESH_TEXT, text, strlen(text) + 1);
}

enum mesh_status mesh_test_ask(struct mesh_test *test, struct mesh_address to, const char *type, const void *data,
                               size_t bytes, int timeout_ms, struct mesh_message **reply) {
    return mesh_test_endpoint_ask(test->own, to, type, data, bytes, timeout_ms, reply);
}

enum mesh_status mesh_test_ask_text(struct mesh_test *test, struct mesh_address to, const char *text, int timeout_ms,
                                    struct mesh_message **reply) {
    return mesh_test_ask(test, to, MESH_TEXT, text, strlen(text) + 1, timeout_ms, reply);
}

enum mesh_status mesh_test_listen(struct mesh_test *test, int timeout_ms, struct mesh_message **out) {
    return mesh_test_endpoint_listen(test->own, timeout_ms, out);
}

struct mesh_address mesh_test_address(const struct mesh_test *test) {
    return test->own->inbox.address;
}

enum mesh_status mesh_test_request_exit(struct mesh_test *test, struct mesh_address who, bool alone) {
    uint8_t flag = 1;
    struct post post = {.to = who, .kind = FRAME_EXIT_REQUEST, .type = "", .data = &flag, .bytes = alone ? 1 : 0};
    return tell(test->own, &post);
}
