/* Clocks that a test moves: preloaded into a node, it adds what stands in the file $MESH_TEST_CLOCKS to what the kernel says.
 *
 * The file holds two signed numbers of 64 bits, nanoseconds: for the time of day, and for the monotonic clocks. The test writes them while the
 * node runs, and all of its processes see that at once. How long the kernel lets somebody wait stays as it is, as after a host stood still.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000
#define TAKES_THE_PLACE __attribute__((visibility("default"))) /* of the function of that name in libc */

static const volatile int64_t *shifts; /* NULL until the loader has begun this library */

static int64_t shift_of(clockid_t clock) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return shifts ? shifts[0] : 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
        return shifts ? shifts[1] : 0;
    default:
        return 0;
    }
}

TAKES_THE_PLACE int clock_gettime(clockid_t clock, struct timespec *out) {
    int64_t shift_ns = shift_of(clock);
    if (syscall(SYS_clock_gettime, clock, out) != 0) {
        return -1;
    }
    int64_t ns = out->tv_nsec + shift_ns % NS_PER_S;
    out->tv_sec += shift_ns / NS_PER_S + (ns >= NS_PER_S) - (ns < 0);
    out->tv_nsec = ns + (ns < 0) * (int64_t)NS_PER_S - (ns >= NS_PER_S) * (int64_t)NS_PER_S;
    return 0;
}

TAKES_THE_PLACE int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return -1;
    }
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

TAKES_THE_PLACE time_t time(time_t *out) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("MESH_TEST_CLOCKS");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = fd >= 0 ? mmap(NULL, 2 * sizeof *shifts, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (mapped == MAP_FAILED) {
        _exit(99); /* a test that moves no clocks would prove nothing */
    }
    shifts = mapped;
}
