/* What programs see: private endpoints, interrupted waits, and what each mistake at a call is answered with.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 100, ASKS = 100, OVERTAKES = 17000, TOLD = 200 }; /* one window has room for 16,384 */

static struct node node;

/* ---- the actor ---- */

struct helper {
    unsigned count;
};

/* Waits in the handler until there is a file of that name. */
static void await_file(const char *path) {
    while (access(path, F_OK) != 0) {
        (void)poll(NULL, 0, 1);
    }
}

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* "wait PATH" answers when the file is there; "send N ADDRESS" sends so many numbers there and then answers; "exit ADDRESS"
 * asks for an exit; anything else is answered with the count of messages. */
static enum mesh_verdict helper_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct helper *helper = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) != MESH_USER || !text) {
        return MESH_DONE;
    }
    helper->count++;
    struct mesh_address to;
    char address[MESH_ADDRESS_TEXT_BYTES];
    int many = 0;
    if (strncmp(text, "wait ", 5) == 0) {
        await_file(text + 5);
    } else if (sscanf(text, "send %d %39s", &many, address) == 2 && mesh_address_parse(address, &to) == MESH_OK) {
        for (int i = 0; i < many; i++) {
            if (mesh_send(self, to, "number", &i, sizeof i) != MESH_OK) {
                return MESH_FAILED;
            }
        }
    } else if (sscanf(text, "exit %39s", address) == 1 && mesh_address_parse(address, &to) == MESH_OK) {
        return verdict_of(mesh_request_exit(self, to, false) == MESH_OK ? mesh_reply_text(self, message, "asked")
                                                                        : MESH_REFUSED);
    }
    return verdict_of(mesh_reply_text(self, message, "%u", helper->count));
}

static const struct mesh_type helper_type = {
    .name = "test.helper", .state_bytes = sizeof(struct helper), .receive = helper_receive};
static const struct mesh_type *const types[] = {&helper_type, NULL};

/* ---- what the cases share ---- */

static struct mesh_endpoint *open_endpoint(void) {
    struct mesh_endpoint *endpoint;
    EXPECT(mesh_endpoint_open(node.handle, &endpoint) == MESH_OK);
    return endpoint;
}

static enum mesh_status ask_text(struct mesh_endpoint *endpoint, struct mesh_address to, const char *text,
                                 struct mesh_message **reply) {
    return mesh_endpoint_ask(endpoint, to, MESH_TEXT, text, strlen(text) + 1, WAIT_MS, reply);
}

static void expect_number(struct mesh_endpoint *endpoint, int number) {
    struct mesh_message *message;
    size_t bytes;
    EXPECT(mesh_endpoint_listen(endpoint, WAIT_MS, &message) == MESH_OK);
    EXPECT(mesh_message_is(message, "number"));
    EXPECT(memcmp(mesh_message_data(message, &bytes), &number, sizeof number) == 0 && bytes == sizeof number);
    mesh_message_release(&message);
}

/* The helper sends `many` numbers to the endpoint. */
static void have_sent(struct mesh_address helper, int many, struct mesh_address to) {
    char text[80], address[MESH_ADDRESS_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "send %d %s", many, mesh_address_print(to, address));
    (void)node_ask(&node, helper, text);
}

static void expect_count(struct mesh_address helper, int count) {
    char text[16];
    (void)snprintf(text, sizeof text, "%d", count);
    EXPECT(strcmp(node_ask(&node, helper, "how many?"), text) == 0);
}

static uint64_t unsettled(struct mesh_address actor) {
    struct mesh_actor_report report;
    EXPECT(node_actor(&node, actor, &report));
    return report.unsettled;
}

