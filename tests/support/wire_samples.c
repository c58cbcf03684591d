/* The sample frames and control messages.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/wire_samples.h"

/* bytes_of_text for initialisers. */
#define TEXT(text)                                                                                                     \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define COUNT(array) (sizeof(array) / sizeof *(array))

#define HASH TEXT("0123456789abcdef0123456789ABCDEF")
#define SENDER                                                                                                         \
    { 0x1111111111111111, 0x0000010000000001 }
#define TARGET                                                                                                         \
    { 0x2222222222222222, 0x0000020000000002 }

static void keep(struct part *part) {
    (void)part;
}

static struct part first_part = {.holders = 1, .bytes = TEXT("the first payload outside"), .free = keep};
static struct part second_part = {.holders = 1, .bytes = {NULL, 0}, .free = keep};
struct part *const wire_parts[WIRE_EXTERNALS] = {&first_part, &second_part};

static const struct bytes log_lines[] = {TEXT("2026-01-31T23:59:59.123Z warning alpha 4711 - - too hot"), TEXT("")};
static const struct bytes payloads[] = {TEXT("one"), TEXT(""), TEXT("\0three\xff")};
static const struct bytes external_payloads[] = {TEXT("the first payload outside"), {NULL, 0}};

static const struct frame_run runs[] = {
    {.sender = SENDER,
     .target = TARGET,
     .epoch = 3,
     .first = 40,
     .base = 39,
     .ask = 5,
     .asker = {7, 8},
     .kind = FRAME_USER,
     .ttl_ms = 300000,
     .flags = FRAME_RUN_REPLY | FRAME_RUN_REDELIVERED,
     .type = TEXT("sample.type"),
     .count = COUNT(payloads),
     .payloads = payloads},
    {.sender = SENDER, .target = TARGET, .epoch = 3, .first = 43, .base = 39, .probe = 7, .kind = FRAME_SKIP},
    {.sender = SENDER,
     .target = TARGET,
     .epoch = 3,
     .first = 44,
     .base = 39,
     .total = UINT64_MAX,
     .offset = 65536,
     .kind = FRAME_CHUNK,
     .ttl_ms = 300000,
     .count = COUNT(payloads),
     .payloads = payloads},
    {.sender = SENDER, .target = TARGET, .epoch = 4, .first = 0, .base = 0, .flags = FRAME_RUN_CLOSE},
};

static const struct frame_run external_runs[] = {
    {.sender = SENDER,
     .target = TARGET,
     .epoch = 9,
     .first = 1,
     .base = 1,
     .kind = FRAME_CONTROL,
     .ttl_ms = FRAME_TTL_NEVER,
     .flags = FRAME_RUN_URGENT,
     .count = COUNT(external_payloads),
     .payloads = external_payloads,
     .parts = wire_parts},
};

static const struct frame_exception exceptions[] = {
    {101, FRAME_RETURNED, FRAME_NO_REASON, false, TEXT("the handler failed")},
    {103, FRAME_DIED, FRAME_NODE_LOST, true, TEXT("")},
};

static const struct frame_range ahead[] = {{107, 107}, {109, 110}};

static const struct frame_ack acks[] = {
    {.sender = SENDER,
     .target = TARGET,
     .epoch = 3,
     .received = 110,
     .handled = 105,
     .listed_from = 100,
     .credit_seq = 200,
     .credit_bytes = 65536,
     .echo = 7,
     .flags = FRAME_ACK_GAP,
     .exceptions_count = COUNT(exceptions),
     .exceptions = exceptions,
     .ahead_count = COUNT(ahead),
     .ahead = ahead},
    {.sender = TARGET, .target = SENDER, .epoch = 2, .listed_from = 1, .flags = FRAME_ACK_STALE | FRAME_ACK_LOST},
};

static const struct frame_value flag = {.kind = FRAME_VALUE_FLAG, .flag = true};
static const struct frame_value integer = {.kind = FRAME_VALUE_INTEGER, .integer = INT64_MIN};
static const struct frame_value list[] = {
    {.kind = FRAME_VALUE_REAL, .real = 0.1},
    {.kind = FRAME_VALUE_TEXT, .bytes = TEXT("a text")},
    {.kind = FRAME_VALUE_DATA, .bytes = TEXT("\0\1\2")},
    {.kind = FRAME_VALUE_NONE},
};

