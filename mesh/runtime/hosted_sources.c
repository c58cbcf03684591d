/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/hosted_sources.h"

#include "mesh/base/time.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/post.h"
#include "mesh/runtime/source_digest.h"
#include "mesh/runtime/source_part.h"
#include <mesh/source.h>
#include <stdlib.h>

/* Numbers of offers differ from those of whatever else a host asks its admin. */
#define OFFER_ID (UINT64_C(1) << 62)

enum { QUESTIONS_MAX = 64, OFFERS_MAX = 64, PARTS = 8 };

struct offer {
    struct list_node place;
    uint64_t id;
    struct mesh_address actor;
    struct bytes bytes; /* behind this struct; none of an unload */
};

struct question {
    struct list_node place;
    uint64_t id;
    struct mesh_address actor;
    struct message *message; /* made when it begins, so that its bytes are written once; NULL: the actor has it */
    uint64_t asked, received, size;
    uint8_t hash[SOURCE_HASH_BYTES];
};

/* ---- saying something ---- */

static enum mesh_status say(struct host *host, uint64_t id, const struct control_source *said) {
    struct control control = {.id = id, .kind = CONTROL_SOURCE, .source = *said};
    return process_send_control(host->process, process_admin(host->process), &control);
}

/* From an actor's code, in whatever thread. */
static enum mesh_status say_now(struct host *host, uint64_t id, const struct control_source *said) {
    enum mesh_status status = say(host, id, said);
    if (status == MESH_OK && !pthread_equal(pthread_self(), host->main)) {
        drive_submitted(&host->drive, 0);
    }
    return status;
}

/* ---- offers ---- */

static size_t count(const struct list *list) {
    size_t counted = 0;
    LIST_EACH (list, node, after) {
        counted++;
    }
    return counted;
}

static struct offer *find_offer(const struct host *host, uint64_t id) {
    LIST_EACH (&host->offers, node, after) {
        struct offer *offer = LIST_OWNER(node, struct offer, place);
        if (offer->id == id) {
            return offer;
        }
    }
    return NULL;
}

static void drop_offer(struct offer *offer) {
    list_remove(&offer->place);
    free(offer);
}

static enum mesh_status add_offer(struct mesh_actor *self, struct bytes bytes, struct offer **out) {
    struct host *host = self->host;
    struct offer *offer = count(&host->offers) < OFFERS_MAX ? malloc(sizeof *offer + bytes.size) : NULL;
    if (!offer) {
        return count(&host->offers) < OFFERS_MAX ? MESH_NO_MEMORY : MESH_WOULD_BLOCK;
    }
    *offer = (struct offer){.id = OFFER_ID | ++host->last_offer, .actor = self->address};
    if (bytes.size > 0) {
        memcpy(offer + 1, bytes.data, bytes.size);
    }
    offer->bytes = bytes_make(offer + 1, bytes.size);
    list_push_back(&host->offers, &offer->place);
    *out = offer;
    return MESH_OK;
}

static void on_done(struct host *host, const struct control *control) {
    struct offer *offer = find_offer(host, control->id);
    if (!offer) {
        return;
    }
    if (control->done.status != MESH_OK) {
        log_write(host->log, MESH_LOG_WARNING, NULL, offer->actor, "what it wants of a source is not done: %s: %.*s",
                  mesh_status_name(control->done.status), (int)control->done.text.size,
                  (const char *)control->done.text.data);
    }
    drop_offer(offer);
}

static void on_wanted(struct host *host, const struct control *control) {
    const struct offer *offer = find_offer(host, control->id);
    struct control part;
    if (offer && source_part(&part, control, offer->bytes)) {
        (void)process_send_control(host->process, process_admin(host->process), &part);
    }
}

/* ---- messages to actors ---- */

/* What a MESH_SOURCE and a MESH_VALIDATE begin with; behind it come the bytes that are to be judged. */
struct head {
    uint64_t bytes;
    bool loaded;
    char hash[SOURCE_HASH_TEXT], info[CONTROL_INFO_BYTES + 1];
};

