/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/status_types.h"

#include "tests/system/nodes.h"
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct shown {
    struct mesh_address child;
    struct mesh_message *open; /* the question that a report will answer */
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* The handler returns when somebody opens the other end. */
static void block(const char *fifo) {
    int held = open(fifo, O_RDONLY | O_CLOEXEC);
    EXPECT(held >= 0 && close(held) == 0);
}

/* Uses the processor for 1 ms. */
static void work(void) {
    struct timespec began, now;
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    do {
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - began.tv_sec) * 1000000000 + now.tv_nsec - began.tv_nsec < 1000000);
}

static enum mesh_status create_children(struct mesh_actor *self, struct shown *shown, int count, const char *type) {
    enum mesh_status status = MESH_OK;
    for (int i = 0; i < count && status == MESH_OK; i++) {
        status = mesh_create(self, type, NULL, &shown->child);
    }
    return status;
}

static enum mesh_status set_timers(struct mesh_actor *self, int count) {
    enum mesh_status status = MESH_OK;
    for (int i = 0; i < count && status == MESH_OK; i++) {
        status = mesh_wakeup(self, 3600 * 1000, NULL, 0, NULL);
    }
    return status;
}

static enum mesh_status watch_pipe(struct mesh_actor *self) {
    static int ends[2];
    EXPECT(pipe2(ends, O_CLOEXEC) == 0);
    return mesh_watch(self, ends, 1);
}

static void *send_one(void *user) {
    struct mesh_actor *self = user;
    EXPECT(mesh_send(self, mesh_self(self), "x", NULL, 0) == MESH_OK);
    return NULL;
}

/* From now on its host has a thread that receives while a handler blocks (A7). */
static enum mesh_status send_by_thread(struct mesh_actor *self) {
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, send_one, self) == 0 && pthread_join(thread, NULL) == 0);
    return MESH_OK;
}

static enum mesh_status request(struct mesh_actor *self, const char *text) {
    struct mesh_address who;
    EXPECT(mesh_address_parse(text, &who) == MESH_OK);
    return mesh_request_report(self, who, NULL);
}

static enum mesh_verdict obey(struct mesh_actor *self, const struct mesh_message *message, struct shown *shown) {
    char verb[16] = "", what[200] = "", address[MESH_ADDRESS_TEXT_BYTES];
    const char *answer = "done";
    enum mesh_status status = MESH_OK;
    (void)sscanf(mesh_message_text(message), "%15s %199s", verb, what);
    int number = (int)strtol(what, NULL, 10);
    if (strcmp(verb, "children") == 0) {
        status = create_children(self, shown, number, "test.shown");
        answer = mesh_address_print(shown->child, address);
    } else if (strcmp(verb, "light") == 0) {
        status = create_children(self, shown, number, "test.light");
        answer = mesh_address_print(shown->child, address);
    } else if (strcmp(verb, "timers") == 0) {
        status = set_timers(self, number);
    } else if (strcmp(verb, "watch") == 0) {
        status = watch_pipe(self);
    } else if (strcmp(verb, "thread") == 0) {
        status = send_by_thread(self);
    } else if (strcmp(verb, "block") == 0) {
        block(what);
    } else if (strcmp(verb, "fail") == 0) {
        return mesh_fail(self, "as told");
    } else if (strcmp(verb, "abort") == 0) {
        abort();
    } else if (strcmp(verb, "request") == 0) {
        shown->open = mesh_message_copy(message);
        return verdict_of(request(self, what));
    }
    return verdict_of(status ? status : mesh_reply_text(self, message, "%s", answer));
}

static enum mesh_status tell_report(struct mesh_actor *self, const struct mesh_message *message, struct shown *shown) {
    struct mesh_report *report;
    struct mesh_error error;
    enum mesh_status status = mesh_message_report(message, NULL, &report, &error);
    if (status == MESH_OK) {
        const char *what = report->actor ? report->actor->actor.type : report->nodes[0].name;
        status = mesh_reply_text(self, shown->open, "%s", what);
        mesh_report_release(&report);
    } else {
        status = mesh_reply_text(self, shown->open, "%s", error.text);
    }
    mesh_message_release(&shown->open);
    return status;
}

static enum mesh_verdict shown_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    if (mesh_message_kind(message) == MESH_REPORT) {
        return verdict_of(tell_report(self, message, state));
    }
    if (mesh_message_is(message, "work")) {
        work();
    }
    return mesh_message_text(message) ? obey(self, message, state) : MESH_DONE;
}

static const struct mesh_type shown_type = {
    .name = "test.shown", .state_bytes = sizeof(struct shown), .receive = shown_receive};
static const struct mesh_type light_type = {
    .name = "test.light", .state_bytes = sizeof(struct shown), .receive = shown_receive, .light = true};

const struct mesh_type *const status_types[] = {&shown_type, &light_type, NULL};
