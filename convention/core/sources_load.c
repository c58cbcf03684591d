/* How sources come: from whom their bytes are taken, and what is done with them when they are all there (J1, J4).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/sources_state.h"
#include "mesh/core/address.h"
#include "mesh/core/bundle.h"
#include <stdlib.h>

static void begin(struct sources *sources, struct source *source);

static struct bytes hash_of(const struct source *source) {
    return bytes_make(source->hash, SOURCE_HASH_BYTES);
}

static struct supplier *first_supplier(const struct source *source) {
    struct list_node *node = list_front(&source->suppliers);
    return node ? LIST_OWNER(node, struct supplier, place) : NULL;
}

/* ---- ends ---- */

static void remove_supplier(struct sources *sources, struct supplier *supplier) {
    list_remove(&supplier->place);
    free(supplier);
    sources->waits--;
}

/* Who loads it hears; an admin was only asked. */
static void answer_supplier(struct sources *sources, const struct supplier *supplier, enum mesh_status status,
                            const char *text) {
    if (!supplier_is_admin(sources, supplier)) {
        sources_answer_done(sources, supplier->process, supplier->id, status, text);
    }
}

static void answer_suppliers(struct sources *sources, struct source *source, enum mesh_status status,
                             const char *text) {
    for (struct supplier *supplier; (supplier = first_supplier(source));) {
        answer_supplier(sources, supplier, status, text);
        remove_supplier(sources, supplier);
    }
}

static void release_creates(struct sources *sources, struct source *source, enum mesh_status status, const char *text) {
    for (struct list_node *node; (node = list_pop_front(&source->creates));) {
        struct waiting_create *waiting = LIST_OWNER(node, struct waiting_create, place);
        struct sources_action *action = sources_want(sources, SOURCES_CREATE, text);
        if (action) {
            action->token = waiting->token;
            action->status = status;
        }
        free(waiting);
        sources->waits--;
    }
    source->told_ns = TIME_NEVER;
}

/* The text that says why goes along with what is freed. */
void sources_fail(struct sources *sources, struct source *source, enum mesh_status status, const char *text) {
    sources->counters.refused++;
    sources_log(sources, source, "is refused", text);
    answer_suppliers(sources, source, status, text);
    release_creates(sources, source, MESH_UNKNOWN_SOURCE, text);
    sources_clear(sources, source);
}

void sources_next_supplier(struct sources *sources, struct source *source, enum mesh_status status, const char *text) {
    struct supplier *supplier = first_supplier(source);
    if (supplier && supplier->place.next == &source->suppliers.ends) {
        sources_fail(sources, source, status, text); /* it was the last one */
        return;
    }
    if (supplier) {
        answer_supplier(sources, supplier, status, text);
        remove_supplier(sources, supplier);
    }
    sources_free_blobs(sources, source);
    source->offered = source->plain_size = source->question = 0;
    begin(sources, source);
}

/* ---- bytes ---- */

static struct blob *blob_of(struct source *source) {
    return source->state == SOURCE_PLAIN ? &source->plain : &source->original;
}

static void ask_on(struct sources *sources, struct source *source) {
    struct transfer *transfer = &source->transfer;
    const struct blob *blob = blob_of(source);
    while (transfer->asked < blob->size &&
           transfer->asked - transfer->received < (uint64_t)SOURCES_PARTS * CONTROL_PART_BYTES) {
        struct control_source wanted = {.what = CONTROL_SOURCE_WANTED,
                                        .hash = hash_of(source),
                                        .offset = transfer->asked,
                                        .flag = source->state == SOURCE_PLAIN};
        sources_send(sources, transfer->from, transfer->id, &wanted);
        transfer->asked += CONTROL_PART_BYTES;
    }
}

