/* The status of a node, and of the whole convention, gathered from its members (K1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/base/check.h"
#include "proto/codec.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GATHER_WAIT_NS (2 * NS_PER_S)

enum {
    ACTORS_SHOWN = CONTROL_LISTED,
    ACTORS_OF_EACH = 256,
    NAMES_SHOWN = CONTROL_NAMES,
    NOTE_BYTES = 160,
    COUNTERS = 40,
    NODES_MAX = FRAME_MEMBERS
};

/* A node's own reply, kept packed until all have come: a control message that holds one node. */
struct gathered {
    struct gathered *next;
    struct codec *codec; /* whose memory the decoded reply is in */
    struct control control;
};

struct gathering {
    struct list_node listed;
    struct mesh_address asker;
    uint64_t id, own_id, until_ns;
    size_t awaited;
    char name[FRAME_NAME_BYTES + 1]; /* the one that is asked for; "": it is not */
    struct gathered *replies;
};

/* ---- this node ---- */

struct snapshot {
    struct control_node_status node;
    struct control_actor_status actors[ACTORS_SHOWN];
    struct control_counter counters[COUNTERS];
    struct control_member_status *members;
    struct control_held_name names[NAMES_SHOWN];
    struct mesh_address watchers[CONVENTION_WATCHERS];
    struct control_source_status sources[CONTROL_SOURCES];
    char note[NOTE_BYTES];
};

static void add_counter(struct snapshot *snapshot, const char *name, uint64_t value) {
    CHECK(snapshot->node.counters_count < COUNTERS);
    snapshot->counters[snapshot->node.counters_count++] = (struct control_counter){bytes_of_text(name), value};
}

static void sum_counters(struct delivery_counters *sum, const struct delivery_counters *more) {
    sum->accepted += more->accepted;
    sum->handled += more->handled;
    sum->returned += more->returned;
    sum->dead += more->dead;
    sum->abandoned += more->abandoned;
    sum->in_flight += more->in_flight;
    sum->received += more->received;
    sum->duplicates += more->duplicates;
    sum->sent_again += more->sent_again;
    sum->probes += more->probes;
}

/* What a host that is gone had open is abandoned (D1). */
void admin_bury_counters(struct admin *admin, const struct resident *resident) {
    if (resident->page) {
        struct delivery_counters counters = crash_page_counted(resident->page);
        counters.abandoned += counters.in_flight;
        counters.in_flight = 0;
        sum_counters(&admin->buried, &counters);
    }
}

/* The admin's own and those of all hosts that it ever had; programs count for themselves. */
static struct delivery_counters count_node(struct admin *admin) {
    struct delivery_counters sum = admin->buried;
    size_t place = 0;
    sum_counters(&sum, delivery_counters(process_delivery(admin->process)));
    for (struct resident *resident; (resident = map_next(&admin->residents, &place));) {
        if (resident->page) {
            struct delivery_counters counters = crash_page_counted(resident->page);
            sum_counters(&sum, &counters);
        }
    }
    return sum;
}

static void add_convention_counters(const struct admin *admin, struct snapshot *snapshot) {
    const struct convention_counters *convention = convention_counters(admin->convention);
    add_counter(snapshot, "registrations_refused", convention->refused);
    add_counter(snapshot, "registrations_ignored", convention->ignored);
    add_counter(snapshot, "registrations_unanswered", convention->unanswered);
    add_counter(snapshot, "invitations_ignored", convention->invitations);
    add_counter(snapshot, "members_suspected", convention->suspected);
    add_counter(snapshot, "members_not_reached", admin->unreached);
    add_counter(snapshot, "addresses_taken", convention->taken);
    add_counter(snapshot, "lists_of_leaders_differ", convention->disagreed);
    add_counter(snapshot, "endpoints_of_its_own", convention->own);
    add_counter(snapshot, "stood_still", convention->stood_still);
}

