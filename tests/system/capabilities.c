/* Capabilities and placement on three nodes: comparisons, changes while they run, and who lives where afterwards (H1 to H4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <signal.h>
#include <string.h>

enum { ROUNDS = 20, CHANGE_MS = 5000, SEEN_BYTES = 1024 };

static struct node one, two, three;

/* ---- actors ---- */

struct maker {
    char seen[SEEN_BYTES]; /* how its children ended, and which members have a gpu */
};

static void note(struct maker *maker, const char *text) {
    size_t used = strlen(maker->seen);
    (void)snprintf(maker->seen + used, sizeof maker->seen - used, "%s ", text);
}

static void note_update(struct maker *maker, const struct mesh_message *message) {
    struct mesh_update *update;
    char text[80];
    EXPECT(mesh_message_update(message, &update) == MESH_OK);
    const char *gpu = "-";
    for (size_t i = 0; i < update->capabilities_count; i++) {
        gpu = strcmp(update->capabilities[i].name, "gpu") == 0 ? update->capabilities[i].value : gpu;
    }
    (void)snprintf(text, sizeof text, "%s%s:%s", update->added ? "+" : "-", update->name, gpu);
    note(maker, text);
    mesh_update_release(&update);
}

static const struct mesh_requirement gpu = {.name = "gpu", .comparison = MESH_PRESENT};
static const struct mesh_create_options with_gpu = {.requirements = &gpu, .requirements_count = 1};

/* "set VALUE" sets gpu and creates a child that needs it; "refused" tries a standard one; "watch"; "seen". */
static enum mesh_status obey(struct mesh_actor *self, const char *text, char *answer, size_t bytes) {
    struct mesh_address child;
    char name[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_capability change = {"gpu", text + 4};
    if (strcmp(text, "watch") == 0) {
        return mesh_convention_updates(self, true);
    }
    if (strcmp(text, "refused") == 0) {
        change = (struct mesh_capability){"node name", "other"};
    }
    enum mesh_status status = mesh_set_capabilities(self, &change, 1);
    status = status != MESH_OK ? status : mesh_create(self, "caps.plain", &with_gpu, &child);
    (void)snprintf(answer, bytes, "%s", status == MESH_OK ? mesh_address_print(child, name) : mesh_status_name(status));
    return MESH_OK;
}

static enum mesh_verdict maker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct maker *maker = state;
    const char *text = mesh_message_text(message);
    char answer[80] = "done";
    struct mesh_exit end;
    if (mesh_message_exit(message, &end) == MESH_OK) {
        note(maker, end.how == MESH_EXITED_ON_REQUEST ? "asked" : end.text);
    } else if (mesh_message_kind(message) == MESH_UPDATE) {
        note_update(maker, message);
    } else if (text && strcmp(text, "seen") == 0) {
        return mesh_reply_text(self, message, "%s", maker->seen) == MESH_OK ? MESH_DONE : MESH_FAILED;
    } else if (text) {
        enum mesh_status status = obey(self, text, answer, sizeof answer);
        status = status == MESH_OK ? mesh_reply_text(self, message, "%s", answer) : status;
        return status == MESH_OK ? MESH_DONE : MESH_FAILED;
    }
    return MESH_DONE;
}

/* Tells its node. */
static enum mesh_verdict plain_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    return mesh_reply_text(self, message, "%s", mesh_actor_node(self)) == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* The creator asks for room, and the node must have been vetted. */
static bool is_vetted(const struct mesh_fit *fit, void *user) {
    const char *vetted = mesh_fit_value(fit, "vetted");
    (void)user;
    if (vetted && strcmp(vetted, "crash") == 0) {
        abort();
    }
    if (vetted && strcmp(vetted, "exit") == 0) {
        exit(0);
    }
    bool asks = fit->requirements_count == 1 && strcmp(fit->requirements[0].name, "room") == 0 &&
                fit->requirements[0].comparison == MESH_GREATER && strcmp(fit->requirements[0].value, "1.5") == 0;
    return vetted && strcmp(vetted, "true") == 0 && (asks || fit->requirements_count == 0) &&
           !mesh_fit_value(fit, "nowhere");
}

