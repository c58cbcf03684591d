/* A node with a spawner: this program, as such, forks the hosts of the types "spawned.*". What it does badly harms nobody.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/pulled_host.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CHANNEL = 3, MANY = 50, BAD_NODES = 3, LINE_BYTES = 256, IDLE_MS = 100 };

static struct node node;
static char settings[512], pid_file[128], once_file[136];

/* ---- the spawner: "good PIDFILE", "once PIDFILE", which fails while there is one, or what the others do ---- */

static const struct mesh_requirement quiet = {.name = "quiet", .comparison = MESH_PRESENT};
static const struct mesh_spawner_type offered[] = {
    {.name = "spawned.picky", .requirements = &quiet, .requirements_count = 1},
    {.name = "spawned.*"},
};

static void write_pid(const char *path) {
    char fresh[160];
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    EXPECT(file && fprintf(file, "%d\n", (int)getpid()) > 0 && fclose(file) == 0 && rename(fresh, path) == 0);
}

static pid_t read_pid(const char *path) {
    FILE *file = fopen(path, "r");
    int pid = 0;
    EXPECT(file && fscanf(file, "%d", &pid) == 1 && fclose(file) == 0);
    return pid;
}

static int serve(struct mesh_spawner *spawner) {
    struct mesh_error error;
    const char *request;
    enum mesh_status status;
    while ((status = mesh_spawner_next(spawner, IDLE_MS)) != MESH_CLOSED) {
        bool wanted = status == MESH_OK;
        EXPECT(wanted || (status == MESH_TIMED_OUT && !mesh_spawner_type(spawner) &&
                          mesh_spawner_refuse(spawner, MESH_LOAD_FAILED, "nothing") == MESH_INVALID_ARGUMENT));
        if (wanted && strcmp(mesh_spawner_type(spawner), "spawned.refused") == 0) {
            EXPECT(mesh_spawner_refuse(spawner, MESH_LOAD_FAILED, "not today") == MESH_OK);
        } else if (wanted && mesh_spawner_fork(spawner, &request, &error) == MESH_OK && request) {
            _exit(pulled_main(request));
        }
    }
    mesh_spawner_close(&spawner);
    return 0;
}

/* Says that the admin itself is the host that is born. */
static int lie(struct mesh_spawner *spawner) {
    char packet[16384], lie[80];
    (void)spawner;
    ssize_t got = recv(CHANNEL, packet, sizeof packet - 1, 0);
    if (got > 0) {
        packet[got] = 0;
        (void)snprintf(lie, sizeof lie, "born\t%llu\t%d", strtoull(packet + sizeof "host", NULL, 10), (int)getppid());
        (void)send(CHANNEL, lie, strlen(lie), 0);
    }
    return pause();
}

/* Ends when it has forked a host, which says that it is born when its file is gone. */
static int leave(struct mesh_spawner *spawner, const char *file) {
    char packet[16384], born[80];
    ssize_t got = recv(CHANNEL, packet, sizeof packet - 1, 0);
    EXPECT(got > 0);
    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0) != 0) {
        while (access(file, F_OK) != 0) {
            node_pause();
        }
        mesh_spawner_close(&spawner);
        return 5;
    }
    packet[got] = 0;
    write_pid(file);
    while (access(file, F_OK) == 0) {
        node_pause();
    }
    (void)snprintf(born, sizeof born, "born\t%llu\t%d", strtoull(packet + sizeof "host", NULL, 10), (int)getpid());
    (void)send(CHANNEL, born, strlen(born), MSG_NOSIGNAL);
    return pause(); /* until it is ended */
}

/* What it forks ends at once, and says nothing. */
static int bear_none(struct mesh_spawner *spawner, const char *file) {
    while (mesh_spawner_next(spawner, -1) == MESH_OK) {
        long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0);
        if (pid == 0) {
            write_pid(file);
            (void)kill(getpid(), SIGKILL);
        }
        while (access(file, F_OK) != 0) {
            node_pause();
        }
        EXPECT(mesh_spawner_refuse(spawner, MESH_LOAD_FAILED, "none is born") == MESH_OK);
    }
    return 0;
}

