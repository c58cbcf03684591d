/* The ledger under kills: actors on two nodes send each other messages while one after the other is killed. In the end
 * what every living sender has sent is compared with what became of it (D1, D4).
 *
 *   system-ledger [ACTORS [SECONDS [SEED]]]
 *
 * Nothing tells an actor that a message of its own was handled, so that is seen at the receiver, which writes it down before
 * its verdict. What comes back as poison the sender writes down, and what is dead the dead-letter handler of its node.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/ledger_types.h"
#include "tests/system/nodes.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NODES = 2, ACTORS_MAX = 250, NUMBERS_MAX = 4096, KILL_EVERY_MS = 250, SETTLED_MS = 30000, ACTORS_PER_MS = 2 };

static struct node nodes[NODES];
static const char *const names[NODES] = {"one", "two"};
static char file[128];

/* ---- the actors ---- */

struct gossip {
    struct ledger_peer self;
    int node;
    uint32_t peers[LEDGER_PEERS]; /* their numbers */
};

static struct gossip actors[ACTORS_MAX];
static size_t count;
static bool dead[NUMBERS_MAX]; /* by number: killed */
static uint32_t last_number;
static uint64_t chance;

static void tell(const struct gossip *gossip, const char *type, const void *data, size_t bytes) {
    EXPECT(mesh_tell(nodes[0].handle, gossip->self.address, type, data, bytes) == MESH_OK);
}

static void introduce(struct gossip *gossip) {
    struct ledger_peer peers[LEDGER_PEERS];
    for (size_t i = 0; i < LEDGER_PEERS; i++) {
        peers[i] = actors[ledger_random(&chance) % count].self;
        gossip->peers[i] = peers[i].number;
    }
    tell(gossip, "peers", peers, sizeof peers);
}

static void create(struct gossip *gossip) {
    EXPECT(last_number + 1 < NUMBERS_MAX);
    gossip->node = (int)(ledger_random(&chance) % NODES);
    gossip->self.address = node_create(&nodes[0], "test.gossip", names[gossip->node]);
    gossip->self.number = ++last_number;
    struct ledger_begin begin = {gossip->self.number, (uint32_t)(count / ACTORS_PER_MS + 1)};
    tell(gossip, "begin", &begin, sizeof begin);
}

static bool knows(const struct gossip *gossip, uint32_t number) {
    for (size_t i = 0; i < LEDGER_PEERS; i++) {
        if (gossip->peers[i] == number) {
            return true;
        }
    }
    return false;
}

/* Who had it among its peers gets others when it is gone, and so sends it a few messages in vain. */
static void kill_one(void) {
    struct gossip *victim = &actors[ledger_random(&chance) % count];
    uint32_t number = victim->self.number;
    struct mesh_actor_report report;
    EXPECT(node_actor(&nodes[victim->node], victim->self.address, &report));
    dead[number] = true;
    EXPECT(kill((pid_t)report.pid, SIGKILL) == 0);
    create(victim);
    introduce(victim);
    for (size_t i = 0; i < count; i++) {
        if (knows(&actors[i], number)) {
            introduce(&actors[i]);
        }
    }
}

/* ---- the ledger ---- */

struct totals {
    size_t sent, handled, returned, dead, unsure, missing;
    const struct ledger_record *one_missing;
};

/* All that is known of one message. */
struct entry {
    unsigned sent, handled, returned, dead, maybe;
    uint32_t receiver;
    const struct ledger_record *record; /* the first */
    size_t handled_at;                  /* where in the file */
};

static struct ledger_record *records;
static size_t *order; /* of the records, by id and then as they were written */
static size_t records_count;
static size_t last_handled[NUMBERS_MAX]; /* by receiver: where its last record stands */

static int by_id(const void *one, const void *other) {
    size_t left = *(const size_t *)one, right = *(const size_t *)other;
    uint64_t left_id = records[left].id, right_id = records[right].id;
    return left_id != right_id ? (left_id > right_id) - (left_id < right_id) : (left > right) - (left < right);
}

