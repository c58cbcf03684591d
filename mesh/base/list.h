/* A doubly linked list through nodes that lie inside the listed things.
 *
 * A node out of every list points to itself: removing it again is harmless, and list_is_linked tells.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_LIST_H
#define MESH_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next, *previous;
};

/* The list itself is a node: its next is the first thing. */
struct list {
    struct list_node ends;
};

#define LIST_OWNER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_node_init(struct list_node *node) {
    node->next = node->previous = node;
}

static inline void list_init(struct list *list) {
    list_node_init(&list->ends);
}

static inline bool list_is_empty(const struct list *list) {
    return list->ends.next == &list->ends;
}

static inline bool list_is_linked(const struct list_node *node) {
    return node->next != node;
}

static inline void list_insert_before(struct list_node *at, struct list_node *node) {
    node->next = at;
    node->previous = at->previous;
    at->previous->next = node;
    at->previous = node;
}

/* The node must be out of every list. */
static inline void list_push_back(struct list *list, struct list_node *node) {
    list_insert_before(&list->ends, node);
}

static inline void list_push_front(struct list *list, struct list_node *node) {
    list_insert_before(list->ends.next, node);
}

static inline void list_remove(struct list_node *node) {
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_node_init(node);
}

/* NULL when the list is empty. */
static inline struct list_node *list_front(const struct list *list) {
    return list_is_empty(list) ? NULL : list->ends.next;
}

static inline struct list_node *list_pop_front(struct list *list) {
    struct list_node *node = list_front(list);
    if (node) {
        list_remove(node);
    }
    return node;
}

/* `node` may be removed in the body, `after` must not. */
#define LIST_EACH(list, node, after)                                                                                   \
    for (struct list_node *node = (list)->ends.next, *after = node->next; node != &(list)->ends;                       \
         node = after, after = node->next)

#endif
