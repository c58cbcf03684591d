/* Reading the logs of a convention: see <mesh/log.h>.
 *
 *   of each node   IDLE --question--> ASKED --lines--> IDLE ... --the end--> OVER, unless it follows
 *
 * One question is on its way to each node, with the place where the answer before it ended. First each log is read to its
 * end, and of its lines the latest are kept; when all are there they are sorted, and handed out. What comes after that is handed out as
 * it comes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/list.h"
#include "mesh/core/log_line.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/handle.h"
#include <mesh/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SOURCES_MAX = 1024,
    LAST_MAX = 10000,
    WAIT_MS = 2000, /* of a question at the end of a log; less than an admin waits for another */
    NAME_BYTES = 128,
    ADMIN_WAIT_MS = 5000, /* for the names of members */
};

#define AGAIN_NS (2 * NS_PER_S) /* after a node that did not answer */
#define LOOK_NS (5 * NS_PER_S)  /* for new members */
#define ANSWER_NS (10 * NS_PER_S)

struct kept_line {
    struct list_node place;
    struct mesh_log_line line;
    uint64_t number; /* in the order in which they came */
    char texts[];    /* that the line points into */
};

struct source {
    struct mesh_log_reader *reader;
    char name[NAME_BYTES];
    struct handle_request request;
    bool asked, over;
    bool first;   /* its log has not been read to its end yet */
    bool failing; /* it has been told that it does not answer */
    uint64_t file, offset;
    uint64_t asked_ns, retry_ns;
    struct list latest; /* of the first ones */
    size_t latest_count;
};

struct mesh_log_reader {
    struct mesh_node *node;
    struct mesh_log_options options;
    char name[NAME_BYTES]; /* of the one node; "": of all */
    struct source *sources[SOURCES_MAX];
    size_t count;
    uint64_t look_ns; /* for new members */
    uint64_t numbers;
    bool gathered, no_memory;
    struct list ready;
    struct kept_line *given; /* lasts until the next call */
};

/* ---- lines ---- */

static void free_lines(struct list *list) {
    for (struct list_node *node; (node = list_pop_front(list));) {
        free(LIST_OWNER(node, struct kept_line, place));
    }
}

static struct kept_line *keep(struct mesh_log_reader *reader, const struct log_line *line) {
    const struct bytes from[] = {line->node, line->type, line->text};
    char texts[3][LOG_LINE_BYTES];
    size_t begins[3], used = 0;
    for (size_t i = 0; i < 3; i++) {
        begins[i] = used;
        used += log_text_clean(texts[i], from[i]) + 1;
    }
    struct kept_line *kept = malloc(sizeof *kept + used);
    if (!kept) {
        reader->no_memory = true;
        return NULL;
    }
    for (size_t i = 0; i < 3; i++) {
        memcpy(kept->texts + begins[i], texts[i], (i < 2 ? begins[i + 1] : used) - begins[i]);
    }
    kept->number = ++reader->numbers;
    kept->line = (struct mesh_log_line){.time_ms = line->time_ms,
                                        .level = line->level,
                                        .pid = line->pid,
                                        .node = kept->texts + begins[0],
                                        .type = kept->texts + begins[1],
                                        .address = line->address,
                                        .text = kept->texts + begins[2]};
    list_node_init(&kept->place);
    return kept;
}

static void note(struct source *source, const char *text) {
    struct log_line line = {.level = MESH_LOG_WARNING,
                            .node = bytes_of_text(source->name),
                            .type = bytes_make("", 0),
                            .text = bytes_of_text(text)};
    struct kept_line *kept = keep(source->reader, &line);
    if (kept) {
        kept->line.note = true;
        list_push_back(&source->reader->ready, &kept->place);
    }
}

/* The latest are kept while the first are gathered; what comes later is for the caller at once. */
static void take_line(struct source *source, struct bytes text) {
    char room[LOG_LINE_BYTES];
    struct log_line line;
    struct kept_line *kept = NULL;
    if (text.size <= LOG_LINE_BYTES && log_line_parse(text, room, &line)) {
        kept = keep(source->reader, &line);
    }
    if (kept && !source->first) {
        list_push_back(&source->reader->ready, &kept->place);
    } else if (kept) {
        list_push_back(&source->latest, &kept->place);
        source->latest_count++;
    }
    if (source->latest_count > source->reader->options.last) {
        free(LIST_OWNER(list_pop_front(&source->latest), struct kept_line, place));
        source->latest_count--;
    }
}

