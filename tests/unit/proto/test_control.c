/* Control messages go over the wire and come back the same, up to their limits.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/unit/proto/wire.h"

static uint8_t many[WIRE_ROOM]; /* stands for any text */

static void setup(void) {
    memset(many, 'x', sizeof many);
    wire_setup();
}

TestSuite(control, .init = setup, .fini = wire_teardown);

static const struct mesh_address here = {1, 1};

static struct bytes text_of(size_t size) {
    return bytes_make(many, size);
}

static enum mesh_status send(const struct control *control) {
    struct bytes packed;
    struct control out;
    cr_assert_eq(control_encode(ours, control, &packed), MESH_OK);
    return control_decode(theirs, packed, &out);
}

#define BOTH_SIDES(limit, inside)                                                                                      \
    for (size_t size = (limit); size <= (size_t)(limit) + 1; size++) {                                                 \
        enum mesh_status expected = size == (limit) ? MESH_OK : MESH_PROTOCOL;                                         \
        cr_assert_eq((inside), expected, "%zu", size);                                                                 \
    }

Test(control, every_kind_comes_back_the_same) {
    for (size_t i = 0; i < WIRE_CONTROLS; i++) {
        struct bytes packed;
        struct control out;
        cr_assert_eq(wire_controls[i].kind, i, "there is a sample of every kind");
        cr_assert_eq(control_encode(ours, &wire_controls[i], &packed), MESH_OK);
        cr_assert_eq(control_decode(theirs, packed, &out), MESH_OK, "control %zu", i);
        cr_assert(wire_same_control(&wire_controls[i], &out), "control %zu", i);
    }
}

Test(control, the_first_half_of_a_message_is_no_message) {
    for (size_t i = 0; i < WIRE_CONTROLS; i++) {
        struct bytes packed;
        struct control out;
        cr_assert_eq(control_encode(ours, &wire_controls[i], &packed), MESH_OK);
        for (size_t size = 0; size < packed.size; size++) {
            uint8_t *cut = wire_copy(packed.data, size);
            cr_assert_eq(control_decode(theirs, bytes_make(cut, size), &out), MESH_PROTOCOL, "%zu at %zu", i, size);
            free(cut);
        }
    }
}

/* Whether a message that came in goes out again and is the same. */
static bool can_be_said_again(const struct control *control) {
    struct bytes packed;
    struct control again;
    return control_encode(theirs, control, &packed) == MESH_OK && control_decode(ours, packed, &again) == MESH_OK &&
           wire_same_control(control, &again);
}