static void await_unsettled(struct mesh_address actor, uint64_t most) {
    long end_ms = node_now_ms() + WAIT_MS;
    while (unsettled(actor) > most) {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
}

/* ---- many endpoints ---- */

static struct mesh_address asked;

static void *ask_many(void *user) {
    struct mesh_endpoint *endpoint = open_endpoint();
    *(struct mesh_address *)user = mesh_endpoint_address(endpoint);
    for (int i = 0; i < ASKS; i++) {
        struct mesh_message *reply;
        EXPECT(ask_text(endpoint, asked, "hello", &reply) == MESH_OK);
        mesh_message_release(&reply);
    }
    mesh_endpoint_close(&endpoint);
    EXPECT(!endpoint);
    return NULL;
}

static void D12_a_hundred_threads_ask_at_endpoints_of_their_own(void) {
    pthread_t threads[THREADS];
    struct mesh_address addresses[THREADS];
    asked = node_create(&node, "test.helper", "one");
    long began_ms = node_now_ms();
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, ask_many, &addresses[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
        for (int other = 0; other < i; other++) {
            EXPECT(!mesh_address_equal(addresses[i], addresses[other]));
        }
    }
    (void)printf("  %d asks in %ld ms\n", THREADS * ASKS, node_now_ms() - began_ms);
    expect_count(asked, THREADS * ASKS + 1);
}

static void D12_what_is_for_one_endpoint_is_not_for_another(void) {
    struct mesh_endpoint *one = open_endpoint(), *two = open_endpoint();
    struct mesh_address helper = node_create(&node, "test.helper", "one");
    struct mesh_message *message;
    have_sent(helper, 1, mesh_endpoint_address(one));
    EXPECT(mesh_endpoint_tell(one, mesh_endpoint_address(two), MESH_TEXT, "hi", 3) == MESH_OK);
    EXPECT(mesh_endpoint_listen(two, WAIT_MS, &message) == MESH_OK);
    EXPECT(strcmp(mesh_message_text(message), "hi") == 0);
    EXPECT(mesh_address_equal(mesh_message_sender(message), mesh_endpoint_address(one)));
    mesh_message_release(&message);
    expect_number(one, 0);
    EXPECT(mesh_endpoint_listen(one, 0, &message) == MESH_TIMED_OUT);
    EXPECT(mesh_endpoint_listen(two, 0, &message) == MESH_TIMED_OUT);
    EXPECT(mesh_listen(node.handle, 0, &message) == MESH_TIMED_OUT);
    mesh_endpoint_close(&one);
    mesh_endpoint_close(&two);
}

static void D12_what_a_closed_endpoint_sent_is_delivered(void) {
    struct mesh_endpoint *endpoint = open_endpoint();
    struct mesh_address helper = node_create(&node, "test.helper", "one");
    for (int i = 0; i < TOLD; i++) {
        EXPECT(mesh_endpoint_tell(endpoint, helper, MESH_TEXT, "x", 2) == MESH_OK);
    }
    mesh_endpoint_close(&endpoint);
    mesh_endpoint_close(&endpoint);
    expect_count(helper, TOLD + 1);
}

static void *listen_for_ever(void *user) {
    struct mesh_message *message;
    return mesh_endpoint_listen(user, MESH_FOREVER, &message) == MESH_CLOSED ? NULL : user;
}

static void D12_closing_ends_the_waits_of_others(void) {
    struct mesh_endpoint *endpoint = open_endpoint();
    struct mesh_address address = mesh_endpoint_address(endpoint);
    pthread_t thread;
    void *failed;
    EXPECT(pthread_create(&thread, NULL, listen_for_ever, endpoint) == 0);
    /* Whoever takes this off the endpoint has let the other thread wait before it. */
    struct mesh_message *message;
    EXPECT(mesh_endpoint_listen(endpoint, 50, &message) == MESH_TIMED_OUT);
    mesh_endpoint_close(&endpoint);
    EXPECT(pthread_join(thread, &failed) == 0 && !failed);
    EXPECT(mesh_ask_text(node.handle, address, "anybody?", WAIT_MS, &message) == MESH_DEAD);
    mesh_message_release(&message);
}

/* ---- handled is what was returned ---- */

static void D11_what_an_ask_meets_is_not_handled_before_listen(void) {
    struct mesh_endpoint *endpoint = open_endpoint();
    struct mesh_address helper = node_create(&node, "test.helper", "one");
    struct mesh_message *reply;
    have_sent(helper, 3, mesh_endpoint_address(endpoint));
    /* The answers bring acknowledgements along, and the third question follows the report of what the second knew. */
    for (int i = 0; i < 3; i++) {
        EXPECT(ask_text(endpoint, helper, "hello", &reply) == MESH_OK);
        mesh_message_release(&reply);
    }
    EXPECT(unsettled(helper) >= 3);
    for (int i = 0; i < 3; i++) {
        expect_number(endpoint, i);
    }
    await_unsettled(helper, 0);
    mesh_endpoint_close(&endpoint);
}

/* One is unread and counts as such, whatever overtakes it. */
static void D11_the_unread_do_not_stop_those_who_ask_for_ever(void) {
    struct mesh_endpoint *endpoint = open_endpoint();
    struct mesh_address helper = node_create(&node, "test.helper", "one");
    struct mesh_message *reply;
    have_sent(helper, 1, mesh_endpoint_address(endpoint));
    for (int i = 0; i < OVERTAKES; i++) {
        EXPECT(ask_text(endpoint, helper, "hello", &reply) == MESH_OK);
        mesh_message_release(&reply);
    }
    await_unsettled(helper, 1);
    EXPECT(unsettled(helper) == 1);
    expect_number(endpoint, 0);
    await_unsettled(helper, 0);
    mesh_endpoint_close(&endpoint);
}

static void D11_what_is_unread_at_the_close_is_dead(void) {
    struct mesh_endpoint *endpoint = open_endpoint();
    struct mesh_address helper = node_create(&node, "test.helper", "one");
    uint64_t dead = node_counter(&node, "dead");
    have_sent(helper, 5, mesh_endpoint_address(endpoint));
    expect_number(endpoint, 0);
    mesh_endpoint_close(&endpoint);
    await_unsettled(helper, 0);
    EXPECT(node_counter(&node, "dead") == dead + 4);
}

/* ---- signals ---- */

static atomic_bool interrupted;

static void on_signal(int number) {
    (void)number;
}

static const char *gate(void) {
    static char path[sizeof node.directory + 8];
    (void)snprintf(path, sizeof path, "%s.gate", node.directory);
    return path;
}

/* Asks a helper that answers when the gate is open. */
struct asker {
    struct mesh_address helper;
    bool interrupted; /* it is to be, at least once */
    pthread_t thread;
};

static void *ask_at_the_gate(void *user) {
    const struct asker *asker = user;
    struct mesh_endpoint *endpoint = open_endpoint();
    struct mesh_message *reply;
    char text[sizeof node.directory + 16];
    (void)snprintf(text, sizeof text, "wait %s", gate());
    enum mesh_status status = ask_text(endpoint, asker->helper, text, &reply);
    EXPECT((status == MESH_INTERRUPTED && !reply) == asker->interrupted);
    atomic_store(&interrupted, asker->interrupted);
    while (status == MESH_INTERRUPTED) {
        status = mesh_endpoint_ask_resume(endpoint, WAIT_MS, &reply);
    }
    EXPECT(status == MESH_OK && strcmp(mesh_message_text(reply), "1") == 0);
    mesh_message_release(&reply);
    EXPECT(mesh_endpoint_ask_resume(endpoint, 0, &reply) == MESH_NOT_FOUND);
    mesh_endpoint_close(&endpoint);
    return NULL;
}

static void await_busy(struct mesh_address actor) {
    struct mesh_actor_report report;
    long end_ms = node_now_ms() + WAIT_MS;
    while (!node_actor(&node, actor, &report) || report.busy_ms == 0) {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
}

/* The first drives, the second sleeps meanwhile and is the only one that is signalled. */
static void D13_a_signal_interrupts_who_waits_while_another_drives(void) {
    struct sigaction action = {.sa_handler = on_signal};
    struct asker askers[2] = {{.interrupted = false}, {.interrupted = true}};
    EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        askers[i].helper = node_create(&node, "test.helper", "one");
    }
    EXPECT(pthread_create(&askers[0].thread, NULL, ask_at_the_gate, &askers[0]) == 0);
    await_busy(askers[0].helper);
    EXPECT(pthread_create(&askers[1].thread, NULL, ask_at_the_gate, &askers[1]) == 0);
    /* A signal that comes before the thread waits is lost: it is repeated. */
    for (long end_ms = node_now_ms() + WAIT_MS; !atomic_load(&interrupted);) {
        EXPECT(node_now_ms() < end_ms && pthread_kill(askers[1].thread, SIGUSR1) == 0);
        node_pause();
    }
    int file = open(gate(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    EXPECT(file >= 0 && close(file) == 0);
    for (int i = 0; i < 2; i++) {
        EXPECT(pthread_join(askers[i].thread, NULL) == 0);
    }
    EXPECT(unlink(gate()) == 0);
}

/* ---- mistakes ---- */

static const char big[1];

struct mistake {
    const char *name, *to, *type;
    const void *data;
    size_t bytes;
    enum mesh_status status;
};

static const struct mistake mistakes[] = {
    {"no address", "none", "t", "x", 1, MESH_INVALID_ADDRESS},
    {"garbage with a slot and no node", "no node", "t", "x", 1, MESH_INVALID_ADDRESS},
    {"no type", "actor", NULL, "x", 1, MESH_INVALID_ARGUMENT},
    {"an empty type", "actor", "", "x", 1, MESH_INVALID_ARGUMENT},
    {"no data", "actor", "t", NULL, 1, MESH_INVALID_ARGUMENT},
    {"too many bytes", "actor", "t", big, SIZE_MAX / 2, MESH_TOO_LARGE},
    {"an admin", "admin", "t", "x", 1, MESH_DEAD},
    {"nothing at all is a payload", "actor", "t", NULL, 0, MESH_TIMED_OUT},
};

static struct mesh_address address_named(const char *name, struct mesh_address actor) {
    if (strcmp(name, "actor") == 0) {
        return actor;
    }
    if (strcmp(name, "admin") == 0) {
        return (struct mesh_address){actor.node, 0};
    }
    return strcmp(name, "none") == 0 ? (struct mesh_address){0, 0} : (struct mesh_address){0, 12345};
}

static void E5_mistakes_are_errors_at_the_call(void) {
    struct mesh_address actor = node_create(&node, "test.helper", "one");
    struct mesh_message *reply;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        const struct mistake *mistake = &mistakes[i];
        struct mesh_address to = address_named(mistake->to, actor);
        int wait_ms = mistake->status == MESH_TIMED_OUT ? 10 : WAIT_MS;
        enum mesh_status status =
            mesh_ask(node.handle, to, mistake->type, mistake->data, mistake->bytes, wait_ms, &reply);
        if (status != mistake->status) {
            (void)fprintf(stderr, "%s: %s\n", mistake->name, mesh_status_name(status));
            exit(1);
        }
        mesh_message_release(&reply);
    }
    EXPECT(mesh_ask(NULL, actor, "t", "x", 1, 0, &reply) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_ask(node.handle, actor, "t", "x", 1, 0, NULL) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_ask_text(node.handle, actor, NULL, 0, &reply) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_listen(node.handle, 0, NULL) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_endpoint_open(NULL, NULL) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_endpoint_tell(NULL, actor, "t", "x", 1) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_node_create(node.handle, NULL, NULL, &actor, NULL) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_node_create(node.handle, "test.helper", NULL, NULL, NULL) == MESH_INVALID_ARGUMENT);
}

static void C6_admins_and_programs_refuse_to_exit(void) {
    struct mesh_address helper = node_create(&node, "test.helper", "one");
    struct mesh_address none = {0, 0}, admin = {helper.node, 0};
    struct mesh_endpoint *endpoint = open_endpoint();
    char text[80], address[MESH_ADDRESS_TEXT_BYTES];
    uint64_t dead = node_counter(&node, "dead");
    EXPECT(mesh_node_request_exit(node.handle, none, false) == MESH_INVALID_ADDRESS);
    EXPECT(mesh_node_request_exit(node.handle, admin, false) == MESH_REFUSED);
    (void)snprintf(text, sizeof text, "exit %s", mesh_address_print(mesh_endpoint_address(endpoint), address));
    EXPECT(strcmp(node_ask(&node, helper, text), "asked") == 0);
    await_unsettled(helper, 0);
    node_await_counter(&node, "dead", dead + 1);
    EXPECT(mesh_node_request_exit(node.handle, mesh_endpoint_address(endpoint), false) == MESH_OK);
    have_sent(helper, 1, mesh_endpoint_address(endpoint));
    expect_number(endpoint, 0);
    mesh_endpoint_close(&endpoint);
}

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name)                                                                                                     \
    { #name, name }

static const struct test tests[] = {
    TEST(D12_a_hundred_threads_ask_at_endpoints_of_their_own),
    TEST(D12_what_is_for_one_endpoint_is_not_for_another),
    TEST(D12_what_a_closed_endpoint_sent_is_delivered),
    TEST(D12_closing_ends_the_waits_of_others),
    TEST(D11_what_an_ask_meets_is_not_handled_before_listen),
    TEST(D11_the_unread_do_not_stop_those_who_ask_for_ever),
    TEST(D11_what_is_unread_at_the_close_is_dead),
    TEST(D13_a_signal_interrupts_who_waits_while_another_drives),
    TEST(E5_mistakes_are_errors_at_the_call),
    TEST(C6_admins_and_programs_refuse_to_exit),
};

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&node, "one", NULL);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        (void)printf("%s\n", tests[i].name);
        (void)fflush(stdout);
        tests[i].run();
    }
    node_stop(&node);
    return 0;
}
