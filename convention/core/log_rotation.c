/* SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/log_rotation.h"

void log_rotation_begin(struct log_rotation *rotation, uint64_t now_ns, uint64_t size_max) {
    *rotation = (struct log_rotation){
        .size_max = size_max, .pause_ns = LOG_ROTATION_SOON_NS, .look_ns = now_ns, .retry_ns = now_ns};
}

bool log_rotation_look(struct log_rotation *rotation, uint64_t now_ns, uint64_t size) {
    bool grows = size != rotation->size;
    rotation->pause_ns = grows ? LOG_ROTATION_SOON_NS : time_min(2 * rotation->pause_ns, LOG_ROTATION_SELDOM_NS);
    rotation->size = size;
    rotation->look_ns = time_add(now_ns, rotation->pause_ns);
    return size >= rotation->size_max && now_ns >= rotation->retry_ns;
}

void log_rotation_done(struct log_rotation *rotation, uint64_t now_ns, bool rotated) {
    rotation->size = rotated ? 0 : rotation->size;
    rotation->retry_ns = rotated ? now_ns : time_add(now_ns, LOG_ROTATION_RETRY_NS);
}
