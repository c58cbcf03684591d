/* The test kit: what its process tells, and how it runs. See test_kit.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/test_kit.h"
#include "mesh/base/time.h"
#include "mesh/runtime/actor_report.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/transport.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE_INCARNATION UINT64_C(0x7e57)
#define END_WAIT_MS 60000

/* ---- what the process tells ---- */

static void on_runnable(void *user, struct mesh_address address) {
    struct mesh_test *test = user;
    struct inbox *inbox = test_inbox(test, address);
    if (inbox) {
        inbox_on_mail(inbox);
    } else {
        host_callbacks.runnable(&test->host, address);
    }
}

static void on_settled(void *user, const struct message *message) {
    struct mesh_test *test = user;
    struct bytes text = message->outcome == FRAME_HANDLED ? (struct bytes){0} : view_failure(message);
    struct settled *settled = malloc(sizeof *settled + message->type.size + 1 + text.size + 1);
    if (message->kind != FRAME_USER || !settled) {
        free(settled);
        return;
    }
    char *room = (char *)(settled + 1);
    *settled = (struct settled){
        .content = {.sender = message->sender,
                    .target = message->target,
                    .outcome = (enum mesh_outcome)message->outcome,
                    .maybe_handled = message->maybe_handled,
                    .type = room,
                    .text = room + message->type.size + 1},
    };
    (void)snprintf(room, message->type.size + 1, "%.*s", (int)message->type.size, (const char *)message->type.data);
    (void)snprintf(room + message->type.size + 1, text.size + 1, "%.*s", (int)text.size, (const char *)text.data);
    *test->settled_tail = settled;
    test->settled_tail = &settled->next;
    if (++test->settled_count > SETTLEMENTS_MAX) {
        struct settled *oldest = test->settled;
        test->settled = oldest->next;
        test->settled_count--;
        free(oldest);
    }
}

static void on_unhandled(void *user, struct message *message) {
    struct mesh_test *test = user;
    struct inbox *inbox = test_inbox(test, message->sender);
    if (message->kind != FRAME_USER || !inbox) {
        host_callbacks.unhandled(&test->host, message);
        return;
    }
    inbox_on_failed(inbox, message);
    if (message->outcome == FRAME_DIED) {
        dead_letters_send(&test->host.dead_letters, test->host.process, test->host.log, message);
    }
    message_release(message);
}

enum mesh_status test_begin(struct mesh_test *test, const struct control_create *create, struct mesh_error *error) {
    const struct mesh_type *found = NULL;
    char type[FRAME_TYPE_BYTES + 1];
    (void)snprintf(type, sizeof type, "%.*s", (int)create->type.size, (const char *)create->type.data);
    enum mesh_status status =
        create->source.size > 0
            ? error_set(error, MESH_UNKNOWN_SOURCE, "a test has no sources: give it the types themselves")
            : module_find(&found, test->host.types, type, test->host.origin, error);
    if (status == MESH_OK) {
        status = test_admit(test, found, create, error);
    }
    if (status == MESH_OK && create->supervision.on_failure != CONTROL_STOP) {
        status = test_supervise(test, create->address, &create->supervision);
    }
    if (status == MESH_OK) {
        struct mesh_address parent = create->detached ? process_address(test->host.process) : create->parent;
        bool restarts = create->supervision.on_failure == CONTROL_RESTART;
        status = hosted_begin(&test->host, create->address, parent, found, restarts, error);
    }
    if (status != MESH_OK) {
        test_unsupervise(test, create->address);
        test_dismiss(test, create->address);
    }
    return status;
}

static void on_create(struct mesh_test *test, const struct control_create *create) {
    struct mesh_error error = {0};
    if (test_begin(test, create, &error) == MESH_OK) {
        return;
    }
    struct bytes text = bytes_of_text(error.text);
    hosted_tell(&test->host, &(struct lifecycle_event){.kind = LIFECYCLE_CHILD_ENDED,
                                                       .actor = create->parent,
                                                       .child = create->address,
                                                       .how = MESH_EXITED_UNCREATED,
                                                       .text = text});
    process_gone(test->host.process, create->address,
                 &(struct delivery_gone){.reason = FRAME_NEVER_CREATED, .text = text});
}

/* The last one that registered; only itself steps down (E4). */
static void on_dead_letter_handler(struct mesh_test *test, const struct control_dead_letter_handler *said) {
    struct dead_letters *letters = &test->host.dead_letters;
    if (said->registered) {
        dead_letters_on_handler(letters, &(struct control_dead_letter_handler){
                                             .handler = said->handler, .process = process_address(test->host.process)});
    } else if (mesh_address_equal(said->handler, letters->handler)) {
        dead_letters_on_handler(letters, &(struct control_dead_letter_handler){0});
    }
}

