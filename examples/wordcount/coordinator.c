/* The coordinator deals chunks to mappers, a few at a time each, and deals those of a lost mapper anew. */
#include "actors.h"
#include "say.h"
#include "wordcount.pb-c.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPERS_MAX = 256, DEALT_MAX = 4, LOSSES_MAX = 32, CHUNKS_MAX = 1 << 20, PROGRESS_EVERY = 4 };

struct chunk {
    struct mesh_packed packed; /* as it goes to a mapper; kept until it is done */
    int mapper;                /* that has it; -1: it waits */
    bool done;
};

struct mapper {
    struct mesh_address address;
    unsigned dealt;
};

struct coordinator {
    struct mesh_address client, reducer;
    struct mapper mappers[MAPPERS_MAX];
    size_t mappers_count, losses;
    struct chunk *chunks;
    uint64_t chunks_count, chunks_room, first_waiting, done, ended, messages;
    uint32_t top;
    bool end_known, end_told, failed;
};

static enum mesh_status fail_job(struct mesh_actor *self, struct coordinator *job, const char *text) {
    Wordcount__Failed failed = WORDCOUNT__FAILED__INIT;
    failed.text = (char *)(uintptr_t)text;
    job->failed = true;
    return say(self, job->client, &failed.base);
}

/* ---- dealing ---- */

static struct chunk *next_waiting(struct coordinator *job) {
    while (job->first_waiting < job->chunks_count) {
        struct chunk *chunk = &job->chunks[job->first_waiting];
        if (!chunk->done && chunk->mapper < 0) {
            return chunk;
        }
        job->first_waiting++;
    }
    return NULL;
}

static enum mesh_status deal(struct mesh_actor *self, struct coordinator *job) {
    for (unsigned round = 0; round < DEALT_MAX; round++) {
        for (size_t i = 0; i < job->mappers_count; i++) {
            struct chunk *chunk = job->mappers[i].dealt <= round ? next_waiting(job) : NULL;
            if (!chunk) {
                continue;
            }
            enum mesh_status status =
                mesh_send(self, job->mappers[i].address, chunk->packed.type, chunk->packed.data, chunk->packed.bytes);
            if (status != MESH_OK) {
                return status;
            }
            chunk->mapper = (int)i;
            job->mappers[i].dealt++;
        }
    }
    return MESH_OK;
}

static enum mesh_status tell_end(struct mesh_actor *self, struct coordinator *job) {
    char client[MESH_ADDRESS_TEXT_BYTES];
    Wordcount__End end = WORDCOUNT__END__INIT;
    end.chunks = job->ended;
    end.top = job->top;
    end.client = (char *)(uintptr_t)mesh_address_print(job->client, client);
    end.messages = job->messages + job->ended; /* and each mapper handled one for each chunk */
    job->end_told = true;
    return say(self, job->reducer, &end.base);
}

/* ---- messages ---- */

static enum mesh_status on_job(struct mesh_actor *self, struct coordinator *job, const Wordcount__Job *begun) {
    enum mesh_status status = mesh_address_parse(begun->client, &job->client);
    job->top = begun->top;
    job->mappers_count = begun->mappers > MAPPERS_MAX ? MAPPERS_MAX : begun->mappers;
    if (status == MESH_OK) {
        status = mesh_create(self, "wordcount-reducer", NULL, &job->reducer);
    }
    for (size_t i = 0; status == MESH_OK && i < job->mappers_count; i++) {
        status = mesh_create(self, "wordcount-mapper", NULL, &job->mappers[i].address);
    }
    return status;
}

static enum mesh_status add_chunk(struct coordinator *job, Wordcount__Chunk *dealt) {
    if (dealt->number != job->chunks_count || dealt->number >= CHUNKS_MAX) {
        return MESH_PROTOCOL;
    }
    if (job->chunks_count == job->chunks_room) {
        uint64_t room = job->chunks_room ? job->chunks_room * 2 : 256;
        struct chunk *chunks = realloc(job->chunks, room * sizeof *chunks);
        if (!chunks) {
            return MESH_NO_MEMORY;
        }
        job->chunks = chunks;
        job->chunks_room = room;
    }
    char reducer[MESH_ADDRESS_TEXT_BYTES];
    char *unpacked = dealt->reducer;
    dealt->reducer = (char *)(uintptr_t)mesh_address_print(job->reducer, reducer);
    struct chunk *chunk = &job->chunks[job->chunks_count];
    *chunk = (struct chunk){.mapper = -1};
    enum mesh_status status = mesh_protobuf_pack(&chunk->packed, &dealt->base);
    dealt->reducer = unpacked;
    job->chunks_count += status == MESH_OK;
    return status;
}

