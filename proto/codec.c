/* Frames to the wire and back: the prelude, the limits, and the choice of the body.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "proto/codec_memory.h"
#include <stdlib.h>

enum {
    ARENA_IN_BYTES =
        4 * 1024 * 1024, /* a frame within the limits of frame.h unpacks to less; a hostile one is refused */
    ARENA_OUT_BYTES = 4 * 1024 * 1024,
};

enum mesh_status codec_new(struct codec **out) {
    struct codec *codec = calloc(1, sizeof *codec);
    if (!codec) {
        return MESH_NO_MEMORY;
    }
    arena_init(&codec->out, ARENA_OUT_BYTES);
    arena_init(&codec->in, ARENA_IN_BYTES);
    arena_init(&codec->control_out, ARENA_OUT_BYTES);
    arena_init(&codec->control_in, ARENA_IN_BYTES);
    *out = codec;
    return MESH_OK;
}

void codec_destroy(struct codec **codec) {
    if (*codec) {
        arena_fini(&(*codec)->out);
        arena_fini(&(*codec)->in);
        arena_fini(&(*codec)->control_out);
        arena_fini(&(*codec)->control_in);
        free(*codec);
        *codec = NULL;
    }
}

static void *take(void *arena, size_t bytes) {
    return arena_take(arena, bytes);
}

static void leave(void *arena, void *pointer) {
    (void)arena;
    (void)pointer;
}

ProtobufCAllocator codec_allocator(struct arena *arena) {
    return (ProtobufCAllocator){.alloc = take, .free = leave, .allocator_data = arena};
}

void *codec_array(struct arena *arena, size_t count, size_t item_bytes) {
    size_t bytes = (count ? count : 1) * item_bytes;
    void *items = arena_take(arena, bytes);
    return items ? memset(items, 0, bytes) : NULL;
}

char *codec_text(struct arena *arena, struct bytes text) {
    char *copy = arena_take(arena, text.size + 1);
    if (copy) {
        if (text.size) {
            memcpy(copy, text.data, text.size);
        }
        copy[text.size] = '\0';
    }
    return copy;
}

/* ---- to the wire ---- */

static bool put_limits(struct arena *arena, const struct frame_limits *limits, Mesh__Wire__Hello *out) {
    if (limits->window_messages == 0) {
        return true;
    }
    Mesh__Wire__Limits *wire = arena_take(arena, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__limits__init(wire);
    wire->window_messages = limits->window_messages;
    wire->window_bytes = limits->window_bytes;
    wire->mailbox_messages = limits->mailbox_messages;
    wire->mailbox_bytes = limits->mailbox_bytes;
    wire->message_bytes = limits->message_bytes;
    out->limits = wire;
    return true;
}

static bool put_hello(struct codec *codec, const struct frame_hello *hello) {
    Mesh__Wire__Hello *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__hello__init(wire);
    wire->role = (Mesh__Wire__Role)hello->role;
    wire->node = hello->node;
    wire->node_name = codec_text(&codec->out, hello->node_name);
    wire->slot = hello->slot;
    wire->endpoint = codec_text(&codec->out, hello->endpoint);
    wire->pid = hello->pid;
    wire->last_seen = hello->last_seen;
    wire->refusal = codec_text(&codec->out, hello->refusal);
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_HELLO;
    codec->frame.hello = wire;
    return wire->node_name && wire->endpoint && wire->refusal && put_limits(&codec->out, &hello->limits, wire);
}

static bool put_batch(struct codec *codec, const struct frame_batch *batch) {
    Mesh__Wire__Batch *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__batch__init(wire);
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_BATCH;
    codec->frame.batch = wire;
    return codec_put_batch(codec, batch, wire);
}

static bool put_heartbeat(struct codec *codec, const struct frame_heartbeat *heartbeat) {
    Mesh__Wire__Heartbeat *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__heartbeat__init(wire);
    wire->epoch = heartbeat->epoch;
    wire->acting = heartbeat->acting;
    wire->order = (Mesh__Wire__Order)heartbeat->order;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_HEARTBEAT;
    codec->frame.heartbeat = wire;
    return true;
}

static bool put_stale(struct codec *codec, const struct frame_stale *stale) {
    Mesh__Wire__Stale *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__stale__init(wire);
    wire->meant = stale->meant;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_STALE;
    codec->frame.stale = wire;
    return true;
}

static bool put_register(struct codec *codec, const struct frame_register *registration) {
    Mesh__Wire__Register *wire = arena_take(&codec->out, sizeof *wire);
    Mesh__Wire__Member *member = arena_take(&codec->out, sizeof *member);
    if (!wire || !member) {
        return false;
    }
    mesh__wire__register__init(wire);
    wire->member = member;
    wire->first_time = registration->first_time;
    wire->invited = registration->invited;
    wire->place = registration->place;
    wire->places = registration->places;
    wire->trust = registration->trust;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_REGISTER;
    codec->frame.register_ = wire;
    return codec_put_member(&codec->out, &registration->member, member);
}

static bool put_guests(struct arena *arena, const struct frame_guest *guests, size_t count, Mesh__Wire__Guest ***out) {
    Mesh__Wire__Guest *items = codec_array(arena, count, sizeof *items);
    *out = codec_array(arena, count, sizeof **out);
    if (!items || !*out) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        mesh__wire__guest__init(&items[i]);
        items[i].endpoint = codec_text(arena, guests[i].endpoint);
        items[i].n_expected = guests[i].expected_count;
        (*out)[i] = &items[i];
        if (!items[i].endpoint ||
            !codec_put_requirements(arena, guests[i].expected, guests[i].expected_count, &items[i].expected)) {
            return false;
        }
    }
    return true;
}

