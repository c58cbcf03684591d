/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/mini_node.h"

#include "mesh/core/address.h"
#include "mesh/runtime/clock.h"
#include "mesh/runtime/process_inside.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ATTACH_MS = 5000 };

void mini_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "FAILED: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    _exit(1);
}

int mini_wait(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- the admin ---- */

struct tenant {
    uint64_t process;
    pid_t pid;
    char endpoints[2 * TRANSPORT_ENDPOINT_BYTES];
};

struct mini_admin {
    const struct mini_node *node;
    struct process *process;
    struct tenant tenants[MINI_SLOTS]; /* by slot; slot 0 is the admin's */
    uint32_t slots;
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal) {
    (void)signal;
    stopped = 1;
}

void mini_on_stop(void (*handler)(int signal)) {
    struct sigaction action = {.sa_handler = handler};
    if (sigaction(SIGTERM, &action, NULL) != 0) {
        mini_fail("no signal handler");
    }
}

void mini_remove(const struct mini_node *node) {
    DIR *directory = opendir(node->directory);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
        }
    }
    if (!directory || closedir(directory) != 0 || rmdir(node->directory) != 0) {
        mini_fail("cannot remove %s", node->directory);
    }
}

const char *mini_admin_endpoint(const struct mini_node *node, char out[MINI_TEXT_BYTES]) {
    (void)snprintf(out, MINI_TEXT_BYTES, "ipc://%s/admin.sock", node->directory);
    return out;
}

static void on_hello(void *user, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer) {
    struct mini_admin *admin = user;
    uint32_t slot = 1;
    while (slot <= admin->slots && admin->tenants[slot].process != peer) {
        slot++;
    }
    if (slot == MINI_SLOTS || !answer) {
        return;
    }
    admin->slots = slot > admin->slots ? slot : admin->slots;
    struct tenant *tenant = &admin->tenants[slot];
    tenant->process = peer;
    tenant->pid = (pid_t)hello->pid;
    (void)snprintf(tenant->endpoints, sizeof tenant->endpoints, "%.*s", (int)hello->endpoint.size,
                   (const char *)hello->endpoint.data);
    answer->slot = slot;
}

/* The endpoint of the wanted scheme among those of a tenant. */
static void pick_endpoint(const struct mini_admin *admin, const struct tenant *tenant, char out[MINI_TEXT_BYTES]) {
    const char *found = strstr(tenant->endpoints, admin->node->scheme);
    size_t bytes = found ? strcspn(found, " ") : 0;
    (void)snprintf(out, MINI_TEXT_BYTES, "%.*s", (int)bytes, found ? found : "");
    char path[MINI_TEXT_BYTES];
    (void)snprintf(path, sizeof path, "%s/detour", admin->node->directory);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%100s", out) != 1) {
            mini_fail("%s is empty", path);
        }
        (void)fclose(file);
    }
}

void mini_detour(const struct mini_node *node, const char *endpoint) {
    char path[MINI_TEXT_BYTES];
    (void)snprintf(path, sizeof path, "%s/detour", node->directory);
    FILE *file = fopen(path, "w");
    if (!file || fprintf(file, "%s\n", endpoint) < 0 || fclose(file) != 0) {
        mini_fail("cannot write %s", path);
    }
}

static void on_control(void *user, struct mesh_address sender, const struct control *control) {
    struct mini_admin *admin = user;
    if (control->kind != CONTROL_RESOLVE) {
        return;
    }
    struct mesh_address address = control->resolve.address;
    uint32_t slot = address_slot(address);
    char endpoint[MINI_TEXT_BYTES];
    struct control answer = {.id = control->id, .kind = CONTROL_GONE};
    bool alive = slot > 0 && slot <= admin->slots && kill(admin->tenants[slot].pid, 0) == 0;
    if (alive) {
        pick_endpoint(admin, &admin->tenants[slot], endpoint);
        answer.kind = CONTROL_RESOLVED;
        answer.resolved = (struct control_resolved){.sender = control->resolve.sender,
                                                    .address = address,
                                                    .process = admin->tenants[slot].process,
                                                    .endpoint = bytes_of_text(endpoint)};
    } else {
        answer.gone = (struct control_gone){.address = address,
                                            .sender = control->resolve.sender,
                                            .reason = FRAME_EXITED,
                                            .text = bytes_of_text("killed")};
    }
    if (process_send_control(admin->process, sender, &answer) != MESH_OK) {
        mini_fail("the admin cannot answer");
    }
}

static void on_resolve(void *user, struct mesh_address address, struct mesh_address sender) {
    struct mini_admin *admin = user;
    (void)sender;
    uint32_t slot = address_slot(address);
    if (slot > 0 && slot <= admin->slots) {
        (void)process_resolved(admin->process, address, admin->tenants[slot].process, NULL);
    }
}

void mini_admin_run(const struct mini_node *node) {
    char endpoint[MINI_TEXT_BYTES];
    struct mini_admin admin = {.node = node};
    struct mesh_error error;
    const char *listen[] = {mini_admin_endpoint(node, endpoint), NULL};
    mini_on_stop(on_stop);
    struct process_options options = {
        .role = FRAME_ROLE_ADMIN,
        .incarnation = node->incarnation,
        .node = node->incarnation,
        .node_name = "mini",
        .listen = listen,
        .limits = &delivery_limits_default,
        .callbacks = {.user = &admin, .hello = on_hello, .control = on_control, .resolve = on_resolve},
    };
    if (process_new(&admin.process, &options, 0, &error) != MESH_OK) {
        mini_fail("the admin: %s", error.text);
    }
    process_lock(admin.process);
    while (!stopped) {
        (void)process_turn(admin.process, process_now(admin.process) + 50 * NS_PER_MS);
    }
    process_unlock(admin.process);
    process_destroy(&admin.process);
    _exit(0);
}

