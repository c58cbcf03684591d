/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/descriptors.h"

#include "mesh/base/time.h"
#include <dirent.h>
#include <sys/resource.h>

void descriptors_raise(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

enum { PLENTY = 1024, PER_QUESTION = 8 };

static size_t count_left(void) {
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

size_t descriptors_left(struct descriptors *descriptors, uint64_t now_ns) {
    if (now_ns < descriptors->until_ns && descriptors->left >= PLENTY) {
        descriptors->left -= PER_QUESTION;
    } else {
        descriptors->left = count_left();
        descriptors->until_ns = time_add(now_ns, NS_PER_S);
    }
    return descriptors->left;
}
