/* See shop.h. */
#include "shop.h"
#include <mesh/patterns.h>
#include <string.h>

struct shop {
    struct mesh_lifetime life;
    struct mesh_needs needs;
    int price, stock;
};

static enum mesh_verdict read_number(struct mesh_actor *self, const struct mesh_message *message, int *out) {
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    if (bytes != sizeof *out) {
        return mesh_fail(self, "%s needs a number", mesh_message_type(message));
    }
    memcpy(out, data, sizeof *out);
    return MESH_DONE;
}

static enum mesh_verdict on_price(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct shop *shop = state;
    return read_number(self, message, &shop->price);
}

static enum mesh_verdict on_stock(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct shop *shop = state;
    return read_number(self, message, &shop->stock);
}

static enum mesh_verdict on_buy(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct shop *shop = state;
    int count = 0;
    if (read_number(self, message, &count) != MESH_DONE) {
        return MESH_FAILED;
    }
    int sold = count < shop->stock ? count : shop->stock;
    shop->stock -= sold;
    return mesh_reply_text(self, message, "%d for %d", sold, sold * shop->price) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict on_wait(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return MESH_DONE;
}

/* From the inside out: a handler for each type; not before price and stock are known; and not for ever. */
static enum mesh_verdict serve(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const struct mesh_case cases[] = {
        {.type = "buy", .receive = on_buy},
        {.type = "wait", .receive = on_wait},
        {.type = "price", .receive = on_price},
        {.type = "stock", .receive = on_stock},
        {0},
    };
    return mesh_dispatch(self, message, state, cases);
}

static enum mesh_verdict open_shop(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const char *const needed[] = {"price", "stock", NULL};
    static const struct mesh_initial initial = {.types = needed, .receive = serve};
    struct shop *shop = state;
    return mesh_initial_receive(self, message, state, &initial, &shop->needs);
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const struct mesh_transient brief = {.from = MESH_AFTER_LAST, .after_ms = 300, .receive = open_shop};
    struct shop *shop = state;
    return mesh_transient_receive(self, message, state, &brief, &shop->life);
}

const struct mesh_type shop_type = {.name = "shop", .state_bytes = sizeof(struct shop), .receive = receive};
