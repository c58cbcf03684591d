/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin_spawner.h"
#include "convention/admin/admin.h"
#include "mesh/runtime/catalogue.h"
#include "mesh/runtime/clock.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/spawn_word.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ASKED_MAX = 16,     /* hosts that it is asked for at a time */
    WORDS_AT_ONCE = 64, /* in one turn */
    WORDS_KEPT = 1024,  /* more than a socket holds */
    OUTPUT_BYTES = 1024,
    COMMAND_BYTES = 4096,
    OUTPUT_LINES = 20, /* of its output in the log, in a second */
};

#define RESTART_FIRST_NS (100 * NS_PER_MS)
#define RESTART_MAX_NS (30 * NS_PER_S)
#define STEADY_NS (10 * NS_PER_S)   /* who was ready for so long is not broken */
#define NODE_WAIT_NS (8 * NS_PER_S) /* for its types: who starts a node waits 10 s */
#define READY_WAIT_NS (60 * NS_PER_S)
#define ANSWER_WAIT_NS (10 * NS_PER_S)

enum state {
    DOWN,
    STARTING,
    READY,
    LEAVING, /* it has hung up, or was killed */
};

/* A host that is wanted. */
struct spawn {
    struct list_node place;
    uint32_t slot;
    uint64_t incarnation;
    uint64_t asked_ns;
    int page;
    bool revives; /* its actor is started anew, and waits for the next spawner if need be (C7) */
    char options[];
};

struct spawner {
    const char *command;
    enum state state;
    pid_t pid;
    int pidfd, channel, output;
    int former;        /* the channel of the one before: hosts that it has forked, and that are not born yet, hold it */
    uint64_t since_ns; /* of the state */
    uint64_t ready_ns; /* when it was ready; 0: not yet */
    const char *fault; /* why it was killed; NULL: it was not, by us */
    uint64_t restart_ns; /* how long it is DOWN the next time */
    uint64_t due_ns;     /* of DOWN: when it is started again */
    struct list waiting, asked;
    size_t asked_count;
    char *facts; /* what it can host, as far as it has said that, a line each; CATALOGUE_BYTES */
    size_t facts_bytes;
    char said[OUTPUT_BYTES]; /* of its output: the last whole line, and behind it what has come of the next one */
    char line[OUTPUT_BYTES];
    size_t line_bytes;
    struct limiter lines;
    char why[256 + OUTPUT_BYTES]; /* how it ended last */
};

static void note(const struct admin *admin, enum mesh_level level, const char *text) {
    log_write(admin->log, level, NULL, (struct mesh_address){0}, "the spawner: %s", text);
}

static void note_type(void *user, const char *text) {
    note(user, MESH_LOG_WARNING, text);
}

static void enter(struct spawner *spawner, enum state state, uint64_t now_ns) {
    spawner->state = state;
    spawner->since_ns = now_ns;
}

static void unwatch(struct admin *admin, int *fd) {
    if (*fd >= 0) {
        process_unwatch(admin->process, *fd);
        close(*fd);
        *fd = -1;
    }
}

/* ---- hosts that are wanted ---- */

static void free_spawn(struct spawn *spawn) {
    list_remove(&spawn->place);
    close(spawn->page);
    free(spawn);
}

static struct spawn *find_spawn(const struct list *list, uint64_t incarnation) {
    LIST_EACH (list, node, after) {
        struct spawn *spawn = LIST_OWNER(node, struct spawn, place);
        if (spawn->incarnation == incarnation) {
            return spawn;
        }
    }
    return NULL;
}

/* The resident that it was wanted for; NULL when that is gone. */
static struct resident *end_spawn(struct admin *admin, struct spawn *spawn, bool asked) {
    struct resident *resident = admin_resident(admin, spawn->slot);
    bool same = resident && resident->incarnation == spawn->incarnation;
    admin->spawner->asked_count -= asked;
    free_spawn(spawn);
    return same ? resident : NULL;
}

/* Creates fail; who is started anew is what the next spawner is asked for. */
static void fail_creates(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    struct list_node *asked;
    while ((asked = list_pop_front(&spawner->asked))) {
        list_push_back(&spawner->waiting, asked);
    }
    spawner->asked_count = 0;
    LIST_EACH (&spawner->waiting, node, after) {
        struct spawn *spawn = LIST_OWNER(node, struct spawn, place);
        struct resident *creates = spawn->revives ? NULL : end_spawn(admin, spawn, false);
        if (creates) {
            admin_fail_host(admin, creates, MESH_LOAD_FAILED, spawner->why);
        }
    }
}