static bool put_registered(struct codec *codec, const struct frame_registered *registered) {
    Mesh__Wire__Registered *wire = arena_take(&codec->out, sizeof *wire);
    Mesh__Wire__Member *leader = arena_take(&codec->out, sizeof *leader);
    if (!wire || !leader) {
        return false;
    }
    mesh__wire__registered__init(wire);
    wire->epoch = registered->epoch;
    wire->number = registered->number;
    wire->leader = leader;
    wire->n_members = registered->members_count;
    wire->n_guests = registered->guests_count;
    wire->trust = registered->trust;
    wire->part = registered->part;
    wire->more = registered->more;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_REGISTERED;
    codec->frame.registered = wire;
    return codec_put_member(&codec->out, &registered->leader, leader) &&
           codec_put_members(&codec->out, registered->members, registered->members_count, &wire->members) &&
           put_guests(&codec->out, registered->guests, registered->guests_count, &wire->guests);
}

static bool put_roster(struct codec *codec, const struct frame_roster *roster) {
    Mesh__Wire__Roster *wire = arena_take(&codec->out, sizeof *wire);
    uint64_t *left = codec_array(&codec->out, roster->left_count, sizeof *left);
    if (!wire || !left) {
        return false;
    }
    mesh__wire__roster__init(wire);
    for (size_t i = 0; i < roster->left_count; i++) {
        left[i] = roster->left[i];
    }
    wire->epoch = roster->epoch;
    wire->number = roster->number;
    wire->since = roster->since;
    wire->n_left = roster->left_count;
    wire->left = left;
    wire->n_joined = roster->joined_count;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_ROSTER;
    codec->frame.roster = wire;
    return codec_put_members(&codec->out, roster->joined, roster->joined_count, &wire->joined);
}

static bool put_deregister(struct codec *codec, const struct frame_deregister *deregister) {
    Mesh__Wire__Deregister *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__deregister__init(wire);
    wire->reason = codec_text(&codec->out, deregister->reason);
    wire->dismissed = deregister->dismissed;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_DEREGISTER;
    codec->frame.deregister = wire;
    return wire->reason;
}

static bool put_invite(struct codec *codec, const struct frame_invite *invite) {
    Mesh__Wire__Invite *wire = arena_take(&codec->out, sizeof *wire);
    Mesh__Wire__Member *leader = arena_take(&codec->out, sizeof *leader);
    char **leaders = codec_array(&codec->out, invite->leaders_count, sizeof *leaders);
    if (!wire || !leader || !leaders) {
        return false;
    }
    mesh__wire__invite__init(wire);
    wire->leader = leader;
    wire->leaders = leaders;
    for (; wire->n_leaders < invite->leaders_count; wire->n_leaders++) {
        leaders[wire->n_leaders] = codec_text(&codec->out, invite->leaders[wire->n_leaders]);
        if (!leaders[wire->n_leaders]) {
            return false;
        }
    }
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_INVITE;
    codec->frame.invite = wire;
    return codec_put_member(&codec->out, &invite->leader, leader);
}

