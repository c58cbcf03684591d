/* The processes of a node: hosts that are started, watched and buried, programs that come and go.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/descriptors.h"
#include "mesh/core/address.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/host.h"
#include "mesh/runtime/incarnation.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/run_path.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DESCRIPTORS_KEPT = 32,    /* for the connections of programs and other nodes */
    DESCRIPTORS_PER_HOST = 2, /* a pidfd, and its connection when it has come up */
    ENDS_AT_ONCE = 64,        /* are looked at in one turn */
};

#define IPC "ipc://"

/* Memory is given back when no process has ended for so long, and tombstones are gone. */
#define TRIM_AFTER_NS (2 * NS_PER_S)

struct resident *admin_resident(const struct admin *admin, uint32_t slot) {
    uint64_t key = slot;
    return map_get(&admin->residents, &key);
}

/* A killed process leaves its socket behind; one that ended well has removed it. */
static void remove_socket(const struct resident *resident) {
    if (resident->socket[0] != '\0') {
        unlink(resident->socket);
    }
}

/* Where it listens, when that is a socket in our own run directory. */
static void note_socket(const struct admin *admin, struct resident *resident, struct bytes endpoints) {
    const char *directory = admin->directory_path->path;
    const char *first = (const char *)endpoints.data;
    const uint8_t *space = memchr(endpoints.data, ' ', endpoints.size);
    size_t bytes = space ? (size_t)(space - endpoints.data) : endpoints.size;
    size_t prefix = strlen(IPC) + strlen(directory) + 1;
    if (bytes <= prefix || bytes - strlen(IPC) >= sizeof resident->socket || memcmp(first, IPC, strlen(IPC)) != 0 ||
        memcmp(first + strlen(IPC), directory, strlen(directory)) != 0 || first[prefix - 1] != '/' ||
        memchr(first + prefix, '/', bytes - prefix)) {
        return;
    }
    memcpy(resident->socket, first + strlen(IPC), bytes - strlen(IPC));
    resident->socket[bytes - strlen(IPC)] = '\0';
}

static void free_resident(struct resident *resident) {
    admin_leave_loaded(resident);
    if (resident->pidfd >= 0) {
        close(resident->pidfd);
    }
    crash_page_unmap(&resident->page);
    free(resident);
}

void admin_free_residents(struct admin *admin) {
    size_t place = 0;
    for (struct resident *resident = map_next(&admin->residents, &place); resident;
         resident = map_next(&admin->residents, &place)) {
        free_resident(resident);
    }
    map_fini(&admin->residents);
}

static struct resident *new_resident(struct admin *admin, uint32_t slot) {
    struct resident *resident = calloc(1, sizeof *resident);
    uint64_t key = slot;
    if (!resident || map_put(&admin->residents, &key, resident) != MESH_OK) {
        free(resident);
        return NULL;
    }
    resident->slot = slot;
    resident->pidfd = -1;
    return resident;
}

static void remove_resident(struct admin *admin, struct resident *resident) {
    uint64_t key = resident->slot;
    map_remove(&admin->residents, &key);
    admin->expected -= !resident->program && !resident->greeted;
    free_resident(resident);
}

/* ---- death ---- */

/* How far the dead host had handled each stream, from its crash page: NULL when nothing is on record, or without memory. */
static struct directory_floor *read_floors(const struct resident *resident, size_t *count) {
    size_t place = 0, room = 0;
    struct crash_stream stream;
    while (resident->page && crash_page_next_stream(resident->page, &place, &stream)) {
        room++;
    }
    struct directory_floor *floors = room ? calloc(room, sizeof *floors) : NULL;
    place = *count = 0;
    while (floors && *count < room && crash_page_next_stream(resident->page, &place, &stream)) {
        floors[(*count)++] = (struct directory_floor){.actor = stream.actor,
                                                      .sender = stream.sender,
                                                      .epoch = stream.floor.epoch,
                                                      .handled = stream.floor.handled,
                                                      .in_hand = stream.floor.in_hand};
    }
    return floors;
}

/* Who was about to end, by the will of somebody; the same. */
static struct directory_wanted *read_wanted(const struct resident *resident, size_t *count) {
    size_t place = 0, room = 0;
    struct crash_end end;
    while (resident->page && crash_page_next_end(resident->page, &place, &end)) {
        room++;
    }
    struct directory_wanted *wanted = room ? calloc(room, sizeof *wanted) : NULL;
    place = *count = 0;
    while (wanted && *count < room && crash_page_next_end(resident->page, &place, &end)) {
        wanted[(*count)++] = (struct directory_wanted){.actor = end.actor, .how = (enum control_how)end.how};
    }
    return wanted;
}

