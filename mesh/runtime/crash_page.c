/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/crash_page.h"

#include "mesh/base/check.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAGIC = 0x3167706d, /* "mpg1" */
    PROBES = 8,         /* a floor stands in one of this many places behind its hash */
};

/* Every field that orders others is atomic: a release store is a plain one on the machines that matter, and keeps the
 * compiler from moving what must be written before. */
struct actor_entry {
    _Atomic uint32_t state;
    uint32_t type_bytes;
    struct mesh_address actor;
    uint64_t since_ns, handled;
    struct crash_load load;
    char type[CRASH_PAGE_TYPE_BYTES];
};

/* The message in the one handler that is at work. */
struct hand_entry {
    _Atomic uint64_t seq; /* 0: no numbered message is in hand; written after what follows */
    uint64_t epoch;
    struct mesh_address actor, sender;
    uint32_t type_bytes;
    char type[CRASH_PAGE_TYPE_BYTES];
};

struct floor_entry {
    _Atomic uint64_t epoch; /* 0: not used; written after all else */
    _Atomic uint64_t handled;
    struct mesh_address actor, sender;
    uint64_t stamp; /* when it was last written, in handlings: the oldest is crowded out */
};

struct end_entry {
    _Atomic uint32_t how; /* 0: not used; written after what follows */
    struct mesh_address actor;
};

/* `used` has the places of the floors that were ever written: a reader looks at no others, for that would give them memory. */
struct crash_page {
    uint32_t magic, pid;
    _Atomic uint32_t unloaded;
    _Atomic uint64_t incarnation;
    uint64_t clock;  /* handlings so far */
    uint32_t recent; /* the floor that was written last */
    struct delivery_counters counters;
    struct hand_entry hand;
    struct actor_entry actors[CRASH_PAGE_ACTORS];
    _Atomic uint32_t used_count; /* written after its place */
    uint32_t used[CRASH_PAGE_FLOORS];
    struct floor_entry floors[CRASH_PAGE_FLOORS];
    _Atomic uint32_t all_ends;
    _Atomic uint32_t in_check; /* written after its actor */
    struct mesh_address checking;
    _Atomic uint64_t ends_count; /* ever; written after the entry */
    struct end_entry ends[CRASH_PAGE_ENDS];
};

enum mesh_status crash_page_create(int *fd) {
    int made = memfd_create("mesh-crash-page", MFD_CLOEXEC);
    if (made < 0) {
        return MESH_IO;
    }
    if (ftruncate(made, (off_t)sizeof(struct crash_page)) != 0) {
        close(made);
        return MESH_IO;
    }
    *fd = made;
    return MESH_OK;
}

