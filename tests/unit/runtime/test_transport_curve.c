/* Unit tests of CURVE in the ZeroMQ transport (S7A): who is let in, who is not, and what each frame says of its sender's key.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/transport_zmq.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ADMIN = 11, CALLER = 22, ROUNDS = 500, WAIT_MS = 10 };

static char directory[] = "/tmp/mesh-curve-XXXXXX";
static char ipc[80], bound[TRANSPORT_ENDPOINT_BYTES], refusal[256];
static struct node_key admin_key, caller_key, known_key;
static unsigned refusals;
static bool all_are_known;
static struct transport *admin, *caller, *other;
static struct transport_link *link_;
static struct mesh_error error;

static bool knows(void *user, const uint8_t key[FRAME_KEY_BYTES]) {
    (void)user;
    return all_are_known || memcmp(key, known_key.public_key, FRAME_KEY_BYTES) == 0;
}

static void refused(void *user, const char *text) {
    (void)user;
    refusals++;
    (void)snprintf(refusal, sizeof refusal, "%s", text);
}

static const char *key_in(const char *endpoint) {
    return node_key_in(bytes_of_text(endpoint));
}

static struct transport *make(uint64_t incarnation, bool is_admin, const struct node_key *key) {
    struct transport *made;
    struct transport_security security = {.key = key, .knows = knows, .refused = refused};
    cr_assert_eq(transport_zmq_new(&made, incarnation, is_admin), MESH_OK);
    if (key) {
        cr_assert_eq(transport_secure(made, &security, &error), MESH_OK, "%s", error.text);
    }
    return made;
}

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(ipc, sizeof ipc, "ipc://%s/a.sock", directory);
    cr_assert_eq(node_key_draw(&admin_key, &error), MESH_OK);
    cr_assert_eq(node_key_draw(&caller_key, &error), MESH_OK);
    known_key = caller_key;
    admin = make(ADMIN, true, &admin_key);
    cr_assert_eq(transport_listen(admin, ipc, bound, &error), MESH_OK);
    cr_assert_eq(transport_listen(admin, "tcp://127.0.0.1:0", bound, &error), MESH_OK);
}

static void end(void) {
    transport_destroy(&other);
    transport_destroy(&caller);
    transport_destroy(&admin);
    (void)unlink(ipc + strlen("ipc://"));
    cr_assert_eq(rmdir(directory), 0);
}

TestSuite(transport_curve, .init = begin, .fini = end);

static void wait_a_moment(struct transport *transport) {
    struct pollfd fds[8];
    size_t count = transport_descriptors(transport, fds, 8);
    if (poll(fds, count, WAIT_MS) > 0) {
        transport_polled(transport, fds);
    }
}

static void say_something(struct transport *transport, struct transport_link *link) {
    struct codec *codec;
    struct codec_image image;
    struct frame stale = {.from = CALLER, .to = ADMIN, .body = FRAME_STALE, .stale = {.meant = 3}};
    cr_assert_eq(codec_new(&codec), MESH_OK);
    cr_assert_eq(codec_prepare(codec, &stale, &image), MESH_OK);
    cr_assert_eq(transport_send(transport, link, codec, &image), MESH_OK);
    codec_destroy(&codec);
}

static void call(const char *endpoint) {
    cr_assert_eq(transport_open(caller, endpoint, true, &link_), MESH_OK);
    say_something(caller, link_);
}

/* Waits until the admin has something to do, and nothing may come of it. */
static void admin_hears_nothing(void) {
    struct transport_inbound inbound;
    wait_a_moment(admin);
    cr_assert_not(transport_receive(admin, &inbound));
}

/* Until the link is up or broken, with a deadline. */
static enum transport_state outcome(void) {
    for (int i = 0; i < ROUNDS && link_->state == TRANSPORT_OPENING; i++) {
        admin_hears_nothing();
        wait_a_moment(caller);
        (void)transport_changed(caller);
    }
    return link_->state;
}

static struct transport_inbound await_frame(struct transport *transport) {
    struct transport_inbound inbound;
    bool got = false;
    for (int i = 0; i < ROUNDS && !(got = transport_receive(transport, &inbound)); i++) {
        wait_a_moment(admin);
        wait_a_moment(caller);
        (void)transport_changed(caller);
        if (other) {
            wait_a_moment(other);
            (void)transport_changed(other);
        }
    }
    cr_assert(got, "a frame comes");
    return inbound;
}