static const struct mesh_type checked = {.name = "caps.checked", .receive = plain_receive, .check = is_vetted};
static const struct mesh_type checked_light = {
    .name = "caps.checked-light", .receive = plain_receive, .check = is_vetted, .light = true};
static const struct mesh_type maker_type = {
    .name = "caps.maker", .receive = maker_receive, .state_bytes = sizeof(struct maker)};
/* Creates a light child, which would live beside it if it had no check function. */
static enum mesh_verdict light_maker_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct maker *maker = state;
    struct mesh_address child;
    struct mesh_exit end;
    const char *text = mesh_message_text(message);
    char name[MESH_ADDRESS_TEXT_BYTES];
    if (mesh_message_exit(message, &end) == MESH_OK) {
        note(maker, end.text);
    } else if (text && strcmp(text, "seen") == 0) {
        return mesh_reply_text(self, message, "%s", maker->seen) == MESH_OK ? MESH_DONE : MESH_FAILED;
    } else if (text) {
        enum mesh_status status = mesh_create(self, "caps.checked-light", NULL, &child);
        status = status == MESH_OK ? mesh_reply_text(self, message, "%s", mesh_address_print(child, name)) : status;
        return status == MESH_OK ? MESH_DONE : MESH_FAILED;
    }
    return MESH_DONE;
}

static const struct mesh_type light_maker = {
    .name = "caps.light-maker", .receive = light_maker_receive, .state_bytes = sizeof(struct maker), .light = true};
static const struct mesh_type plain = {.name = "caps.plain", .receive = plain_receive};
static const struct mesh_type light = {.name = "caps.light", .receive = plain_receive, .light = true};
static const struct mesh_type *const types[] = {&maker_type,    &plain,       &light, &checked,
                                                &checked_light, &light_maker, NULL};

/* ---- helpers ---- */

static void set(struct node *node, const char *name, const char *value) {
    struct mesh_capability change = {name, value};
    struct mesh_error error;
    if (mesh_node_set_capabilities(node->handle, &change, 1, CHANGE_MS, &error) != MESH_OK) {
        (void)fprintf(stderr, "%s: %s\n", name, error.text);
        exit(1);
    }
}

static enum mesh_status create(struct node *node, const char *type, const struct mesh_create_options *options,
                               struct mesh_address *out) {
    struct mesh_error error;
    return mesh_node_create(node->handle, type, options, out, &error);
}

static void await_end(struct node *node, struct mesh_address actor) {
    struct mesh_report *report = NULL;
    for (long began_ms = node_now_ms();
         mesh_actor_report(node->handle, actor, WAIT_MS, &report, NULL) != MESH_NOT_FOUND; node_pause()) {
        mesh_report_release(&report);
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
    }
}

static void await_seen(struct node *node, struct mesh_address actor, const char *expected) {
    for (long began_ms = node_now_ms(); !strstr(node_ask(node, actor, "seen"), expected); node_pause()) {
        if (node_now_ms() - began_ms > WAIT_MS) {
            (void)fprintf(stderr, "'%s' without '%s'\n", node_ask(node, actor, "seen"), expected);
            exit(1);
        }
    }
}

/* ---- H2, H3 ---- */

static void expect_place(const char *name, enum mesh_comparison comparison, const char *value, const char *place) {
    struct mesh_requirement needs[] = {{name, comparison, value}, {"placed", MESH_PRESENT, NULL}};
    struct mesh_create_options options = {.requirements = needs, .requirements_count = 2};
    struct mesh_address actor;
    enum mesh_status status = create(&one, "caps.plain", &options, &actor);
    const char *seen = status == MESH_OK ? node_ask(&one, actor, "where") : mesh_status_name(status);
    if (strcmp(seen, place) != 0) {
        (void)fprintf(stderr, "%s, comparison %d with %s: %s instead of %s\n", name, (int)comparison, value, seen,
                      place);
        exit(1);
    }
}