enum control_how admin_describe_end(const siginfo_t *end, char *text, size_t bytes) {
    if (end->si_code == CLD_KILLED || end->si_code == CLD_DUMPED) {
        const char *name = sigabbrev_np(end->si_status);
        snprintf(text, bytes, "killed by SIG%s", name ? name : "?");
        return CONTROL_SIGNAL;
    }
    if (end->si_status == 0) {
        snprintf(text, bytes, "its process ended");
        return CONTROL_OWN_EXIT;
    }
    snprintf(text, bytes, "its process ended with code %d", end->si_status);
    return CONTROL_EXIT_CODE;
}

static void bury(struct admin *admin, struct resident *resident, enum control_how how, int number, const char *text) {
    size_t floors_count = 0, wanted_count = 0;
    struct directory_floor *floors = read_floors(resident, &floors_count);
    struct directory_wanted *wanted = read_wanted(resident, &wanted_count);
    struct directory_event died = {.kind = DIRECTORY_HOST_DIED,
                                   .slot = resident->slot,
                                   .how = how,
                                   .number = number,
                                   .text = bytes_of_text(text),
                                   .floors = floors,
                                   .floors_count = floors_count,
                                   .wanted = wanted,
                                   .wanted_count = wanted_count};
    if (resident->page) {
        died.all_wanted = (enum control_how)crash_page_all_ends(resident->page);
        died.checking = crash_page_checking(resident->page);
    }
    uint64_t incarnation = resident->incarnation;
    admin_bury_counters(admin, resident);
    admin_bury_dead_letter_handler(admin, resident);
    admin_bury_watchers(admin, resident);
    admin_bury_sources(admin, resident);
    remove_socket(resident);
    if (how == CONTROL_SIGNAL) {
        log_mend(admin->log);
    }
    log_write(admin->log, how == CONTROL_OWN_EXIT ? MESH_LOG_DEBUG : MESH_LOG_WARNING, NULL, resident->actor,
              "process %ld: %s", (long)resident->pid, text);
    remove_resident(admin, resident);
    admin->trim_ns = time_add(process_now(admin->process), TRIM_AFTER_NS);
    admin_tell_directory(admin, &died);
    process_peer_lost(admin->process, incarnation);
    free(floors);
    free(wanted);
}

/* A host is our child: how it ended is told by waiting for it. */
static void on_host_end(struct admin *admin, struct resident *resident) {
    siginfo_t end = {0};
    char text[96];
    if (waitid(P_PIDFD, (id_t)resident->pidfd, &end, WEXITED | WNOHANG) == 0 && end.si_pid != 0) {
        enum control_how how = admin_describe_end(&end, text, sizeof text);
        bury(admin, resident, how, how == CONTROL_OWN_EXIT ? 0 : end.si_status, text);
    }
}

static void on_program_end(struct admin *admin, struct resident *resident) {
    bury(admin, resident, resident->leaving ? CONTROL_OWN_EXIT : CONTROL_EXIT_CODE, 0, "the program has ended");
}

static void on_ends(void *user, int deaths) {
    struct admin *admin = user;
    struct epoll_event events[ENDS_AT_ONCE];
    int count = epoll_wait(deaths, events, ENDS_AT_ONCE, 0);
    for (int i = 0; i < count; i++) {
        struct resident *resident = admin_resident(admin, events[i].data.u32);
        if (resident && resident->program) {
            on_program_end(admin, resident);
        } else if (resident) {
            on_host_end(admin, resident);
        }
    }
    admin_bury_unborn(admin);
}

/* It is buried after the turn: what it said last is still to be acknowledged, and it waits for that (D14). */
void admin_program_left(struct admin *admin, struct resident *resident) {
    resident->leaving = true;
    admin->leaving++;
}

void admin_bury_leaving(struct admin *admin) {
    while (admin->leaving > 0) {
        process_flush(admin->process, true);
        size_t place = 0;
        struct resident *resident;
        do {
            resident = map_next(&admin->residents, &place);
        } while (resident && !resident->leaving);
        admin->leaving--;
        if (resident) {
            bury(admin, resident, CONTROL_OWN_EXIT, 0, "the program has left the node");
        }
    }
}

/* All processes by one descriptor, so that a turn of the admin costs no more beside thousands. */
enum mesh_status admin_watch_processes(struct admin *admin) {
    admin->deaths = epoll_create1(EPOLL_CLOEXEC);
    return admin->deaths < 0 ? MESH_IO : process_watch(admin->process, admin->deaths, on_ends, admin);
}

