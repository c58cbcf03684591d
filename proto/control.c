/* Control messages to the wire and back. What has lists in lists, and what would make this too long, has files of its own.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "proto/control.h"
#include "mesh/base/check.h"
#include "proto/control_convention.h"
#include "proto/control_dead_letter.h"
#include "proto/control_log.h"
#include "proto/control_names.h"
#include "proto/control_place.h"
#include "proto/control_source.h"
#include "proto/control_status.h"

/* ---- to the wire ---- */

static bool put_create(struct arena *arena, const struct control_create *create, Mesh__Wire__Create *out) {
    uint64_t *refused = codec_array(arena, create->refused_count, sizeof *refused);
    mesh__wire__create__init(out);
    if (!refused) {
        return false;
    }
    for (size_t i = 0; i < create->refused_count; i++) {
        refused[i] = create->refused_by[i];
    }
    out->node = create->address.node;
    out->local = create->address.local;
    out->parent_node = create->parent.node;
    out->parent_local = create->parent.local;
    out->type = codec_text(arena, create->type);
    out->program = codec_text(arena, create->program);
    out->refusal = codec_text(arena, create->refusal);
    out->status = (uint32_t)create->status;
    out->on_failure = (Mesh__Wire__OnFailure)create->supervision.on_failure;
    out->restarts_max = create->supervision.restarts_max;
    out->restarts_within_ms = create->supervision.within_ms;
    out->detached = create->detached;
    out->name = codec_text(arena, create->name);
    out->name_epoch = create->name_epoch;
    out->n_refused_by = create->refused_count;
    out->refused_by = refused;
    out->n_requirements = create->requirements_count;
    out->creators = (uint32_t)create->creators_count;
    out->source.data = (uint8_t *)(uintptr_t)create->source.data; /* is not written to */
    out->source.len = create->source.size;
    out->source_load = create->source_load;
    out->source_unloaded = create->source_unloaded;
    out->source_from = create->source_from;
    return out->type && out->program && out->refusal && out->name &&
           codec_put_requirements(arena, create->requirements, create->requirements_count, &out->requirements);
}

static bool put_created(struct arena *arena, const struct control_created *created, Mesh__Wire__Created *out) {
    mesh__wire__created__init(out);
    out->node = created->address.node;
    out->local = created->address.local;
    out->process = created->process;
    out->admin = created->admin;
    out->endpoint = codec_text(arena, created->endpoint);
    out->detached = created->detached;
    return out->endpoint;
}

static bool put_create_failed(struct arena *arena, const struct control_create_failed *failed,
                              Mesh__Wire__CreateFailed *out) {
    mesh__wire__create_failed__init(out);
    out->node = failed->address.node;
    out->local = failed->address.local;
    out->status = (uint32_t)failed->status;
    out->text = codec_text(arena, failed->text);
    return out->text;
}

static bool put_exited(struct arena *arena, const struct control_exited *exited, Mesh__Wire__Exited *out) {
    mesh__wire__exited__init(out);
    out->node = exited->address.node;
    out->local = exited->address.local;
    out->how = (Mesh__Wire__How)exited->how;
    out->number = exited->number;
    out->text = codec_text(arena, exited->text);
    out->failed = exited->failed;
    out->escalates = exited->escalates;
    out->alone = exited->alone;
    return out->text;
}

static bool put_types(struct arena *arena, const struct control_types *types, Mesh__Wire__Types *out) {
    Mesh__Wire__TypeEntry *items = codec_array(arena, types->count, sizeof *items);
    mesh__wire__types__init(out);
    out->program = codec_text(arena, types->program);
    out->types = codec_array(arena, types->count, sizeof *out->types);
    if (!items || !out->program || !out->types) {
        return false;
    }
    for (size_t i = 0; i < types->count; i++) {
        mesh__wire__type_entry__init(&items[i]);
        items[i].name = codec_text(arena, types->types[i].name);
        items[i].light = types->types[i].light;
        items[i].n_requirements = types->types[i].requirements_count;
        out->types[out->n_types++] = &items[i];
        if (!items[i].name || !codec_put_requirements(arena, types->types[i].requirements,
                                                      types->types[i].requirements_count, &items[i].requirements)) {
            return false;
        }
    }
    return true;
}