static const struct frame_capability capabilities[] = {
    {TEXT("watch supported"), 1, &flag, false}, {TEXT("cores"), 1, &integer, false},
    {TEXT("many"), COUNT(list), list, true},    {TEXT("empty"), 0, NULL, true},
    {TEXT("deleted"), 0, NULL, false},
};

static const struct frame_requirement requirements[] = {
    {TEXT("watch supported"), FRAME_COMPARE_PRESENT, 0, NULL},
    {TEXT("cores"), FRAME_COMPARE_EQUAL, 1, &integer},
    {TEXT("load"), FRAME_COMPARE_LESS_OR_EQUAL, 1, list},
    {TEXT("zone"), FRAME_COMPARE_IN, COUNT(list), list},
};

#define LEADER                                                                                                         \
    {                                                                                                                  \
        .incarnation = 77, .name = TEXT("leader"), .endpoint = TEXT("tcp://127.0.0.1:1900"), .capabilities_count = 5,  \
        .capabilities = capabilities, .actors = 12                                                                     \
    }

static const struct frame_guest guests[] = {
    {.endpoint = TEXT("tcp://127.0.0.1:1904"), .expected_count = COUNT(requirements), .expected = requirements},
    {.endpoint = TEXT("tcp://127.0.0.1:1905")}};

static const struct frame_member members[] = {
    LEADER,
    {.incarnation = 78, .name = TEXT("member"), .endpoint = TEXT("")},
};
static const uint64_t incarnations[] = {1, UINT64_MAX};
static const struct bytes leaders[] = {TEXT("tcp://127.0.0.1:1900"), TEXT("tcp://127.0.0.1:1901")};

static const struct frame_trusted trusted[] = {{.key = {1, 2, 3}, .stamp = UINT64_MAX, .pattern = "web-*"},
                                               {.key = {[31] = 255}, .revoked = true}};

const struct frame wire_frames[WIRE_FRAMES] = {
    {.from = 11,
     .body = FRAME_HELLO,
     .hello = {.role = FRAME_ROLE_HOST,
               .node = 77,
               .node_name = TEXT("leader"),
               .slot = (1U << 24) - 1,
               .endpoint = TEXT("ipc:///run/mesh/leader/3"),
               .pid = 4711,
               .last_seen = 10,
               .refusal = TEXT("not today"),
               .limits = {16384, 64 << 20, 65536, 64 << 20, UINT64_MAX}}},
    {.from = 11,
     .to = 22,
     .body = FRAME_BATCH,
     .batch = {.runs_count = COUNT(runs), .acks_count = COUNT(acks), .runs = runs, .acks = acks}},
    {.from = 11, .to = 22, .body = FRAME_BATCH, .batch = {.runs_count = COUNT(external_runs), .runs = external_runs}},
    {.from = 11, .to = 22, .body = FRAME_BATCH},
    {.from = 11,
     .to = 22,
     .body = FRAME_HEARTBEAT,
     .heartbeat = {.epoch = UINT64_MAX, .acting = true, .order = FRAME_ORDER_BEHIND}},
    {.from = 11, .to = 22, .body = FRAME_STALE, .stale = {.meant = 21}},
    {.from = 11, .to = 22, .body = FRAME_REGISTER, .registration = {.member = LEADER, .first_time = true}},
    {.from = 11,
     .to = 22,
     .body = FRAME_REGISTER,
     .registration = {.member = LEADER, .invited = true, .place = 2, .places = 3, .trust = UINT64_MAX}},
    {.from = 11,
     .to = 22,
     .body = FRAME_REGISTERED,
     .registered = {.epoch = 6,
                    .number = 8,
                    .leader = LEADER,
                    .members_count = COUNT(members),
                    .members = members,
                    .guests_count = COUNT(guests),
                    .guests = guests,
                    .trust = 5,
                    .part = UINT32_MAX,
                    .more = true}},
    {.from = 11,
     .to = 22,
     .body = FRAME_ROSTER,
     .roster = {.epoch = 6,
                .number = 9,
                .since = 7,
                .joined_count = COUNT(members),
                .left_count = COUNT(incarnations),
                .joined = members,
                .left = incarnations}},
    {.from = 11, .to = 22, .body = FRAME_DEREGISTER, .deregister = {.reason = TEXT("the node shuts down")}},
    {.from = 11, .to = 22, .body = FRAME_DEREGISTER, .deregister = {.reason = TEXT("no more"), .dismissed = true}},
    {.from = 11, .to = 22, .body = FRAME_INVITE, .invite = {.leader = LEADER}},
    {.from = 11,
     .to = 22,
     .body = FRAME_INVITE,
     .invite = {.leader = LEADER, .leaders_count = COUNT(leaders), .leaders = leaders}},
    {.from = 11, .to = 22, .body = FRAME_TRUST, .trust = {.keys_count = COUNT(trusted), .keys = trusted}},
    {.from = 11,
     .to = 22,
     .body = FRAME_FORWARD,
     .forward = {.origin = 33,
                 .origin_node = 11,
                 .origin_slot = 7,
                 .origin_endpoint = TEXT("admin://000000000000000b"),
                 .target = 44,
                 .target_node = 22,
                 .number = UINT64_MAX,
                 .hops = 1,
                 .parts_count = WIRE_EXTERNALS,
                 .parts = wire_parts}},
    {.from = 33,
     .to = 11,
     .body = FRAME_FORWARD,
     .forward = {.origin = 33, .origin_node = 11, .target = 44, .target_node = 22}},
    {.from = 22,
     .to = 11,
     .body = FRAME_PASSAGE,
     .passage = {.origin = 33, .origin_node = 11, .target = 44, .number = UINT64_MAX, .way = FRAME_WAY_GONE}},
    {.from = UINT64_MAX, .to = UINT64_MAX, .body = FRAME_HELLO, .hello = {.role = FRAME_ROLE_PROGRAM}},
};

