/* Loadable sources: what the sources core wants is done, and creates that need a source wait for it (J1 to J6).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/core/address.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/source_digest.h"
#include "proto/codec.h"
#include <stdlib.h>
#include <string.h>

/* A create as it came, packed. */
struct waiting_create {
    struct list_node place;
    uint64_t token, id;
    struct mesh_address sender;
    size_t bytes;
    uint8_t packed[];
};

enum mesh_status admin_open_sources(struct admin *admin, struct mesh_error *error) {
    struct sources_options options = {
        .limits = sources_limits_default,
        .incarnation = admin->incarnation,
        .accept = admin->config->accept_remote_sources,
        .members = convention_members(admin->convention),
        .digest = {source_digest_begin, source_digest_add, source_digest_end},
    };
    enum mesh_status status = codec_new(&admin->codec);
    if (status == MESH_OK) {
        status = sources_new(&admin->source_table, &options);
    }
    return status == MESH_OK ? MESH_OK : error_set(error, status, "no memory for the table of sources");
}

/* ---- creates that wait ---- */

static struct waiting_create *find_waiting(const struct admin *admin, uint64_t token) {
    LIST_EACH (&admin->waiting_creates, node, after) {
        struct waiting_create *waiting = LIST_OWNER(node, struct waiting_create, place);
        if (waiting->token == token) {
            return waiting;
        }
    }
    return NULL;
}

static void drop_waiting(struct waiting_create *waiting) {
    list_remove(&waiting->place);
    free(waiting);
}

static void keep(struct admin *admin, uint64_t token, struct mesh_address sender, const struct control *control) {
    struct bytes packed;
    struct waiting_create *waiting = NULL;
    if (control_encode(admin->codec, control, &packed) == MESH_OK) {
        waiting = malloc(sizeof *waiting + packed.size);
    }
    if (!waiting) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, control->create.address, "no memory for its create");
        return; /* who asked gives it up */
    }
    *waiting = (struct waiting_create){.token = token, .id = control->id, .sender = sender, .bytes = packed.size};
    memcpy(waiting->packed, packed.data, packed.size);
    list_push_back(&admin->waiting_creates, &waiting->place);
}

void admin_lose_waiting_creates(struct admin *admin, uint64_t lost) {
    LIST_EACH (&admin->waiting_creates, node, after) {
        struct waiting_create *waiting = LIST_OWNER(node, struct waiting_create, place);
        if (waiting->sender.node == lost) {
            drop_waiting(waiting);
        }
    }
}

/* Its source is here, or will not come. */
static void go_on(struct admin *admin, const struct sources_action *action) {
    struct waiting_create *waiting = find_waiting(admin, action->token);
    struct control control;
    if (!waiting || admin->stopping ||
        control_decode(admin->codec, bytes_make(waiting->packed, waiting->bytes), &control) != MESH_OK) {
        return;
    }
    struct mesh_address sender = waiting->sender;
    if (action->status == MESH_OK) {
        admin_create_from_source(admin, sender, &control);
    } else {
        struct found_type found = {.pool = "", .status = action->status, .why = action->text};
        admin_begin_create(admin, sender, &control, &found);
    }
    drop_waiting(waiting);
}

static void tell_arriving(struct admin *admin, const struct sources_action *action) {
    const struct waiting_create *waiting = find_waiting(admin, action->token);
    if (waiting) {
        struct control arriving = {.id = waiting->id, .kind = CONTROL_SOURCE};
        arriving.source = (struct control_source){.what = CONTROL_SOURCE_ARRIVING, .number = action->waited_ms};
        admin_send(admin, waiting->sender, &arriving);
    }
}

/* ---- performing the core ---- */

static void perform(struct admin *admin, const struct sources_action *action) {
    switch (action->kind) {
    case SOURCES_SEND:
        admin_send(admin, action->to, &action->control);
        return;
    case SOURCES_UNPACK:
        admin_unpack(admin, action);
        return;
    case SOURCES_UNLOADED:
        admin_unload(admin, action->hash, action->load);
        return;
    case SOURCES_CREATE:
        go_on(admin, action);
        return;
    case SOURCES_ARRIVING:
        tell_arriving(admin, action);
        return;
    case SOURCES_LOG:
        log_write(admin->log, MESH_LOG_INFO, NULL, (struct mesh_address){0}, "%s", action->text);
        return;
    }
}