/* Its second host tells the admin nothing but hello; then it ends. */
static int be_silent(struct mesh_spawner *spawner, const char *file) {
    struct mesh_error error;
    const char *request;
    int nowhere[2];
    for (int i = 0; i < 2; i++) {
        EXPECT(mesh_spawner_next(spawner, -1) == MESH_OK);
        EXPECT(i == 0 ||
               (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, nowhere) == 0 && dup2(nowhere[1], CHANNEL) == CHANNEL));
        EXPECT(mesh_spawner_fork(spawner, &request, &error) == MESH_OK);
        if (request && i == 1) {
            write_pid(file);
        }
        if (request) {
            _exit(pulled_main(request));
        }
    }
    while (access(file, F_OK) != 0 || node_is_alive(read_pid(file))) {
        node_pause();
    }
    return 5;
}

static int spawner_main(const char *mode, const char *file) {
    struct mesh_spawner *spawner;
    struct mesh_error error;
    if (strcmp(mode, "dies") == 0) {
        (void)fprintf(stderr, "there is no module spawned\n");
        return 5;
    }
    if (strcmp(mode, "garbage") == 0) {
        (void)send(CHANNEL, "garbage", 7, 0);
        return pause();
    }
    if (strcmp(mode, "once") == 0 && access(file, F_OK) == 0) {
        return 5;
    }
    EXPECT(mesh_spawner_open(&spawner, offered, 0, &error) == MESH_INVALID_ARGUMENT);
    EXPECT(mesh_spawner_open(&spawner, offered, 2, &error) == MESH_OK);
    if (strcmp(mode, "lies") == 0) {
        return lie(spawner);
    }
    if (strcmp(mode, "leaves") == 0) {
        return leave(spawner, file);
    }
    if (strcmp(mode, "bears-none") == 0) {
        return bear_none(spawner, file);
    }
    if (strcmp(mode, "silent") == 0 && access(file, F_OK) != 0) {
        return be_silent(spawner, file);
    }
    if (strcmp(mode, "silent") != 0) {
        write_pid(file);
    }
    return serve(spawner);
}

/* ---- what the cases share ---- */

static pid_t spawner_pid(void) {
    return read_pid(pid_file);
}

static struct mesh_address create(const char *type) {
    return node_create(&node, type, "here");
}

static pid_t pid_of(struct mesh_address actor) {
    struct mesh_actor_report report;
    EXPECT(node_actor(&node, actor, &report));
    return (pid_t)report.pid;
}

static void expect_uncreated(struct node *where, const char *type, enum mesh_status expected, const char *why) {
    struct mesh_address address;
    struct mesh_error error = {.text = ""};
    enum mesh_status status = mesh_node_create(where->handle, type, NULL, &address, &error);
    if (status != expected || !strstr(error.text, why)) {
        (void)fprintf(stderr, "%s: %s \"%s\"\n", type, mesh_status_name(status), error.text);
        exit(1);
    }
}

static void expect_well(struct mesh_address actor) {
    EXPECT(strcmp(node_ask(&node, actor, "well"), "well") == 0);
}

static void await_end_of(pid_t pid) {
    for (long end_ms = node_now_ms() + WAIT_MS; node_is_alive(pid); node_pause()) {
        EXPECT(node_now_ms() < end_ms);
    }
}

/* The spawner is started anew after a while. */
static struct mesh_address create_again(void) {
    struct mesh_address address;
    struct mesh_error error;
    enum mesh_status status;
    long end_ms = node_now_ms() + WAIT_MS;
    while ((status = mesh_node_create(node.handle, "spawned.plain", NULL, &address, &error)) != MESH_OK) {
        EXPECT(status == MESH_LOAD_FAILED && strstr(error.text, "the spawner "));
        EXPECT(node_now_ms() < end_ms);
        node_pause();
    }
    return address;
}

/* ---- hosts ---- */

static pid_t parent_of(pid_t pid) {
    char path[32], line[LINE_BYTES];
    int parent = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    EXPECT(file);
    while (!parent && fgets(line, sizeof line, file)) {
        (void)sscanf(line, "PPid: %d", &parent);
    }
    EXPECT(fclose(file) == 0);
    return parent;
}

