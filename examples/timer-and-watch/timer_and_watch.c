/* An actor that runs a command, reads what it prints as it comes, and stops it when its time is over.
 *
 *   timer-and-watch MILLISECONDS COMMAND
 */
#include <mesh/mesh.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct runner {
    struct mesh_address asker;
    pid_t command;
    int output;
    uint64_t timer;
};

/* An actor may run processes of its own: the library never waits for children that it did not start. */
static bool start(struct runner *runner, const char *command) {
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    runner->command = fork();
    if (runner->command == 0) {
        (void)setpgid(0, 0); /* so that all of it can be stopped */
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    runner->output = ends[0];
    return runner->command > 0;
}

/* What is there is passed on; at the end of the output the command is over. */
static enum mesh_status read_output(struct mesh_actor *self, struct runner *runner) {
    char text[512];
    ssize_t bytes = read(runner->output, text, sizeof text - 1);
    if (bytes > 0) {
        text[bytes] = '\0';
        enum mesh_status status = mesh_send_text(self, runner->asker, "%s", text);
        return status ? status : mesh_watch(self, &runner->output, 1); /* a set holds for one message */
    }
    int code = 0;
    (void)close(runner->output);
    (void)waitpid(runner->command, &code, 0);
    mesh_cancel_wakeup(self, runner->timer); /* it may be over already */
    return mesh_send(self, runner->asker, "over", &code, sizeof code);
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct runner *runner = state;
    enum mesh_status status = MESH_OK;
    if (mesh_message_kind(message) == MESH_WATCH) {
        status = read_output(self, runner);
    } else if (mesh_message_kind(message) == MESH_WAKEUP) {
        (void)kill(-runner->command, SIGTERM);
        status = mesh_watch(self, &runner->output, 1);
    } else if (mesh_message_kind(message) == MESH_USER) {
        uint64_t limit_ms = strtoull(mesh_message_type(message), NULL, 10);
        size_t bytes;
        runner->asker = mesh_message_sender(message);
        if (!start(runner, mesh_message_data(message, &bytes))) {
            return mesh_fail(self, "the command cannot be started");
        }
        status = mesh_wakeup(self, limit_ms, NULL, 0, &runner->timer);
        status = status ? status : mesh_watch(self, &runner->output, 1);
    }
    return status ? mesh_fail(self, "%s", mesh_status_text(status)) : MESH_DONE;
}

static const struct mesh_type runner = {.name = "runner", .state_bytes = sizeof(struct runner), .receive = receive};
static const struct mesh_type *const types[] = {&runner, NULL};

static int follow(struct mesh_node *node) {
    struct mesh_message *message;
    int code = -1;
    while (code < 0 && mesh_listen(node, MESH_FOREVER, &message) == MESH_OK) {
        size_t bytes;
        if (mesh_message_is(message, "over")) {
            code = *(const int *)mesh_message_data(message, &bytes);
            puts(WIFSIGNALED(code) ? "(stopped: its time was over)" : "(it ended by itself)");
        } else if (mesh_message_text(message)) {
            fputs(mesh_message_text(message), stdout);
        }
        mesh_message_release(&message);
    }
    return WIFEXITED(code) ? WEXITSTATUS(code) : 1;
}

int main(int count, char **arguments) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address actor;
    struct mesh_error error;
    if (count != 3) {
        fputs("usage: timer-and-watch MILLISECONDS COMMAND\n", stderr);
        return 2;
    }
    if (mesh_node_start(&node, &(struct mesh_node_options){.types = types}, &error) ||
        mesh_node_create(node, "runner", NULL, &actor, &error)) {
        fprintf(stderr, "timer-and-watch: %s\n", error.text);
        return 1;
    }
    int code = 1;
    if (mesh_tell(node, actor, arguments[1], arguments[2], strlen(arguments[2]) + 1) == MESH_OK) {
        code = follow(node);
    }
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return ended ? 1 : code;
}
