/* The thread that looks host names up. It shares the resolver with its owner, and whoever is last frees it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/resolver.h"
#include "mesh/base/list.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct question {
    struct list_node queued;
    struct resolver_answer answer;
};

struct resolver {
    resolver_look_up *look_up;
    int fd;
    pthread_mutex_t mutex; /* guards all that follows */
    pthread_cond_t wanted;
    struct list asked, answered;
    struct question *in_hand;
    bool closed, ended; /* by its owner; by the thread */
};

static const char scheme[] = "tcp://";

bool resolver_is_needed(const char *endpoint) {
    const char *host = endpoint + sizeof scheme - 1;
    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0 || *host == '[' || *host == '*') {
        return false;
    }
    return host[strspn(host, "0123456789.")] != ':';
}

static int ask_system(const char *host, char address[TRANSPORT_ENDPOINT_BYTES]) {
    const struct addrinfo wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, NULL, &wanted, &found);
    if (code == 0) {
        code =
            getnameinfo(found->ai_addr, found->ai_addrlen, address, TRANSPORT_ENDPOINT_BYTES, NULL, 0, NI_NUMERICHOST);
        freeaddrinfo(found);
    }
    return code;
}

/* ---- the thread ---- */

static void look_up(resolver_look_up *ask, struct resolver_answer *answer) {
    char host[TRANSPORT_ENDPOINT_BYTES], address[TRANSPORT_ENDPOINT_BYTES] = "";
    const char *begin = answer->endpoint + sizeof scheme - 1, *port = strrchr(answer->endpoint, ':');
    (void)snprintf(host, sizeof host, "%.*s", (int)(port - begin), begin);
    int code = ask(host, address);
    answer->failure = code ? gai_strerror(code) : NULL;
    int length = snprintf(answer->numeric, sizeof answer->numeric, "%s%s%s", scheme, address, port);
    if (length >= (int)sizeof answer->numeric) {
        answer->failure = "the address is too long";
    }
}

static void free_list(struct list *list) {
    for (struct list_node *node; (node = list_pop_front(list));) {
        free(LIST_OWNER(node, struct question, queued));
    }
}

static void free_resolver(struct resolver *resolver) {
    free_list(&resolver->asked);
    free_list(&resolver->answered);
    if (resolver->fd >= 0) {
        (void)close(resolver->fd);
    }
    (void)pthread_cond_destroy(&resolver->wanted);
    (void)pthread_mutex_destroy(&resolver->mutex);
    free(resolver);
}

static struct question *next_question(struct resolver *resolver) {
    struct list_node *node;
    while (!(node = list_pop_front(&resolver->asked)) && !resolver->closed) {
        (void)pthread_cond_wait(&resolver->wanted, &resolver->mutex);
    }
    return node ? LIST_OWNER(node, struct question, queued) : NULL;
}

static void *run(void *argument) {
    struct resolver *resolver = argument;
    (void)pthread_mutex_lock(&resolver->mutex);
    while ((resolver->in_hand = next_question(resolver)) && !resolver->closed) {
        (void)pthread_mutex_unlock(&resolver->mutex);
        look_up(resolver->look_up, &resolver->in_hand->answer);
        (void)pthread_mutex_lock(&resolver->mutex);
        list_push_back(&resolver->answered, &resolver->in_hand->queued);
        (void)eventfd_write(resolver->fd, 1);
    }
    free(resolver->in_hand);
    resolver->ended = true;
    bool last = resolver->closed;
    (void)pthread_mutex_unlock(&resolver->mutex);
    if (last) {
        free_resolver(resolver);
    }
    return NULL;
}

/* Signals are for the other threads. */
static int start_thread(struct resolver *resolver) {
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&thread, NULL, run, resolver);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code == 0) {
        (void)pthread_detach(thread);
    }
    return code;
}

/* ---- its owner ---- */

enum mesh_status resolver_new(struct resolver **out, resolver_look_up *look_up_host) {
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver) {
        return MESH_NO_MEMORY;
    }
    resolver->look_up = look_up_host ? look_up_host : ask_system;
    list_init(&resolver->asked);
    list_init(&resolver->answered);
    (void)pthread_mutex_init(&resolver->mutex, NULL);
    (void)pthread_cond_init(&resolver->wanted, NULL);
    resolver->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (resolver->fd < 0 || start_thread(resolver) != 0) {
        free_resolver(resolver);
        return MESH_IO;
    }
    *out = resolver;
    return MESH_OK;
}

void resolver_destroy(struct resolver **destroyed) {
    struct resolver *resolver = *destroyed;
    if (!resolver) {
        return;
    }
    (void)pthread_mutex_lock(&resolver->mutex);
    resolver->closed = true;
    bool last = resolver->ended;
    (void)pthread_cond_signal(&resolver->wanted);
    (void)pthread_mutex_unlock(&resolver->mutex);
    if (last) {
        free_resolver(resolver);
    }
    *destroyed = NULL;
}

static bool is_asked(const struct resolver *resolver, const char *endpoint) {
    LIST_EACH (&resolver->asked, node, after) {
        if (strcmp(LIST_OWNER(node, struct question, queued)->answer.endpoint, endpoint) == 0) {
            return true;
        }
    }
    return false;
}

enum mesh_status resolver_ask(struct resolver *resolver, const char *endpoint) {
    struct question *question = calloc(1, sizeof *question);
    if (!question) {
        return MESH_NO_MEMORY;
    }
    (void)snprintf(question->answer.endpoint, sizeof question->answer.endpoint, "%s", endpoint);
    (void)pthread_mutex_lock(&resolver->mutex);
    if (is_asked(resolver, endpoint)) {
        free(question);
    } else {
        list_push_back(&resolver->asked, &question->queued);
        (void)pthread_cond_signal(&resolver->wanted);
    }
    (void)pthread_mutex_unlock(&resolver->mutex);
    return MESH_OK;
}

int resolver_descriptor(const struct resolver *resolver) {
    return resolver->fd;
}

bool resolver_answer(struct resolver *resolver, struct resolver_answer *out) {
    eventfd_t count;
    (void)eventfd_read(resolver->fd, &count); /* before the look: what comes in behind it makes it readable again */
    (void)pthread_mutex_lock(&resolver->mutex);
    struct list_node *node = list_pop_front(&resolver->answered);
    (void)pthread_mutex_unlock(&resolver->mutex);
    if (!node) {
        return false;
    }
    struct question *question = LIST_OWNER(node, struct question, queued);
    *out = question->answer;
    free(question);
    return true;
}
