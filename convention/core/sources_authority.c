/* The Source Authority: the actor that judges what is loaded (J2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/sources_state.h"

void sources_ask_authority(struct sources *sources, struct source *source) {
    struct control_source validate = {.what = CONTROL_SOURCE_VALIDATE,
                                      .hash = bytes_make(source->hash, SOURCE_HASH_BYTES),
                                      .size = source->original.size,
                                      .actor = sources->authority.actor,
                                      .text = bytes_of_text(source->info)};
    source->offered = 0; /* judged here, it is a load of its own */
    source->state = SOURCE_JUDGED;
    source->question = sources_draw_id(sources);
    source->deadline_ns = time_add(sources->now_ns, sources->options.limits.authority_ns);
    sources_send(sources, sources->authority.process, source->question, &validate);
}

/* With its plain bytes it is the Authority, too, that is waited for. */
static bool waits_for_authority(const struct source *source) {
    return source->state == SOURCE_JUDGED || (source->state == SOURCE_PLAIN && source->offered == 0);
}

static void ask_again(struct sources *sources) {
    size_t place = 0;
    for (struct source *source; (source = map_next(&sources->known, &place));) {
        if (waits_for_authority(source)) {
            sources_drop_plain(sources, source);
            sources_ask_authority(sources, source);
        }
    }
}

static void end_authority(struct sources *sources) {
    size_t place = 0;
    sources->authority = (struct watcher){0};
    for (struct source *source; (source = map_next(&sources->known, &place));) {
        if (waits_for_authority(source)) {
            sources_fail(sources, source, MESH_REFUSED, "the Source Authority has ended before it answered");
        }
    }
}

/* The newest replaces the older, and is asked what that has not answered. */
void sources_on_authority(struct sources *sources, const struct sources_event *event) {
    const struct control_source *said = &event->control->source;
    bool present = mesh_address_equal(sources->authority.actor, said->actor);
    if (said->flag && !present) {
        sources->authority = (struct watcher){said->actor, event->asker};
        ask_again(sources);
    } else if (!said->flag && present) {
        end_authority(sources);
    }
}

struct mesh_address sources_authority(const struct sources *sources) {
    return sources->authority.actor;
}

void sources_lose_authority(struct sources *sources, struct mesh_address process) {
    if (!mesh_address_is_none(process) && mesh_address_equal(sources->authority.process, process)) {
        end_authority(sources);
    }
}

/* The source that this is the answer about. One that is late, or is about another than was asked, changes nothing. */
static struct source *answered(struct sources *sources, const struct sources_event *event) {
    struct source *source = sources_find(sources, event->control->source.hash);
    bool expected = source && source->state == SOURCE_JUDGED && source->question == event->control->id &&
                    mesh_address_equal(sources->authority.process, event->asker);
    sources->counters.late += !expected;
    return expected ? source : NULL;
}

void sources_on_validated(struct sources *sources, const struct sources_event *event) {
    const struct control_source *said = &event->control->source;
    struct source *source = answered(sources, event);
    if (source && said->flag) {
        sources_enter_read(sources, source);
    } else if (source) {
        sources_begin_transfer(sources, source, SOURCE_PLAIN, event->asker, said->number, said->size);
    }
}

void sources_on_refused(struct sources *sources, const struct sources_event *event) {
    struct source *source = answered(sources, event);
    char text[FRAME_TEXT_BYTES];
    if (source) {
        struct text_builder builder = text_builder(text, sizeof text);
        text_append(&builder, "the Source Authority refuses it: ");
        text_append_escaped(&builder, event->control->source.text);
        sources_fail(sources, source, MESH_REFUSED, text);
    }
}
