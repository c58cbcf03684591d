/* A Ctrl-C that comes at the worst moment: preloaded into a command, it is there after the last look for it and before the wait.
 *
 * The first wait of the main thread for longer than a second, once the command has a handler for it, is preceded by it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TAKES_THE_PLACE __attribute__((visibility("default"))) /* of the function of that name in libc */

enum { LONG_MS = 1000 };

static bool is_handled(void) {
    struct sigaction action;
    return sigaction(SIGINT, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
}

TAKES_THE_PLACE int poll(struct pollfd *polled, nfds_t count, int timeout_ms) {
    static bool came;
    struct timespec span = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
    bool is_long = timeout_ms < 0 || timeout_ms > LONG_MS;
    if (is_long && !came && syscall(SYS_gettid) == getpid() && is_handled()) {
        came = true;
        (void)raise(SIGINT);
    }
    return (int)syscall(SYS_ppoll, polled, count, timeout_ms < 0 ? NULL : &span, NULL, 0);
}
