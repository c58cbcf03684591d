/* Forwarding: a node's warnings and worse, on their way to the log of the convention's leader (K2).
 *
 *   push -> waiting, bounded -> a batch, one at a time, as the brake allows -> the leader's word -> gone
 *
 * A batch that the leader does not take, or does not answer, goes again, and so does one whose leader leads no more, to the one after it: a line
 * may stand in two logs, or twice in one. What finds no room is lost, the newest first, since the oldest tell how it began;
 * how many there were goes with the next batch. A node that leads has its lines in the right log already, and forwards none.
 * Nothing that was forwarded is ever forwarded again, so there are no loops.
 *
 * The brake is a bucket of lines: `burst` may go at once, `per_second` each second after that, so that a node gone wild does not flood
 * its leader.
 *
 * Pure: the caller says what time it is.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_LOG_FORWARD_H
#define CONVENTION_CORE_LOG_FORWARD_H

#include "mesh/base/bytes.h"
#include "mesh/base/time.h"
#include <mesh/status.h>

#define LOG_FORWARD_WAIT_NS (10 * NS_PER_S) /* for the leader's word */
#define LOG_FORWARD_RETRY_NS (1 * NS_PER_S) /* after one that it did not take */

struct log_forward_limits {
    size_t lines_max, bytes_max; /* that wait */
    uint32_t burst, per_second;  /* lines */
    size_t batch_bytes;
};

extern const struct log_forward_limits log_forward_limits_default;

enum { LOG_FORWARD_BATCH = 200 }; /* lines */

struct log_forward_batch {
    uint64_t leader, id;
    uint64_t lost; /* lines between the last batch and this one's end */
    size_t count;
    struct bytes lines[LOG_FORWARD_BATCH]; /* until the next call */
};

struct log_forward_counters {
    uint64_t forwarded, lost;
};

struct log_forward;

/* MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status log_forward_new(struct log_forward **out, const struct log_forward_limits *limits);
void log_forward_destroy(struct log_forward **forward); /* NULL-safe */

/* Who leads: that admin; 0: nobody, lines wait. `itself`: this node does. */
void log_forward_follow(struct log_forward *forward, uint64_t now_ns, uint64_t leader, bool itself);

/* A line is to be forwarded; it is copied, or lost. */
void log_forward_push(struct log_forward *forward, struct bytes line);
/* So many never came here. */
void log_forward_lose(struct log_forward *forward, uint64_t lines);

/* The next batch to be sent now, under that number; false when there is none. */
bool log_forward_poll(struct log_forward *forward, uint64_t now_ns, uint64_t id, struct log_forward_batch *out);

/* The word of an admin on the batch of that number; one that is not awaited is ignored: false. */
bool log_forward_answer(struct log_forward *forward, uint64_t now_ns, uint64_t leader, uint64_t id, bool taken);

/* When to poll again at the latest. */
uint64_t log_forward_deadline(const struct log_forward *forward);

const struct log_forward_counters *log_forward_counters(const struct log_forward *forward);

#endif