static bool put_done(struct arena *arena, enum mesh_status status, struct bytes text, Mesh__Wire__Done *out) {
    mesh__wire__done__init(out);
    out->status = (uint32_t)status;
    out->text = codec_text(arena, text);
    return out->text;
}

static bool put_status_request(struct arena *arena, const struct control_status_request *request,
                               Mesh__Wire__StatusRequest *out) {
    mesh__wire__status_request__init(out);
    out->whole_convention = request->whole_convention;
    out->node = request->address.node;
    out->local = request->address.local;
    out->hops = request->hops;
    out->brief = request->brief;
    out->name = codec_text(arena, request->name);
    return out->name;
}

static bool put_shutdown(uint32_t timeout_ms, Mesh__Wire__Shutdown *out) {
    mesh__wire__shutdown__init(out);
    out->timeout_ms = timeout_ms;
    return true;
}

static bool put_kill(struct mesh_address address, Mesh__Wire__Kill *out) {
    mesh__wire__kill__init(out);
    out->node = address.node;
    out->local = address.local;
    return true;
}

/* Takes memory for a body, notes it as the message's, and gives it to the conversion. */
#define PUT(CASE, member, converted)                                                                                   \
    {                                                                                                                  \
        out->body_case = MESH__WIRE__CONTROL__BODY_##CASE;                                                             \
        out->member = arena_take(arena, sizeof *out->member);                                                          \
        return out->member && (converted);                                                                             \
    }

static bool put_names(struct arena *arena, const struct control *control, Mesh__Wire__Control *out) {
    if (control->kind == CONTROL_NAME_REQUEST) {
        PUT(NAME_REQUEST, name_request, control_put_name_request(arena, &control->name_request, out->name_request))
    }
    if (control->kind == CONTROL_NAME_GRANT) {
        PUT(NAME_GRANT, name_grant, control_put_name_grant(arena, &control->name_grant, out->name_grant))
    }
    if (control->kind == CONTROL_NAMES_HELD) {
        PUT(NAMES_HELD, names_held, control_put_names_held(arena, &control->names_held, out->names_held))
    }
    if (control->kind == CONTROL_NAME_FREED) {
        PUT(NAME_FREED, name_freed, control_put_name_freed(arena, &control->name_freed, out->name_freed))
    }
    if (control->kind == CONTROL_NAMES_WANTED) {
        PUT(NAMES_WANTED, names_wanted,
            (mesh__wire__names_wanted__init(out->names_wanted), out->names_wanted->epoch = control->names_wanted.epoch,
             true))
    }
    PUT(NAME_TAKEN, name_taken, control_put_name_taken(arena, &control->name_taken, out->name_taken))
}

static bool put_log(struct arena *arena, const struct control *control, Mesh__Wire__Control *out) {
    if (control->kind == CONTROL_LOG_LINES) {
        PUT(LOG_LINES, log_lines, control_put_log_lines(arena, &control->log_lines, out->log_lines))
    }
    if (control->kind == CONTROL_LOG_REQUEST) {
        PUT(LOG_REQUEST, log_request, control_put_log_request(arena, &control->log_request, out->log_request))
    }
    PUT(LOG_REPLY, log_reply, control_put_log_reply(arena, &control->log_reply, out->log_reply))
}

/* It says no more than its kind. */
static bool put_bare(struct arena *arena, const struct control *control, Mesh__Wire__Control *out) {
    if (control->kind == CONTROL_KEYS_CHANGED) {
        PUT(KEYS_CHANGED, keys_changed, (mesh__wire__keys_changed__init(out->keys_changed), true))
    }
    PUT(MET, met, (mesh__wire__met__init(out->met), true))
}

