/* The module of a source: its actors say which source and node they are of, and create others by text:
 *
 *   who             "WORD NODE"
 *   create TYPE     creates a child, as its creator's source says, and answers with its address
 *   none TYPE       the same, of no source
 *   ended           the text of the last child that ended
 *   crash           ends by SIGABRT
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/actor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *greeting(void);

struct state {
    char ended[300];
};

static enum mesh_status create(struct mesh_actor *self, const char *text, const char *source, char *answer,
                               size_t bytes) {
    struct mesh_address child;
    char name[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_create_options options = {.source = source};
    enum mesh_status status = mesh_create(self, strchr(text, ' ') + 1, &options, &child);
    (void)snprintf(answer, bytes, "%s", status == MESH_OK ? mesh_address_print(child, name) : mesh_status_name(status));
    return status;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *own) {
    struct state *state = own;
    struct mesh_exit end;
    char answer[400];
    const char *text = mesh_message_text(message);
    if (mesh_message_exit(message, &end) == MESH_OK) {
        (void)snprintf(state->ended, sizeof state->ended, "%s", end.text);
        return MESH_DONE;
    }
    if (!text) {
        return MESH_DONE;
    }
    (void)snprintf(answer, sizeof answer, "%s %s", greeting(), mesh_actor_node(self));
    if (strncmp(text, "create ", 7) == 0) {
        (void)create(self, text, NULL, answer, sizeof answer);
    } else if (strncmp(text, "none ", 5) == 0) {
        (void)create(self, text, "", answer, sizeof answer);
    } else if (strcmp(text, "ended") == 0) {
        (void)snprintf(answer, sizeof answer, "%s", state->ended);
    } else if (strcmp(text, "crash") == 0) {
        abort();
    }
    return mesh_reply_text(self, message, "%s", answer) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static const struct mesh_type plain = {.name = "source.plain", .receive = receive, .state_bytes = sizeof(struct state)};
static const struct mesh_type light = {
    .name = "source.light", .receive = receive, .state_bytes = sizeof(struct state), .light = true};

MESH_MODULE(&plain, &light);
