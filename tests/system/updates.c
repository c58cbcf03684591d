/* Actors that are told of the convention's members, and that have a node invited and sent away (S2A, S2G, S5A, S5B).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { SEEN_BYTES = 2048 };

static struct node one, two, three;

/* ---- the watcher: keeps what it was told, a word for each ---- */

struct watcher {
    char seen[SEEN_BYTES];
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static bool has(const struct mesh_update *update, const char *name) {
    for (size_t i = 0; i < update->capabilities_count; i++) {
        if (strcmp(update->capabilities[i].name, name) == 0 && strcmp(update->capabilities[i].value, "true") == 0) {
            return true;
        }
    }
    return false;
}

static enum mesh_verdict keep(struct watcher *watcher, const struct mesh_message *message) {
    struct mesh_update *update;
    if (mesh_message_update(message, &update) != MESH_OK) {
        return MESH_FAILED;
    }
    size_t used = strlen(watcher->seen);
    bool whole = update->admin.node != 0 && update->endpoint[0] != 0 && has(update, update->name) &&
                 (update->added || update->text[0] != 0);
    (void)snprintf(watcher->seen + used, sizeof watcher->seen - used, "%s%s%s ", update->added ? "+" : "-",
                   update->name, whole ? "" : "?");
    mesh_update_release(&update);
    return MESH_DONE;
}

static enum mesh_verdict obey(struct mesh_actor *self, const struct mesh_message *message, struct watcher *watcher,
                              const char *text) {
    if (strcmp(text, "seen") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%s", watcher->seen));
    }
    enum mesh_status status = MESH_INVALID_ARGUMENT;
    if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0) {
        status = mesh_convention_updates(self, text[1] == 'n');
    } else if (strncmp(text, "invite ", 7) == 0) {
        status = mesh_preregister(self, text + 7, NULL, 0);
    } else if (strncmp(text, "dismiss ", 8) == 0) {
        status = mesh_deregister(self, text + 8);
    } else if (strcmp(text, "end") == 0) {
        return mesh_reply_text(self, message, "done") == MESH_OK ? MESH_EXIT : MESH_FAILED;
    }
    return status == MESH_OK ? verdict_of(mesh_reply_text(self, message, "done")) : verdict_of(status);
}

static enum mesh_verdict watcher_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_UPDATE) {
        return keep(state, message);
    }
    return text ? obey(self, message, state, text) : MESH_DONE;
}

static const struct mesh_type plain = {
    .name = "test.watcher", .state_bytes = sizeof(struct watcher), .receive = watcher_receive};
static const struct mesh_type light = {
    .name = "test.light", .state_bytes = sizeof(struct watcher), .receive = watcher_receive, .light = true};
static const struct mesh_type *const types[] = {&plain, &light, NULL};

/* ---- what is looked for ---- */

static void order(struct node *node, struct mesh_address actor, const char *text) {
    EXPECT(strcmp(node_ask(node, actor, text), "done") == 0);
}

static void S5A_S5B_watchers_see_nodes_come_and_go(void) {
    struct mesh_address first = node_create(&one, "test.watcher", "one");
    struct mesh_address second = node_create(&one, "test.light", "one");
    struct mesh_address ended = node_create(&one, "test.light", "one");
    struct mesh_address far = node_create(&one, "test.watcher", "two");
    order(&one, first, "on");
    order(&one, ended, "on");
    order(&one, far, "on");
    node_await_answer(&one, first, "seen", "+two ");
    node_await_answer(&one, far, "seen", "+one ");
    order(&one, ended, "end");
    order(&one, first, "on");
    node_start(&three, "three", &one);
    node_await_answer(&one, first, "seen", "+two +three ");
    node_await_answer(&one, far, "seen", "+one +three ");
    order(&one, second, "on");
    node_await_answer(&one, second, "seen", "+two +three ");
    order(&one, first, "off");
    node_signal(&three, SIGKILL);
    node_await_answer(&one, second, "seen", "+two +three -three ");
    node_await_answer(&one, far, "seen", "+one +three -three ");
    node_await_answer(&one, first, "seen", "+two +three ");
}

/* By an actor of a node that does not lead. The one that is invited knows no leader. */
static void S2A_S2G_an_actor_has_a_node_invited_and_sent_away(void) {
    char text[96];
    struct mesh_address actor = node_create(&one, "test.watcher", "two");
    order(&one, actor, "on");
    node_await_answer(&one, actor, "seen", "+one ");
    node_start(&three, "three", NULL);
    (void)snprintf(text, sizeof text, "invite %s", three.endpoint);
    order(&one, actor, text);
    node_await_answer(&one, actor, "seen", "+one +three ");
    (void)snprintf(text, sizeof text, "dismiss %s", three.endpoint);
    order(&one, actor, text);
    node_await_answer(&one, actor, "seen", "+one +three -three ");
    node_await_members(&three, 1, WAIT_MS);
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&one, "one", NULL);
    node_start(&two, "two", &one);
    node_await_members(&one, 2, WAIT_MS);
    S5A_S5B_watchers_see_nodes_come_and_go();
    S2A_S2G_an_actor_has_a_node_invited_and_sent_away();
    node_stop(&three);
    node_stop(&two);
    node_stop(&one);
    (void)puts("2 passed, 0 failed");
    return 0;
}
