/* Drawing incarnations.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/incarnation.h"
#include "mesh/base/check.h"
#include <errno.h>
#include <sys/random.h>

uint64_t incarnation_draw(void) {
    uint64_t drawn = 0;
    while (drawn == 0) {
        ssize_t got = getrandom(&drawn, sizeof drawn, 0);
        CHECK(got == (ssize_t)sizeof drawn || errno == EINTR);
    }
    return drawn;
}