static void read_ledger(void) {
    FILE *in = fopen(file, "re");
    EXPECT(in && fseek(in, 0, SEEK_END) == 0);
    records_count = (size_t)ftell(in) / sizeof *records;
    records = realloc(records, (records_count + 1) * sizeof *records);
    order = realloc(order, (records_count + 1) * sizeof *order);
    EXPECT(records && order && fseek(in, 0, SEEK_SET) == 0);
    EXPECT(fread(records, sizeof *records, records_count, in) == records_count && fclose(in) == 0);
    for (size_t i = 0; i < records_count; i++) {
        order[i] = i;
        if (records[i].kind == LEDGER_HANDLED) {
            last_handled[records[i].actor] = i;
        }
    }
    qsort(order, records_count, sizeof *order, by_id);
}

static void add(struct entry *entry, size_t at) {
    const struct ledger_record *record = &records[at];
    entry->sent += record->kind == LEDGER_SENT;
    entry->returned += record->kind == LEDGER_RETURNED;
    entry->dead += record->kind == LEDGER_DEAD;
    entry->maybe += record->kind == LEDGER_DEAD && record->actor;
    if (record->kind == LEDGER_HANDLED) {
        entry->handled++;
        entry->receiver = record->actor;
        entry->handled_at = at;
    }
}

static void fail(uint64_t id, const struct entry *entry, const char *why) {
    (void)fprintf(stderr, "message %u of actor %u: %s: sent %u, handled %u, returned %u, dead %u (maybe %u)\n",
                  (unsigned)(uint32_t)id, ledger_sender(id), why, entry->sent, entry->handled, entry->returned,
                  entry->dead, entry->maybe);
    exit(1);
}

/* The message that its receiver was at when it was killed: it may be on record there, and comes back all the same. */
static bool was_in_hand(const struct entry *entry) {
    return dead[entry->receiver] && last_handled[entry->receiver] == entry->handled_at;
}

static void judge(uint64_t id, const struct entry *entry, struct totals *totals) {
    if (entry->handled > 1) {
        fail(id, entry, "handled twice");
    }
    if (dead[ledger_sender(id)]) {
        return; /* what a sender that is gone had open is nobody's but its admin's (D14) */
    }
    if (entry->returned + entry->dead > 1) {
        fail(id, entry, "settled twice");
    }
    if (entry->handled && entry->dead && !entry->maybe) {
        fail(id, entry, "said not to have been handled");
    }
    if (entry->handled && entry->returned && !was_in_hand(entry)) {
        fail(id, entry, "returned after it was handled");
    }
    totals->sent += entry->sent;
    totals->handled += entry->handled && !entry->returned && !entry->dead;
    totals->returned += entry->returned;
    totals->dead += entry->dead;
    totals->unsure += entry->handled && (entry->returned || entry->dead);
    if (entry->sent && !entry->handled && !entry->returned && !entry->dead) {
        totals->missing++;
        totals->one_missing = entry->record;
    }
    if (entry->sent != 1 && entry->handled + entry->returned + entry->dead > 0) {
        fail(id, entry, "never sent");
    }
}

static struct totals judge_all(void) {
    struct totals totals = {0};
    read_ledger();
    for (size_t i = 0; i < records_count;) {
        struct entry entry = {.record = &records[order[i]]};
        uint64_t id = records[order[i]].id;
        for (; i < records_count && records[order[i]].id == id; i++) {
            add(&entry, order[i]);
        }
        judge(id, &entry, &totals);
    }
    return totals;
}

static void describe(const char *role, uint32_t number) {
    for (size_t i = 0; i < count; i++) {
        struct mesh_actor_report report;
        if (actors[i].self.number == number && node_actor(&nodes[actors[i].node], actors[i].self.address, &report)) {
            (void)fprintf(stderr, "%s %u on %s: mailbox %" PRIu64 ", handled %" PRIu64 ", unsettled %" PRIu64 "\n",
                          role, number, names[actors[i].node], report.mailbox, report.handled, report.unsettled);
            return;
        }
    }
    (void)fprintf(stderr, "%s %u: %s\n", role, number, dead[number] ? "killed" : "not on its node");
}

