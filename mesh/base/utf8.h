/* Characters of UTF-8, one by one.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_UTF8_H
#define MESH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A character in its shortest form: its length and code; 0 when the bytes are none. `left` must be 1 or more. */
size_t utf8_read(const uint8_t *at, size_t left, uint32_t *code);

/* Whether a terminal would obey it. */
bool utf8_is_control(uint32_t code);

#endif
