/* The memory transport: processes within one operating system process, who lay their frames into each other's queues.
 *
 * It behaves as the other one does where the owner can tell: a link is one connection, holds 64 frames on their way and keeps one more,
 * is refused where nobody listens, and ends without a word when its other side goes; only is every answer there at once.
 *
 * The hub's mutex guards all that two transports share: endpoints, queues, and whether links stand. Each transport is used by one thread
 * at a time. An eventfd each tells a waiting one to look again.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/base/list.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/transport.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LINK_FRAMES = 64, ENDPOINTS = 4 };

struct memory_hub {
    pthread_mutex_t mutex;
    struct list transports;
};

struct frame_node {
    struct list_node queued;  /* in the target's queue, or alone in its link */
    struct memory_link *link; /* it was sent on; NULL when that one is closed */
    struct memory_link *twin; /* it arrives on: the receiver's end of a two-way link, or NULL */
    uint64_t source;
    struct part *first;
    struct part *parts[CODEC_PARTS_MAX];
    size_t parts_count;
};

/* What the owner sees in `link` changes in its own calls only; what the other side does to it is noted under the mutex, and shown by
 * memory_changed. */
struct memory_link {
    struct transport_link link;
    enum transport_state state;
    bool ready;
    struct memory_transport *owner, *target; /* target: NULL when it has gone */
    struct list_node listed, news;
    struct memory_link *back; /* the answering end of a two-way link, or of that the calling one */
    bool two_way;
    struct frame_node *waiting;
    size_t on_their_way;
};

struct memory_transport {
    struct transport transport;
    struct memory_hub *hub;
    uint64_t incarnation;
    int fd;
    struct list_node in_hub;
    char endpoints[ENDPOINTS][TRANSPORT_ENDPOINT_BYTES];
    size_t endpoints_count;
    struct list links, news, queue;
    struct frame_node *received;
};

static struct memory_transport *transport_of(struct transport *transport) {
    return (struct memory_transport *)(void *)transport;
}

static struct memory_link *link_of(struct transport_link *link) {
    return (struct memory_link *)(void *)link;
}

/* ---- the hub ---- */

enum mesh_status memory_hub_new(struct memory_hub **out) {
    struct memory_hub *hub = calloc(1, sizeof *hub);
    if (!hub || pthread_mutex_init(&hub->mutex, NULL) != 0) {
        free(hub);
        return MESH_NO_MEMORY;
    }
    list_init(&hub->transports);
    *out = hub;
    return MESH_OK;
}

void memory_hub_destroy(struct memory_hub **hub) {
    if (*hub) {
        CHECK(list_is_empty(&(*hub)->transports));
        pthread_mutex_destroy(&(*hub)->mutex);
        free(*hub);
        *hub = NULL;
    }
}

static void enter(struct memory_transport *self) {
    pthread_mutex_lock(&self->hub->mutex);
}

static void leave(struct memory_transport *self) {
    pthread_mutex_unlock(&self->hub->mutex);
}

static struct memory_transport *who_listens(const struct memory_hub *hub, const char *endpoint) {
    LIST_EACH (&hub->transports, node, after) {
        struct memory_transport *other = LIST_OWNER(node, struct memory_transport, in_hub);
        for (size_t i = 0; i < other->endpoints_count; i++) {
            if (strcmp(other->endpoints[i], endpoint) == 0) {
                return other;
            }
        }
    }
    return NULL;
}

static struct memory_transport *who_is(const struct memory_hub *hub, uint64_t incarnation) {
    LIST_EACH (&hub->transports, node, after) {
        struct memory_transport *other = LIST_OWNER(node, struct memory_transport, in_hub);
        if (other->incarnation == incarnation) {
            return other;
        }
    }
    return NULL;
}

static void wake(struct memory_transport *transport) {
    (void)eventfd_write(transport->fd, 1);
}

/* ---- frames ---- */

static void free_frame(struct frame_node *frame) {
    if (!frame) {
        return;
    }
    part_release(frame->first);
    for (size_t i = 0; i < frame->parts_count; i++) {
        part_release(frame->parts[i]);
    }
    list_remove(&frame->queued);
    free(frame);
}

static struct frame_node *make_frame(struct memory_link *link, struct codec *codec, const struct codec_image *image) {
    struct frame_node *frame = calloc(1, sizeof *frame);
    uint8_t *packed = malloc(image->bytes);
    if (frame && packed) {
        codec_pack(codec, packed);
        list_node_init(&frame->queued);
        frame->first = part_copy(bytes_make(packed, image->bytes));
    }
    free(packed);
    if (!frame || !frame->first) {
        free(frame);
        return NULL;
    }
    for (size_t i = 0; i < image->parts_count; i++) {
        struct part *slice = part_slice(image->parts[i], image->payloads[i]);
        if (!slice) {
            free_frame(frame);
            return NULL;
        }
        frame->parts[frame->parts_count++] = slice;
    }
    frame->link = link;
    frame->source = link->owner->incarnation;
    return frame;
}

/* ---- links ---- */

