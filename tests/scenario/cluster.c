/* A virtual cluster: its nodes, its time and its trace; see cluster.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "tests/scenario/cluster_inside.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRACE_BYTES = 1024 * 1024, PROCESS = 99 };

struct cluster *cluster_new(const struct convention_times *times, unsigned loss_per_mille, uint64_t seed) {
    struct cluster *cluster = calloc(1, sizeof *cluster);
    CHECK(cluster && codec_new(&cluster->codec) == MESH_OK);
    cluster->times = times ? *times : convention_times_default;
    cluster->times.jitter_percent = times ? times->jitter_percent : 0;
    cluster->loss_per_mille = loss_per_mille;
    prng_init(&cluster->prng, seed);
    list_init(&cluster->packets);
    cluster->trace = calloc(1, TRACE_BYTES);
    CHECK(cluster->trace);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        cluster->nodes[i].letter = (char)('a' + i);
        snprintf(cluster->nodes[i].endpoint, ENDPOINT_BYTES, "tcp://%c", 'a' + i);
        trust_init(&cluster->nodes[i].trust, CLUSTER_NODES);
    }
    return cluster;
}

static void end_node(struct node *node) {
    directory_destroy(&node->directory);
    convention_destroy(&node->core);
}

void cluster_destroy(struct cluster *cluster) {
    for (int i = 0; i < CLUSTER_NODES; i++) {
        end_node(&cluster->nodes[i]);
        trust_fini(&cluster->nodes[i].trust);
    }
    for (struct list_node *node; (node = list_pop_front(&cluster->packets));) {
        free(LIST_OWNER(node, struct packet, place));
    }
    codec_destroy(&cluster->codec);
    free(cluster->trace);
    free(cluster);
}

/* ---- names ---- */

struct node *cluster_node_of(struct cluster *cluster, char letter) {
    CHECK(letter >= 'a' && letter < 'a' + CLUSTER_NODES);
    return &cluster->nodes[letter - 'a'];
}

uint64_t cluster_incarnation_of(const struct node *node) {
    return (uint64_t)node->letter * 1000 + node->lives;
}

struct node *cluster_living(struct cluster *cluster, uint64_t incarnation) {
    struct node *node = incarnation ? cluster_node_of(cluster, (char)(incarnation / 1000)) : NULL;
    return node && node->core && cluster_incarnation_of(node) == incarnation ? node : NULL;
}

uint64_t cluster_incarnation(struct cluster *cluster, char letter) {
    return cluster_incarnation_of(cluster_node_of(cluster, letter));
}

struct convention *cluster_core(struct cluster *cluster, char letter) {
    return cluster_node_of(cluster, letter)->core;
}

bool cluster_is_linked(struct cluster *cluster, char a, char b) {
    return cluster_node_of(cluster, a)->linked[b - 'a'];
}

/* ---- the trace ---- */

void cluster_note(struct cluster *cluster, const struct node *node, const char *what, uint64_t peer, const char *more) {
    char name[16] = "";
    if (peer) {
        snprintf(name, sizeof name, " %c%u", (char)(peer / 1000), (unsigned)(peer % 1000));
    }
    int bytes =
        snprintf(cluster->trace + cluster->trace_bytes, TRACE_BYTES - cluster->trace_bytes, "%.3f %c %s%s%s%s\n",
                 (double)cluster->now_ns / 1e9, node->letter, what, name, *more ? " " : "", more);
    cluster->trace_bytes += (size_t)bytes;
    CHECK(cluster->trace_bytes < TRACE_BYTES);
}

const char *cluster_trace(const struct cluster *cluster) {
    return cluster->trace;
}

void cluster_forget_trace(struct cluster *cluster) {
    cluster->trace_bytes = 0;
    cluster->trace[0] = 0;
}

void cluster_show_heartbeats(struct cluster *cluster) {
    cluster->show_heartbeats = true;
}

void cluster_show_mandates(struct cluster *cluster) {
    cluster->show_mandates = true;
}

