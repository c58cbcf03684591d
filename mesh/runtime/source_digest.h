/* SHA-256 of a source's bytes: its name (J1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_SOURCE_DIGEST_H
#define MESH_RUNTIME_SOURCE_DIGEST_H

#include "mesh/base/bytes.h"
#include "mesh/core/source_hash.h"

void source_digest(uint8_t hash[SOURCE_HASH_BYTES], struct bytes bytes);

/* The same part by part: all of 64 MiB takes half a second. */
void source_digest_begin(struct source_hashing *hashing);
void source_digest_add(struct source_hashing *hashing, struct bytes part);
void source_digest_end(struct source_hashing *hashing, uint8_t hash[SOURCE_HASH_BYTES]);

#endif
