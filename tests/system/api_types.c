/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/api_types.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* ---- echo ---- */

struct echo {
    unsigned count;
    struct mesh_address kept; /* who is answered late */
};

struct foreign {
    struct mesh_actor *self;
    struct mesh_address to;
};

static void *send_from_thread(void *user) {
    const struct foreign *foreign = user;
    return mesh_send_text(foreign->self, foreign->to, "from a thread") == MESH_OK ? NULL : user;
}

static enum mesh_verdict send_by_thread(struct mesh_actor *self, struct mesh_address to) {
    struct foreign foreign = {self, to};
    pthread_t thread;
    void *failed = NULL;
    if (pthread_create(&thread, NULL, send_from_thread, &foreign) != 0 || pthread_join(thread, &failed) != 0 ||
        failed) {
        return mesh_fail(self, "a thread could not send");
    }
    return MESH_DONE;
}

static enum mesh_verdict echo_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct echo *echo = state;
    const char *text = mesh_message_text(message);
    size_t bytes = 0;
    const void *data = mesh_message_data(message, &bytes);
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    echo->count++;
    if (!text) {
        return verdict_of(mesh_reply(self, message, mesh_message_type(message), data, bytes));
    }
    if (strcmp(text, "silence") == 0) {
        echo->kept = mesh_message_sender(message);
        return MESH_DONE;
    }
    if (strcmp(text, "late") == 0) {
        return verdict_of(mesh_send_text(self, echo->kept, "late"));
    }
    if (strcmp(text, "thread") == 0) {
        return send_by_thread(self, mesh_message_sender(message));
    }
    if (strcmp(text, "send") == 0) {
        return verdict_of(mesh_send_text(self, mesh_message_sender(message), "sent"));
    }
    return verdict_of(mesh_reply_text(self, message, "%u %s", echo->count, text));
}

/* What it tells after it has passed an ask on is no answer to it. */
static enum mesh_verdict desk_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_address *to = state;
    const char *text = mesh_message_text(message);
    if (!text || mesh_message_kind(message) != MESH_USER || strcmp(text, "passed on") == 0) {
        return MESH_DONE;
    }
    if (strncmp(text, "to ", 3) == 0) {
        enum mesh_status parsed = mesh_address_parse(text + 3, to);
        return verdict_of(parsed ? parsed : mesh_reply_text(self, message, "noted"));
    }
    enum mesh_status status = mesh_forward(self, message, *to);
    return verdict_of(status ? status : mesh_send_text(self, mesh_message_sender(message), "passed on"));
}

/* ---- failures and ends ---- */

static enum mesh_verdict fails_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    return mesh_message_kind(message) == MESH_USER ? mesh_fail(self, "no such file: %s", mesh_message_text(message))
                                                   : MESH_DONE;
}

static enum mesh_verdict flaky_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    unsigned *calls = state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    ++*calls;
    return *calls % 2 == 1 ? mesh_fail(self, "not yet") : verdict_of(mesh_reply_text(self, message, "call %u", *calls));
}

static enum mesh_verdict ends_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)state;
    const char *text = mesh_message_text(message);
    if (!text) {
        return MESH_DONE;
    }
    if (strcmp(text, "abort") == 0) {
        abort();
    }
    if (strcmp(text, "exit()") == 0) {
        exit(3);
    }
    return MESH_EXIT;
}

static enum mesh_verdict unborn_start(struct mesh_actor *self, void *state) {
    (void)state;
    return mesh_fail(self, "nothing to start with");
}

/* ---- parent ---- */

struct parent {
    char ended[512];
    unsigned count;
};

static enum mesh_verdict note_end(struct parent *parent, const struct mesh_message *message) {
    struct mesh_exit exit;
    if (mesh_message_exit(message, &exit) != MESH_OK) {
        return MESH_FAILED;
    }
    parent->count++;
    (void)snprintf(parent->ended, sizeof parent->ended, "how %d number %d text %.300s", (int)exit.how, exit.number,
                   exit.text);
    return MESH_DONE;
}

static enum mesh_verdict note_poison(struct parent *parent, const struct mesh_message *message) {
    const char *text = mesh_message_text(mesh_message_inner(message));
    (void)snprintf(parent->ended, sizeof parent->ended, "poison %.200s of %.100s", mesh_message_failure(message),
                   text ? text : "nothing");
    parent->count++;
    return MESH_DONE;
}

static enum mesh_verdict parent_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct parent *parent = state;
    const char *text = mesh_message_text(message);
    if (mesh_message_kind(message) == MESH_CHILD_EXITED) {
        return note_end(parent, message);
    }
    if (mesh_message_kind(message) == MESH_POISON) {
        return note_poison(parent, message);
    }
    if (!text || mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (strcmp(text, "ended") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%u: %s", parent->count, parent->ended));
    }
    struct mesh_address child;
    char address[MESH_ADDRESS_TEXT_BYTES];
    const char *word = strchr(text, ' ');
    char type[64] = "";
    (void)snprintf(type, sizeof type, "%.*s", word ? (int)(word - text) : (int)strlen(text), text);
    if (mesh_create(self, type, NULL, &child) != MESH_OK) {
        return mesh_fail(self, "no child of type %s", type);
    }
    /* The first message goes out before the child is up (C1). */
    if (word && mesh_send_text(self, child, "%s", word + 1) != MESH_OK) {
        return mesh_fail(self, "the child could not be sent to");
    }
    return verdict_of(mesh_reply_text(self, message, "%s", mesh_address_print(child, address)));
}

static const struct mesh_type echo = {.name = "test.echo", .state_bytes = sizeof(struct echo), .receive = echo_receive};
static const struct mesh_type fails = {.name = "test.fails", .receive = fails_receive};
static const struct mesh_type flaky = {.name = "test.flaky", .state_bytes = sizeof(unsigned), .receive = flaky_receive};
static const struct mesh_type ends = {.name = "test.ends", .receive = ends_receive};
static const struct mesh_type parent_type = {
    .name = "test.parent", .state_bytes = sizeof(struct parent), .receive = parent_receive};
static const struct mesh_type desk = {
    .name = "test.desk", .state_bytes = sizeof(struct mesh_address), .receive = desk_receive};
static const struct mesh_type unborn = {.name = "test.unborn", .receive = fails_receive, .start = unborn_start};

const struct mesh_type *const api_types[] = {&echo, &fails, &flaky, &ends, &parent_type, &desk, &unborn, NULL};
