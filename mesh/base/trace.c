/* The ring of trace records.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/trace.h"
#include "mesh/base/check.h"
#include <stdlib.h>
#include <string.h>

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

/* Eight letters at a time: traces are written at every step. */
static uint64_t mix_text(uint64_t digest, const char *text) {
    size_t left = strlen(text);
    for (; left >= 8; left -= 8, text += 8) {
        uint64_t letters;
        memcpy(&letters, text, 8);
        digest = mix(digest, letters);
    }
    uint64_t rest = 0;
    for (; left > 0; left--, text++) {
        rest = rest << 8 | (uint8_t)*text;
    }
    return mix(digest, rest);
}

void trace_add(struct trace *trace, struct trace_record record) {
    uint64_t digest = mix_text(mix(trace->digest, record.now_ns), record.word);
    trace->digest = mix(mix(mix(digest, record.a), record.b), record.c);
    trace->records[trace->next] = record;
    trace->next = trace->next + 1 == trace->room ? 0 : trace->next + 1;
    trace->count++;
}

void trace_each(const struct trace *trace, void (*show)(void *user, const struct trace_record *record), void *user) {
    uint64_t first = trace->count > trace->room ? trace->count - trace->room : 0;
    for (uint64_t i = first; i < trace->count; i++) {
        show(user, &trace->records[i % trace->room]);
    }
}
