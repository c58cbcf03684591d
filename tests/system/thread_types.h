/* Actor types that use threads, timers and descriptors.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_THREAD_TYPES_H
#define TESTS_SYSTEM_THREAD_TYPES_H

#include <mesh/mesh.h>

enum { THREADS = 100, SENT = 10 };

/* test.counter counts messages of type "x", and answers a text with how many there were.
 * test.threads "ADDRESS FIFO": lets so many threads send there and log, and blocks until the fifo is opened; answers "released".
 * test.timed   "MS": a thread of it sets a timer; tells "over" when that is over.
 * test.watcher "pipe": makes two pipes, for all of its host; "watch": watches their ends, and has a light child do so too; "close": has one close
 *              the second pipe's end while it watches; the child tells "done". "write": writes to the first pipe. Of what is ready each
 *              tells how many. */
extern const struct mesh_type *const thread_types[];

#endif
