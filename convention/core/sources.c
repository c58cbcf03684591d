/* The table of sources, and what everybody who says something of them is given to.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/sources_state.h"
#include "mesh/base/check.h"
#include "mesh/core/bundle.h"
#include <stdlib.h>

#define OWN_ID (UINT64_C(1) << 63)

const struct sources_limits sources_limits_default = {
    .sources_max = 64,
    .known_max = 256,
    .bytes_max = BUNDLE_BYTES,
    .total_max = (size_t)256 * 1024 * 1024,
    .waits_max = 1024,
    .watchers_max = 256,
    .authority_ns = 30 * NS_PER_S,
    .silence_ns = 10 * NS_PER_S,
    .unload_ns = 5 * NS_PER_S,
    .arriving_ns = 1 * NS_PER_S,
};

/* ---- the table ---- */

struct source *sources_find(const struct sources *sources, struct bytes hash) {
    return hash.size == SOURCE_HASH_BYTES ? map_get(&sources->known, hash.data) : NULL;
}

size_t sources_count(const struct sources *sources) {
    size_t count = 0, place = 0;
    for (const struct source *source; (source = map_next(&sources->known, &place));) {
        count += source->state != SOURCE_NONE;
    }
    return count;
}

static void forget_one(struct sources *sources) {
    size_t place = 0;
    for (struct source *source; (source = map_next(&sources->known, &place));) {
        if (source->state == SOURCE_NONE) {
            source->unloaded = 0;
            sources_clear(sources, source);
            return;
        }
    }
}

struct source *sources_add(struct sources *sources, struct bytes hash) {
    struct source *source = sources_find(sources, hash);
    if (source) {
        return source;
    }
    if (map_size(&sources->known) == sources->options.limits.known_max) {
        forget_one(sources);
    }
    source = calloc(1, sizeof *source);
    if (!source || map_put(&sources->known, hash.data, source) != MESH_OK) {
        free(source);
        return NULL;
    }
    memcpy(source->hash, hash.data, sizeof source->hash);
    list_init(&source->suppliers);
    list_init(&source->creates);
    source->deadline_ns = source->told_ns = TIME_NEVER;
    return source;
}

static void free_blob(struct sources *sources, struct blob *blob) {
    sources->bytes -= blob->size;
    free(blob->data);
    *blob = (struct blob){0};
}

void sources_drop_plain(struct sources *sources, struct source *source) {
    free_blob(sources, &source->plain);
}

void sources_free_blobs(struct sources *sources, struct source *source) {
    free_blob(sources, &source->original);
    free_blob(sources, &source->plain);
}

void sources_clear(struct sources *sources, struct source *source) {
    sources_free_blobs(sources, source);
    source->state = SOURCE_NONE;
    source->transfer = (struct transfer){0};
    source->question = source->offered = source->plain_size = source->load = 0;
    source->deadline_ns = source->told_ns = TIME_NEVER;
    CHECK(list_is_empty(&source->suppliers) && list_is_empty(&source->creates));
    if (source->unloaded == 0) {
        (void)map_remove(&sources->known, source->hash);
        free(source);
    }
}

uint64_t sources_draw_id(struct sources *sources) {
    return OWN_ID | ++sources->last_id;
}

bool sources_is_own(uint64_t id) {
    return (id & OWN_ID) != 0;
}

/* ---- wants ---- */

struct sources_action *sources_want(struct sources *sources, enum sources_action_kind kind, const char *text) {
    struct want *want = calloc(1, sizeof *want);
    if (!want) {
        sources->no_memory = true;
        return NULL;
    }
    struct text_builder builder = text_builder(want->text, sizeof want->text);
    text_append(&builder, "%s", text);
    want->action = (struct sources_action){.kind = kind, .text = want->text, .hash = want->hash};
    list_push_back(&sources->wants, &want->place);
    return &want->action;
}

static void free_wants(struct list *wants) {
    for (struct list_node *node; (node = list_pop_front(wants));) {
        free(LIST_OWNER(node, struct want, place));
    }
}

void sources_set_hash(struct sources_action *action, const uint8_t hash[SOURCE_HASH_BYTES]) {
    memcpy(LIST_OWNER(action, struct want, action)->hash, hash, SOURCE_HASH_BYTES);
}

