/* SHA-256 of a source's bytes: its name (J1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_SOURCE_DIGEST_H
#define MESH_RUNTIME_SOURCE_DIGEST_H

#include "mesh/base/bytes.h"
#include "mesh/core/source_hash.h"

void source_digest(uint8_t hash[SOURCE_HASH_BYTES], struct bytes bytes);

#endif
