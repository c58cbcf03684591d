/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/error.h"

#include <stdarg.h>
#include <stdio.h>

enum mesh_status error_set(struct mesh_error *error, enum mesh_status status, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}