void sources_send(struct sources *sources, struct mesh_address to, uint64_t id, const struct control_source *said) {
    char text[FRAME_TEXT_BYTES];
    struct text_builder builder = text_builder(text, sizeof text);
    text_append(&builder, "%.*s", (int)said->text.size, said->text.size ? (const char *)said->text.data : "");
    struct sources_action *action = sources_want(sources, SOURCES_SEND, text);
    if (action) {
        action->to = to;
        action->control = (struct control){.id = id, .kind = CONTROL_SOURCE, .source = *said};
        action->control.source.text = bytes_of_text(action->text);
        if (said->hash.size > 0) {
            sources_set_hash(action, said->hash.data);
            action->control.source.hash = bytes_make(action->hash, SOURCE_HASH_BYTES);
        }
    }
}

void sources_answer_done(struct sources *sources, struct mesh_address to, uint64_t id, enum mesh_status status,
                         const char *text) {
    struct sources_action *action = sources_want(sources, SOURCES_SEND, text);
    if (action) {
        action->to = to;
        action->control = (struct control){.id = id, .kind = CONTROL_DONE};
        action->control.done.status = status;
        action->control.done.text = bytes_of_text(action->text);
    }
}

void sources_log(struct sources *sources, const struct source *source, const char *what, const char *text) {
    char line[FRAME_TEXT_BYTES], hash[SOURCE_HASH_TEXT];
    struct text_builder builder = text_builder(line, sizeof line);
    text_append(&builder, "source %.12s (%s) %s%s%s", source_hash_print(source->hash, hash), source->info, what,
                *text ? ": " : "", text);
    (void)sources_want(sources, SOURCES_LOG, line);
}

/* ---- watchers ---- */

static void tell_watcher(struct sources *sources, const struct watcher *watcher, const struct source *source,
                         bool loaded) {
    struct control_source update = {.what = CONTROL_SOURCE_UPDATE,
                                    .hash = bytes_make(source->hash, SOURCE_HASH_BYTES),
                                    .size = source->original.size,
                                    .load = source->load,
                                    .actor = watcher->actor,
                                    .flag = loaded,
                                    .text = bytes_of_text(source->info)};
    sources_send(sources, watcher->process, 0, &update);
}

void sources_notice(struct sources *sources, const struct source *source, bool loaded) {
    for (size_t i = 0; i < sources->watchers_count; i++) {
        tell_watcher(sources, &sources->watchers[i], source, loaded);
    }
}

static void remove_watchers(struct sources *sources, struct mesh_address actor, struct mesh_address process) {
    size_t kept = 0;
    for (size_t i = 0; i < sources->watchers_count; i++) {
        const struct watcher *watcher = &sources->watchers[i];
        if (!mesh_address_equal(watcher->actor, actor) && !mesh_address_equal(watcher->process, process)) {
            sources->watchers[kept++] = *watcher;
        }
    }
    sources->watchers_count = kept;
}

static bool is_watcher(const struct sources *sources, struct mesh_address actor) {
    for (size_t i = 0; i < sources->watchers_count; i++) {
        if (mesh_address_equal(sources->watchers[i].actor, actor)) {
            return true;
        }
    }
    return false;
}

void sources_on_watch(struct sources *sources, const struct sources_event *event) {
    const struct control_source *said = &event->control->source;
    if (!said->flag) {
        remove_watchers(sources, said->actor, (struct mesh_address){0});
        return;
    }
    if (is_watcher(sources, said->actor)) {
        return;
    }
    if (sources->watchers_count == sources->options.limits.watchers_max) {
        (void)sources_want(sources, SOURCES_LOG, "an actor is not told of sources: too many are");
        return;
    }
    struct watcher *watcher = &sources->watchers[sources->watchers_count++];
    *watcher = (struct watcher){said->actor, event->asker};
    size_t place = 0;
    for (const struct source *source; (source = map_next(&sources->known, &place));) {
        if (source->state == SOURCE_LOADED) {
            tell_watcher(sources, watcher, source, true);
        }
    }
}

/* ---- time ---- */

/* Whose create waits is told that it does, so that nobody gives it up (C2). */
static void tell_arriving(struct sources *sources, struct source *source) {
    if (list_is_empty(&source->creates)) {
        source->told_ns = TIME_NEVER;
        return;
    }
    LIST_EACH (&source->creates, node, after) {
        struct sources_action *action = sources_want(sources, SOURCES_ARRIVING, "");
        if (action) {
            action->token = LIST_OWNER(node, struct waiting_create, place)->token;
            action->waited_ms = sources->options.limits.arriving_ns / NS_PER_MS;
        }
    }
    source->told_ns = time_add(source->told_ns, sources->options.limits.arriving_ns);
}

