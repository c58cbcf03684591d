/* Global names on two nodes: threads, programs and actors that want one name, its end, and a node that is cut off (G1 to G3).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { ASKERS = 16, ROUNDS = 5, CREATE_MS = 6000, MANY = 300 };

static struct node one, two;

/* ---- actors ---- */

/* Tells its address. */
static enum mesh_verdict plain_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    (void)state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    enum mesh_status status = mesh_reply_text(self, message, "%s", mesh_address_print(mesh_self(self), text));
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* Creates by the name that it is asked for, and tells whom. */
static enum mesh_verdict maker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_address named;
    char text[MESH_ADDRESS_TEXT_BYTES];
    (void)state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    const struct mesh_create_options options = {.name = mesh_message_text(message)};
    enum mesh_status status = mesh_create(self, "names.plain", &options, &named);
    status = mesh_reply_text(self, message, "%s",
                             status == MESH_OK ? mesh_address_print(named, text) : mesh_status_name(status));
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static const struct mesh_type plain = {.name = "names.plain", .receive = plain_receive};
static const struct mesh_type maker = {.name = "names.maker", .receive = maker_receive};
static const struct mesh_type light = {.name = "names.light", .receive = plain_receive, .light = true};
static const struct mesh_type *const types[] = {&plain, &maker, &light, NULL};

/* ---- creating by name ---- */

static enum mesh_status try_create(struct node *node, const char *name, struct mesh_address *out) {
    const struct mesh_create_options options = {.name = name};
    struct mesh_error error;
    enum mesh_status status = mesh_node_create(node->handle, "names.plain", &options, out, &error);
    if (status != MESH_OK && status != MESH_NAME_UNAVAILABLE) {
        (void)fprintf(stderr, "%s: %s\n", mesh_status_name(status), error.text);
    }
    return status;
}

static struct mesh_address create(struct node *node, const char *name) {
    struct mesh_address address;
    EXPECT(try_create(node, name, &address) == MESH_OK);
    return address;
}

static bool is_named(struct node *node, const char *name, struct mesh_address address) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    return strcmp(node_ask(node, address, "who?"), mesh_address_print(address, text)) == 0 &&
           mesh_address_equal(create(node, name), address);
}

/* How many names the nodes say are held. */
static size_t count_names(struct node *node) {
    struct mesh_report *report;
    struct mesh_error error;
    size_t count = 0;
    EXPECT(mesh_node_report(node->handle, true, WAIT_MS, &report, &error) == MESH_OK);
    for (size_t i = 0; i < report->nodes_count; i++) {
        count += report->nodes[i].names_count;
    }
    mesh_report_release(&report);
    return count;
}

static void await_names(struct node *node, size_t count) {
    for (long began_ms = node_now_ms(); count_names(node) != count; node_pause()) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
    }
}

static uint64_t actors(struct node *node) {
    struct mesh_report *report;
    struct mesh_error error;
    EXPECT(mesh_node_report(node->handle, false, WAIT_MS, &report, &error) == MESH_OK);
    uint64_t count = report->nodes[0].actors_hosted;
    mesh_report_release(&report);
    return count;
}

/* ---- many at a time ---- */

struct asker {
    pthread_t thread;
    struct node *node;
    const char *name;
    struct mesh_address address;
};

static void *ask(void *user) {
    struct asker *asker = user;
    asker->address = create(asker->node, asker->name);
    return NULL;
}

static void G1_of_many_creates_of_one_name_one_wins_and_no_second_process_is_left(void) {
    static const char *const names[ROUNDS] = {"a", "b", "c", "d", "e"};
    for (int round = 0; round < ROUNDS; round++) {
        struct asker askers[ASKERS];
        for (int i = 0; i < ASKERS; i++) {
            askers[i] = (struct asker){.node = i % 2 ? &one : &two, .name = names[round]};
            EXPECT(pthread_create(&askers[i].thread, NULL, ask, &askers[i]) == 0);
        }
        for (int i = 0; i < ASKERS; i++) {
            EXPECT(pthread_join(askers[i].thread, NULL) == 0);
            EXPECT(mesh_address_equal(askers[i].address, askers[0].address));
        }
        EXPECT(is_named(&one, names[round], askers[0].address) && is_named(&two, names[round], askers[0].address));
    }
    await_names(&one, ROUNDS);
    EXPECT(actors(&one) + actors(&two) == ROUNDS);
}

