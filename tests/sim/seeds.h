/* Seeds: what the simulators' programs have in common: which seeds they run, and how often each event was reached in all of
 * them. An event that is never reached tests nothing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef SIM_SEEDS_H
#define SIM_SEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seeds_program {
    const char *name;
    const char *const *events; /* their texts */
    size_t events_count;
    /* Runs one seed from beginning to end, and adds to the counts of events. A broken law ends the program with its story; one
     * that `plant` is against ends it well. */
    void (*run)(uint64_t seed, int plant, bool verbose, uint64_t *counts);
};

/*   NAME --seed N [--verbose]     replays one seed
 *   NAME --seeds A..B             runs many; every event must have been reached at least once
 *   NAME --seeds A..B --plant L   plants the bug against law L; succeeds when a seed finds it by that law */
int seeds_main(int count, char **texts, const struct seeds_program *program);

#endif
