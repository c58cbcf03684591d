/* A module that crashes whoever loads it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

__attribute__((constructor)) static void crash(void) {
    abort();
}
