/* A binary heap of deadlines.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/deadlines.h"
#include "mesh/base/check.h"
#include <stdlib.h>

enum { ROOM_FIRST = 16 };

void deadlines_init(struct deadlines *deadlines, size_t max) {
    CHECK(max > 0);
    *deadlines = (struct deadlines){.max = max};
}

void deadlines_fini(struct deadlines *deadlines) {
    free(deadlines->heap);
    *deadlines = (struct deadlines){.max = deadlines->max};
}

static bool is_before(const struct deadline *a, const struct deadline *b) {
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void put(struct deadlines *deadlines, size_t at, struct deadline *deadline) {
    deadlines->heap[at] = deadline;
    deadline->slot = at + 1;
}

static void sift_up(struct deadlines *deadlines, size_t at) {
    struct deadline *moved = deadlines->heap[at];
    while (at > 0 && is_before(moved, deadlines->heap[(at - 1) / 2])) {
        put(deadlines, at, deadlines->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(deadlines, at, moved);
}

static void sift_down(struct deadlines *deadlines, size_t at) {
    struct deadline *moved = deadlines->heap[at];
    for (size_t child = 2 * at + 1; child < deadlines->size; child = 2 * at + 1) {
        if (child + 1 < deadlines->size && is_before(deadlines->heap[child + 1], deadlines->heap[child])) {
            child++;
        }
        if (!is_before(deadlines->heap[child], moved)) {
            break;
        }
        put(deadlines, at, deadlines->heap[child]);
        at = child;
    }
    put(deadlines, at, moved);
}

enum mesh_status deadlines_reserve(struct deadlines *deadlines, size_t count) {
    if (count > deadlines->max) {
        return MESH_FULL;
    }
    if (count <= deadlines->room) {
        return MESH_OK;
    }
    struct deadline **heap = realloc(deadlines->heap, count * sizeof(struct deadline *));
    if (!heap) {
        return MESH_NO_MEMORY;
    }
    deadlines->heap = heap;
    deadlines->room = count;
    return MESH_OK;
}

static enum mesh_status make_room(struct deadlines *deadlines) {
    if (deadlines->size == deadlines->max) {
        return MESH_FULL;
    }
    if (deadlines->size < deadlines->room) {
        return MESH_OK;
    }
    size_t room = deadlines->room ? deadlines->room * 2 : ROOM_FIRST;
    return deadlines_reserve(deadlines, room < deadlines->max ? room : deadlines->max);
}

enum mesh_status deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns) {
    if (at_ns == TIME_NEVER) {
        deadlines_clear(deadlines, deadline);
        return MESH_OK;
    }
    if (deadline->slot == 0) {
        enum mesh_status status = make_room(deadlines);
        if (status) {
            return status;
        }
        put(deadlines, deadlines->size++, deadline);
    }
    deadline->at_ns = at_ns;
    deadline->order = deadlines->order++;
    sift_up(deadlines, deadline->slot - 1);
    sift_down(deadlines, deadline->slot - 1);
    return MESH_OK;
}

void deadlines_clear(struct deadlines *deadlines, struct deadline *deadline) {
    if (deadline->slot == 0) {
        return;
    }
    size_t at = deadline->slot - 1;
    struct deadline *last = deadlines->heap[--deadlines->size];
    deadline->slot = 0;
    if (last != deadline) {
        put(deadlines, at, last);
        sift_up(deadlines, at);
        sift_down(deadlines, last->slot - 1);
    }
}

struct deadline *deadlines_pop_due(struct deadlines *deadlines, uint64_t now_ns) {
    if (deadlines_least(deadlines) > now_ns || deadlines->size == 0) {
        return NULL;
    }
    struct deadline *due = deadlines->heap[0];
    deadlines_clear(deadlines, due);
    return due;
}
