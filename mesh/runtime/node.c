/* Attaching to a node, and leaving it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/host.h"
#include "mesh/runtime/incarnation.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/post.h"
#include "mesh/runtime/requirement.h"
#include "mesh/runtime/start.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINK_WAIT_NS (2 * NS_PER_S) /* a node whose admin cannot be reached for so long is gone */
#define LETTERS_WAIT_NS (1 * NS_PER_S)

enum { ATTACH_WAIT_MS = 5000 };

/* ---- what the process tells ---- */

static struct mesh_endpoint *find(const struct mesh_node *node, struct mesh_address address) {
    return map_get(&node->endpoints, &address);
}

static void on_runnable(void *user, struct mesh_address address) {
    struct mesh_endpoint *endpoint = find(user, address);
    if (endpoint) {
        inbox_on_mail(&endpoint->inbox);
    }
}

static void on_control(void *user, struct mesh_address sender, const struct control *control) {
    struct mesh_node *node = user;
    if (control->kind == CONTROL_DEAD_LETTER) { /* from wherever an ask was forwarded to */
        struct mesh_endpoint *endpoint = find(node, control->dead_letter.handler);
        if (endpoint) {
            inbox_on_letter(&endpoint->inbox, &control->dead_letter);
        }
        return;
    }
    if (!mesh_address_equal(sender, process_admin(node->process))) {
        return;
    }
    if (control->kind == CONTROL_DEAD_LETTER_HANDLER) {
        dead_letters_on_handler(&node->dead_letters, &control->dead_letter_handler);
    } else if (control->kind == CONTROL_KEYS_CHANGED) {
        node_security_on_keys_changed(node->security, node->process, node->log);
    } else {
        handle_on_answer(node, control);
    }
}

static void on_unhandled(void *user, struct message *message) {
    struct mesh_node *node = user;
    struct mesh_endpoint *endpoint = find(node, message->sender);
    if (endpoint) {
        inbox_on_failed(&endpoint->inbox, message);
    }
    if (message->kind == FRAME_USER && message->outcome == FRAME_DIED) {
        dead_letters_send(&node->dead_letters, node->process, node->log, message);
    }
    message_release(message);
}

static void on_unclaimed(void *user, const struct message *message) {
    struct mesh_node *node = user;
    dead_letters_send_unclaimed(&node->dead_letters, node->process, node->log, message);
}

static void on_room(void *user, struct mesh_address address) {
    struct mesh_endpoint *endpoint = find(user, address);
    if (endpoint) {
        endpoint_on_room(endpoint);
    }
}

static void on_drained(void *user, struct mesh_address address) {
    struct mesh_node *node = user;
    struct mesh_endpoint *endpoint = find(node, address);
    if (endpoint) {
        endpoint->drained = true;
    } else {
        node->process_drained = true;
    }
}

static void admin_is_gone(struct mesh_node *node) {
    size_t place = 0;
    struct mesh_endpoint *endpoint;
    node->admin_gone = true;
    while ((endpoint = map_next(&node->endpoints, &place))) {
        endpoint_on_gone(endpoint);
    }
}

static void on_link(void *user, uint64_t peer, const char *endpoint, enum process_link link) {
    (void)endpoint;
    struct mesh_node *node = user;
    /* Attaching tells of the first link itself. */
    if (!node->process || peer != process_admin(node->process).node) {
        return;
    }
    if (link == PROCESS_LINK_UP) {
        node->link_down = false;
    } else if (!node->link_down) {
        node->link_down = true;
        node->link_down_ns = process_now(node->process);
    }
}

static void on_admin_died(void *user, int fd) {
    struct mesh_node *node = user;
    process_unwatch(node->process, fd);
    admin_is_gone(node);
}

static uint64_t on_tick(void *user, uint64_t now_ns) {
    struct mesh_node *node = user;
    uint64_t told_ns = dead_letters_tick(&node->dead_letters, node->log, now_ns);
    if (!node->link_down || node->admin_gone) {
        return told_ns;
    }
    uint64_t end_ns = node->link_down_ns + LINK_WAIT_NS;
    if (now_ns >= end_ns) {
        admin_is_gone(node);
        return told_ns;
    }
    return time_min(end_ns, told_ns);
}

