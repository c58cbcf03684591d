/* The life of an admin: what it needs to begin, its loop, its end.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/notify.h"
#include "mesh/runtime/catalogue.h"
#include "mesh/runtime/clock.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/host.h"
#include "mesh/runtime/incarnation.h"
#include "mesh/runtime/run_path.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CATALOGUE_OPTION TYPES_OF_PATH "="
#define SOURCE_OPTION TYPES_OF_SOURCE "="
#define LAST_WORDS_NS (500 * NS_PER_MS)

int admin_child(const char *options) {
    if (strncmp(options, CATALOGUE_OPTION, strlen(CATALOGUE_OPTION)) == 0) {
        return catalogue_main(options + strlen(CATALOGUE_OPTION), STDOUT_FILENO);
    }
    if (strncmp(options, SOURCE_OPTION, strlen(SOURCE_OPTION)) == 0) {
        return catalogue_source(options + strlen(SOURCE_OPTION), STDOUT_FILENO);
    }
    return host_main_text(options, NULL, NULL);
}

/* ---- the turn's callbacks ---- */

static uint64_t tick_convention(struct admin *admin, uint64_t now_ns) {
    if (convention_deadline(admin->convention) <= now_ns) {
        admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_TICK});
    }
    return convention_deadline(admin->convention);
}

static uint64_t tick_directory(struct admin *admin, uint64_t now_ns) {
    if (directory_deadline(admin->directory) <= now_ns) {
        admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_TICK});
    }
    return directory_deadline(admin->directory);
}

/* What many processes took here stays with the pool of messages and with the allocator when they are gone, until they are asked for it. */
static uint64_t tick_memory(struct admin *admin, uint64_t now_ns) {
    if (admin->trim_ns <= now_ns) {
        admin->trim_ns = TIME_NEVER;
        process_give_back(admin->process);
    }
    return admin->trim_ns;
}

