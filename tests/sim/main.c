/* mesh-sim: worlds of actors from seeds, each with its faults and its laws. See seeds.h for how to run it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/seeds.h"
#include "tests/sim/world.h"

static const char *const texts[TALLY_EVENTS_COUNT] = {
#define X(name, text) text,
    TALLY_EVENTS(X)
#undef X
};

int main(int count, char **arguments) {
    static const struct seeds_program program = {"mesh-sim", texts, TALLY_EVENTS_COUNT, world_run};
    return seeds_main(count, arguments, &program);
}
