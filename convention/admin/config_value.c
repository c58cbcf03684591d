/* Values of a configuration: see config_value.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_value.h"
#include "mesh/base/time.h"
#include "mesh/runtime/node_key.h"
#include "mesh/runtime/value.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

/* The digits at the begin of a text, and what follows them without spaces; false without digits or beyond the range. */
static bool read_number(const char *text, uint64_t *out, const char **rest) {
    char *end;
    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    while (*end == ' ') {
        end++;
    }
    *out = number;
    *rest = end;
    return errno == 0;
}

const char *config_read_count(const char *text, size_t *out) {
    uint64_t number;
    const char *rest;
    if (!read_number(text, &number, &rest) || *rest || !number || number > UINT32_MAX) {
        return "must be a whole number, 1 or more, like 1024";
    }
    *out = number;
    return NULL;
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* Zero when there is no such unit. */
static uint64_t factor_of(const char *name, const struct unit *units, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].name, name) == 0) {
            return units[i].factor;
        }
    }
    return 0;
}

const char *config_read_bytes(const char *text, size_t *out) {
    static const struct unit units[] = {
        {"", 1}, {"KiB", UINT64_C(1) << 10}, {"MiB", UINT64_C(1) << 20}, {"GiB", UINT64_C(1) << 30}};
    static const char mistake[] = "must be a size, like 65536, 256 KiB, 64 MiB or 1 GiB";
    uint64_t number;
    const char *rest;
    if (!read_number(text, &number, &rest)) {
        return mistake;
    }
    uint64_t factor = factor_of(rest, units, sizeof units / sizeof *units);
    if (!factor || !number || number > SIZE_MAX / 2 / factor) {
        return mistake;
    }
    *out = number * factor;
    return NULL;
}

const char *config_read_span(const char *text, bool off, uint64_t *out_ns) {
    static const struct unit units[] = {{"ms", NS_PER_MS}, {"s", NS_PER_S}, {"min", 60 * NS_PER_S}};
    const char *mistake = off ? "must be a time with its unit, like 250 ms, 10 s or 7 min, or off"
                              : "must be a time with its unit, like 250 ms, 10 s or 7 min";
    uint64_t number;
    const char *rest;
    if (off && strcmp(text, "off") == 0) {
        *out_ns = 0;
        return NULL;
    }
    if (!read_number(text, &number, &rest)) {
        return mistake;
    }
    uint64_t factor = factor_of(rest, units, sizeof units / sizeof *units);
    if (!factor || !number || number > 365 * 24 * 3600 * NS_PER_S / factor) {
        return mistake;
    }
    *out_ns = number * factor;
    return NULL;
}

/* ---- lists ---- */

void config_list_fini(struct config_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct config_list){0};
}

static struct bytes trim(const char *begin, const char *end) {
    while (begin < end && isspace((unsigned char)*begin)) {
        begin++;
    }
    while (end > begin && isspace((unsigned char)end[-1])) {
        end--;
    }
    return bytes_make(begin, (size_t)(end - begin));
}

const char *config_read_list(const char *text, struct config_list *out) {
    struct config_list list = {0};
    const char *mistake = NULL;
    list.items = calloc(strlen(text) + 2, sizeof *list.items);
    for (const char *begin = text; list.items && !mistake;) {
        size_t length = strcspn(begin, ",");
        struct bytes item = trim(begin, begin + length);
        if (!item.size) {
            mistake = "has an empty item: separate items by single commas";
            break;
        }
        list.items[list.count] = strndup((const char *)item.data, item.size);
        if (!list.items[list.count]) {
            mistake = "does not fit into memory";
            break;
        }
        list.count++;
        if (!begin[length]) {
            break;
        }
        begin += length + 1;
    }
    if (mistake || !list.items) {
        config_list_fini(&list);
        return mistake ? mistake : "does not fit into memory";
    }
    *out = list;
    return NULL;
}

/* ---- levels of types ---- */

