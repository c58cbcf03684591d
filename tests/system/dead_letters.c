/* Dead letters and who handles them (E4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LETTERS = 64, NAME_BYTES = 32, EXPIRY_MS = 20, TEXT_BYTES = 256 };

static struct node one, two;

/* ---- the handler: keeps what it was shown, by the text of the message ---- */

struct letter {
    char name[NAME_BYTES];
    struct mesh_dead dead;
};

struct keeper {
    struct letter letters[LETTERS];
    unsigned count;
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict keep(struct keeper *keeper, const struct mesh_message *message) {
    struct letter *letter = &keeper->letters[keeper->count++ % LETTERS];
    const char *text = mesh_message_text(mesh_message_inner(message));
    (void)snprintf(letter->name, sizeof letter->name, "%s", text ? text : "?");
    return verdict_of(mesh_message_dead(message, &letter->dead));
}

static enum mesh_verdict find(struct mesh_actor *self, const struct mesh_message *message, const struct keeper *keeper,
                              const char *name) {
    char target[MESH_ADDRESS_TEXT_BYTES], sender[MESH_ADDRESS_TEXT_BYTES];
    for (unsigned i = 0; i < keeper->count && i < LETTERS; i++) {
        const struct mesh_dead *dead = &keeper->letters[i].dead;
        if (strcmp(keeper->letters[i].name, name) == 0) {
            return verdict_of(mesh_reply_text(self, message, "%d %d %zu %s %s", (int)dead->reason, dead->maybe_handled,
                                              dead->bytes, mesh_address_print(dead->target, target),
                                              mesh_address_print(dead->sender, sender)));
        }
    }
    return verdict_of(mesh_reply_text(self, message, "none"));
}

static enum mesh_verdict keeper_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_DEAD_LETTER) {
        return keep(state, message);
    }
    if (mesh_message_kind(message) != MESH_USER || !text) {
        return MESH_DONE;
    }
    if (strncmp(text, "find ", 5) == 0) {
        return find(self, message, state, text + 5);
    }
    bool on = strcmp(text, "register") == 0;
    return verdict_of(mesh_dead_letters(self, on) == MESH_OK ? mesh_reply_text(self, message, "done") : MESH_REFUSED);
}

/* ---- whose messages die ---- */

static enum mesh_verdict send_to_nobody(struct mesh_actor *self, const struct mesh_message *message, const char *name) {
    struct mesh_requirement impossible = {.name = "nowhere", .comparison = MESH_PRESENT};
    struct mesh_create_options options = {.requirements = &impossible, .requirements_count = 1};
    struct mesh_address child;
    char address[MESH_ADDRESS_TEXT_BYTES];
    return verdict_of(mesh_create(self, "test.sender", &options, &child) == MESH_OK &&
                              mesh_send_text(self, child, "%s", name) == MESH_OK
                          ? mesh_reply_text(self, message, "%s", mesh_address_print(child, address))
                          : MESH_REFUSED);
}

/* "send NAME ADDRESS", "brief NAME ADDRESS" with a short expiry, "nobody NAME". */
static enum mesh_verdict sender_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    const char *text = mesh_message_text(message);
    char word[8] = "", name[TEXT_BYTES] = "", address[MESH_ADDRESS_TEXT_BYTES] = "";
    struct mesh_address to = {0, 0};
    if (mesh_message_kind(message) != MESH_USER || !text) {
        return MESH_DONE;
    }
    (void)sscanf(text, "%7s %255s %39s", word, name, address);
    if (strcmp(word, "nobody") == 0) {
        return send_to_nobody(self, message, name);
    }
    if (mesh_address_parse(address, &to) != MESH_OK) {
        return MESH_DONE;
    }
    struct mesh_send_options options = {.expiry_ms = strcmp(word, "brief") == 0 ? EXPIRY_MS : 0};
    return verdict_of(mesh_send_with(self, to, MESH_TEXT, name, strlen(name) + 1, &options) == MESH_OK
                          ? mesh_reply_text(self, message, "sent")
                          : MESH_REFUSED);
}

/* ---- who leaves messages unread ---- */

