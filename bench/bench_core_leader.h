/* Leader: what the members of a convention cost the one that leads.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef BENCH_BENCH_CORE_LEADER_H
#define BENCH_BENCH_CORE_LEADER_H

#include <stddef.h>

/* With so many members, one of which is killed and starts again in each of some periods: nanoseconds of the leader's core for one event,
 * in the period in which others disturbed it least, and messages for each member in a period, both directions. */
void leader_cost(size_t members, double *event_ns, double *messages);

#endif
