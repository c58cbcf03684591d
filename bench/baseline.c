/* The raw libzmq baselines: two processes, one DEALER each, over ipc.
 *
 * As libzmq's own local_thr, remote_thr and local_lat do it: one frame per message, not acknowledged, payload not
 * written. The receiver's clock runs from the first message to the last. Throughput is the better of a high-water
 * mark of 64 and one of 1000, since which is faster depends on the machine.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include "bench/raw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

static bool raw_fails(const char *what) {
    fprintf(stderr, "mesh-bench: baseline: %s: %s\n", what, zmq_strerror(zmq_errno()));
    return false;
}

/* Of who binds, and of who connects. */
static struct { char public_key[41], secret_key[41]; } keys[2];

bool raw_draw_keys(void) {
    return (zmq_curve_keypair(keys[0].public_key, keys[0].secret_key) == 0 &&
            zmq_curve_keypair(keys[1].public_key, keys[1].secret_key) == 0) ||
           raw_fails("keys");
}

static bool set_key(void *socket, int option, const char *key) {
    return zmq_setsockopt(socket, option, key, strlen(key)) == 0;
}

static bool encrypt(void *socket, bool bind) {
    int yes = 1;
    if (bind) {
        return zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) == 0 &&
               set_key(socket, ZMQ_CURVE_SECRETKEY, keys[0].secret_key);
    }
    return set_key(socket, ZMQ_CURVE_SERVERKEY, keys[0].public_key) &&
           set_key(socket, ZMQ_CURVE_PUBLICKEY, keys[1].public_key) &&
           set_key(socket, ZMQ_CURVE_SECRETKEY, keys[1].secret_key);
}

bool raw_open(struct raw *raw, const char *endpoint, bool bind, int hwm) {
    raw->context = zmq_ctx_new();
    raw->socket = raw->context ? zmq_socket(raw->context, ZMQ_DEALER) : NULL;
    if (!raw->socket) {
        return raw_fails("no socket");
    }
    zmq_setsockopt(raw->socket, ZMQ_SNDHWM, &hwm, sizeof hwm);
    zmq_setsockopt(raw->socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
    if (raw->curve && !encrypt(raw->socket, bind)) {
        return raw_fails("CURVE");
    }
    if (bind ? zmq_bind(raw->socket, endpoint) : zmq_connect(raw->socket, endpoint)) {
        return raw_fails(endpoint);
    }
    return true;
}

void raw_close(struct raw *raw) {
    zmq_close(raw->socket);
    zmq_ctx_term(raw->context);
}

bool raw_send(struct raw *raw, size_t bytes) {
    zmq_msg_t msg;
    if (zmq_msg_init_size(&msg, bytes) || zmq_msg_send(&msg, raw->socket, 0) < 0) {
        return raw_fails("send");
    }
    return true;
}

bool raw_receive(struct raw *raw) {
    zmq_msg_t msg;
    zmq_msg_init(&msg);
    if (zmq_msg_recv(&msg, raw->socket, 0) < 0) {
        return raw_fails("receive");
    }
    zmq_msg_close(&msg);
    return true;
}

const char *raw_endpoint(char text[64]) {
    snprintf(text, 64, "ipc://@mesh-bench-%ld", (long)getpid());
    return text;
}

/* Closes only when `done` says end of file: libzmq drops the last messages of a socket that closes before a slow reader. */
static void send_all(struct raw *raw, const char *endpoint, int hwm, size_t bytes, size_t count, int done) {
    bool well = raw_open(raw, endpoint, false, hwm);
    for (size_t i = 0; well && i < count; i++) {
        well = raw_send(raw, bytes);
    }
    char end;
    while (read(done, &end, 1) > 0) {
    }
    raw_close(raw);
    _exit(well ? 0 : 1);
}

bool raw_child_was_well(pid_t child) {
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static double rate_at(int hwm, const struct bench_measurement *self, size_t count) {
    char endpoint[64];
    struct raw raw = {.curve = self->curve};
    (void)(self->tcp ? raw_tcp_endpoint(endpoint) : raw_endpoint(endpoint));
    int done[2];
    if ((raw.curve && !raw_draw_keys()) || pipe(done) != 0) {
        return 0;
    }
    pid_t child = fork();
    if (child == 0) {
        close(done[1]);
        send_all(&raw, endpoint, hwm, self->payload_bytes, count, done[0]);
    }
    bool well = child > 0 && raw_open(&raw, endpoint, true, hwm);
    double start = 0;
    for (size_t i = 0; well && i < count; i++) {
        well = raw_receive(&raw);
        if (i == 0) {
            start = bench_seconds();
        }
    }
    double rate = (double)(count - 1) / (bench_seconds() - start);
    close(done[0]);
    close(done[1]);
    raw_close(&raw);
    return raw_child_was_well(child) && well ? rate : 0;
}

bool throughput_baseline(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    size_t count = throughput_messages(bench, self);
    double narrow = rate_at(64, self, count);
    double wide = rate_at(1000, self, count);
    values[0] = narrow > wide ? narrow : wide;
    return values[0] > 0;
}

static void echo_all(const char *endpoint, size_t bytes, size_t count) {
    struct raw raw = {0};
    bool well = raw_open(&raw, endpoint, false, 1000);
    for (size_t i = 0; well && i < count; i++) {
        well = raw_receive(&raw) && raw_send(&raw, bytes);
    }
    raw_close(&raw);
    _exit(well ? 0 : 1);
}

bool latency_baseline(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    char endpoint[64];
    raw_endpoint(endpoint);
    size_t count = latency_rounds(bench);
    pid_t child = fork();
    if (child == 0) {
        echo_all(endpoint, self->payload_bytes, count);
    }
    struct raw raw = {0};
    bool well = child > 0 && raw_open(&raw, endpoint, true, 1000);
    double *samples = calloc(count, sizeof *samples);
    well = well && samples;
    for (size_t i = 0; well && i < count; i++) {
        double start = bench_seconds();
        well = raw_send(&raw, self->payload_bytes) && raw_receive(&raw);
        samples[i] = (bench_seconds() - start) * 1e6;
    }
    raw_close(&raw);
    well = raw_child_was_well(child) && well;
    if (well) {
        latency_values(samples, count, values);
    }
    free(samples);
    return well;
}

/* ---- at a fixed rate ---- */

bool rate_baseline(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    char endpoint[64];
    raw_endpoint(endpoint);
    size_t count = rate_rounds(bench);
    pid_t child = fork();
    if (child == 0) {
        echo_all(endpoint, self->payload_bytes, count);
    }
    struct raw raw = {0};
    bool well = child > 0 && raw_open(&raw, endpoint, true, 1000);
    double *samples = calloc(count, sizeof *samples);
    well = well && samples;
    double start = bench_seconds();
    for (size_t i = 0; well && i < count; i++) {
        double due = rate_wait(start, i);
        well = raw_send(&raw, self->payload_bytes) && raw_receive(&raw);
        samples[i] = (bench_seconds() - due) * 1e6;
    }
    raw_close(&raw);
    well = raw_child_was_well(child) && well;
    if (well) {
        values[0] = bench_percentile(samples, count, 0.99);
    }
    free(samples);
    return well;
}
