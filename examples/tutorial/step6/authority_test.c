/* Tests step 6 without a node: what the authority takes for a hash. What it is to judge comes from a node alone. */
#include <mesh/source.h>
#include <mesh/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct mesh_module mesh_module; /* of authority.c */

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static void expect_allowed(struct mesh_test *test, struct mesh_address authority, const char *bundle) {
    char hash[MESH_SOURCE_HASH_TEXT];
    struct mesh_message *reply;
    mesh_source_hash(bundle, strlen(bundle), hash);
    expect(mesh_test_ask_text(test, authority, hash, 1000, &reply) == MESH_OK, "an answer");
    expect(strcmp(mesh_message_text(reply), "allowed") == 0, "the hash is allowed");
    mesh_message_release(&reply);
}

int main(void) {
    struct mesh_test *test;
    struct mesh_address authority;
    struct mesh_message *reply;
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = mesh_module.types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "authority", NULL, &authority, NULL) == MESH_OK, "an authority");
    expect_allowed(test, authority, "a bundle");
    expect(mesh_test_ask_text(test, authority, "mill", 1000, &reply) == MESH_REFUSED, "what is no hash is refused");
    expect(strcmp(mesh_message_failure(reply), "'mill' is no hash") == 0, "it says why");
    mesh_message_release(&reply);
    expect_allowed(test, authority, "another bundle");
    mesh_test_destroy(&test);
    return 0;
}
