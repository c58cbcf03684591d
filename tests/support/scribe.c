/* Scribes: actors that log what they are told to, and answer when it is done.
 *
 * Told by text: "LEVEL COUNT TEXT", as "warning 3 too hot": so many lines of that level, each with its number behind the text;
 * "threads COUNT": that many threads log a line each while the handler waits for all of them; "die COUNT": it logs that many lines, and
 * kills itself before it answers. A hostile text is what \xNN in it stands for. Two types: "scribe", and "scribe.loud".
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/mesh.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 4096, THREADS_MAX = 200 };

static const char *const levels[] = {"error", "warning", "info", "debug"};

static bool read_level(const char *word, enum mesh_level *out) {
    for (int level = MESH_LOG_ERROR; level <= MESH_LOG_DEBUG; level++) {
        if (strcmp(word, levels[level]) == 0) {
            *out = (enum mesh_level)level;
            return true;
        }
    }
    return false;
}

/* "\x1b" becomes that byte. */
static void unescape(char *text) {
    char *to = text;
    for (char *at = text; *at;) {
        if (at[0] == '\\' && at[1] == 'x' && at[2] && at[3]) {
            char digits[] = {at[2], at[3], '\0'};
            *to++ = (char)strtol(digits, NULL, 16);
            at += 4;
        } else {
            *to++ = *at++;
        }
    }
    *to = '\0';
}

static void write_lines(struct mesh_actor *self, enum mesh_level level, long count, char *text) {
    unescape(text);
    for (long i = 1; i <= count; i++) {
        mesh_log(self, level, "%s %ld", text, i);
    }
}

static void *write_one(void *user) {
    mesh_log(user, MESH_LOG_INFO, "from a thread");
    return NULL;
}

static enum mesh_verdict write_by_threads(struct mesh_actor *self, long count) {
    pthread_t threads[THREADS_MAX];
    long begun = 0;
    while (begun < count && begun < THREADS_MAX && pthread_create(&threads[begun], NULL, write_one, self) == 0) {
        begun++;
    }
    for (long i = 0; i < begun; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return begun == count ? MESH_DONE : mesh_fail(self, "only %ld threads", begun);
}

static enum mesh_verdict answer(struct mesh_actor *self, const struct mesh_message *message) {
    return mesh_reply_text(self, message, "done") == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict obey(struct mesh_actor *self, const char *said, char *text) {
    char word[16];
    int rest = 0;
    long count;
    enum mesh_level level;
    char *end;
    const char *space = strchr(said, ' ');
    if (!space || (size_t)(space - said) >= sizeof word) {
        return mesh_fail(self, "'%s' is no order", said);
    }
    (void)snprintf(word, sizeof word, "%.*s", (int)(space - said), said);
    count = strtol(space + 1, &end, 10);
    rest = *end == ' ';
    (void)snprintf(text, TEXT_BYTES, "%s", end + rest);
    if (read_level(word, &level)) {
        write_lines(self, level, count, text);
        return MESH_DONE;
    }
    if (strcmp(word, "threads") == 0) {
        return write_by_threads(self, count);
    }
    if (strcmp(word, "die") == 0) {
        write_lines(self, MESH_LOG_WARNING, count, text);
        (void)raise(SIGKILL);
    }
    return mesh_fail(self, "'%s' is no order", said);
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    char text[TEXT_BYTES];
    (void)state;
    if (mesh_message_kind(message) != MESH_USER || !mesh_message_text(message)) {
        return MESH_DONE;
    }
    enum mesh_verdict verdict = obey(self, mesh_message_text(message), text);
    return verdict == MESH_DONE ? answer(self, message) : verdict;
}

static const struct mesh_type scribe = {.name = "scribe", .receive = receive};
static const struct mesh_type loud = {.name = "scribe.loud", .receive = receive};

MESH_MODULE(&scribe, &loud);