enum mesh_status crash_page_map(struct crash_page **out, int fd) {
    struct stat seen;
    if (fstat(fd, &seen) != 0) {
        return MESH_IO;
    }
    if (seen.st_size != (off_t)sizeof(struct crash_page)) {
        return MESH_INVALID_ARGUMENT;
    }
    void *mapped = mmap(NULL, sizeof(struct crash_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        return MESH_IO;
    }
    *out = mapped;
    return MESH_OK;
}

void crash_page_unmap(struct crash_page **page) {
    if (*page) {
        munmap(*page, sizeof **page);
        *page = NULL;
    }
}

void crash_page_unload(struct crash_page *page) {
    atomic_store(&page->unloaded, 1);
}

bool crash_page_is_unloaded(const struct crash_page *page) {
    return page && atomic_load(&page->unloaded) != 0;
}

const char *crash_state_name(enum crash_state state) {
    switch (state) {
    case CRASH_FREE:
        return "free";
    case CRASH_STARTING:
        return "starting";
    case CRASH_IDLE:
        return "idle";
    case CRASH_BUSY:
        return "busy";
    case CRASH_EXITING:
        return "exiting";
    }
    return "unknown";
}

/* ---- the host's side ---- */

void crash_page_begin(struct crash_page *page, uint64_t incarnation, uint32_t pid) {
    page->magic = MAGIC;
    page->pid = pid;
    atomic_store_explicit(&page->incarnation, incarnation, memory_order_release);
}

static struct actor_entry *entry_at(struct crash_page *page, int entry) {
    CHECK(entry < CRASH_PAGE_ACTORS);
    return entry < 0 ? NULL : &page->actors[entry];
}

static uint32_t copy_name(char *to, const char *name, size_t bytes) {
    size_t cut = bytes < CRASH_PAGE_TYPE_BYTES - 1 ? bytes : CRASH_PAGE_TYPE_BYTES - 1;
    if (cut > 0) {
        memcpy(to, name, cut);
    }
    return (uint32_t)cut;
}

int crash_page_open(struct crash_page *page, uint64_t now_ns, struct mesh_address actor, const char *type) {
    for (int i = 0; i < CRASH_PAGE_ACTORS; i++) {
        struct actor_entry *entry = &page->actors[i];
        if (atomic_load_explicit(&entry->state, memory_order_relaxed) == CRASH_FREE) {
            entry->actor = actor;
            entry->since_ns = now_ns;
            entry->handled = 0;
            entry->load = (struct crash_load){0};
            entry->type_bytes = copy_name(entry->type, type, strlen(type));
            atomic_store_explicit(&entry->state, CRASH_STARTING, memory_order_release);
            return i;
        }
    }
    return -1;
}

void crash_page_close(struct crash_page *page, int entry) {
    struct actor_entry *actor = entry_at(page, entry);
    if (actor) {
        atomic_store_explicit(&actor->state, CRASH_FREE, memory_order_release);
    }
}

void crash_page_set_state(struct crash_page *page, int entry, uint64_t now_ns, enum crash_state state) {
    struct actor_entry *actor = entry_at(page, entry);
    if (actor) {
        actor->since_ns = now_ns;
        atomic_store_explicit(&actor->state, state, memory_order_release);
    }
}

void crash_page_want_end(struct crash_page *page, struct mesh_address actor, enum mesh_how how) {
    if (page) {
        uint64_t count = atomic_load_explicit(&page->ends_count, memory_order_relaxed);
        struct end_entry *end = &page->ends[count & (CRASH_PAGE_ENDS - 1)];
        atomic_store_explicit(&end->how, 0, memory_order_release);
        end->actor = actor;
        atomic_store_explicit(&end->how, (uint32_t)how, memory_order_release);
        atomic_store_explicit(&page->ends_count, count + 1, memory_order_release);
    }
}

void crash_page_want_all_ends(struct crash_page *page, enum mesh_how how) {
    if (page && atomic_load_explicit(&page->all_ends, memory_order_relaxed) == 0) {
        atomic_store_explicit(&page->all_ends, (uint32_t)how, memory_order_release);
    }
}

void crash_page_enter_check(struct crash_page *page, struct mesh_address actor) {
    if (page) {
        page->checking = actor;
        atomic_store_explicit(&page->in_check, 1, memory_order_release);
    }
}

void crash_page_leave_check(struct crash_page *page) {
    if (page) {
        atomic_store_explicit(&page->in_check, 0, memory_order_release);
    }
}

void crash_page_set_load(struct crash_page *page, int entry, const struct crash_load *load) {
    struct actor_entry *actor = entry_at(page, entry);
    if (actor) {
        actor->load = *load;
    }
}

void crash_page_count(struct crash_page *page, const struct delivery_counters *counters) {
    page->counters = *counters;
}

/* An urgent message has overtaken others: that it is handled says nothing of those before it (C5). */
static uint64_t mark_of(const struct message *message) {
    return message->urgent ? 0 : message->seq;
}

void crash_page_enter(struct crash_page *page, int entry, uint64_t now_ns, const struct message *message) {
    if (!page) {
        return;
    }
    struct hand_entry *hand = &page->hand;
    hand->actor = message->target;
    hand->sender = message->sender;
    hand->epoch = message->epoch;
    hand->type_bytes = copy_name(hand->type, (const char *)message->type.data, message->type.size);
    atomic_store_explicit(&hand->seq, mark_of(message), memory_order_release);
    crash_page_set_state(page, entry, now_ns, CRASH_BUSY);
}

static size_t floor_place(struct mesh_address actor, struct mesh_address sender) {
    return (size_t)(mesh_address_hash(actor) ^ (mesh_address_hash(sender) * 3)) & (CRASH_PAGE_FLOORS - 1);
}

static bool floor_is(const struct floor_entry *floor, struct mesh_address actor, struct mesh_address sender) {
    return mesh_address_equal(floor->sender, sender) && mesh_address_equal(floor->actor, actor);
}

static void note_used(struct crash_page *page, const struct floor_entry *floor) {
    uint32_t count = atomic_load_explicit(&page->used_count, memory_order_relaxed);
    page->used[count & (CRASH_PAGE_FLOORS - 1)] = (uint32_t)(floor - page->floors);
    atomic_store_explicit(&page->used_count, count + 1, memory_order_release);
}

/* The stream's own entry, a free one, or the one among its places that was written longest ago. */
static struct floor_entry *floor_for(struct crash_page *page, struct mesh_address actor, struct mesh_address sender) {
    struct floor_entry *recent = &page->floors[page->recent & (CRASH_PAGE_FLOORS - 1)];
    if (floor_is(recent, actor, sender)) {
        return recent;
    }
    size_t place = floor_place(actor, sender);
    struct floor_entry *oldest = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct floor_entry *floor = &page->floors[(place + i) & (CRASH_PAGE_FLOORS - 1)];
        if (floor_is(floor, actor, sender)) {
            page->recent = (uint32_t)(floor - page->floors);
            return floor;
        }
        if (!oldest || floor->stamp < oldest->stamp) {
            oldest = floor;
        }
    }
    if (oldest->stamp == 0) {
        note_used(page, oldest);
    }
    atomic_store_explicit(&oldest->epoch, 0, memory_order_release);
    oldest->actor = actor;
    oldest->sender = sender;
    page->recent = (uint32_t)(oldest - page->floors);
    return oldest;
}