static enum mesh_status make_message(struct host *host, enum frame_kind kind, const struct control_source *said,
                                     size_t bytes, struct message **out) {
    struct head *head = calloc(1, sizeof *head + bytes);
    if (!head) {
        return MESH_NO_MEMORY;
    }
    head->bytes = said->size;
    head->loaded = said->flag;
    (void)source_hash_print(said->hash.data, head->hash);
    memcpy(head->info, said->text.data, said->text.size);
    struct post post = {
        .now_ns = process_now(host->process),
        .from = process_address(host->process),
        .to = said->actor,
        .kind = kind,
        .type = "",
        .data = head,
        .bytes = sizeof *head + bytes,
        .expiry_ns = TIME_NEVER,
    };
    enum mesh_status status = post_make(out, host->process, &post);
    free(head);
    return status;
}

static void on_update(struct host *host, const struct control_source *said) {
    const struct mesh_actor *actor = hosted_find(host, said->actor);
    struct message *message;
    if (!actor || !actor->source_updates) {
        return;
    }
    enum mesh_status status = make_message(host, FRAME_SOURCE, said, 0, &message);
    if (status == MESH_OK) {
        message_list_append(&host->turned, message);
    } else {
        log_write(host->log, MESH_LOG_ERROR, NULL, said->actor, "it is not told of a source: %s",
                  mesh_status_text(status));
    }
}

enum mesh_status mesh_message_source(const struct mesh_message *message, struct mesh_source *out) {
    if (!out || (message->kind != MESH_SOURCE && message->kind != MESH_VALIDATE)) {
        return MESH_INVALID_ARGUMENT;
    }
    uint64_t bytes;
    bool loaded;
    const char *head = message->head; /* at any alignment */
    memcpy(&bytes, head + offsetof(struct head, bytes), sizeof bytes);
    memcpy(&loaded, head + offsetof(struct head, loaded), sizeof loaded);
    *out = (struct mesh_source){head + offsetof(struct head, hash), head + offsetof(struct head, info), bytes, loaded};
    return MESH_OK;
}

_Static_assert(sizeof(struct head) == VIEW_SOURCE_BYTES, "the view skips it");

/* ---- questions ---- */

static struct question *find_question(const struct host *host, uint64_t id, const uint8_t *hash) {
    LIST_EACH (&host->questions, node, after) {
        struct question *question = LIST_OWNER(node, struct question, place);
        if (hash ? memcmp(question->hash, hash, sizeof question->hash) == 0 : question->id == id) {
            return question;
        }
    }
    return NULL;
}

static void drop_question(struct question *question) {
    list_remove(&question->place);
    if (question->message) {
        message_release(question->message);
    }
    free(question);
}

static void refuse(struct host *host, uint64_t id, const uint8_t *hash, const char *text) {
    struct control_source refused = {
        .what = CONTROL_SOURCE_REFUSED, .hash = bytes_make(hash, SOURCE_HASH_BYTES), .text = bytes_of_text(text)};
    (void)say(host, id, &refused);
}

static void ask_on(struct host *host, struct question *question) {
    while (question->asked < question->size &&
           question->asked - question->received < (uint64_t)PARTS * CONTROL_PART_BYTES) {
        struct control_source wanted = {.what = CONTROL_SOURCE_WANTED,
                                        .hash = bytes_make(question->hash, SOURCE_HASH_BYTES),
                                        .offset = question->asked};
        (void)say(host, question->id, &wanted);
        question->asked += CONTROL_PART_BYTES;
    }
}

/* A second question about one source is the admin's only one: it asks anew when the Authority is another. */
static void on_validate(struct host *host, uint64_t id, const struct control_source *said) {
    struct question *old = find_question(host, 0, said->hash.data);
    if (old) {
        drop_question(old);
    }
    struct question *question = count(&host->questions) < QUESTIONS_MAX ? calloc(1, sizeof *question) : NULL;
    bool valid = said->size > 0 && said->size <= MESH_SOURCE_BYTES && hosted_find(host, said->actor);
    if (!question || !valid || make_message(host, FRAME_VALIDATE, said, said->size, &question->message) != MESH_OK) {
        free(question);
        refuse(host, id, said->hash.data, "its host has no room for the question");
        return;
    }
    question->id = id;
    question->actor = said->actor;
    question->size = said->size;
    memcpy(question->hash, said->hash.data, sizeof question->hash);
    list_push_back(&host->questions, &question->place);
    ask_on(host, question);
}

