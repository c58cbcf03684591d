/* What the benchmark says to its actors.
 *
 *   bench-sink    counts; answers "count"; after "expect" (a uint64_t) tells "count" when it has had so many
 *   bench-echo    answers with what it got
 *   bench-link    does an "errand"
 *   bench-gun     "fire": sends its shots
 *   bench-crowd   light; "spawn" or "play": tells "ns", a double, the time of one create or of one round trip
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef BENCH_ACTORS_H
#define BENCH_ACTORS_H

#include <mesh/address.h>

enum { BENCH_CROWD = 100000, BENCH_ROUNDS = 200000 };

/* How many are still to come, and who waits for the last. */
struct errand {
    struct mesh_address origin;
    uint32_t left, at_once;
};

/* `count` messages of `bytes` at `target`. */
struct shots {
    struct mesh_address target;
    uint64_t count, bytes;
};

#endif
