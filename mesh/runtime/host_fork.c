/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/host_fork.h"

#include "mesh/runtime/host_signal.h"
#include <pthread.h>
#include <unistd.h>

static bool child;

static void on_child(void) {
    child = true;
    host_signal_reset();
}

void host_fork_watch(void) {
    (void)pthread_atfork(NULL, NULL, on_child); /* without memory a child is as it always was: the user's affair */
}

bool host_fork_is_child(void) {
    return child;
}

void host_fork_end_child(void) {
    if (child) {
        _exit(0);
    }
}
