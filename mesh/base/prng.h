/* A seeded generator of chance, the same on every machine: xoshiro256**, seeded by splitmix64.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_PRNG_H
#define MESH_BASE_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng {
    uint64_t state[4];
};

void prng_init(struct prng *prng, uint64_t seed);
uint64_t prng_next(struct prng *prng);

/* Each of 0 to limit - 1 alike; the limit must be above 0. */
uint64_t prng_below(struct prng *prng, uint64_t limit);

/* Each of low to high alike, both included. */
uint64_t prng_between(struct prng *prng, uint64_t low, uint64_t high);

static inline bool prng_chance(struct prng *prng, uint32_t per_mille) {
    return prng_below(prng, 1000) < per_mille;
}

#endif
