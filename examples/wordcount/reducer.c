/* The reducer adds up the counts of all chunks. A chunk that was counted twice, since a mapper was lost, counts once. */
#include "actors.h"
#include "say.h"
#include "wordcount.pb-c.h"
#include "words.h"
#include <stdlib.h>
#include <string.h>

enum { NODES = 64, CHUNKS_MAX = 1 << 20 };

struct share {
    char node[64];
    uint64_t chunks, words;
};

struct reducer {
    struct words words;
    uint8_t *seen; /* one for each chunk that is in */
    uint64_t seen_count, handled;
    struct share shares[NODES];
    size_t shares_count;
    uint64_t chunks, messages; /* once the end is known */
    uint32_t top;
    bool ended;
    struct mesh_address client;
};

static struct share *share_of(struct reducer *reducer, const char *node) {
    for (size_t i = 0; i < reducer->shares_count; i++) {
        if (strcmp(reducer->shares[i].node, node) == 0) {
            return &reducer->shares[i];
        }
    }
    if (reducer->shares_count == NODES) {
        return &reducer->shares[NODES - 1]; /* the rest share the last line */
    }
    struct share *share = &reducer->shares[reducer->shares_count++];
    strncpy(share->node, node, sizeof share->node - 1);
    return share;
}

static enum mesh_status add(struct reducer *reducer, const Wordcount__Counts *counts) {
    if (counts->chunk >= CHUNKS_MAX || reducer->seen[counts->chunk]) {
        return MESH_OK;
    }
    struct share *share = share_of(reducer, counts->node);
    for (size_t i = 0; i < counts->n_counts; i++) {
        if (!words_add(&reducer->words, counts->counts[i]->word, counts->counts[i]->count)) {
            return MESH_NO_MEMORY;
        }
        share->words += counts->counts[i]->count;
    }
    share->chunks++;
    reducer->seen[counts->chunk] = 1;
    reducer->seen_count++;
    return MESH_OK;
}

static size_t fill_shares(const struct reducer *reducer, Wordcount__Share *items, Wordcount__Share **pointers) {
    for (size_t i = 0; i < reducer->shares_count; i++) {
        wordcount__share__init(&items[i]);
        items[i].node = (char *)(uintptr_t)reducer->shares[i].node;
        items[i].chunks = reducer->shares[i].chunks;
        items[i].words = reducer->shares[i].words;
        pointers[i] = &items[i];
    }
    return reducer->shares_count;
}

static enum mesh_status send_result(struct mesh_actor *self, const struct reducer *reducer) {
    const struct word **sorted = words_sorted(&reducer->words);
    size_t top = reducer->words.distinct < reducer->top ? reducer->words.distinct : reducer->top;
    Wordcount__Count *items = calloc(top + 1, sizeof *items);
    Wordcount__Count **pointers = calloc(top + 1, sizeof *pointers);
    enum mesh_status status = MESH_NO_MEMORY;
    if (sorted && items && pointers) {
        Wordcount__Share shares[NODES], *share_pointers[NODES];
        Wordcount__Result result = WORDCOUNT__RESULT__INIT;
        for (size_t i = 0; i < top; i++) {
            wordcount__count__init(&items[i]);
            items[i].word = (char *)(uintptr_t)sorted[i]->text;
            items[i].count = sorted[i]->count;
            pointers[i] = &items[i];
        }
        result.words = reducer->words.total;
        result.distinct = reducer->words.distinct;
        result.messages = reducer->messages + reducer->handled;
        result.n_top = top;
        result.top = pointers;
        result.n_shares = fill_shares(reducer, shares, share_pointers);
        result.shares = share_pointers;
        status = say(self, reducer->client, &result.base);
    }
    free(sorted);
    free(items);
    free(pointers);
    return status;
}

static enum mesh_status on_end(struct reducer *reducer, const Wordcount__End *end) {
    reducer->chunks = end->chunks;
    reducer->messages = end->messages;
    reducer->top = end->top;
    reducer->ended = true;
    return mesh_address_parse(end->client, &reducer->client);
}

/* Only what is in here is done: a mapper that says so may be lost before its counts arrive. */
static enum mesh_status tell_done(struct mesh_actor *self, uint64_t chunk) {
    Wordcount__Done done = WORDCOUNT__DONE__INIT;
    done.chunk = chunk;
    return say(self, mesh_parent(self), &done.base);
}

static enum mesh_status take(struct mesh_actor *self, struct reducer *reducer, const struct mesh_message *message) {
    enum mesh_status status = MESH_OK;
    if (mesh_protobuf_is(message, &wordcount__counts__descriptor)) {
        Wordcount__Counts *counts = (Wordcount__Counts *)mesh_protobuf_unpack(message, &wordcount__counts__descriptor);
        status = counts ? add(reducer, counts) : MESH_PROTOCOL;
        if (status == MESH_OK) {
            status = tell_done(self, counts->chunk);
        }
        wordcount__counts__free_unpacked(counts, NULL);
    } else if (mesh_protobuf_is(message, &wordcount__end__descriptor)) {
        Wordcount__End *end = (Wordcount__End *)mesh_protobuf_unpack(message, &wordcount__end__descriptor);
        status = end ? on_end(reducer, end) : MESH_PROTOCOL;
        wordcount__end__free_unpacked(end, NULL);
    }
    return status;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct reducer *reducer = state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    reducer->handled++;
    enum mesh_status status = take(self, reducer, message);
    if (status == MESH_OK && reducer->ended && reducer->seen_count == reducer->chunks) {
        reducer->ended = false;
        status = send_result(self, reducer);
    }
    return status == MESH_OK ? MESH_DONE : mesh_fail(self, "counts are not added: %s", mesh_status_text(status));
}

static enum mesh_verdict start(struct mesh_actor *self, void *state) {
    struct reducer *reducer = state;
    reducer->seen = calloc(CHUNKS_MAX, 1);
    return reducer->seen ? MESH_DONE : mesh_fail(self, "no memory");
}

static void stop(struct mesh_actor *self, void *state) {
    (void)self;
    struct reducer *reducer = state;
    words_clear(&reducer->words);
    free(reducer->seen);
}

static const struct mesh_requirement requirements[] = {{"reducer", MESH_PRESENT, NULL}};

const struct mesh_type reducer_type = {
    .name = "wordcount-reducer",
    .state_bytes = sizeof(struct reducer),
    .receive = receive,
    .start = start,
    .stop = stop,
    .requirements = requirements,
    .requirements_count = 1,
};
