/* The actors of sources.c that are not of a source: an Authority that does as it is told, and one that loads and listens.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_SOURCE_TYPES_H
#define TESTS_SYSTEM_SOURCE_TYPES_H

#include <mesh/mesh.h>

/* "on", "off"; then what it does with what comes: "agree", "refuse", "wait", "other" (answers for another hash), "fail", "crash", "decrypt"
 * (the bytes but the first, which is a key); "now" answers what waits; "seen" tells how many it was shown, and of what sizes. */
extern const struct mesh_type authority_type;

/* "watch", "seen", "unload HASH"; a message of type "bundle" is loaded. */
extern const struct mesh_type watcher_type;

#endif