void cluster_expect(struct cluster *cluster, const char *expected) {
    cr_assert(strcmp(cluster->trace, expected) == 0, "the trace is\n%sand should be\n%s", cluster->trace, expected);
    cluster_forget_trace(cluster);
}

size_t cluster_count(const struct cluster *cluster, const char *text) {
    size_t count = 0;
    for (const char *at = strstr(cluster->trace, text); at; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

/* ---- performing what a convention wants ---- */

/* "+b" for each that is allowed, "-b" for each that is revoked. */
static const char *print_keys(char *out, const struct frame_trusted *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = keys[i].revoked ? '-' : '+';
        out[2 * i + 1] = (char)keys[i].key[0];
    }
    out[2 * count] = 0;
    return out;
}

/* What the trace shows of a frame behind its receiver. */
static void describe(const struct frame *frame, struct text_builder *out) {
    const struct frame_roster *roster = &frame->roster;
    char keys[2 * CLUSTER_NODES + 1];
    if (frame->body == FRAME_ROSTER) {
        text_append(out, "%u:+%u-%u", (unsigned)roster->number, (unsigned)roster->joined_count,
                    (unsigned)roster->left_count);
    } else if (frame->body == FRAME_REGISTERED) {
        text_append(out, "%u:%u", (unsigned)frame->registered.number, (unsigned)frame->registered.members_count);
    } else if (frame->body == FRAME_HEARTBEAT && frame->heartbeat.acting) {
        text_append(out, "acting");
    } else if (frame->body == FRAME_REGISTER && frame->registration.first_time) {
        text_append(out, "first");
    } else if (frame->body == FRAME_DEREGISTER && frame->deregister.dismissed) {
        text_append(out, "dismissed");
    } else if (frame->body == FRAME_TRUST) {
        text_append(out, "%s", print_keys(keys, frame->trust.keys, frame->trust.keys_count));
    }
}

static void send(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    static const char *const words[] = {
        [FRAME_HEARTBEAT] = "Heartbeat",   [FRAME_REGISTER] = "Register", [FRAME_REGISTERED] = "Registered",
        [FRAME_ROSTER] = "Roster",         [FRAME_INVITE] = "Invite",     [FRAME_TRUST] = "Trust",
        [FRAME_DEREGISTER] = "Deregister",
    };
    struct frame frame;
    char more[64] = "";
    struct text_builder text = text_builder(more, sizeof more);
    CHECK(convention_frame_of(action, &frame));
    if (frame.body != FRAME_HEARTBEAT || cluster->show_heartbeats) {
        describe(&frame, &text);
        cluster_note(cluster, node, words[frame.body], action->peer, more);
    }
    cluster_send_frame(cluster, node, action->peer, &frame);
}

/* The name, and what it is capable of. */
static void note_added(struct cluster *cluster, struct node *node, const struct member *member) {
    char more[64];
    struct text_builder text = text_builder(more, sizeof more);
    text_append(&text, "%s", member->name);
    for (size_t i = 0; i < member->capabilities.count; i++) {
        struct bytes name = member->capabilities.items[i].name;
        text_append(&text, " (%.*s)", (int)name.size, (const char *)name.data);
    }
    cluster_note(cluster, node, "+", member->incarnation, more);
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_MEMBER_ADDED, .admin = member->incarnation});
}

static void note_changed(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    cluster_note(cluster, node, "changed", action->peer, "");
    if (action->peer == cluster_incarnation_of(node)) {
        cluster_step_directory(cluster, node, &(struct directory_event){.kind = DIRECTORY_CAPABILITIES});
    }
}

static void note_notice(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    char what[32];
    snprintf(what, sizeof what, "tell %u %c", (unsigned)action->watcher.actor.local, action->added ? '+' : '-');
    cluster_note(cluster, node, what, action->peer, action->added ? action->member->name : action->text);
}

static void note_removed(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    cluster_note(cluster, node, "-", action->peer, action->text);
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_MEMBER_LOST, .admin = action->peer});
    cluster_hang_up(cluster, node, action->peer, bytes_make("", 0));
}

