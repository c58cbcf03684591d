/* Assembly: a large message at its receiver, while its slices come in (D6).
 *
 *   NONE --begin--> FILLING --the last slice, take--> NONE
 *                     |  \--refuse--> REFUSED --end--> NONE
 *                     '--end (its sender has settled it, its stream is over)--> NONE
 *
 * The slices end up in one buffer, which becomes the message's payload without another copy. A peer may claim any size:
 * the buffer grows with what has come, at most to twice that, so a claim costs its sender as much as it costs here.
 * Growing moves the bytes of small buffers and only the pages of large ones. What is refused keeps its place, without its
 * bytes, until its last number has come: the sender is told the message's fate by that number.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_ASSEMBLY_H
#define MESH_CORE_ASSEMBLY_H

#include "proto/frame.h"

struct assembly {
    uint64_t first; /* number of the first slice; 0: there is no assembly */
    uint64_t total, filled;
    uint64_t deadline_ns;      /* the message's expiry (D8) */
    struct part *part;         /* NULL until the first byte, and when it is refused */
    size_t reserved_bytes;     /* in the mailbox */
    enum frame_reason refused; /* why; none while it is filling */
};

void assembly_begin(struct assembly *assembly, uint64_t first, uint64_t total, uint64_t deadline_ns);

static inline bool assembly_is_filling(const struct assembly *assembly) {
    return assembly->first != 0 && assembly->refused == FRAME_NO_REASON;
}

/* Whether a slice is the next one of a filling assembly, and completes it exactly if it is the `last`. */
bool assembly_continues(const struct assembly *assembly, uint64_t total, uint64_t offset, size_t slice_bytes,
                        bool last);

/* Adds the next slice. False without memory: then it is as it was. */
bool assembly_add(struct assembly *assembly, struct bytes slice);

/* Takes back the slice that was added last. */
static inline void assembly_take_back(struct assembly *assembly, size_t slice_bytes) {
    assembly->filled -= slice_bytes;
}

/* Lets go of the bytes; the place stays until the end. */
void assembly_refuse(struct assembly *assembly, enum frame_reason reason);

/* There is none any more. */
void assembly_end(struct assembly *assembly);

#endif
