/* The table of actor types, filled from the catalogue's lines and by programs.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin_types.h"
#include "mesh/base/bytes.h"
#include "mesh/runtime/catalogue.h"
#include "mesh/runtime/clock.h"
#include "mesh/runtime/crash_page.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/requirement.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_BYTES = 8 * 1024, FAILURES_BYTES = 400 };

#define READ_WAIT_NS (30 * NS_PER_S)

struct types {
    struct type_entry *entries;
    size_t count, room;
    char *path;                    /* where modules were looked for */
    char failures[FAILURES_BYTES]; /* which modules brought nothing, and why */
    char spawner[FAILURES_BYTES];  /* why the spawner brings nothing */
};

enum mesh_status types_new(struct types **out) {
    *out = calloc(1, sizeof **out);
    return *out ? MESH_OK : MESH_NO_MEMORY;
}

static void free_entry(struct type_entry *entry) {
    free(entry->name);
    free(entry->module);
    free(entry->program);
    requirement_set_fini(&entry->requirements);
}

void types_destroy(struct types **types) {
    if (*types) {
        for (size_t i = 0; i < (*types)->count; i++) {
            free_entry(&(*types)->entries[i]);
        }
        free((*types)->entries);
        free((*types)->path);
        free(*types);
        *types = NULL;
    }
}

static char *copy_of(struct bytes text) {
    return strndup((const char *)text.data, text.size);
}

/* An entry with its name and one of module and program; nothing is added when there is no memory. */
static enum mesh_status add_entry(struct types *types, struct bytes name, const char *module, const char *program) {
    if (types->count == TYPES_MAX) {
        return MESH_FULL;
    }
    if (!types->entries || types->count == types->room) {
        size_t room = types->room ? types->room * 2 : 32;
        struct type_entry *entries = realloc(types->entries, room * sizeof *entries);
        if (!entries) {
            return MESH_NO_MEMORY;
        }
        types->entries = entries;
        types->room = room;
    }
    struct type_entry entry = {
        .name = copy_of(name), .module = module ? strdup(module) : NULL, .program = program ? strdup(program) : NULL};
    if (!entry.name || (module && !entry.module) || (program && !entry.program)) {
        free_entry(&entry);
        return MESH_NO_MEMORY;
    }
    types->entries[types->count++] = entry;
    return MESH_OK;
}

static bool is_called(const struct type_entry *entry, struct bytes name, struct bytes program) {
    return bytes_equal(bytes_of_text(entry->name), name) &&
           (program.size == 0 || (entry->program && bytes_equal(bytes_of_text(entry->program), program)));
}

/* Of a spawner's all types whose names begin like one with a * at its end. */
static bool may_be_called(const struct type_entry *entry, struct bytes name, struct bytes program) {
    size_t bytes = strlen(entry->name) - 1;
    return entry->spawned && entry->name[bytes] == '*' && program.size == 0 && name.size >= bytes &&
           memcmp(entry->name, name.data, bytes) == 0;
}

static const struct type_entry *find(const struct types *types, struct bytes name, struct bytes program,
                                     bool (*matches)(const struct type_entry *entry, struct bytes name,
                                                     struct bytes program)) {
    for (size_t i = 0; i < types->count; i++) {
        if (matches(&types->entries[i], name, program)) {
            return &types->entries[i];
        }
    }
    return NULL;
}

const struct type_entry *types_find(const struct types *types, struct bytes name, struct bytes program) {
    const struct type_entry *called = find(types, name, program, is_called);
    return called ? called : find(types, name, program, may_be_called);
}

const char *types_why_unknown(const struct types *types, struct bytes name, char *text, size_t bytes) {
    struct text_builder why = text_builder(text, bytes);
    /* Less than all of it may be shown where the create began. */
    text_append(&why, "%s%s", types->spawner, types->spawner[0] != '\0' ? "; " : "");
    text_append(&why, "no module brings the actor type '");
    text_append_escaped(&why, name);
    text_append(&why, "'%s%s (looked in %s when the node started)", types->failures[0] != '\0' ? "; " : "",
                types->failures, types->path && types->path[0] ? types->path : "no directory: set module_path");
    return text;
}

