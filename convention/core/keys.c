/* Keys: the convention's list of who may take part, as its nodes tell each other of it (S7H).
 *
 * The leader tells its members what is new, whoever it heard it from. That may get lost; so each registration and its
 * answer say what the list looks like, and who sees that the other's is not its own sends all of it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention_state.h"
#include <stdlib.h>

void convention_keys_fini(struct convention *convention) {
    free(convention->news);
}

uint64_t convention_keys_digest(const struct convention *convention) {
    return convention->trust ? convention->trust->digest : 0;
}

/* ---- telling ---- */

static void send_keys(struct convention *convention, uint64_t peer, const struct frame_trusted *keys, size_t count) {
    for (size_t at = 0; at < count; at += FRAME_TRUSTED) {
        convention_want(convention, CONVENTION_SEND_TRUST, peer)->trust =
            (struct frame_trust){.keys_count = size_min(count - at, FRAME_TRUSTED), .keys = keys + at};
    }
}

void convention_compare_keys(struct convention *convention, uint64_t peer, uint64_t digest) {
    const struct trust *trust = convention->trust;
    if (trust && trust->digest != digest) {
        send_keys(convention, peer, trust->entries, trust->count);
    }
}

/* Who told the leader knows it. */
static void tell_members(struct convention *convention, uint64_t except) {
    for (size_t i = 0; convention->acting && i < convention->members.count; i++) {
        const struct member *member = convention->members.items[i];
        if (member->linked && member != convention->self && member->incarnation != except) {
            send_keys(convention, member->incarnation, convention->news, convention->news_count);
        }
    }
}

/* ---- hearing ---- */

/* Room for so many words that are new; they last until the next step. */
static bool reserve_news(struct convention *convention, size_t count) {
    if (count > convention->news_room) {
        struct frame_trusted *news = realloc(convention->news, count * sizeof *news);
        if (!news) {
            return false;
        }
        convention->news = news;
        convention->news_room = count;
    }
    convention->news_count = 0;
    return true;
}

static void tell_news(struct convention *convention, uint64_t from) {
    convention_want(convention, CONVENTION_KEYS_CHANGED, from)->keys =
        (struct frame_trust){.keys_count = convention->news_count, .keys = convention->news};
    tell_members(convention, from);
}

enum mesh_status convention_take_keys(struct convention *convention, uint64_t from, const struct frame_trusted *keys,
                                      size_t count) {
    enum mesh_status worst = MESH_OK;
    if (!reserve_news(convention, count)) {
        return MESH_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        bool changed = false;
        enum mesh_status status = trust_merge(convention->trust, &keys[i], &changed);
        worst = status ? status : worst;
        if (changed) {
            convention->news[convention->news_count++] = keys[i];
        }
    }
    if (convention->news_count) {
        tell_news(convention, from);
    }
    return worst;
}

/* ---- an operator's word ---- */

enum mesh_status convention_on_key(struct convention *convention, const struct frame_trusted *word) {
    struct frame_trusted stamped = *word;
    if (!convention->acting || !convention->trust) {
        return MESH_REFUSED;
    }
    if (convention->trust->highest >= TRUST_STAMP_MAX) {
        return MESH_FULL;
    }
    stamped.stamp = convention->trust->highest + 1;
    return convention_take_keys(convention, convention->self->incarnation, &stamped, 1);
}

/* Nobody has to wait for the silence of one that may have led. */
void convention_on_distrust(struct convention *convention, uint64_t peer) {
    struct member *member = members_find(&convention->members, peer);
    struct candidate *candidate = convention_candidate(convention, peer);
    if (candidate) {
        candidate->lost = true;
    }
    if (member && member != convention->self) {
        convention_remove_member(convention, member, "its key is not allowed any more");
    }
}