static bool put_body(struct arena *arena, const struct control *control, Mesh__Wire__Control *out) {
    switch (control->kind) {
    case CONTROL_CREATE:
        PUT(CREATE, create, put_create(arena, &control->create, out->create))
    case CONTROL_CREATED:
        PUT(CREATED, created, put_created(arena, &control->created, out->created))
    case CONTROL_CREATE_FAILED:
        PUT(CREATE_FAILED, create_failed, put_create_failed(arena, &control->create_failed, out->create_failed))
    case CONTROL_RESOLVE:
        PUT(RESOLVE, resolve, control_put_resolve(arena, &control->resolve, out->resolve))
    case CONTROL_RESOLVED:
        PUT(RESOLVED, resolved, control_put_resolved(arena, &control->resolved, out->resolved))
    case CONTROL_GONE:
        PUT(GONE, gone, control_put_gone(arena, &control->gone, out->gone))
    case CONTROL_EXITED:
        PUT(EXITED, exited, put_exited(arena, &control->exited, out->exited))
    case CONTROL_STATUS_REQUEST:
        PUT(STATUS_REQUEST, status_request, put_status_request(arena, &control->status_request, out->status_request))
    case CONTROL_STATUS_REPLY:
        PUT(STATUS_REPLY, status_reply, control_put_status(arena, &control->status_reply, out->status_reply))
    case CONTROL_SHUTDOWN:
        PUT(SHUTDOWN, shutdown, put_shutdown(control->shutdown.timeout_ms, out->shutdown))
    case CONTROL_PROGRAM_TYPES:
        PUT(TYPES, types, put_types(arena, &control->types, out->types))
    case CONTROL_KILL:
        PUT(KILL, kill, put_kill(control->kill.address, out->kill))
    case CONTROL_DONE:
        PUT(DONE, done, put_done(arena, control->done.status, control->done.text, out->done))
    case CONTROL_DEAD_LETTER_HANDLER:
        PUT(DEAD_LETTER_HANDLER, dead_letter_handler,
            control_put_dead_letter_handler(&control->dead_letter_handler, out->dead_letter_handler))
    case CONTROL_DEAD_LETTER:
        PUT(DEAD_LETTER, dead_letter, control_put_dead_letter(arena, &control->dead_letter, out->dead_letter))
    case CONTROL_ACTOR_REPORT:
        PUT(ACTOR_REPORT, actor_report, control_put_actor_report(arena, &control->actor_report, out->actor_report))
    case CONTROL_PREREGISTER:
        PUT(PREREGISTER, preregister, control_put_preregister(arena, &control->preregister, out->preregister))
    case CONTROL_DISMISS:
        PUT(DISMISS, dismiss, control_put_dismiss(arena, &control->dismiss, out->dismiss))
    case CONTROL_WATCH_MEMBERS:
        PUT(WATCH_MEMBERS, watch_members, control_put_watch_members(&control->watch_members, out->watch_members))
    case CONTROL_MEMBER_UPDATE:
        PUT(MEMBER_UPDATE, member_update, control_put_member_update(arena, &control->member_update, out->member_update))
    case CONTROL_NAME_REQUEST:
    case CONTROL_NAME_GRANT:
    case CONTROL_NAMES_HELD:
    case CONTROL_NAME_FREED:
    case CONTROL_NAMES_WANTED:
    case CONTROL_NAME_TAKEN:
        return put_names(arena, control, out);
    case CONTROL_CAPABILITIES:
        PUT(CAPABILITIES, capabilities, control_put_capabilities(arena, &control->capabilities, out->capabilities))
    case CONTROL_CHECK:
        PUT(CHECK, check, control_put_check(arena, &control->check, out->check))
    case CONTROL_MEMBER_KEY:
        PUT(MEMBER_KEY, member_key, control_put_member_key(&control->member_key, out->member_key))
    case CONTROL_UNREACHED:
        PUT(UNREACHED, unreached, control_put_unreached(arena, &control->unreached, out->unreached))
    case CONTROL_LOG_LINES:
    case CONTROL_LOG_REQUEST:
    case CONTROL_LOG_REPLY:
        return put_log(arena, control, out);
    case CONTROL_SOURCE:
        PUT(SOURCE, source, control_put_source(arena, &control->source, out->source))
    case CONTROL_KEYS_CHANGED:
    case CONTROL_MET:
        return put_bare(arena, control, out);
    }
    CHECK_UNREACHABLE();
}

