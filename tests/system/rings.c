/* The deadlock that must not be (D7): actors that send each other more than their windows hold, from one handler.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include <string.h>
#include <time.h>

enum { MESSAGES = 20000, WINDOW = 16384, STATUS_MS = 6000, RING = 5 };

static struct node nodes[1];

/* ---- the actor: "go ADDRESS" sends MESSAGES there; "how" tells how that went, and how many have come from others ---- */

struct sender {
    unsigned accepted, refused, got;
    uint64_t longest_ms;
};

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The first that is not accepted has waited as long as it may; those behind it do not wait. An answer from here would find
 * the window full. */
static void flood(struct mesh_actor *self, struct sender *sender, struct mesh_address to) {
    for (int i = 0; i < MESSAGES; i++) {
        uint64_t began_ms = now_ms();
        struct mesh_send_options options = {.no_wait = sender->refused > 0};
        enum mesh_status status = mesh_send_with(self, to, "x", &i, sizeof i, &options);
        uint64_t took_ms = now_ms() - began_ms;
        sender->longest_ms = took_ms > sender->longest_ms ? took_ms : sender->longest_ms;
        sender->accepted += status == MESH_OK;
        sender->refused += status == MESH_WOULD_BLOCK;
    }
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct sender *sender = state;
    struct mesh_address to;
    const char *text = mesh_message_text(message);
    if (mesh_message_is(message, "x")) {
        sender->got++;
    } else if (text && strncmp(text, "go ", 3) == 0 && mesh_address_parse(text + 3, &to) == MESH_OK) {
        flood(self, sender, to);
    } else if (text) {
        return mesh_reply_text(self, message, "%u %u %u %u", sender->accepted, sender->refused, sender->got,
                               (unsigned)sender->longest_ms)
                   ? MESH_FAILED
                   : MESH_DONE;
    }
    return MESH_DONE;
}

static const struct mesh_type sender = {.name = "sender", .receive = receive, .state_bytes = sizeof(struct sender)};
static const struct mesh_type light = {
    .name = "light", .receive = receive, .state_bytes = sizeof(struct sender), .light = true};
static const struct mesh_type *const types[] = {&sender, &light, NULL};

/* ---- the test ---- */

struct outcome {
    unsigned accepted, refused, got, longest_ms;
};

/* A question that overtakes what the actor sent to itself finds its window full: the answer is refused a place. */
static struct outcome ask_how(struct mesh_address actor) {
    struct mesh_message *answer = NULL;
    struct outcome outcome;
    enum mesh_status status;
    while ((status = mesh_ask_text(nodes[0].handle, actor, "how", 60000, &answer)) == MESH_REFUSED) {
        mesh_message_release(&answer);
    }
    EXPECT(status == MESH_OK);
    EXPECT(sscanf(mesh_message_text(answer), "%u %u %u %u", &outcome.accepted, &outcome.refused, &outcome.got,
                  &outcome.longest_ms) == 4);
    mesh_message_release(&answer);
    return outcome;
}

/* Each of them sends to the next one at once. `full`: nothing can be handled before all is sent. */
static void run_ring(const char *type, size_t count, bool full) {
    struct mesh_address actors[RING];
    char text[MESH_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < count; i++) {
        actors[i] = node_create(&nodes[0], type, "here");
    }
    for (size_t i = 0; i < count; i++) {
        EXPECT(mesh_tell_text(nodes[0].handle, actors[i], "go %s", mesh_address_print(actors[(i + 1) % count], text)) ==
               MESH_OK);
    }
    unsigned accepted = 0, got = 0;
    for (size_t i = 0; i < count; i++) {
        struct outcome outcome = ask_how(actors[i]);
        EXPECT(outcome.accepted + outcome.refused == MESSAGES);
        EXPECT(outcome.accepted >= WINDOW && (!full || outcome.refused > 0));
        EXPECT(outcome.longest_ms < STATUS_MS);
        accepted += outcome.accepted;
    }
    for (long began_ms = node_now_ms(); got != accepted; node_pause()) {
        got = 0;
        for (size_t i = 0; i < count; i++) {
            got += ask_how(actors[i]).got;
        }
        EXPECT(got <= accepted && node_now_ms() - began_ms < 3 * WAIT_MS);
    }
    for (size_t i = 0; i < count; i++) {
        EXPECT(mesh_node_request_exit(nodes[0].handle, actors[i], false) == MESH_OK);
    }
}

static void D7_two_that_send_each_other_from_one_handler(void) {
    run_ring("sender", 2, false);
}

static void D7_one_that_sends_to_itself(void) {
    run_ring("sender", 1, true);
}

static void D7_a_ring_of_five(void) {
    run_ring("sender", RING, false);
}

static void D7_light_ones_do_not_wait_at_all(void) {
    run_ring("light", 1, true);
    run_ring("light", 2, false);
}

static void D1_the_counters_add_up_at_rest(void) {
    node_await_rest(&nodes[0]);
}

#define RUN(test) (printf("%s\n", #test), test())

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    node_start(&nodes[0], "here", NULL);
    RUN(D7_one_that_sends_to_itself);
    RUN(D7_two_that_send_each_other_from_one_handler);
    RUN(D7_a_ring_of_five);
    RUN(D7_light_ones_do_not_wait_at_all);
    RUN(D1_the_counters_add_up_at_rest);
    node_stop(&nodes[0]);
    return 0;
}
