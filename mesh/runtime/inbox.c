/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/inbox.h"

#include "mesh/runtime/dead_letters.h"
#include "mesh/runtime/process.h"
#include "mesh/runtime/view.h"
#include <stdlib.h>

/* ---- opening and closing ---- */

enum mesh_status inbox_open(struct inbox *inbox, struct process *process, struct mesh_address address) {
    *inbox = (struct inbox){.process = process, .address = address, .aside_tail = &inbox->aside};
    return process_step(process, &(struct delivery_event){.kind = DELIVERY_OPEN, .address = address});
}

void inbox_close(struct inbox *inbox) {
    struct delivery_event close = {.kind = DELIVERY_CLOSE, .address = inbox->address, .reason = FRAME_EXITED};
    (void)process_step(inbox->process, &close);
}

void inbox_fini(struct inbox *inbox) {
    struct delivery_event forget = {.kind = DELIVERY_FORGET, .address = inbox->address};
    (void)process_step(inbox->process, &forget);
    mesh_message_release(&inbox->reply);
    mesh_message_release(&inbox->failed);
    while (inbox->aside) {
        struct mesh_message *message = inbox->aside;
        inbox->aside = message->next;
        mesh_message_release(&message);
    }
}

/* ---- what comes ---- */

static void put_aside(struct inbox *inbox, struct mesh_message *message) {
    message->next = NULL;
    *inbox->aside_tail = message;
    inbox->aside_tail = &message->next;
    inbox->aside_count++;
}

static bool is_reply(const struct inbox *inbox, uint32_t flags, uint64_t ask) {
    return inbox->ask == INBOX_ASK_OPEN && (flags & FRAME_RUN_REPLY) && ask == inbox->ask_id;
}

/* Other kinds than user messages are not shown to a program. */
static bool is_wanted(void *user, const struct message *message) {
    const struct inbox *inbox = user;
    return message->kind != FRAME_USER ||
           (inbox->asking && !inbox->reply && is_reply(inbox, message->flags, message->ask));
}

/* Settles what was taken and gives what is kept of it: a user message. Without memory it is refused. */
static struct mesh_message *accept(struct inbox *inbox, const struct message *message) {
    struct delivery *delivery = process_delivery(inbox->process);
    struct mesh_message *kept = message->kind == FRAME_USER ? view_keep(message) : NULL;
    struct delivery_event verdict = {.kind = DELIVERY_VERDICT,
                                     .address = inbox->address,
                                     .outcome = kept ? FRAME_HANDLED : FRAME_DIED,
                                     .reason = kept ? FRAME_NO_REASON : FRAME_REFUSED};
    (void)delivery_step(delivery, process_now(inbox->process), &verdict);
    return kept;
}

static void pick(struct inbox *inbox, bool again) {
    struct process *process = inbox->process;
    struct delivery_pick wanted = {.wanted = is_wanted, .user = inbox, .again = again};
    const struct message *message;
    while ((message = delivery_take_picked(process_delivery(process), process_now(process), inbox->address, &wanted))) {
        bool reply = message->kind == FRAME_USER;
        struct mesh_message *kept = accept(inbox, message);
        inbox->reply = reply ? kept : inbox->reply;
        wanted.again = false;
    }
}

void inbox_on_mail(struct inbox *inbox) {
    inbox->may_have_mail = true;
    pick(inbox, false);
}

/* Nobody will answer the ask, unless its answer is here, and nobody has waited for it. */
static void fail_unanswered(struct inbox *inbox, const struct message *message) {
    bool asking = inbox->asking;
    inbox->asking = true;
    pick(inbox, true);
    inbox->asking = asking;
    if (!inbox->reply) {
        inbox->ask = INBOX_ASK_FAILED;
        mesh_message_release(&inbox->failed);
        inbox->failed = view_keep_failed(message);
    }
}

void inbox_on_letter(struct inbox *inbox, const struct control_dead_letter *letter) {
    struct message message = dead_letters_unpack(letter);
    if (inbox->ask == INBOX_ASK_OPEN && letter->ask == inbox->ask_id) {
        fail_unanswered(inbox, &message);
    }
}

void inbox_on_failed(struct inbox *inbox, const struct message *message) {
    if (message->kind == FRAME_SKIP && inbox->ask == INBOX_ASK_OPEN &&
        mesh_address_equal(message->target, inbox->asked)) {
        fail_unanswered(inbox, message);
        return;
    }
    bool asked = inbox->ask == INBOX_ASK_OPEN && message->ask == inbox->ask_id && message->kind == FRAME_USER &&
                 !(message->flags & FRAME_RUN_REPLY);
    bool shown =
        message->kind == FRAME_USER && message->outcome == FRAME_RETURNED && inbox->aside_count < INBOX_ASIDE_MAX;
    struct mesh_message *kept = asked || shown ? view_keep_failed(message) : NULL;
    if (asked) {
        inbox->ask = INBOX_ASK_FAILED;
        mesh_message_release(&inbox->failed);
        inbox->failed = kept;
    } else if (kept) {
        put_aside(inbox, kept);
    }
}

/* ---- asking and listening ---- */

static void watch(const struct inbox *inbox, uint64_t until_ns) {
    (void)delivery_watch(process_delivery(inbox->process), inbox->address, inbox->asked, until_ns); /* or it is dead */
}

void inbox_begin_ask(struct inbox *inbox, uint64_t id, struct mesh_address target) {
    inbox->asked = target;
    inbox->ask = INBOX_ASK_OPEN;
    inbox->ask_id = id;
    mesh_message_release(&inbox->failed);
}

void inbox_await(struct inbox *inbox, uint64_t until_ns) {
    watch(inbox, until_ns);
    inbox->asking = true;
    pick(inbox, true);
}

enum mesh_status inbox_take_answer(struct inbox *inbox, struct mesh_message **out) {
    enum mesh_status status = MESH_OK;
    if (inbox->reply) {
        *out = inbox->reply;
        inbox->reply = NULL;
    } else {
        *out = inbox->failed;
        inbox->failed = NULL;
        status = *out && (*out)->kind == MESH_POISON ? MESH_REFUSED : MESH_DEAD;
    }
    inbox->ask = INBOX_ASK_NONE;
    watch(inbox, 0);
    return status;
}

struct mesh_message *inbox_take(struct inbox *inbox) {
    struct mesh_message *kept = inbox->aside;
    if (kept) {
        inbox->aside = kept->next;
        inbox->aside_tail = inbox->aside ? inbox->aside_tail : &inbox->aside;
        inbox->aside_count--;
        kept->next = NULL;
        return kept;
    }
    const struct message *message;
    while (!kept && (message = process_take(inbox->process, inbox->address))) {
        kept = accept(inbox, message);
    }
    if (!kept) {
        inbox->may_have_mail = false;
    } else if (is_reply(inbox, kept->flags, kept->ask)) {
        inbox->ask = INBOX_ASK_NONE;
    }
    return kept;
}
