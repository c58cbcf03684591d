/* Mailboxes: see mailbox.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/mailbox.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"

void mailbox_init(struct mailbox *mailbox, size_t messages_max, size_t bytes_max) {
    *mailbox = (struct mailbox){
        .messages_max = messages_max,
        .bytes_max = bytes_max,
        .limit_bytes = bytes_max,
        .expiry_ns = TIME_NEVER,
    };
}

void mailbox_push(struct mailbox *mailbox, struct message *message) {
    CHECK(mailbox_fits_all(mailbox, message));
    message_list_append(message->urgent ? &mailbox->urgent : &mailbox->others, message);
    mailbox->messages += message_count(message);
    mailbox->bytes += message_weight(message);
    if (message->deadline_ns < mailbox->expiry_ns) {
        mailbox->expiry_ns = message->deadline_ns;
    }
}

bool mailbox_push_into(struct mailbox *mailbox, struct message *run, struct bytes payload) {
    if (!message_run_add(run, payload)) {
        return false;
    }
    mailbox->messages++;
    mailbox->bytes += payload.size + MESSAGE_OVERHEAD_BYTES;
    return true;
}

static void set_bytes_max(struct mailbox *mailbox) {
    mailbox->bytes_max =
        mailbox->reserved_bytes < mailbox->limit_bytes ? mailbox->limit_bytes - mailbox->reserved_bytes : 0;
}

void mailbox_reserve(struct mailbox *mailbox, size_t weight, uint64_t deadline_ns) {
    CHECK(mailbox_fits(mailbox, weight));
    mailbox->messages_max--;
    mailbox->reserved++;
    mailbox->reserved_bytes += weight;
    set_bytes_max(mailbox);
    mailbox->expiry_ns = time_min(mailbox->expiry_ns, deadline_ns);
}

void mailbox_unreserve(struct mailbox *mailbox, size_t weight) {
    CHECK(mailbox->reserved > 0 && mailbox->reserved_bytes >= weight);
    mailbox->messages_max++;
    mailbox->reserved--;
    mailbox->reserved_bytes -= weight;
    set_bytes_max(mailbox);
}

static void left(struct mailbox *mailbox, const struct message *message) {
    mailbox->messages -= message_count(message);
    mailbox->bytes -= message_weight(message);
    if (mailbox_is_empty(mailbox)) {
        mailbox->expiry_ns = TIME_NEVER;
    }
}

/* Takes the message behind `before`, or the first entry of the run that stands there. NULL without memory. */
static struct message *take_behind(struct mailbox *mailbox, struct message_list *list, struct message *before) {
    struct message *next = before ? before->next : list->first;
    struct message *message = next->run ? message_run_first(next) : next;
    if (!message) {
        return NULL;
    }
    left(mailbox, message);
    if (next->run) {
        next->begin++;
    }
    if (!next->run || message_count(next) == 0) {
        mailbox->seen = mailbox->seen == next ? NULL : mailbox->seen;
        (void)message_list_take_after(list, before);
    }
    if (next->run && message_count(next) == 0) {
        message_release(next);
    }
    return message;
}

struct message *mailbox_take(struct mailbox *mailbox) {
    struct message_list *list = mailbox->urgent.first ? &mailbox->urgent : &mailbox->others;
    return list->first ? take_behind(mailbox, list, NULL) : NULL;
}

bool mailbox_take_next_entry(struct mailbox *mailbox, struct message *entry) {
    struct message *run = entry->of;
    if (!run || mailbox->urgent.first || mailbox->others.first != run || message_count(run) < 2) {
        return false;
    }
    entry->payload = message_entry(run, run->begin++);
    entry->seq++;
    left(mailbox, entry);
    return true;
}

struct message *mailbox_take_whole(struct mailbox *mailbox) {
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
    return message ? take_behind(mailbox, &mailbox->others, before) : NULL;
}

/* What is left of a run when there is no memory to take it apart is looked at again after a second. */
static void expire_one(struct mailbox *mailbox, struct message *due, uint64_t now_ns, struct message_list *rest,
                       struct message_list *expired) {
    struct message *message = due;
    while (due->run && message_count(due) > 0 && (message = message_run_first(due))) {
        left(mailbox, message);
        due->begin++;
        message_list_append(expired, message);
    }
    if (!due->run) {
        left(mailbox, due);
        message_list_append(expired, due);
    } else if (message_count(due) == 0) {
        message_release(due);
    } else {
        message_list_append(rest, due);
        mailbox->expiry_ns = time_min(mailbox->expiry_ns, time_add(now_ns, NS_PER_S));
    }
}

static void sift(struct mailbox *mailbox, struct message_list *list, uint64_t now_ns, struct message_list *expired) {
    struct message_list rest = {0};
    struct message *message;
    while ((message = message_list_take(list))) {
        if (message->deadline_ns <= now_ns) {
            expire_one(mailbox, message, now_ns, &rest, expired);
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

static size_t free_bytes(const struct mailbox *mailbox) {
    return mailbox->bytes < mailbox->bytes_max ? mailbox->bytes_max - mailbox->bytes : 0;
}

bool mailbox_is_free(const struct mailbox *mailbox, size_t part) {
    return mailbox->messages <= mailbox->messages_max - mailbox->messages_max / part &&
           free_bytes(mailbox) >= mailbox->bytes_max / part;
}

struct mailbox_share mailbox_share(const struct mailbox *mailbox, bool busy) {
    size_t sharers = mailbox->busy + (busy ? 0 : 1);
    size_t messages = mailbox->messages_max - mailbox->messages, bytes = free_bytes(mailbox);
    size_t least_bytes = mailbox_is_empty(mailbox) ? FRAME_PAYLOAD_BYTES : size_min(bytes, FRAME_PAYLOAD_BYTES);
    return (struct mailbox_share){
        .messages = size_max(messages / sharers, size_min(messages, 1)),
        .bytes = size_max(bytes / sharers, least_bytes),
    };
}
