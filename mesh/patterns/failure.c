/* Failures of what an actor had taken on: <mesh/failure.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/failure.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 1024 };

enum mesh_status mesh_reply_failure(struct mesh_actor *self, const struct mesh_message *message, const char *format,
                                    ...) {
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return mesh_reply(self, message, MESH_FAILURE, text, strlen(text) + 1);
}