enum mesh_status control_encode(struct codec *codec, const struct control *control, struct bytes *out) {
    struct arena *arena = &codec->control_out;
    arena_reset(arena);
    Mesh__Wire__Control wire;
    mesh__wire__control__init(&wire);
    wire.id = control->id;
    if (!put_body(arena, control, &wire)) {
        return MESH_NO_MEMORY;
    }
    size_t bytes = mesh__wire__control__get_packed_size(&wire);
    if (bytes > CONTROL_BYTES) {
        return MESH_TOO_LARGE;
    }
    uint8_t *packed = arena_take(arena, bytes);
    if (!packed) {
        return MESH_NO_MEMORY;
    }
    mesh__wire__control__pack(&wire, packed);
    *out = bytes_make(packed, bytes);
    return MESH_OK;
}

/* ---- from the wire ---- */

static bool status_is_valid(uint32_t status) {
    return status <= CONTROL_STATUS_MAX;
}

static bool get_create(struct arena *arena, const Mesh__Wire__Create *wire, struct control_create *out) {
    *out = (struct control_create){
        .address = codec_address(wire->node, wire->local),
        .parent = codec_address(wire->parent_node, wire->parent_local),
        .type = codec_view(wire->type),
        .program = codec_view(wire->program),
        .requirements_count = wire->n_requirements,
        .creators_count = wire->creators,
        .refused_count = wire->n_refused_by,
        .refused_by = wire->refused_by,
        .status = (enum mesh_status)wire->status,
        .refusal = codec_view(wire->refusal),
        .supervision = {(enum control_on_failure)wire->on_failure, wire->restarts_max, wire->restarts_within_ms},
        .detached = wire->detached,
        .name = codec_view(wire->name),
        .name_epoch = wire->name_epoch,
        .source = bytes_make(wire->source.data, wire->source.len),
        .source_load = wire->source_load,
        .source_unloaded = wire->source_unloaded,
        .source_from = wire->source_from,
    };
    return out->type.size > 0 && out->type.size <= FRAME_TYPE_BYTES && out->refusal.size <= FRAME_TEXT_BYTES &&
           out->name.size <= FRAME_NAME_BYTES && (out->source.size == 0 || out->source.size == CONTROL_HASH_BYTES) &&
           wire->n_refused_by <= FRAME_REFUSED_BY && status_is_valid(wire->status) && wire->on_failure >= 0 &&
           wire->on_failure <= MESH__WIRE__ON_FAILURE__ON_FAILURE_ESCALATE &&
           wire->restarts_max <= CONTROL_RESTARTS_MAX && wire->creators <= wire->n_requirements &&
           wire->creators <= FRAME_REQUIREMENTS && wire->n_requirements <= FRAME_REQUIREMENTS_OF_BOTH &&
           codec_get_requirements(arena, wire->requirements, wire->n_requirements, &out->requirements);
}

static bool get_created(const Mesh__Wire__Created *wire, struct control_created *out) {
    *out = (struct control_created){
        .address = codec_address(wire->node, wire->local),
        .process = wire->process,
        .admin = wire->admin,
        .endpoint = codec_view(wire->endpoint),
        .detached = wire->detached,
    };
    return !mesh_address_is_none(out->address) && out->endpoint.size <= FRAME_ENDPOINT_BYTES;
}