static bool ask(const struct spawner *spawner, const struct spawn *spawn) {
    char text[SPAWN_BYTES];
    int bytes = snprintf(text, sizeof text, "host\t%" PRIu64 "\n%s", spawn->incarnation, spawn->options);
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {text, (size_t)bytes};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &spawn->page, sizeof(int));
    return sendmsg(spawner->channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == bytes;
}

/* What finds no room in the socket waits for the next answer, and what finds no spawner, for its end to be seen. */
static void ask_more(struct spawner *spawner, uint64_t now_ns) {
    struct list_node *node;
    while (spawner->state == READY && spawner->asked_count < ASKED_MAX && (node = list_front(&spawner->waiting))) {
        struct spawn *spawn = LIST_OWNER(node, struct spawn, place);
        if (!ask(spawner, spawn)) {
            return;
        }
        spawn->asked_ns = now_ns;
        list_remove(&spawn->place);
        list_push_back(&spawner->asked, &spawn->place);
        spawner->asked_count++;
    }
}

enum mesh_status admin_spawn(struct admin *admin, const struct resident *resident, const char *options, int page,
                             struct mesh_error *error) {
    struct spawner *spawner = admin->spawner;
    uint64_t now_ns = process_now(admin->process);
    size_t bytes = strlen(options) + 1;
    bool takes = spawner && (spawner->state != DOWN || resident->revives);
    struct spawn *spawn = takes ? malloc(sizeof *spawn + bytes) : NULL;
    if (!spawn) {
        close(page);
        return !spawner || takes ? error_set(error, MESH_NO_MEMORY, "no memory for a host that a spawner is to make")
                                 : error_set(error, MESH_LOAD_FAILED, "%s; it is started again in %d ms", spawner->why,
                                             time_ms_round_up(time_left(now_ns, spawner->due_ns)));
    }
    *spawn = (struct spawn){
        .slot = resident->slot, .incarnation = resident->incarnation, .page = page, .revives = resident->revives};
    memcpy(spawn->options, options, bytes);
    list_push_back(&spawner->waiting, &spawn->place);
    ask_more(spawner, now_ns);
    return MESH_OK;
}

pid_t admin_spawner_pid(const struct admin *admin) {
    return admin->spawner->pid;
}

void admin_forget_spawn(struct admin *admin, const struct resident *resident) {
    struct spawner *spawner = admin->spawner;
    struct spawn *waiting = find_spawn(&spawner->waiting, resident->incarnation);
    struct spawn *asked = find_spawn(&spawner->asked, resident->incarnation);
    if (waiting) {
        free_spawn(waiting);
    } else if (asked) { /* who is born for it all the same will be nobody's */
        free_spawn(asked);
        spawner->asked_count--;
    }
}

/* ---- what it says ---- */

/* Its end follows, by its pidfd. */
static void end_spawner(struct admin *admin, const char *fault) {
    struct spawner *spawner = admin->spawner;
    log_write(admin->log, MESH_LOG_ERROR, NULL, (struct mesh_address){0}, "the spawner is killed: %s", fault);
    spawner->fault = fault;
    enter(spawner, LEAVING, clock_now_ns());
    syscall(SYS_pidfd_send_signal, spawner->pidfd, SIGKILL, NULL, 0);
}

static void on_born(struct admin *admin, const struct spawn_word *word) {
    pid_t pid = (pid_t)word->pid;
    struct spawn *spawn = find_spawn(&admin->spawner->asked, word->incarnation);
    if (!admin_is_fresh_child(admin, pid)) {
        end_spawner(admin, "it said that a process is born that is no new child of the admin");
        return;
    }
    struct resident *resident = spawn ? end_spawn(admin, spawn, true) : NULL;
    if (!resident) {
        admin_kill_child(pid);
        return;
    }
    admin_take_host(admin, resident, pid);
}

static void on_refused(struct admin *admin, const struct spawn_word *word) {
    struct spawn *spawn = find_spawn(&admin->spawner->asked, word->incarnation);
    struct resident *resident = spawn ? end_spawn(admin, spawn, true) : NULL;
    if (resident) {
        admin_fail_host(admin, resident, word->status, word->text);
    }
}

