/* The test kit: deaths, and what follows from them by supervision (C7, E3). See test_kit.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/test_kit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAUSE_BYTES = 32 };

/* ---- the book ---- */

static struct supervised **find_supervised(struct mesh_test *test, struct mesh_address actor) {
    struct supervised **place = &test->supervised;
    while (*place && !mesh_address_equal((*place)->actor, actor)) {
        place = &(*place)->next;
    }
    return place;
}

enum mesh_status test_supervise(struct mesh_test *test, struct mesh_address actor,
                                const struct control_supervision *terms) {
    struct supervised *supervised = calloc(1, sizeof *supervised);
    if (!supervised) {
        return MESH_NO_MEMORY;
    }
    supervised->next = test->supervised;
    supervised->actor = actor;
    supervised->supervision.terms = *terms;
    test->supervised = supervised;
    return MESH_OK;
}

void test_unsupervise(struct mesh_test *test, struct mesh_address actor) {
    struct supervised **place = find_supervised(test, actor), *removed = *place;
    if (removed) {
        *place = removed->next;
        free(removed);
    }
}

static struct doomed *find_doomed(struct mesh_test *test, struct mesh_address actor) {
    struct doomed *doomed = test->doomed;
    while (doomed && !mesh_address_equal(doomed->actor, actor)) {
        doomed = doomed->next;
    }
    return doomed;
}

/* ---- deaths ---- */

static struct bytes cause_of(int signal, char text[CAUSE_BYTES]) {
    const char *name = sigabbrev_np(signal);
    (void)snprintf(text, CAUSE_BYTES, "killed by SIG%s", name ? name : "?");
    return bytes_of_text(text);
}

/* Nobody starts a child anew whose parent's life is over; those that nobody else asks are asked here. */
static void orphan_children(struct mesh_test *test, struct mesh_address parent, bool ask) {
    size_t place = 0;
    struct mesh_actor *child;
    while ((child = map_next(&test->host.actors, &place))) {
        if (mesh_address_equal(child->parent, parent)) {
            test_unsupervise(test, child->address);
            if (ask) {
                hosted_request_exit(&test->host, child->address);
            }
        }
    }
}

void test_crash(struct mesh_test *test, struct mesh_actor *actor, int signal) {
    struct host *host = &test->host;
    char text[CAUSE_BYTES];
    struct lifecycle_view look;
    actor->started = false; /* its `stop` does not run */
    list_remove(&actor->in_queue);
    hosted_tell(host, &(struct lifecycle_event){.kind = LIFECYCLE_CUT,
                                                .actor = actor->address,
                                                .how = MESH_EXITED_BY_SIGNAL,
                                                .number = signal,
                                                .text = cause_of(signal, text),
                                                .crashed = true});
    bool failed = lifecycle_look(host->lifecycle, actor->address, &look) && look.state == LIFECYCLE_FAILED;
    orphan_children(test, actor->address, !failed);
}

/* In place of the type's: dies of the first user message, and of what its sender gets back. */
static enum mesh_verdict die(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct mesh_test *test = (struct mesh_test *)self->host;
    char text[CAUSE_BYTES];
    process_lock(test->host.process);
    struct doomed *doomed = find_doomed(test, self->address);
    bool dies = mesh_message_kind(message) == MESH_USER;
    if (dies && !doomed->dead) {
        doomed->dead = true;
        test_crash(test, self, doomed->signal);
    }
    process_unlock(test->host.process);
    return dies ? mesh_fail(self, "%s", (const char *)cause_of(doomed->signal, text).data)
                : doomed->was->receive(self, message, state);
}

enum mesh_status test_doom(struct mesh_test *test, struct mesh_actor *actor, int signal) {
    struct doomed *doomed = find_doomed(test, actor->address);
    if (doomed) {
        doomed->signal = signal;
        return MESH_OK;
    }
    doomed = malloc(sizeof *doomed);
    if (!doomed) {
        return MESH_NO_MEMORY;
    }
    *doomed = (struct doomed){test->doomed, actor->address, signal, false, actor->type, *actor->type};
    doomed->type.receive = die;
    actor->type = &doomed->type;
    test->doomed = doomed;
    return MESH_OK;
}

static void undoom(struct mesh_test *test, struct mesh_actor *actor) {
    struct doomed **place = &test->doomed;
    while (*place && !mesh_address_equal((*place)->actor, actor->address)) {
        place = &(*place)->next;
    }
    struct doomed *doomed = *place;
    if (doomed && doomed->dead) {
        actor->type = doomed->was;
        *place = doomed->next;
        free(doomed);
    }
}

/* ---- what follows ---- */

static void tell_end(struct mesh_test *test, const struct control_exited *exited, const struct supervised *supervised) {
    bool given_up = supervised && supervised->given_up;
    bool escalates = supervised && supervised->supervision.terms.on_failure == CONTROL_ESCALATE && exited->failed;
    hosted_tell(&test->host,
                &(struct lifecycle_event){.kind = LIFECYCLE_CHILD_ENDED,
                                          .actor = exited->address,
                                          .child = exited->address,
                                          .how = (enum mesh_how)exited->how,
                                          .number = exited->number,
                                          .text = given_up ? bytes_of_text(supervised->text) : exited->text,
                                          .escalates = escalates});
}

/* As in a new process: of the old life only what others had sent to it is left. */
static bool begin_again(struct mesh_test *test, struct mesh_actor *actor) {
    struct mesh_error error;
    orphan_children(test, actor->address, false);
    undoom(test, actor);
    return process_step(test->host.process,
                        &(struct delivery_event){.kind = DELIVERY_RENEW, .address = actor->address}) == MESH_OK &&
           hosted_begin(&test->host, actor->address, actor->parent, actor->type, true, &error) == MESH_OK;
}

static void give_up(struct mesh_test *test, struct mesh_address actor) {
    hosted_tell(&test->host, &(struct lifecycle_event){.kind = LIFECYCLE_GIVEN_UP, .actor = actor});
}

static void judge(struct mesh_test *test, struct mesh_actor *actor, const struct control_exited *exited,
                  struct supervised *supervised) {
    if (!supervised) {
        give_up(test, actor->address);
    } else if (!supervision_may_restart(&supervised->supervision, process_now(test->host.process))) {
        supervision_print_used_up(&supervised->supervision, exited->text, supervised->text, sizeof supervised->text);
        supervised->given_up = true;
        give_up(test, actor->address);
    } else if (!begin_again(test, actor)) {
        give_up(test, actor->address);
    }
}

void test_on_exited(struct mesh_test *test, const struct control_exited *exited) {
    struct mesh_actor *actor = hosted_find(&test->host, exited->address);
    struct supervised *supervised = *find_supervised(test, exited->address);
    if (actor && exited->failed) { /* it waits for a word */
        judge(test, actor, exited, supervised);
        return;
    }
    tell_end(test, exited, supervised);
    test_unsupervise(test, exited->address);
    test_dismiss(test, exited->address);
}
