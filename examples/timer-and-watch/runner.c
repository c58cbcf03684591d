/* See runner.h. */
#include "runner.h"
#include <signal.h>
#include <stdlib.h>
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

const struct mesh_type command_runner = {.name = "runner", .state_bytes = sizeof(struct runner), .receive = receive};
