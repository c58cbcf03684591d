/* Watchers: actors that are told of each member, and of each change (S5A, S5B).
 *
 * What a change means to each of them is put together when it is polled, so that many watchers need no room.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include <stdlib.h>

static size_t place_of(const struct convention *convention, struct mesh_address actor) {
    size_t place = 0;
    while (place < convention->watchers_count && !mesh_address_equal(convention->watchers[place].actor, actor)) {
        place++;
    }
    return place;
}

static enum mesh_status add(struct convention *convention, const struct convention_watcher *watcher) {
    if (convention->watchers_count == CONVENTION_WATCHERS) {
        return MESH_FULL;
    }
    size_t bytes = (convention->watchers_count + 1) * sizeof *convention->watchers;
    struct convention_watcher *watchers = realloc(convention->watchers, bytes);
    if (!watchers) {
        return MESH_NO_MEMORY;
    }
    convention->watchers = watchers;
    convention->watchers[convention->watchers_count++] = *watcher;
    return MESH_OK;
}

enum mesh_status convention_on_watch(struct convention *convention, const struct convention_watcher *watcher) {
    size_t place = place_of(convention, watcher->actor);
    if (place < convention->watchers_count) {
        convention->watchers[place].process = watcher->process;
        return MESH_OK;
    }
    enum mesh_status status = add(convention, watcher);
    for (size_t i = 0; status == MESH_OK && i < convention->members.count; i++) {
        struct member *member = convention->members.items[i];
        if (member != convention->self) {
            struct convention_action *notice = convention_want(convention, CONVENTION_NOTICE, member->incarnation);
            notice->watcher = *watcher;
            notice->member = member;
            notice->added = true;
        }
    }
    return status;
}

void convention_on_unwatch(struct convention *convention, const struct convention_watcher *watcher) {
    size_t kept = 0;
    for (size_t i = 0; i < convention->watchers_count; i++) {
        struct convention_watcher *present = &convention->watchers[i];
        bool all = mesh_address_is_none(watcher->actor) && mesh_address_equal(present->process, watcher->process);
        if (!all && !mesh_address_equal(present->actor, watcher->actor)) {
            convention->watchers[kept++] = *present;
        }
    }
    convention->watchers_count = kept;
}

size_t convention_watchers(const struct convention *convention, const struct convention_watcher **watchers) {
    *watchers = convention->watchers;
    return convention->watchers_count;
}

/* What a node is capable of its own watchers are not told. */
void convention_begin_notices(struct convention *convention, const struct convention_action *given) {
    bool change = given->kind == CONVENTION_MEMBER_ADDED || given->kind == CONVENTION_MEMBER_REMOVED ||
                  given->kind == CONVENTION_MEMBER_ANEW ||
                  (given->kind == CONVENTION_MEMBER_CHANGED && given->member != convention->self);
    convention->noticed = change ? 0 : SIZE_MAX;
}

bool convention_next_notice(struct convention *convention, struct convention_action *out) {
    if (convention->noticed >= convention->watchers_count) {
        return false;
    }
    const struct convention_action *change = &convention->actions[convention->actions_given - 1];
    *out = *change;
    out->kind = CONVENTION_NOTICE;
    out->added = change->kind != CONVENTION_MEMBER_REMOVED && (change->kind != CONVENTION_MEMBER_ANEW || change->added);
    out->watcher = convention->watchers[convention->noticed++];
    return true;
}