/* ---- attaching ---- */

/* Where there is no page there is no node either, which attaching is about to tell: so long nobody hears of anything. */
static enum mesh_status open_log(struct mesh_node *node, const struct mesh_log_taker *taker, struct mesh_error *error) {
    struct log_page *page;
    enum mesh_status status = log_page_open(&page, node->run_directory, NULL);
    if (status != MESH_OK) {
        status = log_page_own(&page, error);
        if (status != MESH_OK) {
            return status;
        }
        log_page_tell(page, &(struct log_settings){.to = LOG_TO_NOBODY});
    }
    status = log_open(&node->log, page, error);
    if (status == MESH_OK && taker) {
        log_take_over(node->log, taker);
    }
    return status;
}

static enum mesh_status open_process(struct mesh_node *node, const struct handle_options *with,
                                     struct mesh_error *error) {
    char admin[RUN_PATH_ENDPOINT_BYTES];
    char own[RUN_PATH_ENDPOINT_BYTES];
    char name[40];
    uint64_t incarnation = with->incarnation ? with->incarnation : incarnation_draw();
    (void)snprintf(name, sizeof name, "p%08x", (unsigned)incarnation);
    const char *listen[] = {run_path_endpoint(own, node->run_directory, name), NULL};
    struct process_options options = {
        .role = FRAME_ROLE_PROGRAM,
        .incarnation = incarnation,
        .node_name = "",
        .listen = listen,
        .admin = run_path_endpoint(admin, node->run_directory, "admin"),
        .transport = with->transport,
        .limits = &delivery_limits_default,
        .log = node->log,
        .callbacks =
            {
                .user = node,
                .runnable = on_runnable,
                .control = on_control,
                .unhandled = on_unhandled,
                .unclaimed = on_unclaimed,
                .room = on_room,
                .drained = on_drained,
                .link = on_link,
                .tick = on_tick,
            },
    };
    enum mesh_status status = node_security_new(&node->security, node->run_directory, error);
    if (node->security) {
        options.key = &node->security->key;
        options.trust = &node->security->trust;
    }
    return status == MESH_OK ? process_new(&node->process, &options, ATTACH_WAIT_MS, error) : status;
}

/* The admin's death is seen at once by its process, not by silence. */
static void watch_admin(struct mesh_node *node, pid_t admin) {
    node->admin_pidfd = admin > 0 ? (int)syscall(SYS_pidfd_open, admin, 0) : -1;
    if (node->admin_pidfd >= 0) {
        (void)fcntl(node->admin_pidfd, F_SETFD, FD_CLOEXEC);
        (void)process_watch(node->process, node->admin_pidfd, on_admin_died, node);
    }
}

static enum mesh_status register_types(struct mesh_node *node, struct mesh_error *error) {
    char program[PATH_MAX];
    struct control_type types[MODULE_TYPES_MAX];
    struct requirements requirements[MODULE_TYPES_MAX];
    size_t count = 0;
    ssize_t bytes = readlink("/proc/self/exe", program, sizeof program);
    enum mesh_status status = module_check(node->types, "the program", error);
    if (status != MESH_OK || bytes <= 0) {
        return status != MESH_OK ? status : error_set(error, MESH_IO, "the path of this program cannot be found");
    }
    for (; node->types[count] && status == MESH_OK; count++) {
        const struct mesh_type *type = node->types[count];
        status = requirements_init(&requirements[count], type->requirements, type->requirements_count);
        if (status != MESH_OK) {
            break;
        }
        types[count] = (struct control_type){.name = bytes_of_text(type->name),
                                             .light = type->light,
                                             .requirements = requirements[count].items,
                                             .requirements_count = requirements[count].count};
    }
    struct handle_request request;
    struct control control = {
        .kind = CONTROL_PROGRAM_TYPES,
        .types = {.program = bytes_make(program, (size_t)bytes), .types = types, .count = count},
    };
    if (status == MESH_OK) {
        uint64_t until_ns = process_now(node->process) + ATTACH_WAIT_MS * NS_PER_MS;
        status = handle_request(node, &control, until_ns, &request);
        (void)error_set(error, status, "the node does not take this program's types: %s", request.error.text);
    }
    while (count > 0) {
        requirements_fini(&requirements[--count]);
    }
    return status;
}

