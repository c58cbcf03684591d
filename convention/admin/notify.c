/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/notify.h"

#include "mesh/runtime/clock.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un manager; /* no family: nobody wants to be told */
static socklen_t manager_bytes;

void notify_begin(void) {
    const char *name = getenv("NOTIFY_SOCKET");
    size_t bytes = name ? strlen(name) : 0;
    bool named = bytes > 1 && bytes < sizeof manager.sun_path && (*name == '/' || *name == '@');
    if (named) {
        manager.sun_family = AF_UNIX;
        memcpy(manager.sun_path, name, bytes);
        manager.sun_path[0] = *name == '@' ? '\0' : '/'; /* an abstract name begins with a zero */
        manager_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
    }
    (void)unsetenv("NOTIFY_SOCKET");
}

static void tell(const char *state) {
    int fd = manager.sun_family == AF_UNIX ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    if (fd >= 0) {
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&manager,
                     manager_bytes);
        (void)close(fd);
    }
}

void notify_ready(void) {
    tell("READY=1");
}

void notify_reloading(void) {
    char state[64];
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_now_ns() / 1000);
    tell(state);
}

void notify_stopping(void) {
    tell("STOPPING=1");
}
