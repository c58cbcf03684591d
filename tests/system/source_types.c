/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/source_types.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_BYTES = 1024 };

static enum mesh_verdict reply(struct mesh_actor *self, const struct mesh_message *message, const char *text) {
    return mesh_reply_text(self, message, "%s", text) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* ---- the Authority ---- */

struct authority {
    char mode[16];
    char waits[MESH_SOURCE_HASH_TEXT];
    char seen[SEEN_BYTES];
};

/* The first byte was put in front of what is plain. */
static enum mesh_status decrypt(struct mesh_actor *self, const struct mesh_message *message, const char *hash) {
    size_t bytes;
    const uint8_t *data = mesh_message_data(message, &bytes);
    return mesh_source_validated(self, hash, data + 1, bytes - 1);
}

static enum mesh_verdict judge(struct mesh_actor *self, const struct mesh_message *message, struct authority *state) {
    struct mesh_source source;
    size_t used = strlen(state->seen), bytes;
    const void *data = mesh_message_data(message, &bytes);
    char hash[MESH_SOURCE_HASH_TEXT], other[MESH_SOURCE_HASH_TEXT];
    if (mesh_message_source(message, &source) != MESH_OK || source.bytes != bytes ||
        strcmp(mesh_source_hash(data, bytes, hash), source.hash) != 0) {
        return mesh_fail(self, "that is no source");
    }
    (void)snprintf(state->seen + used, sizeof state->seen - used, "%s:%zu ", source.info, bytes);
    enum mesh_status status = MESH_OK;
    if (strcmp(state->mode, "agree") == 0) {
        status = mesh_source_validated(self, source.hash, NULL, 0);
    } else if (strcmp(state->mode, "refuse") == 0) {
        status = mesh_source_refused(self, source.hash, "not signed by anybody");
    } else if (strcmp(state->mode, "decrypt") == 0) {
        status = decrypt(self, message, source.hash);
    } else if (strcmp(state->mode, "fail") == 0) {
        return mesh_fail(self, "cannot tell");
    } else if (strcmp(state->mode, "crash") == 0) {
        abort();
    } else if (strcmp(state->mode, "other") == 0) {
        status = mesh_source_validated(self, mesh_source_hash("", 0, other), NULL, 0) == MESH_NOT_FOUND ? MESH_OK
                                                                                                        : MESH_INTERNAL;
    }
    (void)snprintf(state->waits, sizeof state->waits, "%s", source.hash);
    return status == MESH_OK ? MESH_DONE : mesh_fail(self, "%s", mesh_status_name(status));
}

static enum mesh_verdict authority_receive(struct mesh_actor *self, const struct mesh_message *message, void *own) {
    struct authority *state = own;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_VALIDATE) {
        return judge(self, message, state);
    }
    if (!text) {
        return MESH_DONE;
    }
    if (strcmp(text, "seen") == 0) {
        return reply(self, message, state->seen);
    }
    if (strcmp(text, "now") == 0) {
        return reply(self, message, mesh_status_name(mesh_source_validated(self, state->waits, NULL, 0)));
    }
    if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0) {
        return reply(self, message, mesh_status_name(mesh_source_authority(self, strcmp(text, "on") == 0)));
    }
    (void)snprintf(state->mode, sizeof state->mode, "%s", text);
    return reply(self, message, "done");
}

const struct mesh_type authority_type = {
    .name = "test.authority", .receive = authority_receive, .state_bytes = sizeof(struct authority)};

/* ---- the watcher ---- */

struct watcher {
    char seen[SEEN_BYTES];
};

static void note(struct watcher *state, const struct mesh_message *message) {
    struct mesh_source source;
    size_t used = strlen(state->seen);
    if (mesh_message_source(message, &source) == MESH_OK) {
        (void)snprintf(state->seen + used, sizeof state->seen - used, "%c%.8s:%s ", source.loaded ? '+' : '-',
                       source.hash, source.info);
    }
}

static enum mesh_verdict watcher_receive(struct mesh_actor *self, const struct mesh_message *message, void *own) {
    struct watcher *state = own;
    const char *text = mesh_message_text(message);
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    if (mesh_message_kind(message) == MESH_SOURCE) {
        note(state, message);
    } else if (mesh_message_is(message, "bundle")) {
        return reply(self, message, mesh_status_name(mesh_load_source(self, data, bytes, "by an actor")));
    } else if (text && strcmp(text, "watch") == 0) {
        return reply(self, message, mesh_status_name(mesh_source_updates(self, true)));
    } else if (text && strncmp(text, "unload ", 7) == 0) {
        return reply(self, message, mesh_status_name(mesh_unload_source(self, text + 7)));
    } else if (text) {
        return reply(self, message, state->seen);
    }
    return MESH_DONE;
}

const struct mesh_type watcher_type = {
    .name = "test.watcher", .receive = watcher_receive, .state_bytes = sizeof(struct watcher)};
