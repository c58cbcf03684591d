/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/updates.h"

#include "mesh/base/arena.h"
#include "mesh/base/time.h"
#include "mesh/runtime/capabilities.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/post.h"
#include "mesh/runtime/report.h"
#include "proto/codec.h"
#include <mesh/convention.h>
#include <stdlib.h>

enum { WAITING_MAX = 4096, UPDATE_BYTES = 1024 * 1024 };

/* ---- who wants them ---- */

static enum mesh_status tell_admin(struct mesh_actor *actor, bool on) {
    struct process *process = actor->host->process;
    struct control control = {.kind = CONTROL_WATCH_MEMBERS, .watch_members = {actor->address, on}};
    enum mesh_status status = process_send_control(process, process_admin(process), &control);
    if (status == MESH_OK) {
        actor->updates = on;
    }
    return status;
}

enum mesh_status mesh_convention_updates(struct mesh_actor *self, bool on) {
    struct host *host = self->host;
    process_lock(host->process);
    enum mesh_status status = self->updates || on ? tell_admin(self, on) : MESH_OK;
    if (status == MESH_OK && !pthread_equal(pthread_self(), host->main)) {
        drive_submitted(&host->drive, 0);
    }
    process_unlock(host->process);
    return status;
}

void updates_on_end(struct mesh_actor *actor) {
    if (actor->updates) {
        (void)tell_admin(actor, false);
        actor->updates = false;
    }
}

/* ---- giving them ---- */

static size_t count_waiting(const struct host *host, struct mesh_address actor) {
    size_t count = 0;
    for (const struct message *message = host->turned.first; message; message = message->next) {
        count += message->kind == FRAME_UPDATE && mesh_address_equal(message->target, actor);
    }
    return count;
}

/* The payload of the actor's message is the admin's word as it came. */
static enum mesh_status make(struct host *host, const struct control *control, struct message **out) {
    struct bytes packed;
    struct codec *codec = NULL;
    enum mesh_status status = codec_new(&codec);
    if (status == MESH_OK) {
        status = control_encode(codec, control, &packed);
    }
    if (status == MESH_OK) {
        struct post post = {
            .now_ns = process_now(host->process),
            .from = process_address(host->process),
            .to = control->member_update.watcher,
            .kind = FRAME_UPDATE,
            .type = "",
            .data = packed.data,
            .bytes = packed.size,
            .expiry_ns = TIME_NEVER,
        };
        status = post_make(out, host->process, &post);
    }
    codec_destroy(&codec);
    return status;
}

void updates_deliver(struct host *host, const struct control *control) {
    struct mesh_actor *actor = hosted_find(host, control->member_update.watcher);
    struct message *message = NULL;
    if (!actor || !actor->updates) {
        return;
    }
    enum mesh_status status =
        count_waiting(host, actor->address) < WAITING_MAX ? make(host, control, &message) : MESH_FULL;
    if (status == MESH_OK) {
        message_list_append(&host->turned, message);
        return;
    }
    log_write(host->log, MESH_LOG_ERROR, NULL, actor->address, "it is told of the convention's members no more: %s",
              mesh_status_text(status));
    updates_on_end(actor);
}

/* ---- reading one ---- */

struct whole_update {
    struct mesh_update update;
    struct arena arena;
};

void mesh_update_release(struct mesh_update **update) {
    if (update && *update) {
        struct whole_update *whole = (struct whole_update *)(void *)*update; /* its first member */
        arena_fini(&whole->arena);
        free(whole);
        *update = NULL;
    }
}

static enum mesh_status read_update(const struct control_member_update *from, struct mesh_update **out) {
    struct whole_update *whole = calloc(1, sizeof *whole);
    if (!whole) {
        return MESH_NO_MEMORY;
    }
    arena_init(&whole->arena, UPDATE_BYTES);
    struct mesh_update *update = &whole->update;
    *update = (struct mesh_update){
        .admin = {.node = from->member.incarnation},
        .added = from->added,
        .name = report_text(&whole->arena, from->member.name),
        .endpoint = report_text(&whole->arena, from->member.endpoint),
        .text = report_text(&whole->arena, from->text),
        .capabilities = capabilities_print(&whole->arena, from->member.capabilities, from->member.capabilities_count),
        .capabilities_count = from->member.capabilities_count,
    };
    if (!update->name || !update->endpoint || !update->text || !update->capabilities) {
        mesh_update_release(&update);
        return MESH_NO_MEMORY;
    }
    *out = update;
    return MESH_OK;
}

enum mesh_status mesh_message_update(const struct mesh_message *message, struct mesh_update **out) {
    struct codec *codec = NULL;
    struct control control;
    if (message->kind != MESH_UPDATE || !out) {
        return MESH_INVALID_ARGUMENT;
    }
    enum mesh_status status = codec_new(&codec);
    if (status == MESH_OK) {
        status = control_decode(codec, message->payload, &control);
    }
    if (status == MESH_OK) {
        status = read_update(&control.member_update, out);
    }
    codec_destroy(&codec);
    return status;
}
