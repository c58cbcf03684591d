/* Tally: see tally.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/tally.h"
#include <inttypes.h>
#include <stdio.h>

static const char *const texts[TALLY_EVENTS_COUNT] = {
#define X(name, text) text,
    TALLY_EVENTS(X)
#undef X
};

bool tally_print(const struct tally *tally) {
    bool all = true;
    for (int i = 0; i < TALLY_EVENTS_COUNT; i++) {
        printf("  %10" PRIu64 "  %s%s\n", tally->counts[i], texts[i], tally->counts[i] ? "" : "  <-- never reached");
        all = all && tally->counts[i] > 0;
    }
    return all;
}
