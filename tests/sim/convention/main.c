/* mesh-sim-convention: whole conventions from seeds, each with its faults and its laws. See seeds.h for how to run it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/convention/world.h"
#include "tests/sim/seeds.h"

static const char *const texts[WORLD_EVENTS_COUNT] = {
#define X(name, text) text,
    WORLD_EVENTS(X)
#undef X
};

int main(int count, char **arguments) {
    static const struct seeds_program program = {"mesh-sim-convention", texts, WORLD_EVENTS_COUNT, world_run};
    return seeds_main(count, arguments, &program);
}
