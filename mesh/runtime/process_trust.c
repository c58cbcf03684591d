/* Whom a process believes that others are: what a hello may say, and which key every frame over tcp must bear (S7C, S7D).
 *
 * The transport says by which key a frame came. A hello binds its sender's incarnation to that key, for a node of that name and with an
 * endpoint that bears it; whatever comes later has to come by the same key. Within the node, by ipc, everybody is believed, and what admins
 * pass on for others is theirs to answer for (S8E).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/process_inside.h"
#include <stdio.h>
#include <string.h>

/* ---- keys ---- */

static bool read_key(const char *text, uint8_t key[FRAME_KEY_BYTES]) {
    return trust_key_read(bytes_make(text, TRUST_KEY_TEXT - 1), key);
}

static bool is_own(const struct process *process, const char *key) {
    return node_key_equal(key, process->key->text);
}

static bool is_known(const struct process *process, const char *text) {
    uint8_t key[FRAME_KEY_BYTES];
    return is_own(process, text) || (read_key(text, key) && trust_knows(process->trust, key));
}

static bool is_allowed(const struct process *process, const char *text, struct bytes node_name) {
    uint8_t key[FRAME_KEY_BYTES];
    return read_key(text, key) && trust_allows(process->trust, key, node_name);
}

/* The key in an endpoint, also in that of an admin which passes on; NULL when it names none. */
static const char *key_in(struct bytes endpoint) {
    struct passage passage;
    return node_key_in(passage_read(endpoint, &passage) ? passage.endpoint : endpoint);
}

/* The key of the process at a peer: that it has proved, or else the one by which it is called. */
static const char *key_of(const struct peer *peer) {
    return peer->key[0] ? peer->key : key_in(bytes_of_text(peer->endpoint));
}

/* Nobody may have himself called at another's address; who is reached through an admin, through that of its node. */
static bool is_own_endpoint(struct bytes endpoint, const char *key, uint64_t node) {
    struct passage passage;
    bool passed_on = passage_read(endpoint, &passage);
    if (endpoint.size == 0 || (passed_on && passage.endpoint.size == 0)) {
        return !passed_on || passage.node == node;
    }
    const char *named = key_in(endpoint);
    return named && node_key_equal(named, key) && (!passed_on || passage.node == node);
}

/* By what it has proved, or by what those say who have told of it. */
static bool is_of_another(const struct peer *peer, const char *key) {
    const char *known = peer ? key_of(peer) : NULL;
    return known && !node_key_equal(known, key);
}

/* ---- noise ---- */

void process_note_distrust(struct process *process, uint64_t *count, const char *text) {
    uint64_t now_ns = process_now(process);
    ++*count;
    if (limiter_take(&process->distrust_lines, now_ns)) {
        log_write(process->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0}, "%s", text);
    }
    uint64_t left_out = limiter_left_out(&process->distrust_lines, now_ns);
    if (left_out > 0) {
        log_write(process->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0},
                  "%llu more of those that are not trusted were not told", (unsigned long long)left_out);
    }
}

static void on_stranger(void *user, const char *text) {
    struct process *process = user;
    process_note_distrust(process, &process->distrust.strangers, text);
}

/* Who says a hello that is not believed is told so. Any other ends its connection, and may call again with a hello that is: so one that was
 * revoked, and is allowed again, comes back. */
static void reject(struct process *process, const struct transport_inbound *inbound, const struct frame *frame,
                   const char *why) {
    char text[FRAME_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "process %016llx with the key %s is not believed: %s",
                   (unsigned long long)frame->from, inbound->key ? inbound->key : "of nobody", why);
    process_note_distrust(process, &process->distrust.frames, text);
    if (frame->body == FRAME_HELLO) {
        transport_judge(process->transport, false);
    } else {
        transport_shut(process->transport);
    }
}

/* ---- hellos ---- */

static const char *judge_node(const struct process *process, const struct frame *frame, const char *key) {
    const struct frame_hello *hello = &frame->hello;
    bool admin = hello->role == FRAME_ROLE_ADMIN;
    if (hello->node == 0 || hello->node == process->node) {
        return "it claims to be of this node, whose processes do not call by tcp";
    }
    if (admin && hello->node != frame->from) {
        return "it claims to be the admin of another node";
    }
    if (!admin && is_of_another(peers_find(&process->peers, hello->node), key)) {
        return "it claims to be of a node that has another key";
    }
    return NULL;
}

static const char *judge_hello(const struct process *process, const struct frame *frame, const char *key) {
    const struct frame_hello *hello = &frame->hello;
    const struct peer *peer = peers_find(&process->peers, frame->from);
    if (frame->from == process->incarnation) {
        return is_own(process, key) ? NULL : "it claims to be this very process";
    }
    const char *wrong = judge_node(process, frame, key);
    if (wrong) {
        return wrong;
    }
    if (!is_allowed(process, key, hello->node_name)) {
        return "the list of members does not allow this key for the node that it claims to be";
    }
    if (!is_own_endpoint(hello->endpoint, key, hello->node)) {
        return "it claims the address of a node that has another key";
    }
    return is_of_another(peer, key) ? "it claims to be a process that has another key" : NULL;
}