static void expire(struct sources *sources, struct source *source) {
    source->deadline_ns = TIME_NEVER;
    if (source->state == SOURCE_JUDGED) {
        sources_fail(sources, source, MESH_TIMED_OUT, "the Source Authority has not answered in time");
    } else if (source->state == SOURCE_PLAIN && source->offered == 0) {
        sources_fail(sources, source, MESH_TIMED_OUT, "its plain bytes did not come from the Source Authority");
    } else {
        sources_next_supplier(sources, source, MESH_TIMED_OUT, "its bytes did not come");
    }
}

static void tick(struct sources *sources) {
    size_t place = 0;
    for (struct source *source; (source = map_next(&sources->known, &place));) {
        while (source->told_ns <= sources->now_ns) {
            tell_arriving(sources, source);
        }
        if (source->deadline_ns <= sources->now_ns) {
            expire(sources, source);
        }
    }
    sources_expire_unloadings(sources);
}

uint64_t sources_deadline(const struct sources *sources) {
    uint64_t least_ns = TIME_NEVER;
    size_t place = 0;
    for (const struct source *source; (source = map_next(&sources->known, &place));) {
        least_ns = time_min(least_ns, time_min(source->deadline_ns, source->told_ns));
    }
    LIST_EACH (&sources->unloadings, node, after) {
        least_ns = time_min(least_ns, LIST_OWNER(node, struct unloading, place)->deadline_ns);
    }
    return least_ns;
}

/* ---- what happened ---- */

/* What only an admin says, and what only a process of this node. */
static bool may_say(const struct sources *sources, struct mesh_address asker, enum control_source_what what) {
    bool own = asker.node == sources->options.incarnation, admin = !own && asker.local == 0;
    switch (what) {
    case CONTROL_SOURCE_LOAD:
    case CONTROL_SOURCE_VALIDATED:
    case CONTROL_SOURCE_REFUSED:
    case CONTROL_SOURCE_AUTHORITY:
    case CONTROL_SOURCE_WATCH:
        return own;
    case CONTROL_SOURCE_FETCH:
    case CONTROL_SOURCE_OFFER:
        return admin;
    case CONTROL_SOURCE_UNLOAD:
    case CONTROL_SOURCE_WANTED:
    case CONTROL_SOURCE_PART:
        return own || admin;
    case CONTROL_SOURCE_VALIDATE:
    case CONTROL_SOURCE_UPDATE:
    case CONTROL_SOURCE_ARRIVING:
        return false;
    }
    return false;
}

static void on_source(struct sources *sources, const struct sources_event *event) {
    enum control_source_what what = event->control->source.what;
    if (!may_say(sources, event->asker, what)) {
        sources->counters.late++;
        return;
    }
    switch (what) {
    case CONTROL_SOURCE_LOAD:
        sources_on_load(sources, event);
        return;
    case CONTROL_SOURCE_UNLOAD:
        sources_on_unload(sources, event);
        return;
    case CONTROL_SOURCE_FETCH:
        sources_on_fetch(sources, event);
        return;
    case CONTROL_SOURCE_OFFER:
        sources_on_offer(sources, event);
        return;
    case CONTROL_SOURCE_WANTED:
        sources_on_wanted(sources, event);
        return;
    case CONTROL_SOURCE_PART:
        sources_on_part(sources, event);
        return;
    case CONTROL_SOURCE_VALIDATED:
        sources_on_validated(sources, event);
        return;
    case CONTROL_SOURCE_REFUSED:
        sources_on_refused(sources, event);
        return;
    case CONTROL_SOURCE_AUTHORITY:
        sources_on_authority(sources, event);
        return;
    case CONTROL_SOURCE_WATCH:
        sources_on_watch(sources, event);
        return;
    case CONTROL_SOURCE_VALIDATE:
    case CONTROL_SOURCE_UPDATE:
    case CONTROL_SOURCE_ARRIVING:
        return;
    }
}

static void on_control(struct sources *sources, const struct sources_event *event) {
    if (event->control->kind == CONTROL_SOURCE) {
        on_source(sources, event);
    } else if (event->control->kind == CONTROL_DONE) {
        sources_on_fetch_failed(sources, event);
        sources_on_unload_done(sources, event);
    }
}

