/* What the log of this node says, for those who ask: `mesh logs` (K2).
 *
 * The files are what there is; nobody's place in them is kept here, but comes with each question and goes with its answer. A
 * question at the end of the log waits for a line, 2 s at most, and the log is looked at five times a second meanwhile; so whoever
 * follows the log asks again and again, and one that reads slowly holds up nobody. The files are read by parts.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/log_files.h"
#include <stdlib.h>

enum { QUESTIONS_MAX = 1024 };

#define LOOK_NS (200 * NS_PER_MS)
#define WAIT_MAX_NS (2 * NS_PER_S)

struct log_question {
    struct list_node listed;
    struct mesh_address asker;
    uint64_t id, until_ns;
    enum mesh_level level;
    struct log_place place;
    bool skipped; /* lines that are no more, since it was asked */
};

/* ---- reading ---- */

/* Lines of one part that are wanted, in text whatever the format of the log. */
struct excerpt {
    struct log_part part;
    size_t count, bytes;
    struct bytes lines[CONTROL_LOG_COUNT];
    char texts[LOG_PART_BYTES];
};

static bool add_line(struct excerpt *excerpt, const struct log_line *line) {
    char text[LOG_LINE_BYTES];
    size_t bytes = log_line_print(text, LOG_TEXT, line) - 1;
    if (excerpt->count == CONTROL_LOG_COUNT || bytes > sizeof excerpt->texts - excerpt->bytes) {
        return false;
    }
    char *kept = excerpt->texts + excerpt->bytes;
    memcpy(kept, text, bytes);
    excerpt->lines[excerpt->count++] = bytes_make(kept, bytes);
    excerpt->bytes += bytes;
    return true;
}

/* This node's own lines: those of others are for the asker to get where they come from. What does not fit into one answer is
 * left for the next. */
static void choose(struct admin *admin, struct excerpt *excerpt, const struct log_question *question) {
    struct bytes own = bytes_of_text(admin->config->name);
    const char *at = excerpt->part.data, *end = at + excerpt->part.bytes;
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        char room[LOG_LINE_BYTES];
        struct log_line line;
        bool wanted = log_line_parse(bytes_make(at, (size_t)(newline - at)), room, &line) &&
                      line.level <= question->level && bytes_equal(line.node, own);
        if (wanted && !add_line(excerpt, &line)) {
            log_part_give_back(&excerpt->part, (size_t)(end - at));
            return;
        }
    }
}

/* The next lines that are wanted, of as many parts as it takes: a few, for other work waits. False when there is none yet. */
static bool find(struct admin *admin, struct log_question *question, struct excerpt *excerpt) {
    enum { PARTS_AT_ONCE = 8 };
    for (int i = 0; i < PARTS_AT_ONCE; i++) {
        excerpt->count = excerpt->bytes = 0;
        log_files_read(admin->log_settings.path, &question->place, &excerpt->part);
        choose(admin, excerpt, question);
        question->place = excerpt->part.next;
        question->skipped = question->skipped || excerpt->part.skipped;
        if (excerpt->count > 0 || excerpt->part.end) {
            break;
        }
    }
    return excerpt->count > 0 || !excerpt->part.end;
}

/* ---- answering ---- */

static void answer(struct admin *admin, const struct log_question *question, const struct excerpt *excerpt,
                   const char *note) {
    struct control control = {.id = question->id, .kind = CONTROL_LOG_REPLY};
    control.log_reply = (struct control_log_reply){.node = bytes_of_text(admin->config->name),
                                                   .file = question->place.file,
                                                   .offset = question->place.offset,
                                                   .end = !excerpt || excerpt->part.end,
                                                   .skipped = question->skipped,
                                                   .count = excerpt ? excerpt->count : 0,
                                                   .lines = excerpt ? excerpt->lines : NULL,
                                                   .note = bytes_of_text(note)};
    admin_send(admin, question->asker, &control);
}

