/* Values of capabilities as texts, like those of a configuration file (H1, H2).
 *
 *   true   42   2.5   north   "42" (a text, by its quotes)   x'00ff' (bytes, in hexadecimal)   north, south (a list)
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_VALUE_H
#define MESH_RUNTIME_VALUE_H

#include "mesh/base/arena.h"
#include "proto/convention.h"

/* One value; what is in its quotes, or looks like nothing else, is a text. The bytes of that are the text's; those of x'00ff' are written where
 * `room` points, which moves on: less than half of the text's, so that the room of a whole text is enough for all that is in it. Without room (NULL) only
 * its kind is known. */
struct frame_value value_read(struct bytes text, uint8_t **room);

/* No text has more values. */
size_t value_count_max(const char *text);

/* One value, or several that commas part: a list, unless they stand in quotes. `values` has room for value_count_max. False when an
 * item is empty. `room` as above. */
bool value_read_all(const char *text, struct frame_value *values, size_t *count, bool *list, uint8_t **room);

/* As it would be read. NULL without memory. */
const char *value_print(struct arena *arena, const struct frame_value *values, size_t count);

#endif
