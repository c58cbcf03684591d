/* Who created whom: the actors of a report, linked to their parents, and the children that no admin has on record, which their
 * parents are asked for.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_FAMILY_H
#define CLI_FAMILY_H

#include <mesh/mesh.h>

#define KIN_NONE SIZE_MAX

/* One actor; the others are places in `items`. */
struct kin {
    struct mesh_actor_report actor;
    const char *node; /* that hosts it */
    size_t parent, child, sibling;
    uint64_t children_linked; /* that are in the family */
};

struct family {
    struct kin *items;
    size_t count, max;
    const struct mesh_report *report; /* of the whole convention */
    size_t listed;                    /* so many items come from that, in `by_address`, too */
    size_t *by_address;
    struct mesh_report **kept; /* what parents and children have answered, whose texts items have */
    size_t kept_count, kept_max;
};

/* Puts it together, to last no longer than the report. With a `root`, which need not be in that, only what is below it is asked for.
 * MESH_NO_MEMORY; what the report of the root fails with. family_fini is due in any case. */
enum mesh_status family_init(struct family *family, struct mesh_node *node, const struct mesh_report *report,
                             struct mesh_address root, struct mesh_error *error);
void family_fini(struct family *family);

/* The place of an actor; KIN_NONE. */
size_t family_find(const struct family *family, struct mesh_address address);

/* How many of its children are not in the family. */
uint64_t family_missing(const struct kin *kin);

#endif