static void add_counters(struct admin *admin, struct snapshot *snapshot) {
    struct delivery_counters sum = count_node(admin);
    const struct delivery_counters *delivery = &sum;
    const struct directory_counters *directory = directory_counters(admin->directory);
    add_counter(snapshot, "created", directory->created);
    add_counter(snapshot, "create_failed", directory->create_failed);
    add_counter(snapshot, "exited", directory->exited);
    add_counter(snapshot, "restarts", directory->restarts);
    add_counter(snapshot, "accepted", delivery->accepted);
    add_counter(snapshot, "handled", delivery->handled);
    add_counter(snapshot, "returned", delivery->returned);
    add_counter(snapshot, "dead", delivery->dead);
    add_counter(snapshot, "abandoned", delivery->abandoned);
    add_counter(snapshot, "in_flight", delivery->in_flight);
    add_counter(snapshot, "received", delivery->received);
    add_counter(snapshot, "sent_again", delivery->sent_again);
    add_counter(snapshot, "duplicates", delivery->duplicates);
    add_counter(snapshot, "probes", delivery->probes);
    struct process_passed passed = process_passed(admin->process);
    add_counter(snapshot, "passed_on", passed.on);
    add_counter(snapshot, "not_passed_on", passed.dropped);
    add_counter(snapshot, "processes_known", process_known(admin->process));
    struct process_distrust distrust = process_distrust(admin->process);
    add_counter(snapshot, "strangers_refused", distrust.strangers);
    add_counter(snapshot, "frames_distrusted", distrust.frames);
    add_counter(snapshot, "calls_distrusted", distrust.calls);
    struct process_strangers strangers = process_strangers(admin->process);
    add_counter(snapshot, "malformed", strangers.malformed);
    add_counter(snapshot, "connections_shut", strangers.shut);
    add_counter(snapshot, "connections_left", strangers.left);
    add_convention_counters(admin, snapshot);
    add_counter(snapshot, "log_lines_lost", log_lost(admin->log));
    const struct log_forward_counters *forward = log_forward_counters(admin->forward);
    add_counter(snapshot, "log_lines_forwarded", forward->forwarded);
    add_counter(snapshot, "log_lines_not_forwarded", forward->lost);
}

void admin_show_record(const struct admin *admin, const struct crash_record *record,
                       struct control_actor_status *actor) {
    uint64_t busy_ns = time_left(record->since_ns, process_now(admin->process));
    actor->state = bytes_of_text(crash_state_name(record->state));
    actor->mailbox = record->load.mailbox;
    actor->handled = record->handled;
    actor->unsettled = record->load.unsettled;
    actor->children_count = record->load.children;
    actor->busy_ms = record->state == CRASH_BUSY ? busy_ns / NS_PER_MS : 0;
}

static void add_actors(struct admin *admin, struct snapshot *snapshot, size_t most) {
    size_t cursor = 0;
    struct directory_view view;
    while (snapshot->node.actors_count < most && directory_next_hosted(admin->directory, &cursor, &view)) {
        struct control_actor_status *actor = &snapshot->actors[snapshot->node.actors_count++];
        *actor = (struct control_actor_status){.address = view.address,
                                               .parent = view.parent,
                                               .type = view.type,
                                               .state = bytes_of_text(view.state),
                                               .pid = view.pid};
        const struct resident *resident = admin_resident(admin, view.slot);
        struct crash_record record;
        if (resident && resident->page && crash_page_find(resident->page, view.address, &record)) {
            admin_show_record(admin, &record, actor);
        }
    }
}

static const char *state_of(const struct admin *admin, const struct member *member) {
    if (member->incarnation == admin->incarnation) {
        return convention_state_name(admin->convention);
    }
    if (member->liveness.suspect) {
        return "suspect";
    }
    return member->incarnation == convention_leader(admin->convention) ? "leader" : "member";
}

static void add_member(struct snapshot *snapshot, const struct control_member_status *member) {
    snapshot->members[snapshot->node.members_count++] = *member;
}

/* Those that are to be members stand behind those that are. */
static void add_members(struct admin *admin, struct snapshot *snapshot) {
    const struct members *members = convention_members(admin->convention);
    uint64_t now_ns = process_now(admin->process);
    size_t cursor = 0;
    for (size_t i = 0; snapshot->members && i < members->count; i++) {
        const struct member *member = members->items[i];
        bool self = member->incarnation == admin->incarnation;
        add_member(snapshot, &(struct control_member_status){
                                 .name = bytes_of_text(member->name),
                                 .endpoint = bytes_of_text(member->endpoint),
                                 .state = bytes_of_text(state_of(admin, member)),
                                 .incarnation = member->incarnation,
                                 .silent_ms = self ? 0 : time_left(member->liveness.heard_ns, now_ns) / NS_PER_MS});
    }
    for (const char *guest; snapshot->members && (guest = convention_next_guest(admin->convention, &cursor));) {
        add_member(snapshot, &(struct control_member_status){.endpoint = bytes_of_text(guest),
                                                             .state = bytes_of_text("invited")});
    }
    snapshot->node.members = snapshot->members;
}

static void add_names(struct admin *admin, struct snapshot *snapshot, struct bytes only) {
    size_t count = 0;
    const void *cursor = NULL;
    struct control_held_name name;
    while (count < NAMES_SHOWN && directory_next_name(admin->directory, &cursor, &name)) {
        if (only.size == 0 || bytes_equal(only, name.name)) {
            snapshot->names[count++] = name;
        }
    }
    snapshot->node.names_count = count;
    snapshot->node.names = snapshot->names;
}