static void C9_a_spawned_host_is_a_child_of_the_admin_and_has_nothing_of_the_spawner(void) {
    struct mesh_address actor = create("spawned.plain");
    EXPECT(strcmp(node_ask(&node, actor, "describe"), "spawned.plain here - 1 1") == 0);
    pid_t pid = pid_of(actor);
    EXPECT(pid != spawner_pid() && parent_of(pid) == node.admin && parent_of(spawner_pid()) == node.admin);
    char path[48], target[64] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/fd/2", (int)pid);
    EXPECT(readlink(path, target, sizeof target - 1) > 0 && strcmp(target, "/dev/null") == 0);
    long began_ms = node_now_ms();
    for (int i = 0; i < MANY; i++) {
        EXPECT(mesh_node_request_exit(node.handle, create("spawned.plain"), false) == MESH_OK);
    }
    (void)printf("  %d spawned hosts, one after the other, in %ld ms\n", MANY, node_now_ms() - began_ms);
}

static void H2_requirements_of_a_spawners_type_are_judged_before(void) {
    const struct mesh_capability change = {.name = "quiet", .value = "true"};
    struct mesh_error error;
    expect_uncreated(&node, "spawned.picky", MESH_NO_COMPATIBLE_NODE, "quiet is required and is not there");
    EXPECT(mesh_node_set_capabilities(node.handle, &change, 1, WAIT_MS, &error) == MESH_OK);
    expect_well(create("spawned.picky"));
}

static void C2_who_refuses_is_told_of(void) {
    expect_uncreated(&node, "spawned.refused", MESH_LOAD_FAILED, "not today");
    expect_uncreated(&node, "spawned.unknown", MESH_UNKNOWN_TYPE, "there is no such class");
    expect_uncreated(&node, "spawner.plain", MESH_UNKNOWN_TYPE, "no module brings");
}

static void C4_the_end_of_a_spawned_host_is_told_with_its_cause(void) {
    struct mesh_address actor = create("spawned.plain");
    struct mesh_message *reply;
    EXPECT(mesh_ask_text(node.handle, actor, "abort", WAIT_MS, &reply) == MESH_REFUSED);
    EXPECT(strstr(mesh_message_failure(reply), "killed by SIGABRT"));
    mesh_message_release(&reply);
    actor = create("spawned.plain");
    EXPECT(kill(pid_of(actor), SIGKILL) == 0);
    EXPECT(mesh_ask_text(node.handle, actor, "well", WAIT_MS, &reply) == MESH_DEAD);
    mesh_message_release(&reply);
}

static void C7_a_spawned_actor_is_restarted_by_the_spawner(void) {
    const struct mesh_create_options options = {.on_failure = MESH_RESTART};
    struct mesh_address actor;
    struct mesh_error error;
    EXPECT(mesh_node_create(node.handle, "spawned.plain", &options, &actor, &error) == MESH_OK);
    pid_t pid = pid_of(actor);
    EXPECT(kill(pid, SIGKILL) == 0);
    await_end_of(pid);
    expect_well(actor);
    EXPECT(pid_of(actor) != pid);
}

/* ---- a spawner that fails ---- */

static void kill_and_await_restart(struct node *where, struct mesh_address actor, uint64_t restarts) {
    struct mesh_actor_report report;
    EXPECT(node_actor(where, actor, &report) && kill((pid_t)report.pid, SIGKILL) == 0);
    node_await_counter(where, "restarts", restarts);
}

static void C7_an_actor_that_is_started_anew_waits_for_its_spawner(void) {
    static const struct mesh_create_options options = {.on_failure = MESH_RESTART};
    static struct node away;
    static char text[sizeof settings];
    struct mesh_address actor;
    struct mesh_error error;
    (void)snprintf(text, sizeof text, "spawner = \"%s once %s\"\n", getenv("SPAWNED_PROGRAM"), once_file);
    away.settings = text;
    node_start(&away, "here", NULL);
    EXPECT(mesh_node_create(away.handle, "spawned.plain", &options, &actor, &error) == MESH_OK);

    pid_t pid = read_pid(once_file);
    EXPECT(kill(pid, SIGKILL) == 0);
    await_end_of(pid);
    kill_and_await_restart(&away, actor, 1); /* there is none to ask */
    expect_uncreated(&away, "spawned.plain", MESH_LOAD_FAILED, "the spawner ");
    EXPECT(unlink(once_file) == 0);
    EXPECT(strcmp(node_ask(&away, actor, "well"), "well") == 0);

    pid = read_pid(once_file);
    EXPECT(kill(pid, SIGSTOP) == 0);
    kill_and_await_restart(&away, actor, 2); /* it is asked, and dies before it answers */
    EXPECT(unlink(once_file) == 0 && kill(pid, SIGKILL) == 0);
    EXPECT(strcmp(node_ask(&away, actor, "well"), "well") == 0);
    node_stop(&away);
}