static bool get_create_failed(const Mesh__Wire__CreateFailed *wire, struct control_create_failed *out) {
    *out = (struct control_create_failed){
        .address = codec_address(wire->node, wire->local),
        .status = (enum mesh_status)wire->status,
        .text = codec_view(wire->text),
    };
    return status_is_valid(wire->status) && wire->status != MESH_OK && out->text.size <= FRAME_TEXT_BYTES;
}

static bool get_exited(const Mesh__Wire__Exited *wire, struct control_exited *out) {
    *out = (struct control_exited){
        .address = codec_address(wire->node, wire->local),
        .how = (enum control_how)wire->how,
        .number = wire->number,
        .text = codec_view(wire->text),
        .failed = wire->failed,
        .escalates = wire->escalates,
        .alone = wire->alone,
    };
    return !mesh_address_is_none(out->address) && wire->how >= 0 && out->how <= CONTROL_NODE_LOST &&
           out->text.size <= FRAME_TEXT_BYTES;
}

static bool get_types(struct arena *arena, const Mesh__Wire__Types *wire, struct control_types *out) {
    struct control_type *types =
        wire->n_types > CONTROL_TYPES ? NULL : codec_array(arena, wire->n_types, sizeof *types);
    *out = (struct control_types){codec_view(wire->program), wire->n_types, types};
    if (!types) {
        return false;
    }
    for (size_t i = 0; i < wire->n_types; i++) {
        types[i].name = codec_view(wire->types[i]->name);
        types[i].light = wire->types[i]->light;
        types[i].requirements_count = wire->types[i]->n_requirements;
        if (types[i].name.size == 0 || types[i].name.size > FRAME_TYPE_BYTES ||
            types[i].requirements_count > FRAME_REQUIREMENTS ||
            !codec_get_requirements(arena, wire->types[i]->requirements, wire->types[i]->n_requirements,
                                    &types[i].requirements)) {
            return false;
        }
    }
    return true;
}

static bool get_status_request(const Mesh__Wire__StatusRequest *wire, struct control_status_request *out) {
    *out = (struct control_status_request){
        .whole_convention = wire->whole_convention,
        .address = codec_address(wire->node, wire->local),
        .hops = wire->hops,
        .brief = wire->brief,
        .name = codec_view(wire->name),
    };
    return wire->hops <= CONTROL_HOPS && out->name.size <= FRAME_NAME_BYTES;
}

static bool get_done(const Mesh__Wire__Done *wire, struct control *out) {
    out->done.status = (enum mesh_status)wire->status;
    out->done.text = codec_view(wire->text);
    return status_is_valid(wire->status) && out->done.text.size <= FRAME_TEXT_BYTES;
}

/* What is asked of the leader about guests and keys, capabilities, and what watchers hear. */
static bool get_convention(struct arena *arena, const Mesh__Wire__Control *wire, struct control *out) {
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_PREREGISTER) {
        out->kind = CONTROL_PREREGISTER;
        return control_get_preregister(arena, wire->preregister, &out->preregister);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_DISMISS) {
        out->kind = CONTROL_DISMISS;
        return control_get_dismiss(wire->dismiss, &out->dismiss);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_WATCH_MEMBERS) {
        out->kind = CONTROL_WATCH_MEMBERS;
        return control_get_watch_members(wire->watch_members, &out->watch_members);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_CAPABILITIES) {
        out->kind = CONTROL_CAPABILITIES;
        return control_get_capabilities(arena, wire->capabilities, &out->capabilities);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_MEMBER_KEY) {
        out->kind = CONTROL_MEMBER_KEY;
        return control_get_member_key(wire->member_key, &out->member_key);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_UNREACHED) {
        out->kind = CONTROL_UNREACHED;
        return control_get_unreached(wire->unreached, &out->unreached);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_KEYS_CHANGED) {
        out->kind = CONTROL_KEYS_CHANGED;
        return true;
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_MET) {
        out->kind = CONTROL_MET;
        return true;
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_CHECK) {
        out->kind = CONTROL_CHECK;
        return control_get_check(arena, wire->check, &out->check);
    }
    out->kind = CONTROL_MEMBER_UPDATE;
    return control_get_member_update(arena, wire->member_update, &out->member_update);
}

