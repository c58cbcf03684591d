/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/sources_world.h"
#include "mesh/base/list.h"
#include "proto/codec.h"
#include <stdio.h>
#include <stdlib.h>

struct letter {
    struct list_node place;
    size_t to;
    struct mesh_address from, address;
    size_t bytes;
    uint8_t packed[];
};

struct node nodes[NODES];
static struct list letters;
static struct codec *ours, *theirs;
uint64_t now_ns;
uint8_t hash[SOURCE_HASH_BYTES];
static uint8_t *bundle;
size_t content_bytes, parts;

__attribute__((format(printf, 2, 3))) static void tell(size_t at, const char *format, ...) {
    char *told = nodes[at].told;
    size_t used = strlen(told);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(told + used, TOLD_BYTES - used, format, arguments);
    va_end(arguments);
}

/* What was told since the last look. */
void expect(size_t at, const char *wanted) {
    cr_assert_str_eq(nodes[at].told, wanted, "node %zu:\n%s\n%s", at, nodes[at].told, wanted);
    nodes[at].told[0] = '\0';
}

/* ---- bytes ---- */

/* No hash that anybody should use. */
static void digest_begin(struct source_hashing *hashing) {
    hashing->words[0] = 7;
}

static void digest_add(struct source_hashing *hashing, struct bytes part) {
    for (size_t i = 0; i < part.size; i++) {
        hashing->words[0] = hashing->words[0] * 31 + part.data[i];
    }
}

static void digest_end(struct source_hashing *hashing, uint8_t out[SOURCE_HASH_BYTES]) {
    memset(out, 0, SOURCE_HASH_BYTES);
    memcpy(out, hashing->words, sizeof hashing->words[0]);
}

static const struct sources_digest digest = {digest_begin, digest_add, digest_end};

/* Of four parts. What is in front of the plain bytes makes it another source. */
static void make_bundle(void) {
    uint8_t *object = calloc(1, OBJECT_BYTES);
    static const uint8_t header[] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 62, 0};
    memcpy(object, header, sizeof header);
    struct bundle made = {.count = 1};
    made.objects[0] = (struct bundle_object){{62, 2, 1}, "hello.so", bytes_make(object, OBJECT_BYTES)};
    content_bytes = bundle_bytes(&made);
    bundle = malloc(content_bytes + 1);
    bundle_write(&made, bundle);
    free(object);
    struct source_hashing hashing;
    digest.begin(&hashing);
    digest.add(&hashing, bytes_make(bundle, content_bytes));
    digest.end(&hashing, hash);
}

/* ---- the network ---- */

struct mesh_address process_of(size_t at, uint32_t slot) {
    return address_make(FIRST + at, slot, 0);
}

void post(struct mesh_address from, struct mesh_address to, const struct control *control) {
    struct bytes packed;
    cr_assert_eq(control_encode(ours, control, &packed), MESH_OK);
    struct letter *letter = malloc(sizeof *letter + packed.size);
    *letter = (struct letter){.to = (size_t)(to.node - FIRST), .from = from, .address = to, .bytes = packed.size};
    memcpy(letter->packed, packed.data, packed.size);
    list_push_back(&letters, &letter->place);
}

void say(struct mesh_address from, uint64_t id, struct control_source said) {
    post(from, address_make(from.node, 0, 0), &(struct control){.id = id, .kind = CONTROL_SOURCE, .source = said});
}

struct control_source about(enum control_source_what what) {
    return (struct control_source){.what = what, .hash = bytes_make(hash, sizeof hash)};
}

static void poll_node(size_t at);

void step(size_t at, struct sources_event event) {
    cr_assert_eq(sources_step(nodes[at].sources, now_ns, &event), MESH_OK);
    poll_node(at);
}

void tell_read(size_t at) {
    step(at, (struct sources_event){.kind = SOURCES_READ,
                                    .hash = hash,
                                    .load = nodes[at].load,
                                    .status = nodes[at].reading,
                                    .text = bytes_of_text("a symbol is missing")});
}