static void describe_missing(const struct ledger_record *record) {
    (void)fprintf(stderr, "missing: record %zu of %zu, message %u\n", (size_t)(record - records), records_count,
                  (unsigned)(uint32_t)record->id);
    describe("sender", ledger_sender(record->id));
    describe("receiver", record->actor);
}

/* ---- the course ---- */

static void stop_all(void) {
    for (size_t i = 0; i < count; i++) {
        EXPECT(strcmp(node_ask(&nodes[0], actors[i].self.address, "stop"), "stopped") == 0);
    }
}

static void D1_every_message_of_a_living_sender_is_settled_once(void) {
    long began_ms = node_now_ms();
    struct totals totals;
    while ((totals = judge_all()).missing > 0 && node_now_ms() - began_ms < SETTLED_MS) {
        node_pause();
    }
    (void)printf(
        "  of the living: sent %zu, handled %zu, returned %zu, dead %zu, missing %zu; handled and yet returned or "
        "dead: %zu; after %ld ms\n",
        totals.sent, totals.handled, totals.returned, totals.dead, totals.missing, totals.unsure,
        node_now_ms() - began_ms);
    if (totals.missing > 0) {
        describe_missing(totals.one_missing);
    }
    EXPECT(totals.missing == 0 && totals.dead > 0 && totals.handled > 0);
}

static void run(long seconds) {
    long kills = 0;
    for (size_t i = 0; i < count; i++) {
        create(&actors[i]);
    }
    for (size_t i = 0; i < count; i++) {
        introduce(&actors[i]);
    }
    long began_ms = node_now_ms();
    for (long now_ms; (now_ms = node_now_ms() - began_ms) < seconds * 1000; node_pause()) {
        if (now_ms >= (kills + 1) * KILL_EVERY_MS) {
            kill_one();
            kills++;
        }
    }
    stop_all();
    (void)printf("  %ld of %zu actors were killed\n", kills, count + (size_t)kills);
    D1_every_message_of_a_living_sender_is_settled_once();
}

static void end_file(void) {
    (void)unlink(file);
    free(records);
    free(order);
}

static void make_file(void) {
    const char *directory = getenv("TMPDIR");
    (void)snprintf(file, sizeof file, "%s/ledger.%d", directory ? directory : "/tmp", (int)getpid());
    FILE *out = fopen(file, "we");
    EXPECT(out && fclose(out) == 0 && setenv(LEDGER_ENVIRONMENT, file, 1) == 0 && atexit(end_file) == 0);
}

int main(int argc, char **argv) {
    mesh_host_enter(ledger_types);
    count = argc > 1 ? strtoul(argv[1], NULL, 10) : 30;
    long seconds = argc > 2 ? strtol(argv[2], NULL, 10) : 5;
    chance = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)time(NULL);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)printf("seed %" PRIu64 "\n", chance);
    EXPECT(count > 0 && count <= ACTORS_MAX);
    make_file();
    nodes_init(ledger_types);
    node_start(&nodes[0], names[0], NULL);
    node_start(&nodes[1], names[1], &nodes[0]);
    (void)node_await_members(&nodes[0], NODES, WAIT_MS);
    for (int i = 0; i < NODES; i++) {
        EXPECT(strcmp(node_ask(&nodes[0], node_create(&nodes[0], "test.clerk", names[i]), "well"), "well") == 0);
    }
    run(seconds);
    for (int i = 0; i < NODES; i++) {
        node_await_rest(&nodes[i]); /* and the counters add up (D1) */
    }
    node_stop(&nodes[1]);
    node_stop(&nodes[0]);
    return 0;
}
