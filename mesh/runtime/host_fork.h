/* What a handler forks (C10). The child has the memory of its host, but is none: signals do to it what they do to any
 * process, and when it comes back from the handler, or calls exit(), it ends without a word to anybody.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_HOST_FORK_H
#define MESH_RUNTIME_HOST_FORK_H

#include <stdbool.h>

/* Call it once in a process that becomes a host. */
void host_fork_watch(void);

/* Whether this is the child of a host. */
bool host_fork_is_child(void);

/* After any call of user code: a child ends here. */
void host_fork_end_child(void);

#endif