static void await_refusals(unsigned count) {
    for (int i = 0; i < ROUNDS && refusals < count; i++) {
        admin_hears_nothing();
    }
    cr_assert_eq(refusals, count, "%u: %s", refusals, refusal);
}

Test(transport_curve, S7A_each_side_learns_the_key_that_the_other_has_proved) {
    struct transport_link *back;
    caller = make(CALLER, true, &caller_key);
    cr_assert_str_eq(key_in(bound), admin_key.text);
    call(bound);
    struct transport_inbound inbound = await_frame(admin);
    cr_assert(inbound.tcp);
    cr_assert_str_eq(inbound.key, caller_key.text);
    cr_assert_eq(inbound.source, CALLER);
    cr_assert_eq(transport_back(admin, CALLER, &back), MESH_OK);
    say_something(admin, back);
    inbound = await_frame(caller);
    cr_assert_eq(inbound.link, link_);
    cr_assert(inbound.tcp);
    cr_assert_str_eq(inbound.key, admin_key.text);
    cr_assert_eq(refusals, 0);
}

/* A second caller is let in, too; gives its link, on which it has said something that the admin has in hand. */
static struct transport_link *other_calls(uint64_t incarnation, const struct node_key *key) {
    struct transport_link *link;
    known_key = *key;
    other = make(incarnation, true, key);
    cr_assert_eq(transport_open(other, bound, true, &link), MESH_OK);
    say_something(other, link);
    cr_assert_str_eq(await_frame(admin).key, key->text);
    return link;
}

static void answer(uint64_t source) {
    struct transport_link *back;
    cr_assert_eq(transport_back(admin, source, &back), MESH_OK);
    say_something(admin, back);
    transport_close(admin, back);
}

Test(transport_curve, S7C_who_calls_by_the_id_of_another_does_not_take_its_place) {
    struct node_key thief_key;
    struct transport_link *back;
    struct transport_inbound inbound;
    cr_assert_eq(node_key_draw(&thief_key, &error), MESH_OK);
    caller = make(CALLER, true, &caller_key);
    call(bound);
    (void)await_frame(admin);
    cr_assert_eq(transport_back(admin, CALLER, &back), MESH_OK);
    (void)other_calls(CALLER, &thief_key);
    answer(CALLER);
    (void)await_frame(other); /* what it said is answered */
    say_something(admin, back);
    cr_assert_eq(await_frame(caller).link, link_);
    cr_assert_eq(link_->state, TRANSPORT_UP);
    cr_assert_not(transport_receive(other, &inbound));
}

Test(transport_curve, S7C_who_has_called_is_answered_when_the_frame_of_another_is_in_hand) {
    struct node_key other_key;
    cr_assert_eq(node_key_draw(&other_key, &error), MESH_OK);
    caller = make(CALLER, true, &caller_key);
    call(bound);
    (void)await_frame(admin);
    transport_judge(admin, true);
    (void)other_calls(CALLER + 1, &other_key);
    answer(CALLER);
    cr_assert_eq(await_frame(caller).link, link_);
}

Test(transport_curve, S7D_the_connection_of_a_frame_is_ended_and_may_be_made_anew) {
    caller = make(CALLER, false, &caller_key);
    call(bound);
    (void)await_frame(admin);
    cr_assert_eq(link_->state, TRANSPORT_UP);
    transport_shut(admin);
    for (int i = 0; i < ROUNDS && link_->state == TRANSPORT_UP; i++) {
        admin_hears_nothing();
        wait_a_moment(caller);
        (void)transport_changed(caller);
    }
    cr_assert_eq(link_->state, TRANSPORT_DOWN);
    transport_close(caller, link_);
    call(bound);
    cr_assert_str_eq(await_frame(admin).key, caller_key.text);
}

Test(transport_curve, S7A_what_comes_by_ipc_is_not_encrypted_and_bears_no_key) {
    caller = make(CALLER, false, NULL);
    call(ipc);
    struct transport_inbound inbound = await_frame(admin);
    cr_assert_not(inbound.tcp);
    cr_assert_null(inbound.key);
}

Test(transport_curve, S7A_a_key_that_is_not_known_is_not_let_in) {
    known_key = admin_key;
    caller = make(CALLER, false, &caller_key);
    call(bound);
    cr_assert_eq(outcome(), TRANSPORT_DOWN);
    cr_assert(strstr(link_->why, "does not allow the key of this node"), "%s", link_->why);
    await_refusals(1);
    cr_assert(strstr(refusal, caller_key.text) && strstr(refusal, "127.0.0.1"), "%s", refusal);
}