Test(control, a_flipped_bit_is_refused_or_read_and_nothing_worse) {
    for (size_t i = 0; i < WIRE_CONTROLS; i++) {
        struct bytes packed;
        struct control out;
        cr_assert_eq(control_encode(ours, &wire_controls[i], &packed), MESH_OK);
        uint8_t *copy = wire_copy(packed.data, packed.size);
        for (size_t bit = 0; bit < 8 * packed.size; bit++) {
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
            enum mesh_status status = control_decode(theirs, bytes_make(copy, packed.size), &out);
            cr_assert(status == MESH_PROTOCOL || (status == MESH_OK && can_be_said_again(&out)), "control %zu bit %zu",
                      i, bit);
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        free(copy);
    }
}

Test(control, what_is_refused_leaves_the_result_alone) {
    struct control out = {.id = 4711};
    cr_assert_eq(control_decode(theirs, bytes_of_text("garbage"), &out), MESH_PROTOCOL);
    cr_assert_eq(control_decode(theirs, (struct bytes){0}, &out), MESH_PROTOCOL);
    cr_assert_eq(out.id, 4711);
}

Test(control, unknown_fields_are_ignored) {
    uint8_t room[1024];
    struct wire_text text = {room, 0};
    struct bytes packed;
    struct control out;
    cr_assert_eq(control_encode(ours, &wire_controls[CONTROL_KILL], &packed), MESH_OK);
    wire_put(&text, packed.data, packed.size);
    wire_bytes(&text, 500, "later", 5);
    cr_assert_eq(control_decode(theirs, bytes_make(room, text.size), &out), MESH_OK);
    cr_assert(wire_same_control(&wire_controls[CONTROL_KILL], &out));
}

Test(control, decoding_a_frame_keeps_what_a_control_message_views) {
    struct bytes packed;
    struct control out;
    struct codec_image image;
    struct frame frame;
    cr_assert_eq(control_encode(ours, &wire_controls[CONTROL_CREATE], &packed), MESH_OK);
    cr_assert_eq(control_decode(theirs, packed, &out), MESH_OK);
    struct bytes first = wire_pack(&wire_frames[1], &image);
    cr_assert_eq(codec_decode(theirs, first, NULL, 0, &frame), MESH_OK);
    cr_assert(wire_same_control(&wire_controls[CONTROL_CREATE], &out));
}

/* ---- limits ---- */

Test(control, limits_of_a_packed_message) {
    struct control control = {.kind = CONTROL_CREATE,
                              .create = {.type = text_of(1), .program = text_of(CONTROL_BYTES)}};
    struct bytes packed;
    struct control out;
    cr_assert_eq(control_encode(ours, &control, &packed), MESH_TOO_LARGE);
    control.create.program.size -= 1024;
    cr_assert_eq(control_encode(ours, &control, &packed), MESH_OK);
    control.create.program.size += CONTROL_BYTES - packed.size;
    cr_assert_eq(control_encode(ours, &control, &packed), MESH_OK);
    cr_assert_eq(packed.size, CONTROL_BYTES);
    cr_assert_eq(control_decode(theirs, packed, &out), MESH_OK);
    uint8_t *longer = malloc(CONTROL_BYTES + 2);
    memcpy(longer, packed.data, packed.size);
    longer[CONTROL_BYTES] = 0xf8; /* more, whatever it is */
    longer[CONTROL_BYTES + 1] = 0x7f;
    cr_assert_eq(control_decode(theirs, bytes_make(longer, CONTROL_BYTES + 1), &out), MESH_PROTOCOL);
    free(longer);
    control.create.program.size++;
    cr_assert_eq(control_encode(ours, &control, &packed), MESH_TOO_LARGE);
}

Test(control, H3_limits_of_create) {
    static struct frame_requirement requirements[FRAME_REQUIREMENTS_OF_BOTH + 1];
    static uint64_t refused_by[FRAME_REFUSED_BY + 1];
    struct control control = {.kind = CONTROL_CREATE,
                              .create = {.requirements = requirements, .refused_by = refused_by}};
    struct control_create *create = &control.create;
    for (size_t i = 0; i <= FRAME_REQUIREMENTS_OF_BOTH; i++) {
        requirements[i].name = text_of(1);
    }
    cr_assert_eq(send(&control), MESH_PROTOCOL, "no type");
    BOTH_SIDES(FRAME_TYPE_BYTES, (create->type = text_of(size), send(&control)))
    create->type.size = 1;
    BOTH_SIDES(FRAME_TEXT_BYTES, (create->refusal = text_of(size), send(&control)))
    create->refusal.size = 0;
    BOTH_SIDES(CONTROL_STATUS_MAX, (create->status = (enum mesh_status)size, send(&control)))
    create->status = MESH_OK;
    BOTH_SIDES(FRAME_REQUIREMENTS_OF_BOTH, (create->requirements_count = size, send(&control)))
    create->requirements_count = FRAME_REQUIREMENTS_OF_BOTH;
    BOTH_SIDES(FRAME_REQUIREMENTS, (create->creators_count = size, send(&control)))
    create->requirements_count = 1;
    BOTH_SIDES(1, (create->creators_count = size, send(&control)))
    create->creators_count = 0;
    BOTH_SIDES(FRAME_REFUSED_BY, (create->refused_count = size, send(&control)))
    create->refused_count = 0;
    static struct frame_value values[FRAME_VALUES + 1];
    requirements[0].values = values;
    requirements[0].values_count = 1;
    cr_assert_eq(send(&control), MESH_PROTOCOL, "what is present has no value");
    BOTH_SIDES(FRAME_COMPARE_TOLD, (requirements[0].comparison = (enum frame_comparison)size, send(&control)))
    requirements[0].comparison = FRAME_COMPARE_LESS;
    BOTH_SIDES(1, (requirements[0].values_count = size, send(&control)))
    requirements[0].values_count = 0;
    cr_assert_eq(send(&control), MESH_PROTOCOL, "less than what?");
    requirements[0].comparison = FRAME_COMPARE_IN;
    cr_assert_eq(send(&control), MESH_PROTOCOL, "in what?");
    BOTH_SIDES(FRAME_VALUES, (requirements[0].values_count = size, send(&control)))
    requirements[0].values_count = 0;
    requirements[0].comparison = FRAME_COMPARE_PRESENT;
    BOTH_SIDES(FRAME_NAME_BYTES, (requirements[0].name = text_of(size), send(&control)))
    requirements[0].name.size = 0;
    cr_assert_eq(send(&control), MESH_PROTOCOL);
}

Test(control, H4_limits_of_capabilities) {
    static struct frame_capability items[FRAME_CAPABILITIES + 1];
    struct control control = {.kind = CONTROL_CAPABILITIES, .capabilities = {0, items}};
    for (size_t i = 0; i <= FRAME_CAPABILITIES; i++) {
        items[i].name = text_of(1);
    }
    BOTH_SIDES(FRAME_CAPABILITIES, (control.capabilities.count = size, send(&control)))
    control.capabilities.count = 1;
    BOTH_SIDES(FRAME_NAME_BYTES, (items[0].name = text_of(size), send(&control)))
}

Test(control, H2_limits_of_checks) {
    static struct frame_capability items[FRAME_CAPABILITIES + 1];
    static struct frame_requirement needs[FRAME_REQUIREMENTS + 1];
    struct control control = {.kind = CONTROL_CHECK, .check = {.capabilities = items, .requirements = needs}};
    cr_assert_eq(send(&control), MESH_PROTOCOL, "of nobody");
    control.check.address = here;
    for (size_t i = 0; i <= FRAME_CAPABILITIES; i++) {
        items[i].name = text_of(1);
    }
    for (size_t i = 0; i <= FRAME_REQUIREMENTS; i++) {
        needs[i].name = text_of(1);
    }
    BOTH_SIDES(FRAME_CAPABILITIES, (control.check.capabilities_count = size, send(&control)))
    control.check.capabilities_count = FRAME_CAPABILITIES;
    BOTH_SIDES(FRAME_REQUIREMENTS, (control.check.requirements_count = size, send(&control)))
}

Test(control, limits_of_created_and_resolved) {
    struct control created = {.kind = CONTROL_CREATED, .created = {.address = here, .process = 1}};
    struct control resolved = {.kind = CONTROL_RESOLVED, .resolved = {.address = here, .process = 1}};
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, (created.created.endpoint = text_of(size), send(&created)))
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, (resolved.resolved.endpoint = text_of(size), send(&resolved)))
    created.created.endpoint.size = resolved.resolved.endpoint.size = 0;
    resolved.resolved.process = 0;
    cr_assert_eq(send(&resolved), MESH_PROTOCOL);
}

