/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/stop.h"
#include <signal.h>
#include <unistd.h>

enum { AGAIN_S = 1 };

static volatile sig_atomic_t stopped;

/* A signal that comes between a look at `stopped` and a wait ends no wait: it comes again until the process has ended. */
static void on_signal(int number) {
    (void)number;
    stopped = 1;
    (void)alarm(AGAIN_S);
}

void cli_stop_begin(void) {
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool cli_stopped(void) {
    return stopped;
}
