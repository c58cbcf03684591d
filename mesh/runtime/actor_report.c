/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/actor_report.h"

#include "mesh/base/time.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/post.h"
#include "mesh/runtime/report.h"
#include "proto/codec.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASKED_MAX = 4096, NUMBER_BYTES = 8 };

/* ---- what the host says ---- */

struct snapshot {
    struct control_actor_report report;
    struct control_counter counters[ACTOR_REPORT_COUNTERS];
    struct mesh_address children[CONTROL_LISTED];
};

/* What is in a handler is a message of somebody, or one that the library has made for the actor. */
static struct bytes text_in_hand(const struct mesh_message *message) {
    static const char *const texts[] = {
        [MESH_EXIT_REQUEST] = "(exit request)",
        [MESH_CHILD_EXITED] = "(child exited)",
        [MESH_POISON] = "(poison)",
        [MESH_DEAD_LETTER] = "(dead letter)",
        [MESH_WAKEUP] = "(wake-up)",
        [MESH_WATCH] = "(watch)",
        [MESH_REPORT] = "(report)",
        [MESH_UPDATE] = "(update)",
        [MESH_CHECK] = "(check)",
        [MESH_BEGIN] = "(begin)",
        [MESH_END] = "(end)",
        [MESH_SOURCE] = "(source)",
        [MESH_VALIDATE] = "(source to judge)",
    };
    return message->kind == MESH_USER ? message->type : bytes_of_text(texts[message->kind]);
}

static const char *state_of(const struct mesh_actor *actor, enum lifecycle_state state) {
    if (state == LIFECYCLE_STARTING) {
        return "starting";
    }
    if (state == LIFECYCLE_FAILED) {
        return "failed";
    }
    if (state != LIFECYCLE_RUNNING) {
        return "exiting";
    }
    return actor->in_hand ? "busy" : "idle";
}

/* Timers whose time has come, and whose actor's mailbox was full. */
static uint64_t count_due(const struct host *host, struct mesh_address address) {
    uint64_t count = 0;
    LIST_EACH (&host->due, node, after) {
        count += mesh_address_equal(LIST_OWNER(node, struct timer, of_owner)->owner, address);
    }
    return count;
}

void actor_report_show_load(struct control_actor_report *report, uint64_t handled, const struct crash_load *load,
                            struct control_counter counters[ACTOR_REPORT_COUNTERS]) {
    const struct control_counter counted[ACTOR_REPORT_COUNTERS] = {
        {bytes_of_text("handled"), handled},
        {bytes_of_text("retried"), load->retried},
        {bytes_of_text("returned"), load->returned},
        {bytes_of_text("sent"), load->sent},
        {bytes_of_text("sent_returned"), load->sent_returned},
        {bytes_of_text("sent_dead"), load->sent_dead},
    };
    memcpy(counters, counted, sizeof counted);
    report->counters = counters;
    report->counters_count = ACTOR_REPORT_COUNTERS;
    report->actor.mailbox = load->mailbox;
    report->actor.handled = handled;
    report->actor.unsettled = load->unsettled;
    report->mailbox_bytes = load->mailbox_bytes;
    report->unsettled_bytes = load->unsettled_bytes;
    report->timers = load->timers;
    report->actor.children_count = load->children;
}

static void fill(struct snapshot *snapshot, const struct mesh_actor *actor) {
    struct host *host = actor->host;
    struct control_actor_report *report = &snapshot->report;
    struct lifecycle_view life = {.state = LIFECYCLE_GONE};
    (void)lifecycle_look(host->lifecycle, actor->address, &life);
    report->actor.address = actor->address;
    report->actor.parent = actor->parent;
    report->actor.type = bytes_of_text(actor->type->name);
    report->actor.state = bytes_of_text(state_of(actor, life.state));
    report->actor.pid = (uint32_t)getpid();
    report->node_name = bytes_of_text(host->options->node_name);
    report->light = actor->type->light;
    report->exiting = life.state >= LIFECYCLE_EXITING && life.state != LIFECYCLE_FAILED;
    if (actor->in_hand) {
        report->in_hand = text_in_hand(actor->in_hand);
        report->actor.busy_ms = time_left(actor->entered_ns, process_now(host->process)) / NS_PER_MS;
    }
    struct crash_load load = hosted_load(actor);
    struct delivery_load handled = {0};
    struct delivery_traffic traffic = {0};
    (void)delivery_load(process_delivery(host->process), actor->address, &handled);
    (void)delivery_traffic(process_delivery(host->process), actor->address, &traffic);
    actor_report_show_load(report, handled.handled, &load, snapshot->counters);
    report->timers += count_due(host, actor->address);
    report->streams_out = traffic.streams_out;
    report->streams_in = traffic.streams_in;
    report->watched = actor->watch && !actor->watch->told ? actor->watch->count : 0;
    uint64_t children = lifecycle_children(host->lifecycle, actor->address, snapshot->children, CONTROL_LISTED);
    report->actor.children_count = children;
    report->children_listed = children < CONTROL_LISTED ? children : CONTROL_LISTED;
    report->children = snapshot->children;
}

