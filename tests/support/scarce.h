/* Memory that a test takes away. What links test_scarce gets malloc, calloc, realloc and free from here, with the rings that it
 * links; what shared libraries allocate is left alone. One thread.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SUPPORT_SCARCE_H
#define TESTS_SUPPORT_SCARCE_H

#include <stdbool.h>
#include <stddef.h>

/* From now on, after `before` allocations `count` are refused. */
void scarce_begin(size_t before, size_t count);

/* Memory is plentiful again; whether any was refused. */
bool scarce_end(void);

/* How many blocks were allocated and are not freed. */
size_t scarce_blocks(void);

#endif
