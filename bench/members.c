/* What a convention of 500 costs its leader for each event, and in messages for each member, beside one of 50.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include "bench/bench_core_leader.h"

enum { MANY = 500, FEW = 50 };

bool members_many(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)bench;
    (void)self;
    leader_cost(MANY, &values[0], &values[1]);
    return true;
}

bool members_few(struct bench *bench, const struct bench_measurement *self, double values[BENCH_VALUES]) {
    (void)bench;
    (void)self;
    leader_cost(FEW, &values[0], &values[1]);
    return true;
}