static const struct control_type types[] = {
    {TEXT("first.type"), false, COUNT(requirements), requirements},
    {TEXT("second.type"), true, 0, NULL},
};
static const struct control_actor_status actors[] = {
    {.address = TARGET,
     .parent = SENDER,
     .type = TEXT("sample.type"),
     .state = TEXT("running"),
     .pid = 99,
     .mailbox = 1,
     .handled = 2,
     .busy_ms = 3,
     .unsettled = 4,
     .children_count = 5},
};
static const struct control_counter counters[] = {{TEXT("accepted"), UINT64_MAX}, {TEXT("dead"), 0}};
static const struct control_member_status silent[] = {
    {TEXT("member"), TEXT("tcp://127.0.0.1:1901"), TEXT("suspect"), 4001, 78}};

static const struct control_held_name held_names[] = {{.name = TEXT("clock"), .address = TARGET, .epoch = 4},
                                                      {.name = TEXT("bell"), .epoch = 5}};

static const struct mesh_address watchers[] = {SENDER, TARGET};
static const struct control_source_status sources[] = {
    {.hash = HASH, .info = TEXT("hello.so"), .state = TEXT("loaded"), .size = 4711, .load = 3, .processes = 2}};

static const struct control_node_status nodes[] = {
    {.member = LEADER,
     .acting = true,
     .leader = 77,
     .uptime_ms = 123456,
     .pid = 42,
     .actors_count = COUNT(actors),
     .counters_count = COUNT(counters),
     .members_count = COUNT(silent),
     .actors = actors,
     .counters = counters,
     .members = silent,
     .names_count = COUNT(held_names),
     .names = held_names,
     .watchers_count = COUNT(watchers),
     .watchers = watchers,
     .sources_count = COUNT(sources),
     .sources = sources,
     .authority = TARGET,
     .note = TEXT("2 of 3")},
    {.member = {.incarnation = 78, .name = TEXT("member")}},
};

static const struct mesh_address children[] = {TARGET, SENDER};

