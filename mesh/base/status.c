/* The names and texts of statuses.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/status.h>

const char *mesh_status_name(enum mesh_status status) {
    switch (status) {
#define STATUS_NAME(name, number, text)                                                                                \
    case name:                                                                                                         \
        return #name;
        MESH_STATUS_MAP(STATUS_NAME)
#undef STATUS_NAME
    }
    return "MESH_STATUS_UNKNOWN";
}

const char *mesh_status_text(enum mesh_status status) {
    switch (status) {
#define STATUS_TEXT(name, number, text)                                                                                \
    case name:                                                                                                         \
        return text;
        MESH_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}
