/* What an actor's code may call: <mesh/actor.h>.
 *
 * Each call takes the baton for one step, so that any thread of the host may make it (A7).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/time.h"
#include "mesh/runtime/create_terms.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/post.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEND_WAIT_NS (5 * NS_PER_S) /* D7 */

struct mesh_address mesh_self(const struct mesh_actor *self) {
    return self->address;
}

struct mesh_address mesh_parent(const struct mesh_actor *self) {
    return self->parent;
}

const char *mesh_actor_node(const struct mesh_actor *self) {
    return self->host->options->node_name;
}

void *mesh_actor_user(const struct mesh_actor *self) {
    return self->type->user;
}

/* ---- sending ---- */

static bool on_main_thread(const struct host *host) {
    return pthread_equal(pthread_self(), host->main) != 0;
}

static bool is_ask(const struct mesh_message *message) {
    return message && message->kind == MESH_USER && message->ask != 0 && !(message->flags & FRAME_RUN_REPLY);
}

/* Who waits for the reply. */
static struct mesh_address asker_of(const struct mesh_message *message) {
    return mesh_address_is_none(message->asker) ? message->sender : message->asker;
}

/* Whether that is the message in hand, or a copy of it. */
static bool is_in_hand(const struct mesh_actor *self, const struct mesh_message *message) {
    const struct mesh_message *in_hand = self->in_hand;
    return message == in_hand ||
           (on_main_thread(self->host) && is_ask(in_hand) && is_ask(message) && message->ask == in_hand->ask &&
            mesh_address_equal(asker_of(message), asker_of(in_hand)));
}

/* A plain send to who asked counts as the reply to the message in hand if none was made (D11). */
static void make_reply(struct mesh_actor *self, struct post *post) {
    const struct mesh_message *in_hand = self->in_hand;
    if (post->plain && is_ask(in_hand) && !self->replied && on_main_thread(self->host) &&
        mesh_address_equal(post->to, asker_of(in_hand))) {
        self->replied = true;
        post->ask = in_hand->ask;
        post->flags |= FRAME_RUN_REPLY;
    }
}

/* How long a send may wait that found no room. For an actor of its own host nobody could make room meanwhile, nor in a test, where all are in one
 * process and time stands still. */
static uint64_t wait_end(struct mesh_actor *self, const struct post *post) {
    if (!self->host->may_stand_by || hosted_find(self->host, post->to)) {
        return 0;
    }
    return on_main_thread(self->host) ? time_add(post->now_ns, SEND_WAIT_NS) : TIME_NEVER;
}

static uint64_t send_time(struct host *host) {
    if (!on_main_thread(host)) {
        return process_now(host->process);
    }
    host->now_ns = process_now_after(host->process, host->now_ns, &host->now_calls);
    return host->now_ns;
}

/* What another thread sends gets out while a handler is at work, and what it needs for that comes in: a host in which other threads
 * send has a standby, like a program (A7). Without memory for one it is late. */
static void attend_thread(struct host *host) {
    if (host->may_stand_by && !host->drive.has_standby && drive_start_standby(&host->drive) != MESH_OK) {
        log_write(host->log, MESH_LOG_WARNING, NULL, host->options->actor, "no thread to send for others meanwhile");
    }
}

/* Who asked is told by this host if nobody will answer, and not by the end of this actor (D11). */
static void pass_on(struct mesh_actor *self, const struct post *post) {
    struct host *host = self->host;
    struct delivery *delivery = process_delivery(host->process);
    struct delivery_event passed_on = {.kind = DELIVERY_PASSED_ON, .address = self->address};
    (void)delivery_step(delivery, post->now_ns, &passed_on); /* it is open, for it has sent */
    (void)delivery_watch(delivery, self->address, post->to, time_add(post->now_ns, POST_EXPIRY_NS)); /* or it is here */
    forwarded_note(&host->forwarded, &(struct forwarded_ask){.asker = post->asker, .to = post->to, .ask = post->ask});
}