static void note_news(struct memory_link *link) {
    if (!list_is_linked(&link->news)) {
        list_push_back(&link->owner->news, &link->news);
        wake(link->owner);
    }
}

static void enter_state(struct memory_link *link, enum transport_state state) {
    if (link->state <= TRANSPORT_UP && link->state != state) {
        link->state = state;
        note_news(link);
    }
}

static void break_link(struct memory_link *link) {
    free_frame(link->waiting);
    link->waiting = NULL;
    link->ready = true;
    link->target = NULL;
    enter_state(link, TRANSPORT_DOWN);
}

static struct memory_link *new_link(struct memory_transport *self, struct memory_transport *target, bool two_way) {
    struct memory_link *link = calloc(1, sizeof *link);
    if (link) {
        link->owner = self;
        link->target = target;
        link->two_way = two_way;
        link->ready = link->link.ready = true;
        list_node_init(&link->news);
        list_push_back(&self->links, &link->listed);
    }
    return link;
}

static enum mesh_status memory_open(struct transport *transport, const char *endpoint, bool two_way,
                                    struct transport_link **out) {
    struct memory_transport *self = transport_of(transport);
    enter(self);
    struct memory_link *link = new_link(self, who_listens(self->hub, endpoint), two_way);
    if (link && !link->target) {
        enter_state(link, TRANSPORT_REFUSED);
    }
    leave(self);
    if (!link) {
        return MESH_NO_MEMORY;
    }
    *out = &link->link;
    return MESH_OK;
}

/* The calling end of the newest two-way link from the source, which the answers come on. */
static struct memory_link *calling_end(struct memory_transport *source, const struct memory_transport *self) {
    struct memory_link *found = NULL;
    LIST_EACH (&source->links, node, after) {
        struct memory_link *link = LIST_OWNER(node, struct memory_link, listed);
        found = link->two_way && link->target == self ? link : found;
    }
    return found;
}

static enum mesh_status memory_back(struct transport *transport, uint64_t source, struct transport_link **out) {
    struct memory_transport *self = transport_of(transport);
    enter(self);
    struct memory_transport *other = who_is(self->hub, source);
    struct memory_link *calling = other ? calling_end(other, self) : NULL;
    struct memory_link *link = new_link(self, other, false);
    if (link && calling) {
        link->back = calling;
        calling->back = link;
    } else if (link) {
        enter_state(link, TRANSPORT_DOWN);
    }
    leave(self);
    if (!link) {
        return MESH_NO_MEMORY;
    }
    *out = &link->link;
    return MESH_OK;
}

/* Frames of a closed link that are on their way still arrive, but on no link any more that could be told of it. */
static void forget_link(struct memory_link *link, struct memory_transport *holder) {
    if (!holder) {
        return;
    }
    LIST_EACH (&holder->queue, node, after) {
        struct frame_node *frame = LIST_OWNER(node, struct frame_node, queued);
        frame->link = frame->link == link ? NULL : frame->link;
        if (frame->twin == link) {
            free_frame(frame);
        }
    }
}

static void close_link(struct memory_link *link) {
    forget_link(link, link->target);
    forget_link(link, link->owner);
    if (link->owner->received && link->owner->received->twin == link) {
        link->owner->received->twin = NULL;
    }
    if (link->back) {
        link->back->back = NULL;
        if (link->two_way) {
            break_link(link->back); /* the way back ends with the call */
        }
    }
    LIST_EACH (&link->owner->hub->transports, node, after) {
        struct memory_transport *other = LIST_OWNER(node, struct memory_transport, in_hub);
        if (other->received && other->received->link == link) {
            other->received->link = NULL;
        }
    }
    free_frame(link->waiting);
    list_remove(&link->listed);
    list_remove(&link->news);
    free(link);
}

static void memory_close(struct transport *transport, struct transport_link *link) {
    struct memory_transport *self = transport_of(transport);
    enter(self);
    close_link(link_of(link));
    leave(self);
}

/* ---- sending ---- */

static void deliver(struct memory_link *link, struct frame_node *frame) {
    frame->twin = link->back && !link->two_way ? link->back : NULL;
    link->on_their_way++;
    list_push_back(&link->target->queue, &frame->queued);
    wake(link->target);
}

static enum mesh_status memory_send(struct transport *transport, struct transport_link *sent, struct codec *codec,
                                    const struct codec_image *image) {
    struct memory_transport *self = transport_of(transport);
    struct memory_link *link = link_of(sent);
    CHECK(sent->ready);
    struct frame_node *frame = make_frame(link, codec, image);
    if (!frame) {
        return MESH_NO_MEMORY;
    }
    enter(self);
    if (!link->target || link->state > TRANSPORT_UP) {
        free_frame(frame);
    } else if (link->on_their_way < LINK_FRAMES) {
        deliver(link, frame);
        enter_state(link, TRANSPORT_UP);
    } else {
        link->waiting = frame;
        link->ready = sent->ready = false;
    }
    leave(self);
    return MESH_OK;
}

