/* Placement: on which node an actor comes to live.
 *
 *   its creator's node, if it fits; else the leader chooses: the fitting member with the fewest actors, in the order of
 *   the roster; who refuses adds itself to the request's `refused_by`, and is never asked again: no loops.
 *
 * Pure, and without state: all is in the request and the roster. Rules C2, H2, H3.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_PLACEMENT_H
#define CONVENTION_CORE_PLACEMENT_H

#include "convention/core/members.h"

/* Of a reason, with its end. What does not fit is cut. */
enum { PLACEMENT_TEXT_BYTES = 700 };

struct placement_request {
    struct bytes type;
    const struct frame_requirement *requirements; /* the type's and the creator's, those known */
    size_t requirements_count;
    const uint64_t *refused_by;
    size_t refused_count;
    struct bytes refusal; /* what the last of them said */
};

bool placement_is_refused_by(const struct placement_request *request, uint64_t admin);

/* Whether the node may host it. If not, `text` gets a sentence that names the type, the node and what is missing. */
bool placement_fits(const struct placement_request *request, const struct member *node, char *text, size_t size);

/* The leader's choice: a suspect member only when no other fits (H3). NULL when none does, and `text` says why (C2): what
 * the first lacks that does not fit, and the last refusal. The caller counts the chosen member's `placed`. */
struct member *placement_choose(const struct placement_request *request, const struct members *members, char *text,
                                size_t size);

#endif