static void on_process_gone(struct sources *sources, struct mesh_address process) {
    remove_watchers(sources, (struct mesh_address){0}, process);
    sources_lose_authority(sources, process);
    sources_lose_suppliers(sources, process);
}

static void on_leader(struct sources *sources, uint64_t leader) {
    if (leader != sources->leader && leader != 0 && leader != sources->options.incarnation) {
        sources_tell_unloaded(sources, leader);
    }
    sources->leader = leader;
}

enum mesh_status sources_step(struct sources *sources, uint64_t now_ns, const struct sources_event *event) {
    free_wants(&sources->given);
    sources->now_ns = now_ns;
    sources->no_memory = false;
    switch (event->kind) {
    case SOURCES_CONTROL:
        on_control(sources, event);
        break;
    case SOURCES_READ:
        sources_on_read(sources, event);
        break;
    case SOURCES_PROCESS_GONE:
        on_process_gone(sources, event->asker);
        break;
    case SOURCES_MEMBER_ADDED:
        if (sources->leader == sources->options.incarnation && event->admin != sources->leader) {
            sources_tell_unloaded(sources, event->admin);
        }
        break;
    case SOURCES_MEMBER_LOST:
        sources_lose_suppliers(sources, sources_admin(event->admin));
        sources_lose_unloadings(sources, event->admin);
        break;
    case SOURCES_LEADER:
        on_leader(sources, event->admin);
        break;
    case SOURCES_TICK:
        break;
    }
    tick(sources);
    return sources->no_memory ? MESH_NO_MEMORY : MESH_OK;
}

bool sources_poll(struct sources *sources, struct sources_action *out) {
    struct list_node *node = list_pop_front(&sources->wants);
    if (!node) {
        return false;
    }
    list_push_back(&sources->given, node);
    *out = LIST_OWNER(node, struct want, place)->action;
    return true;
}

/* ---- what is to be seen ---- */

const struct sources_counters *sources_counters(const struct sources *sources) {
    return &sources->counters;
}

bool sources_next(const struct sources *sources, size_t *place, struct sources_view *out) {
    static const char *const names[] = {
        [SOURCE_NONE] = "",         [SOURCE_OFFERED] = "arriving", [SOURCE_ARRIVING] = "arriving",
        [SOURCE_JUDGED] = "judged", [SOURCE_PLAIN] = "arriving",   [SOURCE_READ] = "being read",
        [SOURCE_LOADED] = "loaded",
    };
    for (const struct source *source; (source = map_next(&sources->known, place));) {
        if (source->state != SOURCE_NONE) {
            *out = (struct sources_view){source->hash, source->info, names[source->state], source->original.size,
                                         source->load};
            return true;
        }
    }
    return false;
}

/* ---- life ---- */

enum mesh_status sources_new(struct sources **out, const struct sources_options *options) {
    struct sources *sources = calloc(1, sizeof *sources);
    struct watcher *watchers = calloc(options->limits.watchers_max, sizeof *watchers);
    if (!sources || !watchers) {
        free(sources);
        free(watchers);
        return MESH_NO_MEMORY;
    }
    sources->options = *options;
    sources->watchers = watchers;
    map_init(&sources->known, SOURCE_HASH_BYTES, options->limits.known_max, options->incarnation);
    list_init(&sources->unloadings);
    list_init(&sources->wants);
    list_init(&sources->given);
    *out = sources;
    return MESH_OK;
}

static void destroy_source(struct sources *sources, struct source *source) {
    for (struct list_node *node; (node = list_pop_front(&source->suppliers));) {
        free(LIST_OWNER(node, struct supplier, place));
    }
    for (struct list_node *node; (node = list_pop_front(&source->creates));) {
        free(LIST_OWNER(node, struct waiting_create, place));
    }
    sources_free_blobs(sources, source);
    free(source);
}

void sources_destroy(struct sources **destroyed) {
    struct sources *sources = *destroyed;
    if (!sources) {
        return;
    }
    size_t place = 0;
    for (struct source *source; (source = map_next(&sources->known, &place));) {
        destroy_source(sources, source);
    }
    for (struct list_node *node; (node = list_pop_front(&sources->unloadings));) {
        free(LIST_OWNER(node, struct unloading, place));
    }
    free_wants(&sources->wants);
    free_wants(&sources->given);
    map_fini(&sources->known);
    free(sources->watchers);
    free(sources);
    *destroyed = NULL;
}