static void note_leader(struct cluster *cluster, struct node *node, uint64_t leader) {
    cluster_note(cluster, node, "leader", leader, leader ? "" : "none");
    cluster_step_directory(cluster, node, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = leader});
}

static void note_mandate(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    static const char *const words[] = {"gives no names", "gives names soon", "gives names"};
    if (cluster->show_mandates) {
        cluster_note(cluster, node, words[action->mandate], 0, action->text);
    }
    cluster_step_directory(cluster, node,
                           &(struct directory_event){.kind = DIRECTORY_MANDATE,
                                                     .epoch = action->epoch,
                                                     .mandate = action->mandate,
                                                     .text = bytes_of_text(action->text)});
}

static void note_keys(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    char more[2 * CLUSTER_NODES + 1];
    cluster_note(cluster, node, "keys", 0, print_keys(more, action->keys.keys, action->keys.keys_count));
    node->keys_changed = true;
}

static void note_member(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    if (action->kind == CONVENTION_MEMBER_ADDED) {
        note_added(cluster, node, action->member);
    } else if (action->kind == CONVENTION_MEMBER_CHANGED) {
        note_changed(cluster, node, action);
    } else if (action->kind == CONVENTION_MEMBER_MOVED) {
        cluster_note(cluster, node, "moved", action->peer, action->member->endpoint);
    } else if (action->kind == CONVENTION_MEMBER_REMOVED) {
        note_removed(cluster, node, action);
    } else if (action->kind == CONVENTION_MEMBER_ANEW) {
        cluster_note(cluster, node, action->added ? "+" : "-", action->peer, action->text);
    } else {
        char more[LIMITER_TEXT_BYTES];
        const char *words = limiter_text(action->untold, more);
        cluster_note(cluster, node, action->text[0] ? "suspect" : "doubts", action->peer, words + (*words == ' '));
        cluster_step_directory(cluster, node, &(struct directory_event){.kind = DIRECTORY_MEMBER_SUSPECT});
    }
}

static void perform(struct cluster *cluster, struct node *node, const struct convention_action *action) {
    switch (action->kind) {
    case CONVENTION_CONNECT:
        cluster_note(cluster, node, "call", action->peer, "");
        cluster_call(cluster, node, action->peer, action->endpoint);
        return;
    case CONVENTION_HANG_UP:
        cluster_hang_up(cluster, node, action->peer, action->endpoint);
        return;
    case CONVENTION_SEND_HEARTBEAT:
    case CONVENTION_SEND_REGISTER:
    case CONVENTION_SEND_REGISTERED:
    case CONVENTION_SEND_ROSTER:
    case CONVENTION_SEND_DEREGISTER:
    case CONVENTION_SEND_INVITE:
    case CONVENTION_SEND_TRUST:
        send(cluster, node, action);
        return;
    case CONVENTION_KEYS_CHANGED:
        note_keys(cluster, node, action);
        return;
    case CONVENTION_MEMBER_ADDED:
    case CONVENTION_MEMBER_CHANGED:
    case CONVENTION_MEMBER_MOVED:
    case CONVENTION_MEMBER_REMOVED:
    case CONVENTION_MEMBER_ANEW:
    case CONVENTION_MEMBER_SUSPECT:
        note_member(cluster, node, action);
        return;
    case CONVENTION_NOTICE:
        note_notice(cluster, node, action);
        return;
    case CONVENTION_LEADER:
        note_leader(cluster, node, action->peer);
        return;
    case CONVENTION_MANDATE:
        note_mandate(cluster, node, action);
        return;
    case CONVENTION_LOG:
        cluster_note(cluster, node, "log", 0, action->text);
        return;
    }
    CHECK_UNREACHABLE();
}

bool cluster_trusts(const struct node *a, const struct node *b) {
    uint8_t key_a[FRAME_KEY_BYTES] = {(uint8_t)a->letter}, key_b[FRAME_KEY_BYTES] = {(uint8_t)b->letter};
    const struct frame_trusted *of_a = trust_find(&b->trust, key_a), *of_b = trust_find(&a->trust, key_b);
    return !(of_a && of_a->revoked) && !(of_b && of_b->revoked);
}

