/* Whether two frames or two control messages say the same, field by field.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SUPPORT_WIRE_SAME_H
#define TESTS_SUPPORT_WIRE_SAME_H

#include "proto/control.h"

/* External payloads are equal when their bytes are. */
bool wire_same_frame(const struct frame *a, const struct frame *b);
bool wire_same_control(const struct control *a, const struct control *b);

#endif
