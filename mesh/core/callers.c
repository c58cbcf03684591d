/* Callers: see callers.h. An address is kept while it has strangers, or is remembered.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/callers.h"
#include <stdlib.h>

enum { REMEMBERED_MAX = 4096 };

const struct callers_limits callers_limits_default = {
    .strangers_each = 128,
    .suspects_each = 8,
    .arrivals_each = 2048,
    .nonsense = 16,
    .silence_ns = 10 * NS_PER_S,
    .memory_ns = 10 * NS_PER_S,
};

struct address {
    uint64_t key;
    size_t strangers;
    size_t arrivals; /* while it is remembered */
    bool suspect;
    uint64_t until_ns;           /* remembered so long */
    struct list_node remembered; /* linked while it is */
};

struct caller {
    uint64_t connection, address, since_ns;
    struct list_node strangers; /* linked while it is one */
    unsigned nonsense;
    uint64_t blamed_ns; /* when that began to be counted */
};

void callers_init(struct callers *callers, const struct callers_limits *limits) {
    *callers = (struct callers){.limits = *limits};
    map_init(&callers->connections, sizeof(uint64_t), limits->callers, 0);
    map_init(&callers->addresses, sizeof(uint64_t), limits->callers + REMEMBERED_MAX, 0);
    list_init(&callers->strangers);
    list_init(&callers->remembered);
}

static void free_all(struct map *map) {
    size_t place = 0;
    for (void *value; (value = map_next(map, &place));) {
        free(value);
    }
    map_fini(map);
}

void callers_fini(struct callers *callers) {
    free_all(&callers->connections);
    free_all(&callers->addresses);
}

/* ---- addresses ---- */

static struct address *find_address(const struct callers *callers, uint64_t key) {
    return map_get(&callers->addresses, &key);
}

static void drop_address(struct callers *callers, struct address *address) {
    if (!address->strangers && !list_is_linked(&address->remembered)) {
        (void)map_remove(&callers->addresses, &address->key);
        free(address);
    }
}

static void remember(struct callers *callers, uint64_t now_ns, struct address *address) {
    list_remove(&address->remembered);
    list_push_back(&callers->remembered, &address->remembered);
    address->until_ns = time_add(now_ns, callers->limits.memory_ns);
}

static void forget(struct callers *callers, uint64_t now_ns) {
    for (struct list_node *node; (node = list_front(&callers->remembered));) {
        struct address *address = LIST_OWNER(node, struct address, remembered);
        if (address->until_ns > now_ns) {
            return;
        }
        list_remove(node);
        address->arrivals = 0;
        address->suspect = false;
        drop_address(callers, address);
    }
}

/* Finds or makes it, remembered. NULL without memory. */
static struct address *need_address(struct callers *callers, uint64_t now_ns, uint64_t key) {
    struct address *address = find_address(callers, key);
    if (!address) {
        address = calloc(1, sizeof *address);
        if (!address || map_put(&callers->addresses, &key, address) != MESH_OK) {
            free(address);
            return NULL;
        }
        address->key = key;
        list_node_init(&address->remembered);
    }
    if (!list_is_linked(&address->remembered)) {
        remember(callers, now_ns, address);
    }
    return address;
}

static void suspect(struct callers *callers, uint64_t now_ns, uint64_t key) {
    struct address *address = need_address(callers, now_ns, key);
    if (address) {
        address->suspect = true;
        remember(callers, now_ns, address);
    }
}

/* ---- callers ---- */

static bool is_crowded(const struct callers *callers, const struct address *address) {
    const struct callers_limits *limits = &callers->limits;
    size_t each = address->suspect ? limits->suspects_each : limits->strangers_each;
    return callers->strangers_count >= limits->strangers || map_size(&callers->connections) >= limits->callers ||
           address->strangers >= each || address->arrivals > limits->arrivals_each;
}

/* It is none any more. */
static void end_stranger(struct callers *callers, struct caller *caller) {
    if (list_is_linked(&caller->strangers)) {
        struct address *address = find_address(callers, caller->address);
        list_remove(&caller->strangers);
        callers->strangers_count--;
        address->strangers--;
        drop_address(callers, address);
    }
}

static void drop(struct callers *callers, struct caller *caller) {
    end_stranger(callers, caller);
    (void)map_remove(&callers->connections, &caller->connection);
    free(caller);
}

static bool enter(struct callers *callers, uint64_t now_ns, uint64_t connection, struct address *address) {
    struct caller *caller = calloc(1, sizeof *caller);
    if (!caller || map_put(&callers->connections, &connection, caller) != MESH_OK) {
        free(caller);
        return false;
    }
    *caller = (struct caller){.connection = connection, .address = address->key, .since_ns = now_ns};
    list_node_init(&caller->strangers);
    list_push_back(&callers->strangers, &caller->strangers);
    callers->strangers_count++;
    address->strangers++;
    return true;
}

bool callers_take(struct callers *callers, uint64_t now_ns, uint64_t connection, uint64_t key) {
    callers_leave(callers, connection); /* that its number is given anew says so */
    forget(callers, now_ns);
    struct address *address = need_address(callers, now_ns, key);
    if (address) {
        address->arrivals++;
    }
    bool taken = address && !is_crowded(callers, address) && enter(callers, now_ns, connection, address);
    if (!taken) {
        callers->counters.crowding++;
    }
    return taken;
}

void callers_greet(struct callers *callers, uint64_t connection) {
    struct caller *caller = map_get(&callers->connections, &connection);
    if (caller) {
        end_stranger(callers, caller);
    }
}

bool callers_blame(struct callers *callers, uint64_t now_ns, uint64_t connection, uint64_t *address) {
    struct caller *caller = map_get(&callers->connections, &connection);
    if (!caller) {
        return false;
    }
    if (!caller->nonsense || now_ns >= time_add(caller->blamed_ns, callers->limits.memory_ns)) {
        caller->nonsense = 0;
        caller->blamed_ns = now_ns;
    }
    if (++caller->nonsense < callers->limits.nonsense) {
        return false;
    }
    callers->counters.nonsense++;
    suspect(callers, now_ns, caller->address);
    *address = caller->address;
    drop(callers, caller);
    return true;
}

void callers_leave(struct callers *callers, uint64_t connection) {
    struct caller *caller = map_get(&callers->connections, &connection);
    if (caller) {
        callers->counters.left += list_is_linked(&caller->strangers);
        drop(callers, caller);
    }
}

bool callers_has(const struct callers *callers, uint64_t connection) {
    return map_get(&callers->connections, &connection) != NULL;
}

bool callers_next_silent(struct callers *callers, uint64_t now_ns, uint64_t *connection, uint64_t *address) {
    struct list_node *first = list_front(&callers->strangers);
    struct caller *caller = first ? LIST_OWNER(first, struct caller, strangers) : NULL;
    if (!caller || now_ns < time_add(caller->since_ns, callers->limits.silence_ns)) {
        return false;
    }
    *connection = caller->connection;
    *address = caller->address;
    callers->counters.silence++;
    drop(callers, caller);
    return true;
}