Test(control, limits_of_create_failed) {
    struct control control = {.kind = CONTROL_CREATE_FAILED, .create_failed = {.status = MESH_OK}};
    cr_assert_eq(send(&control), MESH_PROTOCOL, "that is no failure");
    BOTH_SIDES(CONTROL_STATUS_MAX, (control.create_failed.status = (enum mesh_status)size, send(&control)))
    control.create_failed.status = MESH_DEAD;
    BOTH_SIDES(FRAME_TEXT_BYTES, (control.create_failed.text = text_of(size), send(&control)))
}

Test(control, C4_limits_of_ends) {
    struct control gone = {.kind = CONTROL_GONE, .gone = {.address = here}};
    struct control exited = {.kind = CONTROL_EXITED, .exited = {.address = here}};
    BOTH_SIDES(FRAME_NODE_LOST, (gone.gone.reason = (enum frame_reason)size, send(&gone)))
    gone.gone.reason = FRAME_EXITED;
    BOTH_SIDES(FRAME_TEXT_BYTES, (gone.gone.text = text_of(size), send(&gone)))
    BOTH_SIDES(CONTROL_NODE_LOST, (exited.exited.how = (enum control_how)size, send(&exited)))
    exited.exited.how = CONTROL_OWN_EXIT;
    BOTH_SIDES(FRAME_TEXT_BYTES, (exited.exited.text = text_of(size), send(&exited)))
    gone.gone.text.size = exited.exited.text.size = 0;
    gone.gone.reason = (enum frame_reason) - 1;
    exited.exited.how = (enum control_how) - 1;
    cr_assert_eq(send(&gone), MESH_PROTOCOL);
    cr_assert_eq(send(&exited), MESH_PROTOCOL);
}

