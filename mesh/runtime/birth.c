/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/birth.h"

#include "mesh/runtime/error.h"
#include "mesh/runtime/fit.h"
#include "mesh/runtime/host_fork.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/module.h"
#include <stdlib.h>
#include <string.h>

/* One that waits for what its check function shall judge. */
struct birth {
    struct birth *next;
    uint64_t id;
    struct mesh_address address, parent;
    const struct mesh_type *type;
    bool restarts;
};

/* ---- what the admin is told ---- */

/* Other nodes need the tcp endpoint; the admin knows the ipc one from the hello. */
static void send_created(struct host *host, uint64_t id, struct mesh_address address) {
    const char *remote = process_endpoint(host->process, true);
    const char *endpoint = remote[0] ? remote : process_endpoint(host->process, false);
    struct control created = {
        .id = id,
        .kind = CONTROL_CREATED,
        .created = {.address = address,
                    .process = host->options->incarnation,
                    .admin = host->options->node,
                    .endpoint = bytes_of_text(endpoint)},
    };
    (void)process_send_control(host->process, process_admin(host->process), &created);
}

void birth_refuse(struct host *host, uint64_t id, struct mesh_address address, const struct mesh_error *error) {
    struct control failed = {
        .id = id,
        .kind = CONTROL_CREATE_FAILED,
        .create_failed = {.address = address, .status = error->status, .text = bytes_of_text(error->text)},
    };
    (void)process_send_control(host->process, process_admin(host->process), &failed);
    log_write(host->log, MESH_LOG_WARNING, NULL, address, "not created: %s", error->text);
}

/* ---- beginning ---- */

static void enter(struct host *host, const struct birth *birth) {
    struct mesh_error error;
    if (hosted_begin(host, birth->address, birth->parent, birth->type, birth->restarts, &error) == MESH_OK) {
        send_created(host, birth->id, birth->address);
    } else {
        birth_refuse(host, birth->id, birth->address, &error);
    }
}

static enum mesh_status ask(struct host *host, const struct birth *birth) {
    struct birth *kept = malloc(sizeof *kept);
    struct control question = {.kind = CONTROL_CHECK, .check.address = birth->address};
    enum mesh_status status = MESH_NO_MEMORY;
    if (kept) {
        status = process_send_control(host->process, process_admin(host->process), &question);
    }
    if (status != MESH_OK) {
        free(kept);
        return status;
    }
    *kept = *birth;
    kept->next = host->births;
    host->births = kept;
    return MESH_OK;
}

void birth_begin(struct host *host, uint64_t id, const struct control_create *create, const char *type) {
    struct mesh_error error;
    struct birth birth = {.id = id,
                          .address = create->address,
                          .parent = create->parent,
                          .restarts = create->supervision.on_failure == CONTROL_RESTART};
    if (module_find(&birth.type, host->types, type, host->origin, &error) != MESH_OK) {
        birth_refuse(host, id, create->address, &error);
        return;
    }
    enum mesh_status status = birth.type->check ? ask(host, &birth) : MESH_OK;
    if (status != MESH_OK) {
        (void)error_set(&error, status, "what to check cannot be asked for: %s", mesh_status_text(status));
        birth_refuse(host, id, create->address, &error);
    } else if (!birth.type->check) {
        enter(host, &birth);
    }
}

void birth_on_create(struct host *host, uint64_t id, const struct control_create *create) {
    char type[MODULE_NAME_BYTES + 1];
    size_t bytes = create->type.size < sizeof type ? create->type.size : 0;
    memcpy(type, create->type.data, bytes);
    type[bytes] = 0;
    birth_begin(host, id, create, type);
}

/* ---- judging ---- */

/* What a check function is to judge, of one that waits or that lives here. */
struct judgement {
    struct list_node place;
    struct mesh_address address;
    struct fit *fit; /* NULL without memory, which counts as no */
};

static struct birth **place_of(struct host *host, struct mesh_address address) {
    struct birth **place = &host->births;
    while (*place && !mesh_address_equal((*place)->address, address)) {
        place = &(*place)->next;
    }
    return place;
}

/* NULL when there is nobody of that address. */
static const struct mesh_type *type_of(struct host *host, struct mesh_address address) {
    const struct birth *birth = *place_of(host, address);
    const struct mesh_actor *actor = hosted_find(host, address);
    return birth ? birth->type : actor ? actor->type : NULL;
}

void birth_on_check(struct host *host, const struct control_check *offered) {
    struct judgement *judgement = type_of(host, offered->address) ? calloc(1, sizeof *judgement) : NULL;
    if (judgement) {
        judgement->address = offered->address;
        list_node_init(&judgement->place);
        if (fit_new(&judgement->fit, offered) != MESH_OK) {
            judgement->fit = NULL;
        }
        list_push_back(&host->judgements, &judgement->place);
    }
}

/* A former life of it, in this host, waits for a new one in vain (C7). */
static void refuse(struct host *host, const struct birth *birth) {
    struct mesh_error error;
    if (host->refused != MESH_OK) {
        (void)error_set(&error, host->refused, "type %s: %s", birth->type->name, host->failure);
    } else {
        (void)error_set(&error, MESH_NO_COMPATIBLE_NODE, "node %s does not fit type %s: its check function says no%s%s",
                        host->options->node_name, birth->type->name, host->failure[0] ? ": " : "", host->failure);
    }
    birth_refuse(host, birth->id, birth->address, &error);
    hosted_tell(host, &(struct lifecycle_event){.kind = LIFECYCLE_GIVEN_UP, .actor = birth->address});
}

/* Who it is about may be gone by now. */
static void judge(struct host *host, struct mesh_address address, bool agrees) {
    struct birth **place = place_of(host, address), *birth = *place;
    struct mesh_actor *actor = hosted_find(host, address);
    if (birth) {
        *place = birth->next;
        (agrees ? enter : refuse)(host, birth);
        free(birth);
    } else if (actor && !agrees) {
        log_write(host->log, MESH_LOG_WARNING, actor->type->name, address,
                  "it is asked to exit: its check function says no to the node's capabilities");
        hosted_request_exit(host, address);
    }
}

void birth_work(struct host *host) {
    for (struct list_node *node; (node = list_pop_front(&host->judgements));) {
        struct judgement *judgement = LIST_OWNER(node, struct judgement, place);
        const struct mesh_type *type = type_of(host, judgement->address);
        bool agrees = false;
        if (type && judgement->fit) {
            host->failure[0] = 0;
            host->refused = MESH_OK;
            crash_page_enter_check(host->page, judgement->address);
            process_unlock(host->process);
            agrees = fit_suits(type, judgement->fit);
            host_fork_end_child();
            crash_page_leave_check(host->page);
            process_lock(host->process);
        }
        judge(host, judgement->address, agrees);
        fit_destroy(&judgement->fit);
        free(judgement);
    }
}

/* ---- end ---- */

void birth_drop(struct host *host, struct mesh_address address) {
    struct birth **place = place_of(host, address), *birth = *place;
    if (birth) {
        *place = birth->next;
        free(birth);
    }
}

void birth_fini(struct host *host) {
    while (host->births) {
        birth_drop(host, host->births->address);
    }
    for (struct list_node *node; (node = list_pop_front(&host->judgements));) {
        struct judgement *judgement = LIST_OWNER(node, struct judgement, place);
        fit_destroy(&judgement->fit);
        free(judgement);
    }
}