/* ---- processes ---- */

static void on_runnable(void *user, struct mesh_address address) {
    struct mini_process *self = user;
    if (mesh_address_equal(address, self->endpoint)) {
        self->runnable = true;
    }
}

static void on_unhandled(void *user, struct message *message) {
    struct mini_process *self = user;
    self->unhandled++;
    message_release(message);
}

static void on_room(void *user, struct mesh_address address) {
    struct mini_process *self = user;
    (void)address;
    self->room = true;
}

static void write_port(const struct mini_node *node, const char *name, const char *endpoint) {
    char path[2 * MINI_TEXT_BYTES];
    char ready[2 * MINI_TEXT_BYTES + 4];
    (void)snprintf(path, sizeof path, "%s/%s.port", node->directory, name);
    (void)snprintf(ready, sizeof ready, "%s.new", path);
    FILE *file = fopen(ready, "w");
    const char *colon = strrchr(endpoint, ':');
    if (!file || !colon || fprintf(file, "%s\n", colon + 1) < 0 || fclose(file) != 0 || rename(ready, path) != 0) {
        mini_fail("cannot write %s", path);
    }
}

unsigned mini_port_of(const struct mini_node *node, const char *name) {
    char path[2 * MINI_TEXT_BYTES];
    unsigned port = 0;
    (void)snprintf(path, sizeof path, "%s/%s.port", node->directory, name);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%5u", &port) != 1) {
            port = 0;
        }
        (void)fclose(file);
    }
    return port;
}

void mini_process_open(struct mini_process *self, const struct mini_node *node, const char *name) {
    char admin[MINI_TEXT_BYTES];
    char own[2 * MINI_TEXT_BYTES];
    struct mesh_error error;
    uint64_t incarnation;
    if (getrandom(&incarnation, sizeof incarnation, 0) != (ssize_t)sizeof incarnation) {
        mini_fail("no random numbers");
    }
    (void)snprintf(own, sizeof own, "ipc://%s/%s.sock", node->directory, name);
    const char *listen[] = {own, "tcp://127.0.0.1:0", NULL};
    struct process_options options = {
        .role = FRAME_ROLE_PROGRAM,
        .incarnation = incarnation | 1,
        .node_name = "mini",
        .listen = listen,
        .advertise = node->advertise,
        .admin = mini_admin_endpoint(node, admin),
        .limits = &delivery_limits_default,
        .callbacks = {.user = self, .runnable = on_runnable, .unhandled = on_unhandled, .room = on_room},
    };
    uint64_t until_ns = clock_now_ns() + ATTACH_MS * NS_PER_MS;
    enum mesh_status status;
    do { /* the admin may not have bound yet */
        status = process_new(&self->process, &options, ATTACH_MS, &error);
    } while (status == MESH_UNREACHABLE && clock_now_ns() < until_ns);
    if (status != MESH_OK) {
        mini_fail("%s cannot attach: %s", name, error.text);
    }
    process_lock(self->process);
    struct mesh_address process = process_address(self->process);
    self->endpoint = address_make(process.node, address_slot(process), 1);
    struct delivery_event open = {.kind = DELIVERY_OPEN, .address = self->endpoint};
    if (process_step(self->process, &open) != MESH_OK) {
        mini_fail("no endpoint");
    }
    process_unlock(self->process);
    write_port(node, name, self->process->bound[1]);
}

void mini_process_close(struct mini_process *self) {
    process_destroy(&self->process);
}

static void handle(struct mini_process *self, const struct message *message) {
    uint64_t number;
    if (message->payload.size >= sizeof number) {
        memcpy(&number, message->payload.data, sizeof number);
        self->out_of_order += number != self->expected;
        self->expected = number + 1;
    }
    self->received++;
    if (self->receive) {
        self->receive(self, message);
    }
}

void mini_process_turn(struct mini_process *self, uint64_t until_ns) {
    (void)process_turn(self->process, until_ns);
    if (!self->runnable) {
        return;
    }
    struct message *message;
    struct delivery_event verdict = {.kind = DELIVERY_VERDICT, .address = self->endpoint, .outcome = FRAME_HANDLED};
    self->runnable = false;
    while ((message = process_take(self->process, self->endpoint))) {
        handle(self, message);
        if (process_step(self->process, &verdict) != MESH_OK) {
            mini_fail("a verdict is refused");
        }
    }
    process_flush(self->process, false);
}

bool mini_process_send(struct mini_process *self, struct mesh_address to, const void *data, size_t bytes) {
    struct message *message =
        message_new(delivery_pool(process_delivery(self->process)), bytes_of_text("number"), bytes_make(data, bytes));
    if (!message) {
        mini_fail("no memory for a message");
    }
    message->kind = FRAME_USER;
    message->sender = self->endpoint;
    message->target = to;
    message->deadline_ns = process_now(self->process) + 300 * NS_PER_S;
    enum mesh_status status = process_submit(self->process, message);
    if (status != MESH_OK) {
        message_release(message);
    }
    if (status != MESH_OK && status != MESH_WOULD_BLOCK) {
        mini_fail("a send fails: %s", mesh_status_text(status));
    }
    return status == MESH_OK;
}