static void *send_one(void *user) {
    struct mesh_actor *self = user;
    return mesh_send_text(self, mesh_self(self), "x") == MESH_OK ? NULL : self;
}

/* By the thread its host receives also while the handler waits for somebody to open the other end (A7). What came meanwhile is dead. */
static enum mesh_verdict holder_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    pthread_t thread;
    void *failed = NULL;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (pthread_create(&thread, NULL, send_one, self) != 0 || pthread_join(thread, &failed) != 0 || failed ||
        mesh_reply_text(self, message, "held") != MESH_OK) {
        return MESH_FAILED;
    }
    int held = open(mesh_message_text(message), O_RDONLY | O_CLOEXEC);
    return held >= 0 && close(held) == 0 ? MESH_EXIT : MESH_FAILED;
}

static const struct mesh_type keeper_type = {
    .name = "test.keeper", .state_bytes = sizeof(struct keeper), .receive = keeper_receive};
static const struct mesh_type sender_type = {.name = "test.sender", .receive = sender_receive};
static const struct mesh_type holder_type = {.name = "test.holder", .receive = holder_receive};
static const struct mesh_type *const types[] = {&keeper_type, &sender_type, &holder_type, NULL};

/* ---- what the cases share ---- */

static struct mesh_address keeper, sender, gone;

static void send_by(struct mesh_address from, const char *word, const char *name, struct mesh_address to) {
    char text[TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "%s %s %s", word, name, mesh_address_print(to, address));
    EXPECT(strcmp(node_ask(&one, from, text), "sent") == 0);
}

static void send_by_actor(const char *word, const char *name, struct mesh_address to) {
    send_by(sender, word, name, to);
}

/* What the handler says of the letter of that name; "none" when it has not come. */
static const char *found(struct mesh_address handler, const char *name) {
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof text, "find %s", name);
    return node_ask(&one, handler, text);
}

