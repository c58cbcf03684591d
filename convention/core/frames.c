/* What the convention says to others and hears from them, as frames.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/convention.h"
#include "mesh/base/check.h"

bool convention_frame_of(const struct convention_action *action, struct frame *out) {
    switch (action->kind) {
    case CONVENTION_SEND_HEARTBEAT:
        *out = (struct frame){.body = FRAME_HEARTBEAT, .heartbeat = action->heartbeat};
        return true;
    case CONVENTION_SEND_REGISTER:
        *out = (struct frame){.body = FRAME_REGISTER, .registration = action->registration};
        return true;
    case CONVENTION_SEND_REGISTERED:
        *out = (struct frame){.body = FRAME_REGISTERED, .registered = action->registered};
        return true;
    case CONVENTION_SEND_ROSTER:
        *out = (struct frame){.body = FRAME_ROSTER, .roster = action->roster};
        return true;
    case CONVENTION_SEND_DEREGISTER:
        *out = (struct frame){.body = FRAME_DEREGISTER, .deregister = action->deregister};
        return true;
    case CONVENTION_SEND_INVITE:
        *out = (struct frame){.body = FRAME_INVITE, .invite = action->invite};
        return true;
    case CONVENTION_SEND_TRUST:
        *out = (struct frame){.body = FRAME_TRUST, .trust = action->trust};
        return true;
    case CONVENTION_CONNECT:
    case CONVENTION_HANG_UP:
    case CONVENTION_KEYS_CHANGED:
    case CONVENTION_MEMBER_ADDED:
    case CONVENTION_MEMBER_CHANGED:
    case CONVENTION_MEMBER_MOVED:
    case CONVENTION_MEMBER_REMOVED:
    case CONVENTION_MEMBER_ANEW:
    case CONVENTION_MEMBER_SUSPECT:
    case CONVENTION_NOTICE:
    case CONVENTION_LEADER:
    case CONVENTION_MANDATE:
    case CONVENTION_LOG:
        return false;
    }
    CHECK_UNREACHABLE();
}

struct convention_event convention_event_of(const struct frame *frame) {
    struct convention_event event = {.peer = frame->from};
    switch (frame->body) {
    case FRAME_HEARTBEAT:
        event.kind = CONVENTION_HEARTBEAT;
        event.heartbeat = &frame->heartbeat;
        return event;
    case FRAME_REGISTER:
        event.kind = CONVENTION_REGISTER;
        event.registration = &frame->registration;
        return event;
    case FRAME_REGISTERED:
        event.kind = CONVENTION_REGISTERED;
        event.registered = &frame->registered;
        return event;
    case FRAME_ROSTER:
        event.kind = CONVENTION_ROSTER;
        event.roster = &frame->roster;
        return event;
    case FRAME_DEREGISTER:
        event.kind = CONVENTION_DEREGISTER;
        event.deregister = &frame->deregister;
        return event;
    case FRAME_INVITE:
        event.kind = CONVENTION_INVITE;
        event.invite = &frame->invite;
        return event;
    case FRAME_TRUST:
        event.kind = CONVENTION_TRUST;
        event.trust = &frame->trust;
        return event;
    case FRAME_HELLO:
    case FRAME_BATCH:
    case FRAME_STALE:
    case FRAME_FORWARD:
    case FRAME_PASSAGE:
        break;
    }
    CHECK_UNREACHABLE();
}