static struct transport_link *memory_changed(struct transport *transport) {
    struct memory_transport *self = transport_of(transport);
    enter(self);
    struct list_node *node = list_pop_front(&self->news);
    struct memory_link *link = node ? LIST_OWNER(node, struct memory_link, news) : NULL;
    if (link) {
        link->link.state = link->state;
        link->link.ready = link->ready;
    }
    leave(self);
    return link ? &link->link : NULL;
}

/* ---- receiving ---- */

/* One frame less is on its way: the one that waited follows. */
static void make_room(struct memory_link *link) {
    link->on_their_way--;
    if (link->waiting && link->target) {
        struct frame_node *frame = link->waiting;
        link->waiting = NULL;
        link->ready = true;
        deliver(link, frame);
        note_news(link);
    }
}

static bool memory_receive(struct transport *transport, struct transport_inbound *out) {
    struct memory_transport *self = transport_of(transport);
    eventfd_t count;
    enter(self);
    struct list_node *node = list_pop_front(&self->queue);
    if (!node) {
        (void)eventfd_read(self->fd, &count); /* under the mutex, so that no later word is swallowed */
        if (!list_is_empty(&self->news)) {
            wake(self);
        }
    }
    free_frame(self->received);
    self->received = node ? LIST_OWNER(node, struct frame_node, queued) : NULL;
    if (self->received && self->received->link) {
        make_room(self->received->link);
    }
    leave(self);
    if (!node) {
        return false;
    }
    struct frame_node *frame = self->received;
    *out = (struct transport_inbound){
        .first = frame->first->bytes,
        .parts = frame->parts,
        .parts_count = frame->parts_count,
        .link = frame->twin ? &frame->twin->link : NULL,
        .source = frame->source,
    };
    return true;
}

static size_t memory_descriptors(struct transport *transport, struct pollfd *out, size_t max) {
    if (max > 0) {
        out[0] = (struct pollfd){.fd = transport_of(transport)->fd, .events = POLLIN};
    }
    return 1;
}

static void memory_polled(struct transport *transport, const struct pollfd *polled) {
    (void)transport; /* it costs nothing to look */
    (void)polled;
}

/* ---- life ---- */

static enum mesh_status memory_listen(struct transport *transport, const char *endpoint,
                                      char bound[TRANSPORT_ENDPOINT_BYTES], struct mesh_error *error) {
    struct memory_transport *self = transport_of(transport);
    enum mesh_status status = MESH_OK;
    enter(self);
    if (who_listens(self->hub, endpoint)) {
        status = error_set(error, MESH_ADDRESS_IN_USE, "%s is in use: choose another name", endpoint);
    } else if (self->endpoints_count == ENDPOINTS || strlen(endpoint) >= TRANSPORT_ENDPOINT_BYTES) {
        status =
            error_set(error, MESH_INVALID_ARGUMENT, "%s cannot be listened at: too long, or one too many", endpoint);
    } else {
        (void)snprintf(self->endpoints[self->endpoints_count++], TRANSPORT_ENDPOINT_BYTES, "%s", endpoint);
        (void)snprintf(bound, TRANSPORT_ENDPOINT_BYTES, "%s", endpoint);
    }
    leave(self);
    return status;
}

/* Who has a link to a transport that goes sees it break. */
static void break_links_to(struct memory_transport *gone) {
    LIST_EACH (&gone->hub->transports, node, after) {
        struct memory_transport *other = LIST_OWNER(node, struct memory_transport, in_hub);
        LIST_EACH (&other->links, inner, inner_after) {
            struct memory_link *link = LIST_OWNER(inner, struct memory_link, listed);
            if (link->target == gone) {
                break_link(link);
            }
        }
    }
}

static void memory_destroy(struct transport *transport) {
    struct memory_transport *self = transport_of(transport);
    struct list_node *node;
    enter(self);
    free_frame(self->received);
    self->received = NULL;
    while ((node = list_front(&self->links))) {
        close_link(LIST_OWNER(node, struct memory_link, listed));
    }
    list_remove(&self->in_hub);
    break_links_to(self);
    while ((node = list_front(&self->queue))) {
        free_frame(LIST_OWNER(node, struct frame_node, queued));
    }
    leave(self);
    close(self->fd);
    free(self);
}

static const struct transport_ops memory_ops = {
    .destroy = memory_destroy,
    .listen = memory_listen,
    .open = memory_open,
    .back = memory_back,
    .close = memory_close,
    .send = memory_send,
    .changed = memory_changed,
    .receive = memory_receive,
    .descriptors = memory_descriptors,
    .polled = memory_polled,
};

enum mesh_status transport_memory_new(struct transport **out, struct memory_hub *hub, uint64_t incarnation) {
    struct memory_transport *self = calloc(1, sizeof *self);
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!self || fd < 0) {
        free(self);
        if (fd >= 0) {
            close(fd);
        }
        return MESH_NO_MEMORY;
    }
    self->transport.ops = &memory_ops;
    self->hub = hub;
    self->incarnation = incarnation;
    self->fd = fd;
    list_init(&self->links);
    list_init(&self->news);
    list_init(&self->queue);
    enter(self);
    list_push_back(&hub->transports, &self->in_hub);
    leave(self);
    *out = &self->transport;
    return MESH_OK;
}
