/* A transport made of the test's words, and one process on it: what comes in is put into its inbox, what goes out is read and kept, and a
 * link takes something when the test says so. Time is the test's, too.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_UNIT_RUNTIME_FAKE_TRANSPORT_H
#define TESTS_UNIT_RUNTIME_FAKE_TRANSPORT_H

#include "mesh/base/time.h"
#include "mesh/runtime/process_inside.h"
#include <criterion/criterion.h>

enum { ADMIN = 10, OURS = 11, THEIR_ADMIN = 20, THEIRS = 21, INBOX = 16, SENT = 64, LINKS = 8 };

static uint64_t now_ns;
static struct process *process;
static struct codec *codec;

int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms) {
    (void)descriptors;
    (void)count;
    (void)timeout_ms;
    return 0;
}

/* ---- the transport ---- */

struct link {
    struct transport_link link;
    bool used, news;
    char endpoint[TRANSPORT_ENDPOINT_BYTES];
    char key[TRUST_KEY_TEXT]; /* by which its frames come; empty: by none */
};

struct arrival {
    uint8_t packed[4096];
    size_t bytes;
    struct part *parts[1];
    size_t parts_count;
    struct transport_link *link;
    uint64_t source;
    bool tcp;
    const char *key;
};

/* What was sent, as far as it matters. Of a forwarded frame, what is in it. */
struct sent {
    uint64_t to;
    enum frame_body body, inner;
    struct frame_forward forward;
    struct frame_passage passage;
    uint64_t meant; /* of a stale */
    bool asks_where, refuses;
};

static struct link links[LINKS];
static struct arrival inbox[INBOX];
static size_t arrived, received;
static struct sent sent[SENT];
static size_t sent_count;
static size_t shut_count;        /* connections that were ended from here */
static size_t links_max = LINKS; /* above that there are no descriptors */
static bool by_tcp;              /* what arrives from now on; and by that key, or NULL */
static const char *by_key;
static const struct node_key *own_key; /* of the process that begins */
static const struct trust *own_trust;

static inline void fake_destroy(struct transport *transport) {
    (void)transport;
}

static inline enum mesh_status fake_secure(struct transport *transport, const struct transport_security *security,
                                           struct mesh_error *error) {
    (void)transport;
    (void)security;
    (void)error;
    return MESH_OK;
}

static inline enum mesh_status fake_listen(struct transport *transport, const char *endpoint,
                                           char bound[TRANSPORT_ENDPOINT_BYTES], struct mesh_error *error) {
    (void)transport;
    (void)error;
    strncpy(bound, endpoint, TRANSPORT_ENDPOINT_BYTES - 1);
    return MESH_OK;
}

static inline struct transport_link *new_link(const char *endpoint, enum transport_state state) {
    size_t at = 0;
    while (links[at].used) {
        at++;
    }
    cr_assert_lt(at, LINKS);
    links[at] =
        (struct link){.link = {.state = state, .ready = true}, .used = true, .news = state == TRANSPORT_OPENING};
    strncpy(links[at].endpoint, endpoint, sizeof links[at].endpoint - 1);
    return &links[at].link;
}

static inline enum mesh_status fake_open(struct transport *transport, const char *endpoint, bool two_way,
                                         struct transport_link **out) {
    size_t open = 0;
    (void)transport;
    (void)two_way;
    for (size_t i = 0; i < LINKS; i++) {
        open += links[i].used;
    }
    if (open >= links_max) {
        return MESH_FULL;
    }
    *out = new_link(endpoint, TRANSPORT_OPENING);
    return MESH_OK;
}

static inline enum mesh_status fake_back(struct transport *transport, uint64_t source, struct transport_link **out) {
    (void)transport;
    (void)source;
    *out = new_link("", TRANSPORT_UP);
    return MESH_OK;
}

/* As if it were freed. */
static inline void fake_close(struct transport *transport, struct transport_link *link) {
    struct link *closed = (struct link *)(void *)link;
    (void)transport;
    closed->used = false;
    memset(closed->key, '?', sizeof closed->key);
}

/* Whether the batch asks an admin where somebody lives. */
static inline bool asks_where(const struct frame *frame) {
    struct control control;
    return frame->body == FRAME_BATCH && frame->batch.runs_count > 0 && frame->batch.runs[0].kind == FRAME_CONTROL &&
           frame->batch.runs[0].count > 0 &&
           control_decode(codec, frame->batch.runs[0].payloads[0], &control) == MESH_OK &&
           control.kind == CONTROL_RESOLVE;
}

static inline enum mesh_status fake_send(struct transport *transport, struct transport_link *link, struct codec *theirs,
                                         const struct codec_image *image) {
    static uint8_t packed[FRAME_PACKED_BYTES];
    struct frame frame, inner;
    (void)transport;
    cr_assert(link->ready);
    codec_pack(theirs, packed);
    cr_assert_eq(codec_decode(codec, bytes_make(packed, image->bytes), image->parts, image->parts_count, &frame),
                 MESH_OK);
    cr_assert_lt(sent_count, SENT);
    struct sent *entry = &sent[sent_count++];
    *entry = (struct sent){.to = frame.to, .body = frame.body};
    if (frame.body == FRAME_PASSAGE) {
        entry->passage = frame.passage;
    } else if (frame.body == FRAME_FORWARD) {
        entry->forward = frame.forward;
        const struct part *first = frame.forward.parts_count ? frame.forward.parts[0] : NULL;
        entry->inner = FRAME_HELLO;
        if (first && codec_decode(codec, first->bytes, NULL, 0, &inner) == MESH_OK) {
            entry->inner = inner.body;
        }
    } else if (frame.body == FRAME_HELLO) {
        entry->refuses = frame.hello.refusal.size > 0;
    } else if (frame.body == FRAME_STALE) {
        entry->meant = frame.stale.meant;
    } else {
        entry->asks_where = asks_where(&frame);
    }
    return MESH_OK;
}

