/* xoshiro256** and splitmix64, after the public domain descriptions by Blackman and Vigna.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/prng.h"
#include "mesh/base/check.h"

static uint64_t rotate_left(uint64_t word, int by) {
    return word << by | word >> (64 - by);
}

static uint64_t split_mix(uint64_t *state) {
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

void prng_init(struct prng *prng, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        prng->state[i] = split_mix(&seed);
    }
}

uint64_t prng_next(struct prng *prng) {
    uint64_t *s = prng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *prng, uint64_t limit) {
    CHECK(limit > 0);
    uint64_t uneven = -limit % limit; /* draws below this would make small results likelier */
    uint64_t drawn;
    do {
        drawn = prng_next(prng);
    } while (drawn < uneven);
    return drawn % limit;
}

uint64_t prng_between(struct prng *prng, uint64_t low, uint64_t high) {
    CHECK(low <= high);
    uint64_t span = high - low + 1;
    return span == 0 ? prng_next(prng) : low + prng_below(prng, span);
}