/* What it can host counts when it has said all of it. */
static void on_fact(struct admin *admin, const char *text) {
    struct spawner *spawner = admin->spawner;
    size_t bytes = strlen(text);
    if (spawner->state != STARTING || spawner->facts_bytes + bytes + 2 > CATALOGUE_BYTES) {
        end_spawner(admin, "it said what it can host when it should not, or too much");
        return;
    }
    memcpy(spawner->facts + spawner->facts_bytes, text, bytes);
    spawner->facts_bytes += bytes;
    spawner->facts[spawner->facts_bytes++] = '\n';
    spawner->facts[spawner->facts_bytes] = 0;
    if (strcmp(text, "end") == 0) {
        enum mesh_status status = types_read_spawner(admin->types, spawner->facts, note_type, admin);
        if (status != MESH_OK) {
            end_spawner(admin, "what it can host makes no sense, or is too much");
            return;
        }
        enter(spawner, READY, clock_now_ns());
        spawner->ready_ns = spawner->since_ns;
        note(admin, MESH_LOG_INFO, "it is ready");
    }
}

/* Of one that is killed, what is born is heard, and nothing else. */
static void on_word(struct admin *admin, char *packet) {
    struct spawn_word word = spawn_word_parse(packet);
    if (admin->spawner->fault && word.kind != SPAWN_BORN) {
        return;
    }
    switch (word.kind) {
    case SPAWN_HELLO:
        return;
    case SPAWN_FACT:
        on_fact(admin, word.text);
        return;
    case SPAWN_BORN:
        on_born(admin, &word);
        return;
    case SPAWN_REFUSED:
        on_refused(admin, &word);
        return;
    case SPAWN_NONSENSE:
        end_spawner(admin, "it said what makes no sense");
        return;
    }
}

/* Whether there was anything. */
static bool hear(struct admin *admin) {
    char packet[SPAWN_BYTES];
    ssize_t got = recv(admin->spawner->channel, packet, sizeof packet - 1, MSG_DONTWAIT);
    if (got > 0) {
        packet[got] = 0;
        on_word(admin, packet);
    } else if (got == 0) {
        unwatch(admin, &admin->spawner->channel);
        enter(admin->spawner, LEAVING, clock_now_ns());
    }
    return got > 0;
}

/* Nobody wants who is born when its spawner has ended; it is our child all the same. Whether there was anything. */
static bool hear_former(struct admin *admin) {
    char packet[SPAWN_BYTES] = "";
    ssize_t got = recv(admin->spawner->former, packet, sizeof packet - 1, MSG_DONTWAIT);
    pid_t born = (pid_t)spawn_word_parse(packet).pid;
    if (got == 0) {
        unwatch(admin, &admin->spawner->former);
    } else if (admin_is_fresh_child(admin, born)) {
        admin_kill_child(born);
    }
    return got > 0;
}

void admin_hear_spawner(struct admin *admin) {
    for (int i = 0; i < WORDS_KEPT && hear_former(admin); i++) {
    }
    for (int i = 0; i < WORDS_KEPT && hear(admin); i++) {
    }
}

static void on_channel(void *user, int fd) {
    struct admin *admin = user;
    if (fd == admin->spawner->former) {
        (void)hear_former(admin);
        return;
    }
    for (int i = 0; i < WORDS_AT_ONCE && hear(admin); i++) {
    }
    ask_more(admin->spawner, clock_now_ns());
}

static void end_line(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    spawner->line[spawner->line_bytes] = 0;
    spawner->line_bytes = 0;
    if (spawner->line[strspn(spawner->line, " \t\r")] == 0) {
        return;
    }
    snprintf(spawner->said, sizeof spawner->said, "%s", spawner->line);
    if (limiter_take(&spawner->lines, clock_now_ns())) {
        note(admin, MESH_LOG_WARNING, spawner->line);
    }
}

/* Whether there was anything. */
static bool read_output(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    char text[OUTPUT_BYTES];
    ssize_t got = read(spawner->output, text, sizeof text);
    for (ssize_t i = 0; i < got; i++) {
        if (text[i] != '\n' && spawner->line_bytes < sizeof spawner->line - 1) {
            spawner->line[spawner->line_bytes++] = text[i] ? text[i] : ' ';
        } else if (text[i] == '\n') {
            end_line(admin);
        }
    }
    if (got == 0) {
        unwatch(admin, &spawner->output);
    }
    return got > 0;
}

static void on_output(void *user, int fd) {
    (void)fd;
    (void)read_output(user);
}