Test(control, S2A_limits_of_guests) {
    static struct frame_requirement needs[FRAME_REQUIREMENTS + 1];
    struct control wanted = {.kind = CONTROL_PREREGISTER, .preregister = {.expected = needs}};
    struct control unwanted = {.kind = CONTROL_DISMISS};
    for (size_t i = 0; i <= FRAME_REQUIREMENTS; i++) {
        needs[i].name = text_of(1);
    }
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, (wanted.preregister.endpoint = text_of(size), send(&wanted)))
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, (unwanted.dismiss.endpoint = text_of(size), send(&unwanted)))
    wanted.preregister.endpoint = unwanted.dismiss.endpoint = text_of(1);
    BOTH_SIDES(FRAME_REQUIREMENTS, (wanted.preregister.expected_count = size, send(&wanted)))
    unwanted.dismiss.admin = 7;
    cr_assert_eq(send(&unwanted), MESH_PROTOCOL, "either the one or the other");
    unwanted.dismiss.endpoint.size = wanted.preregister.endpoint.size = 0;
    wanted.preregister.expected_count = 0;
    cr_assert_eq(send(&unwanted), MESH_OK);
    cr_assert_eq(send(&wanted), MESH_PROTOCOL);
    unwanted.dismiss.admin = 0;
    cr_assert_eq(send(&unwanted), MESH_PROTOCOL);
}

Test(control, S9F_limits_of_what_is_said_of_an_address) {
    struct control unreached = {.kind = CONTROL_UNREACHED};
    BOTH_SIDES(FRAME_ENDPOINT_BYTES, (unreached.unreached.endpoint = text_of(size), send(&unreached)))
    unreached.unreached.endpoint.size = 0;
    BOTH_SIDES(FRAME_TEXT_BYTES, (unreached.unreached.text = text_of(size), send(&unreached)))
}

Test(control, K2_limits_of_lines_of_a_log) {
    static struct bytes all[CONTROL_LOG_COUNT + 1];
    struct bytes line;
    struct control lines = {.kind = CONTROL_LOG_LINES, .log_lines = {.count = 1, .lines = &line}};
    BOTH_SIDES(CONTROL_LOG_LINE_BYTES, (line = text_of(size), send(&lines)))
    lines.log_lines.lines = all;
    for (size_t i = 0; i <= CONTROL_LOG_COUNT; i++) {
        all[i] = text_of(1);
    }
    BOTH_SIDES(CONTROL_LOG_COUNT, (lines.log_lines.count = size, send(&lines)))
    struct control request = {.kind = CONTROL_LOG_REQUEST}, reply = {.kind = CONTROL_LOG_REPLY};
    BOTH_SIDES(FRAME_NAME_BYTES, (request.log_request.node = text_of(size), send(&request)))
    request.log_request.node.size = 0;
    BOTH_SIDES(MESH_LOG_DEBUG, (request.log_request.level = (enum mesh_level)size, send(&request)))
    BOTH_SIDES(FRAME_TEXT_BYTES, (reply.log_reply.note = text_of(size), send(&reply)))
    reply.log_reply.note.size = 0;
    reply.log_reply.lines = all;
    BOTH_SIDES(CONTROL_LOG_COUNT, (reply.log_reply.count = size, send(&reply)))
}