void sources_begin_transfer(struct sources *sources, struct source *source, enum source_state state,
                            struct mesh_address from, uint64_t id, uint64_t size) {
    const struct sources_limits *limits = &sources->options.limits;
    if (size == 0 || size > limits->bytes_max) {
        sources_next_supplier(sources, source, MESH_TOO_LARGE, "it is empty, or larger than a source may be");
        return;
    }
    if (size > limits->total_max - sources->bytes) {
        sources_next_supplier(sources, source, MESH_FULL, "all sources of this node would be larger than they may be");
        return;
    }
    source->state = state;
    struct blob *blob = blob_of(source);
    blob->data = malloc(size);
    if (!blob->data) {
        sources_next_supplier(sources, source, MESH_NO_MEMORY, "there is no memory for its bytes");
        return;
    }
    blob->size = size;
    sources->bytes += size;
    source->transfer = (struct transfer){.from = from, .id = id};
    sources->options.digest.begin(&source->transfer.hashing);
    source->deadline_ns = time_add(sources->now_ns, limits->silence_ns);
    ask_on(sources, source);
}

/* Whose turn it is. */
static void begin(struct sources *sources, struct source *source) {
    struct supplier *supplier = first_supplier(source);
    if (supplier_is_admin(sources, supplier)) {
        struct control_source fetch = {.what = CONTROL_SOURCE_FETCH, .hash = hash_of(source)};
        source->state = SOURCE_OFFERED;
        source->deadline_ns = time_add(sources->now_ns, sources->options.limits.silence_ns);
        sources_send(sources, supplier->process, supplier->id, &fetch);
        return;
    }
    memcpy(source->info, supplier->info, sizeof source->info);
    if (mesh_address_is_none(sources->authority.actor)) {
        sources_next_supplier(sources, source, MESH_REFUSED,
                              "this node has no Source Authority, and without one it loads nothing");
        return;
    }
    sources_begin_transfer(sources, source, SOURCE_ARRIVING, supplier->process, supplier->id, supplier->size);
}

static bool is_genuine(const struct sources *sources, struct source *source) {
    uint8_t hash[SOURCE_HASH_BYTES];
    sources->options.digest.end(&source->transfer.hashing, hash);
    return memcmp(hash, source->hash, sizeof hash) == 0;
}

/* What came from another node was judged there; this node's own Authority sees what it saw (J4). */
static void on_original(struct sources *sources, struct source *source) {
    if (!is_genuine(sources, source)) {
        sources_next_supplier(sources, source, MESH_PROTOCOL, "its bytes have another hash than was said");
    } else if (!mesh_address_is_none(sources->authority.actor)) {
        sources_ask_authority(sources, source);
    } else if (source->offered == 0) {
        sources_fail(sources, source, MESH_REFUSED, "the Source Authority has ended before it was asked");
    } else if (source->plain_size > 0) {
        sources_begin_transfer(sources, source, SOURCE_PLAIN, source->transfer.from, source->transfer.id,
                               source->plain_size);
    } else {
        sources_enter_read(sources, source);
    }
}

void sources_enter_read(struct sources *sources, struct source *source) {
    const struct blob *blob = source->plain.data ? &source->plain : &source->original;
    struct bytes plain = bytes_make(blob->data, blob->size);
    struct bundle bundle;
    const char *fault = bundle_parse(&bundle, plain);
    if (fault) {
        sources_fail(sources, source, MESH_LOAD_FAILED, fault);
        return;
    }
    uint64_t highest = source->highest > source->unloaded ? source->highest : source->unloaded;
    source->load = source->offered ? source->offered : highest + 1;
    source->highest = source->load > highest ? source->load : highest;
    source->state = SOURCE_READ;
    source->deadline_ns = TIME_NEVER;
    struct sources_action *action = sources_want(sources, SOURCES_UNPACK, source->info);
    if (!action) {
        sources_fail(sources, source, MESH_NO_MEMORY, mesh_status_text(MESH_NO_MEMORY));
        return;
    }
    action->hash = source->hash;
    action->load = source->load;
    action->plain = plain;
}

