/* Mailboxes: see mailbox.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/mailbox.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"

void mailbox_init(struct mailbox *mailbox, size_t messages_max, size_t bytes_max) {
    *mailbox = (struct mailbox){.messages_max = messages_max, .bytes_max = bytes_max, .expiry_ns = TIME_NEVER};
}

void mailbox_push(struct mailbox *mailbox, struct message *message) {
    CHECK(mailbox_fits(mailbox, message_weight(message)));
    message_list_append(message->urgent ? &mailbox->urgent : &mailbox->others, message);
    mailbox->messages++;
    mailbox->bytes += message_weight(message);
    if (message->deadline_ns < mailbox->expiry_ns) {
        mailbox->expiry_ns = message->deadline_ns;
    }
}

static void left(struct mailbox *mailbox, const struct message *message) {
    mailbox->messages--;
    mailbox->bytes -= message_weight(message);
    if (mailbox->messages == 0) {
        mailbox->expiry_ns = TIME_NEVER;
    }
}

struct message *mailbox_take(struct mailbox *mailbox) {
    struct message *message = message_list_take(mailbox->urgent.first ? &mailbox->urgent : &mailbox->others);
    if (message) {
        mailbox->seen = mailbox->seen == message ? NULL : mailbox->seen;
        left(mailbox, message);
    }
    return message;
}

struct message *mailbox_pick(struct mailbox *mailbox, bool (*wanted)(void *user, const struct message *message),
                             void *user) {
    if (mailbox->urgent.first && wanted(user, mailbox->urgent.first)) {
        return mailbox_take(mailbox);
    }
    struct message *before = mailbox->seen;
    struct message *message = before ? before->next : mailbox->others.first;
    while (message && !wanted(user, message)) {
        before = message;
        message = message->next;
    }
    mailbox->seen = before;
    if (message) {
        message_list_take_after(&mailbox->others, before);
        left(mailbox, message);
    }
    return message;
}

static void sift(struct mailbox *mailbox, struct message_list *list, uint64_t now_ns, struct message_list *expired) {
    struct message_list rest = {0};
    struct message *message;
    while ((message = message_list_take(list))) {
        if (message->deadline_ns <= now_ns) {
            left(mailbox, message);
            message_list_append(expired, message);
            continue;
        }
        message_list_append(&rest, message);
        if (message->deadline_ns < mailbox->expiry_ns) {
            mailbox->expiry_ns = message->deadline_ns;
        }
    }
    *list = rest;
}

void mailbox_expire(struct mailbox *mailbox, uint64_t now_ns, struct message_list *expired) {
    mailbox->expiry_ns = TIME_NEVER;
    mailbox->seen = NULL;
    sift(mailbox, &mailbox->urgent, now_ns, expired);
    sift(mailbox, &mailbox->others, now_ns, expired);
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

struct mailbox_share mailbox_share(const struct mailbox *mailbox, bool busy) {
    size_t sharers = mailbox->busy + (busy ? 0 : 1);
    size_t messages = mailbox->messages_max - mailbox->messages, bytes = mailbox->bytes_max - mailbox->bytes;
    return (struct mailbox_share){
        .messages = larger(messages / sharers, smaller(messages, 1)),
        .bytes = larger(bytes / sharers, smaller(bytes, FRAME_PAYLOAD_BYTES)),
    };
}
