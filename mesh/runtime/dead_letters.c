/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/dead_letters.h"

#include "mesh/core/address.h"
#include "mesh/runtime/post.h"
#include "mesh/runtime/view.h"
#include <inttypes.h>

/* Those on their way share the process's window of system messages with its creates and exits, so they are few. */
enum { OPEN_MAX = 256, PAYLOAD_MAX = 64 * 1024, LINES = 10 };

#define LINES_SPAN_NS NS_PER_S

void dead_letters_init(struct dead_letters *letters) {
    *letters = (struct dead_letters){.limiter = limiter_make(LINES, LINES_SPAN_NS)};
}

void dead_letters_on_handler(struct dead_letters *letters, const struct control_dead_letter_handler *handler) {
    letters->handler = handler->handler;
    letters->process = handler->process;
}

void dead_letters_log(struct log *log, const struct control_dead_letter *letter) {
    char target[MESH_ADDRESS_TEXT_BYTES];
    log_write(log, MESH_LOG_WARNING, NULL, letter->sender, "dead letter of type %.*s to %s: %.*s",
              (int)letter->type.size, (const char *)letter->type.data, mesh_address_print(letter->target, target),
              (int)letter->text.size, (const char *)letter->text.data);
}

static bool has_room(struct process *process) {
    struct delivery_load load;
    return delivery_load(process_delivery(process), process_address(process), &load) &&
           load.unsettled_messages < OPEN_MAX;
}

bool dead_letters_pass_on(struct process *process, struct mesh_address to, const struct control_dead_letter *letter) {
    struct control control = {.kind = CONTROL_DEAD_LETTER, .dead_letter = *letter};
    return has_room(process) && process_send_control(process, to, &control) == MESH_OK;
}

static struct control_dead_letter letter_of(const struct message *message) {
    struct bytes payload = message->payload;
    return (struct control_dead_letter){
        .target = message->target,
        .sender = message->sender,
        .reason = message->reason,
        .maybe_handled = message->maybe_handled,
        .type = message->type,
        .payload = bytes_make(payload.data, payload.size < PAYLOAD_MAX ? payload.size : PAYLOAD_MAX),
        .text = view_failure(message),
        .payload_bytes = payload.size,
    };
}

static void write_line(struct dead_letters *letters, struct process *process, struct log *log,
                       const struct control_dead_letter *letter) {
    if (limiter_take(&letters->limiter, process_now(process))) {
        dead_letters_log(log, letter);
    }
}

void dead_letters_send(struct dead_letters *letters, struct process *process, struct log *log,
                       const struct message *message) {
    struct control_dead_letter letter = letter_of(message);
    letter.handler = letters->handler;
    if (mesh_address_is_none(letters->handler) || !dead_letters_pass_on(process, letters->process, &letter)) {
        write_line(letters, process, log, &letter);
    }
}

void dead_letters_send_unclaimed(struct dead_letters *letters, struct process *process, struct log *log,
                                 const struct message *message) {
    struct mesh_address admin = process_admin(process);
    struct control_dead_letter letter = letter_of(message);
    if (message->outcome != FRAME_DIED) {
        return; /* a poison that nobody will see */
    }
    if (message->sender.node == admin.node) {
        dead_letters_send(letters, process, log, message);
    } else if (!dead_letters_pass_on(process, admin, &letter)) {
        write_line(letters, process, log, &letter);
    }
}

void dead_letters_tell_asker(struct process *process, const struct message *message) {
    struct control_dead_letter letter = letter_of(message);
    letter.handler = message->asker;
    letter.ask = message->ask;
    letter.returned = message->outcome == FRAME_RETURNED;
    (void)dead_letters_pass_on(process, address_process(message->asker), &letter);
}

struct message dead_letters_unpack(const struct control_dead_letter *letter) {
    return (struct message){.kind = FRAME_USER,
                            .sender = letter->sender,
                            .target = letter->target,
                            .ask = letter->ask,
                            .outcome = letter->returned ? FRAME_RETURNED : FRAME_DIED,
                            .reason = letter->reason,
                            .maybe_handled = letter->maybe_handled,
                            .type = letter->type,
                            .payload = letter->payload,
                            .text = letter->text};
}

enum mesh_status dead_letters_deliver(struct process *process, const struct control_dead_letter *letter) {
    uint8_t packed[sizeof(struct mesh_dead) + PAYLOAD_MAX];
    struct mesh_dead dead = {
        .target = letter->target,
        .sender = letter->sender,
        .reason = (enum mesh_reason)letter->reason,
        .maybe_handled = letter->maybe_handled,
        .bytes = letter->payload_bytes,
    };
    struct bytes payload = letter->payload;
    payload.size = payload.size < PAYLOAD_MAX ? payload.size : PAYLOAD_MAX;
    struct post post = {
        .now_ns = process_now(process),
        .from = process_address(process),
        .to = letter->handler,
        .kind = FRAME_DEAD,
        .type = (const char *)letter->type.data,
        .data = packed,
        .bytes = view_pack_dead(packed, &dead, payload),
    };
    struct message *message = NULL;
    enum mesh_status status = post_make(&message, process, &post);
    if (status != MESH_OK) {
        return status;
    }
    message_set_text(message, letter->text);
    status = process_submit(process, message);
    if (status != MESH_OK) {
        message_release(message);
    }
    return status;
}

enum mesh_status dead_letters_register(struct dead_letters *letters, struct process *process, struct mesh_address actor,
                                       bool on) {
    struct control control = {.kind = CONTROL_DEAD_LETTER_HANDLER,
                              .dead_letter_handler = {.handler = actor, .registered = on}};
    enum mesh_status status = process_send_control(process, process_admin(process), &control);
    if (status == MESH_OK && on) {
        letters->own = actor;
    } else if (status == MESH_OK && mesh_address_equal(letters->own, actor)) {
        letters->own = (struct mesh_address){0};
    }
    return status;
}

uint64_t dead_letters_tick(struct dead_letters *letters, struct log *log, uint64_t now_ns) {
    uint64_t left_out = limiter_left_out(&letters->limiter, now_ns);
    if (left_out > 0) {
        log_write(log, MESH_LOG_WARNING, NULL, (struct mesh_address){0}, "%" PRIu64 " more dead letters, not logged",
                  left_out);
    }
    return limiter_deadline(&letters->limiter);
}
