/* Actors that are shown nothing until they have all that they need: <mesh/initial.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/initial.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 1000, KEPT_BYTES_MAX = 16 << 20 };

/* The first places are those of the initial messages, NULL while they have not come; what has come beside them follows. */
struct mesh_kept {
    size_t initial_count, count, room, bytes;
    struct mesh_message *messages[];
};

static size_t count_types(const struct mesh_initial *initial) {
    size_t count = 0;
    while (initial->types[count]) {
        count++;
    }
    return count;
}

/* Room for one more; NULL without memory, and the old one is still there. */
static struct mesh_kept *make_room(struct mesh_kept *kept, const struct mesh_initial *initial) {
    if (kept && kept->count < kept->room) {
        return kept;
    }
    size_t initial_count = count_types(initial);
    size_t room = kept ? 2 * kept->room : initial_count + 16;
    struct mesh_kept *grown = realloc(kept, sizeof *grown + room * sizeof *grown->messages);
    if (grown && !kept) {
        *grown = (struct mesh_kept){.initial_count = initial_count, .count = initial_count};
        memset(grown->messages, 0, initial_count * sizeof *grown->messages);
    }
    if (grown) {
        grown->room = room;
    }
    return grown;
}

/* The place of an initial message that has not come yet; NULL for any other. */
static struct mesh_message **place_of(struct mesh_kept *kept, const struct mesh_initial *initial,
                                      const struct mesh_message *message) {
    for (size_t i = 0; i < kept->initial_count; i++) {
        if (!kept->messages[i] && mesh_message_is(message, initial->types[i])) {
            return &kept->messages[i];
        }
    }
    return NULL;
}

static bool is_complete(const struct mesh_kept *kept) {
    for (size_t i = 0; i < kept->initial_count; i++) {
        if (!kept->messages[i]) {
            return false;
        }
    }
    return true;
}

static enum mesh_verdict keep(struct mesh_actor *self, const struct mesh_message *message,
                              const struct mesh_initial *initial, struct mesh_kept *kept) {
    struct mesh_message **place = place_of(kept, initial, message);
    size_t kept_max = initial->kept_max > 0 ? initial->kept_max : KEPT_MAX;
    size_t bytes_max = initial->kept_bytes_max > 0 ? initial->kept_bytes_max : KEPT_BYTES_MAX, bytes;
    (void)mesh_message_data(message, &bytes);
    if ((!place && kept->count - kept->initial_count >= kept_max) || bytes > bytes_max - kept->bytes) {
        return mesh_fail(self, "too much waits for the initial messages: %zu messages, %zu bytes",
                         kept->count - kept->initial_count, kept->bytes);
    }
    struct mesh_message *copy = mesh_message_copy(message);
    if (!copy) {
        return mesh_fail(self, "no memory to keep a message for later");
    }
    kept->bytes += bytes;
    *(place ? place : &kept->messages[kept->count++]) = copy;
    return MESH_DONE;
}

static void tell_failure(struct mesh_actor *self, const struct mesh_message *message, const char *text) {
    enum mesh_status status = mesh_reply_failure(self, message, "%s", text);
    if (status != MESH_OK) {
        mesh_log(self, MESH_LOG_ERROR, "a sender is not told that %s: %s", text, mesh_status_text(status));
    }
}

/* A kept message is shown once more when its handler fails, as any other (E1). */
static enum mesh_verdict show(struct mesh_actor *self, const struct mesh_message *message, void *state,
                              const struct mesh_initial *initial) {
    enum mesh_verdict verdict = initial->receive(self, message, state);
    if (verdict == MESH_FAILED) {
        verdict = initial->receive(self, message, state);
    }
    if (verdict == MESH_FAILED) {
        tell_failure(self, message, "the handler of a message that was kept has failed");
    }
    return verdict;
}

static void drop(struct mesh_actor *self, struct mesh_kept *kept) {
    for (size_t i = 0; kept && i < kept->count; i++) {
        if (kept->messages[i]) {
            tell_failure(self, kept->messages[i], "the actor has exited before it could begin");
            mesh_message_release(&kept->messages[i]);
        }
    }
    free(kept);
}

/* Shows all that was kept; what is behind a message at which the actor exits is dropped. */
static enum mesh_verdict begin(struct mesh_actor *self, void *state, const struct mesh_initial *initial,
                               struct mesh_kept *kept) {
    enum mesh_verdict verdict = MESH_DONE;
    for (size_t i = 0; i < kept->count && verdict != MESH_EXIT; i++) {
        verdict = show(self, kept->messages[i], state, initial);
        mesh_message_release(&kept->messages[i]);
    }
    drop(self, kept);
    return verdict == MESH_EXIT ? MESH_EXIT : MESH_DONE;
}

enum mesh_verdict mesh_initial_receive(struct mesh_actor *self, const struct mesh_message *message, void *state,
                                       const struct mesh_initial *initial, struct mesh_needs *needs) {
    if (needs->complete || mesh_message_kind(message) != MESH_USER) {
        enum mesh_verdict verdict = initial->receive(self, message, state);
        if (mesh_message_kind(message) == MESH_EXIT_REQUEST || verdict == MESH_EXIT) {
            drop(self, needs->kept);
            needs->kept = NULL;
        }
        return verdict;
    }
    struct mesh_kept *kept = make_room(needs->kept, initial);
    if (!kept) {
        return mesh_fail(self, "no memory to keep a message for later");
    }
    needs->kept = kept;
    enum mesh_verdict verdict = keep(self, message, initial, kept);
    if (verdict != MESH_DONE || !is_complete(kept)) {
        return verdict;
    }
    needs->complete = true;
    needs->kept = NULL;
    return begin(self, state, initial, kept);
}