/* In a handler what is sent leaves when the handler returns, or when a batch is full; other threads' at once. */
static enum mesh_status submit(struct mesh_actor *self, struct post *post, bool no_wait) {
    struct host *host = self->host;
    process_lock(host->process);
    post->now_ns = send_time(host);
    make_reply(self, post);
    enum mesh_status status = post_send(&host->drive, post, &self->rooms, 0);
    if (status == MESH_WOULD_BLOCK && !no_wait) {
        status = post_send(&host->drive, post, &self->rooms, wait_end(self, post));
    }
    size_t bytes = post->bytes;
    if (status == MESH_OK && !mesh_address_is_none(post->asker)) {
        pass_on(self, post);
    }
    if (status == MESH_OK && on_main_thread(host)) {
        drive_gather(&host->drive, bytes);
    } else if (status == MESH_OK) {
        attend_thread(host);
        drive_submitted(&host->drive, bytes);
    }
    process_unlock(host->process);
    if (status == MESH_INTERRUPTED) {
        return MESH_WOULD_BLOCK;
    }
    return status == MESH_NOT_FOUND ? MESH_SHUTTING_DOWN : status;
}

enum mesh_status mesh_send_with(struct mesh_actor *self, struct mesh_address to, const char *type, const void *data,
                                size_t bytes, const struct mesh_send_options *options) {
    struct post post = {
        .from = self->address,
        .to = to,
        .kind = FRAME_USER,
        .type = type,
        .data = data,
        .bytes = bytes,
        .expiry_ns = options ? options->expiry_ms * NS_PER_MS : 0,
        .plain = true,
    };
    return submit(self, &post, options && options->no_wait);
}

enum mesh_status mesh_send(struct mesh_actor *self, struct mesh_address to, const char *type, const void *data,
                           size_t bytes) {
    return mesh_send_with(self, to, type, data, bytes, NULL);
}

enum mesh_status mesh_reply(struct mesh_actor *self, const struct mesh_message *message, const char *type,
                            const void *data, size_t bytes) {
    bool asked = is_ask(message);
    struct post post = {
        .from = self->address,
        .to = asked ? asker_of(message) : message->sender,
        .kind = FRAME_USER,
        .type = type,
        .data = data,
        .bytes = bytes,
        .ask = asked ? message->ask : 0,
        .flags = asked ? FRAME_RUN_REPLY : 0,
    };
    if (is_in_hand(self, message)) {
        self->replied = true;
    }
    return submit(self, &post, false);
}

enum mesh_status mesh_forward(struct mesh_actor *self, const struct mesh_message *message, struct mesh_address to) {
    if (message->kind != MESH_USER) {
        return MESH_INVALID_ARGUMENT;
    }
    bool asked = is_ask(message);
    struct post post = {
        .from = self->address,
        .to = to,
        .kind = FRAME_USER,
        .type = mesh_message_type(message),
        .data = message->payload.data,
        .bytes = message->payload.size,
        .ask = asked ? message->ask : 0,
        .asker = asked ? asker_of(message) : (struct mesh_address){0},
    };
    enum mesh_status status = submit(self, &post, false);
    if (status == MESH_OK && is_in_hand(self, message)) {
        self->replied = true; /* that is for the other one now */
    }
    return status;
}

/* A text of any length: on the stack when it is short. */
struct text {
    char room[1024];
    char *text;
    size_t bytes; /* with the terminating zero */
};

__attribute__((format(printf, 2, 0))) static bool text_format(struct text *text, const char *format,
                                                              va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(text->room, sizeof text->room, format, arguments);
    text->bytes = length < 0 ? 0 : (size_t)length + 1;
    text->text = text->room;
    if (text->bytes > sizeof text->room) {
        text->text = malloc(text->bytes);
        if (text->text) {
            (void)vsnprintf(text->text, text->bytes, format, again);
        }
    }
    va_end(again);
    return text->bytes > 0 && text->text;
}

