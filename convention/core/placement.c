/* Placement: see placement.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/placement.h"
#include "mesh/base/bytes.h"

enum { LACKS_BYTES = 400, SHOWN_BYTES = 200 };

static void append_type(struct text_builder *out, const struct placement_request *request) {
    text_append_escaped(out, bytes_make(request->type.data, size_min(request->type.size, SHOWN_BYTES)));
}

bool placement_is_refused_by(const struct placement_request *request, uint64_t admin) {
    for (size_t i = 0; i < request->refused_count; i++) {
        if (request->refused_by[i] == admin) {
            return true;
        }
    }
    return false;
}

bool placement_fits(const struct placement_request *request, const struct member *node, char *text, size_t size) {
    char missing[PLACEMENT_TEXT_BYTES] = "";
    bool refused = placement_is_refused_by(request, node->incarnation);
    if (!refused && capability_fits(&node->capabilities, request->requirements, request->requirements_count, missing,
                                    sizeof missing)) {
        return true;
    }
    struct text_builder words = text_builder(text, size);
    text_append(&words, "node %s %s type ", node->name, refused ? "refused" : "does not fit");
    append_type(&words, request);
    text_append(&words, "%s%s", refused ? "" : ": ", missing);
    return false;
}

static uint64_t actors_on(const struct member *member) {
    return (uint64_t)member->actors + member->placed;
}

/* Of several members the first that lacks something and the last that refused stand for all; what that one said matters more. */
static void explain(const struct placement_request *request, const struct members *members, char *text, size_t size) {
    struct text_builder words = text_builder(text, size);
    const char *sign = ": ";
    text_append(&words, "no node of %zu can host type ", members->count);
    append_type(&words, request);
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = members->items[i];
        char lacks[LACKS_BYTES];
        if (!placement_is_refused_by(request, member->incarnation) &&
            !placement_fits(request, member, lacks, sizeof lacks)) {
            text_append(&words, "%s%s", sign, lacks);
            sign = "; ";
            break;
        }
    }
    if (request->refusal.size) {
        text_append(&words, "%s", sign);
        text_append_escaped(&words, request->refusal);
    } else if (sign[0] == ':') {
        text_append(&words, ": every one refused it or is out of reach");
    }
}

static bool is_better(const struct member *member, const struct member *best) {
    bool suspect = member->liveness.suspect;
    return suspect == best->liveness.suspect ? actors_on(member) < actors_on(best) : !suspect;
}

struct member *placement_choose(const struct placement_request *request, const struct members *members, char *text,
                                size_t size) {
    struct member *best = NULL;
    for (size_t i = 0; i < members->count; i++) {
        struct member *member = members->items[i];
        char unread[1];
        if (placement_fits(request, member, unread, sizeof unread) && (!best || is_better(member, best))) {
            best = member;
        }
    }
    if (!best) {
        explain(request, members, text, size);
    }
    return best;
}