/* ---- beginning and end ---- */

static void describe_end(struct spawner *spawner, const siginfo_t *end) {
    struct text_builder text = text_builder(spawner->why, sizeof spawner->why);
    const char *name = sigabbrev_np(end->si_status);
    if (end->si_code == CLD_EXITED) {
        text_append(&text, "the spawner has ended with code %d", end->si_status);
    } else {
        text_append(&text, "the spawner was killed by SIG%s", name ? name : "?");
    }
    const char *because = spawner->fault ? spawner->fault : spawner->said;
    text_append(&text, "%s%s", *because ? ": " : "", because);
}

static void go_down(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    uint64_t now_ns = clock_now_ns();
    bool steady = spawner->ready_ns && now_ns - spawner->ready_ns >= STEADY_NS;
    uint64_t wait_ns = steady ? RESTART_FIRST_NS : spawner->restart_ns;
    spawner->restart_ns = wait_ns * 2 < RESTART_MAX_NS ? wait_ns * 2 : RESTART_MAX_NS;
    spawner->due_ns = time_add(now_ns, wait_ns);
    enter(spawner, DOWN, now_ns);
    unwatch(admin, &spawner->former);
    spawner->former = spawner->channel;
    spawner->channel = -1;
    unwatch(admin, &spawner->output);
    unwatch(admin, &spawner->pidfd);
    spawner->pid = 0;
    types_note_spawner(admin->types, spawner->why);
    log_write(admin->log, MESH_LOG_ERROR, NULL, (struct mesh_address){0}, "%s; it is started again in %d ms",
              spawner->why, time_ms_round_up(wait_ns));
    fail_creates(admin);
}

/* Who has said by now that it is born lives on. */
static void on_end(void *user, int fd) {
    struct admin *admin = user;
    struct spawner *spawner = admin->spawner;
    siginfo_t end = {0};
    if (waitid(P_PIDFD, (id_t)fd, &end, WEXITED | WNOHANG) != 0 || end.si_pid == 0) {
        return;
    }
    while (hear(admin)) {
    }
    for (int i = 0; i < WORDS_AT_ONCE && read_output(admin); i++) {
    }
    end_line(admin);
    describe_end(spawner, &end);
    go_down(admin);
    admin_bury_unborn(admin);
}

static enum mesh_status watch(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    spawner->pidfd = (int)syscall(SYS_pidfd_open, spawner->pid, 0);
    bool watched = spawner->pidfd >= 0 &&
                   process_watch(admin->process, spawner->channel, on_channel, admin) == MESH_OK &&
                   process_watch(admin->process, spawner->output, on_output, admin) == MESH_OK &&
                   process_watch(admin->process, spawner->pidfd, on_end, admin) == MESH_OK;
    return watched ? MESH_OK : MESH_IO;
}

static enum mesh_status launch(struct admin *admin, struct mesh_error *error) {
    struct spawner *spawner = admin->spawner;
    int channel[2], output[2];
    char command[COMMAND_BYTES];
    /* It has to be our child itself, or its siblings would not be. */
    snprintf(command, sizeof command, "exec %s", spawner->command);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel)) {
        return error_set(error, MESH_IO, "no socket for it: %s", strerror(errno));
    }
    if (pipe2(output, O_CLOEXEC)) {
        close(channel[0]);
        close(channel[1]);
        return error_set(error, MESH_IO, "no pipe for it: %s", strerror(errno));
    }
    struct zygote_request request = {
        .start = ZYGOTE_SHELL, .program = command, .options = "1", .page = channel[1], .output = output[1]};
    enum mesh_status status = zygote_start(admin->zygote, &request, &spawner->pid, error);
    close(channel[1]);
    close(output[1]);
    if (status != MESH_OK) {
        close(channel[0]);
        close(output[0]);
        return status;
    }
    (void)fcntl(output[0], F_SETFL, O_NONBLOCK);
    spawner->channel = channel[0];
    spawner->output = output[0];
    if (watch(admin) != MESH_OK) {
        admin_kill_child(spawner->pid);
        return error_set(error, MESH_IO, "it cannot be watched: %s", strerror(errno));
    }
    return MESH_OK;
}

static void start(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    struct mesh_error error = {.text = ""};
    spawner->facts_bytes = spawner->line_bytes = 0;
    spawner->said[0] = 0;
    spawner->fault = NULL;
    spawner->ready_ns = 0;
    enter(spawner, STARTING, clock_now_ns());
    if (launch(admin, &error) != MESH_OK) {
        snprintf(spawner->why, sizeof spawner->why, "the spawner cannot be started: %s", error.text);
        go_down(admin);
    }
}