static void text_free(struct text *text) {
    if (text->text != text->room) {
        free(text->text);
    }
}

enum mesh_status mesh_send_text(struct mesh_actor *self, struct mesh_address to, const char *format, ...) {
    struct text text;
    va_list arguments;
    va_start(arguments, format);
    bool made = text_format(&text, format, arguments);
    va_end(arguments);
    enum mesh_status status = made ? mesh_send(self, to, MESH_TEXT, text.text, text.bytes) : MESH_NO_MEMORY;
    text_free(&text);
    return status;
}

enum mesh_status mesh_reply_text(struct mesh_actor *self, const struct mesh_message *message, const char *format, ...) {
    struct text text;
    va_list arguments;
    va_start(arguments, format);
    bool made = text_format(&text, format, arguments);
    va_end(arguments);
    enum mesh_status status = made ? mesh_reply(self, message, MESH_TEXT, text.text, text.bytes) : MESH_NO_MEMORY;
    text_free(&text);
    return status;
}

enum mesh_status mesh_request_exit(struct mesh_actor *self, struct mesh_address who, bool alone) {
    uint8_t flag = 1;
    struct post post = {
        .from = self->address,
        .to = who,
        .kind = FRAME_EXIT_REQUEST,
        .type = "",
        .data = &flag,
        .bytes = alone ? 1 : 0,
    };
    return submit(self, &post, true);
}

enum mesh_status mesh_shutdown(struct mesh_actor *self) {
    struct host *host = self->host;
    struct control shutdown = {.kind = CONTROL_SHUTDOWN};
    process_lock(host->process);
    enum mesh_status status = process_send_control(host->process, process_admin(host->process), &shutdown);
    if (status == MESH_OK && !on_main_thread(host)) {
        drive_submitted(&host->drive, 0);
    }
    process_unlock(host->process);
    return status;
}

enum mesh_status mesh_dead_letters(struct mesh_actor *self, bool on) {
    struct host *host = self->host;
    process_lock(host->process);
    enum mesh_status status = dead_letters_register(&host->dead_letters, host->process, self->address, on);
    if (status == MESH_OK && !on_main_thread(host)) {
        drive_submitted(&host->drive, 0);
    }
    process_unlock(host->process);
    return status == MESH_NOT_FOUND ? MESH_SHUTTING_DOWN : status;
}

/* ---- creating ---- */

static const struct mesh_type *brought_type(const struct host *host, const char *name) {
    for (size_t i = 0; host->types[i]; i++) {
        if (strcmp(host->types[i]->name, name) == 0) {
            return host->types[i];
        }
    }
    return NULL;
}

static enum mesh_status mint_child(struct mesh_actor *self, struct address_mint *mint, struct mesh_address *address) {
    enum mesh_status status = address_mint(mint, address);
    if (status != MESH_OK) {
        return status;
    }
    struct lifecycle_event minted = {.kind = LIFECYCLE_CHILD, .actor = self->address, .child = *address};
    status = hosted_step(self->host, &minted);
    return status == MESH_NOT_FOUND ? MESH_SHUTTING_DOWN : status;
}

static void tell_uncreated(struct mesh_actor *self, struct mesh_address child, const char *text) {
    struct lifecycle_event ended = {.kind = LIFECYCLE_CHILD_ENDED,
                                    .actor = self->address,
                                    .child = child,
                                    .how = MESH_EXITED_UNCREATED,
                                    .text = bytes_of_text(text)};
    hosted_tell(self->host, &ended);
}