void crash_page_leave(struct crash_page *page, int entry, uint64_t now_ns, const struct message *message) {
    if (!page) {
        return;
    }
    if (mark_of(message) != 0) {
        struct floor_entry *floor = floor_for(page, message->target, message->sender);
        if (atomic_load_explicit(&floor->epoch, memory_order_relaxed) != message->epoch) {
            atomic_store_explicit(&floor->epoch, 0, memory_order_release);
        }
        floor->stamp = ++page->clock;
        atomic_store_explicit(&floor->handled, message->seq, memory_order_release);
        atomic_store_explicit(&floor->epoch, message->epoch, memory_order_release);
    }
    atomic_store_explicit(&page->hand.seq, 0, memory_order_release);
    struct actor_entry *actor = entry_at(page, entry);
    if (actor) {
        actor->handled++;
        crash_page_set_state(page, entry, now_ns, CRASH_IDLE);
    }
}

/* ---- the reader's side ---- */

uint64_t crash_page_incarnation(const struct crash_page *page) {
    return page->magic == MAGIC ? atomic_load_explicit(&page->incarnation, memory_order_acquire) : 0;
}

struct delivery_counters crash_page_counted(const struct crash_page *page) {
    return page->counters;
}

static void read_name(char to[CRASH_PAGE_TYPE_BYTES], const char *name, uint32_t bytes) {
    size_t cut = bytes < CRASH_PAGE_TYPE_BYTES ? bytes : 0;
    memcpy(to, name, cut);
    to[cut] = 0;
}

bool crash_page_actor(const struct crash_page *page, size_t index, struct crash_record *out) {
    if (index >= CRASH_PAGE_ACTORS || page->magic != MAGIC) {
        return false;
    }
    const struct actor_entry *entry = &page->actors[index];
    uint32_t state = atomic_load_explicit(&entry->state, memory_order_acquire);
    if (state == CRASH_FREE || state > CRASH_EXITING) {
        return false;
    }
    struct crash_record record = {
        .actor = entry->actor,
        .state = (enum crash_state)state,
        .since_ns = entry->since_ns,
        .handled = entry->handled,
        .load = entry->load,
        .in_hand = state == CRASH_BUSY,
    };
    read_name(record.type, entry->type, entry->type_bytes);
    if (record.in_hand) {
        const struct hand_entry *hand = &page->hand;
        record.seq = atomic_load_explicit(&hand->seq, memory_order_acquire);
        record.epoch = hand->epoch;
        record.sender = hand->sender;
        read_name(record.in_hand_type, hand->type, hand->type_bytes);
    }
    *out = record;
    return true;
}

bool crash_page_find(const struct crash_page *page, struct mesh_address actor, struct crash_record *out) {
    for (size_t i = 0; i < CRASH_PAGE_ACTORS; i++) {
        struct crash_record record;
        if (crash_page_actor(page, i, &record) && mesh_address_equal(record.actor, actor)) {
            *out = record;
            return true;
        }
    }
    return false;
}