static void on_part(struct host *host, const struct control *control) {
    const struct control_source *part = &control->source;
    struct question *question = find_question(host, control->id, NULL);
    if (!question || !question->message || part->offset != question->received ||
        part->data.size > question->size - question->received) {
        return;
    }
    memcpy((uint8_t *)(uintptr_t)question->message->payload.data + VIEW_SOURCE_BYTES + part->offset, part->data.data,
           part->data.size);
    question->received += part->data.size;
    if (question->received < question->size) {
        ask_on(host, question);
        return;
    }
    message_list_append(&host->turned, question->message);
    question->message = NULL;
}

void hosted_sources_on_failed(struct host *host, const struct message *message) {
    uint8_t hash[SOURCE_HASH_BYTES];
    const char *text = (const char *)message->payload.data + offsetof(struct head, hash);
    struct question *question = source_hash_parse(text, hash) ? find_question(host, 0, hash) : NULL;
    if (question) {
        refuse(host, question->id, hash, "its handler has failed");
        drop_question(question);
    }
}

/* ---- the admin's word ---- */

bool hosted_sources_on_control(struct host *host, const struct control *control) {
    if (control->kind == CONTROL_DONE && (control->id & OFFER_ID)) {
        on_done(host, control);
        return true;
    }
    if (control->kind != CONTROL_SOURCE) {
        return false;
    }
    const struct control_source *said = &control->source;
    if (said->what == CONTROL_SOURCE_WANTED) {
        on_wanted(host, control);
    } else if (said->what == CONTROL_SOURCE_VALIDATE) {
        on_validate(host, control->id, said);
    } else if (said->what == CONTROL_SOURCE_PART) {
        on_part(host, control);
    } else if (said->what == CONTROL_SOURCE_UPDATE) {
        on_update(host, said);
    }
    return true;
}

/* ---- what actors want ---- */

static enum mesh_status want(struct mesh_actor *self, enum control_source_what what, bool on, bool *noted) {
    struct control_source said = {.what = what, .actor = self->address, .flag = on};
    process_lock(self->host->process);
    enum mesh_status status = on || *noted ? say_now(self->host, 0, &said) : MESH_OK;
    if (status == MESH_OK) {
        *noted = on;
    }
    process_unlock(self->host->process);
    return status;
}

enum mesh_status mesh_source_updates(struct mesh_actor *self, bool on) {
    return want(self, CONTROL_SOURCE_WATCH, on, &self->source_updates);
}

enum mesh_status mesh_source_authority(struct mesh_actor *self, bool on) {
    return want(self, CONTROL_SOURCE_AUTHORITY, on, &self->source_authority);
}

void hosted_sources_on_end(struct mesh_actor *actor) {
    struct control_source end = {.what = CONTROL_SOURCE_WATCH, .actor = actor->address};
    if (actor->source_updates) {
        (void)say(actor->host, 0, &end);
    }
    end.what = CONTROL_SOURCE_AUTHORITY;
    if (actor->source_authority) {
        (void)say(actor->host, 0, &end);
    }
    actor->source_updates = actor->source_authority = false;
    LIST_EACH (&actor->host->questions, node, after) {
        struct question *question = LIST_OWNER(node, struct question, place);
        if (mesh_address_equal(question->actor, actor->address)) {
            drop_question(question);
        }
    }
}

/* Offers bytes along with what is said of them. */
static enum mesh_status offer(struct mesh_actor *self, uint64_t id, struct control_source *said, struct bytes bytes) {
    struct offer *offered;
    enum mesh_status status = add_offer(self, bytes, &offered);
    if (status == MESH_OK) {
        said->number = offered->id;
        status = say_now(self->host, id ? id : offered->id, said);
        if (status != MESH_OK) {
            drop_offer(offered);
        }
    }
    return status;
}