static enum mesh_status watch_process(struct admin *admin, struct resident *resident) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = resident->slot};
    resident->pidfd = (int)syscall(SYS_pidfd_open, resident->pid, 0);
    if (resident->pidfd < 0 || epoll_ctl(admin->deaths, EPOLL_CTL_ADD, resident->pidfd, &event) != 0) {
        return MESH_IO;
    }
    return MESH_OK;
}

/* ---- birth ---- */

/* Hosts that have not called yet are still to take theirs. */
static bool has_descriptors(struct admin *admin) {
    size_t needed = DESCRIPTORS_KEPT + admin->expected * DESCRIPTORS_PER_HOST;
    return descriptors_left(&admin->descriptors, process_now(admin->process)) >= needed;
}

/* The process of this node that wants the actor, if it is one. */
static const struct resident *creator_of(const struct admin *admin, struct mesh_address creator) {
    const struct resident *resident =
        creator.node == admin->incarnation ? admin_resident(admin, address_slot(creator)) : NULL;
    return resident && resident->socket[0] ? resident : NULL;
}

static enum mesh_status print_options(const struct admin *admin, const struct resident *resident,
                                      const struct control_create *create, struct mesh_address creator,
                                      const struct type_entry *type, char *text) {
    char type_name[MODULE_NAME_BYTES + 1];
    char listen[RUN_PATH_ENDPOINT_BYTES], endpoint[RUN_PATH_ENDPOINT_BYTES], name[32], global[FRAME_NAME_BYTES + 1];
    char creator_endpoint[sizeof resident->socket + sizeof IPC];
    const struct resident *caller = creator_of(admin, creator);
    snprintf(name, sizeof name, "h%x", resident->slot);
    snprintf(global, sizeof global, "%.*s", (int)create->name.size,
             create->name.size ? (const char *)create->name.data : "");
    snprintf(type_name, sizeof type_name, "%.*s", (int)create->type.size, (const char *)create->type.data);
    snprintf(creator_endpoint, sizeof creator_endpoint, IPC "%s", caller ? caller->socket : "");
    struct host_options options = {
        .run_directory = admin->directory_path->path,
        .admin = run_path_endpoint(endpoint, admin->directory_path->path, "admin"),
        .admin_pid = (uint32_t)getpid(),
        .node = admin->incarnation,
        .incarnation = resident->incarnation,
        .slot = resident->slot,
        .node_name = admin->config->name,
        .listen = run_path_endpoint(listen, admin->directory_path->path, name),
        .listen_remote = admin->host_listen[0] ? admin->host_listen : NULL,
        .actor = create->address,
        .parent = create->parent,
        .creator = caller ? caller->incarnation : 0,
        .creator_endpoint = caller ? creator_endpoint : NULL,
        .on_failure = (int)create->supervision.on_failure,
        .name = global[0] ? global : NULL,
        .type = type_name,
        .module = resident->source ? resident->source->unpacked.path : type->module,
        .source = resident->source ? resident->source->text : NULL,
        .program = type->program,
        .crash_page = ZYGOTE_PAGE_FD,
    };
    return host_options_print(text, HOST_OPTIONS_BYTES, &options);
}

enum mesh_status admin_find_host_program(struct admin *admin, struct mesh_error *error) {
    static const char name[] = "mesh-host";
    char *path = admin->host_program;
    size_t room = sizeof admin->host_program - sizeof name;
    ssize_t bytes = readlink("/proc/self/exe", path, room);
    char *slash = bytes > 0 && (size_t)bytes < room ? memrchr(path, '/', (size_t)bytes) : NULL;
    if (!slash) {
        return error_set(error, MESH_IO, "start = spawn: cannot tell where meshd lies: its path is too long");
    }
    memcpy(slash + 1, name, sizeof name);
    if (access(path, X_OK) != 0) {
        return error_set(error, MESH_NOT_FOUND, "start = spawn: %s cannot be run: %s; install it beside meshd", path,
                         strerror(errno));
    }
    return MESH_OK;
}

/* NULL when who brings it has gone since the create was judged. */
static const struct type_entry *find_type(const struct admin *admin, struct resident *resident,
                                          const struct control_create *create) {
    if (create->source.size == 0) {
        return types_find(admin->types, create->type, create->program);
    }
    struct loaded *loaded = admin_loaded(admin, create->source, create->source_load);
    const struct type_entry *type = loaded ? types_find(loaded->types, create->type, bytes_make("", 0)) : NULL;
    if (type) {
        admin_use_loaded(resident, loaded);
    }
    return type;
}