static bool put_trust(struct codec *codec, const struct frame_trust *trust) {
    Mesh__Wire__Trust *wire = arena_take(&codec->out, sizeof *wire);
    if (!wire) {
        return false;
    }
    mesh__wire__trust__init(wire);
    wire->n_keys = trust->keys_count;
    codec->frame.body_case = MESH__WIRE__FRAME__BODY_TRUST;
    codec->frame.trust = wire;
    return codec_put_trusted(&codec->out, trust->keys, trust->keys_count, &wire->keys);
}

static bool put_body(struct codec *codec, const struct frame *frame) {
    switch (frame->body) {
    case FRAME_HELLO:
        return put_hello(codec, &frame->hello);
    case FRAME_BATCH:
        return put_batch(codec, &frame->batch);
    case FRAME_HEARTBEAT:
        return put_heartbeat(codec, &frame->heartbeat);
    case FRAME_STALE:
        return put_stale(codec, &frame->stale);
    case FRAME_REGISTER:
        return put_register(codec, &frame->registration);
    case FRAME_REGISTERED:
        return put_registered(codec, &frame->registered);
    case FRAME_ROSTER:
        return put_roster(codec, &frame->roster);
    case FRAME_DEREGISTER:
        return put_deregister(codec, &frame->deregister);
    case FRAME_INVITE:
        return put_invite(codec, &frame->invite);
    case FRAME_FORWARD:
        return codec_put_forward(codec, &frame->forward);
    case FRAME_PASSAGE:
        return codec_put_passage(codec, &frame->passage);
    case FRAME_TRUST:
        return put_trust(codec, &frame->trust);
    }
    CHECK_UNREACHABLE();
}

enum mesh_status codec_prepare(struct codec *codec, const struct frame *frame, struct codec_image *out) {
    arena_reset(&codec->out);
    codec->parts_count = 0;
    mesh__wire__frame__init(&codec->frame);
    codec->frame.from = frame->from;
    codec->frame.to = frame->to;
    if (!put_body(codec, frame)) {
        return codec->parts_count > CODEC_PARTS_MAX ? MESH_TOO_LARGE : MESH_NO_MEMORY;
    }
    size_t bytes = CODEC_PRELUDE_BYTES + mesh__wire__frame__get_packed_size(&codec->frame);
    if (bytes > FRAME_PACKED_BYTES) {
        return MESH_TOO_LARGE;
    }
    *out = (struct codec_image){bytes, codec->parts_count, codec->parts, codec->payloads};
    return MESH_OK;
}

void codec_pack(struct codec *codec, uint8_t *into) {
    into[0] = 'M';
    into[1] = 'W';
    into[2] = CODEC_MAJOR;
    into[3] = CODEC_MINOR;
    mesh__wire__frame__pack(&codec->frame, into + CODEC_PRELUDE_BYTES);
}

/* ---- from the wire ---- */

/* A limit of 0 would let nothing through. */
static bool get_limits(const Mesh__Wire__Limits *wire, struct frame_limits *out) {
    if (!wire) {
        return true;
    }
    *out = (struct frame_limits){
        .window_messages = wire->window_messages,
        .window_bytes = wire->window_bytes,
        .mailbox_messages = wire->mailbox_messages,
        .mailbox_bytes = wire->mailbox_bytes,
        .message_bytes = wire->message_bytes,
    };
    return out->window_messages > 0 && out->window_bytes > 0 && out->mailbox_messages > 0 && out->mailbox_bytes > 0 &&
           out->message_bytes > 0;
}

