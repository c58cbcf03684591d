/* A customer comes before the shop (shop.c) is ready to open, and waits until it closes. */
#include "shop.h"
#include <mesh/mesh.h>
#include <stdio.h>

static const struct mesh_type *const types[] = {&shop_type, NULL};

static enum mesh_status visit(struct mesh_node *node, struct mesh_address shop) {
    struct mesh_message *message = NULL;
    int count = 7, price = 3, stock = 5;
    enum mesh_status status = mesh_tell(node, shop, "buy", &count, sizeof count);
    if (status == MESH_OK) {
        status = mesh_tell(node, shop, "price", &price, sizeof price);
    }
    if (status == MESH_OK) {
        status = mesh_tell(node, shop, "stock", &stock, sizeof stock);
    }
    if (status == MESH_OK) {
        status = mesh_listen(node, 10000, &message);
    }
    if (status == MESH_OK) {
        puts(mesh_message_text(message));
    }
    mesh_message_release(&message);
    return status;
}

int main(void) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address shop;
    struct mesh_message *reply = NULL;
    struct mesh_error error;
    struct mesh_node_options options = {.types = types};
    if (mesh_node_start(&node, &options, &error) || mesh_node_create(node, "shop", NULL, &shop, &error)) {
        fprintf(stderr, "shop: %s\n", error.text);
        return 1;
    }
    enum mesh_status status = visit(node, shop);
    if (status == MESH_OK) {
        status = mesh_ask(node, shop, "wait", NULL, 0, 10000, &reply);
    }
    puts(status == MESH_DEAD ? "closed" : mesh_status_text(status));
    mesh_message_release(&reply);
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return status != MESH_DEAD || ended != MESH_OK;
}