/* Of two, with 4 cores in the north, and three, with 8 in the south. */
static void H2_each_comparison_finds_the_node_that_meets_it(void) {
    expect_place("cores", MESH_EQUAL, "4.0", "two");
    expect_place("cores", MESH_NOT_EQUAL, "4", "three");
    expect_place("cores", MESH_LESS, "8", "two");
    expect_place("cores", MESH_LESS_OR_EQUAL, "4", "two");
    expect_place("cores", MESH_GREATER, "4", "three");
    expect_place("cores", MESH_GREATER_OR_EQUAL, "7.5", "three");
    expect_place("zone", MESH_IN, "east, south", "three");
    expect_place("node name", MESH_EQUAL, "two", "two");
    expect_place("cores", MESH_GREATER, "8", "MESH_NO_COMPATIBLE_NODE");
    expect_place("cores", MESH_LESS, "nine", "MESH_NO_COMPATIBLE_NODE");
    expect_place("zone", MESH_IN, "east, west", "MESH_NO_COMPATIBLE_NODE");
}

static void C2_H2_a_refusal_names_the_comparison(void) {
    struct mesh_requirement needs[] = {{"two", MESH_PRESENT, NULL}, {"cores", MESH_GREATER_OR_EQUAL, "16"}};
    struct mesh_create_options options = {.requirements = needs, .requirements_count = 2};
    struct mesh_address actor;
    struct mesh_error error;
    EXPECT(mesh_node_create(two.handle, "caps.plain", &options, &actor, &error) == MESH_NO_COMPATIBLE_NODE);
    if (!strstr(error.text, "cores >= 16 is required and is ")) {
        (void)fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

static const struct mesh_requirement room = {.name = "room", .comparison = MESH_GREATER, .value = "1.5"};
static const struct mesh_create_options with_room = {.requirements = &room, .requirements_count = 1};

/* Asked for at two, which has room, as three does. */
static const char *place_of(const char *type, const struct mesh_create_options *options) {
    struct mesh_address actor;
    struct mesh_error error;
    static char text[sizeof error.text];
    if (mesh_node_create(two.handle, type, options, &actor, &error) != MESH_OK) {
        (void)snprintf(text, sizeof text, "%s", error.text);
        return text;
    }
    return node_ask(&two, actor, "where");
}

static void expect_vetted(const char *at_two, const char *at_three, const char *place) {
    static const char *const names[] = {"caps.checked", "caps.checked-light"};
    struct mesh_create_options restarts = with_room, named = with_room;
    restarts.on_failure = MESH_RESTART;
    named.name = "the checked one";
    set(&two, "vetted", at_two);
    set(&three, "vetted", at_three);
    for (int i = 0; i < 2; i++) {
        const struct mesh_create_options *options[] = {&with_room, &restarts, &named};
        for (int k = 0; k < 3; k++) {
            const char *seen = place_of(names[i], options[k]);
            if (!strstr(seen, place)) {
                (void)fprintf(stderr, "%s, options %d: '%s' instead of '%s'\n", names[i], k, seen, place);
                exit(1);
            }
        }
    }
}

static void H2_H3_a_check_function_decides_and_the_leader_tries_the_next(void) {
    expect_vetted("true", "true", "two");
    expect_vetted("false", "true", "three");
    expect_vetted("crash", "true", "three");
    expect_vetted("exit", "true", "three");
    expect_vetted("false", NULL, "does not fit type caps.checked");
    expect_vetted("false", NULL, "its check function says no");
}

static void H2_A4_a_light_child_is_checked_too(void) {
    struct mesh_address maker, child;
    set(&two, "vetted", "true");
    set(&three, "vetted", NULL);
    maker = node_create(&two, "caps.light-maker", "two");
    EXPECT(mesh_address_parse(node_ask(&two, maker, "make"), &child) == MESH_OK);
    EXPECT(strcmp(node_ask(&two, child, "where"), "two") == 0);
    set(&two, "vetted", "false");
    await_end(&two, child);
    EXPECT(mesh_address_parse(node_ask(&two, maker, "make"), &child) == MESH_OK);
    await_seen(&two, maker, "its check function says no");
}

static void await_pid_change(struct mesh_address actor, uint32_t *pid) {
    struct mesh_actor_report report = {.pid = *pid};
    for (long began_ms = node_now_ms(); report.pid == *pid || report.pid == 0; node_pause()) {
        EXPECT(node_now_ms() - began_ms < WAIT_MS);
        if (!node_actor(&three, actor, &report)) {
            report.pid = 0;
        }
    }
    *pid = report.pid;
}

static void H2_who_is_started_anew_is_checked_again(void) {
    struct mesh_create_options restarts = with_room;
    struct mesh_address actor;
    uint32_t pid = 0;
    restarts.on_failure = MESH_RESTART;
    set(&three, "vetted", "true");
    EXPECT(create(&three, "caps.checked", &restarts, &actor) == MESH_OK);
    await_pid_change(actor, &pid);
    EXPECT(kill((pid_t)pid, SIGKILL) == 0);
    await_pid_change(actor, &pid);
    EXPECT(strcmp(node_ask(&one, actor, "where"), "three") == 0);
    set(&three, "vetted", "crash");
    await_end(&one, actor);
}

static void H4_a_check_function_is_asked_again_with_each_change(void) {
    struct mesh_address alone, beside;
    set(&three, "vetted", "true");
    EXPECT(create(&three, "caps.checked", &with_room, &alone) == MESH_OK);
    EXPECT(create(&three, "caps.checked-light", &with_room, &beside) == MESH_OK);
    set(&three, "tape", "true");
    EXPECT(strcmp(node_ask(&one, alone, "where"), "three") == 0);
    set(&three, "vetted", "false");
    await_end(&one, alone);
    await_end(&one, beside);
    set(&three, "tape", NULL);
}

/* ---- H4 ---- */

/* Neither where it is changed nor who leads creates. */
static void H4_a_create_sees_a_change_that_has_returned(void) {
    for (int i = 0; i < ROUNDS; i++) {
        struct mesh_address actor;
        set(&three, "gpu", "true");
        EXPECT(create(&two, "caps.plain", &with_gpu, &actor) == MESH_OK);
        EXPECT(strcmp(node_ask(&two, actor, "where"), "three") == 0);
        set(&three, "gpu", NULL);
        EXPECT(create(&two, "caps.plain", &with_gpu, &actor) == MESH_NO_COMPATIBLE_NODE);
    }
    struct mesh_address actor;
    set(&one, "gpu", "1");
    EXPECT(create(&two, "caps.plain", &with_gpu, &actor) == MESH_OK);
    set(&one, "gpu", NULL);
}

static void H4_who_does_not_fit_any_more_is_asked_to_exit_on_that_node_only(void) {
    struct mesh_create_options restarts = with_gpu;
    struct mesh_address here, light_one, restarted, there, other;
    restarts.on_failure = MESH_RESTART;
    set(&two, "gpu", "yes");
    EXPECT(create(&two, "caps.plain", &with_gpu, &here) == MESH_OK);
    EXPECT(create(&two, "caps.light", &with_gpu, &light_one) == MESH_OK);
    EXPECT(create(&two, "caps.plain", &restarts, &restarted) == MESH_OK);
    other = node_create(&two, "caps.plain", "two");
    set(&three, "gpu", "yes");
    EXPECT(create(&three, "caps.plain", &with_gpu, &there) == MESH_OK);
    set(&two, "gpu", "yes");
    EXPECT(strcmp(node_ask(&two, here, "where"), "two") == 0);
    set(&two, "gpu", "false");
    await_end(&two, here);
    await_end(&two, light_one);
    await_end(&two, restarted);
    EXPECT(strcmp(node_ask(&two, other, "where"), "two") == 0);
    EXPECT(strcmp(node_ask(&three, there, "where"), "three") == 0);
    set(&three, "gpu", NULL);
    await_end(&three, there);
}

static void H4_an_actor_changes_what_its_node_offers(void) {
    struct mesh_address maker = node_create(&one, "caps.maker", "two"), child;
    EXPECT(strcmp(node_ask(&one, maker, "refused"), "MESH_REFUSED") == 0);
    EXPECT(mesh_address_parse(node_ask(&one, maker, "set true"), &child) == MESH_OK);
    EXPECT(strcmp(node_ask(&one, child, "where"), "two") == 0);
    EXPECT(mesh_address_parse(node_ask(&one, maker, "set false"), &child) == MESH_OK);
    await_seen(&one, maker, "asked ");
    await_seen(&one, maker,
               "no node of 3 can host type caps.plain: node one does not fit type caps.plain: gpu is required and "
               "is not there; node two does not fit type caps.plain: gpu is required and is false ");
}

static void H4_S5A_watchers_are_told_of_a_change(void) {
    struct mesh_address watcher = node_create(&one, "caps.maker", "three");
    EXPECT(strcmp(node_ask(&one, watcher, "watch"), "done") == 0);
    await_seen(&one, watcher, "+one:- +two:- ");
    set(&two, "gpu", "2");
    await_seen(&one, watcher, "+one:- +two:- +two:2 ");
    set(&two, "gpu", "2");
    set(&one, "gpu", "\"2\"");
    await_seen(&one, watcher, "+one:- +two:- +two:2 +one:\"2\" ");
    set(&one, "gpu", NULL);
    set(&two, "gpu", NULL);
}

static void H1_standard_capabilities_cannot_be_changed_and_changes_are_whole(void) {
    struct mesh_capability changes[] = {{"tape", "true"}, {"node name", "other"}};
    struct mesh_error error;
    struct mesh_requirement needs = {"tape", MESH_PRESENT, NULL};
    struct mesh_create_options options = {.requirements = &needs, .requirements_count = 1};
    struct mesh_address actor;
    EXPECT(mesh_node_set_capabilities(two.handle, changes, 2, CHANGE_MS, &error) == MESH_REFUSED);
    EXPECT(create(&two, "caps.plain", &options, &actor) == MESH_NO_COMPATIBLE_NODE);
    EXPECT(mesh_node_set_capabilities(two.handle, changes, 1, CHANGE_MS, &error) == MESH_OK);
    EXPECT(create(&two, "caps.plain", &options, &actor) == MESH_OK);
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    two.settings = "    cores = 4\n    zone = north\n    placed = true\n    room = 2\n";
    three.settings = "    cores = 8\n    zone = south\n    placed = true\n    room = 2.5\n";
    node_start(&one, "one", NULL);
    node_start(&two, "two", &one);
    node_start(&three, "three", &one);
    node_await_members(&one, 3, WAIT_MS);
    H4_S5A_watchers_are_told_of_a_change(); /* before so many changes that they are told in larger steps (S4A) */
    H2_each_comparison_finds_the_node_that_meets_it();
    C2_H2_a_refusal_names_the_comparison();
    H2_H3_a_check_function_decides_and_the_leader_tries_the_next();
    H2_A4_a_light_child_is_checked_too();
    H2_who_is_started_anew_is_checked_again();
    H4_a_check_function_is_asked_again_with_each_change();
    H4_a_create_sees_a_change_that_has_returned();
    H4_who_does_not_fit_any_more_is_asked_to_exit_on_that_node_only();
    H4_an_actor_changes_what_its_node_offers();
    H1_standard_capabilities_cannot_be_changed_and_changes_are_whole();
    node_stop(&three);
    node_stop(&two);
    node_stop(&one);
    (void)puts("11 passed, 0 failed");
    return 0;
}
