/* Dispatch by type of message: <mesh/dispatch.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/dispatch.h>

static bool is_last(const struct mesh_case *row) {
    return !row->type && row->kind == MESH_USER;
}

static bool fits(const struct mesh_case *row, const struct mesh_message *message) {
    return row->type ? mesh_message_is(message, row->type) : mesh_message_kind(message) == row->kind;
}

enum mesh_verdict mesh_dispatch(struct mesh_actor *self, const struct mesh_message *message, void *state,
                                const struct mesh_case *cases) {
    while (!is_last(cases) && !fits(cases, message)) {
        cases++;
    }
    if (is_last(cases) && mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    return cases->receive ? cases->receive(self, message, state)
                          : mesh_fail(self, "messages of type %s have no handler here", mesh_message_type(message));
}
