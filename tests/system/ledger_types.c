/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/ledger_types.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BURST = 4, SLOW_EVERY = 8, SLOW_MS = 2 };

uint64_t ledger_random(uint64_t *state) {
    uint64_t mixed = (*state += 0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* A record that is lost would make the test lie. */
static void record(enum ledger_kind kind, uint64_t id, uint32_t actor) {
    static int fd = -1;
    const struct ledger_record record = {id, kind, actor};
    if (fd < 0) {
        const char *path = getenv(LEDGER_ENVIRONMENT);
        fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    }
    if (fd < 0 || write(fd, &record, sizeof record) != (ssize_t)sizeof record) {
        abort();
    }
}

/* How many bytes of the payload were copied. */
static size_t copy(const struct mesh_message *message, void *to, size_t room) {
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    memcpy(to, data, bytes < room ? bytes : room);
    return bytes < room ? bytes : room;
}

/* ---- gossip ---- */

struct gossip {
    uint32_t number, tick_ms, sent;
    bool stopped;
    uint64_t chance;
    size_t count;
    struct ledger_peer peers[LEDGER_PEERS];
};

static enum mesh_verdict talk(struct mesh_actor *self, struct gossip *gossip) {
    for (int i = 0; i < BURST && gossip->count > 0 && !gossip->stopped; i++) {
        const struct ledger_peer *peer = &gossip->peers[ledger_random(&gossip->chance) % gossip->count];
        uint64_t id = (uint64_t)gossip->number << 32 | ++gossip->sent;
        if (mesh_send(self, peer->address, "note", &id, sizeof id) == MESH_OK) {
            record(LEDGER_SENT, id, peer->number);
        }
    }
    return gossip->stopped ? MESH_DONE : verdict_of(mesh_wakeup(self, gossip->tick_ms, NULL, 0, NULL));
}

static enum mesh_verdict begin(struct mesh_actor *self, struct gossip *gossip, const struct mesh_message *message) {
    struct ledger_begin begun = {0};
    (void)copy(message, &begun, sizeof begun);
    gossip->chance = gossip->number = begun.number;
    gossip->tick_ms = begun.tick_ms;
    return verdict_of(mesh_wakeup(self, gossip->tick_ms, NULL, 0, NULL));
}

static enum mesh_verdict meet(struct gossip *gossip, const struct mesh_message *message) {
    gossip->count = copy(message, gossip->peers, sizeof gossip->peers) / sizeof *gossip->peers;
    return MESH_DONE;
}

static enum mesh_verdict note(enum ledger_kind kind, const struct mesh_message *message, uint32_t actor) {
    uint64_t id = 0;
    if (message && mesh_message_is(message, "note")) {
        (void)copy(message, &id, sizeof id);
        record(kind, id, actor);
    }
    return MESH_DONE;
}

/* Whoever is killed meanwhile has the message in hand, and on record or not. */
static enum mesh_verdict handle(const struct gossip *gossip, const struct mesh_message *message) {
    uint64_t id = 0;
    (void)copy(message, &id, sizeof id);
    bool slow = id % SLOW_EVERY == 0, early = id / SLOW_EVERY % 2 == 0;
    if (slow && !early) {
        (void)poll(NULL, 0, SLOW_MS);
    }
    (void)note(LEDGER_HANDLED, message, gossip->number);
    if (slow && early) {
        (void)poll(NULL, 0, SLOW_MS);
    }
    return MESH_DONE;
}

static enum mesh_verdict gossip_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct gossip *gossip = state;
    if (mesh_message_kind(message) == MESH_WAKEUP) {
        return talk(self, gossip);
    }
    if (mesh_message_kind(message) == MESH_POISON) {
        return note(LEDGER_RETURNED, mesh_message_inner(message), gossip->number);
    }
    if (mesh_message_is(message, "begin")) {
        return begin(self, gossip, message);
    }
    if (mesh_message_is(message, "peers")) {
        return meet(gossip, message);
    }
    if (mesh_message_text(message)) {
        gossip->stopped = true;
        return verdict_of(mesh_reply_text(self, message, "stopped"));
    }
    return handle(gossip, message);
}

/* ---- clerk ---- */

static enum mesh_verdict clerk_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    struct mesh_dead dead;
    if (mesh_message_dead(message, &dead) == MESH_OK) {
        return note(LEDGER_DEAD, mesh_message_inner(message), dead.maybe_handled);
    }
    return mesh_message_text(message) ? verdict_of(mesh_reply_text(self, message, "well")) : MESH_DONE;
}

static enum mesh_verdict clerk_start(struct mesh_actor *self, void *state) {
    (void)state;
    return verdict_of(mesh_dead_letters(self, true));
}

static const struct mesh_type gossip_type = {
    .name = "test.gossip", .state_bytes = sizeof(struct gossip), .receive = gossip_receive};
static const struct mesh_type clerk = {.name = "test.clerk", .receive = clerk_receive, .start = clerk_start};

const struct mesh_type *const ledger_types[] = {&gossip_type, &clerk, NULL};
