/* The admin among admins: hellos, links and frames, and what the convention core makes of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/base/check.h"

static struct mesh_address nobody(void) {
    return (struct mesh_address){0};
}

/* ---- performing the convention ---- */

static void send_frame(struct admin *admin, uint64_t peer, const struct frame *frame) {
    enum mesh_status status = process_send_frame(admin->process, peer, frame);
    if (status != MESH_OK && status != MESH_WOULD_BLOCK && status != MESH_NOT_FOUND) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "a message of the convention is not sent: %s",
                  mesh_status_text(status));
    }
}

static void on_member_added(struct admin *admin, const struct member *member) {
    log_write(admin->log, MESH_LOG_INFO, NULL, nobody(), "node %s at %s is a member", member->name, member->endpoint);
    if (member->incarnation != admin->incarnation) {
        (void)process_peer(admin->process, member->incarnation, member->endpoint);
    }
    if (member->incarnation != admin->incarnation && admin->config->outbound_only) {
        (void)process_call(admin->process, member->incarnation, member->endpoint); /* it cannot call us (S8C) */
    }
    admin_tell_directory(admin,
                         &(struct directory_event){.kind = DIRECTORY_MEMBER_ADDED, .admin = member->incarnation});
    admin_tell_sources(admin, &(struct sources_event){.kind = SOURCES_MEMBER_ADDED, .admin = member->incarnation});
    admin_try_member(admin, member);
}

static void on_member_changed(struct admin *admin, const struct member *member) {
    log_write(admin->log, MESH_LOG_INFO, NULL, nobody(), "node %s has other capabilities now", member->name);
    if (member->incarnation == admin->incarnation) {
        admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_CAPABILITIES});
    }
}

/* Its links are made anew where it is now, when they turn out broken. */
static void on_member_moved(struct admin *admin, const struct member *member) {
    log_write(admin->log, MESH_LOG_INFO, NULL, nobody(), "node %s is at %s now", member->name, member->endpoint);
    (void)process_peer(admin->process, member->incarnation, member->endpoint);
    admin_tell_directory(admin,
                         &(struct directory_event){.kind = DIRECTORY_MEMBER_MOVED, .admin = member->incarnation});
    admin_try_member(admin, member);
}

static void on_member_removed(struct admin *admin, const struct member *member, const char *text) {
    log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "node %s at %s is no member any more: %s", member->name,
              member->endpoint, text);
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_MEMBER_LOST, .admin = member->incarnation});
    (void)map_remove(&admin->neighbours, &member->incarnation); /* it may come back, but by a hello */
    admin_tell_sources(admin, &(struct sources_event){.kind = SOURCES_MEMBER_LOST, .admin = member->incarnation});
    admin_lose_waiting_creates(admin, member->incarnation);
    admin_lose_inquiries(admin, member->incarnation);
    admin_forget_trial(admin, member->incarnation);
    process_peer_lost(admin->process, member->incarnation);
}

static void on_member_suspect(struct admin *admin, const struct convention_action *action) {
    char more[LIMITER_TEXT_BYTES];
    if (action->text[0] != '\0') {
        log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "node %s is suspect: %s%s", action->member->name,
                  action->text, limiter_text(action->untold, more));
    }
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_MEMBER_SUSPECT});
}

static void on_leader(struct admin *admin, uint64_t leader) {
    log_write(admin->log, MESH_LOG_INFO, NULL, nobody(),
              leader ? "the convention has a leader" : "the convention has no leader");
    process_set_relay(admin->process, leader == admin->incarnation ? 0 : leader);
    log_forward_follow(admin->forward, process_now(admin->process), leader, leader == admin->incarnation);
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_LEADER, .admin = leader});
    admin_tell_sources(admin, &(struct sources_event){.kind = SOURCES_LEADER, .admin = leader});
}

static void call_admin(struct admin *admin, const struct convention_action *action) {
    enum mesh_status status = process_call(admin->process, action->peer, (const char *)action->endpoint.data);
    if (status != MESH_OK) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "cannot call %.*s: %s", (int)action->endpoint.size,
                  (const char *)action->endpoint.data, mesh_status_text(status));
    }
}

/* Who calls us says hello again, and is a neighbour again. */
static void hang_up(struct admin *admin, const struct convention_action *action) {
    if (action->endpoint.size > 0) {
        process_hang_up(admin->process, (const char *)action->endpoint.data);
    }
    if (action->peer != 0) {
        (void)map_remove(&admin->neighbours, &action->peer);
        process_peer_lost(admin->process, action->peer);
    }
}

static void on_mandate(struct admin *admin, const struct convention_action *action) {
    if (action->mandate == MANDATE_NONE) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "this node gives no global names: %s", action->text);
    } else if (action->mandate == MANDATE_GIVEN) {
        log_write(admin->log, MESH_LOG_INFO, NULL, nobody(), "this node gives global names");
    }
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_MANDATE,
                                                          .epoch = action->epoch,
                                                          .mandate = action->mandate,
                                                          .text = bytes_of_text(action->text)});
}