Test(control, S7H_a_word_on_a_key_allows_for_somebody_or_revokes) {
    struct control control = {.kind = CONTROL_MEMBER_KEY, .member_key = {.word = {.pattern = "web-*"}}};
    cr_assert_eq(send(&control), MESH_OK);
    control.member_key.word.revoked = true;
    cr_assert_eq(send(&control), MESH_PROTOCOL);
    control.member_key.word.pattern[0] = 0;
    cr_assert_eq(send(&control), MESH_OK);
    control.member_key.word.revoked = false;
    cr_assert_eq(send(&control), MESH_PROTOCOL);
}

Test(control, S5A_limits_of_updates) {
    struct control watch = {.kind = CONTROL_WATCH_MEMBERS, .watch_members = {.actor = here}};
    struct control update = {
        .kind = CONTROL_MEMBER_UPDATE,
        .member_update = {.watcher = here, .member = {.incarnation = 1, .name = text_of(1)}},
    };
    cr_assert_eq(send(&watch), MESH_OK);
    BOTH_SIDES(FRAME_TEXT_BYTES, (update.member_update.text = text_of(size), send(&update)))
    update.member_update.text.size = 0;
    BOTH_SIDES(FRAME_NAME_BYTES, (update.member_update.member.name = text_of(size), send(&update)))
    update.member_update.member.name = text_of(1);
    update.member_update.watcher = watch.watch_members.actor = (struct mesh_address){0};
    cr_assert_eq(send(&update), MESH_PROTOCOL);
    cr_assert_eq(send(&watch), MESH_PROTOCOL);
}

Test(control, G2_limits_of_names) {
    static struct control_held_name held[CONTROL_NAMES + 1];
    struct control request = {.kind = CONTROL_NAME_REQUEST}, freed = {.kind = CONTROL_NAME_FREED};
    struct control grant = {.kind = CONTROL_NAME_GRANT}, taken = {.kind = CONTROL_NAME_TAKEN};
    struct control all = {.kind = CONTROL_NAMES_HELD, .names_held.names = held};
    taken.name_taken.address = here;
    for (size_t i = 0; i <= CONTROL_NAMES; i++) {
        held[i].name = text_of(1);
    }
    cr_assert_eq(send(&request), MESH_PROTOCOL, "a name has a byte at least");
    BOTH_SIDES(FRAME_NAME_BYTES, (request.name_request.name = text_of(size), send(&request)))
    BOTH_SIDES(FRAME_NAME_BYTES, (grant.name_grant.name = text_of(size), send(&grant)))
    BOTH_SIDES(FRAME_NAME_BYTES, (freed.name_freed.name = text_of(size), send(&freed)))
    BOTH_SIDES(FRAME_NAME_BYTES, (taken.name_taken.name = text_of(size), send(&taken)))
    BOTH_SIDES(CONTROL_NAMES, (all.names_held.count = size, send(&all)))
    all.names_held.count = 1;
    BOTH_SIDES(FRAME_NAME_BYTES, (held[0].name = text_of(size), send(&all)))
    grant.name_grant.name = taken.name_taken.name = text_of(1);
    BOTH_SIDES(FRAME_TEXT_BYTES, (grant.name_grant.text = text_of(size), send(&grant)))
    grant.name_grant.text.size = 0;
    BOTH_SIDES(CONTROL_STATUS_MAX, (grant.name_grant.status = (enum mesh_status)size, send(&grant)))
    taken.name_taken.address = (struct mesh_address){0};
    cr_assert_eq(send(&taken), MESH_PROTOCOL);
}