/* As the admin's shell does: the links of whom it does not trust any more break. */
static void drop_distrusted(struct cluster *cluster, struct node *node) {
    node->keys_changed = false;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        struct node *peer = &cluster->nodes[i];
        if (peer != node && peer->core && !cluster_trusts(node, peer)) {
            cluster_unlink(cluster, node, peer);
            cluster_step(cluster, node,
                         &(struct convention_event){.kind = CONVENTION_DISTRUST, .peer = cluster_incarnation_of(peer)});
        }
    }
}

enum mesh_status cluster_step(struct cluster *cluster, struct node *node, const struct convention_event *event) {
    struct convention_action action;
    enum mesh_status status = convention_step(node->core, cluster->now_ns, event);
    while (convention_poll(node->core, &action)) {
        perform(cluster, node, &action);
    }
    if (node->keys_changed) {
        drop_distrusted(cluster, node);
    }
    cr_assert(convention_deadline(node->core) > cluster->now_ns, "law 7: a deadline of %c is in the past",
              node->letter);
    return status;
}

void cluster_tell(struct cluster *cluster, char letter, const struct convention_event *event) {
    cluster_step(cluster, cluster_node_of(cluster, letter), event);
}

enum mesh_status cluster_preregister(struct cluster *cluster, char letter, char who, const char *capability) {
    struct frame_requirement need = {.comparison = FRAME_COMPARE_PRESENT};
    struct convention_event event = {.kind = CONVENTION_PREREGISTER};
    event.endpoint = bytes_of_text(cluster_node_of(cluster, who)->endpoint);
    if (capability) {
        need.name = bytes_of_text(capability);
        event.expected = &need;
        event.expected_count = 1;
    }
    return cluster_step(cluster, cluster_node_of(cluster, letter), &event);
}

enum mesh_status cluster_dismiss(struct cluster *cluster, char letter, char who) {
    struct convention_event event = {.kind = CONVENTION_DISMISS};
    event.endpoint = bytes_of_text(cluster_node_of(cluster, who)->endpoint);
    return cluster_step(cluster, cluster_node_of(cluster, letter), &event);
}

enum mesh_status cluster_configure(struct cluster *cluster, char letter, char who, bool on) {
    struct convention_event event = {.kind = on ? CONVENTION_PREREGISTER : CONVENTION_DISMISS, .configured = true};
    event.endpoint = bytes_of_text(cluster_node_of(cluster, who)->endpoint);
    return cluster_step(cluster, cluster_node_of(cluster, letter), &event);
}

void cluster_set_capability(struct cluster *cluster, char letter, const char *capability, bool there) {
    struct node *node = cluster_node_of(cluster, letter);
    const struct capability_set *present = &convention_self(node->core)->capabilities;
    struct capability_set changed = {0};
    struct frame_value yes = {.kind = FRAME_VALUE_FLAG, .flag = true};
    struct frame_capability item = {bytes_of_text(capability), there, &yes, false};
    CHECK(capability_set_copy(&changed, present->items, present->count) == MESH_OK);
    CHECK(capability_set_put(&changed, &item) == MESH_OK);
    struct convention_event event = {.kind = CONVENTION_CAPABILITIES, .peer = cluster_incarnation_of(node)};
    event.capabilities = changed.items;
    event.capabilities_count = changed.count;
    cr_assert_eq(cluster_step(cluster, node, &event), MESH_OK);
    uint64_t leader = convention_leader(node->core);
    if (leader && leader != event.peer) {
        struct control control = {.kind = CONTROL_CAPABILITIES, .capabilities = {changed.count, changed.items}};
        cluster_send_control(cluster, node, (struct mesh_address){.node = leader}, &control);
    }
    capability_set_fini(&changed);
}

