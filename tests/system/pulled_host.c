/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/pulled_host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_BYTES = 256, WATCHED_MAX = 8, NO_VERDICT = 42 };

struct obeyed {
    struct mesh_host *host;
    unsigned seen;           /* messages of text, each as often as it was shown */
    struct mesh_address end; /* who is told at the end */
    int pipe[2];
    int watched; /* of the pipe, from now on; 0: none */
};

/* The node starts this process anew for each actor: nothing here is ever called. */
static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)self;
    (void)message;
    (void)state;
    return MESH_FAILED;
}

#define TYPE(symbol, text) static const struct mesh_type symbol = {.name = (text), .receive = receive}
TYPE(plain, "pulled.plain");
TYPE(fails, "pulled.fails");
TYPE(no, "pulled.no");
TYPE(silent, "pulled.silent");
TYPE(dies, "pulled.dies");
TYPE(hangs, "pulled.hangs");
TYPE(unknown, "pulled.unknown");
TYPE(closes, "pulled.closes");
const struct mesh_type *const pulled_types[] = {&plain, &fails, &no, &silent, &dies, &hangs, &unknown, &closes, NULL};

static bool is_of(const struct mesh_host *host, const struct mesh_type *type) {
    const char *is = strrchr(mesh_host_request(host)->type, '.');
    return is && strcmp(is, strrchr(type->name, '.')) == 0;
}

_Noreturn static void hang(void) {
    for (;;) {
        (void)pause();
    }
}

static void *send_from_another_thread(void *user) {
    struct obeyed *obeyed = user;
    return mesh_send_text(mesh_host_actor(obeyed->host), obeyed->end, "from a thread") == MESH_OK ? obeyed : NULL;
}

static bool send_by_thread(struct obeyed *obeyed) {
    pthread_t thread;
    void *sent = NULL;
    return pthread_create(&thread, NULL, send_from_another_thread, obeyed) == 0 && pthread_join(thread, &sent) == 0 &&
           sent;
}

/* What a child of this process gets from the library; it ends there. */
static int end_of_child(struct obeyed *obeyed) {
    const struct mesh_message *message;
    int ended = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(mesh_host_next(obeyed->host, MESH_FOREVER, &message) == MESH_OK ? 3 : 4);
    }
    return child > 0 && waitpid(child, &ended, 0) == child && WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

/* What the calls say when they are called out of turn. */
static void misuse(struct obeyed *obeyed, char *answer) {
    const struct mesh_message *message;
    struct mesh_host *second;
    struct mesh_error error;
    (void)snprintf(answer, ANSWER_BYTES, "%s %s %s %s", mesh_status_name(mesh_host_next(obeyed->host, 0, &message)),
                   mesh_status_name(mesh_host_refuse(obeyed->host, MESH_UNKNOWN_TYPE, NULL)),
                   mesh_status_name(mesh_host_open(&second, "nonsense", &error)),
                   mesh_status_name(mesh_host_done(obeyed->host, MESH_DONE, NULL, NULL, 1)));
}

static void describe(struct obeyed *obeyed, char *answer) {
    const struct mesh_host_request *request = mesh_host_request(obeyed->host);
    struct mesh_address self = mesh_self(mesh_host_actor(obeyed->host));
    (void)snprintf(answer, ANSWER_BYTES, "%s %s %s %d %d", request->type, request->node,
                   request->name ? request->name : "-", mesh_address_equal(request->actor, self),
                   request->admin.node == self.node);
}

/* The verdict, and the answer, if there shall be one. */
static int obey(struct obeyed *obeyed, const struct mesh_message *message, char *answer) {
    const char *text = mesh_message_text(message);
    struct mesh_actor *self = mesh_host_actor(obeyed->host);
    if (strcmp(text, "fail once") == 0 && obeyed->seen++ == 0) {
        return MESH_FAILED;
    }
    if (strcmp(text, "fail") == 0) {
        (void)mesh_fail_text(self, "it is to fail");
        return MESH_FAILED;
    }
    if (strcmp(text, "nonsense") == 0) {
        return NO_VERDICT;
    }
    if (strcmp(text, "exit") == 0) {
        return MESH_EXIT;
    }
    if (strcmp(text, "call exit") == 0) {
        exit(0);
    }
    if (strcmp(text, "abort") == 0) {
        abort();
    }
    if (strcmp(text, "hang") == 0) {
        hang();
    }
    (void)snprintf(answer, ANSWER_BYTES, "%s", text);
    if (strcmp(text, "describe") == 0) {
        describe(obeyed, answer);
    } else if (strcmp(text, "misuse") == 0) {
        misuse(obeyed, answer);
    } else if (strcmp(text, "fork") == 0) {
        (void)snprintf(answer, ANSWER_BYTES, "%d", end_of_child(obeyed));
    } else if (strcmp(text, "tell me of the end") == 0) {
        obeyed->end = mesh_message_sender(message);
    } else if (strcmp(text, "thread") == 0) {
        answer[0] = 0;
        obeyed->end = mesh_message_sender(message);
        return send_by_thread(obeyed) ? MESH_DONE : MESH_FAILED;
    } else if (strcmp(text, "timer") == 0) {
        answer[0] = 0;
        obeyed->end = mesh_message_sender(message);
        return mesh_wakeup(self, 20, "tick", 5, NULL) == MESH_OK ? MESH_DONE : MESH_FAILED;
    } else if (strcmp(text, "watch") == 0) {
        obeyed->end = mesh_message_sender(message);
        obeyed->watched = pipe(obeyed->pipe) == 0 && write(obeyed->pipe[1], "x", 1) == 1 ? obeyed->pipe[0] : 0;
    }
    return MESH_DONE;
}

