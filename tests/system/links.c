/* Two processes and an admin over real sockets: exchange, a killed and restarted peer, cut connections, strangers.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/mini_node.h"
#include "tests/support/tcp_proxy.h"

#include "mesh/runtime/clock.h"
#include "proto/codec.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

enum { TIME_LIMIT_S = 30, MARKS = 8, SENT = 100000, CUTS = 5 };

/* ---- the parts of a scene ---- */

struct scene {
    struct mini_node node;
    pid_t admin, receiver;
    int told; /* where the receiver writes its address, and then a byte at each mark */
    struct mesh_address target;
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal) {
    (void)signal;
    stopped = 1;
}

static pid_t fork_child(void) {
    pid_t pid = fork();
    if (pid < 0) {
        mini_fail("cannot fork");
    }
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        mini_on_stop(on_stop);
    }
    return pid;
}

/* Handles what comes until SIGTERM; its exit status is 0 when `expected` messages came, each once and in order. */
static void run_receiver(const struct mini_node *node, const char *name, uint64_t expected, int told) {
    struct mini_process self = {0};
    mini_process_open(&self, node, name);
    if (write(told, &self.endpoint, sizeof self.endpoint) != (ssize_t)sizeof self.endpoint) {
        mini_fail("the receiver cannot tell its address");
    }
    uint64_t mark = 0;
    process_lock(self.process);
    while (!stopped) {
        mini_process_turn(&self, process_now(self.process) + 50 * NS_PER_MS);
        for (; mark < MARKS && self.received >= (mark + 1) * expected / (MARKS + 1); mark++) {
            if (write(told, "m", 1) != 1) {
                mini_fail("the receiver cannot tell its progress");
            }
        }
    }
    process_unlock(self.process);
    mini_process_close(&self);
    if (self.received != expected || self.out_of_order != 0) {
        mini_fail("the receiver got %llu of %llu messages, %llu out of order", (unsigned long long)self.received,
                  (unsigned long long)expected, (unsigned long long)self.out_of_order);
    }
    _exit(0);
}

static void start_receiver(struct scene *scene, const char *name, uint64_t expected) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) {
        mini_fail("no pipe");
    }
    scene->receiver = fork_child();
    if (scene->receiver == 0) {
        run_receiver(&scene->node, name, expected, pipe_ends[1]);
    }
    (void)close(pipe_ends[1]);
    scene->told = pipe_ends[0];
    if (read(scene->told, &scene->target, sizeof scene->target) != (ssize_t)sizeof scene->target) {
        mini_fail("the receiver does not begin");
    }
}

static void await_mark(const struct scene *scene) {
    struct pollfd fd = {.fd = scene->told, .events = POLLIN};
    char byte;
    if (poll(&fd, 1, TIME_LIMIT_S * 1000) != 1 || read(scene->told, &byte, 1) != 1) {
        mini_fail("the receiver makes no progress");
    }
}

/* Sends `count` numbers and waits until each is settled; exits with 0 when `handled` of them at least were handled and none is left. */
static pid_t start_sender(const struct scene *scene, const char *name, uint64_t count, uint64_t handled) {
    pid_t pid = fork_child();
    if (pid != 0) {
        return pid;
    }
    struct mini_process self = {0};
    mini_process_open(&self, &scene->node, name);
    uint8_t payload[64] = {0};
    uint64_t until_ns = clock_now_ns() + TIME_LIMIT_S * NS_PER_S;
    process_lock(self.process);
    const struct delivery_counters *counters = delivery_counters(process_delivery(self.process));
    for (uint64_t number = 0; (number < count || counters->in_flight > 0) && clock_now_ns() < until_ns;) {
        memcpy(payload, &number, sizeof number);
        while (number < count && mini_process_send(&self, scene->target, payload, sizeof payload)) {
            number++;
            memcpy(payload, &number, sizeof number);
        }
        mini_process_turn(&self, process_now(self.process) + 50 * NS_PER_MS);
    }
    bool well = counters->in_flight == 0 && counters->handled >= handled &&
                counters->accepted == counters->handled + counters->dead + counters->returned;
    if (!well) {
        fprintf(stderr, "%s: accepted %llu, handled %llu, dead %llu, in flight %llu\n", name,
                (unsigned long long)counters->accepted, (unsigned long long)counters->handled,
                (unsigned long long)counters->dead, (unsigned long long)counters->in_flight);
    }
    process_unlock(self.process);
    mini_process_close(&self);
    _exit(well ? 0 : 1);
}

static void scene_begin(struct scene *scene, const char *title, const char *scheme) {
    printf("%s over %s\n", title, scheme);
    (void)fflush(stdout);
    *scene = (struct scene){.node = {.scheme = scheme}};
    (void)snprintf(scene->node.directory, sizeof scene->node.directory, "/tmp/mesh-links-XXXXXX");
    if (!mkdtemp(scene->node.directory) ||
        getrandom(&scene->node.incarnation, sizeof scene->node.incarnation, 0) != sizeof scene->node.incarnation) {
        mini_fail("no directory");
    }
    scene->admin = fork_child();
    if (scene->admin == 0) {
        mini_admin_run(&scene->node);
    }
}

static void stop(pid_t pid, const char *who) {
    (void)kill(pid, SIGTERM);
    int status = mini_wait(pid);
    if (status != 0) {
        mini_fail("%s ends with %d", who, status);
    }
}

static void scene_end(struct scene *scene) {
    stop(scene->admin, "the admin");
    (void)close(scene->told);
    mini_remove(&scene->node);
}

static void expect_exit(pid_t pid, const char *who) {
    int status = mini_wait(pid);
    if (status != 0) {
        mini_fail("%s ends with %d", who, status);
    }
}

/* ---- scenes ---- */

