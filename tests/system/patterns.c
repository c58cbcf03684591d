/* The small patterns with real processes: dispatch, transient actors, initial messages (P1, P3, P4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <mesh/patterns.h>
#include <string.h>

enum { LIFE_MS = 2000 };

static struct node one;

/* ---- the actor: each message is shown when "first" and "second" have come, and it does not live long ---- */

struct clerk {
    struct mesh_lifetime life;
    struct mesh_needs needs;
    char shown[64];
};

static enum mesh_verdict on_ask(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    return mesh_reply_text(self, message, "%s%s", clerk->shown, mesh_message_text(message)) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict on_word(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct clerk *clerk = state;
    (void)self;
    size_t length = strlen(clerk->shown);
    (void)snprintf(clerk->shown + length, sizeof clerk->shown - length, "%s ", mesh_message_type(message));
    return MESH_DONE;
}

/* Takes longer than its life. */
static enum mesh_verdict on_long(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    for (long end_ms = node_now_ms() + LIFE_MS + 100; node_now_ms() < end_ms; node_pause()) {
    }
    return MESH_DONE;
}

static enum mesh_verdict serve(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const struct mesh_case cases[] = {
        {.type = MESH_TEXT, .receive = on_ask}, {.type = "first", .receive = on_word},
        {.type = "second", .receive = on_word}, {.type = "third", .receive = on_word},
        {.type = "long", .receive = on_long},   {0}};
    return mesh_dispatch(self, message, state, cases);
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const char *const needed[] = {"first", "second", NULL};
    static const struct mesh_initial initial = {.types = needed, .receive = serve};
    struct clerk *clerk = state;
    return mesh_initial_receive(self, message, state, &initial, &clerk->needs);
}

static enum mesh_verdict serve_briefly(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    static const struct mesh_transient brief = {.after_ms = LIFE_MS, .receive = serve};
    struct clerk *clerk = state;
    return mesh_transient_receive(self, message, state, &brief, &clerk->life);
}

static const struct mesh_type clerk = {.name = "test.clerk", .state_bytes = sizeof(struct clerk), .receive = receive};
static const struct mesh_type brief = {
    .name = "test.brief", .state_bytes = sizeof(struct clerk), .receive = serve_briefly};
static const struct mesh_type *const types[] = {&clerk, &brief, NULL};

/* ---- tests ---- */

static void tell(struct mesh_address actor, const char *type) {
    EXPECT(mesh_tell(one.handle, actor, type, NULL, 0) == MESH_OK);
}

static void P1_an_unknown_type_goes_back_with_its_name(void) {
    struct mesh_address actor = node_create(&one, "test.clerk", "one");
    struct mesh_message *reply;
    tell(actor, "second");
    tell(actor, "first");
    EXPECT(mesh_ask(one.handle, actor, "fourth", NULL, 0, WAIT_MS, &reply) == MESH_REFUSED);
    EXPECT(strstr(mesh_message_failure(reply), "fourth"));
    mesh_message_release(&reply);
}

static void P4_what_comes_too_early_is_answered_when_the_set_is_complete(void) {
    struct mesh_address actor = node_create(&one, "test.clerk", "one");
    struct mesh_message *reply;
    tell(actor, "third");
    tell(actor, "second");
    EXPECT(mesh_ask_text(one.handle, actor, "are here", 0, &reply) == MESH_TIMED_OUT);
    tell(actor, "first");
    EXPECT(mesh_ask_resume(one.handle, WAIT_MS, &reply) == MESH_OK);
    EXPECT(strcmp(mesh_message_text(reply), "first second third are here") == 0);
    mesh_message_release(&reply);
    EXPECT(strcmp(node_ask(&one, actor, "later"), "first second third later") == 0);
}

/* It has the question, and goes without an answer to it. */
static void P3_it_goes_by_itself(void) {
    struct mesh_address actor = node_create(&one, "test.brief", "one");
    struct mesh_message *reply;
    long began_ms = node_now_ms();
    EXPECT(mesh_ask(one.handle, actor, "first", NULL, 0, WAIT_MS, &reply) == MESH_DEAD);
    EXPECT(node_now_ms() - began_ms >= LIFE_MS);
    mesh_message_release(&reply);
}

/* While its handler was at work its time was over, and a message waited: the end comes behind that, and counts no more. */
static void P3_an_end_that_is_overtaken_is_none(void) {
    struct mesh_address actor = node_create(&one, "test.brief", "one");
    tell(actor, "long");
    EXPECT(strcmp(node_ask(&one, actor, "here"), "here") == 0);
    EXPECT(strcmp(node_ask(&one, actor, "still"), "still") == 0);
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&one, "one", NULL);
    P1_an_unknown_type_goes_back_with_its_name();
    P4_what_comes_too_early_is_answered_when_the_set_is_complete();
    P3_it_goes_by_itself();
    P3_an_end_that_is_overtaken_is_none();
    node_stop(&one);
    return 0;
}