Test(control, J1_limits_of_what_is_said_of_sources) {
    static const uint8_t bytes[CONTROL_PART_BYTES + 1];
    const struct bytes hash = bytes_make(bytes, CONTROL_HASH_BYTES);
    struct control part = {.kind = CONTROL_SOURCE, .source = {.what = CONTROL_SOURCE_PART, .hash = hash}};
    struct control refused = {.kind = CONTROL_SOURCE, .source = {.what = CONTROL_SOURCE_REFUSED, .hash = hash}};
    struct control watch = {.kind = CONTROL_SOURCE, .source = {.what = CONTROL_SOURCE_WATCH, .actor = {1, 2}}};
    struct control arriving = {.kind = CONTROL_SOURCE, .source.what = CONTROL_SOURCE_ARRIVING};
    struct control create = {.kind = CONTROL_CREATE, .create = {.type = text_of(1), .source = hash}};
    BOTH_SIDES(CONTROL_PART_BYTES, (part.source.data = bytes_make(bytes, size), send(&part)))
    part.source.data.size = 0;
    BOTH_SIDES(CONTROL_INFO_BYTES, (part.source.text = text_of(size), send(&part)))
    part.source.text.size = 0;
    BOTH_SIDES(FRAME_TEXT_BYTES, (refused.source.text = text_of(size), send(&refused)))
    BOTH_SIDES(0, (refused.source.text.size = 0, refused.source.data = bytes_make(bytes, size), send(&refused)))
    BOTH_SIDES(CONTROL_HASH_BYTES, (part.source.hash.size = size, send(&part)))
    BOTH_SIDES(CONTROL_HASH_BYTES, (create.create.source.size = size, send(&create)))
    create.create.source.size = 0;
    cr_assert_eq(send(&create), MESH_OK);
    cr_assert_eq(send(&watch), MESH_OK);
    watch.source.actor = (struct mesh_address){0};
    cr_assert_eq(send(&watch), MESH_PROTOCOL, "whom?");
    BOTH_SIDES(CONTROL_SOURCE_ARRIVING, (arriving.source.what = (enum control_source_what)size, send(&arriving)))
    arriving.source.what = (enum control_source_what)0;
    cr_assert_eq(send(&arriving), MESH_PROTOCOL);
}

Test(control, limits_of_types) {
    static struct control_type types[CONTROL_TYPES + 1];
    struct control control = {.kind = CONTROL_PROGRAM_TYPES, .types = {.types = types}};
    for (size_t i = 0; i <= CONTROL_TYPES; i++) {
        types[i].name = text_of(1);
    }
    BOTH_SIDES(CONTROL_TYPES, (control.types.count = size, send(&control)))
    control.types.count = 1;
    BOTH_SIDES(FRAME_TYPE_BYTES, (types[0].name = text_of(size), send(&control)))
    types[0].name.size = 0;
    cr_assert_eq(send(&control), MESH_PROTOCOL);
}

Test(control, K1_limits_of_status) {
    static struct control_actor_status actors[CONTROL_LISTED + 1];
    static struct control_counter counters[CONTROL_LISTED + 1];
    static struct control_member_status members[CONTROL_LISTED + 1];
    static struct mesh_address watchers[CONTROL_LISTED + 1];
    struct control_node_status node = {.member = {.incarnation = 1, .name = text_of(1)},
                                       .actors = actors,
                                       .counters = counters,
                                       .members = members,
                                       .watchers = watchers};
    struct control control = {.kind = CONTROL_STATUS_REPLY, .status_reply = {.nodes_count = 1, .nodes = &node}};
    BOTH_SIDES(CONTROL_LISTED, (node.actors_count = size, send(&control)))
    node.actors_count = 0;
    BOTH_SIDES(CONTROL_LISTED, (node.counters_count = size, send(&control)))
    node.counters_count = 0;
    BOTH_SIDES(CONTROL_LISTED, (node.members_count = size, send(&control)))
    node.members_count = 0;
    BOTH_SIDES(CONTROL_LISTED, (node.watchers_count = size, send(&control)))
    node.watchers_count = 0;
    node.member.incarnation = 0;
    cr_assert_eq(send(&control), MESH_PROTOCOL);
}