void sources_on_part(struct sources *sources, const struct sources_event *event) {
    const struct control_source *part = &event->control->source;
    struct source *source = sources_find(sources, part->hash);
    bool wanted = source && (source->state == SOURCE_ARRIVING || source->state == SOURCE_PLAIN) &&
                  mesh_address_equal(source->transfer.from, event->asker) &&
                  source->transfer.id == event->control->id && source->transfer.received == part->offset;
    if (!wanted) {
        sources->counters.late++;
        return;
    }
    struct blob *blob = blob_of(source);
    struct transfer *transfer = &source->transfer;
    if (part->data.size != size_min(CONTROL_PART_BYTES, blob->size - transfer->received)) {
        sources_next_supplier(sources, source, MESH_PROTOCOL, "a part of it has another size than was asked for");
        return;
    }
    memcpy(blob->data + transfer->received, part->data.data, part->data.size);
    if (source->state == SOURCE_ARRIVING) {
        sources->options.digest.add(&transfer->hashing, part->data);
    }
    transfer->received += part->data.size;
    source->deadline_ns = time_add(sources->now_ns, sources->options.limits.silence_ns);
    if (transfer->received < blob->size) {
        ask_on(sources, source);
    } else if (source->state == SOURCE_PLAIN) {
        sources_enter_read(sources, source);
    } else {
        on_original(sources, source);
    }
}

/* Others are given bytes that are complete; the Authority, those that it judges. */
void sources_on_wanted(struct sources *sources, const struct sources_event *event) {
    const struct control_source *wanted = &event->control->source;
    const struct source *source = sources_find(sources, wanted->hash);
    bool judged = source && source->state == SOURCE_JUDGED && !wanted->flag &&
                  mesh_address_equal(event->asker, sources->authority.process);
    const struct blob *blob = !source ? NULL : wanted->flag && source->plain.data ? &source->plain : &source->original;
    if (!blob || (!judged && source->state != SOURCE_LOADED) || wanted->offset >= blob->size) {
        sources_answer_done(sources, event->asker, event->control->id, MESH_NOT_FOUND,
                            "the source is not here any more");
        return;
    }
    struct control_source part = {.what = CONTROL_SOURCE_PART, .hash = hash_of(source), .offset = wanted->offset};
    part.data = bytes_make(blob->data + wanted->offset, size_min(CONTROL_PART_BYTES, blob->size - wanted->offset));
    sources_send(sources, event->asker, event->control->id, &part);
}

/* ---- reading ---- */

static void enter_loaded(struct sources *sources, struct source *source) {
    source->state = SOURCE_LOADED;
    source->deadline_ns = TIME_NEVER;
    sources->counters.loaded++;
    sources->counters.fetched += source->offered != 0;
    sources_log(sources, source, "is loaded", "");
    sources_notice(sources, source, true);
    answer_suppliers(sources, source, MESH_OK, "");
    release_creates(sources, source, MESH_OK, "");
}

void sources_on_read(struct sources *sources, const struct sources_event *event) {
    struct source *source = sources_find(sources, bytes_make(event->hash, SOURCE_HASH_BYTES));
    char text[FRAME_TEXT_BYTES];
    if (!source || source->state != SOURCE_READ || source->load != event->load) {
        sources->counters.late++;
        return;
    }
    if (event->status == MESH_OK) {
        enter_loaded(sources, source);
        return;
    }
    struct text_builder builder = text_builder(text, sizeof text);
    text_append(&builder, "%.*s", (int)event->text.size, (const char *)event->text.data);
    sources_fail(sources, source, event->status, text);
}

/* ---- who has it ---- */

static struct supplier *add_supplier(struct sources *sources, struct source *source, struct mesh_address process,
                                     uint64_t id) {
    struct supplier *supplier = sources->waits < sources->options.limits.waits_max ? calloc(1, sizeof *supplier) : NULL;
    if (supplier) {
        supplier->process = process;
        supplier->id = id;
        list_push_back(&source->suppliers, &supplier->place);
        sources->waits++;
    }
    return supplier;
}

static bool has_room_for(const struct sources *sources, const struct source *source) {
    return (source && source->state != SOURCE_NONE) || sources_count(sources) < sources->options.limits.sources_max;
}

