/* The admin's descriptors. libzmq ends a process that has none left for a connection that comes in, so what the admin opens of
 * its own will, for hosts above all, must leave some for those who call.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_DESCRIPTORS_H
#define CONVENTION_ADMIN_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

/* Raises the process's limit to the most that it is allowed. Call it when the zygote has been forked: hosts keep theirs. */
void descriptors_raise(void);

/* What is known of them; all zero at first. */
struct descriptors {
    size_t left;
    uint64_t until_ns; /* it is good for so long */
};

/* How many more this process may open; SIZE_MAX when that cannot be told. To count them takes as long as there are many, so while there
 * are plenty that is done once a second, and something is taken off for each question in between. */
size_t descriptors_left(struct descriptors *descriptors, uint64_t now_ns);

#endif
