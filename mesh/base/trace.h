/* What a core did last: a ring of small records and a digest of all there ever were.
 *
 * Two runs from one seed are the same when their digests are.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_TRACE_H
#define MESH_BASE_TRACE_H

#include <mesh/status.h>
#include <stddef.h>
#include <stdint.h>

struct trace_record {
    uint64_t now_ns;
    const char *word; /* a literal */
    uint64_t a, b, c;
};

struct trace {
    struct trace_record *records;
    size_t room, next; /* next: where the next record goes */
    uint64_t count, digest;
};

/* Keeps the last `room` records. */
MESH_MUST_USE enum mesh_status trace_init(struct trace *trace, size_t room);
void trace_fini(struct trace *trace);
void trace_add(struct trace *trace, struct trace_record record);

/* Shows the kept records, oldest first. */
void trace_each(const struct trace *trace, void (*show)(void *user, const struct trace_record *record), void *user);

#endif
