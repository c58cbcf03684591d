/* Delivery: who waits for an answer is told of the end of its target, also when nothing it sent is open any more (D11).
 *
 * The receiver says in each ack whether the target has ended; and whether it has ever forwarded an ask, for then others may owe the
 * answer, and its end says nothing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/delivery_state.h"

enum mesh_status delivery_watch(struct delivery *d, struct mesh_address sender, struct mesh_address target,
                                uint64_t until_ns) {
    struct stream_out *stream = stream_find(d, sender, target);
    if (!stream || !stream->actor) {
        return MESH_NOT_FOUND;
    }
    bool later = until_ns > stream->watch_ns && !stream->passed_on;
    stream->watch_ns = later || until_ns == 0 ? until_ns : stream->watch_ns;
    return MESH_OK;
}

/* Without memory the watcher waits until its own time is up. */
void stream_tell_end(struct delivery *d, struct stream_out *stream, enum frame_reason reason, struct bytes text) {
    if (stream->watch_ns == 0) {
        return;
    }
    stream->watch_ns = 0;
    struct message *message = message_new(d->pool, bytes_make("", 0), bytes_make("", 0));
    if (message) {
        message->kind = FRAME_SKIP;
        message->sender = stream->sender;
        message->target = stream->target;
        message->outcome = FRAME_DIED;
        message->reason = reason;
        message->maybe_handled = true;
        message_set_text(message, text);
        message_list_append(&d->settled, message);
    }
}

void stream_on_end(struct delivery *d, struct stream_out *stream, uint32_t flags) {
    if (flags & FRAME_ACK_PASSED_ON) {
        stream->passed_on = true;
        stream->watch_ns = 0;
    } else if (flags & FRAME_ACK_ENDED) {
        stream_tell_end(d, stream, FRAME_EXITED, bytes_make("", 0));
    }
}

uint32_t stream_in_end_flags(const struct stream_in *stream) {
    const struct actor *target = stream->actor;
    return (target->forgotten ? FRAME_ACK_ENDED : 0) | (target->passed_on ? FRAME_ACK_PASSED_ON : 0);
}
