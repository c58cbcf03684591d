/* The Source Authority that lets in what is signed: see authority.h. */
#include "authority.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct authority {
    unsigned char key[crypto_sign_PUBLICKEYBYTES];
    int has_key;
};

/* What is signed is plain, and loaded without its signature. */
static enum mesh_status judge(struct mesh_actor *self, const struct mesh_message *message,
                              const struct authority *own) {
    struct mesh_source source;
    size_t bytes;
    const unsigned char *signed_bytes = mesh_message_data(message, &bytes);
    unsigned long long plain_bytes = 0;
    enum mesh_status status = mesh_message_source(message, &source);
    if (status != MESH_OK) {
        return status;
    }
    unsigned char *plain = malloc(bytes);
    if (!plain || crypto_sign_open(plain, &plain_bytes, signed_bytes, bytes, own->key) != 0) {
        status = mesh_source_refused(self, source.hash, plain ? "its signature is not by our key" : "no memory");
    } else {
        status = mesh_source_validated(self, source.hash, plain, plain_bytes);
    }
    free(plain);
    return status;
}

static enum mesh_status take_key(struct mesh_actor *self, const struct mesh_message *message, struct authority *own) {
    size_t bytes;
    const void *key = mesh_message_data(message, &bytes);
    if (own->has_key || bytes != sizeof own->key) {
        return MESH_REFUSED;
    }
    memcpy(own->key, key, bytes);
    own->has_key = 1;
    return mesh_source_authority(self, true);
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    enum mesh_status status = MESH_OK;
    if (mesh_message_kind(message) == MESH_VALIDATE) {
        status = judge(self, message, state);
    } else if (mesh_message_is(message, AUTHORITY_KEY)) {
        status = take_key(self, message, state);
    }
    return status == MESH_OK ? MESH_DONE : mesh_fail(self, "%s", mesh_status_text(status));
}

const struct mesh_type authority_type = {
    .name = "signed.authority", .receive = receive, .state_bytes = sizeof(struct authority)};
