/* Agenda: see agenda.h. A binary heap.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/agenda.h"
#include "mesh/base/check.h"
#include <stdlib.h>

static bool before(const struct errand *a, const struct errand *b) {
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void swap(struct errand *a, struct errand *b) {
    struct errand kept = *a;
    *a = *b;
    *b = kept;
}

void agenda_add(struct agenda *agenda, struct errand errand) {
    if (agenda->count == agenda->room) {
        agenda->room = agenda->room ? agenda->room * 2 : 256;
        agenda->heap = realloc(agenda->heap, agenda->room * sizeof *agenda->heap);
        CHECK(agenda->heap);
    }
    errand.order = agenda->order++;
    size_t at = agenda->count++;
    agenda->heap[at] = errand;
    while (at > 0 && before(&agenda->heap[at], &agenda->heap[(at - 1) / 2])) {
        swap(&agenda->heap[at], &agenda->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct agenda *agenda) {
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < agenda->count; child++) {
            if (before(&agenda->heap[child], &agenda->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        swap(&agenda->heap[at], &agenda->heap[least]);
        at = least;
    }
}

bool agenda_next(struct agenda *agenda, struct errand *out) {
    if (agenda->count == 0) {
        return false;
    }
    *out = agenda->heap[0];
    agenda->heap[0] = agenda->heap[--agenda->count];
    sift_down(agenda);
    return true;
}

void agenda_fini(struct agenda *agenda) {
    free(agenda->heap);
    *agenda = (struct agenda){0};
}
