/* Whether members can be called where they say that they are reached (S9F).
 *
 * The leader tries each member once, when it comes or is somewhere else: a plain connect(2), without a word. What fails its log says, and that of the member: nobody else would, since the two of them talk on the connection that the
 * member has opened. A host that is named is looked up first, by a thread, as it is when it is called (S9B).
 *
 * With CURVE libzmq tells of whoever hangs up in a handshake, so who tries would count as a stranger (S7E). Of who begins as in ZMTP 1.0, which
 * knows no keys, it tells nothing: it ends the connection. So there the trial says one byte, and waits for that end.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/own_address.h"
#include "mesh/runtime/resolver.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TRIALS_AT_ONCE = 16,
    DESCRIPTORS_KEPT = 64, /* for what matters more */
};

#define TRIAL_NS (5 * NS_PER_S)

/* Of one member; those that wait for their turn, or for the address of their host, have no descriptor. */
struct trial {
    struct list_node listed;
    uint64_t member;
    bool named; /* the host is looked up */
    bool said;  /* it is reached, and is to end the connection */
    int fd;
    uint64_t until_ns;
    struct sockaddr_in address;
    char endpoint[FRAME_ENDPOINT_BYTES + 1];
};

static void end_trial(struct admin *admin, struct trial *trial) {
    if (trial->fd >= 0) {
        (void)close(trial->fd); /* which also takes it out of the epoll */
        admin->trials_running--;
    }
    list_remove(&trial->listed);
    free(trial);
}

/* `why` it is not reached, or NULL. */
static void judge(struct admin *admin, struct trial *trial, const char *why) {
    const struct member *member = members_find(convention_members(admin->convention), trial->member);
    if (member && why) {
        struct control control = {.kind = CONTROL_UNREACHED,
                                  .unreached = {bytes_of_text(trial->endpoint), bytes_of_text(why)}};
        admin->unreached++;
        log_write(admin->log, MESH_LOG_WARNING, NULL, process_address(admin->process),
                  "node %s says that it is reached at %s, and is not from here: %s", member->name, trial->endpoint,
                  why);
        admin_send(admin, (struct mesh_address){.node = trial->member}, &control);
    }
    end_trial(admin, trial);
}

static struct trial *find_trial(const struct admin *admin, uint64_t member) {
    LIST_EACH (&admin->trials, node, after) {
        struct trial *trial = LIST_OWNER(node, struct trial, listed);
        if (trial->member == member) {
            return trial;
        }
    }
    return NULL;
}