static uint64_t on_tick(void *user, uint64_t now_ns) {
    struct admin *admin = user;
    if (!admin->convention) {
        return TIME_NEVER; /* the process is still being made */
    }
    uint64_t least_ns = admin_tick_spawner(admin, now_ns);
    admin_tell_failed(admin);
    admin_bury_leaving(admin);
    least_ns = time_min(least_ns, admin_tick_stop(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_keys(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_sources(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_status(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_inquiries(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_trials(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_log(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_forward(admin, now_ns));
    least_ns = time_min(least_ns, admin_tick_log_questions(admin, now_ns));
    least_ns = time_min(least_ns, tick_memory(admin, now_ns));
    least_ns = time_min(least_ns, tick_directory(admin, now_ns));
    return time_min(least_ns, tick_convention(admin, now_ns));
}

/* A dead letter of the admin's own: a control message whose receiver is gone. Its sender's end is told otherwise. */
static void on_unhandled(void *user, struct message *message) {
    struct admin *admin = user;
    log_write(admin->log, MESH_LOG_DEBUG, NULL, message->target, "a control message was not handled: %.*s",
              (int)message->text.size, message->text.data ? (const char *)message->text.data : "");
    message_release(message);
}

static void on_signal(void *user, int fd) {
    struct admin *admin = user;
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGUSR1) {
            log_write(admin->log, MESH_LOG_INFO, NULL, process_address(admin->process),
                      "status: %s, %zu members, %zu actors", convention_state_name(admin->convention),
                      convention_members(admin->convention)->count, directory_hosted(admin->directory));
        } else if (info.ssi_signo == SIGHUP) {
            admin_reload(admin);
        } else if (info.ssi_signo == SIGCHLD) {
            admin_bury_unborn(admin);
        } else {
            admin_begin_stop(admin, 0);
        }
    }
}

/* ---- beginning ---- */

static enum mesh_status watch_signals(struct admin *admin, struct mesh_error *error) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGCHLD);
    admin->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (admin->signals < 0 || process_watch(admin->process, admin->signals, on_signal, admin) != MESH_OK) {
        return error_set(error, MESH_IO, "cannot watch for signals: %s", strerror(errno));
    }
    return MESH_OK;
}

/* The processes of this node read its key in the run directory (S7B). */
static enum mesh_status take_key(struct admin *admin, struct mesh_error *error) {
    char path[RUN_PATH_BYTES + sizeof "/" NODE_KEY_FILE];
    if (admin->config->security != CONFIG_CURVE) {
        return MESH_OK;
    }
    (void)snprintf(path, sizeof path, "%s/" NODE_KEY_FILE, admin->directory_path->path);
    enum mesh_status status = node_key_read(&admin->key, admin->config->key, error);
    return status == MESH_OK ? node_key_write(&admin->key, path, true, error) : status;
}

static enum mesh_status open_process(struct admin *admin, struct mesh_error *error) {
    char ipc[RUN_PATH_ENDPOINT_BYTES];
    const char *listen[1 + CONFIG_BINDS + 1] = {run_path_endpoint(ipc, admin->directory_path->path, "admin")};
    for (size_t i = 0; i < admin->config->bind.count; i++) {
        listen[i + 1] = admin->config->bind.items[i];
    }
    struct process_options options = {
        .role = FRAME_ROLE_ADMIN,
        .incarnation = admin->incarnation,
        .node = admin->incarnation,
        .node_name = admin->config->name,
        .listen = listen,
        .limits = &admin->config->delivery,
        .log = admin->log,
        .callbacks =
            {
                .user = admin,
                .control = admin_on_control,
                .unhandled = on_unhandled,
                .hello = admin_on_hello,
                .link = admin_on_link,
                .distrusted = admin_on_distrusted,
                .frame = admin_on_frame,
                .resolve = admin_on_resolve,
                .tick = on_tick,
            },
    };
    if (admin->config->security == CONFIG_CURVE) {
        options.key = &admin->key;
        options.trust = &admin->trust;
    }
    return process_new(&admin->process, &options, 0, error);
}

static enum mesh_status open_cores(struct admin *admin, struct mesh_error *error) {
    struct capability_set capabilities = {0};
    /* A node that nobody can reach by tcp is still a node, alone; its endpoint is the one of its programs. */
    const char *endpoint = admin->advertise[0] ? admin->advertise : process_endpoint(admin->process, false);
    struct convention_options options = {
        .incarnation = admin->incarnation,
        .name = admin->config->name,
        .endpoint = endpoint,
        .candidates = (const char *const *)admin->config->leaders.items,
        .preregistered = (const char *const *)admin->config->preregister.items,
        .capabilities = &capabilities,
        .times = admin->config->times,
        .members_max = admin->config->members_max,
        .trust = &admin->trust,
        .seed = admin->incarnation,
    };
    struct directory_limits limits = directory_limits_default;
    limits.actors_max = admin->config->actors_max;
    limits.light_hosts = admin->config->light_hosts;
    enum mesh_status status = admin_make_capabilities(admin, &capabilities);
    if (status == MESH_OK) {
        status = convention_new(&admin->convention, &options);
    }
    capability_set_fini(&capabilities);
    if (status == MESH_OK) {
        status = directory_new(&admin->directory, &limits, admin->incarnation, endpoint,
                               convention_members(admin->convention));
    }
    return status == MESH_OK ? status
                             : error_set(error, status, "cannot make the node's tables: %s", mesh_status_text(status));
}

static void note_module(void *user, const char *text) {
    const struct admin *admin = user;
    log_write(admin->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0}, "%s", text);
}

static enum mesh_status read_types(struct admin *admin, struct mesh_error *error) {
    char path[ZYGOTE_OPTIONS_BYTES / 2];
    struct text_builder builder = text_builder(path, sizeof path);
    for (size_t i = 0; i < admin->config->module_path.count; i++) {
        text_append(&builder, "%s%s", i ? ":" : "", admin->config->module_path.items[i]);
    }
    if (builder.truncated) {
        return error_set(error, MESH_TOO_LARGE, "module_path is too long: at most %zu bytes", sizeof path - 1);
    }
    if (types_new(&admin->types) != MESH_OK) {
        return error_set(error, MESH_NO_MEMORY, "no memory for the table of types");
    }
    return types_read_modules(admin->types, admin->zygote, path, note_module, admin, error);
}

static enum mesh_status begin(struct admin *admin, struct mesh_error *error) {
    enum mesh_status status = admin_open_log(admin, error);
    if (status == MESH_OK && admin->config->start == CONFIG_SPAWN) {
        status = admin_find_host_program(admin, error);
    }
    if (status == MESH_OK) {
        status = read_types(admin, error);
    }
    if (status == MESH_OK) {
        status = admin_begin_keys(admin, error);
    }
    if (status == MESH_OK) {
        status = take_key(admin, error);
    }
    if (status == MESH_OK) {
        status = open_process(admin, error);
    }
    if (status == MESH_OK) {
        status = admin_choose_address(admin, error);
    }
    if (status == MESH_OK) {
        status = watch_signals(admin, error);
    }
    if (status == MESH_OK && admin_watch_processes(admin) != MESH_OK) {
        status = error_set(error, MESH_IO, "cannot watch for the ends of processes: %s", strerror(errno));
    }
    if (status == MESH_OK && admin_watch_warnings(admin) != MESH_OK) {
        status = error_set(error, MESH_IO, "cannot watch for warnings: %s", strerror(errno));
    }
    if (status == MESH_OK && admin_watch_trials(admin) != MESH_OK) {
        status = error_set(error, MESH_IO, "cannot watch for answers of members: %s", strerror(errno));
    }
    if (status == MESH_OK) {
        status = open_cores(admin, error);
    }
    if (status == MESH_OK && admin_begin_spawner(admin) != MESH_OK) {
        status = error_set(error, MESH_NO_MEMORY, "no memory for a spawner");
    }
    return status == MESH_OK ? admin_open_sources(admin, error) : status;
}

/* ---- loop and end ---- */

static void say_ready(const struct admin *admin, int ready_fd) {
    log_write(admin->log, MESH_LOG_INFO, NULL, process_address(admin->process), "node %s is up: %s %s",
              admin->config->name, admin->directory_path->path, admin->advertise);
    notify_ready();
    if (ready_fd >= 0) {
        ssize_t written = write(ready_fd, "ready\n", 6);
        if (written != 6) {
            log_write(admin->log, MESH_LOG_WARNING, NULL, process_address(admin->process),
                      "nobody waits for this node to be ready");
        }
        close(ready_fd);
    }
}

/* What was said last, to the convention above all, gets a moment to leave. */
static void say_last_words(struct admin *admin) {
    uint64_t until_ns = clock_now_ns() + LAST_WORDS_NS;
    process_flush(admin->process, true);
    while (delivery_counters(process_delivery(admin->process))->in_flight > 0 && clock_now_ns() < until_ns) {
        (void)process_turn(admin->process, until_ns);
    }
}

static void run(struct admin *admin) {
    process_lock(admin->process);
    admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_START});
    while (!admin->stopped) {
        (void)process_turn(admin->process, TIME_NEVER);
    }
    say_last_words(admin);
    process_unlock(admin->process);
    log_write(admin->log, MESH_LOG_INFO, NULL, process_address(admin->process), "the node has ended");
}