enum mesh_status mesh_load_source(struct mesh_actor *self, const void *data, size_t bytes, const char *info) {
    uint8_t digest[SOURCE_HASH_BYTES];
    size_t info_bytes = info ? strlen(info) : 0;
    if (!data || bytes == 0 || info_bytes > MESH_SOURCE_INFO_BYTES) {
        return MESH_INVALID_ARGUMENT;
    }
    if (bytes > MESH_SOURCE_BYTES) {
        return MESH_TOO_LARGE;
    }
    source_digest(digest, bytes_make(data, bytes));
    struct control_source load = {.what = CONTROL_SOURCE_LOAD,
                                  .hash = bytes_make(digest, sizeof digest),
                                  .size = bytes,
                                  .text = bytes_make(info ? info : "", info_bytes)};
    process_lock(self->host->process);
    enum mesh_status status = offer(self, 0, &load, bytes_make(data, bytes));
    process_unlock(self->host->process);
    return status;
}

enum mesh_status mesh_unload_source(struct mesh_actor *self, const char *hash) {
    uint8_t digest[SOURCE_HASH_BYTES];
    if (!hash || !source_hash_parse(hash, digest)) {
        return MESH_INVALID_ARGUMENT;
    }
    struct control_source unload = {.what = CONTROL_SOURCE_UNLOAD, .hash = bytes_make(digest, sizeof digest)};
    process_lock(self->host->process);
    enum mesh_status status = offer(self, 0, &unload, bytes_make("", 0));
    process_unlock(self->host->process);
    return status;
}

/* ---- what the Authority answers ---- */

static enum mesh_status answer(struct mesh_actor *self, const uint8_t *hash, struct control_source *said,
                               struct bytes plain) {
    struct host *host = self->host;
    process_lock(host->process);
    struct question *question = find_question(host, 0, hash);
    enum mesh_status status = MESH_NOT_FOUND;
    if (question && !question->message && mesh_address_equal(question->actor, self->address)) {
        status = plain.size > 0 ? offer(self, question->id, said, plain) : say_now(host, question->id, said);
        if (status == MESH_OK) {
            drop_question(question);
        }
    }
    process_unlock(host->process);
    return status;
}

enum mesh_status mesh_source_validated(struct mesh_actor *self, const char *hash, const void *plain, size_t bytes) {
    uint8_t digest[SOURCE_HASH_BYTES];
    if (!hash || !source_hash_parse(hash, digest) || (plain && bytes == 0)) {
        return MESH_INVALID_ARGUMENT;
    }
    if (bytes > MESH_SOURCE_BYTES) {
        return MESH_TOO_LARGE;
    }
    struct control_source said = {.what = CONTROL_SOURCE_VALIDATED,
                                  .hash = bytes_make(digest, sizeof digest),
                                  .flag = !plain,
                                  .size = plain ? bytes : 0};
    return answer(self, digest, &said, plain ? bytes_make(plain, bytes) : bytes_make("", 0));
}

enum mesh_status mesh_source_refused(struct mesh_actor *self, const char *hash, const char *text) {
    uint8_t digest[SOURCE_HASH_BYTES];
    if (!hash || !source_hash_parse(hash, digest)) {
        return MESH_INVALID_ARGUMENT;
    }
    struct bytes why = bytes_of_text(text ? text : "");
    struct control_source said = {.what = CONTROL_SOURCE_REFUSED,
                                  .hash = bytes_make(digest, sizeof digest),
                                  .text = bytes_make(why.data, size_min(why.size, FRAME_TEXT_BYTES / 2))};
    return answer(self, digest, &said, bytes_make("", 0));
}

void hosted_sources_fini(struct host *host) {
    for (struct list_node *node; (node = list_front(&host->offers));) {
        drop_offer(LIST_OWNER(node, struct offer, place));
    }
    for (struct list_node *node; (node = list_front(&host->questions));) {
        drop_question(LIST_OWNER(node, struct question, place));
    }
}