/* Its types are there when programs can attach, unless it takes too long. */
static void await_ready(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    uint64_t until_ns = time_add(clock_now_ns(), NODE_WAIT_NS);
    while (spawner->state == STARTING || spawner->state == LEAVING) {
        uint64_t left_ns = time_left(clock_now_ns(), until_ns);
        struct pollfd waited[] = {{.fd = spawner->channel, .events = POLLIN},
                                  {.fd = spawner->output, .events = POLLIN},
                                  {.fd = spawner->pidfd, .events = POLLIN}};
        if (left_ns == 0 || (poll(waited, 3, time_ms_round_up(left_ns)) < 0 && errno != EINTR)) {
            note(admin, MESH_LOG_WARNING, "it is not ready after 8 s: the node begins without its types");
            return;
        }
        if (waited[1].revents & POLLIN) {
            on_output(admin, spawner->output);
        }
        if (waited[0].revents & POLLIN) {
            on_channel(admin, spawner->channel);
        }
        if (waited[2].revents & POLLIN) {
            on_end(admin, spawner->pidfd);
        }
    }
}

enum mesh_status admin_begin_spawner(struct admin *admin) {
    if (!admin->config->spawner) {
        return MESH_OK;
    }
    struct spawner *spawner = calloc(1, sizeof *spawner);
    char *facts = malloc(CATALOGUE_BYTES);
    if (!spawner || !facts) {
        free(spawner);
        free(facts);
        return MESH_NO_MEMORY;
    }
    spawner->command = admin->config->spawner;
    spawner->facts = facts;
    spawner->pidfd = spawner->channel = spawner->output = spawner->former = -1;
    spawner->restart_ns = RESTART_FIRST_NS;
    spawner->lines = limiter_make(OUTPUT_LINES, NS_PER_S);
    list_init(&spawner->waiting);
    list_init(&spawner->asked);
    admin->spawner = spawner;
    start(admin);
    await_ready(admin);
    return MESH_OK;
}

static void free_list(struct list *list) {
    struct list_node *node;
    while ((node = list_front(list))) {
        free_spawn(LIST_OWNER(node, struct spawn, place));
    }
}

/* The zygote kills it; closing the channel tells it to go by itself. */
void admin_free_spawner(struct admin *admin) {
    struct spawner *spawner = admin->spawner;
    if (spawner) {
        free_list(&spawner->waiting);
        free_list(&spawner->asked);
        unwatch(admin, &spawner->channel);
        unwatch(admin, &spawner->former);
        unwatch(admin, &spawner->output);
        unwatch(admin, &spawner->pidfd);
        free(spawner->facts);
        free(spawner);
        admin->spawner = NULL;
    }
}

/* ---- time ---- */

static uint64_t answer_due(const struct spawner *spawner) {
    struct list_node *oldest = list_front(&spawner->asked);
    return oldest ? time_add(LIST_OWNER(oldest, struct spawn, place)->asked_ns, ANSWER_WAIT_NS) : TIME_NEVER;
}

/* When it is started, or killed. */
static uint64_t due(const struct spawner *spawner) {
    switch (spawner->state) {
    case DOWN:
        return spawner->due_ns;
    case STARTING:
        return time_add(spawner->since_ns, READY_WAIT_NS);
    case READY:
        return answer_due(spawner);
    case LEAVING:
        return time_add(spawner->since_ns, ANSWER_WAIT_NS);
    }
    return TIME_NEVER;
}

uint64_t admin_tick_spawner(struct admin *admin, uint64_t now_ns) {
    struct spawner *spawner = admin->spawner;
    if (!spawner || admin->stopping) {
        return TIME_NEVER;
    }
    if (spawner->state == DOWN && spawner->due_ns <= now_ns) {
        start(admin);
    }
    uint64_t due_ns = due(spawner);
    if (spawner->state == STARTING && due_ns <= now_ns) {
        end_spawner(admin, "it was not ready after 60 s");
    } else if (spawner->state == READY && due_ns <= now_ns) {
        end_spawner(admin, "it has not answered for 10 s");
    } else if (spawner->state == LEAVING && due_ns <= now_ns) {
        end_spawner(admin, "it had hung up, and did not end");
    }
    return due(spawner);
}
