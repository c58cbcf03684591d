/* Values of capabilities as texts, like those of a configuration file (H1, H2).
 *
 *   true   42   2.5   north   "42" (a text, by its quotes)   north, south (a list)
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_VALUE_H
#define MESH_RUNTIME_VALUE_H

#include "mesh/base/arena.h"
#include "proto/convention.h"

/* One value; what is in its quotes, or looks like nothing else, is a text. Its bytes are the text's. */
struct frame_value value_read(struct bytes text);

/* No text has more values. */
size_t value_count_max(const char *text);

/* One value, or several that commas part: a list, unless they stand in quotes. `values` has room for value_count_max. False when an
 * item is empty. */
bool value_read_all(const char *text, struct frame_value *values, size_t *count, bool *list);

/* As it would be read; bytes, which cannot be, as their number. NULL without memory. */
const char *value_print(struct arena *arena, const struct frame_value *values, size_t count);

#endif
