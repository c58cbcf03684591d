/* The name of a source: the SHA-256 of its bytes, and how that is written (J1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_SOURCE_HASH_H
#define MESH_CORE_SOURCE_HASH_H

#include <stdbool.h>
#include <stdint.h>

enum { SOURCE_HASH_BYTES = 32, SOURCE_HASH_TEXT = 2 * SOURCE_HASH_BYTES + 1 };

/* One that is being made of bytes that come part by part; what stands in it is for who makes it. */
struct source_hashing {
    uint64_t words[16];
};

/* 64 digits, lower case; gives `text`. */
const char *source_hash_print(const uint8_t hash[SOURCE_HASH_BYTES], char text[SOURCE_HASH_TEXT]);

/* False for what is not 64 hexadecimal digits; then nothing is written. */
bool source_hash_parse(const char *text, uint8_t hash[SOURCE_HASH_BYTES]);

#endif