/* Until the admin has a create whose host is not up. */
static void await_starting(void) {
    bool starting = false;
    for (long end_ms = node_now_ms() + WAIT_MS; !starting; node_pause()) {
        struct mesh_report *report;
        struct mesh_error error;
        EXPECT(node_now_ms() < end_ms && mesh_node_report(node.handle, false, WAIT_MS, &report, &error) == MESH_OK);
        for (size_t i = 0; i < report->nodes[0].actors_count; i++) {
            starting = starting || strcmp(report->nodes[0].actors[i].state, "starting") == 0;
        }
        mesh_report_release(&report);
    }
}

static void *expect_killed(void *user) {
    expect_uncreated(&node, "spawned.plain", MESH_LOAD_FAILED, "the spawner was killed by SIGKILL");
    return user;
}

static void C9_a_spawner_that_dies_fails_creates_and_nobody_else(void) {
    struct mesh_address old = create("spawned.plain");
    pid_t pid = spawner_pid();
    pthread_t thread;
    EXPECT(kill(pid, SIGSTOP) == 0);
    EXPECT(pthread_create(&thread, NULL, expect_killed, NULL) == 0);
    await_starting();
    expect_well(old);
    EXPECT(kill(pid, SIGKILL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    expect_well(create_again());
    expect_well(old);
    EXPECT(spawner_pid() != pid);
}

static void start_with(struct node *where, const char *mode) {
    static char text[sizeof settings];
    (void)unlink(once_file);
    (void)snprintf(text, sizeof text, "spawner = \"%s %s %s\"\n", getenv("SPAWNED_PROGRAM"), mode, once_file);
    where->settings = text;
    node_start(where, "here", NULL);
}

/* A zombie would still be there. */
static void await_waited_for(pid_t pid) {
    for (long end_ms = node_now_ms() + WAIT_MS; kill(pid, 0) == 0; node_pause()) {
        EXPECT(node_now_ms() < end_ms);
    }
}

static void C9_who_is_born_when_its_spawner_has_ended_is_ended_and_waited_for(void) {
    static struct node left;
    start_with(&left, "leaves");
    expect_uncreated(&left, "spawned.plain", MESH_LOAD_FAILED, "the spawner has ended with code 5");
    pid_t pid = read_pid(once_file);
    EXPECT(unlink(once_file) == 0);
    await_waited_for(pid);
    node_stop(&left);
}

static void C9_who_ends_before_it_is_born_is_waited_for(void) {
    static struct node barren;
    start_with(&barren, "bears-none");
    expect_uncreated(&barren, "spawned.plain", MESH_LOAD_FAILED, "none is born");
    await_waited_for(read_pid(once_file));
    node_stop(&barren);
}

/* An actor whose next host says hello as one of which its admin has not heard waits for another. */
static void C9_who_has_not_said_that_it_is_born_is_no_host(void) {
    static const struct mesh_create_options options = {.on_failure = MESH_RESTART};
    static struct node silent;
    struct mesh_address actor;
    struct mesh_error error;
    start_with(&silent, "silent");
    EXPECT(mesh_node_create(silent.handle, "spawned.plain", &options, &actor, &error) == MESH_OK);
    kill_and_await_restart(&silent, actor, 1);
    EXPECT(strcmp(node_ask(&silent, actor, "well"), "well") == 0);
    struct mesh_actor_report report;
    pid_t pid = read_pid(once_file);
    EXPECT(node_actor(&silent, actor, &report) && (pid_t)report.pid != pid);
    await_waited_for(pid);
    node_stop(&silent);
}

static void C9_a_spawner_that_hangs_is_killed(void) {
    pid_t pid = spawner_pid();
    EXPECT(kill(pid, SIGSTOP) == 0);
    expect_uncreated(&node, "spawned.plain", MESH_LOAD_FAILED, "it has not answered for 10 s");
    EXPECT(!node_is_alive(pid));
    expect_well(create_again());
}

static void C9_a_spawner_that_talks_nonsense_is_killed(void) {
    static const struct {
        const char *mode;
        enum mesh_status status;
        const char *why;
    } bad[BAD_NODES] = {
        {"dies", MESH_UNKNOWN_TYPE, "the spawner has ended with code 5: there is no module spawned"},
        {"garbage", MESH_UNKNOWN_TYPE, "it said what makes no sense"},
        {"lies", MESH_LOAD_FAILED, "it said that a process is born that is no new child of the admin"},
    };
    static struct node nodes[BAD_NODES];
    static char texts[BAD_NODES][sizeof settings];
    for (size_t i = 0; i < BAD_NODES; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "spawner = \"%s %s\"\n", getenv("SPAWNED_PROGRAM"), bad[i].mode);
        nodes[i].settings = texts[i];
        node_start(&nodes[i], bad[i].mode, NULL);
        expect_uncreated(&nodes[i], "spawned.plain", bad[i].status, bad[i].why);
        node_stop(&nodes[i]);
    }
}

static void C8_spawned_hosts_and_their_spawner_end_with_their_admin(void) {
    enum { HOSTS = 8 };
    pid_t pids[HOSTS + 1] = {spawner_pid()};
    for (int i = 1; i <= HOSTS; i++) {
        pids[i] = pid_of(create("spawned.plain"));
    }
    EXPECT(kill(node.admin, SIGKILL) == 0);
    for (int i = 0; i <= HOSTS; i++) {
        await_end_of(pids[i]);
    }
    for (long end_ms = node_now_ms() + WAIT_MS; access(node.directory, F_OK) == 0; node_pause()) {
        EXPECT(node_now_ms() < end_ms);
    }
}

/* ---- all of it ---- */

static void remove_pid_files(void) {
    (void)unlink(pid_file);
    (void)unlink(once_file);
}

static const struct mesh_type *const no_types[] = {NULL};

int main(int argc, char **argv) {
    if (getenv("MESH_SPAWNER")) {
        return spawner_main(argv[1], argc > 2 ? argv[2] : "");
    }
    char program[256] = "";
    EXPECT(readlink("/proc/self/exe", program, sizeof program - 1) > 0 && setenv("SPAWNED_PROGRAM", program, 1) == 0);
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(pid_file, sizeof pid_file, "%s/spawner.%d", temporary ? temporary : "/tmp", (int)getpid());
    (void)snprintf(once_file, sizeof once_file, "%s.once", pid_file);
    (void)snprintf(settings, sizeof settings, "spawner = \"%s good %s\"\n", program, pid_file);
    struct mesh_spawner *none;
    struct mesh_error error;
    EXPECT(mesh_spawner_open(&none, offered, 2, &error) == MESH_NOT_FOUND);
    EXPECT(atexit(remove_pid_files) == 0);
    nodes_init(no_types);
    node.settings = settings;
    node_start(&node, "here", NULL);
    C9_a_spawned_host_is_a_child_of_the_admin_and_has_nothing_of_the_spawner();
    H2_requirements_of_a_spawners_type_are_judged_before();
    C2_who_refuses_is_told_of();
    C4_the_end_of_a_spawned_host_is_told_with_its_cause();
    C7_a_spawned_actor_is_restarted_by_the_spawner();
    C7_an_actor_that_is_started_anew_waits_for_its_spawner();
    C9_a_spawner_that_dies_fails_creates_and_nobody_else();
    C9_who_is_born_when_its_spawner_has_ended_is_ended_and_waited_for();
    C9_who_ends_before_it_is_born_is_waited_for();
    C9_who_has_not_said_that_it_is_born_is_no_host();
    C9_a_spawner_that_hangs_is_killed();
    C9_a_spawner_that_talks_nonsense_is_killed();
    C8_spawned_hosts_and_their_spawner_end_with_their_admin();
    (void)puts("ok");
    return 0;
}
