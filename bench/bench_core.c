/* What one message costs in the delivery core: both sides of one stream in one loop, without codec and socket.
 *
 *   mesh-bench-core [MESSAGES]
 *
 * Submit, pull, the batch handed over, take, verdict, ack back, settled. Prints nanoseconds a message, both sides
 * together.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/core/delivery.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SENDER = 1, RECEIVER = 2, BURST = 1024, PAYLOAD_BYTES = 64 };

static uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* others have the processor too */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void must(enum mesh_status status) {
    CHECK(status == MESH_OK);
}

struct side {
    struct delivery *delivery;
    uint64_t process, other;
};

static void carry(const struct side *from, const struct side *to, uint64_t now_ns) {
    struct frame_batch batch;
    while (delivery_pull(from->delivery, now_ns, to->process, &batch)) {
        must(delivery_step(to->delivery, now_ns,
                           &(struct delivery_event){.kind = DELIVERY_FRAME, .peer = from->process, .batch = &batch}));
    }
}

static void submit_burst(const struct side *side, struct mesh_address sender, struct mesh_address target,
                         uint64_t now_ns) {
    static const uint8_t payload[PAYLOAD_BYTES];
    for (int i = 0; i < BURST; i++) {
        struct message draft = {
            .count = 1,
            .sender = sender,
            .target = target,
            .deadline_ns = now_ns + 300 * NS_PER_S,
            .type = bytes_of_text("text"),
            .payload = bytes_make(payload, sizeof payload),
        };
        must(delivery_post(side->delivery, now_ns, &draft));
    }
}

/* As a host would: an actor is asked for a message when it was said to be runnable. */
static size_t handle_all(const struct side *side, uint64_t now_ns) {
    struct delivery_action action;
    size_t handled = 0;
    while (delivery_poll(side->delivery, &action)) {
        if (action.kind == DELIVERY_RUNNABLE && delivery_take(side->delivery, now_ns, action.address)) {
            must(delivery_step(side->delivery, now_ns,
                               &(struct delivery_event){
                                   .kind = DELIVERY_VERDICT, .address = action.address, .outcome = FRAME_HANDLED}));
            handled++;
        }
    }
    return handled;
}

static void release_settled(const struct side *side) {
    struct delivery_action action;
    CHECK(!delivery_settled(side->delivery));
    while (delivery_poll(side->delivery, &action)) {
        CHECK(action.kind == DELIVERY_FLUSH);
    }
}

static double run(size_t messages) {
    struct side a = {.process = SENDER}, b = {.process = RECEIVER};
    struct mesh_address sender = address_make(1, 1, 1), target = address_make(1, 2, 1);
    struct delivery_limits limits = delivery_limits_default;
    limits.tell_handled = false;
    must(delivery_new(&a.delivery, &limits, 1));
    must(delivery_new(&b.delivery, &limits, 2));
    uint64_t start_ns = clock_ns();
    must(delivery_step(a.delivery, start_ns, &(struct delivery_event){.kind = DELIVERY_OPEN, .address = sender}));
    must(delivery_step(b.delivery, start_ns, &(struct delivery_event){.kind = DELIVERY_OPEN, .address = target}));
    submit_burst(&a, sender, target, start_ns);
    must(delivery_step(a.delivery, start_ns,
                       &(struct delivery_event){.kind = DELIVERY_RESOLVED, .address = target, .peer = RECEIVER}));
    struct delivery_action action;
    while (delivery_poll(a.delivery, &action)) {
    }
    size_t sent = BURST, handled = 0;
    while (handled < messages) {
        uint64_t now_ns = clock_ns();
        carry(&a, &b, now_ns);
        handled += handle_all(&b, now_ns);
        carry(&b, &a, now_ns);
        release_settled(&a);
        if (sent - handled < BURST && sent < messages) {
            submit_burst(&a, sender, target, now_ns);
            sent += BURST;
        }
    }
    double ns = (double)(clock_ns() - start_ns) / (double)handled;
    CHECK(delivery_counters(a.delivery)->handled == handled);
    delivery_destroy(&a.delivery);
    delivery_destroy(&b.delivery);
    return ns;
}

int main(int argc, char **argv) {
    size_t messages = argc > 1 ? strtoul(argv[1], NULL, 10) : 4096 * 1024;
    messages = (messages + BURST - 1) / BURST * BURST;
    double best = run(messages);
    for (int again = 0; again < 2; again++) {
        double ns = run(messages);
        best = ns < best ? ns : best;
    }
    printf("delivery-core-64  %.1f ns a message, both sides (best of 3, %zu messages)\n", best, messages);
    return 0;
}