/* False when the connection is over already. */
static bool say_byte(struct admin *admin, struct trial *trial) {
    static const uint8_t no_greeting = 0;
    struct epoll_event event = {.events = EPOLLRDHUP, .data.u64 = trial->member};
    trial->said =
        send(trial->fd, &no_greeting, sizeof no_greeting, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof no_greeting &&
        epoll_ctl(admin->trying, EPOLL_CTL_MOD, trial->fd, &event) == 0;
    return trial->said;
}

/* It is connected, or not; or the other side has ended that. */
static void go_on(struct admin *admin, struct trial *trial, int number) {
    bool curve = admin->config->security == CONFIG_CURVE;
    if (trial->said || number || !curve || !say_byte(admin, trial)) {
        judge(admin, trial, trial->said || !number ? NULL : strerror(number));
    }
}

static void on_answers(void *user, int trying) {
    struct admin *admin = user;
    struct epoll_event events[TRIALS_AT_ONCE];
    int count = epoll_wait(trying, events, TRIALS_AT_ONCE, 0);
    for (int i = 0; i < count; i++) {
        struct trial *trial = find_trial(admin, events[i].data.u64);
        int number = 0;
        socklen_t bytes = sizeof number;
        if (trial && getsockopt(trial->fd, SOL_SOCKET, SO_ERROR, &number, &bytes) == 0) {
            go_on(admin, trial, number);
        }
    }
}

/* A connection that comes about at once says so at once; what cannot be tried for want of means of this host is not judged. */
static void begin_trial(struct admin *admin, struct trial *trial, uint64_t now_ns) {
    struct epoll_event event = {.events = EPOLLOUT, .data.u64 = trial->member};
    trial->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    trial->until_ns = time_add(now_ns, TRIAL_NS);
    admin->trials_running += trial->fd >= 0;
    if (trial->fd < 0 || epoll_ctl(admin->trying, EPOLL_CTL_ADD, trial->fd, &event) != 0) {
        end_trial(admin, trial);
        return;
    }
    const struct sockaddr *address = (const struct sockaddr *)(const void *)&trial->address;
    int number = connect(trial->fd, address, sizeof trial->address) == 0 ? 0 : errno;
    if (number != EINPROGRESS) {
        go_on(admin, trial, number);
    }
}

/* ---- hosts that are named ---- */

static void on_looked_up(struct admin *admin, struct trial *trial, const struct resolver_answer *answer) {
    if (answer->failure) {
        judge(admin, trial, answer->failure);
    } else if (own_address_of(answer->numeric, &trial->address)) {
        trial->named = false;
    } else {
        end_trial(admin, trial);
    }
}

static void on_names(void *user, int fd) {
    struct admin *admin = user;
    struct resolver_answer answer;
    (void)fd;
    while (resolver_answer(admin->resolver, &answer)) {
        LIST_EACH (&admin->trials, node, after) {
            struct trial *trial = LIST_OWNER(node, struct trial, listed);
            if (trial->named && strcmp(trial->endpoint, answer.endpoint) == 0) {
                on_looked_up(admin, trial, &answer);
            }
        }
    }
}

/* The thread begins with the first name. False for want of means of this host. */
static bool look_up(struct admin *admin, const char *endpoint) {
    if (!admin->resolver && resolver_new(&admin->resolver, NULL) == MESH_OK &&
        process_watch(admin->process, resolver_descriptor(admin->resolver), on_names, admin) != MESH_OK) {
        resolver_destroy(&admin->resolver);
    }
    return admin->resolver && resolver_ask(admin->resolver, endpoint) == MESH_OK;
}

/* ---- what the rest of the admin tells ---- */

enum mesh_status admin_watch_trials(struct admin *admin) {
    admin->trying = epoll_create1(EPOLL_CLOEXEC);
    return admin->trying < 0 ? MESH_IO : process_watch(admin->process, admin->trying, on_answers, admin);
}

void admin_forget_trial(struct admin *admin, uint64_t member) {
    struct trial *trial = find_trial(admin, member);
    if (trial) {
        end_trial(admin, trial);
    }
}

void admin_try_member(struct admin *admin, const struct member *member) {
    struct sockaddr_in address;
    admin_forget_trial(admin, member->incarnation);
    bool named = !own_address_of(member->endpoint, &address);
    if (!convention_is_acting(admin->convention) || member->incarnation == admin->incarnation ||
        (named && (!resolver_is_needed(member->endpoint) || !look_up(admin, member->endpoint)))) {
        return; /* it is found out by those who call it */
    }
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial) {
        return; /* it is found out by those who call it */
    }
    trial->member = member->incarnation;
    trial->named = named;
    trial->address = address;
    trial->fd = -1;
    snprintf(trial->endpoint, sizeof trial->endpoint, "%s", member->endpoint);
    list_push_back(&admin->trials, &trial->listed);
}

void admin_on_unreached(struct admin *admin, struct mesh_address sender, const struct control_unreached *word) {
    if (sender.node != 0 && sender.node == convention_leader(admin->convention)) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, process_address(admin->process),
                  "the leader cannot call this node at %.*s: %.*s; other nodes cannot either: give another "
                  "`advertise`, or outbound_only",
                  (int)word->endpoint.size, (const char *)word->endpoint.data, (int)word->text.size,
                  (const char *)word->text.data);
    }
}

uint64_t admin_tick_trials(struct admin *admin, uint64_t now_ns) {
    uint64_t least_ns = TIME_NEVER;
    LIST_EACH (&admin->trials, node, after) {
        struct trial *trial = LIST_OWNER(node, struct trial, listed);
        if (trial->fd >= 0 && trial->until_ns <= now_ns) {
            judge(admin, trial, trial->said ? NULL : "no answer within 5 s");
        } else if (trial->fd >= 0) {
            least_ns = time_min(least_ns, trial->until_ns);
        } else if (!trial->named && admin->trials_running < TRIALS_AT_ONCE &&
                   descriptors_left(&admin->descriptors, now_ns) >= DESCRIPTORS_KEPT) {
            begin_trial(admin, trial, now_ns);
            least_ns = time_min(least_ns, time_add(now_ns, TRIAL_NS));
        }
    }
    return least_ns;
}

void admin_free_trials(struct admin *admin) {
    LIST_EACH (&admin->trials, node, after) {
        struct trial *trial = LIST_OWNER(node, struct trial, listed);
        if (trial->fd >= 0) {
            (void)close(trial->fd);
        }
        free(trial);
    }
    resolver_destroy(&admin->resolver);
    if (admin->trying >= 0) {
        (void)close(admin->trying);
    }
}