static enum mesh_status on_done(struct mesh_actor *self, struct coordinator *job, uint64_t number) {
    if (number >= job->chunks_count || job->chunks[number].done) {
        return MESH_OK;
    }
    struct chunk *chunk = &job->chunks[number];
    chunk->done = true;
    mesh_protobuf_release(&chunk->packed);
    if (chunk->mapper >= 0) {
        job->mappers[chunk->mapper].dealt--;
    }
    job->done++;
    if (job->done % PROGRESS_EVERY != 0) {
        return MESH_OK;
    }
    Wordcount__Progress progress = WORDCOUNT__PROGRESS__INIT;
    progress.done = job->done;
    return say(self, job->client, &progress.base);
}

/* A lost mapper is replaced, and what it had is dealt anew; without the reducer the job is lost. */
static enum mesh_status on_child_exited(struct mesh_actor *self, struct coordinator *job,
                                        const struct mesh_message *message) {
    struct mesh_exit exit;
    char text[600];
    enum mesh_status status = mesh_message_exit(message, &exit);
    if (status != MESH_OK || job->failed) {
        return status;
    }
    if (mesh_address_equal(exit.child, job->reducer)) {
        snprintf(text, sizeof text, "the reducer is lost: %s", exit.text);
        return fail_job(self, job, text);
    }
    if (exit.how == MESH_EXITED_UNCREATED || ++job->losses > LOSSES_MAX) {
        snprintf(text, sizeof text, "a mapper is lost for good: %s", exit.text);
        return fail_job(self, job, text);
    }
    for (size_t i = 0; i < job->mappers_count; i++) {
        if (!mesh_address_equal(exit.child, job->mappers[i].address)) {
            continue;
        }
        mesh_log(self, MESH_LOG_WARNING, "a mapper is lost (%s): its chunks are dealt anew", exit.text);
        for (uint64_t c = 0; c < job->chunks_count; c++) {
            if (!job->chunks[c].done && job->chunks[c].mapper == (int)i) {
                job->chunks[c].mapper = -1;
            }
        }
        job->first_waiting = 0;
        job->mappers[i].dealt = 0;
        status = mesh_create(self, "wordcount-mapper", NULL, &job->mappers[i].address);
    }
    return status;
}

static enum mesh_status take(struct mesh_actor *self, struct coordinator *job, const struct mesh_message *message) {
    ProtobufCMessage *body;
    enum mesh_status status = MESH_OK;
    if ((body = mesh_protobuf_unpack(message, &wordcount__chunk__descriptor))) {
        status = add_chunk(job, (Wordcount__Chunk *)body);
    } else if ((body = mesh_protobuf_unpack(message, &wordcount__done__descriptor))) {
        status = on_done(self, job, ((Wordcount__Done *)body)->chunk);
    } else if ((body = mesh_protobuf_unpack(message, &wordcount__job__descriptor))) {
        status = on_job(self, job, (Wordcount__Job *)body);
    } else if ((body = mesh_protobuf_unpack(message, &wordcount__end__descriptor))) {
        job->ended = ((Wordcount__End *)body)->chunks;
        job->end_known = true;
    }
    protobuf_c_message_free_unpacked(body, NULL);
    return status;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct coordinator *job = state;
    enum mesh_status status = MESH_OK;
    job->messages++;
    if (mesh_message_kind(message) == MESH_USER) {
        status = take(self, job, message);
    } else if (mesh_message_kind(message) == MESH_CHILD_EXITED) {
        status = on_child_exited(self, job, message);
    }
    if (status == MESH_OK && !job->failed && mesh_message_kind(message) != MESH_EXIT_REQUEST) {
        status = deal(self, job);
    }
    if (status == MESH_OK && job->end_known && !job->end_told && job->done == job->ended) {
        status = tell_end(self, job);
    }
    return status == MESH_OK ? MESH_DONE : mesh_fail(self, "the job goes wrong: %s", mesh_status_text(status));
}

static void stop(struct mesh_actor *self, void *state) {
    (void)self;
    struct coordinator *job = state;
    for (uint64_t i = 0; i < job->chunks_count; i++) {
        mesh_protobuf_release(&job->chunks[i].packed);
    }
    free(job->chunks);
}

const struct mesh_type coordinator_type = {
    .name = "wordcount-coordinator",
    .state_bytes = sizeof(struct coordinator),
    .receive = receive,
    .stop = stop,
};