static void G1_a_name_is_free_after_the_exit_of_its_actor(void) {
    struct mesh_address first = create(&two, "fleeting");
    EXPECT(mesh_node_request_exit(one.handle, first, false) == MESH_OK);
    await_names(&one, ROUNDS);
    struct mesh_address second = create(&one, "fleeting");
    EXPECT(!mesh_address_equal(first, second) && is_named(&two, "fleeting", second));
    EXPECT(mesh_node_request_exit(one.handle, second, false) == MESH_OK);
    await_names(&one, ROUNDS);
}

static void G3_an_actor_that_creates_by_name_waits_and_has_the_final_address(void) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_address far = node_create(&one, "names.maker", "two"), near = node_create(&one, "names.maker", "one");
    struct mesh_address known = create(&one, "a"), fresh;
    EXPECT(strcmp(node_ask(&one, far, "a"), mesh_address_print(known, text)) == 0);
    EXPECT(mesh_address_parse(node_ask(&one, far, "made"), &fresh) == MESH_OK);
    EXPECT(strcmp(node_ask(&one, near, "made"), mesh_address_print(fresh, text)) == 0);
    EXPECT(is_named(&one, "made", fresh));
    EXPECT(strcmp(node_ask(&one, near, "a\nb"), "MESH_INVALID_ARGUMENT") == 0);
}

static void G2_who_is_cut_off_resolves_what_it_knows_and_no_more(void) {
    struct mesh_address known = create(&two, "kept here"), far = create(&one, "kept there"), unknown;
    EXPECT(is_named(&two, "kept there", far));
    node_signal(&one, SIGSTOP);
    EXPECT(mesh_address_equal(create(&two, "kept here"), known));
    long began_ms = node_now_ms();
    EXPECT(try_create(&two, "never", &unknown) == MESH_NAME_UNAVAILABLE);
    EXPECT(node_now_ms() - began_ms < CREATE_MS);
    EXPECT(mesh_address_equal(create(&two, "kept there"), far));
    EXPECT(mesh_node_find(two.handle, "kept here", WAIT_MS, &unknown, NULL) == MESH_OK);
    EXPECT(mesh_address_equal(unknown, known));
    EXPECT(mesh_node_find(two.handle, "never", WAIT_MS, &unknown, NULL) == MESH_PARTIAL);
    node_signal(&one, SIGCONT);
    EXPECT(mesh_address_equal(create(&two, "never"), create(&one, "never")));
}

static void G1_names_of_a_lost_node_are_free(void) {
    struct mesh_address lost = create(&two, "lost");
    node_signal(&two, SIGKILL);
    node_await_members(&one, 1, WAIT_MS);
    EXPECT(!mesh_address_equal(create(&one, "lost"), lost));
}

/* A report lists 256 names of a node, in no order. */
static void K1_each_of_many_names_is_found(void) {
    char name[32];
    struct mesh_address made[MANY], found;
    for (size_t i = 0; i < MANY; i++) {
        const struct mesh_create_options options = {.name = name};
        (void)snprintf(name, sizeof name, "many %zu", i);
        EXPECT(mesh_node_create(one.handle, "names.light", &options, &made[i], NULL) == MESH_OK);
    }
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "many %zu", i);
        EXPECT(mesh_node_find(one.handle, name, WAIT_MS, &found, NULL) == MESH_OK);
        EXPECT(mesh_address_equal(found, made[i]));
    }
    EXPECT(mesh_node_find(one.handle, "nobody", WAIT_MS, &found, NULL) == MESH_NOT_FOUND);
    EXPECT(mesh_node_find(one.handle, "", WAIT_MS, &found, NULL) == MESH_INVALID_ARGUMENT);
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&one, "one", NULL);
    node_start(&two, "two", &one);
    node_await_members(&one, 2, WAIT_MS);
    G1_of_many_creates_of_one_name_one_wins_and_no_second_process_is_left();
    G1_a_name_is_free_after_the_exit_of_its_actor();
    G3_an_actor_that_creates_by_name_waits_and_has_the_final_address();
    G2_who_is_cut_off_resolves_what_it_knows_and_no_more();
    G1_names_of_a_lost_node_are_free();
    K1_each_of_many_names_is_found();
    node_stop(&one);
    return 0;
}
