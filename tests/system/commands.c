/* Commands on a real node: what they say, and that none outlives its actor, however that ends (P5).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <mesh/patterns.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 8 << 20 };

static const struct mesh_type *const types[] = {&mesh_command_type, NULL};

static struct node one;
static char file[128];

/* ---- what the cases share ---- */

static struct mesh_address create_runner(void) {
    return node_create(&one, "mesh.command", "one");
}

static void tell(struct mesh_address runner, const struct mesh_command *command) {
    void *data;
    size_t bytes;
    EXPECT(mesh_command_pack(command, &data, &bytes) == MESH_OK);
    EXPECT(mesh_tell(one.handle, runner, MESH_COMMAND_RUN, data, bytes) == MESH_OK);
    free(data);
}

static struct mesh_message *await_result(struct mesh_command_result *result) {
    struct mesh_message *message;
    EXPECT(mesh_listen(one.handle, WAIT_MS, &message) == MESH_OK);
    EXPECT(mesh_command_read_result(message, result) == MESH_OK);
    return message;
}

/* Has it run what goes on for long, and gives the pid of that when it has begun. */
static pid_t begin_long(struct mesh_address runner) {
    char text[200];
    int pid = 0;
    (void)snprintf(text, sizeof text, "echo $$ > %s; exec sleep 600", file);
    (void)unlink(file);
    tell(runner, &(struct mesh_command){.argv = (const char *const[]){"sh", "-c", text, NULL}});
    for (long end_ms = node_now_ms() + WAIT_MS; pid == 0; node_pause()) {
        FILE *in = fopen(file, "r");
        if (in && fscanf(in, "%d", &pid) != 1) {
            pid = 0;
        }
        if (in) {
            (void)fclose(in);
        }
        EXPECT(node_now_ms() < end_ms);
    }
    (void)unlink(file);
    EXPECT(node_is_alive(pid));
    return pid;
}

static void await_death(pid_t pid) {
    for (long end_ms = node_now_ms() + WAIT_MS; node_is_alive(pid); node_pause()) {
        EXPECT(node_now_ms() < end_ms);
    }
}

/* ---- tests ---- */

static void P5_a_large_output_passes(void) {
    struct mesh_command_result result;
    const char *const argv[] = {"sh", "-c", "yes | head -c 8388608; exit 7", NULL};
    tell(create_runner(), &(struct mesh_command){.argv = argv, .output_max = LARGE});
    struct mesh_message *message = await_result(&result);
    EXPECT(result.number == 7 && !result.killed && result.output_bytes == LARGE && result.errors_bytes == 0);
    EXPECT(memcmp((const char *)result.output + LARGE - 4, "y\ny\n", 4) == 0);
    mesh_message_release(&message);
}

static void P5_an_abort_stops_it(void) {
    struct mesh_address runner = create_runner();
    struct mesh_command_result result;
    pid_t pid = begin_long(runner);
    EXPECT(mesh_tell(one.handle, runner, MESH_COMMAND_ABORT, NULL, 0) == MESH_OK);
    struct mesh_message *message = await_result(&result);
    EXPECT(result.stopped == MESH_COMMAND_ABORTED && result.killed && result.number == SIGTERM && !node_is_alive(pid));
    mesh_message_release(&message);
}

static void P5_an_exit_kills_it_and_who_asked_is_told(void) {
    struct mesh_address runner = create_runner();
    struct mesh_command_result result;
    pid_t pid = begin_long(runner);
    EXPECT(mesh_node_request_exit(one.handle, runner, false) == MESH_OK);
    struct mesh_message *message = await_result(&result);
    EXPECT(result.stopped == MESH_COMMAND_ABORTED && !node_is_alive(pid));
    mesh_message_release(&message);
}

static void P5_it_dies_with_the_process_of_its_actor(void) {
    struct mesh_address runner = create_runner();
    struct mesh_actor_report report;
    pid_t pid = begin_long(runner);
    EXPECT(node_actor(&one, runner, &report));
    EXPECT(kill((pid_t)report.pid, SIGKILL) == 0);
    await_death(pid);
}

static void P5_it_dies_with_its_node(void) {
    pid_t pid = begin_long(create_runner());
    EXPECT(kill(one.admin, SIGKILL) == 0);
    await_death(pid);
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    const char *directory = getenv("TMPDIR");
    (void)snprintf(file, sizeof file, "%.80s/mesh-commands.%d", directory ? directory : "/tmp", (int)getpid());
    node_start(&one, "one", NULL);
    P5_a_large_output_passes();
    P5_an_abort_stops_it();
    P5_an_exit_kills_it_and_who_asked_is_told();
    P5_it_dies_with_the_process_of_its_actor();
    P5_it_dies_with_its_node();
    return 0;
}
