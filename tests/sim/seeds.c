/* Seeds: see seeds.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/seeds.h"
#include "mesh/base/check.h"
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

static bool print_counts(const struct seeds_program *program, const uint64_t *counts) {
    bool all = true;
    for (size_t i = 0; i < program->events_count; i++) {
        printf("  %10" PRIu64 "  %s%s\n", counts[i], program->events[i], counts[i] ? "" : "  <-- never reached");
        all = all && counts[i] > 0;
    }
    return all;
}

int seeds_main(int count, char **texts, const struct seeds_program *program) {
    struct arguments arguments = {0};
    if (!read_arguments(count, texts, &arguments)) {
        fprintf(stderr, "usage: %s --seed N | --seeds A..B [--verbose] [--plant LAW]\n", program->name);
        return 2;
    }
    uint64_t *counts = calloc(program->events_count, sizeof *counts);
    CHECK(counts);
    printf("%s: seeds %" PRIu64 "..%" PRIu64 "\n", program->name, arguments.first, arguments.last);
    for (uint64_t seed = arguments.first; seed <= arguments.last; seed++) {
        program->run(seed, arguments.plant, arguments.verbose, counts);
    }
    bool all = print_counts(program, counts);
    free(counts);
    if (arguments.plant) {
        printf("the planted bug was not found\n");
        return 1;
    }
    return all || arguments.first == arguments.last ? 0 : 1;
}
