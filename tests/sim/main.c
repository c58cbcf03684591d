/* mesh-sim: worlds of actors from seeds, each with its faults and its laws.
 *
 *   mesh-sim --seed N [--verbose]     replays one seed
 *   mesh-sim --seeds A..B             runs many; every event must have been reached at least once
 *   mesh-sim --seeds A..B --plant L   plants the bug against law L; succeeds when a seed finds it by that law
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/world.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    uint64_t first, last;
    int plant;
    bool verbose;
};

static bool read_seeds(const char *text, struct arguments *out) {
    char *end;
    out->first = out->last = strtoull(text, &end, 10);
    if (end != text && strncmp(end, "..", 2) == 0) {
        text = end + 2;
        out->last = strtoull(text, &end, 10);
    }
    return end != text && *end == '\0' && out->first <= out->last;
}

static bool read_law(const char *text, int *out) {
    char *end;
    *out = (int)strtol(text, &end, 10);
    return *end == '\0' && *out > 0;
}

static bool read_arguments(int count, char **texts, struct arguments *out) {
    bool seeds = false;
    for (int i = 1; i < count; i++) {
        bool has_value = i + 1 < count;
        if (strcmp(texts[i], "--verbose") == 0) {
            out->verbose = true;
        } else if ((strcmp(texts[i], "--seed") == 0 || strcmp(texts[i], "--seeds") == 0) && has_value) {
            seeds = read_seeds(texts[++i], out);
        } else if (strcmp(texts[i], "--plant") == 0 && has_value && read_law(texts[i + 1], &out->plant)) {
            i++;
        } else {
            return false;
        }
    }
    return seeds;
}

int main(int count, char **texts) {
    struct arguments arguments = {0};
    struct tally tally = {0};
    if (!read_arguments(count, texts, &arguments)) {
        fprintf(stderr, "usage: mesh-sim --seed N | --seeds A..B [--verbose] [--plant LAW]\n");
        return 2;
    }
    printf("mesh-sim: seeds %" PRIu64 "..%" PRIu64 "\n", arguments.first, arguments.last);
    for (uint64_t seed = arguments.first; seed <= arguments.last; seed++) {
        world_run(seed, arguments.plant, arguments.verbose, &tally);
    }
    bool all = tally_print(&tally);
    if (arguments.plant) {
        printf("the planted bug was not found\n");
        return 1;
    }
    return all || arguments.first == arguments.last ? 0 : 1;
}