static enum mesh_status begin(struct mesh_node *node, pid_t admin, struct mesh_error *error) {
    process_lock(node->process);
    struct mesh_address process = process_address(node->process);
    node->mint = address_mint_init_local(process.node, address_slot(process));
    watch_admin(node, admin);
    enum mesh_status status = endpoint_open(node, address_make(process.node, address_slot(process), 1), &node->own);
    if (status != MESH_OK) {
        status = error_set(error, status, "no endpoint could be opened: %s", mesh_status_text(status));
    } else if (node->types && node->types[0]) {
        status = register_types(node, error);
    }
    process_unlock(node->process);
    if (status == MESH_OK) {
        status = drive_start_standby(&node->drive);
    }
    return status;
}

static void destroy_endpoints(struct mesh_node *node) {
    size_t place = 0;
    for (struct mesh_endpoint *endpoint; (endpoint = map_next(&node->endpoints, &place));) {
        endpoint_destroy(endpoint);
    }
}

static void node_destroy(struct mesh_node *node) {
    destroy_endpoints(node);
    map_fini(&node->endpoints);
    if (node->process) {
        drive_stop_standby(&node->drive);
        drive_fini(&node->drive);
    }
    process_destroy(&node->process);
    node_security_destroy(&node->security);
    log_close(&node->log);
    if (node->admin_pidfd >= 0) {
        (void)close(node->admin_pidfd);
    }
    free(node);
}

enum mesh_status handle_open(struct mesh_node **out, const struct handle_options *options, struct mesh_error *error) {
    struct mesh_node *node = calloc(1, sizeof *node);
    if (!node) {
        return error_set(error, MESH_NO_MEMORY, "no memory for a node handle");
    }
    node->admin_pidfd = -1;
    dead_letters_init(&node->dead_letters);
    node->types = options->types;
    map_init(&node->endpoints, sizeof(struct mesh_address), HANDLE_ENDPOINTS_MAX, incarnation_draw());
    memcpy(node->run_directory, options->run_directory, strlen(options->run_directory) + 1);
    enum mesh_status status = open_log(node, options->log, error);
    if (status == MESH_OK) {
        status = open_process(node, options, error);
    }
    if (status == MESH_OK) {
        status = drive_init(&node->drive, node->process);
    }
    if (status == MESH_OK) {
        status = begin(node, options->admin, error);
    }
    if (status != MESH_OK) {
        node_destroy(node);
        return status;
    }
    *out = node;
    return MESH_OK;
}

static enum mesh_status attach(struct mesh_node **out, const char *run_directory,
                               const struct mesh_node_options *wanted, struct mesh_error *error) {
    struct handle_options options = {.run_directory = run_directory, .types = wanted->types, .log = wanted->log};
    enum mesh_status status = run_path_knock(run_directory, &options.admin, error);
    return status == MESH_OK ? handle_open(out, &options, error) : status;
}

static const struct mesh_node_options no_options;

/* A program that brings types and forgets mesh_host_enter would start itself again and again. */
static enum mesh_status find_directory(char directory[RUN_PATH_BYTES], const struct mesh_node_options *options,
                                       struct mesh_error *error) {
    if (getenv(HOST_ENVIRONMENT)) {
        return error_set(error, MESH_REFUSED,
                         "this process was started to host an actor: call mesh_host_enter(types) first in main");
    }
    return run_path_find(directory, options->run_directory, error);
}

enum mesh_status mesh_node_attach(struct mesh_node **out, const struct mesh_node_options *options,
                                  struct mesh_error *error) {
    char directory[RUN_PATH_BYTES];
    options = options ? options : &no_options;
    enum mesh_status status = find_directory(directory, options, error);
    return status == MESH_OK ? attach(out, directory, options, error) : status;
}

