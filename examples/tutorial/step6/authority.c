/* Step 6: an actor that judges what may be loaded: a source that somebody has allowed before, by its hash, and nothing else. */
#include <mesh/actor.h>
#include <mesh/source.h>
#include <string.h>

struct authority {
    char allowed[MESH_SOURCE_HASH_TEXT];
};

static enum mesh_verdict start(struct mesh_actor *self, void *state) {
    (void)state;
    return mesh_source_authority(self, true) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict judge(struct mesh_actor *self, const struct mesh_message *message,
                               const struct authority *authority) {
    struct mesh_source source;
    if (mesh_message_source(message, &source) != MESH_OK) {
        return MESH_FAILED;
    }
    enum mesh_status status = strcmp(source.hash, authority->allowed) == 0
                                  ? mesh_source_validated(self, source.hash, NULL, 0)
                                  : mesh_source_refused(self, source.hash, "nobody has allowed it");
    return status ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct authority *authority = state;
    const char *hash = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_VALIDATE) {
        return judge(self, message, authority);
    }
    if (!hash) {
        return MESH_DONE;
    }
    if (strlen(hash) != sizeof authority->allowed - 1) {
        return mesh_fail(self, "'%s' is no hash", hash);
    }
    memcpy(authority->allowed, hash, sizeof authority->allowed);
    return mesh_reply_text(self, message, "allowed") ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_type authority = {
    .name = "authority", .state_bytes = sizeof(struct authority), .receive = receive, .start = start};

MESH_MODULE(&authority);