static void perform(size_t at, const struct sources_action *action) {
    switch (action->kind) {
    case SOURCES_SEND:
        post(process_of(at, 0), action->to, &action->control);
        return;
    case SOURCES_UNPACK:
        nodes[at].load = action->load;
        tell(at, "unpack %u, ", (unsigned)action->load);
        cr_assert(bytes_equal(action->plain, bytes_make(bundle, content_bytes)));
        return;
    case SOURCES_UNLOADED:
        tell(at, "drop %u, ", (unsigned)action->load);
        return;
    case SOURCES_CREATE:
        tell(at, "create %u: %s, ", (unsigned)action->token, mesh_status_name(action->status));
        return;
    case SOURCES_ARRIVING:
        tell(at, "create %u waited %u ms, ", (unsigned)action->token, (unsigned)action->waited_ms);
        return;
    case SOURCES_LOG:
        return;
    }
}

static void poll_node(size_t at) {
    struct sources_action action;
    while (sources_poll(nodes[at].sources, &action)) {
        perform(at, &action);
        if (action.kind == SOURCES_UNPACK && nodes[at].reading != MESH_INTERRUPTED) {
            tell_read(at);
        }
    }
}

/* ---- who is not an admin ---- */

static void answer_wanted(size_t at, struct mesh_address self, const struct control *control) {
    uint64_t offset = control->source.offset;
    struct bytes offered = bytes_make(bundle, content_bytes);
    struct control_source part = about(CONTROL_SOURCE_PART);
    if (nodes[at].deaf) {
        return;
    }
    part.hash = control->source.hash;
    part.offset = offset;
    part.data = bytes_make(offered.data + offset, size_min(CONTROL_PART_BYTES, offered.size - offset));
    parts++;
    say(self, control->id, part);
}

static void judge(size_t at, struct mesh_address self, const struct control *control) {
    struct control_source answer = about(CONTROL_SOURCE_VALIDATED);
    nodes[at].asked = self;
    nodes[at].question = control->id;
    tell(at, "judge %u by %u, ", (unsigned)control->source.size, (unsigned)address_slot(self));
    answer.hash = control->source.hash;
    answer.flag = nodes[at].policy == AGREE;
    answer.size = nodes[at].policy == MAKE_PLAIN ? content_bytes : 0;
    answer.number = 77;
    if (nodes[at].policy == REFUSE) {
        answer.what = CONTROL_SOURCE_REFUSED;
        answer.flag = false;
        answer.text = bytes_of_text("by nobody I know");
    }
    if (nodes[at].policy != WAIT) {
        say(self, control->id, answer);
    }
}

static void hear(size_t at, struct mesh_address self, const struct control *control) {
    if (control->kind == CONTROL_DONE) {
        tell(at, "done %u: %s%s%.*s, ", (unsigned)control->id, mesh_status_name(control->done.status),
             control->done.text.size ? " " : "", (int)control->done.text.size, (const char *)control->done.text.data);
    } else if (control->source.what == CONTROL_SOURCE_WANTED) {
        answer_wanted(at, self, control);
    } else if (control->source.what == CONTROL_SOURCE_VALIDATE) {
        judge(at, self, control);
    } else if (control->source.what == CONTROL_SOURCE_UPDATE) {
        tell(at, "%c%.*s %u, ", control->source.flag ? '+' : '-', (int)control->source.text.size,
             (const char *)control->source.text.data, (unsigned)control->source.load);
    }
}

/* Until nothing is under way but what cannot come. */
void settle(void) {
    bool any = true;
    while (any) {
        any = false;
        LIST_EACH (&letters, node, after) {
            struct letter *letter = LIST_OWNER(node, struct letter, place);
            struct control control;
            size_t from = (size_t)(letter->from.node - FIRST);
            if (from != letter->to && (nodes[from].cut || nodes[letter->to].cut)) {
                continue;
            }
            list_remove(&letter->place);
            cr_assert_eq(control_decode(theirs, bytes_make(letter->packed, letter->bytes), &control), MESH_OK);
            if (address_slot(letter->address) == 0) {
                step(letter->to,
                     (struct sources_event){.kind = SOURCES_CONTROL, .asker = letter->from, .control = &control});
            } else {
                hear(letter->to, letter->address, &control);
            }
            free(letter);
            any = true;
            break;
        }
    }
}

void pass(uint64_t span_ns) {
    uint64_t until_ns = now_ns + span_ns;
    while (now_ns < until_ns) {
        uint64_t least_ns = until_ns;
        for (size_t at = 0; at < NODES; at++) {
            least_ns = time_min(least_ns, sources_deadline(nodes[at].sources));
        }
        now_ns = least_ns > now_ns ? least_ns : now_ns + 1;
        for (size_t at = 0; at < NODES; at++) {
            step(at, (struct sources_event){.kind = SOURCES_TICK});
        }
        settle();
    }
}

