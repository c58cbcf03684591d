/* The limits of a node's configuration hold in all of its processes: the admin, hosts and programs (D6, D7, D7a).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include <dirent.h>
#include <signal.h>
#include <string.h>

enum { WINDOW = 7, MESSAGE_BYTES = 4096, COMERS = 100 };

static struct node node = {.settings = "limits\n    window_messages = 7\n    message_bytes = 4 KiB\n"};

/* ---- the actor ---- */

static struct mesh_address asker;
static int accepted, handled;

/* As many messages to itself as it may have unsettled. */
static enum mesh_verdict fill(struct mesh_actor *self, const struct mesh_message *message) {
    asker = mesh_message_sender(message);
    while (mesh_send(self, mesh_self(self), "noise", NULL, 0) == MESH_OK) {
        accepted++;
    }
    return MESH_DONE;
}

/* Tells how many there were when the last of them is handled: what it sends needs room, too. */
static enum mesh_verdict count(struct mesh_actor *self) {
    if (++handled < accepted) {
        return MESH_DONE;
    }
    return mesh_send(self, asker, "accepted", &accepted, sizeof accepted) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict try_large(struct mesh_actor *self, const struct mesh_message *message) {
    static const char large[MESSAGE_BYTES + 1];
    enum mesh_status status = mesh_send(self, mesh_self(self), "large", large, sizeof large);
    status = mesh_reply_text(self, message, "%s", mesh_status_text(status));
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    if (mesh_message_is(message, "fill")) {
        return fill(self, message);
    }
    if (mesh_message_is(message, "noise")) {
        return count(self);
    }
    return mesh_message_is(message, "large") ? MESH_DONE : try_large(self, message);
}

static const struct mesh_type limited = {.name = "limited", .receive = receive};
static const struct mesh_type *const types[] = {&limited, NULL};

/* ---- the test ---- */

static void D6_D7_hold_in_a_host(struct mesh_address actor) {
    EXPECT(strcmp(node_ask(&node, actor, "try"), mesh_status_text(MESH_TOO_LARGE)) == 0);
    EXPECT(mesh_tell(node.handle, actor, "fill", NULL, 0) == MESH_OK);
    struct mesh_message *message = NULL;
    EXPECT(mesh_listen(node.handle, WAIT_MS, &message) == MESH_OK && mesh_message_is(message, "accepted"));
    int counted;
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    EXPECT(bytes == sizeof counted);
    memcpy(&counted, data, sizeof counted);
    EXPECT(counted == WINDOW);
    mesh_message_release(&message);
}

static void D6_holds_in_a_program(struct mesh_address actor) {
    static const char data[MESSAGE_BYTES + 1];
    EXPECT(mesh_tell(node.handle, actor, "large", data, sizeof data) == MESH_TOO_LARGE);
    EXPECT(mesh_tell(node.handle, actor, "large", data, sizeof data - 1) == MESH_OK);
}

static size_t open_descriptors(void) {
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    EXPECT(directory);
    while (readdir(directory)) {
        count++;
    }
    closedir(directory);
    return count;
}

/* It says goodbye, or it does not. */
static void end_it(struct mesh_address actor, bool well) {
    struct mesh_actor_report report;
    EXPECT(node_actor(&node, actor, &report));
    EXPECT(well ? mesh_node_request_exit(node.handle, actor, false) == MESH_OK : kill((pid_t)report.pid, SIGKILL) == 0);
}

/* A link has three sockets, each with a descriptor, and its connection. */
static void D10_links_to_processes_that_have_ended_do_not_pile_up(void) {
    size_t before = open_descriptors();
    for (int i = 0; i < 2 * COMERS; i++) {
        struct mesh_address actor = node_create(&node, "limited", "small");
        (void)node_ask(&node, actor, "try");
        end_it(actor, i % 2 == 0);
    }
    EXPECT(open_descriptors() - before < COMERS);
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&node, "small", NULL);
    struct mesh_address actor = node_create(&node, "limited", "small");
    D6_D7_hold_in_a_host(actor);
    D6_holds_in_a_program(actor);
    D10_links_to_processes_that_have_ended_do_not_pile_up();
    node_stop(&node);
    return 0;
}
