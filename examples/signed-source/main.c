/* Signs actor code, loads it at a node whose Source Authority checks the signature, has it greet, and shows that code that was tampered with
 * is refused: signed-source GREETER.so NAME [CAPABILITY]. The greeter runs on a node with that capability, which fetches its code. */
#include "authority.h"
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 10000, LOOK_MS = 10 };

static const struct mesh_type *const types[] = {&authority_type, NULL};

struct bytes {
    unsigned char *data;
    size_t size;
};

/* A new key signs what is packed of the module. */
static enum mesh_status make_source(const char *path, unsigned char key[crypto_sign_PUBLICKEYBYTES], struct bytes *out,
                                    struct mesh_error *error) {
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    void *bundle;
    size_t size;
    enum mesh_status status = mesh_source_pack(&path, 1, &bundle, &size, error);
    if (status != MESH_OK) {
        return status;
    }
    out->size = size + crypto_sign_BYTES;
    out->data = malloc(out->size);
    if (out->data) {
        crypto_sign_keypair(key, secret);
        crypto_sign(out->data, NULL, bundle, size, secret);
        sodium_memzero(secret, sizeof secret);
    }
    mesh_source_free(&bundle);
    return out->data ? MESH_OK : MESH_NO_MEMORY;
}

/* The actor's node hears a moment later that it has registered. */
static enum mesh_status await_authority(struct mesh_node *node, struct mesh_address authority,
                                        struct mesh_error *error) {
    enum mesh_status status = MESH_OK;
    for (int waited_ms = 0; status == MESH_OK && waited_ms < WAIT_MS; waited_ms += LOOK_MS) {
        struct mesh_report *report = NULL;
        status = mesh_node_report(node, false, WAIT_MS, &report, error);
        bool there = status == MESH_OK && mesh_address_equal(report->nodes[0].source_authority, authority);
        mesh_report_release(&report);
        if (there) {
            return MESH_OK;
        }
        (void)poll(NULL, 0, LOOK_MS);
    }
    return status == MESH_OK ? MESH_TIMED_OUT : status;
}

static enum mesh_status make_authority(struct mesh_node *node, const unsigned char *key, struct mesh_address *out,
                                       struct mesh_error *error) {
    enum mesh_status status = mesh_node_create(node, "signed.authority", NULL, out, error);
    if (status == MESH_OK) {
        status = mesh_tell(node, *out, AUTHORITY_KEY, key, crypto_sign_PUBLICKEYBYTES);
    }
    return status == MESH_OK ? await_authority(node, *out, error) : status;
}

static enum mesh_status greet(struct mesh_node *node, const struct bytes *source, char **words,
                              struct mesh_error *error) {
    char hash[MESH_SOURCE_HASH_TEXT];
    struct mesh_address greeter;
    struct mesh_message *reply = NULL;
    struct mesh_requirement there = {.name = words[3], .comparison = MESH_PRESENT};
    struct mesh_create_options options = {.source = mesh_source_hash(source->data, source->size, hash),
                                          .requirements = &there,
                                          .requirements_count = words[3] ? 1 : 0};
    enum mesh_status status = mesh_node_load_source(node, source->data, source->size, "greeter", WAIT_MS, error);
    if (status == MESH_OK) {
        status = mesh_node_create(node, "greeter", &options, &greeter, error);
    }
    if (status != MESH_OK) {
        return status;
    }
    status = mesh_ask_text(node, greeter, words[2], WAIT_MS, &reply);
    if (status == MESH_OK) {
        printf("%s\n", mesh_message_text(reply));
    }
    mesh_message_release(&reply);
    return status == MESH_OK ? mesh_node_request_exit(node, greeter, false) : status;
}

/* One bit is enough. */
static void tamper(struct mesh_node *node, struct bytes *source) {
    struct mesh_error error;
    source->data[source->size - 1] ^= 1;
    if (mesh_node_load_source(node, source->data, source->size, "tampered", WAIT_MS, &error) == MESH_REFUSED) {
        printf("%s\n", error.text);
    }
}

static enum mesh_status run(struct mesh_node *node, char **words, struct mesh_error *error) {
    unsigned char key[crypto_sign_PUBLICKEYBYTES];
    char hash[MESH_SOURCE_HASH_TEXT];
    struct bytes source = {0};
    struct mesh_address authority;
    enum mesh_status status = make_source(words[1], key, &source, error);
    if (status == MESH_OK) {
        status = make_authority(node, key, &authority, error);
    }
    if (status == MESH_OK) {
        status = greet(node, &source, words, error);
    }
    if (status == MESH_OK) {
        status = mesh_node_unload_source(node, mesh_source_hash(source.data, source.size, hash), WAIT_MS, error);
        tamper(node, &source);
        status = status == MESH_OK ? mesh_node_request_exit(node, authority, false) : status;
    }
    free(source.data);
    return status;
}

int main(int count, char **words) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_error error = {0};
    struct mesh_node_options options = {.types = types};
    if (count < 3 || count > 4 || sodium_init() < 0) {
        fputs("usage: signed-source GREETER.so NAME [CAPABILITY]\n", stderr);
        return 2;
    }
    enum mesh_status status = mesh_node_attach(&node, &options, &error);
    bool started = status == MESH_NOT_RUNNING;
    if (started) {
        status = mesh_node_start(&node, &options, &error);
    }
    if (status == MESH_OK) {
        status = run(node, words, &error);
        if (started && mesh_node_shutdown(node, WAIT_MS) != MESH_OK) {
            fputs("signed-source: the node goes on\n", stderr);
        }
        mesh_node_detach(&node);
    }
    if (status != MESH_OK) {
        fprintf(stderr, "signed-source: %s\n", error.text[0] ? error.text : mesh_status_text(status));
    }
    return status == MESH_OK ? 0 : 1;
}