Test(transport_curve, S7A_a_node_may_call_itself) {
    known_key = caller_key;
    caller = make(CALLER, false, &admin_key);
    call(bound);
    cr_assert_str_eq(await_frame(admin).key, admin_key.text);
}

Test(transport_curve, S7A_who_has_another_key_than_the_endpoint_names_is_not_spoken_to) {
    char endpoint[TRANSPORT_ENDPOINT_BYTES];
    caller = make(CALLER, false, &caller_key);
    (void)snprintf(endpoint, sizeof endpoint, "%.*s%s", (int)(key_in(bound) - bound), bound, caller_key.text);
    call(endpoint);
    cr_assert_eq(outcome(), TRANSPORT_DOWN);
    cr_assert(strstr(link_->why, "does not have the key that the endpoint names"), "%s", link_->why);
    await_refusals(1);
    cr_assert(strstr(refusal, "another key of this node"), "%s", refusal);
}

/* Both sides notice, and the one that does so first hangs up. */
Test(transport_curve, S7A_a_caller_in_the_clear_is_not_let_in) {
    caller = make(CALLER, false, NULL);
    bound[key_in(bound) - 1 - bound] = '\0';
    call(bound);
    cr_assert_eq(outcome(), TRANSPORT_DOWN);
    cr_assert(strstr(link_->why, "this node has to have it too"), "%s", link_->why);
    await_refusals(1);
    cr_assert(strstr(refusal, "security = curve") || strstr(refusal, "has hung up"), "%s", refusal);
}

Test(transport_curve, S7A_who_listens_in_the_clear_is_not_spoken_to) {
    struct transport *plain = make(33, true, NULL);
    char text[TRANSPORT_ENDPOINT_BYTES], endpoint[TRANSPORT_ENDPOINT_BYTES * 2];
    cr_assert_eq(transport_listen(plain, "tcp://127.0.0.1:0", text, &error), MESH_OK);
    cr_assert_null(key_in(text));
    (void)snprintf(endpoint, sizeof endpoint, "%s/%s", text, admin_key.text);
    caller = make(CALLER, false, &caller_key);
    call(endpoint);
    cr_assert_eq(outcome(), TRANSPORT_DOWN);
    cr_assert(strstr(link_->why, "not security = curve"), "%s", link_->why);
    transport_destroy(&plain);
}

Test(transport_curve, S7A_an_endpoint_bears_a_key_where_and_only_where_tcp_is_encrypted) {
    struct transport *plain = make(33, false, NULL);
    caller = make(CALLER, false, &caller_key);
    cr_assert_eq(transport_open(plain, bound, false, &link_), MESH_INVALID_ARGUMENT);
    bound[key_in(bound) - 1 - bound] = '\0';
    cr_assert_eq(transport_open(caller, bound, false, &link_), MESH_INVALID_ARGUMENT);
    cr_assert_eq(transport_open(plain, bound, false, &link_), MESH_OK);
    transport_destroy(&plain);
}

/* As if nobody had been asked. */
Test(transport_curve, S7A_nothing_begins_where_an_unknown_key_is_let_in) {
    struct transport_security security = {.key = &caller_key, .knows = knows, .refused = refused};
    all_are_known = true;
    cr_assert_eq(transport_zmq_new(&caller, CALLER, false), MESH_OK);
    cr_assert_eq(transport_secure(caller, &security, &error), MESH_REFUSED);
    cr_assert(strstr(error.text, "let in"), "%s", error.text);
}

Test(transport_curve, S7A_what_is_no_key_is_none) {
    char text[128];
    (void)snprintf(text, sizeof text, "tcp://h:1/%s", admin_key.text);
    cr_assert_str_eq(key_in(text), admin_key.text);
    text[sizeof "tcp://h:1/" - 1] = 'A';
    cr_assert_null(key_in(text), "capital letters would make two texts of one endpoint");
    text[strlen(text) - 1] = '\0';
    cr_assert_null(key_in(text));
    cr_assert_null(key_in("tcp://h:1"));
    cr_assert_null(key_in("tcp://h:1/"));
    (void)snprintf(text, sizeof text, "ipc://h/%s", admin_key.text);
    cr_assert_null(key_in(text));
}