static void on_capabilities(struct mesh_test *test, const struct control_capabilities *changes) {
    enum mesh_status status = test_change_capabilities(test, changes->items, changes->count);
    if (status != MESH_OK) {
        log_write(test->host.log, MESH_LOG_WARNING, NULL, process_address(test->host.process),
                  "the capabilities cannot be changed: %s", mesh_status_text(status));
    }
}

/* What actors say to their admin. */
static void on_control(void *user, struct mesh_address sender, const struct control *control) {
    struct mesh_test *test = user;
    struct inbox *inbox;
    (void)sender;
    if (control->kind == CONTROL_CREATE) {
        on_create(test, &control->create);
    } else if (control->kind == CONTROL_EXITED) {
        test_on_exited(test, &control->exited);
    } else if (control->kind == CONTROL_KILL) {
        hosted_tell(&test->host, &(struct lifecycle_event){.kind = LIFECYCLE_CUT,
                                                           .actor = control->kill.address,
                                                           .text = bytes_of_text("it did not exit in time")});
    } else if (control->kind == CONTROL_STATUS_REQUEST) {
        actor_report_answer(&test->host, process_address(test->host.process), control);
    } else if (actor_report_is_answer(control->kind)) {
        actor_report_on_answer(&test->host, control);
    } else if (control->kind == CONTROL_CAPABILITIES) {
        on_capabilities(test, &control->capabilities);
    } else if (control->kind == CONTROL_SHUTDOWN) {
        hosted_shut_down(&test->host);
    } else if (control->kind == CONTROL_DEAD_LETTER_HANDLER) {
        on_dead_letter_handler(test, &control->dead_letter_handler);
    } else if (control->kind == CONTROL_DEAD_LETTER && (inbox = test_inbox(test, control->dead_letter.handler))) {
        inbox_on_letter(inbox, &control->dead_letter);
    } else if (control->kind == CONTROL_DEAD_LETTER) {
        hosted_on_dead_letter(&test->host, &control->dead_letter);
    }
}

static void on_resolve(void *user, struct mesh_address address, struct mesh_address sender) {
    struct mesh_test *test = user;
    (void)sender;
    struct unknown *unknown = malloc(sizeof *unknown);
    if (unknown) {
        *unknown = (struct unknown){test->unknown, address};
        test->unknown = unknown;
    }
}

/* ---- running; with the baton ---- */

/* All creates have been looked at by now: who is not here never will be. */
static void bury_unknown(struct mesh_test *test) {
    struct unknown *unknown;
    while ((unknown = test->unknown)) {
        test->unknown = unknown->next;
        if (!hosted_find(&test->host, unknown->address)) {
            process_gone(test->host.process, unknown->address, &(struct delivery_gone){.reason = FRAME_EXITED});
        }
        free(unknown);
    }
}

/* One word leads to the next: a failure, a give-up, an end, a parent that is told. */
static bool is_pending(const struct mesh_test *test) {
    struct process *process = test->host.process;
    return lifecycle_is_pending(test->host.lifecycle) &&
           delivery_system_room(process_delivery(process), process_address(process));
}

static void work(struct mesh_test *test) {
    bool more = true;
    while (more) {
        more = host_work(&test->host) || is_pending(test);
        if (!more && test->unknown) {
            bury_unknown(test);
            process_perform(test->host.process);
            more = true;
        }
    }
}

void test_run(struct mesh_test *test) {
    work(test);
    (void)process_turn(test->host.process, process_now(test->host.process));
    work(test);
}

bool test_go_on(struct mesh_test *test, uint64_t until_ns) {
    struct process *process = test->host.process;
    uint64_t now_ns = process_now(process);
    uint64_t next_ns = time_min(process_deadline(process), host_deadline(&test->host));
    if (now_ns >= until_ns || (!test->real_time && until_ns == TIME_NEVER && next_ns == TIME_NEVER)) {
        return false;
    }
    if (test->real_time) {
        (void)process_turn(process, until_ns);
    } else {
        test->now_ns = time_min(until_ns, next_ns > now_ns ? next_ns : now_ns);
    }
    test_run(test);
    return true;
}

uint64_t test_until(const struct mesh_test *test, int timeout_ms) {
    return timeout_ms < 0 ? TIME_NEVER : time_add(process_now(test->host.process), (uint64_t)timeout_ms * NS_PER_MS);
}