/* ---- one node ---- */

/* Its log has been read to its end. Of a node that came later the lines go out at once. */
static void enter_end(struct source *source) {
    struct list_node *line;
    while (source->reader->gathered && (line = list_pop_front(&source->latest))) {
        list_push_back(&source->reader->ready, line);
        source->latest_count--;
    }
    source->first = false;
    source->over = !source->reader->options.follow;
}

static void fail(struct source *source, uint64_t now_ns, const char *text) {
    if (!source->failing) {
        note(source, text);
    }
    source->failing = true;
    source->retry_ns = time_add(now_ns, AGAIN_NS);
    enter_end(source);
}

/* Called with the answer, whose views do not outlast it. */
static void on_reply(void *user, const struct control_log_reply *reply) {
    struct source *source = user;
    source->failing = false;
    if (reply->skipped) {
        note(source, "lines are missing here: they were rotated away before they were read");
    }
    for (size_t i = 0; i < reply->count; i++) {
        take_line(source, reply->lines[i]);
    }
    source->file = reply->file;
    source->offset = reply->offset;
    if (reply->note.size > 0) {
        char text[FRAME_TEXT_BYTES + 1];
        (void)snprintf(text, sizeof text, "%.*s", (int)reply->note.size, (const char *)reply->note.data);
        fail(source, process_now(source->reader->node->process), text);
    } else if (reply->end) {
        enter_end(source);
    }
}

static void ask(struct source *source, uint64_t now_ns) {
    struct mesh_log_reader *reader = source->reader;
    bool follows = reader->options.follow && !source->first;
    struct control control = {.kind = CONTROL_LOG_REQUEST};
    control.log_request = (struct control_log_request){.node = bytes_of_text(source->name),
                                                       .level = reader->options.level,
                                                       .file = source->file,
                                                       .offset = source->offset,
                                                       .wait_ms = follows ? WAIT_MS : 0};
    source->request = (struct handle_request){.log_reply = on_reply, .user = source};
    if (handle_begin_request(reader->node, &control, &source->request) == MESH_OK) {
        source->asked = true;
        source->asked_ns = now_ns;
    } else {
        source->retry_ns = time_add(now_ns, AGAIN_NS);
    }
}

static void forget(struct source *source) {
    if (source->asked) {
        handle_end_request(source->reader->node, &source->request);
        source->asked = false;
    }
}

/* Whether it has answered, or will not any more. */
static void look(struct source *source, uint64_t now_ns) {
    bool late = source->asked && now_ns >= time_add(source->asked_ns, ANSWER_NS);
    if (source->asked && (source->request.answered || late)) {
        enum mesh_status status = late ? MESH_TIMED_OUT : source->request.status;
        forget(source);
        if (status != MESH_OK) {
            fail(source, now_ns, late ? "it does not answer" : source->request.error.text);
        }
    }
    if (!source->asked && !source->over && now_ns >= source->retry_ns) {
        ask(source, now_ns);
    }
}

/* ---- all nodes ---- */

static struct source *find_source(const struct mesh_log_reader *reader, const char *name) {
    for (size_t i = 0; i < reader->count; i++) {
        if (strcmp(reader->sources[i]->name, name) == 0) {
            return reader->sources[i];
        }
    }
    return NULL;
}

static void add_source(struct mesh_log_reader *reader, const char *name) {
    if (reader->count == SOURCES_MAX || strlen(name) >= NAME_BYTES || find_source(reader, name)) {
        return;
    }
    struct source *source = calloc(1, sizeof *source);
    if (!source) {
        reader->no_memory = true;
        return;
    }
    (void)snprintf(source->name, sizeof source->name, "%s", name);
    source->reader = reader;
    source->first = true;
    list_init(&source->latest);
    reader->sources[reader->count++] = source;
}