static void await_letter(const char *name, struct mesh_address target, struct mesh_address from,
                         enum mesh_reason reason) {
    char expected[TEXT_BYTES], texts[2][MESH_ADDRESS_TEXT_BYTES];
    long end_ms = node_now_ms() + WAIT_MS;
    (void)snprintf(expected, sizeof expected, " %zu %s %s", strlen(name) + 1, mesh_address_print(target, texts[0]),
                   mesh_address_print(from, texts[1]));
    const char *seen;
    while (strcmp(seen = found(keeper, name), "none") == 0) {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
    if (seen[0] - '0' != (int)reason || strcmp(seen + 3, expected) != 0) {
        (void)fprintf(stderr, "%s: \"%s\" instead of \"%d ?%s\"\n", name, seen, (int)reason, expected);
        exit(1);
    }
}

/* The registration has reached both the program and the sender's host when letters of both have come to that handler. */
static void await_known(struct mesh_address handler, const char *name) {
    char by_program[NAME_BYTES];
    long end_ms = node_now_ms() + WAIT_MS;
    (void)snprintf(by_program, sizeof by_program, "%s-too", name);
    bool known = false;
    while (!known) {
        EXPECT(node_now_ms() < end_ms);
        send_by_actor("send", name, gone);
        EXPECT(mesh_tell_text(one.handle, gone, "%s", by_program) == MESH_OK);
        node_pause();
        known = strcmp(found(handler, name), "none") != 0;
        known = strcmp(found(handler, by_program), "none") != 0 && known;
    }
}

/* ---- cases ---- */

static void E4_dead_letters_without_a_handler_are_logged(void) {
    char path[sizeof one.directory + 8], line[1024];
    (void)snprintf(path, sizeof path, "%s/log", one.directory);
    long end_ms = node_now_ms() + WAIT_MS;
    bool logged[2] = {false, false};
    char texts[2][MESH_ADDRESS_TEXT_BYTES];
    (void)mesh_address_print(sender, texts[0]);
    (void)mesh_address_print(mesh_node_address(one.handle), texts[1]);
    send_by_actor("send", "unhandled", gone);
    EXPECT(mesh_tell_text(one.handle, gone, "unhandled") == MESH_OK);
    while (!logged[0] || !logged[1]) {
        FILE *file = fopen(path, "r");
        EXPECT(file && node_now_ms() < end_ms);
        while (fgets(line, sizeof line, file)) {
            for (int i = 0; i < 2; i++) {
                logged[i] = logged[i] || (strstr(line, "dead letter of type text") && strstr(line, texts[i]));
            }
        }
        (void)fclose(file);
        node_pause();
    }
}

static void E4_each_reason_reaches_the_handler(void) {
    struct mesh_address admin = {sender.node, 0};
    EXPECT(strcmp(node_ask(&one, keeper, "register"), "done") == 0);
    await_known(keeper, "first");
    send_by_actor("send", "exited", gone);
    await_letter("exited", gone, sender, MESH_DEAD_EXITED);
    EXPECT(mesh_tell_text(one.handle, gone, "told") == MESH_OK);
    await_letter("told", gone, mesh_node_address(one.handle), MESH_DEAD_EXITED);
    struct mesh_address child;
    EXPECT(mesh_address_parse(node_ask(&one, sender, "nobody unborn"), &child) == MESH_OK);
    await_letter("unborn", child, sender, MESH_DEAD_NEVER_CREATED);
    send_by_actor("send", "refused", admin);
    await_letter("refused", admin, sender, MESH_DEAD_REFUSED);
}

/* While it is asked where a node is that nobody knows, the message's time runs out. */
static void E4_what_expired_comes_too(void) {
    struct mesh_address nowhere = {sender.node ^ 1, sender.local};
    send_by_actor("brief", "expired", nowhere);
    await_letter("expired", nowhere, sender, MESH_DEAD_EXPIRED);
}

static struct mesh_actor_details details_of(struct mesh_address actor) {
    struct mesh_error error;
    struct mesh_report *report;
    EXPECT(mesh_actor_report(one.handle, actor, WAIT_MS, &report, &error) == MESH_OK);
    struct mesh_actor_details details = *report->actor;
    mesh_report_release(&report);
    return details;
}

/* Waits until so many living senders have sent it something. */
static void await_senders(struct mesh_address actor, uint64_t count) {
    long end_ms = node_now_ms() + WAIT_MS;
    struct mesh_actor_details details;
    do {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
        details = details_of(actor);
    } while (details.secondhand || details.streams_in != count);
}

/* Its host receives, but its handler does not return. */
static struct mesh_address hold(const char *place, const char *fifo) {
    struct mesh_address target = node_create(&one, "test.holder", place);
    EXPECT(mkfifo(fifo, 0600) == 0 && strcmp(node_ask(&one, target, fifo), "held") == 0);
    return target;
}

static void release(const char *fifo) {
    int end = open(fifo, O_WRONLY | O_CLOEXEC); /* waits for the handler */
    EXPECT(end >= 0 && close(end) == 0 && unlink(fifo) == 0);
}

static void D14_what_senders_that_are_gone_had_open_comes_from_either_node(void) {
    static const char *const places[] = {"one", "two"};
    struct mesh_address holders[2], killed = node_create(&one, "test.sender", "one");
    struct mesh_address exited = node_create(&one, "test.sender", "one");
    char fifos[2][sizeof one.directory + 8], name[NAME_BYTES];
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(fifos[i], sizeof fifos[i], "%s/hold-%s", one.directory, places[i]);
        holders[i] = hold(places[i], fifos[i]);
        (void)snprintf(name, sizeof name, "killed-%s", places[i]);
        send_by(killed, "send", name, holders[i]);
        (void)snprintf(name, sizeof name, "exited-%s", places[i]);
        send_by(exited, "send", name, holders[i]);
        await_senders(holders[i], 3);
    }
    EXPECT(kill((pid_t)details_of(killed).actor.pid, SIGKILL) == 0);
    EXPECT(mesh_node_request_exit(one.handle, exited, false) == MESH_OK);
    for (size_t i = 0; i < 2; i++) {
        await_senders(holders[i], 1);
        release(fifos[i]);
        (void)snprintf(name, sizeof name, "killed-%s", places[i]);
        await_letter(name, holders[i], killed, MESH_DEAD_EXITED);
        (void)snprintf(name, sizeof name, "exited-%s", places[i]);
        await_letter(name, holders[i], exited, MESH_DEAD_EXITED);
    }
}