/* ---- life ---- */

static void open_node(size_t at, enum sources_accept accept) {
    struct sources_options options = {.limits = sources_limits_default, .incarnation = FIRST + at, .accept = accept};
    options.limits.sources_max = 2;
    options.members = &nodes[at].members;
    options.digest = digest;
    cr_assert_eq(sources_new(&nodes[at].sources, &options), MESH_OK);
}

void meet(size_t at, size_t other) {
    char name[8];
    struct member *member;
    (void)snprintf(name, sizeof name, "n%zu", other);
    struct frame_member view = {
        .incarnation = FIRST + other, .name = bytes_of_text(name), .endpoint = bytes_of_text(name)};
    cr_assert_eq(members_add(&nodes[at].members, now_ns, &view, &member), MESH_OK);
    step(at, (struct sources_event){.kind = SOURCES_MEMBER_ADDED, .admin = FIRST + other});
}

void lose(size_t at, size_t other) {
    members_remove(&nodes[at].members, members_find(&nodes[at].members, FIRST + other));
    members_free_removed(&nodes[at].members);
    step(at, (struct sources_event){.kind = SOURCES_MEMBER_LOST, .admin = FIRST + other});
}

void lead(size_t at, uint64_t leader) {
    step(at, (struct sources_event){.kind = SOURCES_LEADER, .admin = leader});
}

void begin_accepting(enum sources_accept accept) {
    memset(nodes, 0, sizeof nodes);
    list_init(&letters);
    now_ns = NS_PER_S;
    parts = 0;
    cr_assert_eq(codec_new(&ours), MESH_OK);
    cr_assert_eq(codec_new(&theirs), MESH_OK);
    make_bundle();
    for (size_t at = 0; at < NODES; at++) {
        cr_assert_eq(members_init(&nodes[at].members, NODES), MESH_OK);
        open_node(at, accept);
        lead(at, FIRST);
    }
    for (size_t at = 0; at < NODES; at++) {
        for (size_t other = 0; other < NODES; other++) {
            meet(at, other);
        }
    }
    settle();
}

void begin(void) {
    begin_accepting(SOURCES_FROM_ALL);
}

void finish(void) {
    for (struct list_node *node; (node = list_pop_front(&letters));) {
        free(LIST_OWNER(node, struct letter, place));
    }
    for (size_t at = 0; at < NODES; at++) {
        sources_destroy(&nodes[at].sources);
        members_fini(&nodes[at].members);
    }
    codec_destroy(&ours);
    codec_destroy(&theirs);
    free(bundle);
}

/* ---- what they do ---- */

void authority(size_t at, uint32_t slot, bool on) {
    struct control_source said = {
        .what = CONTROL_SOURCE_AUTHORITY, .actor = address_make(FIRST + at, slot, 1), .flag = on};
    say(process_of(at, slot), 0, said);
    settle();
}

void watch(size_t at, bool on) {
    struct control_source said = {
        .what = CONTROL_SOURCE_WATCH, .actor = address_make(FIRST + at, OTHER, 1), .flag = on};
    say(process_of(at, OTHER), 0, said);
    settle();
}

void load(size_t at, uint64_t id) {
    struct control_source said = about(CONTROL_SOURCE_LOAD);
    said.size = content_bytes;
    said.text = bytes_of_text("hello");
    say(process_of(at, PROGRAM), id, said);
    settle();
}

void unload(size_t at, uint64_t id) {
    say(process_of(at, PROGRAM), id, about(CONTROL_SOURCE_UNLOAD));
    settle();
}

/* A loaded source at a node, by an Authority that agrees. */
void have(size_t at) {
    authority(at, AUTHORITY, true);
    load(at, 1);
    authority(at, AUTHORITY, false);
    nodes[at].told[0] = '\0';
}

struct sources_answer create_with(size_t at, struct control_create create, uint64_t admin, uint64_t token) {
    struct sources_answer answer;
    create.source = bytes_make(hash, sizeof hash);
    sources_judge_create(nodes[at].sources, now_ns, &create, admin, token, &answer);
    poll_node(at);
    settle();
    return answer;
}

/* One that the leader passes on, from a node that has the source. */
struct sources_answer create(size_t at, size_t from, uint64_t token) {
    return create_with(at, (struct control_create){.source_from = FIRST + from}, FIRST, token);
}