static void exchange(const char *scheme) {
    struct scene scene;
    scene_begin(&scene, "exchange", scheme);
    start_receiver(&scene, "receiver", SENT);
    expect_exit(start_sender(&scene, "sender", SENT, SENT), "the sender");
    stop(scene.receiver, "the receiver");
    scene_end(&scene);
}

/* D3, D4, D5: what a cut connection had in its hands is sent again, and handled once. */
static void cut_connections(const char *scheme) {
    struct scene scene;
    struct tcp_proxy proxy;
    char endpoint[MINI_TEXT_BYTES];
    int cuts = 0;
    scene_begin(&scene, "connections cut", scheme);
    if (tcp_proxy_start(&proxy) != 0) {
        mini_fail("the proxy does not start");
    }
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", proxy.port);
    mini_detour(&scene.node, endpoint);
    scene.node.advertise = endpoint;
    start_receiver(&scene, "receiver", SENT);
    scene.node.advertise = NULL;
    if (!tcp_proxy_aim(&proxy, mini_port_of(&scene.node, "receiver"))) {
        mini_fail("the proxy has ended");
    }
    pid_t sender = start_sender(&scene, "sender", SENT, SENT);
    for (int i = 0; i < CUTS; i++) {
        await_mark(&scene);
        cuts += tcp_proxy_cut(&proxy);
    }
    expect_exit(sender, "the sender");
    if (cuts < CUTS) { /* one that did not happen counts as -1 */
        mini_fail("only %d connections were there to cut", cuts);
    }
    stop(scene.receiver, "the receiver");
    tcp_proxy_stop(&proxy);
    scene_end(&scene);
}

/* A killed process takes what it had with it, and nothing hangs; what is restarted in its place is another one. */
static void killed_and_restarted(const char *scheme) {
    struct scene scene;
    scene_begin(&scene, "a peer killed and restarted", scheme);
    start_receiver(&scene, "receiver", SENT);
    pid_t sender = start_sender(&scene, "first", SENT, 1);
    await_mark(&scene);
    (void)kill(scene.receiver, SIGKILL);
    (void)mini_wait(scene.receiver);
    expect_exit(sender, "the sender to the killed one");
    (void)close(scene.told);
    start_receiver(&scene, "receiver", SENT);
    expect_exit(start_sender(&scene, "second", SENT, SENT), "the sender to the restarted one");
    stop(scene.receiver, "the receiver");
    scene_end(&scene);
}

/* ---- strangers ---- */

static void send_part(void *socket, const void *data, size_t bytes, int flags) {
    if (zmq_send(socket, data, bytes, flags) < 0) {
        mini_fail("a stranger cannot send: %s", zmq_strerror(zmq_errno()));
    }
}

/* Noise of every kind, at a socket that shall not mind it. */
static void be_strange(void *context, const char *endpoint, bool answered) {
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int wait_ms = 5000;
    const uint8_t newer[] = {'M', 'W', CODEC_MAJOR + 1, 0, 1, 2, 3};
    const uint8_t id[] = {'m', 1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t answer[4096];
    (void)zmq_setsockopt(socket, ZMQ_SNDTIMEO, &wait_ms, sizeof wait_ms);
    (void)zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    (void)zmq_setsockopt(socket, ZMQ_ROUTING_ID, id, sizeof id);
    if (zmq_connect(socket, endpoint) != 0) {
        mini_fail("a stranger cannot connect to %s", endpoint);
    }
    send_part(socket, "", 0, 0);
    send_part(socket, "garbage", 7, 0);
    send_part(socket, "MW\1\0garbage", 11, 0);
    for (int i = 0; i < 2 * CODEC_PARTS; i++) {
        send_part(socket, "part", 4, ZMQ_SNDMORE);
    }
    send_part(socket, "part", 4, 0);
    send_part(socket, newer, sizeof newer, 0);
    if (answered) {
        int bytes = zmq_recv(socket, answer, sizeof answer, 0);
        if (bytes < CODEC_PRELUDE_BYTES || memcmp(answer, "MW", 2) != 0 || answer[2] != CODEC_MAJOR) {
            mini_fail("another version is not answered");
        }
    }
    int linger_ms = 1000;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    (void)zmq_close(socket);
}

static void strangers(const char *scheme) {
    struct scene scene;
    char endpoint[MINI_TEXT_BYTES];
    scene_begin(&scene, "strangers", scheme);
    start_receiver(&scene, "receiver", SENT);
    pid_t stranger = fork_child();
    if (stranger == 0) {
        void *context = zmq_ctx_new();
        be_strange(context, mini_admin_endpoint(&scene.node, endpoint), true);
        (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", mini_port_of(&scene.node, "receiver"));
        be_strange(context, endpoint, false);
        (void)zmq_ctx_term(context);
        _exit(0);
    }
    expect_exit(stranger, "the stranger");
    expect_exit(start_sender(&scene, "sender", SENT, SENT), "the sender");
    stop(scene.receiver, "the receiver");
    scene_end(&scene);
}

static const struct {
    const char *name;
    void (*play)(const char *scheme);
    const char *scheme;
} scenes[] = {
    {"exchange-ipc", exchange, "ipc"},
    {"exchange-tcp", exchange, "tcp"},
    {"strangers", strangers, "ipc"},
    {"cut", cut_connections, "tcp"},
    {"killed-ipc", killed_and_restarted, "ipc"},
    {"killed-tcp", killed_and_restarted, "tcp"},
};

/* Plays the scenes that are named, or all. */
int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        bool named = argc == 1;
        for (int at = 1; at < argc; at++) {
            named = named || strcmp(argv[at], scenes[i].name) == 0;
        }
        if (named) {
            scenes[i].play(scenes[i].scheme);
        }
    }
    printf("all well\n");
    return 0;
}
