/* The directory's table of creates that are not answered yet.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/directory_state.h"
#include "mesh/base/check.h"
#include <stdlib.h>

void directory_free_pending(struct pending *pending) {
    requirement_set_fini(&pending->requirements);
    free(pending->refused_by);
    free(pending->type);
    free(pending->program);
    free(pending->refusal);
    free(pending->pool);
    free(pending->why);
    free(pending->name);
    free(pending);
}

void directory_remove_pending(struct directory *directory, struct pending *pending) {
    CHECK(map_remove(&directory->pendings, &pending->id) == pending);
    deadlines_clear(&directory->pending_deadlines, &pending->deadline);
    list_remove(&pending->of_slot);
    pending->next_removed = directory->removed_pendings;
    directory->removed_pendings = pending;
}

void directory_pending_wait(struct directory *directory, struct pending *pending, uint64_t span_ns) {
    if (deadlines_set(&directory->pending_deadlines, &pending->deadline, time_add(directory->now_ns, span_ns))) {
        directory->no_memory = true;
    }
}

void directory_add_refuser(struct directory *directory, struct pending *pending, uint64_t admin) {
    size_t count = pending->create.refused_count;
    uint64_t *refused_by = realloc(pending->refused_by, (count + 1) * sizeof *refused_by);
    if (!refused_by) {
        directory->no_memory = true;
        return;
    }
    refused_by[count] = admin;
    pending->refused_by = refused_by;
    pending->create.refused_by = refused_by;
    pending->create.refused_count = count + 1;
}

struct pending *directory_add_pending(struct directory *directory, const struct directory_event *event) {
    const struct control_create *create = &event->control->create;
    struct pending *pending = calloc(1, sizeof *pending);
    if (!pending) {
        directory->no_memory = true;
        return NULL;
    }
    pending->id = ++directory->next_id;
    pending->asker = event->asker;
    pending->asker_id = event->control->id;
    pending->known = event->known;
    pending->lacking = event->status ? event->status : MESH_UNKNOWN_TYPE;
    list_node_init(&pending->of_slot);
    pending->create = *create;
    pending->create.refused_count = 0;
    pending->name = create->name.size > 0 ? directory_text(directory, create->name) : NULL;
    pending->create.refused_by = NULL;
    pending->type = directory_text(directory, create->type);
    pending->program = directory_text(directory, create->program);
    pending->refusal = directory_text(directory, create->refusal);
    pending->why = event->text.size > 0 ? directory_text(directory, event->text) : NULL;
    pending->pool = event->pool.size > 0 ? directory_text(directory, event->pool) : NULL;
    enum mesh_status status =
        requirement_set_copy(&pending->requirements, create->requirements, create->requirements_count);
    for (size_t i = 0; i < create->refused_count && i < FRAME_REFUSED_BY; i++) {
        directory_add_refuser(directory, pending, create->refused_by[i]);
    }
    if (directory->no_memory || status || map_put(&directory->pendings, &pending->id, pending)) {
        directory_free_pending(pending);
        return NULL;
    }
    pending->create.type = bytes_of_text(pending->type);
    pending->create.program = bytes_of_text(pending->program);
    pending->create.refusal = bytes_of_text(pending->refusal);
    pending->create.requirements = pending->requirements.items;
    pending->create.name = bytes_of_text(pending->name ? pending->name : "");
    if (create->source.size > 0) {
        memcpy(pending->source, create->source.data, sizeof pending->source);
        pending->create.source = bytes_make(pending->source, sizeof pending->source);
    }
    return pending;
}

void directory_count_placed(struct pending *pending, struct member *chosen) {
    chosen->placed++;
    pending->counted_by = chosen->incarnation;
    pending->counted_at = chosen->reports;
}

void directory_uncount_placed(const struct directory *directory, struct pending *pending) {
    struct member *chosen = pending->counted_by ? members_find(directory->members, pending->counted_by) : NULL;
    if (chosen && chosen->reports == pending->counted_at) {
        chosen->placed--;
    }
    pending->counted_by = 0;
}

/* ---- sources ---- */

void directory_on_arriving(struct directory *directory, const struct directory_event *event) {
    struct pending *pending = map_get(&directory->pendings, &event->control->id);
    if (!pending || pending->admin != event->asker.node || event->asker.local || !pending->deadline.slot) {
        directory->counters.late++;
        return;
    }
    struct control passed = *event->control;
    uint64_t waited_ns = event->control->source.number * NS_PER_MS;
    uint64_t until_ns = time_add(pending->deadline.at_ns, waited_ns);
    if (deadlines_set(&directory->pending_deadlines, &pending->deadline, until_ns) != MESH_OK) {
        directory->no_memory = true;
    }
    passed.id = pending->asker_id;
    directory_send(directory, pending->asker, &passed);
}

void directory_on_unloaded(struct directory *directory, const struct directory_event *event) {
    const struct control_source *gone = &event->control->source;
    size_t place = 0;
    for (struct pending *pending; (pending = map_next(&directory->pendings, &place));) {
        bool uses = bytes_equal(pending->create.source, gone->hash) && pending->create.source_load <= gone->load;
        if (uses && !pending->restart) {
            free(pending->why);
            pending->why = directory_text(directory, bytes_of_text("the source is unloaded"));
            pending->known = false;
            pending->lacking = MESH_UNKNOWN_SOURCE;
        }
    }
}