static void add_watchers(struct admin *admin, struct snapshot *snapshot) {
    const struct convention_watcher *watchers;
    size_t count = convention_watchers(admin->convention, &watchers);
    for (size_t i = 0; i < count; i++) {
        snapshot->watchers[i] = watchers[i].actor;
    }
    snapshot->node.watchers_count = count;
    snapshot->node.watchers = snapshot->watchers;
}

static void add_sources(struct admin *admin, struct snapshot *snapshot) {
    size_t place = 0, count = 0;
    struct sources_view view;
    while (count < CONTROL_SOURCES && sources_next(admin->source_table, &place, &view)) {
        const struct loaded *loaded = admin_loaded(admin, bytes_make(view.hash, SOURCE_HASH_BYTES), view.load);
        snapshot->sources[count++] = (struct control_source_status){.hash = bytes_make(view.hash, SOURCE_HASH_BYTES),
                                                                    .info = bytes_of_text(view.info),
                                                                    .state = bytes_of_text(view.state),
                                                                    .size = view.size,
                                                                    .load = view.load,
                                                                    .processes = loaded ? loaded->residents : 0};
    }
    snapshot->node.sources_count = count;
    snapshot->node.sources = snapshot->sources;
    snapshot->node.authority = sources_authority(admin->source_table);
}

/* Of a leader that does not hear from all that may lead (S6D), and of a node whose key is not allowed any more (S7I). */
static void add_note(struct admin *admin, struct snapshot *snapshot) {
    size_t heard, count;
    struct text_builder text = text_builder(snapshot->note, sizeof snapshot->note);
    convention_count_candidates(admin->convention, &heard, &count);
    if (convention_is_acting(admin->convention) && heard < count) {
        bool most = 2 * heard > count;
        text_append(&text, "%zu of %zu nodes that may lead are followers or this one: %s", heard, count,
                    most ? "most of them, so names are given" : "no new names until more are back");
    }
    if (admin_is_cut_off(admin)) {
        text_append(&text, "%sthe list of keys does not allow the key of this node", text.length ? "; " : "");
    }
    snapshot->node.note = bytes_of_text(snapshot->note);
}

/* Who asks for one name is told of no actors. */
static struct snapshot *take_snapshot(struct admin *admin, bool brief, struct bytes name) {
    size_t actors = name.size > 0 ? 0 : brief ? ACTORS_OF_EACH : ACTORS_SHOWN;
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot) {
        return NULL;
    }
    snapshot->members = calloc(2 * convention_members(admin->convention)->max, sizeof *snapshot->members);
    const struct member *self = convention_self(admin->convention);
    snapshot->node = (struct control_node_status){
        .member = self->view,
        .acting = convention_is_acting(admin->convention),
        .leader = convention_leader(admin->convention),
        .uptime_ms = (process_now(admin->process) - admin->started_ns) / NS_PER_MS,
        .pid = (uint32_t)getpid(),
        .actors = snapshot->actors,
        .counters = snapshot->counters,
    };
    snapshot->node.member.actors = (uint32_t)directory_hosted(admin->directory);
    add_actors(admin, snapshot, actors);
    add_counters(admin, snapshot);
    add_members(admin, snapshot);
    add_names(admin, snapshot, name);
    add_watchers(admin, snapshot);
    add_sources(admin, snapshot);
    add_note(admin, snapshot);
    return snapshot;
}

static void free_snapshot(struct snapshot *snapshot) {
    free(snapshot->members);
    free(snapshot);
}

static void answer_own(struct admin *admin, struct mesh_address asker, uint64_t id, bool brief, struct bytes name) {
    struct snapshot *snapshot = take_snapshot(admin, brief, name);
    if (!snapshot) {
        admin_answer_done(admin, asker, id, MESH_NO_MEMORY, "no memory for the status");
        return;
    }
    struct control reply = {.id = id, .kind = CONTROL_STATUS_REPLY, .status_reply = {1, &snapshot->node}};
    admin_send(admin, asker, &reply);
    free_snapshot(snapshot);
}

/* ---- the whole convention ---- */

static void free_gathering(struct gathering *gathering) {
    list_remove(&gathering->listed);
    while (gathering->replies) {
        struct gathered *next = gathering->replies->next;
        codec_destroy(&gathering->replies->codec);
        free(gathering->replies);
        gathering->replies = next;
    }
    free(gathering);
}