/* It leaves before it has ever sent one to the handler's process. */
static void E4_the_last_letter_of_a_program_comes_too(void) {
    struct mesh_node_options options = {.run_directory = one.directory};
    struct mesh_node *second;
    struct mesh_error error;
    EXPECT(mesh_node_attach(&second, &options, &error) == MESH_OK);
    struct mesh_address from = mesh_node_address(second);
    EXPECT(mesh_tell_text(second, gone, "parting") == MESH_OK);
    mesh_node_detach(&second);
    await_letter("parting", gone, from, MESH_DEAD_EXITED);
}

static void E4_what_was_for_a_lost_node_comes_too(void) {
    struct mesh_address far = node_create(&one, "test.sender", "two");
    EXPECT(node_signal(&two, SIGKILL) > 0);
    send_by_actor("send", "lost", far);
    await_letter("lost", far, sender, MESH_DEAD_WITH_NODE);
}

static void E4_the_last_that_registered_is_the_handler(void) {
    struct mesh_address later = node_create(&one, "test.keeper", "one");
    struct mesh_message *reply;
    EXPECT(strcmp(node_ask(&one, later, "register"), "done") == 0);
    await_known(later, "second");
    /* One that is not registered any more cannot step down for the other. */
    EXPECT(strcmp(node_ask(&one, keeper, "step down"), "done") == 0);
    send_by_actor("send", "third", gone);
    while (strcmp(found(later, "third"), "none") == 0) {
        node_pause();
    }
    EXPECT(strcmp(found(keeper, "third"), "none") == 0);
    EXPECT(mesh_node_request_exit(one.handle, later, false) == MESH_OK);
    EXPECT(mesh_ask_text(one.handle, later, "still there?", WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
    EXPECT(strcmp(node_ask(&one, keeper, "register"), "done") == 0);
    await_known(keeper, "fourth");
}

static void E4_an_ask_tells_its_caller_the_fate(void) {
    struct mesh_message *reply;
    struct mesh_dead dead;
    EXPECT(mesh_ask_text(one.handle, gone, "hello?", WAIT_MS, &reply) == MESH_DEAD);
    EXPECT(mesh_message_dead(reply, &dead) == MESH_OK && dead.reason == MESH_DEAD_EXITED && !dead.maybe_handled);
    EXPECT(mesh_address_equal(dead.target, gone) && mesh_address_equal(dead.sender, mesh_node_address(one.handle)));
    EXPECT(mesh_message_dead(mesh_message_inner(reply), &dead) == MESH_INVALID_ARGUMENT);
    mesh_message_release(&reply);
}

/* What reaches it before the request to exit, from another process, it handles. */
static void await_its_end(struct node *node, struct mesh_address actor) {
    struct mesh_actor_report report;
    long end_ms = node_now_ms() + WAIT_MS;
    while (node_actor(node, actor, &report)) {
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
}

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name)                                                                                                     \
    { #name, name }

static const struct test tests[] = {
    TEST(E4_dead_letters_without_a_handler_are_logged),
    TEST(E4_each_reason_reaches_the_handler),
    TEST(E4_what_expired_comes_too),
    TEST(D14_what_senders_that_are_gone_had_open_comes_from_either_node),
    TEST(E4_the_last_letter_of_a_program_comes_too),
    TEST(E4_what_was_for_a_lost_node_comes_too),
    TEST(E4_the_last_that_registered_is_the_handler),
    TEST(E4_an_ask_tells_its_caller_the_fate),
};

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&one, "one", NULL);
    node_start(&two, "two", &one);
    (void)node_await_members(&one, 2, WAIT_MS);
    keeper = node_create(&one, "test.keeper", "one");
    sender = node_create(&one, "test.sender", "one");
    gone = node_create(&one, "test.sender", "one");
    EXPECT(mesh_node_request_exit(one.handle, gone, false) == MESH_OK);
    await_its_end(&one, gone);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        (void)printf("%s\n", tests[i].name);
        (void)fflush(stdout);
        tests[i].run();
    }
    node_stop(&one);
    return 0;
}
