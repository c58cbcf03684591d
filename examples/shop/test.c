/* Tests the shop without a node, on virtual time: it takes no time to see it close. */
#include "shop.h"
#include <mesh/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mesh_type *const types[] = {&shop_type, NULL};
static struct mesh_test *test;
static struct mesh_address shop;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static void tell(const char *type, int number) {
    expect(mesh_test_tell(test, shop, type, &number, sizeof number) == MESH_OK, type);
}

static void expect_mail(const char *text) {
    struct mesh_message *mail;
    expect(mesh_test_listen(test, 100, &mail) == MESH_OK, text);
    expect(strcmp(mesh_message_text(mail), text) == 0, text);
    mesh_message_release(&mail);
}

int main(void) {
    struct mesh_message *message;
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "shop", NULL, &shop, NULL) == MESH_OK, "a shop");
    tell("buy", 4);
    tell("buy", 4);
    tell("stock", 5);
    expect(mesh_test_listen(test, 100, &message) == MESH_TIMED_OUT, "it is not open yet");
    tell("price", 3);
    expect_mail("4 for 12");
    expect_mail("1 for 3");

    expect(mesh_test_ask(test, shop, "steal", NULL, 0, 100, &message) == MESH_REFUSED, "it knows nothing of that");
    expect(strcmp(mesh_message_failure(message), "messages of type steal have no handler here") == 0, "and says so");
    mesh_message_release(&message);

    mesh_test_advance(test, 299);
    expect(mesh_test_lives(test, shop), "it is open still");
    mesh_test_advance(test, 1);
    expect(!mesh_test_lives(test, shop), "it has closed");
    mesh_test_destroy(&test);
    return 0;
}