/* ---- programs ---- */

/* What that program brings; or what the spawner does, for none. */
static void remove_brought(struct types *types, struct bytes program) {
    for (size_t i = types->count; i > 0; i--) {
        struct type_entry *entry = &types->entries[i - 1];
        bool same =
            entry->program ? bytes_equal(bytes_of_text(entry->program), program) : entry->spawned && !program.size;
        if (same) {
            free_entry(entry);
            memmove(entry, entry + 1, (types->count - i) * sizeof *entry);
            types->count--;
        }
    }
}

enum mesh_status types_add_program(struct types *types, const struct control_types *program) {
    remove_brought(types, program->program);
    char *path = copy_of(program->program);
    enum mesh_status status = path ? MESH_OK : MESH_NO_MEMORY;
    for (size_t i = 0; status == MESH_OK && i < program->count; i++) {
        const struct control_type *type = &program->types[i];
        status = add_entry(types, type->name, NULL, path);
        if (status == MESH_OK) {
            types->entries[types->count - 1].light = type->light;
            status = requirement_set_copy(&types->entries[types->count - 1].requirements, type->requirements,
                                          type->requirements_count);
        }
    }
    free(path);
    return status;
}

/* ---- the catalogue of modules ---- */

struct type_reading {
    struct types *types;
    pid_t pid; /* of the catalogue's process */
    int fd;    /* of what it writes */
    char buffer[LINE_BYTES];
    size_t filled;
    char module[LINE_BYTES];
    struct mesh_requirement requirements[FRAME_REQUIREMENTS]; /* of the type that was read last */
    size_t requirements_count;
    char texts[FRAME_REQUIREMENTS * (MODULE_NAME_BYTES + MODULE_VALUE_BYTES + 2)]; /* their names and values */
    size_t texts_used;
    bool named, ended, spawned;
    void (*note)(void *user, const char *text);
    void *user;
};

/* What is too long, which no module has, is a requirement that is none. */
static const char *keep_text(struct type_reading *reading, const char *text) {
    size_t bytes = strlen(text) + 1;
    if (bytes > sizeof reading->texts - reading->texts_used) {
        return NULL;
    }
    char *kept = memcpy(reading->texts + reading->texts_used, text, bytes);
    reading->texts_used += bytes;
    return kept;
}

static enum mesh_status end_type(struct type_reading *reading) {
    struct requirements read = {0};
    enum mesh_status status = MESH_OK;
    if (reading->named) {
        status = requirements_init(&read, reading->requirements, reading->requirements_count);
    }
    if (status == MESH_OK && reading->named) {
        struct type_entry *type = &reading->types->entries[reading->types->count - 1];
        status = requirement_set_copy(&type->requirements, read.items, read.count);
    }
    requirements_fini(&read);
    reading->requirements_count = 0;
    reading->texts_used = 0;
    reading->named = false;
    return status;
}

static void add_requirement(struct type_reading *reading, const struct catalogue_line *line) {
    if (reading->named && reading->requirements_count < FRAME_REQUIREMENTS) {
        reading->requirements[reading->requirements_count++] =
            (struct mesh_requirement){.name = keep_text(reading, line->name),
                                      .comparison = line->comparison,
                                      .value = keep_text(reading, line->value)};
    }
}

static void note_failure(struct type_reading *reading, const struct catalogue_line *line) {
    char text[1024];
    snprintf(text, sizeof text, "the module %s brings nothing: %s", line->name, line->value);
    reading->note(reading->user, text);
    if (reading->types->failures[0] == '\0') {
        const char *slash = strrchr(line->name, '/');
        snprintf(reading->types->failures, sizeof reading->types->failures, "%s brings nothing: %s",
                 slash ? slash + 1 : line->name, line->value);
    }
}