const struct control wire_controls[WIRE_CONTROLS] = {
    {.id = 1,
     .kind = CONTROL_CREATE,
     .create = {.address = TARGET,
                .parent = SENDER,
                .type = TEXT("sample.type"),
                .program = TEXT("/usr/bin/sample"),
                .requirements_count = COUNT(requirements),
                .creators_count = 1,
                .refused_count = COUNT(incarnations),
                .requirements = requirements,
                .source = HASH,
                .source_load = 5,
                .source_unloaded = 4,
                .source_from = 78,
                .refused_by = incarnations,
                .status = MESH_LOAD_FAILED,
                .refusal = TEXT("no such file"),
                .supervision = {CONTROL_ESCALATE, CONTROL_RESTARTS_MAX, 5000},
                .detached = true,
                .name = TEXT("clock"),
                .name_epoch = 3}},
    {.id = 2,
     .kind = CONTROL_CREATED,
     .created =
         {.address = TARGET, .process = 31, .admin = 32, .endpoint = TEXT("ipc:///run/mesh/a"), .detached = true}},
    {.id = 3,
     .kind = CONTROL_CREATE_FAILED,
     .create_failed = {.address = TARGET, .status = MESH_UNKNOWN_TYPE, .text = TEXT("what type?")}},
    {.id = 4, .kind = CONTROL_RESOLVE, .resolve = {.address = TARGET, .sender = SENDER}},
    {.id = 5,
     .kind = CONTROL_RESOLVED,
     .resolved = {.address = TARGET,
                  .sender = SENDER,
                  .process = 33,
                  .endpoint = TEXT("tcp://127.0.0.1:1902"),
                  .life = 2,
                  .floors_known = true,
                  .epoch = 4,
                  .handled = 20,
                  .in_hand = 21,
                  .text = TEXT("killed by SIGSEGV")}},
    {.id = 6,
     .kind = CONTROL_GONE,
     .gone = {.address = TARGET,
              .sender = SENDER,
              .reason = FRAME_EXITED,
              .text = TEXT("it exited"),
              .floors_known = true,
              .epoch = 3,
              .handled = 17,
              .in_hand = 18}},
    {.id = 7,
     .kind = CONTROL_EXITED,
     .exited = {.address = TARGET,
                .how = CONTROL_SIGNAL,
                .number = -9,
                .text = TEXT("killed by SIGKILL"),
                .failed = true,
                .escalates = true,
                .alone = true}},
    {.id = 8,
     .kind = CONTROL_STATUS_REQUEST,
     .status_request =
         {.whole_convention = true, .address = TARGET, .hops = CONTROL_HOPS, .brief = true, .name = TEXT("printer")}},
    {.id = 9, .kind = CONTROL_STATUS_REPLY, .status_reply = {.nodes_count = COUNT(nodes), .nodes = nodes}},
    {.id = 10, .kind = CONTROL_SHUTDOWN, .shutdown = {.timeout_ms = 10000}},
    {.id = 11,
     .kind = CONTROL_PROGRAM_TYPES,
     .types = {.program = TEXT("/usr/bin/sample"), .count = COUNT(types), .types = types}},
    {.id = 12, .kind = CONTROL_KILL, .kill = {.address = TARGET}},
    {.id = UINT64_MAX, .kind = CONTROL_DONE, .done = {.status = MESH_INTERNAL, .text = TEXT("done for")}},
    {.id = 14,
     .kind = CONTROL_DEAD_LETTER_HANDLER,
     .dead_letter_handler = {.handler = TARGET, .process = SENDER, .registered = true}},
    {.id = 15,
     .kind = CONTROL_DEAD_LETTER,
     .dead_letter = {.handler = SENDER,
                     .target = TARGET,
                     .sender = SENDER,
                     .reason = FRAME_NODE_LOST,
                     .maybe_handled = true,
                     .type = TEXT("sample.type"),
                     .payload = TEXT("some of it"),
                     .text = TEXT("its node was lost"),
                     .payload_bytes = 4711,
                     .ask = 12,
                     .returned = true}},
    {.id = 16,
     .kind = CONTROL_ACTOR_REPORT,
     .actor_report = {.actor = {.address = TARGET,
                                .parent = SENDER,
                                .type = TEXT("sample.type"),
                                .state = TEXT("busy"),
                                .pid = 99,
                                .mailbox = 1,
                                .handled = 2,
                                .busy_ms = 3,
                                .unsettled = 4,
                                .children_count = UINT64_MAX},
                      .node_name = TEXT("leader"),
                      .in_hand = TEXT("text"),
                      .light = true,
                      .exiting = true,
                      .restarts = 11,
                      .secondhand = true,
                      .mailbox_bytes = 5,
                      .unsettled_bytes = 6,
                      .streams_out = 7,
                      .streams_in = 8,
                      .timers = 9,
                      .watched = 10,
                      .children_listed = COUNT(children),
                      .counters_count = COUNT(counters),
                      .children = children,
                      .counters = counters}},
    {.id = 17,
     .kind = CONTROL_PREREGISTER,
     .preregister = {.endpoint = TEXT("tcp://127.0.0.1:1903"),
                     .expected_count = COUNT(requirements),
                     .expected = requirements,
                     .passed_on = true}},
    {.id = 18, .kind = CONTROL_DISMISS, .dismiss = {.endpoint = TEXT("tcp://127.0.0.1:1903"), .passed_on = true}},
    {.id = 19, .kind = CONTROL_WATCH_MEMBERS, .watch_members = {.actor = TARGET, .on = true}},
    {.id = 20,
     .kind = CONTROL_MEMBER_UPDATE,
     .member_update = {.watcher = TARGET, .member = LEADER, .added = true, .text = TEXT("left")}},
    {.id = 21, .kind = CONTROL_NAME_REQUEST, .name_request = {.name = TEXT("clock")}},
    {.id = 22,
     .kind = CONTROL_NAME_GRANT,
     .name_grant = {.name = TEXT("clock"),
                    .epoch = 5,
                    .status = MESH_NAME_UNAVAILABLE,
                    .text = TEXT("not now"),
                    .address = TARGET,
                    .admin = 78}},
    {.id = 23,
     .kind = CONTROL_NAMES_HELD,
     .names_held = {.epoch = 6, .first = true, .last = true, .count = COUNT(held_names), .names = held_names}},
    {.id = 24, .kind = CONTROL_NAME_FREED, .name_freed = {.name = TEXT("clock"), .address = TARGET, .admin = 79}},
    {.id = 25, .kind = CONTROL_NAMES_WANTED, .names_wanted = {.epoch = 7}},
    {.id = 26, .kind = CONTROL_NAME_TAKEN, .name_taken = {.name = TEXT("clock"), .address = TARGET}},
    {.id = 27, .kind = CONTROL_CAPABILITIES, .capabilities = {COUNT(capabilities), capabilities}},
    {.id = 28,
     .kind = CONTROL_CHECK,
     .check = {.address = TARGET,
               .capabilities_count = COUNT(capabilities),
               .requirements_count = COUNT(requirements),
               .capabilities = capabilities,
               .requirements = requirements}},
    {.id = 28,
     .kind = CONTROL_MEMBER_KEY,
     .member_key = {.word = {.key = {1, 2, 3}, .revoked = true}, .force = true, .passed_on = true}},
    {.id = 29, .kind = CONTROL_KEYS_CHANGED},
    {.id = 30,
     .kind = CONTROL_UNREACHED,
     .unreached = {.endpoint = TEXT("tcp://10.0.0.1:1900"), .text = TEXT("Connection refused")}},
    {.id = 60, .kind = CONTROL_LOG_LINES, .log_lines = {.lost = 3, .count = 2, .lines = log_lines}},
    {.id = 61,
     .kind = CONTROL_LOG_REQUEST,
     .log_request = {.node = TEXT("alpha"),
                     .level = MESH_LOG_WARNING,
                     .file = 7,
                     .offset = UINT64_C(1) << 40,
                     .wait_ms = 2000,
                     .passed_on = true}},
    {.id = 62,
     .kind = CONTROL_LOG_REPLY,
     .log_reply = {.node = TEXT("alpha"),
                   .file = 7,
                   .offset = 9,
                   .end = true,
                   .skipped = true,
                   .count = 2,
                   .lines = log_lines,
                   .note = TEXT("it logs nothing")}},
    {.id = 31,
     .kind = CONTROL_SOURCE,
     .source = {.what = CONTROL_SOURCE_PART,
                .hash = HASH,
                .size = 4711,
                .offset = 65536,
                .load = 2,
                .number = 3,
                .flag = true,
                .text = TEXT("hello.so"),
                .data = TEXT("a part of it")}},
    {.kind = CONTROL_MET},
};
