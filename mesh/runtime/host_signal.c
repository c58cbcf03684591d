/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/host_signal.h"

#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static struct host *signalled; /* a signal handler has no user pointer */

/* ---- text without stdio, which is not safe in a signal handler ---- */

struct line {
    char text[512];
    size_t bytes;
};

static void add_text(struct line *line, const char *text) {
    for (; *text && line->bytes < sizeof line->text - 1; text++) {
        line->text[line->bytes++] = *text;
    }
}

static void add_number(struct line *line, uint64_t number) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add_text(line, digits + at);
}

static void add_field(struct line *line, const char *name, uint64_t number) {
    add_text(line, name);
    add_number(line, number);
}

static uint64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void write_actor(const struct host *host, const struct crash_record *record) {
    struct line line = {.bytes = 0};
    uint64_t since_ms = record->since_ns / 1000000;
    uint64_t now_ms = monotonic_ms();
    add_text(&line, "status: ");
    add_text(&line, crash_state_name(record->state));
    add_field(&line, " for ms ", now_ms > since_ms ? now_ms - since_ms : 0);
    add_field(&line, ", handled ", record->handled);
    add_field(&line, ", mailbox ", record->load.mailbox);
    add_field(&line, ", unsettled ", record->load.unsettled);
    if (record->in_hand) {
        add_text(&line, ", in hand ");
        add_text(&line, record->in_hand_type);
        add_field(&line, " number ", record->seq);
    }
    line.text[line.bytes] = 0;
    log_write_in_signal(host->log, MESH_LOG_INFO, record->type, record->actor, line.text);
}

static void on_status(int number) {
    (void)number;
    int kept = errno;
    if (signalled && signalled->page) {
        for (size_t i = 0; i < CRASH_PAGE_ACTORS; i++) {
            struct crash_record record;
            if (crash_page_actor(signalled->page, i, &record)) {
                write_actor(signalled, &record);
            }
        }
    }
    errno = kept;
}

static void on_exit_signal(int number) {
    int kept = errno;
    if (signalled) {
        signalled->exit_signal = number;
        process_wake(signalled->process);
    }
    errno = kept;
}

static void handle(int number, void (*handler)(int number)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

void host_signal_install(struct host *host) {
    signalled = host;
    handle(SIGTERM, on_exit_signal);
    handle(SIGINT, on_exit_signal);
    handle(SIGUSR1, on_status);
    sigset_t handled;
    (void)sigemptyset(&handled);
    (void)sigaddset(&handled, SIGTERM);
    (void)sigaddset(&handled, SIGINT);
    (void)sigaddset(&handled, SIGUSR1);
    (void)pthread_sigmask(SIG_UNBLOCK, &handled, NULL);
}

void host_signal_remove(void) {
    handle(SIGTERM, SIG_IGN);
    handle(SIGINT, SIG_IGN);
    handle(SIGUSR1, SIG_IGN);
    signalled = NULL;
}

void host_signal_reset(void) {
    signalled = NULL;
    handle(SIGTERM, SIG_DFL);
    handle(SIGINT, SIG_DFL);
    handle(SIGUSR1, SIG_DFL);
}