/* Two programs may start one node at the same time: the later one's admin finds the earlier's, and both attach. */
enum mesh_status mesh_node_start(struct mesh_node **out, const struct mesh_node_options *options,
                                 struct mesh_error *error) {
    char directory[RUN_PATH_BYTES];
    struct mesh_error start_error = {0};
    options = options ? options : &no_options;
    enum mesh_status status = find_directory(directory, options, error);
    if (status != MESH_OK) {
        return status;
    }
    status = attach(out, directory, options, error);
    if (status != MESH_NOT_RUNNING) {
        return status;
    }
    enum mesh_status started = start_admin(directory, options->config, options->settings, &start_error);
    status = attach(out, directory, options, error);
    if (status == MESH_NOT_RUNNING && started != MESH_OK) {
        return error_set(error, started, "%s", start_error.text);
    }
    return status;
}

enum mesh_status mesh_node_reload(const struct mesh_node_options *options, struct mesh_error *error) {
    char directory[RUN_PATH_BYTES];
    enum mesh_status status = run_path_find(directory, options ? options->run_directory : NULL, error);
    return status == MESH_OK ? run_path_signal(directory, SIGHUP, error) : status;
}

/* ---- leaving ---- */

static bool is_drained(void *user) {
    const struct mesh_node *node = user;
    return node->process_drained || node->admin_gone;
}

static bool are_endpoints_drained(void *user) {
    const struct mesh_node *node = user;
    size_t place = 0;
    struct mesh_endpoint *endpoint;
    while ((endpoint = map_next(&node->endpoints, &place)) && endpoint_is_drained(endpoint)) {
    }
    return !endpoint;
}

/* Where a dead letter shall go has to be asked first, and no answer reaches a process that has closed (E4). */
static bool is_owed_nothing(void *user) {
    const struct mesh_node *node = user;
    struct delivery_load load = {0};
    (void)delivery_load(process_delivery(node->process), process_address(node->process), &load);
    return load.unsettled_messages == 0 || node->admin_gone;
}

/* The admin gives the slot up when it hears that its endpoint is gone; what was told is received before (D14). */
static void leave(struct mesh_node *node) {
    uint64_t until_ns = process_now(node->process) + HANDLE_DRAIN_WAIT_NS;
    size_t place = 0;
    for (struct mesh_endpoint *endpoint; (endpoint = map_next(&node->endpoints, &place));) {
        endpoint_begin_close(endpoint);
    }
    while (drive_until(&node->drive, are_endpoints_drained, node, until_ns) == MESH_INTERRUPTED) {
    }
    destroy_endpoints(node);
    uint64_t letters_ns = process_now(node->process) + LETTERS_WAIT_NS;
    while (drive_until(&node->drive, is_owed_nothing, node, letters_ns) == MESH_INTERRUPTED) {
    }
    struct mesh_address process = process_address(node->process);
    struct control exited = {.kind = CONTROL_EXITED, .exited = {.address = process, .how = CONTROL_OWN_EXIT}};
    (void)process_send_control(node->process, process_admin(node->process), &exited);
    struct delivery_event close = {.kind = DELIVERY_CLOSE, .address = process, .reason = FRAME_EXITED};
    if (process_step(node->process, &close) == MESH_OK) {
        while (drive_until(&node->drive, is_drained, node, until_ns) == MESH_INTERRUPTED) {
        }
    }
}

void mesh_node_detach(struct mesh_node **node) {
    if (!node || !*node) {
        return;
    }
    process_lock((*node)->process);
    leave(*node);
    process_unlock((*node)->process);
    node_destroy(*node);
    *node = NULL;
}

struct mesh_address mesh_node_address(const struct mesh_node *node) {
    return node->own->inbox.address;
}

void mesh_host_enter(const struct mesh_type *const *types) {
    mesh_host_enter_log(types, NULL);
}

void mesh_host_enter_log(const struct mesh_type *const *types, const struct mesh_log_taker *log) {
    const char *options = getenv(HOST_ENVIRONMENT);
    if (options) {
        char *copy = strdup(options);
        /* A program that an actor starts is no host. */
        (void)unsetenv(HOST_ENVIRONMENT);
        exit(copy ? host_main_text(copy, types, log) : 1);
    }
}

/* ---- logging ---- */

void mesh_node_log(struct mesh_node *node, enum mesh_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_write_list(node->log, level, NULL, mesh_node_address(node), format, arguments);
    va_end(arguments);
}

void mesh_node_log_text(struct mesh_node *node, enum mesh_level level, const char *text) {
    log_write(node->log, level, NULL, mesh_node_address(node), "%s", text);
}