const char *config_read_rule(const char *text, struct log_policy *policy) {
    const char *colon = strrchr(text, ':');
    enum mesh_level level;
    if (!colon) {
        return "must look like TYPE: LEVEL, as counter: debug or shop.*: warning";
    }
    if (!log_level_parse(trim(colon + 1, text + strlen(text)), &level)) {
        return "does not end with one of: debug, info, warning, error";
    }
    enum mesh_status status = log_policy_add(policy, trim(text, colon), level);
    return status == MESH_OK          ? NULL
           : status == MESH_FULL      ? "is one too many: at most 32 types have a level of their own"
           : status == MESH_TOO_LARGE ? "has a name that is too long: at most 59 bytes"
                                      : "names no type: a name, or what several begin with and * at its end";
}

/* ---- endpoints ---- */

static bool is_loopback(struct bytes host) {
    static const char *const names[] = {"localhost", "[::1]", "lo"};
    if (host.size >= 4 && memcmp(host.data, "127.", 4) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (bytes_equal(host, bytes_of_text(names[i]))) {
            return true;
        }
    }
    return host.size == 0; /* an empty host means this one (B5) */
}

const char *config_read_endpoint(const char *text, bool any_port, bool *beyond) {
    static const char prefix[] = "tcp://";
    const char *mistake = any_port ? "must look like tcp://127.0.0.1:1900; port 0 lets the system choose"
                                   : "must look like tcp://10.0.0.1:1900, with a port from 1 to 65535";
    const char *host = text + sizeof prefix - 1;
    const char *colon = strrchr(text, ':');
    const char *key = any_port ? NULL : node_key_in(bytes_of_text(text));
    uint64_t port;
    const char *rest;
    if (strncmp(text, prefix, sizeof prefix - 1) != 0 || !colon || colon < host ||
        strcspn(host, " \t/") < (size_t)(colon - host)) {
        return mistake;
    }
    if (!read_number(colon + 1, &port, &rest) || port > 65535 || (!port && !any_port)) {
        return mistake;
    }
    if (*rest == '/' && !any_port && !key) {
        return "must have the key of that node behind the /: 64 digits of 0123456789abcdef, as `mesh keygen` prints "
               "them";
    }
    if (*rest && (!key || rest + 1 != key)) {
        return mistake;
    }
    if (strlen(text) > FRAME_ENDPOINT_BYTES) {
        return "is longer than 255 bytes";
    }
    *beyond = !is_loopback(bytes_make(host, (size_t)(colon - host)));
    return NULL;
}

/* ---- capabilities ---- */

static bool is_word(struct bytes text, const char *word) {
    return text.size == strlen(word) && strncasecmp((const char *)text.data, word, text.size) == 0;
}

const char *config_read_value(struct bytes text, bool quoted, struct frame_value *out, uint8_t **room) {
    static const char *const doubtful[] = {"true", "false", "yes", "no", "on", "off"};
    *out = quoted ? (struct frame_value){.kind = FRAME_VALUE_TEXT, .bytes = text} : value_read(text, room);
    for (size_t i = 0; !quoted && out->kind == FRAME_VALUE_TEXT && i < sizeof doubtful / sizeof *doubtful; i++) {
        if (is_word(text, doubtful[i])) {
            return "is a text, which counts as true: write true or false, or put it in quotes";
        }
    }
    return NULL;
}

/* ---- guesses ---- */

enum { GUESS_BYTES = 40 };

/* How many letters have to be changed, added or left out to make one word of the other. */
static size_t distance(const char *a, const char *b) {
    size_t row[GUESS_BYTES + 1];
    size_t length = strlen(b);
    for (size_t j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t changed = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            size_t least = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            row[j + 1] = changed < least ? changed : least;
        }
    }
    return row[length];
}

const char *config_guess(const char *word, const char *const *names, size_t count) {
    const char *best = NULL;
    size_t least = strlen(word) / 2 + 1;
    if (strlen(word) > GUESS_BYTES) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        size_t far = strlen(names[i]) > GUESS_BYTES ? least : distance(word, names[i]);
        if (far < least && far <= 3) {
            best = names[i];
            least = far;
        }
    }
    return best;
}
