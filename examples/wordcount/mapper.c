/* A mapper counts the words of the chunks that it gets, and sends the counts to the reducer. */
#include "actors.h"
#include "say.h"
#include "wordcount.pb-c.h"
#include "words.h"
#include <stdlib.h>

static enum mesh_status send_counts(struct mesh_actor *self, struct mesh_address reducer, uint64_t chunk,
                                    const struct words *words) {
    const struct word **sorted = words_sorted(words);
    Wordcount__Count *items = calloc(words->distinct + 1, sizeof *items);
    Wordcount__Count **pointers = calloc(words->distinct + 1, sizeof *pointers);
    enum mesh_status status = MESH_NO_MEMORY;
    if (sorted && items && pointers) {
        for (size_t i = 0; i < words->distinct; i++) {
            wordcount__count__init(&items[i]);
            items[i].word = (char *)(uintptr_t)sorted[i]->text; /* protobuf-c only reads it */
            items[i].count = sorted[i]->count;
            pointers[i] = &items[i];
        }
        Wordcount__Counts counts = WORDCOUNT__COUNTS__INIT;
        counts.chunk = chunk;
        counts.node = (char *)(uintptr_t)mesh_actor_node(self);
        counts.n_counts = words->distinct;
        counts.counts = pointers;
        status = say(self, reducer, &counts.base);
    }
    free(sorted);
    free(items);
    free(pointers);
    return status;
}

static enum mesh_status map(struct mesh_actor *self, const Wordcount__Chunk *chunk) {
    struct words words = {0};
    struct mesh_address reducer;
    enum mesh_status status = mesh_address_parse(chunk->reducer, &reducer);
    if (status == MESH_OK) {
        status = words_count(&words, (const char *)chunk->text.data, chunk->text.len) ? MESH_OK : MESH_NO_MEMORY;
    }
    if (status == MESH_OK) {
        status = send_counts(self, reducer, chunk->number, &words);
    }
    words_clear(&words);
    return status;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    Wordcount__Chunk *chunk = (Wordcount__Chunk *)mesh_protobuf_unpack(message, &wordcount__chunk__descriptor);
    if (!chunk) {
        return MESH_DONE;
    }
    enum mesh_status status = map(self, chunk);
    wordcount__chunk__free_unpacked(chunk, NULL);
    return status == MESH_OK ? MESH_DONE : mesh_fail(self, "a chunk is not counted: %s", mesh_status_text(status));
}

static const struct mesh_requirement requirements[] = {{"mapper", MESH_PRESENT, NULL}};

const struct mesh_type mapper_type = {
    .name = "wordcount-mapper",
    .receive = receive,
    .requirements = requirements,
    .requirements_count = 1,
};