void sources_on_load(struct sources *sources, const struct sources_event *event) {
    const struct control_source *said = &event->control->source;
    struct source *source = sources_find(sources, said->hash);
    if (source && source->state == SOURCE_LOADED) {
        sources_answer_done(sources, event->asker, event->control->id, MESH_OK, "");
        return;
    }
    source = has_room_for(sources, source) ? sources_add(sources, said->hash) : NULL;
    struct supplier *supplier = source ? add_supplier(sources, source, event->asker, event->control->id) : NULL;
    if (!supplier) {
        sources_answer_done(sources, event->asker, event->control->id, MESH_FULL,
                            "this node has as many sources as it may have: unload one");
        if (source && source->state == SOURCE_NONE) {
            sources_clear(sources, source);
        }
        return;
    }
    supplier->size = said->size;
    struct text_builder info = text_builder(supplier->info, sizeof supplier->info);
    text_append_escaped(&info, said->text);
    if (source->state == SOURCE_NONE) {
        begin(sources, source);
    }
}

/* Another admin needs it. */
void sources_on_fetch(struct sources *sources, const struct sources_event *event) {
    const struct source *source = sources_find(sources, event->control->source.hash);
    if (!source || source->state != SOURCE_LOADED) {
        sources_answer_done(sources, event->asker, event->control->id, MESH_UNKNOWN_SOURCE,
                            "the node that was to have it has it not");
        return;
    }
    struct control_source offer = {.what = CONTROL_SOURCE_OFFER,
                                   .hash = hash_of(source),
                                   .size = source->original.size,
                                   .load = source->load,
                                   .number = source->plain.size,
                                   .text = bytes_of_text(source->info)};
    sources_send(sources, event->asker, event->control->id, &offer);
}

static struct source *asked_of(struct sources *sources, struct source *source, const struct sources_event *event) {
    const struct supplier *supplier = source ? first_supplier(source) : NULL;
    bool expected =
        supplier && supplier_is_admin(sources, supplier) && supplier->id == event->control->id &&
        mesh_address_equal(supplier->process, event->asker) &&
        (source->state == SOURCE_OFFERED || source->state == SOURCE_ARRIVING || source->state == SOURCE_PLAIN);
    return expected ? source : NULL;
}

void sources_on_offer(struct sources *sources, const struct sources_event *event) {
    const struct control_source *offer = &event->control->source;
    struct source *source = asked_of(sources, sources_find(sources, offer->hash), event);
    if (!source || source->state != SOURCE_OFFERED) {
        sources->counters.late++;
        return;
    }
    if (offer->load <= source->unloaded) {
        sources_next_supplier(sources, source, MESH_UNKNOWN_SOURCE, "it is unloaded");
        return;
    }
    source->offered = offer->load;
    source->plain_size = offer->number;
    struct text_builder info = text_builder(source->info, sizeof source->info);
    text_append_escaped(&info, offer->text);
    sources_begin_transfer(sources, source, SOURCE_ARRIVING, event->asker, event->control->id, offer->size);
}

void sources_on_fetch_failed(struct sources *sources, const struct sources_event *event) {
    size_t place = 0;
    char text[FRAME_TEXT_BYTES];
    for (struct source *source; (source = map_next(&sources->known, &place));) {
        if (asked_of(sources, source, event)) {
            struct text_builder builder = text_builder(text, sizeof text);
            text_append(&builder, "%.*s", (int)event->control->done.text.size,
                        (const char *)event->control->done.text.data);
            sources_next_supplier(sources, source, MESH_UNKNOWN_SOURCE, text);
            return;
        }
    }
}

/* Those that wait are just taken away; without the present one the next one's turn comes, if it still needs it. */
static void lose_suppliers_of(struct sources *sources, struct source *source, struct mesh_address process) {
    struct supplier *first = first_supplier(source);
    if (!first) {
        return;
    }
    bool present = mesh_address_equal(first->process, process);
    LIST_EACH (&source->suppliers, node, after) {
        struct supplier *supplier = LIST_OWNER(node, struct supplier, place);
        if (supplier != first && mesh_address_equal(supplier->process, process)) {
            remove_supplier(sources, supplier);
        }
    }
    bool complete = source->state == SOURCE_JUDGED || source->state == SOURCE_READ ||
                    (source->state == SOURCE_PLAIN && source->offered == 0);
    if (present && !complete) {
        sources_next_supplier(sources, source, MESH_UNREACHABLE, "who had it is gone");
    }
}

