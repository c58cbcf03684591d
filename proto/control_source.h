/* The control messages about loadable sources, to the wire and back.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_SOURCE_H
#define PROTO_CONTROL_SOURCE_H

#include "proto/codec_memory.h"

bool control_put_source(struct arena *arena, const struct control_source *source, Mesh__Wire__Source *out);
bool control_get_source(const Mesh__Wire__Source *wire, struct control_source *out);

/* Those of a node's status. */
bool control_put_sources(struct arena *arena, const struct control_source_status *sources, size_t count,
                         Mesh__Wire__SourceStatus ***out);
/* NULL above CONTROL_SOURCES, for what makes no sense, and without memory. */
const struct control_source_status *control_get_sources(struct arena *arena, Mesh__Wire__SourceStatus *const *wire,
                                                        size_t count);

#endif