static void perform_all(struct admin *admin) {
    struct sources_action action;
    while (sources_poll(admin->source_table, &action)) {
        perform(admin, &action);
    }
}

void admin_tell_sources(struct admin *admin, const struct sources_event *event) {
    if (!admin->source_table) {
        return; /* the node is still being made */
    }
    if (sources_step(admin->source_table, process_now(admin->process), event) != MESH_OK) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, event->asker, "the sources: no memory");
    }
    perform_all(admin);
}

/* That a create waits elsewhere is for whoever sent it there. */
void admin_on_source(struct admin *admin, struct mesh_address sender, const struct control *control) {
    if (control->kind == CONTROL_SOURCE && control->source.what == CONTROL_SOURCE_ARRIVING) {
        admin_tell_directory(admin,
                             &(struct directory_event){.kind = DIRECTORY_CONTROL, .asker = sender, .control = control});
        return;
    }
    admin_tell_sources(admin, &(struct sources_event){.kind = SOURCES_CONTROL, .asker = sender, .control = control});
}

void admin_bury_sources(struct admin *admin, const struct resident *resident) {
    struct mesh_address process = address_make(admin->incarnation, resident->slot, 0);
    admin_tell_sources(admin, &(struct sources_event){.kind = SOURCES_PROCESS_GONE, .asker = process});
}

uint64_t admin_tick_sources(struct admin *admin, uint64_t now_ns) {
    if (!admin->source_table) {
        return TIME_NEVER;
    }
    uint64_t loaded_ns = admin_tick_loaded(admin, now_ns);
    if (sources_deadline(admin->source_table) <= now_ns) {
        admin_tell_sources(admin, &(struct sources_event){.kind = SOURCES_TICK});
    }
    return time_min(loaded_ns, sources_deadline(admin->source_table));
}

void admin_free_sources(struct admin *admin) {
    LIST_EACH (&admin->waiting_creates, node, after) {
        drop_waiting(LIST_OWNER(node, struct waiting_create, place));
    }
    admin_free_loaded(admin);
    sources_destroy(&admin->source_table);
    codec_destroy(&admin->codec);
}

/* ---- creates ---- */

static void begin(struct admin *admin, struct mesh_address sender, const struct control *control,
                  const struct sources_answer *answer) {
    struct control named = *control;
    char why[FRAME_TEXT_BYTES], hash[SOURCE_HASH_TEXT];
    struct found_type found = {.pool = "", .status = answer->status, .why = answer->text};
    struct loaded *loaded = admin_loaded(admin, control->create.source, answer->load);
    if (answer->verdict == SOURCES_HERE && loaded) {
        found.type = types_find(loaded->types, control->create.type, bytes_make("", 0));
        named.create.source_load = answer->load;
        named.create.source_from = control->create.source_from ? control->create.source_from : admin->incarnation;
    }
    if (found.type && found.type->light) {
        found.pool = loaded->unpacked.path;
    } else if (answer->verdict == SOURCES_HERE && !found.type) {
        struct text_builder text = text_builder(why, sizeof why);
        text_append(&text, "source %.12s brings no actor type '", source_hash_print(control->create.source.data, hash));
        text_append_escaped(&text, control->create.type);
        text_append(&text, "'");
        found.status = MESH_UNKNOWN_TYPE;
        found.why = why;
    }
    if (named.create.source_unloaded < answer->unloaded) {
        named.create.source_unloaded = answer->unloaded;
    }
    admin_begin_create(admin, sender, &named, &found);
}

void admin_create_from_source(struct admin *admin, struct mesh_address sender, const struct control *control) {
    struct sources_answer answer;
    uint64_t asking = sender.node == admin->incarnation ? 0 : sender.node;
    uint64_t token = ++admin->last_token;
    sources_judge_create(admin->source_table, process_now(admin->process), &control->create, asking, token, &answer);
    if (answer.verdict == SOURCES_WAITS) {
        keep(admin, token, sender, control);
    } else {
        begin(admin, sender, control, &answer);
    }
    perform_all(admin);
}