static enum mesh_status begin_type(struct type_reading *reading, const char *name, bool light) {
    struct bytes text = bytes_of_text(name);
    const struct type_entry *known = find(reading->types, text, bytes_make("", 0), is_called);
    if (known) {
        char note[1024];
        const char *origin = known->module ? known->module : known->program ? known->program : "the spawner";
        snprintf(note, sizeof note, "the type '%.200s' of %.300s is not used: %.300s brings it first", name,
                 reading->module, origin);
        reading->note(reading->user, note);
        return MESH_OK;
    }
    enum mesh_status status = add_entry(reading->types, text, reading->spawned ? NULL : reading->module, NULL);
    reading->named = status == MESH_OK;
    if (reading->named) {
        reading->types->entries[reading->types->count - 1].light = light && !reading->spawned;
        reading->types->entries[reading->types->count - 1].spawned = reading->spawned;
    }
    return status;
}

static enum mesh_status read_line(struct type_reading *reading, char *text) {
    struct catalogue_line line = catalogue_parse(text);
    enum mesh_status status = MESH_OK;
    switch (line.fact) {
    case CATALOGUE_MODULE:
        status = end_type(reading);
        snprintf(reading->module, sizeof reading->module, "%s", line.name);
        return status;
    case CATALOGUE_TYPE:
        status = end_type(reading);
        return status == MESH_OK ? begin_type(reading, line.name, strcmp(line.value, "light") == 0) : status;
    case CATALOGUE_REQUIRES:
        add_requirement(reading, &line);
        return MESH_OK;
    case CATALOGUE_FAILED:
        status = end_type(reading);
        note_failure(reading, &line);
        return status;
    case CATALOGUE_END:
        reading->ended = true;
        return end_type(reading);
    case CATALOGUE_MALFORMED:
        reading->note(reading->user, "the catalogue has a line that makes no sense");
        return reading->spawned ? MESH_PROTOCOL : MESH_OK;
    }
    return MESH_OK;
}

static enum mesh_status read_whole_lines(struct type_reading *reading, struct mesh_error *error) {
    char *begin = reading->buffer;
    for (char *end; (end = memchr(begin, '\n', reading->filled - (size_t)(begin - reading->buffer))); begin = end + 1) {
        *end = '\0';
        enum mesh_status status = read_line(reading, begin);
        if (status != MESH_OK) {
            return error_set(error, status, "the catalogue of modules: %s", mesh_status_text(status));
        }
    }
    reading->filled -= (size_t)(begin - reading->buffer);
    memmove(reading->buffer, begin, reading->filled);
    if (reading->filled == sizeof reading->buffer) {
        reading->filled = 0; /* a line that long is none of ours */
    }
    return MESH_OK;
}

enum mesh_status types_read_on(struct type_reading *reading, bool *ended, struct mesh_error *error) {
    *ended = false;
    while (!reading->ended) {
        ssize_t got = read(reading->fd, reading->buffer + reading->filled, sizeof reading->buffer - reading->filled);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return MESH_OK;
        }
        if (got <= 0) {
            return error_set(error, MESH_IO, "the catalogue of modules is not complete: its process died");
        }
        reading->filled += (size_t)got;
        enum mesh_status status = read_whole_lines(reading, error);
        if (status != MESH_OK) {
            return status;
        }
    }
    *ended = true;
    return MESH_OK;
}

int types_reading_fd(const struct type_reading *reading) {
    return reading->fd;
}

/* Nothing is expected of the process any more; it has nothing to put in order. */
void types_end_reading(struct type_reading **ended) {
    struct type_reading *reading = *ended;
    if (!reading) {
        return;
    }
    if (reading->pid > 0) {
        kill(reading->pid, SIGKILL);
        waitpid(reading->pid, NULL, 0);
    }
    if (reading->fd >= 0) {
        close(reading->fd);
    }
    free(reading);
    *ended = NULL;
}

static enum mesh_status start_catalogue(struct type_reading *reading, const struct types_to_read *what,
                                        struct mesh_error *error) {
    char options[ZYGOTE_OPTIONS_BYTES];
    int page, ends[2];
    if ((size_t)snprintf(options, sizeof options, "%s=%s", what->kind, what->path) >= sizeof options) {
        return error_set(error, MESH_TOO_LARGE, "the module path is too long: at most %d bytes",
                         ZYGOTE_OPTIONS_BYTES - 11);
    }
    if (crash_page_create(&page) != MESH_OK) {
        return error_set(error, MESH_IO, "cannot make shared memory: %s", strerror(errno));
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        close(page);
        return error_set(error, MESH_IO, "no descriptors for the catalogue of modules: %s", strerror(errno));
    }
    reading->fd = ends[0];
    (void)fcntl(reading->fd, F_SETFL, O_NONBLOCK);
    struct zygote_request request = {.start = ZYGOTE_FORK, .options = options, .page = page, .output = ends[1]};
    enum mesh_status status = zygote_start(what->zygote, &request, &reading->pid, error);
    close(page);
    close(ends[1]);
    return status;
}

