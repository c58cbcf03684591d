/* Programs that log, and that take their logs over, or switch them off: K2.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 20, LINES = 50 };

static struct node node;

/* ---- an actor of this program: it logs what it is told, and its host's log is taken over ---- */

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    if (mesh_message_kind(message) == MESH_USER && mesh_message_text(message)) {
        mesh_log_text(self, MESH_LOG_DEBUG, mesh_message_text(message));
        return mesh_reply_text(self, message, "logged") == MESH_OK ? MESH_DONE : MESH_FAILED;
    }
    return MESH_DONE;
}

static const struct mesh_type type = {.name = "test.scribe", .receive = receive};
static const struct mesh_type *const types[] = {&type, NULL};

/* A text that begins with a path goes to that file. */
static void write_to_file(void *user, const struct mesh_log_line *line) {
    char path[128];
    (void)user;
    if (sscanf(line->text, "%127s", path) != 1 || path[0] != '/') {
        return;
    }
    FILE *file = fopen(path, "a");
    if (file) {
        (void)fprintf(file, "%s %s %d %s\n", line->node, line->type, (int)line->level, line->text);
        (void)fclose(file);
    }
}

static const struct mesh_log_taker of_hosts = {.line = write_to_file, .level = MESH_LOG_DEBUG};

/* ---- what cases share ---- */

struct taken {
    atomic_int lines, good;
    char last[256], name[64];
};

static void take(void *user, const struct mesh_log_line *line) {
    struct taken *taken = user;
    if (atomic_fetch_add(&taken->lines, 1) == 0) {
        (void)snprintf(taken->name, sizeof taken->name, "%s", line->node);
    }
    if (line->pid == (uint32_t)getpid() && line->time_ms > 0 && strstr(line->text, "from a thread")) {
        atomic_fetch_add(&taken->good, 1);
    } else {
        (void)snprintf(taken->last, sizeof taken->last, "%s", line->text);
    }
}

static struct mesh_node *attach(const struct mesh_log_taker *taker) {
    struct mesh_node *handle;
    struct mesh_node_options options = {.run_directory = node.directory, .log = taker};
    EXPECT(mesh_node_attach(&handle, &options, NULL) == MESH_OK);
    return handle;
}

/* How many lines of a file have both in them. */
static int lines_with(const char *path, const char *what, const char *and_what) {
    char line[2100];
    int count = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        count += strstr(line, what) && strstr(line, and_what);
    }
    if (file) {
        (void)fclose(file);
    }
    return count;
}

static int logged(const char *what) {
    char path[sizeof node.directory + 8];
    (void)snprintf(path, sizeof path, "%s/log", node.directory);
    return lines_with(path, what, "");
}

/* ---- cases ---- */

static void K2_a_program_logs_to_the_log_of_its_node(void) {
    char pid[64], path[sizeof node.directory + 8], address[MESH_ADDRESS_TEXT_BYTES];
    struct mesh_node *handle = attach(NULL);
    mesh_node_log(handle, MESH_LOG_WARNING, "a program has %d things to say", 3);
    mesh_node_log_text(handle, MESH_LOG_INFO, "100%s of it as it stands");
    mesh_node_log(handle, MESH_LOG_DEBUG, "below the level");
    (void)snprintf(path, sizeof path, "%s/log", node.directory);
    (void)snprintf(pid, sizeof pid, " warning one %d - %s ", (int)getpid(),
                   mesh_address_print(mesh_node_address(handle), address));
    EXPECT(lines_with(path, "a program has 3 things to say", pid) == 1);
    EXPECT(logged("100%s of it as it stands") == 1);
    EXPECT(logged("below the level") == 0);
    mesh_node_detach(&handle);
}

static void *log_lines(void *user) {
    for (int i = 0; i < LINES; i++) {
        mesh_node_log(user, MESH_LOG_DEBUG, "from a thread %d", i);
    }
    return NULL;
}