/* A light child of a light actor lives beside it, whatever else the node has: no system call, no admin (A4). */
static enum mesh_status create_here(struct mesh_actor *self, const struct mesh_type *type, struct mesh_address *child) {
    struct host *host = self->host;
    struct mesh_error error;
    enum mesh_status status = mint_child(self, &host->local_mint, child);
    if (status == MESH_OK && hosted_begin(host, *child, self->address, type, false, &error) != MESH_OK) {
        tell_uncreated(self, *child, error.text);
    }
    if (!on_main_thread(host)) {
        process_wake(host->process);
    }
    return status;
}

/* Whether they name that source. */
static bool is_source(const struct create_terms *terms, const char *source) {
    uint8_t hash[SOURCE_HASH_BYTES];
    return terms->of_source && source_hash_parse(source, hash) && memcmp(hash, terms->source, sizeof hash) == 0;
}

static enum mesh_status create(struct mesh_actor *self, const char *type, const struct create_terms *terms,
                               struct mesh_address *child) {
    struct host *host = self->host;
    const char *own = host->options->source;
    bool here = terms->own_source || (own ? is_source(terms, own) : !terms->of_source);
    const struct mesh_type *brought = here && !crash_page_is_unloaded(host->page) ? brought_type(host, type) : NULL;
    bool picky = !create_terms_are_plain(terms) || !brought || brought->requirements_count > 0 || brought->check;
    if (terms->name) {
        return named_create(self, type, host->options->program && brought, terms, child);
    }
    if (self->type->light && !picky && brought->light) {
        return create_here(self, brought, child);
    }
    struct mesh_address address;
    enum mesh_status status =
        terms->detached ? address_mint(&host->mint, &address) : mint_child(self, &host->mint, &address);
    if (status != MESH_OK) {
        return status;
    }
    struct control request = {
        .kind = CONTROL_CREATE,
        .create = {.address = address, .parent = self->address, .type = bytes_of_text(type)},
    };
    create_terms_put(terms, &request.create);
    if (host->options->program && brought) {
        request.create.program = bytes_of_text(host->options->program);
    }
    status = process_send_control(host->process, process_admin(host->process), &request);
    if (status != MESH_OK) {
        tell_uncreated(self, address, mesh_status_text(status));
    } else if (!on_main_thread(host)) {
        drive_submitted(&host->drive, 0);
    }
    *child = address;
    return MESH_OK;
}

enum mesh_status mesh_create(struct mesh_actor *self, const char *type, const struct mesh_create_options *options,
                             struct mesh_address *child) {
    struct create_terms terms;
    if (!module_name_valid(type) || !child) {
        return MESH_INVALID_ARGUMENT;
    }
    enum mesh_status status = create_terms_init(&terms, options);
    if (status != MESH_OK) {
        return status;
    }
    create_terms_inherit(&terms, self->host->options->source);
    process_lock(self->host->process);
    status = create(self, type, &terms, child);
    process_unlock(self->host->process);
    create_terms_fini(&terms);
    return status;
}

/* ---- failing and logging ---- */

__attribute__((format(printf, 2, 0))) static enum mesh_verdict fail(struct host *host, const char *format,
                                                                    va_list arguments) {
    (void)vsnprintf(host->failure, sizeof host->failure, format, arguments);
    return MESH_FAILED;
}

enum mesh_verdict host_fail(struct host *host, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    enum mesh_verdict failed = fail(host, format, arguments);
    va_end(arguments);
    return failed;
}

enum mesh_verdict mesh_fail(struct mesh_actor *self, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    enum mesh_verdict failed = fail(self->host, format, arguments);
    va_end(arguments);
    return failed;
}

enum mesh_verdict mesh_fail_text(struct mesh_actor *self, const char *text) {
    return mesh_fail(self, "%s", text ? text : "");
}

void mesh_log(struct mesh_actor *self, enum mesh_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_write_list(self->host->log, level, self->type->name, self->address, format, arguments);
    va_end(arguments);
}

void mesh_log_text(struct mesh_actor *self, enum mesh_level level, const char *text) {
    mesh_log(self, level, "%s", text ? text : "");
}