void sources_lose_suppliers(struct sources *sources, struct mesh_address process) {
    size_t place = 0;
    for (struct source *source; (source = map_next(&sources->known, &place));) {
        lose_suppliers_of(sources, source, process);
    }
}

/* ---- creates ---- */

static void lack(struct sources_answer *out, const struct control_create *create, const char *why) {
    char hash[SOURCE_HASH_TEXT];
    struct text_builder text = text_builder(out->text, sizeof out->text);
    out->verdict = SOURCES_LACKING;
    out->status = MESH_UNKNOWN_SOURCE;
    text_append(&text, "source %.12s is not loaded: %s", source_hash_print(create->source.data, hash), why);
}

/* The admin from which this one may have it; 0, and why, when there is none. */
static uint64_t choose_supplier(const struct sources *sources, const struct control_create *create, uint64_t asker,
                                const char **why) {
    uint64_t self = sources->options.incarnation;
    uint64_t named = create->source_from && create->source_from != self ? create->source_from : asker;
    *why = "nobody has loaded it here";
    if (asker == 0 || sources->options.accept == SOURCES_FROM_NOBODY) {
        *why = asker ? "this node accepts no sources of others (accept_remote_sources)" : *why;
        return 0;
    }
    if (sources->options.accept == SOURCES_FROM_LEADER) {
        named = sources->leader == self ? 0 : sources->leader;
        *why = "this node accepts sources of its leader alone (accept_remote_sources)";
    }
    if (named && !members_find(sources->options.members, named)) {
        *why = "who has it is not in the convention";
        return 0;
    }
    return named;
}

static bool is_asked(const struct source *source, uint64_t admin) {
    LIST_EACH (&source->suppliers, node, after) {
        if (mesh_address_equal(LIST_OWNER(node, struct supplier, place)->process, sources_admin(admin))) {
            return true;
        }
    }
    return false;
}

static bool wait_for(struct sources *sources, struct source *source, uint64_t admin, uint64_t token) {
    struct waiting_create *waiting =
        sources->waits + 2 <= sources->options.limits.waits_max ? calloc(1, sizeof *waiting) : NULL;
    bool asked = waiting && (is_asked(source, admin) ||
                             add_supplier(sources, source, sources_admin(admin), sources_draw_id(sources)));
    if (!asked) {
        free(waiting);
        return false;
    }
    waiting->token = token;
    list_push_back(&source->creates, &waiting->place);
    sources->waits++;
    if (source->told_ns == TIME_NEVER) {
        source->told_ns = time_add(sources->now_ns, sources->options.limits.arriving_ns);
    }
    if (source->state == SOURCE_NONE) {
        begin(sources, source);
    }
    return true;
}

/* A create that knows of a later unload than this node is how it hears of that (J5). */
void sources_judge_create(struct sources *sources, uint64_t now_ns, const struct control_create *create, uint64_t admin,
                          uint64_t token, struct sources_answer *out) {
    const char *why;
    struct source *source = sources_find(sources, create->source);
    sources->now_ns = now_ns;
    *out = (struct sources_answer){.verdict = SOURCES_HERE};
    if (create->source_unloaded > 0 && (source = sources_add(sources, create->source))) {
        sources_learn_unloaded(sources, source, create->source_unloaded);
    }
    out->unloaded = source ? source->unloaded : create->source_unloaded;
    if (source && source->state == SOURCE_LOADED) {
        out->load = source->load;
        return;
    }
    if (source && create->source_load > 0 && create->source_load <= source->unloaded) {
        lack(out, create, "it is unloaded");
        return;
    }
    uint64_t supplier = choose_supplier(sources, create, admin, &why);
    if (!supplier) {
        lack(out, create, why);
        return;
    }
    source = has_room_for(sources, source) ? sources_add(sources, create->source) : NULL;
    if (source && wait_for(sources, source, supplier, token)) {
        out->verdict = SOURCES_WAITS;
        return;
    }
    lack(out, create, "this node has as many sources as it may have");
    if (source && source->state == SOURCE_NONE) {
        sources_clear(sources, source);
    }
}
