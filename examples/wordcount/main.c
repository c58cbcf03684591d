/* wordcount: counts the words of files on a mesh, and checks the count against one that it makes itself. */
#define _GNU_SOURCE 1
#include "wordcount.pb-c.h"
#include "words.h"
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <mesh/mesh.h>
#include <mesh/protobuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 32 * 1024, SILENCE_MS = 20000, TOP = 10, BAR = 40 };

struct job {
    const char *run_directory;
    char **files;
    int files_count;
    unsigned times, mappers;
    struct mesh_node *node;
    struct mesh_address coordinator;
    struct words expected;
    uint64_t chunks, bytes, handled;
    bool bar;
};

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int complain(const char *what, const char *why) {
    fprintf(stderr, "wordcount: %s: %s\n", what, why);
    return 1;
}

/* A status in words; a node that has ended is named. */
static const char *why(const struct job *job, enum mesh_status status, char text[256]) {
    if (status == MESH_CLOSED) {
        snprintf(text, 256, "the node in %s has ended",
                 job->run_directory ? job->run_directory : "its default directory");
        return text;
    }
    return mesh_status_text(status);
}

/* ---- sending the job ---- */

static int tell(struct job *job, const ProtobufCMessage *message) {
    struct mesh_packed packed;
    enum mesh_status status = mesh_protobuf_pack(&packed, message);
    if (status == MESH_OK) {
        status = mesh_tell(job->node, job->coordinator, packed.type, packed.data, packed.bytes);
        mesh_protobuf_release(&packed);
    }
    char text[256];
    return status == MESH_OK ? 0 : complain("the job cannot be sent", why(job, status, text));
}

static int begin(struct job *job) {
    struct mesh_error error;
    struct mesh_node_options options = {.run_directory = job->run_directory};
    if (mesh_node_attach(&job->node, &options, &error) != MESH_OK ||
        mesh_node_create(job->node, "wordcount-coordinator", NULL, &job->coordinator, &error) != MESH_OK) {
        return complain("cannot begin", error.text);
    }
    char client[MESH_ADDRESS_TEXT_BYTES];
    Wordcount__Job begun = WORDCOUNT__JOB__INIT;
    begun.mappers = job->mappers;
    begun.top = TOP;
    begun.client = (char *)(uintptr_t)mesh_address_print(mesh_node_address(job->node), client);
    return tell(job, &begun.base);
}

static int send_chunk(struct job *job, char *text, size_t bytes) {
    Wordcount__Chunk chunk = WORDCOUNT__CHUNK__INIT;
    chunk.number = job->chunks++;
    chunk.text.data = (uint8_t *)text;
    chunk.text.len = bytes;
    job->bytes += bytes;
    return tell(job, &chunk.base);
}

/* Chunks end where a word does not go on. */
static int send_text(struct job *job, char *text, size_t bytes) {
    for (size_t at = 0; at < bytes;) {
        size_t end = bytes - at > CHUNK_BYTES ? at + CHUNK_BYTES : bytes;
        while (end < bytes && end > at + 1 && isalpha((unsigned char)text[end]) &&
               isalpha((unsigned char)text[end - 1])) {
            end--;
        }
        if (send_chunk(job, text + at, end - at) != 0) {
            return 1;
        }
        at = end;
    }
    return 0;
}

static int send_file(struct job *job, const char *path) {
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    if (!file) {
        return complain(path, strerror(errno));
    }
    ssize_t got = getdelim(&text, &room, EOF, file); /* up to a byte that text does not have: all of it */
    int failed = got < 0 && ferror(file) ? complain(path, strerror(errno)) : 0;
    size_t bytes = got > 0 ? (size_t)got : 0;
    for (unsigned i = 0; !failed && i < job->times; i++) {
        failed = send_text(job, text, bytes);
    }
    if (!failed && !words_count(&job->expected, text ? text : "", bytes)) {
        failed = complain(path, "no memory");
    }
    free(text);
    fclose(file);
    return failed;
}

/* ---- the answers ---- */

static void draw_bar(const struct job *job, uint64_t done) {
    if (!job->bar) {
        return;
    }
    int filled = job->chunks ? (int)(done * BAR / job->chunks) : BAR;
    printf("\r  [%.*s%*s] %3d %%", filled, "########################################", BAR - filled, "",
           job->chunks ? (int)(done * 100 / job->chunks) : 100);
    fflush(stdout);
}

