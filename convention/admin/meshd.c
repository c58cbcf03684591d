/* meshd: the admin of a node, as a program.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/config_print.h"
#include "convention/admin/descriptors.h"
#include "convention/admin/notify.h"
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

enum { KEY_SET = 256, KEY_CHECK, KEY_PRINT, KEY_JSON };

struct arguments {
    const char *config, *run_directory;
    const char **settings; /* "PATH=VALUE", NULL after the last */
    size_t settings_count;
    bool check, print, json;
    int ready_fd;
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The node's configuration file (default: the defaults of every setting)", 0},
    {"run-directory", 'r', "DIR", 0,
     "Where the node's sockets are (default: $MESH_RUN_DIRECTORY, or below XDG_RUNTIME_DIR)", 0},
    {"set", KEY_SET, "PATH=VALUE", 0,
     "A setting, which beats the file and the environment: --set log/level=debug; any number of them", 0},
    {"ready-fd", 'f', "N", 0, "Descriptor that gets the line 'ready' when programs can attach", 0},
    {"check", KEY_CHECK, NULL, 0, "Judge the configuration, and do nothing else", 1},
    {"print", KEY_PRINT, NULL, 0, "Show what is set, and by whom, and do nothing else", 1},
    {"json", KEY_JSON, NULL, 0, "Do so as one JSON object", 1},
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
    case KEY_SET:
        arguments->settings[arguments->settings_count++] = text;
        return 0;
    case KEY_CHECK:
    case KEY_PRINT:
    case KEY_JSON:
        arguments->check = true;
        arguments->print = arguments->print || key == KEY_PRINT;
        arguments->json = arguments->json || key == KEY_JSON;
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

static int load_config(const struct config_sources *sources, struct config **config) {
    struct config_mistakes mistakes;
    enum mesh_status status = config_load(config, sources, &mistakes);
    for (size_t i = 0; i < mistakes.count; i++) {
        char line[1024];
        fail(status, config_mistake_print(&mistakes, i, line, sizeof line));
    }
    config_mistakes_fini(&mistakes);
    return status == MESH_OK ? 0 : 1;
}

/* What is asked for goes to the standard output, mistakes to the standard error; but JSON is one answer. */
static int check(const struct config_sources *sources, const struct arguments *arguments) {
    struct config *config = NULL;
    struct config_mistakes mistakes;
    bool good = config_load(&config, sources, &mistakes) == MESH_OK;
    if (arguments->json && (!good || !arguments->print)) {
        config_print_mistakes_json(&mistakes, stdout);
    } else if (!good) {
        config_print_mistakes(&mistakes, stderr);
    } else if (arguments->json) {
        config_print_json(config, stdout);
    } else if (arguments->print) {
        config_print(config, stdout);
    }
    config_mistakes_fini(&mistakes);
    config_destroy(&config);
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    return good && written ? 0 : 1;
}

/* Signals come by descriptor. Blocked before the first thread exists, they are so in all of them. */
static void block_signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGCHLD);
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

static enum mesh_status run(struct config *config, const struct config_sources *sources,
                            const struct arguments *arguments, struct mesh_error *error) {
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
        status = admin_run(config, sources, &directory, &zygote, take_ready_fd(arguments->ready_fd), error);
    }
    bool buried = zygote.channel >= 0;
    zygote_close(&zygote);
    if (directory.lock >= 0 && !buried) {
        run_directory_empty(&directory);
    }
    run_directory_close(&directory);
    return status;
}

static int run_with(const struct config_sources *sources, const struct arguments *arguments) {
    struct config *config = NULL;
    struct mesh_error error = {.text = ""};
    if (load_config(sources, &config) != 0) {
        return 1;
    }
    enum mesh_status status = run(config, sources, arguments, &error);
    config_destroy(&config);
    return status == MESH_OK ? 0 : fail(status, error.text);
}

int main(int argc, char **argv) {
    argp_program_version_hook = print_version;
    struct arguments arguments = {.ready_fd = -1, .settings = calloc((size_t)argc + 1, sizeof *arguments.settings)};
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Runs a node of the mesh in the foreground, until SIGTERM, SIGINT or `mesh node stop`.",
    };
    if (!arguments.settings) {
        return fail(MESH_NO_MEMORY, "no memory for the arguments");
    }
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    block_signals();
    notify_begin();
    const struct config_sources sources = {.file = arguments.config,
                                           .environment = (const char *const *)environ,
                                           .options = (const char *const *)arguments.settings};
    int code = arguments.check ? check(&sources, &arguments) : run_with(&sources, &arguments);
    free(arguments.settings);
    return code;
}