static bool get_hello(const Mesh__Wire__Hello *wire, struct frame_hello *out) {
    *out = (struct frame_hello){
        .role = (enum frame_role)wire->role,
        .node = wire->node,
        .node_name = codec_view(wire->node_name),
        .slot = wire->slot,
        .endpoint = codec_view(wire->endpoint),
        .pid = wire->pid,
        .last_seen = wire->last_seen,
        .refusal = codec_view(wire->refusal),
    };
    return wire->role >= MESH__WIRE__ROLE__ROLE_ADMIN && wire->role <= MESH__WIRE__ROLE__ROLE_PROGRAM &&
           out->node_name.size <= FRAME_NAME_BYTES && out->endpoint.size <= FRAME_ENDPOINT_BYTES &&
           out->refusal.size <= FRAME_TEXT_BYTES && wire->slot < 1U << 24 && get_limits(wire->limits, &out->limits);
}

static bool get_register(struct arena *arena, const Mesh__Wire__Register *wire, struct frame_register *out) {
    *out = (struct frame_register){
        .first_time = wire->first_time,
        .invited = wire->invited,
        .place = wire->place,
        .places = wire->places,
        .trust = wire->trust,
    };
    return wire->member && codec_get_member(arena, wire->member, &out->member);
}

static bool get_guests(struct arena *arena, Mesh__Wire__Guest *const *wire, size_t count,
                       const struct frame_guest **out) {
    struct frame_guest *items = count > FRAME_MEMBERS ? NULL : codec_array(arena, count, sizeof *items);
    if (!items) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] =
            (struct frame_guest){.endpoint = codec_view(wire[i]->endpoint), .expected_count = wire[i]->n_expected};
        if (items[i].endpoint.size == 0 || items[i].endpoint.size > FRAME_ENDPOINT_BYTES ||
            !codec_get_requirements(arena, wire[i]->expected, wire[i]->n_expected, &items[i].expected)) {
            return false;
        }
    }
    *out = items;
    return true;
}

static bool get_heartbeat(const Mesh__Wire__Heartbeat *wire, struct frame_heartbeat *out) {
    *out = (struct frame_heartbeat){wire->epoch, wire->acting, (enum frame_order)wire->order};
    return wire->order >= MESH__WIRE__ORDER__ORDER_UNKNOWN && wire->order <= MESH__WIRE__ORDER__ORDER_BEHIND;
}

static bool get_registered(struct arena *arena, const Mesh__Wire__Registered *wire, struct frame_registered *out) {
    *out = (struct frame_registered){
        .epoch = wire->epoch,
        .number = wire->number,
        .members_count = wire->n_members,
        .guests_count = wire->n_guests,
        .trust = wire->trust,
        .part = wire->part,
        .more = wire->more,
    };
    return wire->leader && codec_get_member(arena, wire->leader, &out->leader) &&
           codec_get_members(arena, wire->members, wire->n_members, &out->members) &&
           get_guests(arena, wire->guests, wire->n_guests, &out->guests);
}

static bool get_roster(struct arena *arena, const Mesh__Wire__Roster *wire, struct frame_roster *out) {
    *out = (struct frame_roster){
        .epoch = wire->epoch,
        .number = wire->number,
        .since = wire->since,
        .joined_count = wire->n_joined,
        .left_count = wire->n_left,
        .left = wire->left,
    };
    return wire->n_left <= FRAME_MEMBERS && codec_get_members(arena, wire->joined, wire->n_joined, &out->joined);
}

static bool get_deregister(const Mesh__Wire__Deregister *wire, struct frame_deregister *out) {
    *out = (struct frame_deregister){.reason = codec_view(wire->reason), .dismissed = wire->dismissed};
    return out->reason.size <= FRAME_TEXT_BYTES;
}

static bool get_invite(struct arena *arena, const Mesh__Wire__Invite *wire, struct frame_invite *out) {
    struct bytes *leaders =
        wire->n_leaders > FRAME_LEADERS ? NULL : codec_array(arena, wire->n_leaders, sizeof *leaders);
    *out = (struct frame_invite){.leaders_count = wire->n_leaders, .leaders = leaders};
    if (!leaders) {
        return false;
    }
    for (size_t i = 0; i < wire->n_leaders; i++) {
        leaders[i] = codec_view(wire->leaders[i]);
        if (leaders[i].size == 0 || leaders[i].size > FRAME_ENDPOINT_BYTES) {
            return false;
        }
    }
    return wire->leader && codec_get_member(arena, wire->leader, &out->leader);
}

