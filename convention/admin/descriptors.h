/* The admin's descriptors. libzmq ends a process that has none left for a connection that comes in, so what the admin opens of
 * its own will, for hosts above all, must leave some for those who call.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_DESCRIPTORS_H
#define CONVENTION_ADMIN_DESCRIPTORS_H

#include <stddef.h>

/* Raises the process's limit to the most that it is allowed. Call it when the zygote has been forked: hosts keep theirs. */
void descriptors_raise(void);

/* How many more this process may open; SIZE_MAX when that cannot be told. */
size_t descriptors_left(void);

#endif