static void end(struct admin *admin) {
    admin_free_spawner(admin);
    process_destroy(&admin->process);
    admin_free_gatherings(admin);
    admin_free_inquiries(admin);
    admin_free_trials(admin);
    admin_free_log_questions(admin);
    admin_free_residents(admin);
    admin_free_sources(admin);
    directory_destroy(&admin->directory);
    convention_destroy(&admin->convention);
    trust_fini(&admin->trust);
    types_destroy(&admin->types);
    map_fini(&admin->neighbours);
    if (admin->signals >= 0) {
        close(admin->signals);
    }
    if (admin->deaths >= 0) {
        close(admin->deaths);
    }
    if (admin->addresses >= 0) {
        close(admin->addresses);
    }
    log_forward_destroy(&admin->forward);
    log_close(&admin->log);
}

enum mesh_status admin_run(struct config *config, const struct config_sources *sources,
                           const struct run_directory *path, struct zygote *zygote, int ready_fd,
                           struct mesh_error *error) {
    struct admin admin = {.config = config,
                          .sources = sources,
                          .directory_path = path,
                          .zygote = zygote,
                          .incarnation = incarnation_draw(),
                          .started_ns = clock_now_ns(),
                          .trim_ns = TIME_NEVER,
                          .tell_ns = TIME_NEVER,
                          .log_look_ns = TIME_NEVER,
                          .signals = -1,
                          .deaths = -1,
                          .trying = -1,
                          .addresses = -1,
                          .dead_letter_lines = limiter_make(100, NS_PER_S)};
    list_init(&admin.gatherings);
    list_init(&admin.inquiries);
    list_init(&admin.trials);
    list_init(&admin.log_questions);
    list_init(&admin.loaded);
    list_init(&admin.waiting_creates);
    map_init(&admin.residents, sizeof(uint64_t), config->actors_max + 1024, admin.incarnation);
    map_init(&admin.neighbours, sizeof(uint64_t), config->members_max + 1024, admin.incarnation);
    enum mesh_status status = begin(&admin, error);
    if (status == MESH_OK) {
        say_ready(&admin, ready_fd);
        run(&admin);
    }
    end(&admin);
    return status;
}