/* Without the baton. */
static enum mesh_status find_members(struct mesh_log_reader *reader, struct mesh_error *error) {
    struct mesh_report *report = NULL;
    enum mesh_status status = mesh_node_report(reader->node, false, ADMIN_WAIT_MS, &report, error);
    if (status != MESH_OK) {
        return status;
    }
    const struct mesh_node_report *node = &report->nodes[0];
    add_source(reader, node->name);
    for (size_t i = 0; i < node->members_count; i++) {
        if (node->members[i].name[0]) { /* a guest that has not come has none */
            add_source(reader, node->members[i].name);
        }
    }
    mesh_report_release(&report);
    return MESH_OK;
}

/* Whoever asks gets one order, also of lines of one time. */
static int by_time(const void *a, const void *b) {
    const struct kept_line *left = *(struct kept_line *const *)a, *right = *(struct kept_line *const *)b;
    if (left->line.time_ms != right->line.time_ms) {
        return left->line.time_ms < right->line.time_ms ? -1 : 1;
    }
    int names = strcmp(left->line.node, right->line.node);
    return names ? names : left->number < right->number ? -1 : 1;
}

static bool is_gathering(const struct mesh_log_reader *reader) {
    for (size_t i = 0; i < reader->count; i++) {
        if (reader->sources[i]->first) {
            return true;
        }
    }
    return false;
}

/* The first lines of all nodes are there: in the order of their times they go before what is said of nodes, and before what has come since. */
static void hand_out(struct mesh_log_reader *reader) {
    size_t count = 0, filled = 0;
    for (size_t i = 0; i < reader->count; i++) {
        count += reader->sources[i]->latest_count;
    }
    struct kept_line **lines = calloc(count + 1, sizeof *lines);
    reader->gathered = true;
    reader->no_memory = reader->no_memory || !lines;
    for (size_t i = 0; lines && i < reader->count; i++) {
        for (struct list_node *node; (node = list_pop_front(&reader->sources[i]->latest));) {
            lines[filled++] = LIST_OWNER(node, struct kept_line, place);
        }
        reader->sources[i]->latest_count = 0;
    }
    if (lines && filled > 0) {
        qsort(lines, filled, sizeof *lines, by_time);
    }
    while (lines && filled > 0) {
        list_push_front(&reader->ready, &lines[--filled]->place);
    }
    free(lines);
}

static bool is_over(const struct mesh_log_reader *reader) {
    for (size_t i = 0; i < reader->count; i++) {
        if (!reader->sources[i]->over) {
            return false;
        }
    }
    return true;
}

/* ---- the caller's side ---- */

static bool has_news(void *user) {
    const struct mesh_log_reader *reader = user;
    for (size_t i = 0; i < reader->count; i++) {
        if (reader->sources[i]->asked && reader->sources[i]->request.answered) {
            return true;
        }
    }
    return reader->node->admin_gone;
}

static uint64_t deadline(const struct mesh_log_reader *reader, uint64_t until_ns) {
    uint64_t least_ns = time_min(until_ns, reader->look_ns);
    for (size_t i = 0; i < reader->count; i++) {
        const struct source *source = reader->sources[i];
        uint64_t due_ns = source->asked  ? time_add(source->asked_ns, ANSWER_NS)
                          : source->over ? TIME_NEVER
                                         : source->retry_ns;
        least_ns = time_min(least_ns, due_ns);
    }
    return least_ns;
}

/* One round with the baton: looks for answers, asks, and waits for more unless there are lines. */
static enum mesh_status turn(struct mesh_log_reader *reader, uint64_t until_ns) {
    uint64_t now_ns = process_now(reader->node->process);
    for (size_t i = 0; i < reader->count; i++) {
        look(reader->sources[i], now_ns);
    }
    if (!reader->gathered && !is_gathering(reader)) {
        hand_out(reader);
    }
    bool rests = reader->gathered && (!list_is_empty(&reader->ready) || is_over(reader));
    if (rests || reader->no_memory) {
        return MESH_OK;
    }
    process_flush(reader->node->process, true);
    enum mesh_status status = drive_until(&reader->node->drive, has_news, reader, deadline(reader, until_ns));
    return status == MESH_TIMED_OUT && process_now(reader->node->process) < until_ns ? MESH_OK : status;
}

