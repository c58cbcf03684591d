/* The list of keys, for programs: what an operator says of a key, and what the list says. <mesh/convention.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include "mesh/runtime/members_file.h"
#include <mesh/convention.h>
#include <stdio.h>
#include <string.h>

static enum mesh_status no_key(struct mesh_error *error, const char *text) {
    return error_set(error, MESH_INVALID_ARGUMENT,
                     "'%.100s' is no key: it has 64 digits of 0 to 9 and a to f, as `mesh keygen` prints them",
                     text ? text : "");
}

enum mesh_status mesh_node_allow_key(struct mesh_node *node, const char *key, const char *pattern, int timeout_ms,
                                     struct mesh_error *error) {
    struct control control = {.kind = CONTROL_MEMBER_KEY};
    struct frame_trusted *word = &control.member_key.word;
    struct bytes names = bytes_of_text(pattern ? pattern : "");
    const char *mistake = trust_pattern_mistake(names);
    if (!key || !trust_key_read(bytes_of_text(key), word->key)) {
        return no_key(error, key);
    }
    if (mistake) {
        return error_set(error, MESH_INVALID_ARGUMENT, "'%.100s' %s", (const char *)names.data, mistake);
    }
    memcpy(word->pattern, names.data, names.size);
    return handle_wish(node, &control, timeout_ms, error);
}

enum mesh_status mesh_node_revoke_key(struct mesh_node *node, const char *key, bool force, int timeout_ms,
                                      struct mesh_error *error) {
    struct control control = {.kind = CONTROL_MEMBER_KEY, .member_key = {.word.revoked = true, .force = force}};
    if (!key || !trust_key_read(bytes_of_text(key), control.member_key.word.key)) {
        return no_key(error, key);
    }
    return handle_wish(node, &control, timeout_ms, error);
}

/* The admin writes the file, so a mistake in it is not the caller's. */
static void note_mistake(void *context, unsigned line, const char *mistake) {
    (void)context;
    (void)line;
    (void)mistake;
}

enum mesh_status mesh_node_each_key(struct mesh_node *node, void (*each)(void *user, const struct mesh_key *key),
                                    void *user, struct mesh_error *error) {
    char path[RUN_PATH_BYTES + sizeof "/" MEMBERS_FILE];
    struct trust trust;
    (void)snprintf(path, sizeof path, "%s/" MEMBERS_FILE, node->run_directory);
    trust_init(&trust, FRAME_KEYS);
    enum mesh_status status = members_file_read(&trust, path, note_mistake, NULL, error);
    for (size_t i = 0; status == MESH_OK && i < trust.count; i++) {
        const struct frame_trusted *word = &trust.entries[i];
        char text[TRUST_KEY_TEXT];
        struct mesh_key key = {trust_key_print(word->key, text), word->pattern, word->revoked, word->stamp};
        each(user, &key);
    }
    trust_fini(&trust);
    return status;
}