enum mesh_status types_begin_reading(struct type_reading **out, const struct types_to_read *what,
                                     struct mesh_error *error) {
    struct type_reading *reading = calloc(1, sizeof *reading);
    free(what->types->path);
    what->types->path = strdup(what->path);
    if (!reading || !what->types->path) {
        free(reading);
        return error_set(error, MESH_NO_MEMORY, "no memory for the catalogue of modules");
    }
    reading->types = what->types;
    reading->note = what->note;
    reading->user = what->user;
    reading->fd = -1;
    enum mesh_status status = start_catalogue(reading, what, error);
    if (status != MESH_OK) {
        types_end_reading(&reading);
        return status;
    }
    *out = reading;
    return MESH_OK;
}

enum mesh_status types_read_modules(struct types *types, struct zygote *zygote, const char *module_path,
                                    void (*note)(void *user, const char *text), void *user, struct mesh_error *error) {
    struct type_reading *reading = NULL;
    uint64_t until_ns = clock_now_ns() + READ_WAIT_NS;
    const struct types_to_read what = {types, zygote, TYPES_OF_PATH, module_path, note, user};
    enum mesh_status status = types_begin_reading(&reading, &what, error);
    bool ended = false;
    while (reading && status == MESH_OK && !ended) {
        struct pollfd waited = {.fd = reading->fd, .events = POLLIN};
        if (poll(&waited, 1, time_ms_round_up(time_left(clock_now_ns(), until_ns))) == 0) {
            status = error_set(error, MESH_TIMED_OUT,
                               "the catalogue of modules is not complete after 30 s: a module's "
                               "constructor hangs; see module_path");
        } else {
            status = types_read_on(reading, &ended, error);
        }
    }
    types_end_reading(&reading);
    return status;
}

/* ---- the spawner ---- */

void types_note_spawner(struct types *types, const char *why) {
    snprintf(types->spawner, sizeof types->spawner, "%s", why);
}

static enum mesh_status read_spawner_line(struct type_reading *reading, char *line) {
    char *tab = strchr(line, '\t');
    size_t bytes = tab ? strcspn(tab + 1, "\t") : 0;
    bool is_type = strncmp(line, "type\t", 5) == 0;
    char name[MODULE_NAME_BYTES + 1];
    (void)snprintf(name, sizeof name, "%.*s", (int)bytes, tab ? tab + 1 : "");
    if (is_type && (bytes > MODULE_NAME_BYTES || !module_name_valid(name))) {
        return MESH_PROTOCOL;
    }
    return read_line(reading, line);
}

enum mesh_status types_read_spawner(struct types *types, char *lines, void (*note)(void *user, const char *text),
                                    void *user) {
    struct type_reading *reading = calloc(1, sizeof *reading);
    if (!reading) {
        return MESH_NO_MEMORY;
    }
    *reading =
        (struct type_reading){.types = types, .module = "the spawner", .spawned = true, .note = note, .user = user};
    remove_brought(types, bytes_make("", 0));
    enum mesh_status status = MESH_OK;
    char *rest = lines;
    for (char *line; status == MESH_OK && (line = strsep(&rest, "\n")) && *line;) {
        status = read_spawner_line(reading, line);
    }
    status = status == MESH_OK && !reading->ended ? MESH_PROTOCOL : status;
    if (status != MESH_OK) {
        remove_brought(types, bytes_make("", 0));
    } else {
        types->spawner[0] = 0;
    }
    free(reading);
    return status;
}

size_t types_count(const struct types *types) {
    return types->count;
}

const char *types_failures(const struct types *types) {
    return types->failures;
}
