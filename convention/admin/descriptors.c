/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/descriptors.h"

#include <dirent.h>
#include <stdint.h>
#include <sys/resource.h>

void descriptors_raise(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

size_t descriptors_left(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return SIZE_MAX;
    }
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) {
        return 0; /* it takes a descriptor itself */
    }
    size_t open = 0;
    while (readdir(directory)) {
        open++; /* the two entries of every directory stand for a little more care */
    }
    (void)closedir(directory);
    return limit.rlim_cur > open ? limit.rlim_cur - open : 0;
}