static int print_result(const struct job *job, const Wordcount__Result *result, double took) {
    if (job->bar) {
        printf("\r%*s\r", BAR + 12, "");
    }
    printf("  %llu words, %llu different, in %llu chunks of %.1f MB: %.2f s, %llu messages, %.1f MB/s\n",
           (unsigned long long)result->words, (unsigned long long)result->distinct, (unsigned long long)job->chunks,
           (double)job->bytes / 1e6, took, (unsigned long long)(result->messages + job->handled),
           (double)job->bytes / 1e6 / took);
    for (size_t i = 0; i < result->n_top; i++) {
        printf("  %-16s %10llu\n", result->top[i]->word, (unsigned long long)result->top[i]->count);
    }
    for (size_t i = 0; i < result->n_shares; i++) {
        printf("  node %-11s %10llu words, %4.1f %%\n", result->shares[i]->node,
               (unsigned long long)result->shares[i]->words,
               result->words ? 100.0 * (double)result->shares[i]->words / (double)result->words : 0.0);
    }
    uint64_t expected = job->expected.total * job->times;
    if (result->words != expected || result->distinct != job->expected.distinct) {
        fprintf(stderr, "wordcount: the counts disagree: one process counts %llu words, %zu different\n",
                (unsigned long long)expected, job->expected.distinct);
        return 1;
    }
    printf("  one process counts the same\n");
    return 0;
}

/* 0 and 1 end the job, -1 goes on. */
static int take(struct job *job, const struct mesh_message *message, double began) {
    ProtobufCMessage *body;
    int ended = -1;
    job->handled++;
    if ((body = mesh_protobuf_unpack(message, &wordcount__progress__descriptor))) {
        draw_bar(job, ((Wordcount__Progress *)body)->done);
    } else if ((body = mesh_protobuf_unpack(message, &wordcount__result__descriptor))) {
        ended = print_result(job, (Wordcount__Result *)body, seconds() - began);
    } else if ((body = mesh_protobuf_unpack(message, &wordcount__failed__descriptor))) {
        ended = complain("the job failed", ((Wordcount__Failed *)body)->text);
    } else if (mesh_message_kind(message) == MESH_POISON) {
        ended = complain("the job failed", mesh_message_failure(message));
    }
    protobuf_c_message_free_unpacked(body, NULL);
    return ended;
}

static int await_result(struct job *job, double began) {
    for (;;) {
        struct mesh_message *message;
        enum mesh_status status = mesh_listen(job->node, SILENCE_MS, &message);
        if (status == MESH_TIMED_OUT) {
            return complain("the job failed", "nothing came from the coordinator for 20 s; see `mesh status`");
        }
        char text[256];
        if (status != MESH_OK) {
            return complain("the job failed", why(job, status, text));
        }
        int ended = take(job, message, began);
        mesh_message_release(&message);
        if (ended >= 0) {
            return ended;
        }
    }
}

static int run(struct job *job) {
    double began = seconds();
    int failed = begin(job);
    for (int i = 0; !failed && i < job->files_count; i++) {
        failed = send_file(job, job->files[i]);
    }
    if (!failed) {
        Wordcount__End end = WORDCOUNT__END__INIT;
        end.chunks = job->chunks;
        failed = tell(job, &end.base);
    }
    if (!failed) {
        failed = await_result(job, began);
    }
    if (job->node && !mesh_address_is_none(job->coordinator)) {
        (void)!mesh_node_request_exit(job->node, job->coordinator, false); /* its children go with it */
    }
    mesh_node_detach(&job->node);
    words_clear(&job->expected);
    return failed;
}

/* ---- arguments ---- */

static const struct argp_option options[] = {
    {"times", 't', "N", 0, "Count each file N times, to make it worth watching (default 1)", 0},
    {"mappers", 'm', "N", 0, "How many mappers to create (default 4)", 0},
    {"run-directory", 'r', "DIR", 0, "Run directory of the node to attach to", 0},
    {0},
};

static unsigned number(struct argp_state *state, const char *name, const char *text, unsigned long most) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 1 || value > most) {
        argp_error(state, "%s takes a whole number from 1 to %lu, not '%s'", name, most, text);
    }
    return (unsigned)value;
}

static error_t parse(int key, char *text, struct argp_state *state) {
    struct job *job = state->input;
    switch (key) {
    case 't':
        job->times = number(state, "--times", text, 10000);
        return 0;
    case 'm':
        job->mappers = number(state, "--mappers", text, 256);
        return 0;
    case 'r':
        job->run_directory = text;
        return 0;
    case ARGP_KEY_ARGS:
        job->files = state->argv + state->next;
        job->files_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name the files to count");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv) {
    struct job job = {.times = 1, .mappers = 4, .bar = isatty(STDOUT_FILENO)};
    const struct argp argp = {
        .options = options, .parser = parse, .args_doc = "FILES...", .doc = "Counts words of files on a mesh."};
    argp_parse(&argp, argc, argv, 0, NULL, &job);
    return run(&job);
}