static bool get_dead_letters(const Mesh__Wire__Control *wire, struct control *out) {
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_DEAD_LETTER) {
        out->kind = CONTROL_DEAD_LETTER;
        return control_get_dead_letter(wire->dead_letter, &out->dead_letter);
    }
    out->kind = CONTROL_DEAD_LETTER_HANDLER;
    return control_get_dead_letter_handler(wire->dead_letter_handler, &out->dead_letter_handler);
}

/* Of global names. */
static bool get_names(struct arena *arena, const Mesh__Wire__Control *wire, struct control *out) {
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_NAME_REQUEST) {
        out->kind = CONTROL_NAME_REQUEST;
        return control_get_name_request(wire->name_request, &out->name_request);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_NAME_GRANT) {
        out->kind = CONTROL_NAME_GRANT;
        return control_get_name_grant(wire->name_grant, &out->name_grant);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_NAMES_HELD) {
        out->kind = CONTROL_NAMES_HELD;
        return control_get_names_held(arena, wire->names_held, &out->names_held);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_NAME_FREED) {
        out->kind = CONTROL_NAME_FREED;
        return control_get_name_freed(wire->name_freed, &out->name_freed);
    }
    if (wire->body_case == MESH__WIRE__CONTROL__BODY_NAMES_WANTED) {
        out->kind = CONTROL_NAMES_WANTED;
        out->names_wanted.epoch = wire->names_wanted->epoch;
        return true;
    }
    out->kind = CONTROL_NAME_TAKEN;
    return control_get_name_taken(wire->name_taken, &out->name_taken);
}

static bool get_source(const Mesh__Wire__Source *wire, struct control *out) {
    out->kind = CONTROL_SOURCE;
    return control_get_source(wire, &out->source);
}

static bool get_kill(const Mesh__Wire__Kill *wire, struct control *out) {
    out->kind = CONTROL_KILL;
    out->kill.address = codec_address(wire->node, wire->local);
    return !mesh_address_is_none(out->kill.address);
}

static bool get_shutdown(const Mesh__Wire__Shutdown *wire, struct control *out) {
    out->kind = CONTROL_SHUTDOWN;
    out->shutdown.timeout_ms = wire->timeout_ms;
    return true;
}