enum mesh_status cluster_key(struct cluster *cluster, char letter, char who, bool allowed) {
    struct frame_trusted word = {.key = {(uint8_t)who}, .revoked = !allowed};
    if (allowed) {
        word.pattern[0] = who;
    }
    return cluster_step(cluster, cluster_node_of(cluster, letter),
                        &(struct convention_event){.kind = CONVENTION_KEY, .word = &word});
}

const char *cluster_keys(struct cluster *cluster, char letter) {
    struct node *node = cluster_node_of(cluster, letter);
    return print_keys(node->keys, node->trust.entries, node->trust.count);
}

void cluster_watch(struct cluster *cluster, char letter, unsigned actor, bool on) {
    struct convention_event event = {.kind = on ? CONVENTION_WATCH : CONVENTION_UNWATCH};
    event.watcher = (struct convention_watcher){{.node = 1, .local = actor}, {.node = 1, .local = PROCESS}};
    (void)cluster_step(cluster, cluster_node_of(cluster, letter), &event);
}

void cluster_end_watchers(struct cluster *cluster, char letter) {
    struct convention_event event = {.kind = CONVENTION_UNWATCH, .watcher.process = {.node = 1, .local = PROCESS}};
    (void)cluster_step(cluster, cluster_node_of(cluster, letter), &event);
}

/* ---- time ---- */

static uint64_t node_deadline(const struct node *node) {
    if (!node->core || node->frozen) {
        return TIME_NEVER;
    }
    return time_min(convention_deadline(node->core), directory_deadline(node->directory));
}

static uint64_t packets_deadline(const struct cluster *cluster) {
    struct list_node *first = list_front(&cluster->packets);
    return first ? LIST_OWNER(first, struct packet, place)->at_ns : TIME_NEVER;
}

static uint64_t next_time(const struct cluster *cluster) {
    uint64_t least = packets_deadline(cluster);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        least = time_min(least, node_deadline(&cluster->nodes[i]));
    }
    return least > cluster->now_ns ? least : cluster->now_ns; /* one that was frozen is late */
}

static void tick(struct cluster *cluster, struct node *node) {
    if (convention_deadline(node->core) <= cluster->now_ns) {
        cluster_step(cluster, node, &(struct convention_event){.kind = CONVENTION_TICK});
    } else {
        cluster_step_directory(cluster, node, &(struct directory_event){.kind = DIRECTORY_TICK});
    }
}

void cluster_run(struct cluster *cluster, uint64_t span_ns) {
    uint64_t end_ns = cluster->now_ns + span_ns;
    for (uint64_t next = next_time(cluster); next <= end_ns; next = next_time(cluster)) {
        cluster->now_ns = next;
        if (packets_deadline(cluster) <= next) {
            cluster_arrive(cluster);
            continue;
        }
        for (int i = 0; i < CLUSTER_NODES; i++) {
            if (node_deadline(&cluster->nodes[i]) <= next) {
                tick(cluster, &cluster->nodes[i]);
            }
        }
    }
    cluster->now_ns = end_ns;
}

/* ---- what befalls nodes ---- */

static const char *const aliases[] = {"tcp://A", "tcp://B", "tcp://C", "tcp://D",
                                      "tcp://E", "tcp://F", "tcp://G", "tcp://H"};

static void set_endpoints(struct cluster *cluster, const char *letters,
                          const char *endpoints[static CLUSTER_NODES + 1]) {
    size_t count = 0;
    for (; letters && letters[count]; count++) {
        endpoints[count] =
            letters[count] < 'a' ? aliases[letters[count] - 'A'] : cluster_node_of(cluster, letters[count])->endpoint;
    }
    endpoints[count] = NULL;
}

static void set_padding(unsigned count, struct capability_set *set) {
    static const uint8_t padding[FRAME_VALUE_BYTES];
    static const char *const names[] = {"padding 1", "padding 2", "padding 3"};
    struct frame_value value = {.kind = FRAME_VALUE_DATA, .bytes = bytes_make(padding, sizeof padding)};
    for (unsigned i = 0; i < count; i++) {
        struct frame_capability item = {.name = bytes_of_text(names[i]), .values = &value, .values_count = 1};
        CHECK(capability_set_put(set, &item) == MESH_OK);
    }
}