/* That one has registered anew is for watchers alone. */
static void on_member(struct admin *admin, const struct convention_action *action) {
    if (action->kind == CONVENTION_MEMBER_ADDED) {
        on_member_added(admin, action->member);
    } else if (action->kind == CONVENTION_MEMBER_CHANGED) {
        on_member_changed(admin, action->member);
    } else if (action->kind == CONVENTION_MEMBER_MOVED) {
        on_member_moved(admin, action->member);
    } else if (action->kind == CONVENTION_MEMBER_REMOVED) {
        on_member_removed(admin, action->member, action->text);
    } else if (action->kind == CONVENTION_MEMBER_SUSPECT) {
        on_member_suspect(admin, action);
    }
}

static void perform(struct admin *admin, const struct convention_action *action) {
    struct frame frame;
    switch (action->kind) {
    case CONVENTION_CONNECT:
        call_admin(admin, action);
        return;
    case CONVENTION_HANG_UP:
        hang_up(admin, action);
        return;
    case CONVENTION_SEND_HEARTBEAT:
    case CONVENTION_SEND_REGISTER:
    case CONVENTION_SEND_REGISTERED:
    case CONVENTION_SEND_ROSTER:
    case CONVENTION_SEND_DEREGISTER:
    case CONVENTION_SEND_INVITE:
    case CONVENTION_SEND_TRUST:
        if (convention_frame_of(action, &frame)) {
            send_frame(admin, action->peer, &frame);
        }
        return;
    case CONVENTION_KEYS_CHANGED:
        admin_on_keys_changed(admin, action);
        return;
    case CONVENTION_MEMBER_ADDED:
    case CONVENTION_MEMBER_CHANGED:
    case CONVENTION_MEMBER_MOVED:
    case CONVENTION_MEMBER_REMOVED:
    case CONVENTION_MEMBER_ANEW:
    case CONVENTION_MEMBER_SUSPECT:
        on_member(admin, action);
        return;
    case CONVENTION_NOTICE:
        admin_tell_watcher(admin, action);
        return;
    case CONVENTION_LEADER:
        on_leader(admin, action->peer);
        return;
    case CONVENTION_MANDATE:
        on_mandate(admin, action);
        return;
    case CONVENTION_LOG:
        log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "%s", action->text);
        return;
    }
    CHECK_UNREACHABLE();
}

enum mesh_status admin_tell_convention(struct admin *admin, const struct convention_event *event) {
    enum mesh_status status = convention_step(admin->convention, process_now(admin->process), event);
    struct convention_action action;
    admin->performing = true;
    while (convention_poll(admin->convention, &action)) {
        perform(admin, &action);
    }
    admin->performing = false;
    admin_tell_actors(admin);
    return status;
}

/* ---- what links bring ---- */

static bool is_neighbour(const struct admin *admin, uint64_t peer) {
    return map_get(&admin->neighbours, &peer) != NULL;
}

void admin_on_hello(void *user, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer) {
    struct admin *admin = user;
    if (hello->role != FRAME_ROLE_ADMIN) {
        if (answer) {
            admin_greet(admin, peer, hello, answer);
        }
        return;
    }
    if (!is_neighbour(admin, peer) && map_put(&admin->neighbours, &peer, &admin->neighbours) != MESH_OK && answer) {
        answer->refusal = bytes_of_text("this node knows too many others");
    }
    if (admin->stopping && answer) {
        answer->refusal = bytes_of_text("this node is shutting down");
    }
}

void admin_on_link(void *user, uint64_t peer, const char *endpoint, enum process_link link) {
    struct admin *admin = user;
    if (peer != 0 && peer != admin->incarnation && !is_neighbour(admin, peer)) {
        return; /* a host or a program: its process says more than its link */
    }
    struct convention_event event = {.peer = peer, .endpoint = bytes_of_text(endpoint)};
    switch (link) {
    case PROCESS_LINK_UP:
        event.kind = CONVENTION_LINK_UP;
        break;
    case PROCESS_LINK_DOWN:
        event.kind = CONVENTION_LINK_DOWN;
        break;
    case PROCESS_LINK_REFUSED:
        event.kind = CONVENTION_REFUSED;
        break;
    case PROCESS_LINK_REPLACED:
        event.kind = CONVENTION_REPLACED;
        break;
    }
    if (link != PROCESS_LINK_DOWN || peer != 0) {
        admin_tell_convention(admin, &event);
    }
    if (link == PROCESS_LINK_UP && peer == convention_leader(admin->convention)) {
        admin_look_at_address(admin);
    }
}

void admin_on_frame(void *user, uint64_t peer, const struct frame *frame) {
    struct admin *admin = user;
    struct convention_event event = convention_event_of(frame);
    if (is_neighbour(admin, peer)) {
        admin_tell_convention(admin, &event);
    }
}