static bool get_body(struct arena *arena, const Mesh__Wire__Control *wire, struct control *out) {
    switch (wire->body_case) {
    case MESH__WIRE__CONTROL__BODY_CREATE:
        out->kind = CONTROL_CREATE;
        return get_create(arena, wire->create, &out->create);
    case MESH__WIRE__CONTROL__BODY_CREATED:
        out->kind = CONTROL_CREATED;
        return get_created(wire->created, &out->created);
    case MESH__WIRE__CONTROL__BODY_CREATE_FAILED:
        out->kind = CONTROL_CREATE_FAILED;
        return get_create_failed(wire->create_failed, &out->create_failed);
    case MESH__WIRE__CONTROL__BODY_RESOLVE:
    case MESH__WIRE__CONTROL__BODY_RESOLVED:
    case MESH__WIRE__CONTROL__BODY_GONE:
        return control_get_place(wire, out);
    case MESH__WIRE__CONTROL__BODY_EXITED:
        out->kind = CONTROL_EXITED;
        return get_exited(wire->exited, &out->exited);
    case MESH__WIRE__CONTROL__BODY_STATUS_REQUEST:
        out->kind = CONTROL_STATUS_REQUEST;
        return get_status_request(wire->status_request, &out->status_request);
    case MESH__WIRE__CONTROL__BODY_STATUS_REPLY:
        out->kind = CONTROL_STATUS_REPLY;
        return control_get_status(arena, wire->status_reply, &out->status_reply);
    case MESH__WIRE__CONTROL__BODY_SHUTDOWN:
        return get_shutdown(wire->shutdown, out);
    case MESH__WIRE__CONTROL__BODY_TYPES:
        out->kind = CONTROL_PROGRAM_TYPES;
        return get_types(arena, wire->types, &out->types);
    case MESH__WIRE__CONTROL__BODY_KILL:
        return get_kill(wire->kill, out);
    case MESH__WIRE__CONTROL__BODY_DONE:
        out->kind = CONTROL_DONE;
        return get_done(wire->done, out);
    case MESH__WIRE__CONTROL__BODY_DEAD_LETTER_HANDLER:
    case MESH__WIRE__CONTROL__BODY_DEAD_LETTER:
        return get_dead_letters(wire, out);
    case MESH__WIRE__CONTROL__BODY_ACTOR_REPORT:
        out->kind = CONTROL_ACTOR_REPORT;
        return control_get_actor_report(arena, wire->actor_report, &out->actor_report);
    case MESH__WIRE__CONTROL__BODY_PREREGISTER:
    case MESH__WIRE__CONTROL__BODY_DISMISS:
    case MESH__WIRE__CONTROL__BODY_WATCH_MEMBERS:
    case MESH__WIRE__CONTROL__BODY_MEMBER_UPDATE:
    case MESH__WIRE__CONTROL__BODY_CAPABILITIES:
    case MESH__WIRE__CONTROL__BODY_CHECK:
    case MESH__WIRE__CONTROL__BODY_MEMBER_KEY:
    case MESH__WIRE__CONTROL__BODY_KEYS_CHANGED:
    case MESH__WIRE__CONTROL__BODY_UNREACHED:
    case MESH__WIRE__CONTROL__BODY_MET:
        return get_convention(arena, wire, out);
    case MESH__WIRE__CONTROL__BODY_LOG_LINES:
    case MESH__WIRE__CONTROL__BODY_LOG_REQUEST:
    case MESH__WIRE__CONTROL__BODY_LOG_REPLY:
        return control_get_log(arena, wire, out);
    case MESH__WIRE__CONTROL__BODY_NAME_REQUEST:
    case MESH__WIRE__CONTROL__BODY_NAME_GRANT:
    case MESH__WIRE__CONTROL__BODY_NAMES_HELD:
    case MESH__WIRE__CONTROL__BODY_NAME_FREED:
    case MESH__WIRE__CONTROL__BODY_NAMES_WANTED:
    case MESH__WIRE__CONTROL__BODY_NAME_TAKEN:
        return get_names(arena, wire, out);
    case MESH__WIRE__CONTROL__BODY_SOURCE:
        return get_source(wire->source, out);
    case MESH__WIRE__CONTROL__BODY__NOT_SET:
    case _MESH__WIRE__CONTROL__BODY__CASE_IS_INT_SIZE:
        return false;
    }
    return false;
}

enum mesh_status control_decode(struct codec *codec, struct bytes packed, struct control *out) {
    struct arena *arena = &codec->control_in;
    arena_reset(arena);
    if (packed.size > CONTROL_BYTES) {
        return MESH_PROTOCOL;
    }
    ProtobufCAllocator allocator = codec_allocator(arena);
    const Mesh__Wire__Control *wire = mesh__wire__control__unpack(&allocator, packed.size, packed.data);
    if (!wire) {
        return MESH_PROTOCOL;
    }
    struct control control = {.id = wire->id};
    if (!get_body(arena, wire, &control)) {
        return MESH_PROTOCOL;
    }
    *out = control;
    return MESH_OK;
}