static enum mesh_status refuse(const struct mesh_log_reader *reader, enum mesh_status status,
                               struct mesh_error *error) {
    const struct source *only = reader->name[0] ? reader->sources[0] : NULL;
    if (only && only->failing && only->request.status == MESH_NOT_FOUND) {
        return error_set(error, MESH_NOT_FOUND, "%s: %s", reader->name, only->request.error.text);
    }
    if (reader->no_memory) {
        return error_set(error, MESH_NO_MEMORY, "no memory for lines of logs");
    }
    if (reader->node->admin_gone) {
        return error_set(error, MESH_CLOSED, "the node in %s has ended", reader->node->run_directory);
    }
    return status == MESH_OK ? MESH_OK : error_set(error, status, "%s", mesh_status_text(status));
}

/* While it follows; a node that does not answer to that now is asked again later. */
static enum mesh_status look_for_members(struct mesh_log_reader *reader, struct mesh_error *error) {
    uint64_t now_ns = process_now(reader->node->process);
    if (reader->name[0] || now_ns < reader->look_ns) {
        return MESH_OK;
    }
    bool first = reader->count == 0;
    enum mesh_status status = find_members(reader, error);
    reader->look_ns = reader->options.follow ? time_add(process_now(reader->node->process), LOOK_NS) : TIME_NEVER;
    return first || status == MESH_INTERRUPTED ? status : MESH_OK;
}

enum mesh_status mesh_log_next(struct mesh_log_reader *reader, int timeout_ms, const struct mesh_log_line **line,
                               struct mesh_error *error) {
    uint64_t until_ns = handle_until(reader->node, timeout_ms);
    enum mesh_status status = MESH_OK;
    free(reader->given);
    reader->given = NULL;
    do {
        status = look_for_members(reader, error);
        if (status != MESH_OK) {
            return status;
        }
        process_lock(reader->node->process);
        status = turn(reader, until_ns);
        process_unlock(reader->node->process);
        status = refuse(reader, status, error);
    } while (status == MESH_OK && !(reader->gathered && (!list_is_empty(&reader->ready) || is_over(reader))));
    if (status != MESH_OK) {
        return status;
    }
    struct list_node *next = list_pop_front(&reader->ready);
    reader->given = next ? LIST_OWNER(next, struct kept_line, place) : NULL;
    *line = reader->given ? &reader->given->line : NULL;
    return MESH_OK;
}

enum mesh_status mesh_log_open(struct mesh_log_reader **out, struct mesh_node *node,
                               const struct mesh_log_options *options, struct mesh_error *error) {
    if (!out || !node || !options || (options->node && strlen(options->node) >= NAME_BYTES)) {
        return error_set(error, MESH_INVALID_ARGUMENT, "reading logs needs a node, and a name of at most %d bytes",
                         NAME_BYTES - 1);
    }
    struct mesh_log_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        return error_set(error, MESH_NO_MEMORY, "no memory for reading logs");
    }
    reader->node = node;
    reader->options = *options;
    reader->options.last = options->last < LAST_MAX ? options->last : LAST_MAX;
    list_init(&reader->ready);
    if (options->node) {
        (void)snprintf(reader->name, sizeof reader->name, "%s", options->node);
        add_source(reader, reader->name);
        reader->look_ns = TIME_NEVER;
    }
    if (reader->no_memory) {
        mesh_log_close(&reader);
        return error_set(error, MESH_NO_MEMORY, "no memory for reading logs");
    }
    *out = reader;
    return MESH_OK;
}

void mesh_log_close(struct mesh_log_reader **handle) {
    struct mesh_log_reader *reader = handle ? *handle : NULL;
    if (!reader) {
        return;
    }
    process_lock(reader->node->process);
    for (size_t i = 0; i < reader->count; i++) {
        forget(reader->sources[i]);
        free_lines(&reader->sources[i]->latest);
        free(reader->sources[i]);
    }
    process_unlock(reader->node->process);
    free_lines(&reader->ready);
    free(reader->given);
    free(reader);
    *handle = NULL;
}
