/* When the admin looks at how large the log is, and when it is to be rotated (K2).
 *
 * All processes of the node write to the log, and tell nobody. So the admin looks: four times a second while the log grows, and
 * twice less often each time that it has not, down to every 4 s. A rotation that failed is tried again after a minute.
 *
 * Pure: the caller says what time it is and what it saw.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_LOG_ROTATION_H
#define CONVENTION_CORE_LOG_ROTATION_H

#include "mesh/base/time.h"
#include <stdbool.h>

#define LOG_ROTATION_SOON_NS (250 * NS_PER_MS)
#define LOG_ROTATION_SELDOM_NS (4 * NS_PER_S)
#define LOG_ROTATION_RETRY_NS (60 * NS_PER_S)

struct log_rotation {
    uint64_t size_max; /* bytes at which it is due */
    uint64_t size;     /* as it was seen last */
    uint64_t pause_ns;
    uint64_t look_ns;  /* when to look again */
    uint64_t retry_ns; /* no rotation before that */
};

/* From now on the log may have that size; it is looked at at once. */
void log_rotation_begin(struct log_rotation *rotation, uint64_t now_ns, uint64_t size_max);

/* It was looked at, and has `size` bytes: whether it is to be rotated now. */
bool log_rotation_look(struct log_rotation *rotation, uint64_t now_ns, uint64_t size);

/* What came of that. */
void log_rotation_done(struct log_rotation *rotation, uint64_t now_ns, bool rotated);

#endif
