/* The pure parts of passages: see passage.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/passage.h"
#include "mesh/base/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- its text ---- */

enum { NODE_DIGITS = 16, OVERHEAD_BYTES = 256 };

static const char scheme[] = "admin://";
static const char digits[] = "0123456789abcdef";

#define SCHEME_BYTES (sizeof scheme - 1)

static bool read_node(const uint8_t *text, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < NODE_DIGITS; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return *out != 0;
}

bool passage_read(struct bytes text, struct passage *out) {
    size_t head = SCHEME_BYTES + NODE_DIGITS;
    if (text.size < head || memcmp(text.data, scheme, SCHEME_BYTES) != 0 ||
        !read_node(text.data + SCHEME_BYTES, &out->node)) {
        return false;
    }
    bool called = text.size > head + 1;
    out->endpoint = called ? bytes_make(text.data + head + 1, text.size - head - 1) : bytes_make("", 0);
    return text.size == head || (called && text.data[head] == '/');
}

enum mesh_status passage_print(uint64_t node, const char *endpoint, char *out, size_t bytes) {
    size_t head = SCHEME_BYTES + NODE_DIGITS, rest = strlen(endpoint);
    if (bytes < head + 1 + rest + 1) {
        return MESH_TOO_LARGE;
    }
    (void)snprintf(out, bytes, "%s%016llx%s%s", scheme, (unsigned long long)node, rest ? "/" : "", endpoint);
    return MESH_OK;
}

/* ---- what an admin does with a frame ---- */

/* A process speaks for itself, an admin for those of its node, the relay for everybody else. Of this node only its own processes speak. */
static bool is_honest(const struct passage_view *view, const struct frame_forward *forward) {
    bool own = forward->origin_node == view->own;
    if (own || view->from_here) {
        return own && view->from_here && forward->origin == view->from;
    }
    return forward->origin == view->from || forward->origin_node == view->from || view->from == view->relay;
}

/* A visitor is neither of this node nor an admin, and has called for the processes of this node only, perhaps of an earlier life of it. */
static bool is_visitor(const struct passage_view *view, const struct frame_forward *forward) {
    return !view->from_here && forward->origin == view->from && forward->origin != forward->origin_node;
}

enum passage_step passage_judge(const struct passage_view *view, const struct frame_forward *forward) {
    if (!is_honest(view, forward)) {
        return PASSAGE_FORGED;
    }
    if (forward->target_node == view->own) {
        if (forward->target == view->own) {
            bool from_admin = forward->origin == forward->origin_node;
            return from_admin && !view->origin_known ? PASSAGE_UNKNOWN : PASSAGE_ARRIVED;
        }
        return view->target_here ? PASSAGE_TO_TARGET : PASSAGE_GONE;
    }
    if (is_visitor(view, forward)) {
        return PASSAGE_GONE;
    }
    if (view->node_linked && forward->hops < PASSAGE_HOPS) {
        return PASSAGE_TO_NODE;
    }
    bool relayed = view->relay != 0 && view->relay != view->from && view->relay != forward->target_node;
    return relayed && view->from_here ? PASSAGE_TO_RELAY : PASSAGE_CLOSED;
}

/* ---- how far the origin may be ahead ---- */

uint64_t passage_window_ask(struct passage_window *window) {
    window->asked = ++window->sent;
    return window->asked;
}

uint64_t passage_window_send(struct passage_window *window, size_t bytes) {
    window->sent += bytes;
    if (window->sent - window->asked < PASSAGE_WINDOW_BYTES / 4) {
        return 0;
    }
    window->asked = window->sent;
    return window->asked;
}

uint64_t passage_window_reopen(struct passage_window *window) {
    window->answered = window->sent;
    return passage_window_ask(window);
}

bool passage_window_answer(struct passage_window *window, uint64_t number) {
    if (number > window->answered && number <= window->asked) {
        window->answered = number;
    }
    return number == window->asked;
}

/* ---- what waits at an admin for one link ---- */

void passage_queue_init(struct passage_queue *queue, size_t *total) {
    list_init(&queue->items);
    queue->bytes = 0;
    queue->total = total;
}

void passage_queue_fini(struct passage_queue *queue) {
    while (!passage_queue_is_empty(queue)) {
        passage_queue_drop_first(queue);
    }
}

static size_t weight_of(const struct frame_forward *forward) {
    size_t bytes = OVERHEAD_BYTES;
    for (size_t i = 0; i < forward->parts_count; i++) {
        bytes += forward->parts[i]->bytes.size;
    }
    return bytes;
}

static bool admits(const struct passage_queue *queue, uint64_t origin, size_t bytes) {
    size_t theirs = bytes;
    LIST_EACH (&queue->items, node, after) {
        const struct passage_item *item = LIST_OWNER(node, struct passage_item, queued);
        theirs += item->forward.origin == origin ? item->bytes : 0;
    }
    return theirs <= PASSAGE_QUEUE_BYTES - queue->bytes && *queue->total + bytes <= PASSAGE_TOTAL_BYTES;
}

enum mesh_status passage_queue_push(struct passage_queue *queue, uint64_t from, const struct frame_forward *forward) {
    size_t bytes = weight_of(forward);
    if (!admits(queue, forward->origin, bytes)) {
        return MESH_FULL;
    }
    size_t parts_bytes = forward->parts_count * sizeof(struct part *);
    struct passage_item *item = malloc(sizeof *item + parts_bytes + forward->origin_endpoint.size);
    if (!item) {
        return MESH_NO_MEMORY;
    }
    uint8_t *endpoint = (uint8_t *)item->parts + parts_bytes;
    item->from = from;
    item->forward = *forward;
    item->bytes = bytes;
    for (size_t i = 0; i < forward->parts_count; i++) {
        item->parts[i] = part_hold(forward->parts[i]);
    }
    if (forward->origin_endpoint.size > 0) {
        memcpy(endpoint, forward->origin_endpoint.data, forward->origin_endpoint.size);
    }
    item->forward.parts = item->parts;
    item->forward.origin_endpoint = bytes_make(endpoint, forward->origin_endpoint.size);
    list_node_init(&item->queued);
    list_push_back(&queue->items, &item->queued);
    queue->bytes += bytes;
    *queue->total += bytes;
    return MESH_OK;
}

const struct passage_item *passage_queue_first(const struct passage_queue *queue) {
    struct list_node *node = list_front(&queue->items);
    return node ? LIST_OWNER(node, struct passage_item, queued) : NULL;
}

void passage_queue_drop_first(struct passage_queue *queue) {
    struct list_node *node = list_pop_front(&queue->items);
    CHECK(node);
    struct passage_item *item = LIST_OWNER(node, struct passage_item, queued);
    queue->bytes -= item->bytes;
    *queue->total -= item->bytes;
    for (size_t i = 0; i < item->forward.parts_count; i++) {
        part_release(item->parts[i]);
    }
    free(item);
}