static enum mesh_status start(struct admin *admin, struct resident *resident, const struct control_create *create,
                              struct mesh_address creator) {
    struct mesh_error *error = &resident->error;
    const struct type_entry *type = find_type(admin, resident, create);
    if (!type) {
        return create->source.size > 0
                   ? error_set(error, MESH_UNKNOWN_SOURCE, "the source is not loaded any more")
                   : error_set(error, MESH_UNKNOWN_TYPE, "the program that brings the type has left the node");
    }
    char options[HOST_OPTIONS_BYTES];
    if (print_options(admin, resident, create, creator, type, options) != MESH_OK) {
        return error_set(error, MESH_TOO_LARGE, "the path of the module is too long for a host");
    }
    int page;
    if (!has_descriptors(admin) || crash_page_create(&page) != MESH_OK) {
        return error_set(error, MESH_FULL, "no descriptors for another host: raise the limit on them (ulimit -n)");
    }
    enum mesh_status status = crash_page_map(&resident->page, page);
    if (status == MESH_OK && resident->source && resident->source->unloaded) {
        crash_page_unload(resident->page);
    }
    if (status != MESH_OK) {
        error_set(error, status, "no memory for a host's crash page");
    }
    if (status == MESH_OK && type->spawned) {
        status = admin_spawn(admin, resident, options, page, error);
        resident->spawning = status == MESH_OK;
        return status;
    }
    const char *program = type->program ? type->program : admin->host_program;
    struct zygote_request request = {.start = program[0] ? ZYGOTE_EXEC : ZYGOTE_FORK,
                                     .program = program,
                                     .options = options,
                                     .page = page,
                                     .output = -1};
    if (status == MESH_OK) {
        status = zygote_start(admin->zygote, &request, &resident->pid, error);
    }
    close(page);
    if (status == MESH_OK && watch_process(admin, resident) != MESH_OK) {
        admin_kill_child(resident->pid);
        status = error_set(error, MESH_IO, "a host cannot be watched: %s", strerror(errno));
    }
    return status;
}

void admin_fail_host(struct admin *admin, struct resident *resident, enum mesh_status status, const char *text) {
    (void)error_set(&resident->error, status, "%s", text);
    resident->spawning = false;
    resident->failed = true;
    admin->failed++;
    log_write(admin->log, MESH_LOG_ERROR, NULL, resident->actor, "no host is started for it: %s", resident->error.text);
}

void admin_take_host(struct admin *admin, struct resident *resident, pid_t pid) {
    struct mesh_error error;
    resident->pid = pid;
    resident->spawning = false;
    if (watch_process(admin, resident) != MESH_OK) {
        admin_kill_child(pid);
        admin_fail_host(admin, resident, MESH_IO, "a host cannot be watched");
    } else if (zygote_adopt(admin->zygote, resident->pidfd, &error) != MESH_OK) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, resident->actor, "its host is not known to the zygote: %s",
                  error.text);
    }
}

void admin_start_host(struct admin *admin, uint32_t slot, const struct control_create *create,
                      struct mesh_address creator) {
    struct resident *resident = new_resident(admin, slot);
    if (!resident) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, create->address, "no memory for its host");
        return; /* the directory gives the start up when its time is over */
    }
    resident->incarnation = incarnation_draw();
    resident->actor = create->address;
    resident->revives = mesh_address_equal(creator, process_address(admin->process));
    admin->expected++;
    if (start(admin, resident, create, creator) != MESH_OK) {
        struct mesh_error error = resident->error;
        admin_fail_host(admin, resident, error.status, error.text);
    }
}

/* The directory is told after the turn: it is in the middle of a step when it wants a host. */
void admin_tell_failed(struct admin *admin) {
    while (admin->failed > 0) {
        size_t place = 0;
        struct resident *resident;
        do {
            resident = map_next(&admin->residents, &place);
        } while (resident && !resident->failed);
        admin->failed--;
        if (!resident) {
            return;
        }
        struct mesh_error error = resident->error;
        struct directory_event failed = {.kind = DIRECTORY_HOST_FAILED,
                                         .slot = resident->slot,
                                         .status = error.status,
                                         .text = bytes_of_text(error.text)};
        struct directory_event died = {.kind = DIRECTORY_HOST_DIED, .slot = resident->slot};
        died.how = CONTROL_NOT_CREATED;
        died.text = failed.text;
        remove_resident(admin, resident);
        admin_tell_directory(admin, &failed);
        admin_tell_directory(admin, &died);
    }
}