static void set_capabilities(const char *capability, struct capability_set *set) {
    struct frame_value yes = {.kind = FRAME_VALUE_FLAG, .flag = true};
    struct frame_capability item = {.values = &yes, .values_count = 1};
    if (capability) {
        item.name = bytes_of_text(capability);
        CHECK(capability_set_put(set, &item) == MESH_OK);
    }
}

void cluster_prepare(struct cluster *cluster, char letter, const struct cluster_node *what) {
    struct node *node = cluster_node_of(cluster, letter);
    char own[2] = {letter, 0};
    const char *candidates[CLUSTER_NODES + 1], *preregistered[CLUSTER_NODES + 1];
    struct capability_set capabilities = {0};
    CHECK(!node->core);
    node->lives++;
    node->frozen = false;
    node->actors = 0;
    set_endpoints(cluster, what->leaders, candidates);
    set_endpoints(cluster, what->preregistered, preregistered);
    set_capabilities(what->capability, &capabilities);
    set_padding(what->padding, &capabilities);
    struct convention_options options = {
        .incarnation = cluster_incarnation_of(node),
        .name = what->name ? what->name : own,
        .endpoint = node->endpoint,
        .candidates = candidates,
        .preregistered = preregistered,
        .capabilities = &capabilities,
        .times = cluster->times,
        .members_max = CLUSTER_NODES,
        .trust = &node->trust,
        .seed = prng_next(&cluster->prng),
    };
    enum mesh_status status = convention_new(&node->core, &options);
    CHECK(status == MESH_OK);
    capability_set_fini(&capabilities);
    cluster_open_directory(cluster, node);
}

void cluster_activate(struct cluster *cluster, char letter) {
    cluster_tell(cluster, letter, &(struct convention_event){.kind = CONVENTION_START});
}

void cluster_start_as(struct cluster *cluster, char letter, const struct cluster_node *what) {
    cluster_prepare(cluster, letter, what);
    cluster_activate(cluster, letter);
}

void cluster_start(struct cluster *cluster, char letter, const char *leaders) {
    cluster_start_as(cluster, letter, &(struct cluster_node){.leaders = leaders});
}

void cluster_kill(struct cluster *cluster, char letter) {
    struct node *node = cluster_node_of(cluster, letter);
    end_node(node);
    node->frozen = false;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        cluster_unlink(cluster, node, &cluster->nodes[i]);
    }
}

void cluster_stop(struct cluster *cluster, char letter) {
    cluster_tell(cluster, letter, &(struct convention_event){.kind = CONVENTION_STOP});
    cluster_run(cluster, CLUSTER_LATENCY_NS);
    cluster_kill(cluster, letter);
}

void cluster_freeze(struct cluster *cluster, char letter) {
    cluster_node_of(cluster, letter)->frozen = true;
}

void cluster_thaw(struct cluster *cluster, char letter) {
    cluster_node_of(cluster, letter)->frozen = false;
}

static void set_cut(struct cluster *cluster, char a, char b, bool cut) {
    cluster_node_of(cluster, a)->cut[b - 'a'] = cluster_node_of(cluster, b)->cut[a - 'a'] = cut;
}

void cluster_cut(struct cluster *cluster, char a, char b) {
    set_cut(cluster, a, b, true);
}

void cluster_heal(struct cluster *cluster, char a, char b) {
    set_cut(cluster, a, b, false);
}

void cluster_break(struct cluster *cluster, char a, char b) {
    cluster_unlink(cluster, cluster_node_of(cluster, a), cluster_node_of(cluster, b));
}

void cluster_delay(struct cluster *cluster, char letter, uint64_t delay_ns) {
    cluster_node_of(cluster, letter)->delay_ns = delay_ns;
}

void cluster_lose(struct cluster *cluster, unsigned per_mille) {
    cluster->loss_per_mille = per_mille;
}
