/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/timers.h"

#include "mesh/base/check.h"
#include <stdlib.h>
#include <string.h>

struct owner {
    struct mesh_address address;
    struct list timers;
    size_t count;
};

void timers_init(struct timers *timers, size_t timers_max, uint64_t seed) {
    *timers = (struct timers){0};
    deadlines_init(&timers->deadlines, timers_max);
    map_init(&timers->timers, sizeof(uint64_t), timers_max, seed);
    map_init(&timers->owners, sizeof(struct mesh_address), timers_max, seed + 1);
}

void timers_fini(struct timers *timers) {
    size_t place = 0;
    for (struct owner *owner; (owner = map_next(&timers->owners, &place));) {
        timers_drop(timers, owner->address);
    }
    deadlines_fini(&timers->deadlines);
    map_fini(&timers->timers);
    map_fini(&timers->owners);
}

static struct owner *owner_of(const struct timers *timers, struct mesh_address address) {
    return map_get(&timers->owners, &address);
}

static struct owner *owner_make(struct timers *timers, struct mesh_address address) {
    struct owner *owner = owner_of(timers, address);
    if (owner) {
        return owner;
    }
    owner = calloc(1, sizeof *owner);
    if (!owner || map_put(&timers->owners, &address, owner) != MESH_OK) {
        free(owner);
        return NULL;
    }
    owner->address = address;
    list_init(&owner->timers);
    return owner;
}

static void owner_check(struct timers *timers, struct owner *owner) {
    if (owner->count == 0) {
        map_remove(&timers->owners, &owner->address);
        free(owner);
    }
}

/* Takes it out of every table; an owner without timers goes with its last. */
static void take_out(struct timers *timers, struct timer *timer) {
    struct owner *owner = owner_of(timers, timer->owner);
    CHECK(owner && map_remove(&timers->timers, &timer->id) == timer);
    deadlines_clear(&timers->deadlines, &timer->deadline);
    list_remove(&timer->of_owner);
    owner->count--;
    owner_check(timers, owner);
}

static struct timer *timer_new(struct mesh_address address, uint64_t delay_ms, struct bytes payload) {
    struct timer *timer = malloc(sizeof *timer + payload.size);
    if (timer) {
        *timer = (struct timer){.owner = address, .delay_ms = delay_ms};
        timer->payload = (struct bytes){(uint8_t *)(timer + 1), payload.size};
        list_node_init(&timer->of_owner);
        if (payload.size > 0) {
            memcpy(timer + 1, payload.data, payload.size);
        }
    }
    return timer;
}

enum mesh_status timers_set(struct timers *timers, uint64_t now_ns, struct mesh_address address, uint64_t delay_ms,
                            struct bytes payload, uint64_t *id) {
    uint64_t span_ns = delay_ms < TIME_NEVER / NS_PER_MS ? delay_ms * NS_PER_MS : TIME_NEVER;
    uint64_t at_ns = time_add(now_ns, span_ns);
    struct timer *timer = timer_new(address, delay_ms, payload);
    struct owner *owner = timer ? owner_make(timers, address) : NULL;
    if (!owner) {
        free(timer);
        return MESH_NO_MEMORY;
    }
    timer->id = timers->last_id + 1;
    enum mesh_status status = map_put(&timers->timers, &timer->id, timer);
    if (status == MESH_OK) {
        status = deadlines_set(&timers->deadlines, &timer->deadline, at_ns);
        if (status != MESH_OK) {
            map_remove(&timers->timers, &timer->id);
        }
    }
    if (status != MESH_OK) {
        owner_check(timers, owner);
        free(timer);
        return status;
    }
    list_push_back(&owner->timers, &timer->of_owner);
    owner->count++;
    *id = ++timers->last_id;
    return MESH_OK;
}

enum mesh_status timers_cancel(struct timers *timers, struct mesh_address address, uint64_t id) {
    struct timer *timer = map_get(&timers->timers, &id);
    if (!timer || !mesh_address_equal(timer->owner, address)) {
        return MESH_NOT_FOUND;
    }
    take_out(timers, timer);
    free(timer);
    return MESH_OK;
}

void timers_drop(struct timers *timers, struct mesh_address address) {
    struct owner *owner = owner_of(timers, address);
    for (size_t left = owner ? owner->count : 0; left > 0; left--) {
        struct timer *timer = LIST_OWNER(list_front(&owner->timers), struct timer, of_owner);
        take_out(timers, timer);
        free(timer);
    }
}

struct timer *timers_pop(struct timers *timers, uint64_t now_ns) {
    struct deadline *deadline = deadlines_pop_due(&timers->deadlines, now_ns);
    if (!deadline) {
        return NULL;
    }
    struct timer *timer = DEADLINE_OWNER(deadline, struct timer, deadline);
    take_out(timers, timer);
    return timer;
}

size_t timers_count(const struct timers *timers, struct mesh_address address) {
    const struct owner *owner = owner_of(timers, address);
    return owner ? owner->count : 0;
}
