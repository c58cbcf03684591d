/* Incarnations: the random number that a process is known by for its life.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_INCARNATION_H
#define MESH_RUNTIME_INCARNATION_H

#include <stdint.h>

/* Never 0. From the system's generator, which cannot fail once the machine has booted. */
uint64_t incarnation_draw(void);

#endif