void actor_report_answer(struct host *host, struct mesh_address asker, const struct control *request) {
    const struct mesh_actor *actor = hosted_find(host, request->status_request.address);
    struct snapshot *snapshot = actor ? calloc(1, sizeof *snapshot) : NULL;
    struct control answer = {.id = request->id, .kind = CONTROL_DONE};
    if (snapshot) {
        fill(snapshot, actor);
        answer.kind = CONTROL_ACTOR_REPORT;
        answer.actor_report = snapshot->report;
    } else if (actor) {
        answer.done.status = MESH_NO_MEMORY;
        answer.done.text = bytes_of_text("its host has no memory for the answer");
    } else {
        answer.done.status = MESH_NOT_FOUND;
        answer.done.text = bytes_of_text("that actor is gone, or never was: its host does not know it");
    }
    (void)process_send_control(host->process, asker, &answer);
    free(snapshot);
}

/* ---- what its actors request ---- */

struct asked {
    struct list_node of_host;
    uint64_t id;
    struct mesh_address actor;
};

static void forget(struct host *host, struct asked *asked) {
    list_remove(&asked->of_host);
    host->asked_count--;
    free(asked);
}

void actor_report_forget(struct host *host) {
    LIST_EACH (&host->asked, node, after) {
        forget(host, LIST_OWNER(node, struct asked, of_host));
    }
}

static enum mesh_status request(struct mesh_actor *self, struct mesh_address who, uint64_t *id) {
    struct host *host = self->host;
    if (!self->plain && self->started) {
        return MESH_SHUTTING_DOWN;
    }
    if (host->asked_count == ASKED_MAX) {
        return MESH_FULL;
    }
    struct asked *asked = malloc(sizeof *asked);
    if (!asked) {
        return MESH_NO_MEMORY;
    }
    *asked = (struct asked){.id = ++host->last_asked, .actor = self->address};
    struct control control = {.id = asked->id, .kind = CONTROL_STATUS_REQUEST, .status_request = {.address = who}};
    enum mesh_status status = process_send_control(host->process, process_admin(host->process), &control);
    if (status != MESH_OK) {
        free(asked);
        return status;
    }
    list_node_init(&asked->of_host);
    list_push_back(&host->asked, &asked->of_host);
    host->asked_count++;
    *id = asked->id;
    return MESH_OK;
}

enum mesh_status mesh_request_report(struct mesh_actor *self, struct mesh_address who, uint64_t *id) {
    struct host *host = self->host;
    uint64_t number;
    if (who.node == 0) {
        return MESH_INVALID_ADDRESS;
    }
    process_lock(host->process);
    enum mesh_status status = request(self, who, &number);
    if (status == MESH_OK && !pthread_equal(pthread_self(), host->main)) {
        drive_submitted(&host->drive, 0);
    }
    process_unlock(host->process);
    if (status == MESH_OK && id) {
        *id = number;
    }
    return status;
}

/* The payload of the actor's message is the answer as it came, which has the number of the request. */
static void deliver(struct host *host, const struct asked *asked, const struct control *answer) {
    struct bytes packed;
    struct post post = {
        .now_ns = process_now(host->process),
        .from = process_address(host->process),
        .to = asked->actor,
        .kind = FRAME_REPORT,
        .type = "",
        .expiry_ns = TIME_NEVER,
    };
    struct message *message = NULL;
    struct codec *codec = NULL;
    enum mesh_status status = codec_new(&codec);
    if (status == MESH_OK) {
        status = control_encode(codec, answer, &packed);
    }
    if (status == MESH_OK) {
        post.data = packed.data;
        post.bytes = packed.size;
        status = post_make(&message, host->process, &post);
    }
    if (status == MESH_OK) {
        message_list_append(&host->turned, message);
    } else {
        log_write(host->log, MESH_LOG_ERROR, NULL, asked->actor, "a report does not reach it: %s",
                  mesh_status_text(status));
    }
    codec_destroy(&codec);
}

void actor_report_on_answer(struct host *host, const struct control *answer) {
    LIST_EACH (&host->asked, node, after) {
        struct asked *asked = LIST_OWNER(node, struct asked, of_host);
        if (asked->id == answer->id) {
            deliver(host, asked, answer);
            forget(host, asked);
            return;
        }
    }
}

static enum mesh_status read_answer(const struct control *answer, struct mesh_report **out, struct mesh_error *error) {
    enum mesh_status status = MESH_PROTOCOL;
    if (answer->kind == CONTROL_ACTOR_REPORT) {
        status = report_new_of_actor(out, &answer->actor_report);
    } else if (answer->kind == CONTROL_STATUS_REPLY) {
        status = report_new(out, &answer->status_reply);
    } else if (answer->kind == CONTROL_DONE && answer->done.status != MESH_OK) {
        return error_set(error, answer->done.status, "%.*s", (int)answer->done.text.size,
                         (const char *)answer->done.text.data);
    }
    return status == MESH_OK ? MESH_OK : error_set(error, status, "%s", mesh_status_text(status));
}

enum mesh_status mesh_message_report(const struct mesh_message *message, uint64_t *id, struct mesh_report **out,
                                     struct mesh_error *error) {
    struct codec *codec = NULL;
    struct control answer;
    if (message->kind != MESH_REPORT || !out) {
        return error_set(error, MESH_INVALID_ARGUMENT, "that message is no report");
    }
    enum mesh_status status = codec_new(&codec);
    if (status == MESH_OK) {
        status = control_decode(codec, message->payload, &answer);
    }
    if (status != MESH_OK) {
        codec_destroy(&codec);
        return error_set(error, status, "the report cannot be read: %s", mesh_status_text(status));
    }
    if (id) {
        *id = answer.id;
    }
    status = read_answer(&answer, out, error);
    codec_destroy(&codec);
    return status;
}
