/* The actors that fail on purpose, and those who care for them.
 *
 *   test.worker  writes each number that it is told into a file, but crashes at every fiftieth
 *   test.feeder  feeds a worker with numbers, and counts what comes back
 *   test.late    its constructor fails until a file has grown, one character each time
 *   test.parent  creates a child as it is told, and gives an account of what it hears of it
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_RESTART_TYPES_H
#define TESTS_SYSTEM_RESTART_TYPES_H

#include <mesh/mesh.h>

enum { CRASH_EVERY = 50 };

extern const struct mesh_type *const restart_types[];

#endif
