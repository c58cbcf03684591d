/* meshd: the admin of a node, as a program.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/descriptors.h"
#include "mesh/runtime/run_path.h"
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <mesh/version.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    const char *config, *run_directory;
    int ready_fd;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The node's configuration file (default: the defaults of every setting)", 0},
    {"run-directory", 'r', "DIR", 0,
     "Where the node's sockets are (default: $MESH_RUN_DIRECTORY, or below XDG_RUNTIME_DIR)", 0},
    {"ready-fd", 'f', "N", 0, "Descriptor that gets the line 'ready' when programs can attach", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    char *end;
    switch (key) {
    case 'c':
        arguments->config = text;
        return 0;
    case 'r':
        arguments->run_directory = text;
        return 0;
    case 'f':
        arguments->ready_fd = (int)strtol(text, &end, 10);
        if (*text == '\0' || *end != '\0' || fcntl(arguments->ready_fd, F_GETFD) < 0) {
            argp_error(state, "--ready-fd takes the number of an open descriptor, not '%s'", text);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_version(FILE *stream, struct argp_state *state) {
    (void)state;
    fprintf(stream, "meshd %s\n", mesh_version());
}

/* The name of the status comes first, for those that start nodes; the text, for people. */
static int fail(enum mesh_status status, const char *text) {
    fprintf(stderr, "%s: %s\n", mesh_status_name(status), text);
    return 1;
}

static int load_config(const char *file, struct config **config) {
    if (!file) {
        enum mesh_status status = config_new(config);
        return status == MESH_OK ? 0 : fail(status, "no memory for the configuration");
    }
    struct config_mistakes mistakes = {0};
    enum mesh_status status = config_load(config, file, &mistakes);
    for (size_t i = 0; i < mistakes.count; i++) {
        char line[1024];
        fail(status, config_mistake_print(&mistakes, i, line, sizeof line));
    }
    config_mistakes_fini(&mistakes);
    return status == MESH_OK ? 0 : 1;
}

/* Signals come by descriptor. Blocked before the first thread exists, they are so in all of them. */
static void block_signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Who started us by a pipe for readiness gets errors through it too, and lets go of it with the ready line. */
static int take_ready_fd(int ready_fd) {
    if (ready_fd >= 0) {
        fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
    }
    return ready_fd;
}

static enum mesh_status run(const struct config *config, const struct arguments *arguments, struct mesh_error *error) {
    char path[RUN_PATH_BYTES];
    const char *given = arguments->run_directory ? arguments->run_directory : config->run_directory;
    struct run_directory directory = {.lock = -1};
    struct zygote zygote = {.channel = -1};
    enum mesh_status status = run_path_find(path, given, error);
    if (status == MESH_OK) {
        status = run_directory_open(&directory, path, error);
    }
    if (status == MESH_OK) {
        status = zygote_open(&zygote, &directory, admin_child, error);
    }
    if (status == MESH_OK) {
        descriptors_raise();
        status = admin_run(config, &directory, &zygote, take_ready_fd(arguments->ready_fd), error);
    }
    bool buried = zygote.channel >= 0;
    zygote_close(&zygote);
    if (directory.lock >= 0 && !buried) {
        run_directory_empty(&directory);
    }
    run_directory_close(&directory);
    return status;
}

int main(int argc, char **argv) {
    argp_program_version_hook = print_version;
    struct arguments arguments = {.ready_fd = -1};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Runs a node of the mesh in the foreground, until SIGTERM, SIGINT or `mesh node stop`.",
    };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    block_signals();
    struct config *config = NULL;
    if (load_config(arguments.config, &config) != 0) {
        return 1;
    }
    struct mesh_error error = {.text = ""};
    enum mesh_status status = run(config, &arguments, &error);
    config_destroy(&config);
    return status == MESH_OK ? 0 : fail(status, error.text);
}