const char *process_trust_judge(struct process *process, const struct transport_inbound *inbound,
                                const struct frame *frame) {
    if (!process->key || !inbound->tcp) {
        return NULL;
    }
    const char *wrong = judge_hello(process, frame, inbound->key);
    if (wrong) {
        char text[FRAME_TEXT_BYTES];
        (void)snprintf(text, sizeof text, "%s (node \"%.*s\")", wrong, (int)frame->hello.node_name.size,
                       (const char *)frame->hello.node_name.data);
        reject(process, inbound, frame, text);
    }
    return wrong;
}

void process_trust_bind(struct process *process, const char *key, const struct frame *frame) {
    struct peer *peer = process->key && key[0] ? peers_find(&process->peers, frame->from) : NULL;
    if (peer) {
        memcpy(peer->key, key, sizeof peer->key);
        (void)snprintf(peer->node_name, sizeof peer->node_name, "%.*s", (int)frame->hello.node_name.size,
                       (const char *)frame->hello.node_name.data);
    }
}

/* ---- all other frames ---- */

/* A process of another node that has frames for those of this one: nothing was kept of its hello. Its node is known, or new here. */
static bool is_honest_visitor(const struct process *process, const struct transport_inbound *inbound,
                              const struct frame *frame) {
    const struct frame_forward *forward = &frame->forward;
    const struct peer *node = peers_find(&process->peers, forward->origin_node);
    const char *key = node ? key_of(node) : NULL;
    return process->role == FRAME_ROLE_ADMIN && frame->body == FRAME_FORWARD && forward->origin == frame->from &&
           (key ? node_key_equal(key, inbound->key) : is_known(process, inbound->key)) &&
           is_own_endpoint(forward->origin_endpoint, inbound->key, forward->origin_node);
}

static const char *judge_frame(const struct process *process, const struct transport_inbound *inbound,
                               const struct frame *frame, const struct peer *peer) {
    const struct frame_member *member = &frame->registration.member;
    if (!inbound->key) {
        return "its connection has none";
    }
    if (!peer || !peer->key[0]) {
        return is_honest_visitor(process, inbound, frame) ? NULL : "it has not said hello";
    }
    if (is_of_another(peer, inbound->key)) {
        return "it claims to be a process that has another key";
    }
    if (frame->body == FRAME_REGISTER && (!bytes_equal(member->name, bytes_of_text(peer->node_name)) ||
                                          !is_own_endpoint(member->endpoint, peer->key, frame->from))) {
        return "it registers by another name or address than its key stands for";
    }
    return NULL;
}

bool process_trust_admits(struct process *process, const struct transport_inbound *inbound, const struct frame *frame) {
    if (!process->key || !inbound->tcp || (frame->body == FRAME_HELLO && inbound->key)) {
        return true;
    }
    const char *wrong = judge_frame(process, inbound, frame, peers_find(&process->peers, frame->from));
    if (wrong) {
        reject(process, inbound, frame, wrong);
    }
    return !wrong;
}

/* ---- calling ---- */

const char *process_trust_refuses(const struct process *process, const char *endpoint) {
    const char *key = node_key_in(bytes_of_text(endpoint));
    if (strncmp(endpoint, "tcp://", 6) != 0) {
        return NULL;
    }
    if (!process->key) {
        return key ? "the endpoint names a key, which this node has no use for: give it security = curve" : NULL;
    }
    if (!key) {
        return "the endpoint names no key, and this node has security = curve: write tcp://HOST:PORT/KEY";
    }
    return is_known(process, key) ? NULL : "the list of members does not allow its key: `mesh member allow` it";
}

/* ---- the list changes ---- */

static bool is_distrusted(const struct process *process, const struct peer *peer) {
    const char *key = node_key_in(bytes_of_text(peer->endpoint));
    return (peer->key[0] && !is_allowed(process, peer->key, bytes_of_text(peer->node_name))) ||
           (key && peer->link && !is_known(process, key));
}

static struct peer *next_distrusted(const struct process *process) {
    size_t place = 0;
    for (struct peer *peer; (peer = peers_next(&process->peers, &place));) {
        if (is_distrusted(process, peer)) {
            return peer;
        }
    }
    LIST_EACH (&process->peers.called, node, after) {
        struct peer *peer = LIST_OWNER(node, struct peer, called);
        if (is_distrusted(process, peer)) {
            return peer;
        }
    }
    return NULL;
}

/* Its connection may stay open at the other end: what still comes on it is not believed without a hello. */
void process_trust_changed(struct process *process) {
    for (struct peer *peer; process->key && (peer = next_distrusted(process));) {
        log_write(process->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0},
                  "nothing is said any more to %s %s: its key is not allowed any more", peer->node_name,
                  peer->endpoint);
        uint64_t distrusted = peer->incarnation;
        peer->key[0] = '\0';
        if (peer->link) {
            process_link_enter_down(process, peer, false);
        }
        if (distrusted && process->callbacks.distrusted) {
            process->callbacks.distrusted(process->callbacks.user, distrusted);
        }
    }
}

/* ---- beginning ---- */

static bool knows(void *user, const uint8_t key[FRAME_KEY_BYTES]) {
    const struct process *process = user;
    return trust_knows(process->trust, key);
}

enum mesh_status process_trust_begin(struct process *process, struct mesh_error *error) {
    struct transport_security security = {.key = process->key, .user = process, .knows = knows, .refused = on_stranger};
    return process->key ? transport_secure(process->transport, &security, error) : MESH_OK;
}

struct process_distrust process_distrust(const struct process *process) {
    return process->distrust;
}