Test(control, K1_limits_of_an_actors_status) {
    static struct mesh_address children[CONTROL_LISTED + 1];
    static struct control_counter counters[CONTROL_LISTED + 1];
    struct control control = {.kind = CONTROL_ACTOR_REPORT,
                              .actor_report = {.actor = {.address = here, .children_count = 10000},
                                               .children = children,
                                               .counters = counters}};
    struct control_actor_report *report = &control.actor_report;
    BOTH_SIDES(CONTROL_LISTED, (report->children_listed = size, send(&control)))
    report->children_listed = 0;
    BOTH_SIDES(CONTROL_LISTED, (report->counters_count = size, send(&control)))
    report->counters_count = 0;
    BOTH_SIDES(FRAME_TYPE_BYTES, (report->actor.type = text_of(size), send(&control)))
    report->actor.type.size = 0;
    BOTH_SIDES(FRAME_TYPE_BYTES, (report->in_hand = text_of(size), send(&control)))
    report->in_hand.size = 0;
    BOTH_SIDES(FRAME_NAME_BYTES, (report->node_name = text_of(size), send(&control)))
    report->node_name.size = 0;
    report->actor.children_count = 7;
    BOTH_SIDES(7, (report->children_listed = size, send(&control)))
    report->actor.address = (struct mesh_address){0};
    report->children_listed = 0;
    cr_assert_eq(send(&control), MESH_PROTOCOL, "of nobody");
}

/* The longest report that a host makes: as many children as it lists, and texts of full length. */
Test(control, K1_the_longest_report_of_an_actor_fits) {
    static struct mesh_address children[CONTROL_LISTED];
    static struct control_counter counters[16];
    memset(children, 0xff, sizeof children);
    for (size_t i = 0; i < 16; i++) {
        counters[i] = (struct control_counter){text_of(32), UINT64_MAX};
    }
    struct control control = {.kind = CONTROL_ACTOR_REPORT,
                              .actor_report = {.actor = {.address = here,
                                                         .type = text_of(FRAME_TYPE_BYTES),
                                                         .state = text_of(32),
                                                         .children_count = UINT64_MAX},
                                               .node_name = text_of(FRAME_NAME_BYTES),
                                               .in_hand = text_of(FRAME_TYPE_BYTES),
                                               .children_listed = CONTROL_LISTED,
                                               .children = children,
                                               .counters_count = 16,
                                               .counters = counters}};
    cr_assert_eq(send(&control), MESH_OK);
}

Test(control, K1_a_question_goes_no_further_than_its_hops) {
    struct control control = {.kind = CONTROL_STATUS_REQUEST, .status_request = {.address = here}};
    BOTH_SIDES(CONTROL_HOPS, (control.status_request.hops = (uint32_t)size, send(&control)))
    control.status_request.hops = 0;
    BOTH_SIDES(FRAME_NAME_BYTES, (control.status_request.name = text_of(size), send(&control)))
}

Test(control, limits_of_nodes_in_a_status) {
    static struct control_node_status nodes[FRAME_MEMBERS + 1];
    struct control control = {.kind = CONTROL_STATUS_REPLY, .status_reply = {.nodes = nodes}};
    for (size_t i = 0; i <= FRAME_MEMBERS; i++) {
        nodes[i].member = (struct frame_member){.incarnation = 1, .name = text_of(1)};
    }
    BOTH_SIDES(FRAME_MEMBERS, (control.status_reply.nodes_count = size, send(&control)))
}

Test(control, what_is_about_nobody_is_refused) {
    struct control nobody[] = {
        {.kind = CONTROL_CREATED, .created = {.process = 1}},
        {.kind = CONTROL_RESOLVE, .resolve = {.sender = {1, 1}}},
        {.kind = CONTROL_RESOLVED, .resolved = {.process = 1}},
        {.kind = CONTROL_GONE},
        {.kind = CONTROL_EXITED},
        {.kind = CONTROL_KILL},
    };
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        cr_assert_eq(send(&nobody[i]), MESH_PROTOCOL, "%zu", i);
    }
}