void admin_free_gatherings(struct admin *admin) {
    LIST_EACH (&admin->gatherings, node, after) {
        free_gathering(LIST_OWNER(node, struct gathering, listed));
    }
}

static void finish(struct admin *admin, struct gathering *gathering) {
    struct snapshot *own = take_snapshot(admin, true, bytes_of_text(gathering->name));
    size_t count = own ? 1 : 0;
    for (const struct gathered *reply = gathering->replies; reply; reply = reply->next) {
        count += reply->control.status_reply.nodes_count;
    }
    struct control_node_status *nodes = calloc(count + 1, sizeof *nodes);
    if (own && nodes) {
        size_t filled = 0;
        nodes[filled++] = own->node;
        for (const struct gathered *reply = gathering->replies; reply; reply = reply->next) {
            for (size_t i = 0; i < reply->control.status_reply.nodes_count; i++) {
                nodes[filled++] = reply->control.status_reply.nodes[i];
            }
        }
        struct control reply = {.id = gathering->id, .kind = CONTROL_STATUS_REPLY, .status_reply = {filled, nodes}};
        admin_send(admin, gathering->asker, &reply);
    } else {
        admin_answer_done(admin, gathering->asker, gathering->id, MESH_NO_MEMORY, "no memory for the status");
    }
    if (own) {
        free_snapshot(own);
    }
    free(nodes);
    free_gathering(gathering);
}

static void ask_members(struct admin *admin, struct gathering *gathering) {
    const struct members *members = convention_members(admin->convention);
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = members->items[i];
        if (member->incarnation == admin->incarnation || member->liveness.suspect) {
            continue;
        }
        struct control ask = {.id = gathering->own_id,
                              .kind = CONTROL_STATUS_REQUEST,
                              .status_request = {.brief = true, .name = bytes_of_text(gathering->name)}};
        struct mesh_address to = {.node = member->incarnation};
        if (process_send_control(admin->process, to, &ask) == MESH_OK) {
            gathering->awaited++;
        }
    }
}

void admin_on_status_request(struct admin *admin, struct mesh_address asker, uint64_t id,
                             const struct control_status_request *request) {
    struct gathering *gathering = request->whole_convention ? calloc(1, sizeof *gathering) : NULL;
    if (!gathering) {
        answer_own(admin, asker, id, request->brief || request->whole_convention, request->name);
        return;
    }
    gathering->asker = asker;
    memcpy(gathering->name, request->name.data, request->name.size);
    gathering->id = id;
    gathering->own_id = ++admin->last_id;
    gathering->until_ns = process_now(admin->process) + GATHER_WAIT_NS;
    list_node_init(&gathering->listed);
    list_push_back(&admin->gatherings, &gathering->listed);
    ask_members(admin, gathering);
    if (gathering->awaited == 0) {
        finish(admin, gathering);
    }
}

/* The reply is kept by encoding it anew: what was decoded is gone after this call. */
static bool keep_reply(struct gathering *gathering, const struct control_status_reply *reply) {
    struct gathered *kept = calloc(1, sizeof *kept);
    struct control control = {.kind = CONTROL_STATUS_REPLY, .status_reply = *reply};
    struct bytes packed;
    if (!kept || codec_new(&kept->codec) != MESH_OK || control_encode(kept->codec, &control, &packed) != MESH_OK ||
        control_decode(kept->codec, packed, &kept->control) != MESH_OK) {
        if (kept) {
            codec_destroy(&kept->codec);
        }
        free(kept);
        return false;
    }
    kept->next = gathering->replies;
    gathering->replies = kept;
    return true;
}

bool admin_on_status_reply(struct admin *admin, uint64_t id, const struct control_status_reply *reply) {
    LIST_EACH (&admin->gatherings, node, after) {
        struct gathering *gathering = LIST_OWNER(node, struct gathering, listed);
        if (gathering->own_id == id && gathering->awaited > 0) {
            (void)keep_reply(gathering, reply); /* without memory that node is missing from the answer */
            gathering->awaited--;
            if (gathering->awaited == 0) {
                finish(admin, gathering);
            }
            return true;
        }
    }
    return false;
}

/* Who has not answered in time is missing; the roster in the answer names it all the same. */
uint64_t admin_tick_status(struct admin *admin, uint64_t now_ns) {
    uint64_t least_ns = TIME_NEVER;
    LIST_EACH (&admin->gatherings, node, after) {
        struct gathering *gathering = LIST_OWNER(node, struct gathering, listed);
        if (now_ns >= gathering->until_ns) {
            finish(admin, gathering);
        } else {
            least_ns = time_min(least_ns, gathering->until_ns);
        }
    }
    return least_ns;
}