/* Why there is nothing to read; NULL when there is. */
static const char *why_none(const struct admin *admin) {
    switch ((enum log_to)admin->log_settings.to) {
    case LOG_TO_FILE:
        break;
    case LOG_TO_JOURNAL:
        return "its log goes to the journal: see journalctl on its host";
    case LOG_TO_SYSLOG:
        return "its log goes to syslog: see the files of that on its host";
    case LOG_TO_NOBODY:
        return "it logs nothing: log/destination is none";
    }
    return log_files_can_be_read(admin->log_settings.path) ? NULL : "its log is no regular file";
}

static bool answer_now(struct admin *admin, struct log_question *question, bool at_last) {
    struct excerpt *excerpt = calloc(1, sizeof *excerpt);
    const char *none = why_none(admin);
    if (none || !excerpt) {
        answer(admin, question, NULL, none ? none : "no memory for its log");
        free(excerpt);
        return true;
    }
    bool found = find(admin, question, excerpt) || question->skipped;
    if (found || at_last) {
        answer(admin, question, excerpt, "");
    }
    free(excerpt);
    return found || at_last;
}

static void read_own(struct admin *admin, struct mesh_address asker, const struct control *control) {
    const struct control_log_request *request = &control->log_request;
    uint64_t now_ns = process_now(admin->process);
    uint64_t wait_ns = time_min((uint64_t)request->wait_ms * NS_PER_MS, WAIT_MAX_NS);
    struct log_question question = {.asker = asker,
                                    .id = control->id,
                                    .level = request->level,
                                    .until_ns = time_add(now_ns, wait_ns),
                                    .place = {request->file, request->offset}};
    struct log_question *waiting = NULL;
    if (answer_now(admin, &question, wait_ns == 0 || admin->log_questions_count == QUESTIONS_MAX)) {
        return;
    }
    waiting = malloc(sizeof *waiting);
    if (!waiting) {
        admin_answer_done(admin, asker, control->id, MESH_NO_MEMORY, "no memory for the question");
        return;
    }
    *waiting = question;
    list_node_init(&waiting->listed);
    list_push_back(&admin->log_questions, &waiting->listed);
    admin->log_questions_count++;
    admin->log_look_ns = time_min(admin->log_look_ns, time_add(now_ns, LOOK_NS));
}

/* ---- whose log ---- */

void admin_on_log_request(struct admin *admin, struct mesh_address asker, const struct control *control) {
    const struct control_log_request *request = &control->log_request;
    bool own =
        request->passed_on || request->node.size == 0 || bytes_equal(request->node, bytes_of_text(admin->config->name));
    const struct member *member = own ? NULL : members_find_name(convention_members(admin->convention), request->node);
    if (own) {
        read_own(admin, asker, control);
    } else if (!member) {
        admin_answer_done(admin, asker, control->id, MESH_NOT_FOUND,
                          "no node of that name is in the convention: `mesh status` shows its members");
    } else {
        struct control passed = *control;
        passed.log_request.passed_on = true;
        admin_pass_on(admin, asker, (struct mesh_address){.node = member->incarnation}, &passed);
    }
}

uint64_t admin_tick_log_questions(struct admin *admin, uint64_t now_ns) {
    if (now_ns < admin->log_look_ns) {
        return admin->log_look_ns;
    }
    LIST_EACH (&admin->log_questions, node, after) {
        struct log_question *question = LIST_OWNER(node, struct log_question, listed);
        if (answer_now(admin, question, now_ns >= question->until_ns || admin->stopping)) {
            list_remove(&question->listed);
            admin->log_questions_count--;
            free(question);
        }
    }
    admin->log_look_ns = admin->log_questions_count > 0 ? time_add(now_ns, LOOK_NS) : TIME_NEVER;
    return admin->log_look_ns;
}

void admin_free_log_questions(struct admin *admin) {
    LIST_EACH (&admin->log_questions, node, after) {
        free(LIST_OWNER(node, struct log_question, listed));
    }
}
