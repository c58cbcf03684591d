/* How sources go: here, and at all members that are reached (J5).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/sources_state.h"
#include <stdlib.h>

static void send_unload(struct sources *sources, uint64_t admin, uint64_t id, const struct source *source) {
    struct control_source unload = {
        .what = CONTROL_SOURCE_UNLOAD, .hash = bytes_make(source->hash, SOURCE_HASH_BYTES), .load = source->unloaded};
    sources_send(sources, sources_admin(admin), id, &unload);
}

void sources_tell_unloaded(struct sources *sources, uint64_t admin) {
    size_t place = 0;
    for (const struct source *source; (source = map_next(&sources->known, &place));) {
        if (source->unloaded > 0) {
            send_unload(sources, admin, 0, source);
        }
    }
}

static void want_unloaded(struct sources *sources, const struct source *source) {
    struct sources_action *action = sources_want(sources, SOURCES_UNLOADED, "");
    if (action) {
        sources_set_hash(action, source->hash);
        action->load = source->load;
    }
}

void sources_learn_unloaded(struct sources *sources, struct source *source, uint64_t load) {
    if (load <= source->unloaded) {
        return;
    }
    source->unloaded = load;
    if (source->state == SOURCE_NONE) {
        return;
    }
    if (source->state == SOURCE_LOADED && source->load <= load) {
        sources->counters.unloaded++;
        sources_log(sources, source, "is unloaded", "");
        sources_notice(sources, source, false);
        want_unloaded(sources, source);
        sources_clear(sources, source);
    } else if (source->state != SOURCE_LOADED) {
        if (source->state == SOURCE_READ) {
            want_unloaded(sources, source);
        }
        sources_fail(sources, source, MESH_UNKNOWN_SOURCE, "it was unloaded meanwhile");
    }
}

/* ---- at all members ---- */

static bool is_answered(const struct unloading *unloading) {
    for (size_t i = 0; i < unloading->count; i++) {
        if (!unloading->members[i].answered) {
            return false;
        }
    }
    return true;
}

static bool is_waiting(const struct unloading *unloading) {
    for (size_t i = 0; i < unloading->count; i++) {
        if (!unloading->members[i].answered && !unloading->members[i].lost) {
            return true;
        }
    }
    return false;
}

static void finish(struct sources *sources, struct unloading *unloading) {
    char text[FRAME_TEXT_BYTES];
    struct text_builder builder = text_builder(text, sizeof text);
    bool all = is_answered(unloading);
    const char *before = "not reached, and told as soon as they are: ";
    for (size_t i = 0; i < unloading->count; i++) {
        if (!unloading->members[i].answered) {
            text_append(&builder, "%s%s", before, unloading->members[i].name);
            before = ", ";
        }
    }
    sources_answer_done(sources, unloading->asker, unloading->asker_id, all ? MESH_OK : MESH_PARTIAL, text);
    list_remove(&unloading->place);
    free(unloading);
}

static void spread(struct sources *sources, const struct sources_event *event, const struct source *source) {
    const struct members *members = sources->options.members;
    struct unloading *unloading = calloc(1, sizeof *unloading + members->count * sizeof *unloading->members);
    if (!unloading) {
        sources_answer_done(sources, event->asker, event->control->id, MESH_NO_MEMORY,
                            "it is unloaded here, and other members are not told: no memory");
        return;
    }
    unloading->id = sources_draw_id(sources);
    unloading->asker = event->asker;
    unloading->asker_id = event->control->id;
    unloading->deadline_ns = time_add(sources->now_ns, sources->options.limits.unload_ns);
    list_push_back(&sources->unloadings, &unloading->place);
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = members->items[i];
        if (member->incarnation != sources->options.incarnation) {
            unloading->members[unloading->count].admin = member->incarnation;
            struct text_builder name = text_builder(unloading->members[unloading->count].name, FRAME_NAME_BYTES + 1);
            text_append(&name, "%s", member->name);
            unloading->count++;
            send_unload(sources, member->incarnation, unloading->id, source);
        }
    }
    if (is_answered(unloading)) {
        finish(sources, unloading);
    }
}

/* A leader that learns of one that it had missed tells the others, but for who told it: that one knows. */
static void on_members_word(struct sources *sources, const struct sources_event *event) {
    uint64_t load = event->control->source.load;
    struct source *source = sources_add(sources, event->control->source.hash);
    bool news = source && load > source->unloaded;
    if (source) {
        sources_learn_unloaded(sources, source, load);
    }
    if (event->control->id != 0) {
        sources_answer_done(sources, event->asker, event->control->id, MESH_OK, "");
    } else if (news && sources->leader == sources->options.incarnation) {
        const struct members *members = sources->options.members;
        for (size_t i = 0; i < members->count; i++) {
            uint64_t admin = members->items[i]->incarnation;
            if (admin != sources->options.incarnation && admin != event->asker.node) {
                send_unload(sources, admin, 0, source);
            }
        }
    }
}

/* It may be repeated: so those are asked again that were not reached. */
void sources_on_unload(struct sources *sources, const struct sources_event *event) {
    if (event->asker.node != sources->options.incarnation) {
        on_members_word(sources, event);
        return;
    }
    struct source *source = sources_find(sources, event->control->source.hash);
    if (!source || (source->state == SOURCE_NONE && source->unloaded == 0)) {
        sources_answer_done(sources, event->asker, event->control->id, MESH_NOT_FOUND,
                            "no such source is loaded on this node: `mesh source list` shows those that are");
        return;
    }
    uint64_t highest = source->highest > source->unloaded ? source->highest : source->unloaded;
    sources_learn_unloaded(sources, source, highest > 0 ? highest : 1);
    spread(sources, event, source);
}

/* ---- what comes of it ---- */

static void mark(struct sources *sources, struct unloading *unloading, uint64_t admin) {
    for (size_t i = 0; i < unloading->count; i++) {
        if (unloading->members[i].admin == admin) {
            unloading->members[i].answered = true;
        }
    }
    if (!is_waiting(unloading)) {
        finish(sources, unloading);
    }
}

void sources_on_unload_done(struct sources *sources, const struct sources_event *event) {
    LIST_EACH (&sources->unloadings, node, after) {
        struct unloading *unloading = LIST_OWNER(node, struct unloading, place);
        if (unloading->id == event->control->id) {
            mark(sources, unloading, event->asker.node);
        }
    }
}

/* It hears of it when it is a member again. */
void sources_lose_unloadings(struct sources *sources, uint64_t admin) {
    LIST_EACH (&sources->unloadings, node, after) {
        struct unloading *unloading = LIST_OWNER(node, struct unloading, place);
        for (size_t i = 0; i < unloading->count; i++) {
            unloading->members[i].lost = unloading->members[i].lost || unloading->members[i].admin == admin;
        }
        if (!is_waiting(unloading)) {
            finish(sources, unloading);
        }
    }
}

void sources_expire_unloadings(struct sources *sources) {
    LIST_EACH (&sources->unloadings, node, after) {
        struct unloading *unloading = LIST_OWNER(node, struct unloading, place);
        if (unloading->deadline_ns <= sources->now_ns) {
            finish(sources, unloading);
        }
    }
}