static bool floor_on_record(const struct crash_page *page, struct mesh_address actor, struct mesh_address sender,
                            struct crash_floor *out) {
    size_t place = floor_place(actor, sender);
    for (size_t i = 0; i < PROBES; i++) {
        const struct floor_entry *floor = &page->floors[(place + i) & (CRASH_PAGE_FLOORS - 1)];
        uint64_t epoch = atomic_load_explicit(&floor->epoch, memory_order_acquire);
        if (epoch != 0 && floor_is(floor, actor, sender)) {
            out->epoch = epoch;
            out->handled = atomic_load_explicit(&floor->handled, memory_order_acquire);
            return true;
        }
    }
    return false;
}

bool crash_page_floor(const struct crash_page *page, struct mesh_address actor, struct mesh_address sender,
                      struct crash_floor *out) {
    if (page->magic != MAGIC) {
        return false;
    }
    struct crash_floor floor = {0};
    bool known = floor_on_record(page, actor, sender, &floor);
    const struct hand_entry *hand = &page->hand;
    uint64_t seq = atomic_load_explicit(&hand->seq, memory_order_acquire);
    bool held = seq != 0 && mesh_address_equal(hand->sender, sender) && mesh_address_equal(hand->actor, actor);
    if (held && known && floor.epoch == hand->epoch) {
        /* Whoever died between the floor and the hand has settled the message. */
        floor.in_hand = seq > floor.handled ? seq : 0;
    } else if (held) {
        /* Of a later epoch, for what is in hand came last. Messages of a stream are handled in order, so all before the one in hand are. */
        floor = (struct crash_floor){.epoch = hand->epoch, .handled = seq - 1, .in_hand = seq};
        known = true;
    }
    if (known) {
        *out = floor;
    }
    return known;
}

static size_t floors_used(const struct crash_page *page) {
    uint32_t count = atomic_load_explicit(&page->used_count, memory_order_acquire);
    return count < CRASH_PAGE_FLOORS ? count : CRASH_PAGE_FLOORS;
}

static bool stream_at(const struct crash_page *page, size_t place, struct crash_stream *out) {
    if (place < floors_used(page)) {
        const struct floor_entry *entry = &page->floors[page->used[place] & (CRASH_PAGE_FLOORS - 1)];
        out->actor = entry->actor;
        out->sender = entry->sender;
        return atomic_load_explicit(&entry->epoch, memory_order_acquire) != 0;
    }
    /* Then the stream that has nothing but a message in hand. */
    struct crash_floor floor;
    out->actor = page->hand.actor;
    out->sender = page->hand.sender;
    return !floor_on_record(page, out->actor, out->sender, &floor);
}

bool crash_page_next_stream(const struct crash_page *page, size_t *place, struct crash_stream *out) {
    while (*place <= floors_used(page)) {
        struct crash_stream stream;
        bool there = stream_at(page, (*place)++, &stream);
        if (there && crash_page_floor(page, stream.actor, stream.sender, &stream.floor)) {
            *out = stream;
            return true;
        }
    }
    return false;
}

static bool is_wanted(uint32_t how) {
    return how == MESH_EXITED_ON_REQUEST || how == MESH_EXITED_ITSELF;
}

bool crash_page_next_end(const struct crash_page *page, size_t *place, struct crash_end *out) {
    uint64_t count = page->magic == MAGIC ? atomic_load_explicit(&page->ends_count, memory_order_acquire) : 0;
    while (*place < count && *place < CRASH_PAGE_ENDS) {
        const struct end_entry *end = &page->ends[(*place)++];
        uint32_t how = atomic_load_explicit(&end->how, memory_order_acquire);
        if (is_wanted(how)) {
            *out = (struct crash_end){.actor = end->actor, .how = (enum mesh_how)how};
            return true;
        }
    }
    return false;
}

struct mesh_address crash_page_checking(const struct crash_page *page) {
    bool in_check = page->magic == MAGIC && atomic_load_explicit(&page->in_check, memory_order_acquire);
    return in_check ? page->checking : (struct mesh_address){0};
}

enum mesh_how crash_page_all_ends(const struct crash_page *page) {
    uint32_t how = page->magic == MAGIC ? atomic_load_explicit(&page->all_ends, memory_order_acquire) : 0;
    return is_wanted(how) ? (enum mesh_how)how : 0;
}