static bool get_body(struct codec *codec, const Mesh__Wire__Frame *wire, struct codec_inbox *inbox, struct frame *out) {
    struct arena *arena = &codec->in;
    switch (wire->body_case) {
    case MESH__WIRE__FRAME__BODY_HELLO:
        out->body = FRAME_HELLO;
        return get_hello(wire->hello, &out->hello);
    case MESH__WIRE__FRAME__BODY_BATCH:
        out->body = FRAME_BATCH;
        return inbox->left <= CODEC_PARTS && codec_get_batch(arena, wire->batch, inbox, &out->batch);
    case MESH__WIRE__FRAME__BODY_HEARTBEAT:
        out->body = FRAME_HEARTBEAT;
        return get_heartbeat(wire->heartbeat, &out->heartbeat);
    case MESH__WIRE__FRAME__BODY_STALE:
        out->body = FRAME_STALE;
        out->stale = (struct frame_stale){wire->stale->meant};
        return true;
    case MESH__WIRE__FRAME__BODY_REGISTER:
        out->body = FRAME_REGISTER;
        return get_register(arena, wire->register_, &out->registration);
    case MESH__WIRE__FRAME__BODY_REGISTERED:
        out->body = FRAME_REGISTERED;
        return get_registered(arena, wire->registered, &out->registered);
    case MESH__WIRE__FRAME__BODY_ROSTER:
        out->body = FRAME_ROSTER;
        return get_roster(arena, wire->roster, &out->roster);
    case MESH__WIRE__FRAME__BODY_DEREGISTER:
        out->body = FRAME_DEREGISTER;
        return get_deregister(wire->deregister, &out->deregister);
    case MESH__WIRE__FRAME__BODY_INVITE:
        out->body = FRAME_INVITE;
        return get_invite(arena, wire->invite, &out->invite);
    case MESH__WIRE__FRAME__BODY_FORWARD:
        out->body = FRAME_FORWARD;
        return codec_get_forward(wire->forward, inbox, &out->forward);
    case MESH__WIRE__FRAME__BODY_PASSAGE:
        out->body = FRAME_PASSAGE;
        return codec_get_passage(wire->passage, &out->passage);
    case MESH__WIRE__FRAME__BODY_TRUST:
        out->body = FRAME_TRUST;
        out->trust.keys_count = wire->trust->n_keys;
        return codec_get_trusted(arena, wire->trust->keys, wire->trust->n_keys, &out->trust.keys);
    case MESH__WIRE__FRAME__BODY__NOT_SET:
    case _MESH__WIRE__FRAME__BODY__CASE_IS_INT_SIZE:
        return false;
    }
    return false;
}

bool codec_version(struct bytes packed, unsigned *major, unsigned *minor) {
    if (packed.size < CODEC_PRELUDE_BYTES || packed.data[0] != 'M' || packed.data[1] != 'W') {
        return false;
    }
    *major = packed.data[2];
    *minor = packed.data[3];
    return true;
}

enum mesh_status codec_decode(struct codec *codec, struct bytes packed, struct part *const *parts, size_t parts_count,
                              struct frame *out) {
    unsigned major, minor;
    if (packed.size > FRAME_PACKED_BYTES || parts_count > CODEC_PARTS_MAX || !codec_version(packed, &major, &minor)) {
        return MESH_PROTOCOL;
    }
    if (major != CODEC_MAJOR) {
        return MESH_VERSION_MISMATCH;
    }
    arena_reset(&codec->in);
    ProtobufCAllocator allocator = codec_allocator(&codec->in);
    const Mesh__Wire__Frame *wire =
        mesh__wire__frame__unpack(&allocator, packed.size - CODEC_PRELUDE_BYTES, packed.data + CODEC_PRELUDE_BYTES);
    if (!wire || wire->from == 0) {
        return MESH_PROTOCOL;
    }
    struct frame frame = {.from = wire->from, .to = wire->to};
    struct codec_inbox inbox = {parts, parts_count, FRAME_PAYLOADS, FRAME_PAYLOAD_BYTES};
    if (!get_body(codec, wire, &inbox, &frame) || inbox.left != 0) {
        return MESH_PROTOCOL;
    }
    *out = frame;
    return MESH_OK;
}