/* The verdict, and whether the answer is to be sent. */
static int handle(struct obeyed *obeyed, const struct mesh_message *message) {
    struct mesh_actor *self = mesh_host_actor(obeyed->host);
    char answer[ANSWER_BYTES] = "";
    struct mesh_timer timer;
    int fds[WATCHED_MAX];
    size_t ready = mesh_message_ready(message, fds, WATCHED_MAX);
    enum mesh_status status = MESH_OK;
    switch (mesh_message_kind(message)) {
    case MESH_CHECK:
        break;
    case MESH_BEGIN:
        return is_of(obeyed->host, &fails) ? MESH_FAILED : MESH_DONE;
    case MESH_USER: {
        int verdict = obey(obeyed, message, answer);
        if (answer[0] && mesh_reply(self, message, MESH_TEXT, answer, strlen(answer) + 1) != MESH_OK) {
            return MESH_FAILED;
        }
        return verdict;
    }
    case MESH_WAKEUP:
        status = mesh_message_wakeup(message, &timer);
        return status == MESH_OK && mesh_send_text(self, obeyed->end, "timer %s", (const char *)timer.data) == MESH_OK
                   ? MESH_DONE
                   : MESH_FAILED;
    case MESH_WATCH:
        (void)snprintf(answer, sizeof answer, "%zu ready: %d", ready, fds[0] == obeyed->pipe[0]);
        return mesh_send_text(self, obeyed->end, "%s", answer) == MESH_OK ? MESH_DONE : MESH_FAILED;
    case MESH_EXIT_REQUEST:
    case MESH_END:
        if (!mesh_address_is_none(obeyed->end)) {
            status = mesh_send_text(self, obeyed->end, "%s", mesh_message_kind(message) == MESH_END ? "end" : "exit");
        }
        return status == MESH_OK ? MESH_DONE : MESH_FAILED;
    case MESH_CHILD_EXITED:
    case MESH_POISON:
    case MESH_DEAD_LETTER:
    case MESH_REPORT:
    case MESH_UPDATE:
    case MESH_SOURCE:
    case MESH_VALIDATE:
        break;
    }
    return MESH_DONE;
}

static enum mesh_status check(struct mesh_host *host, const struct mesh_message *message) {
    const struct mesh_fit *fit;
    if (is_of(host, &unknown)) {
        return mesh_host_refuse(host, MESH_UNKNOWN_TYPE, "there is no such class");
    }
    if (is_of(host, &dies)) {
        _exit(7);
    }
    if (is_of(host, &hangs)) {
        hang();
    }
    if (is_of(host, &silent)) {
        return mesh_host_done(host, (enum mesh_verdict)NO_VERDICT, NULL, NULL, 0);
    }
    if (mesh_message_fit(message, &fit) == MESH_OK && fit->requirements_count > 1) {
        const struct mesh_requirement *told = &fit->requirements[1];
        bool knows = told->comparison == MESH_TOLD && strcmp(told->value, "x'00ff'") == 0;
        return mesh_host_done(host, knows ? MESH_DONE : MESH_FAILED, "that is not the secret", NULL, 0);
    }
    bool named = mesh_message_fit(message, &fit) == MESH_OK && mesh_fit_value(fit, "here");
    bool agrees = !is_of(host, &no) && named;
    return mesh_host_done(host, agrees ? MESH_DONE : MESH_FAILED, "I do not like it here", NULL, 0);
}

int pulled_main(const char *request) {
    struct obeyed obeyed = {0};
    struct mesh_error error;
    const struct mesh_message *message;
    if (mesh_host_open(&obeyed.host, request, &error) != MESH_OK) {
        return 1;
    }
    enum mesh_status status;
    while ((status = mesh_host_next(obeyed.host, 5000, &message)) != MESH_CLOSED) {
        if (status != MESH_OK) {
            continue;
        }
        if (mesh_message_kind(message) == MESH_CHECK) {
            status = check(obeyed.host, message);
        } else {
            int verdict = handle(&obeyed, message);
            const char *why = verdict == MESH_FAILED && is_of(obeyed.host, &fails) ? "no such luck" : NULL;
            bool closing = is_of(obeyed.host, &closes) && mesh_message_kind(message) == MESH_USER;
            status = mesh_host_done(obeyed.host, (enum mesh_verdict)verdict, why, &obeyed.watched, obeyed.watched != 0);
            obeyed.watched = 0;
            if (closing) {
                break;
            }
        }
        if (status != MESH_OK) {
            return 2;
        }
    }
    return mesh_host_close(&obeyed.host);
}