static void K2_a_function_takes_the_log_over(void) {
    struct taken taken = {0};
    struct mesh_log_taker taker = {.line = take, .user = &taken, .level = MESH_LOG_DEBUG};
    struct mesh_node *handle = attach(&taker), *other = attach(NULL);
    memset(&taker, 0, sizeof taker); /* it was copied */
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, log_lines, handle) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
    }
    EXPECT(taken.good == THREADS * LINES);
    EXPECT(strcmp(taken.name, "one") == 0);
    EXPECT(logged("from a thread") == 0);
    mesh_node_log_text(handle, MESH_LOG_ERROR, "two\nlines \x1b[0m");
    EXPECT(strcmp(taken.last, "two lines  [0m") == 0);
    mesh_node_log_text(other, MESH_LOG_ERROR, "of the other handle");
    EXPECT(strcmp(taken.last, "two lines  [0m") == 0);
    EXPECT(logged("of the other handle") == 1);
    mesh_node_detach(&handle);
    mesh_node_detach(&other);
}

static void K2_who_takes_a_log_over_has_a_level_of_its_own(void) {
    struct taken taken = {0};
    const struct mesh_log_taker taker = {.line = take, .user = &taken, .level = MESH_LOG_WARNING};
    struct mesh_node *handle = attach(&taker);
    mesh_node_log_text(handle, MESH_LOG_INFO, "less");
    EXPECT(taken.lines == 0);
    mesh_node_log_text(handle, MESH_LOG_WARNING, "enough");
    EXPECT(taken.lines == 1);
    mesh_node_detach(&handle);
}

/* What the library has to say of the program comes, too. */
static void E4_a_program_s_dead_letters_go_to_who_has_its_log(void) {
    struct taken taken = {0};
    const struct mesh_log_taker taker = {.line = take, .user = &taken, .level = MESH_LOG_DEBUG};
    struct mesh_node *handle = attach(&taker);
    struct mesh_address gone = node_create(&node, "test.scribe", "one");
    EXPECT(mesh_node_request_exit(handle, gone, false) == MESH_OK);
    long end_ms = node_now_ms() + WAIT_MS;
    while (!strstr(taken.last, "dead letter of type text")) {
        struct mesh_message *message = NULL;
        EXPECT(node_now_ms() < end_ms);
        EXPECT(mesh_tell_text(handle, gone, "nobody hears it") == MESH_OK);
        enum mesh_status status = mesh_listen(handle, 10, &message);
        EXPECT(status == MESH_TIMED_OUT || status == MESH_OK);
        mesh_message_release(&message);
    }
    mesh_node_detach(&handle);
}

static void K2_a_log_may_be_switched_off(void) {
    const struct mesh_log_taker nobody = {0};
    struct mesh_node *handle = attach(&nobody);
    mesh_node_log_text(handle, MESH_LOG_ERROR, "nobody wants to know");
    mesh_node_detach(&handle);
    EXPECT(logged("nobody wants to know") == 0);
}

static void K2_hosts_of_a_program_s_types_log_where_it_says(void) {
    char path[sizeof node.directory + 16], text[sizeof path + 32];
    struct mesh_address actor = node_create(&node, "test.scribe", "one");
    (void)snprintf(path, sizeof path, "%s/log.taken", node.directory);
    (void)snprintf(text, sizeof text, "%s hears of it", path);
    EXPECT(strcmp(node_ask(&node, actor, text), "logged") == 0);
    EXPECT(lines_with(path, "one test.scribe 3 ", "hears of it") == 1);
    EXPECT(logged("hears of it") == 0);
}

int main(void) {
    mesh_host_enter_log(types, &of_hosts);
    nodes_init(types);
    node_start(&node, "one", NULL);
    K2_a_program_logs_to_the_log_of_its_node();
    K2_a_function_takes_the_log_over();
    K2_who_takes_a_log_over_has_a_level_of_its_own();
    E4_a_program_s_dead_letters_go_to_who_has_its_log();
    K2_a_log_may_be_switched_off();
    K2_hosts_of_a_program_s_types_log_where_it_says();
    node_stop(&node);
    return 0;
}