/* ---- beginning and end ---- */

static enum mesh_status open_host(struct mesh_test *test, const struct mesh_test_options *options,
                                  struct mesh_error *error) {
    struct process_options process = {
        .role = FRAME_ROLE_ADMIN,
        .incarnation = NODE_INCARNATION,
        .node = NODE_INCARNATION,
        .node_name = "test",
        .clock = options->real_time ? NULL : &test->now_ns,
        .limits = &delivery_limits_default,
        .callbacks = host_callbacks,
    };
    process.callbacks.user = test;
    process.callbacks.runnable = on_runnable;
    process.callbacks.control = on_control;
    process.callbacks.settled = on_settled;
    process.callbacks.unhandled = on_unhandled;
    process.callbacks.resolve = on_resolve;
    enum mesh_status status = memory_hub_new(&test->hub);
    if (status == MESH_OK) {
        status = transport_memory_new(&process.transport, test->hub, NODE_INCARNATION);
    }
    if (status == MESH_OK && options->log) {
        status = log_open_stderr(&test->host.log, MESH_LOG_INFO, error);
        process.log = test->host.log;
    }
    if (status != MESH_OK) {
        return status;
    }
    status = process_new(&test->host.process, &process, 0, error);
    if (status == MESH_OK) {
        status = drive_init(&test->host.drive, test->host.process);
    }
    if (status == MESH_OK) {
        test->began_ns = process_now(test->host.process);
        status = test_open_endpoint(test, &test->own);
    }
    return status;
}

enum mesh_status mesh_test_new(struct mesh_test **out, const struct mesh_test_options *options,
                               struct mesh_error *error) {
    enum mesh_status status = module_check(options->types, "the test", error);
    if (status != MESH_OK) {
        return status;
    }
    struct mesh_test *test = calloc(1, sizeof *test);
    if (!test) {
        return error_set(error, MESH_NO_MEMORY, "no memory for a test");
    }
    test->options = (struct host_options){.node = NODE_INCARNATION, .node_name = "test", .crash_page = -1};
    test->options.incarnation = NODE_INCARNATION;
    map_init(&test->endpoints, sizeof(struct mesh_address), ENDPOINTS_MAX, NODE_INCARNATION);
    test->settled_tail = &test->settled;
    test->now_ns = NS_PER_S;
    test->real_time = options->real_time;
    status = host_init(&test->host, &test->options);
    test->host.types = options->types;
    test->host.origin = "the test";
    test->host.create_named = test_create_named_here;
    if (status == MESH_OK) {
        status = test_init_capabilities(test);
    }
    if (status == MESH_OK) {
        status = open_host(test, options, error);
    }
    if (status != MESH_OK) {
        mesh_test_destroy(&test);
        return error_set(error, status, "a test cannot begin: %s", mesh_status_text(status));
    }
    *out = test;
    return MESH_OK;
}

static void free_lists(struct mesh_test *test) {
    for (struct settled *settled; (settled = test->settled);) {
        test->settled = settled->next;
        free(settled);
    }
    for (struct doomed *doomed; (doomed = test->doomed);) {
        test->doomed = doomed->next;
        free(doomed);
    }
    for (struct supervised *supervised; (supervised = test->supervised);) {
        test->supervised = supervised->next;
        free(supervised);
    }
    for (struct unknown *unknown; (unknown = test->unknown);) {
        test->unknown = unknown->next;
        free(unknown);
    }
    for (struct named *named; (named = test->named);) {
        test->named = named->next;
        free(named);
    }
    free(test->shown);
}

static void end_actors(struct mesh_test *test) {
    process_lock(test->host.process);
    hosted_shut_down(&test->host);
    uint64_t until_ns = test_until(test, END_WAIT_MS);
    test_run(test);
    while (lifecycle_count(test->host.lifecycle) > 0 && test_go_on(test, until_ns)) {
    }
    process_unlock(test->host.process);
}

void mesh_test_destroy(struct mesh_test **destroyed) {
    struct mesh_test *test = destroyed ? *destroyed : NULL;
    if (!test) {
        return;
    }
    *destroyed = NULL;
    if (test->own) {
        end_actors(test);
    }
    test_close_endpoints(test);
    if (test->host.process) {
        drive_fini(&test->host.drive);
    }
    host_fini(&test->host);
    process_destroy(&test->host.process);
    memory_hub_destroy(&test->hub);
    log_close(&test->host.log);
    free_lists(test);
    test_free_capabilities(test);
    free(test);
}
