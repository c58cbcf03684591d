/* The ring of trace records.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/trace.h"
#include "mesh/base/check.h"
#include <stdlib.h>

enum mesh_status trace_init(struct trace *trace, size_t room) {
    CHECK(room > 0);
    *trace = (struct trace){.records = calloc(room, sizeof *trace->records), .room = room};
    return trace->records ? MESH_OK : MESH_NO_MEMORY;
}

void trace_fini(struct trace *trace) {
    free(trace->records);
    *trace = (struct trace){0};
}

static uint64_t mix(uint64_t digest, uint64_t word) {
    digest = (digest ^ word) * UINT64_C(0x9fb21c651e98df25);
    return digest ^ digest >> 29;
}

void trace_add(struct trace *trace, struct trace_record record) {
    uint64_t digest = mix(trace->digest, record.now_ns);
    for (const char *letter = record.word; *letter; letter++) {
        digest = mix(digest, (uint64_t)*letter);
    }
    trace->digest = mix(mix(mix(digest, record.a), record.b), record.c);
    trace->records[trace->count++ % trace->room] = record;
}

void trace_each(const struct trace *trace, void (*show)(void *user, const struct trace_record *record), void *user) {
    uint64_t first = trace->count > trace->room ? trace->count - trace->room : 0;
    for (uint64_t i = first; i < trace->count; i++) {
        show(user, &trace->records[i % trace->room]);
    }
}