static inline void fake_check(struct transport *transport, struct transport_link *link) {
    (void)transport;
    (void)link;
}

static inline struct transport_link *fake_changed(struct transport *transport) {
    (void)transport;
    for (size_t i = 0; i < LINKS; i++) {
        if (links[i].used && links[i].news) {
            links[i].news = false;
            links[i].link.state = links[i].link.state == TRANSPORT_OPENING ? TRANSPORT_UP : links[i].link.state;
            return &links[i].link;
        }
    }
    return NULL;
}

static inline bool fake_receive(struct transport *transport, struct transport_inbound *out) {
    (void)transport;
    if (received == arrived) {
        return false;
    }
    const struct arrival *next = &inbox[received++];
    const struct link *link = (const struct link *)(const void *)next->link;
    *out = (struct transport_inbound){.first = bytes_make(next->packed, next->bytes),
                                      .parts = next->parts,
                                      .parts_count = next->parts_count,
                                      .link = next->link,
                                      .source = next->source,
                                      .tcp = next->tcp,
                                      .key = link && next->key ? link->key : next->key};
    return true;
}

static inline size_t fake_descriptors(struct transport *transport, struct pollfd *out, size_t max) {
    (void)transport;
    (void)out;
    (void)max;
    return 0;
}

static inline void fake_shut(struct transport *transport) {
    (void)transport;
    shut_count++;
}

static const struct transport_ops fake_ops = {
    .destroy = fake_destroy,
    .secure = fake_secure,
    .listen = fake_listen,
    .open = fake_open,
    .back = fake_back,
    .close = fake_close,
    .send = fake_send,
    .changed = fake_changed,
    .receive = fake_receive,
    .descriptors = fake_descriptors,
    .shut = fake_shut,
};

static struct transport fake = {.ops = &fake_ops};

/* ---- what the test does ---- */

static inline struct transport_link *link_to(const char *endpoint) {
    for (size_t i = 0; i < LINKS; i++) {
        if (links[i].used && strcmp(links[i].endpoint, endpoint) == 0) {
            return &links[i].link;
        }
    }
    return NULL;
}

static inline void arrive(const struct frame *frame, struct transport_link *link, uint64_t source) {
    struct codec_image image;
    arrived = received == arrived ? 0 : arrived;
    received = arrived ? received : 0;
    cr_assert_lt(arrived, INBOX);
    struct arrival *next = &inbox[arrived++];
    cr_assert_eq(codec_prepare(codec, frame, &image), MESH_OK);
    cr_assert_leq(image.bytes, sizeof next->packed);
    codec_pack(codec, next->packed);
    next->bytes = image.bytes;
    next->parts_count = image.parts_count;
    next->parts[0] = image.parts_count ? image.parts[0] : NULL;
    next->link = link;
    next->source = source;
    next->tcp = by_tcp;
    next->key = by_key;
    if (link && by_key) {
        memcpy(((struct link *)(void *)link)->key, by_key, TRUST_KEY_TEXT);
    }
    fake.stirred = true;
}

/* Whatever is to be done now. */
static inline void turn(void) {
    sent_count = 0;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(process_turn(process, now_ns), MESH_OK);
    }
}

static inline const struct sent *only(enum frame_body body) {
    const struct sent *found = NULL;
    for (size_t i = 0; i < sent_count; i++) {
        cr_assert(sent[i].body != body || !found, "there are several");
        found = sent[i].body == body ? &sent[i] : found;
    }
    return found;
}

/* `admin_endpoint` is what the admin says to its hosts. */
static inline void begin_as(enum frame_role role, const char *admin_endpoint) {
    bool admin = role == FRAME_ROLE_ADMIN;
    struct mesh_error error;
    struct process_options options = {.role = role,
                                      .incarnation = admin ? ADMIN : OURS,
                                      .node = ADMIN,
                                      .slot = admin ? 0 : 1,
                                      .listen = (const char *const[]){"ipc://here", "tcp://0.0.0.0:7000", NULL},
                                      .advertise = admin ? "tcp://10.0.0.1:1900" : NULL,
                                      .admin = admin ? NULL : "ipc://admin",
                                      .key = own_key,
                                      .trust = own_trust,
                                      .transport = &fake,
                                      .clock = &now_ns,
                                      .limits = &delivery_limits_default};
    now_ns = NS_PER_S;
    cr_assert_eq(codec_new(&codec), MESH_OK);
    if (!admin) {
        arrive(&(struct frame){.from = ADMIN,
                               .to = OURS,
                               .body = FRAME_HELLO,
                               .hello = {.role = FRAME_ROLE_ADMIN,
                                         .node = ADMIN,
                                         .slot = 1,
                                         .endpoint = bytes_of_text(admin_endpoint)}},
               &links[0].link, 0);
    }
    cr_assert_eq(process_new(&process, &options, 1000, &error), MESH_OK, "%s", error.text);
    process_lock(process);
}

static inline void end(void) {
    process_unlock(process);
    process_destroy(&process);
    codec_destroy(&codec);
}

#endif