void admin_kill_host(struct admin *admin, uint32_t slot, int number) {
    struct resident *resident = admin_resident(admin, slot);
    if (resident && resident->spawning) {
        admin_forget_spawn(admin, resident);
        admin_fail_host(admin, resident, MESH_TIMED_OUT,
                        "the spawner had not made its host when that was not wanted any more");
    } else if (resident && !resident->program && resident->pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, resident->pidfd, number, NULL, 0);
    }
}

/* ---- hellos ---- */

/* A process of another node that knows this admin has frames for processes of this one; they are judged one by one (S8A). */
static bool is_visitor(const struct admin *admin, const struct frame_hello *hello) {
    return hello->node != 0 && hello->node != admin->incarnation && hello->last_seen == admin->incarnation;
}

static void greet_host(struct admin *admin, uint64_t peer, const struct frame_hello *hello,
                       struct frame_hello *answer) {
    struct resident *resident = admin_resident(admin, hello->slot);
    /* Who says hello has said before that it is born, but a flood of frames may keep that waiting. */
    if (resident && resident->spawning) {
        admin_hear_spawner(admin);
    }
    if (hello->node != admin->incarnation || !resident || resident->incarnation != peer) {
        answer->refusal = bytes_of_text("gone: this process belongs to an earlier life of the node"); /* C13 */
        return;
    }
    if (resident->pid != (pid_t)hello->pid) {
        answer->refusal = bytes_of_text("gone: another process is the host that this one was to be"); /* C9 */
        return;
    }
    answer->slot = resident->slot;
    if (!resident->greeted) {
        resident->greeted = true;
        admin->expected -= !resident->program;
        note_socket(admin, resident, hello->endpoint);
        admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_HOST_UP,
                                                              .slot = resident->slot,
                                                              .process = peer,
                                                              .endpoint = hello->endpoint,
                                                              .pid = hello->pid});
        admin_tell_dead_letter_handler(admin, resident);
        admin_tell_keys(admin, resident);
    }
}

static struct resident *find_program(const struct admin *admin, uint64_t peer) {
    size_t place = 0;
    for (struct resident *resident = map_next(&admin->residents, &place); resident;
         resident = map_next(&admin->residents, &place)) {
        if (resident->incarnation == peer) {
            return resident;
        }
    }
    return NULL;
}

/* A second hello tells more of where it can be reached. */
static void note_program(struct admin *admin, const struct resident *resident, const struct frame_hello *hello) {
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_HOST_UP,
                                                          .slot = resident->slot,
                                                          .process = resident->incarnation,
                                                          .endpoint = hello->endpoint,
                                                          .pid = hello->pid});
}

static struct resident *admit_program(struct admin *admin, uint64_t peer, const struct frame_hello *hello) {
    uint32_t slot;
    bool room = descriptors_left(&admin->descriptors, process_now(admin->process)) >= DESCRIPTORS_KEPT / 2 &&
                directory_lease(admin->directory, &slot) == MESH_OK;
    struct resident *resident = room ? new_resident(admin, slot) : NULL;
    if (!resident) {
        return NULL;
    }
    resident->program = true;
    resident->incarnation = peer;
    resident->pid = (pid_t)hello->pid;
    note_socket(admin, resident, hello->endpoint);
    if (watch_process(admin, resident) != MESH_OK) {
        remove_resident(admin, resident);
        return NULL;
    }
    return resident;
}

static void greet_program(struct admin *admin, uint64_t peer, const struct frame_hello *hello,
                          struct frame_hello *answer) {
    if (hello->node != 0 && hello->node != admin->incarnation) {
        answer->refusal = bytes_of_text("gone: this program was attached to an earlier life of the node"); /* C13 */
        return;
    }
    struct resident *resident = find_program(admin, peer);
    if (!resident) {
        resident = admit_program(admin, peer, hello);
        if (resident) {
            admin_tell_dead_letter_handler(admin, resident);
            admin_tell_keys(admin, resident);
        }
    }
    if (resident) {
        answer->slot = resident->slot;
        note_program(admin, resident, hello);
    } else {
        answer->refusal = bytes_of_text("the node cannot take another program: raise limits/actors, or descriptors");
    }
}

void admin_greet(struct admin *admin, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer) {
    if (admin->passage[0]) {
        answer->endpoint = bytes_of_text(admin->passage); /* that is what it shall say of itself */
    }
    if (admin->stopping && (hello->role == FRAME_ROLE_PROGRAM || is_visitor(admin, hello))) {
        answer->refusal = bytes_of_text("the node is shutting down");
    } else if (is_visitor(admin, hello)) {
        return;
    } else if (hello->role == FRAME_ROLE_PROGRAM) {
        greet_program(admin, peer, hello, answer);
    } else {
        greet_host(admin, peer, hello, answer);
    }
}
