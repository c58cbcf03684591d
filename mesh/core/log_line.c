/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/log_line.h"

#include "mesh/base/utf8.h"

enum {
    DAYS_TO_1970 = 719468, /* from the first of March of the year 0 */
    NAME_BYTES = 128,
};

#define MS_PER_DAY UINT64_C(86400000)

static const char *const level_names[] = {
    [MESH_LOG_ERROR] = "error",
    [MESH_LOG_WARNING] = "warning",
    [MESH_LOG_INFO] = "info",
    [MESH_LOG_DEBUG] = "debug",
};

enum { LEVELS = sizeof level_names / sizeof level_names[0] };

const char *log_level_name(enum mesh_level level) {
    return (unsigned)level < LEVELS ? level_names[level] : "unknown";
}

bool log_level_parse(struct bytes word, enum mesh_level *out) {
    for (unsigned i = 0; i < LEVELS; i++) {
        if (bytes_equal(word, bytes_of_text(level_names[i]))) {
            *out = (enum mesh_level)i;
            return true;
        }
    }
    return false;
}

/* ---- writing: what does not fit is left out, and so is all that comes after it ---- */

struct writer {
    char *out;
    size_t at, end;
    bool full;
};

static void put(struct writer *writer, const void *data, size_t bytes) {
    writer->full = writer->full || bytes > writer->end - writer->at;
    if (!writer->full) {
        memcpy(writer->out + writer->at, data, bytes);
        writer->at += bytes;
    }
}

static void put_text(struct writer *writer, const char *text) {
    put(writer, text, strlen(text));
}

static void put_number(struct writer *writer, uint64_t number, int width) {
    char digits[24];
    size_t at = sizeof digits;
    for (; number > 0 || width > 0; width--) {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    }
    put(writer, digits + at, sizeof digits - at);
}

/* Days since 1970 to a date, by the era of 400 years (Howard Hinnant's civil_from_days). */
static void put_date(struct writer *writer, uint64_t days) {
    uint64_t from_march = days + DAYS_TO_1970;
    uint64_t era = from_march / 146097;
    uint64_t day_of_era = from_march % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month = (5 * day_of_year + 2) / 153;
    uint64_t calendar_month = month < 10 ? month + 3 : month - 9;
    put_number(writer, year_of_era + era * 400 + (calendar_month <= 2), 4);
    put_text(writer, "-");
    put_number(writer, calendar_month, 2);
    put_text(writer, "-");
    put_number(writer, day_of_year - (153 * month + 2) / 5 + 1, 2);
}

static void put_time(struct writer *writer, uint64_t time_ms) {
    put_date(writer, time_ms / MS_PER_DAY);
    put_text(writer, "T");
    put_number(writer, time_ms / 3600000 % 24, 2);
    put_text(writer, ":");
    put_number(writer, time_ms / 60000 % 60, 2);
    put_text(writer, ":");
    put_number(writer, time_ms / 1000 % 60, 2);
    put_text(writer, ".");
    put_number(writer, time_ms % 1000, 3);
    put_text(writer, "Z");
}

const char *log_time_print(uint64_t time_ms, char out[LOG_TIME_BYTES]) {
    struct writer writer = {.out = out, .end = LOG_TIME_BYTES - 1};
    put_time(&writer, time_ms);
    out[writer.at] = '\0';
    return out;
}

/* ---- characters ---- */

static void put_escape(struct writer *writer, uint32_t code) {
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', digits[code >> 4 & 15], digits[code & 15]};
    put(writer, escape, sizeof escape);
}

/* `space` is what a space becomes: in a field of text it would begin the next one. */
static void put_clean(struct writer *writer, enum log_format format, struct bytes text, char space) {
    uint32_t code;
    for (size_t at = 0, length; at < text.size && !writer->full; at += length) {
        length = utf8_read(text.data + at, text.size - at, &code);
        if (length == 0) {
            put_text(writer, "?");
            length = 1;
        } else if (format == LOG_JSON && utf8_is_control(code)) {
            put_escape(writer, code);
        } else if (utf8_is_control(code) || code == ' ') {
            put(writer, &space, 1);
        } else if (format == LOG_JSON && (code == '"' || code == '\\')) {
            put(writer, (const char[]){'\\', (char)code}, 2);
        } else {
            put(writer, text.data + at, length);
        }
    }
}

size_t log_text_clean(char out[LOG_LINE_BYTES], struct bytes text) {
    struct writer writer = {.out = out, .end = LOG_LINE_BYTES - 1};
    put_clean(&writer, LOG_TEXT, text, ' ');
    out[writer.at] = '\0';
    return writer.at;
}

/* ---- both formats ---- */

static void put_field(struct writer *writer, struct bytes text) {
    if (text.size > 0) {
        put_clean(writer, LOG_TEXT, text, '?');
    } else {
        put_text(writer, "-");
    }
    put_text(writer, " ");
}

static void put_as_text(struct writer *writer, const struct log_line *line) {
    char address[MESH_ADDRESS_TEXT_BYTES];
    put_time(writer, line->time_ms);
    put_text(writer, " ");
    put_text(writer, log_level_name(line->level));
    put_text(writer, " ");
    put_field(writer, line->node);
    put_number(writer, line->pid, 1);
    put_text(writer, " ");
    put_field(writer, line->type);
    put_text(writer, mesh_address_is_none(line->address) ? "-" : mesh_address_print(line->address, address));
    put_text(writer, " ");
    put_clean(writer, LOG_TEXT, line->text, ' ');
}

static void put_member(struct writer *writer, const char *name, struct bytes text) {
    put_text(writer, ",\"");
    put_text(writer, name);
    put_text(writer, "\":\"");
    put_clean(writer, LOG_JSON, text, ' ');
}

static void put_as_json(struct writer *writer, const struct log_line *line) {
    char address[MESH_ADDRESS_TEXT_BYTES];
    put_text(writer, "{\"time\":\"");
    put_time(writer, line->time_ms);
    put_text(writer, "\"");
    put_member(writer, "level", bytes_of_text(log_level_name(line->level)));
    put_text(writer, "\"");
    put_member(writer, "node", line->node);
    put_text(writer, "\",\"pid\":");
    put_number(writer, line->pid, 1);
    if (line->type.size > 0) {
        put_member(writer, "type", line->type);
        put_text(writer, "\"");
    }
    if (!mesh_address_is_none(line->address)) {
        put_member(writer, "address", bytes_of_text(mesh_address_print(line->address, address)));
        put_text(writer, "\"");
    }
    put_member(writer, "text", line->text);
}

/* Names of nodes and types are short, so that it is the text that is cut. */
static struct log_line cut_names(const struct log_line *line) {
    struct log_line cut = *line;
    cut.node.size = size_min(cut.node.size, NAME_BYTES);
    cut.type.size = size_min(cut.type.size, NAME_BYTES);
    return cut;
}

/* Room stays for what closes the line. */
size_t log_line_print(char out[LOG_LINE_BYTES], enum log_format format, const struct log_line *line) {
    static const char *const ends[] = {[LOG_TEXT] = "\n", [LOG_JSON] = "\"}\n"};
    const char *end = ends[format];
    struct log_line cut = cut_names(line);
    struct writer writer = {.out = out, .end = LOG_LINE_BYTES - strlen(end)};
    if (format == LOG_JSON) {
        put_as_json(&writer, &cut);
    } else {
        put_as_text(&writer, &cut);
    }
    writer.end = LOG_LINE_BYTES;
    writer.full = false;
    put_text(&writer, end);
    return writer.at;
}

/* ---- for daemons ---- */

static const unsigned severities[] = {
    [MESH_LOG_ERROR] = 3,
    [MESH_LOG_WARNING] = 4,
    [MESH_LOG_INFO] = 6,
    [MESH_LOG_DEBUG] = 7,
};

static unsigned severity(enum mesh_level level) {
    return (unsigned)level < LEVELS ? severities[level] : severities[MESH_LOG_DEBUG];
}

static void put_variable(struct writer *writer, const char *name, struct bytes value) {
    if (value.size > 0) {
        put_text(writer, name);
        put_text(writer, "=");
        put_clean(writer, LOG_TEXT, value, ' ');
        put_text(writer, "\n");
    }
}

/* The message stands last, so that it is what is cut. */
size_t log_line_print_journal(char out[LOG_LINE_BYTES], const struct log_line *line) {
    char address[MESH_ADDRESS_TEXT_BYTES] = "";
    struct log_line cut = cut_names(line);
    struct writer writer = {.out = out, .end = LOG_LINE_BYTES - 1};
    put_text(&writer, "PRIORITY=");
    put_number(&writer, severity(cut.level), 1);
    put_text(&writer, "\nSYSLOG_IDENTIFIER=mesh\nMESH_PID=");
    put_number(&writer, cut.pid, 1);
    put_text(&writer, "\n");
    put_variable(&writer, "MESH_NODE", cut.node);
    put_variable(&writer, "MESH_TYPE", cut.type);
    if (!mesh_address_is_none(cut.address)) {
        put_variable(&writer, "MESH_ADDRESS", bytes_of_text(mesh_address_print(cut.address, address)));
    }
    put_text(&writer, "MESSAGE=");
    put_clean(&writer, LOG_TEXT, cut.text, ' ');
    out[writer.at++] = '\n';
    return writer.at;
}

size_t log_line_print_syslog(char out[LOG_LINE_BYTES], const struct log_line *line) {
    enum { DAEMON = 3 << 3 };
    char address[MESH_ADDRESS_TEXT_BYTES];
    struct log_line cut = cut_names(line);
    struct writer writer = {.out = out, .end = LOG_LINE_BYTES};
    put_text(&writer, "<");
    put_number(&writer, DAEMON | severity(cut.level), 1);
    put_text(&writer, ">mesh[");
    put_number(&writer, cut.pid, 1);
    put_text(&writer, "]: ");
    put_text(&writer, log_level_name(cut.level));
    put_text(&writer, " ");
    put_field(&writer, cut.node);
    put_field(&writer, cut.type);
    put_text(&writer, mesh_address_is_none(cut.address) ? "-" : mesh_address_print(cut.address, address));
    put_text(&writer, " ");
    put_clean(&writer, LOG_TEXT, cut.text, ' ');
    return writer.at;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *at, *end;
};

static bool take(struct reader *reader, const char *text) {
    size_t bytes = strlen(text);
    bool there = (size_t)(reader->end - reader->at) >= bytes && memcmp(reader->at, text, bytes) == 0;
    reader->at += there ? bytes : 0;
    return there;
}

/* Of `width` digits, or of any number of them. */
static bool take_number(struct reader *reader, size_t width, uint64_t *out) {
    const uint8_t *begin = reader->at;
    size_t most = width ? width : 10;
    for (*out = 0; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
        *out = *out * 10 + (*reader->at - '0');
        if ((size_t)(reader->at - begin) == most) {
            return false;
        }
    }
    size_t seen = (size_t)(reader->at - begin);
    return width ? seen == width : seen > 0;
}

/* The inverse of put_date. */
static bool take_date(struct reader *reader, uint64_t *days) {
    uint64_t year, month, day;
    if (!take_number(reader, 4, &year) || !take(reader, "-") || !take_number(reader, 2, &month) || !take(reader, "-") ||
        !take_number(reader, 2, &day) || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31) {
        return false;
    }
    year -= month <= 2;
    uint64_t year_of_era = year % 400;
    uint64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    *days = year / 400 * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_1970;
    return true;
}

static bool take_time(struct reader *reader, uint64_t *time_ms) {
    uint64_t days, hour, minute, second, ms;
    if (!take_date(reader, &days) || !take(reader, "T") || !take_number(reader, 2, &hour) || !take(reader, ":") ||
        !take_number(reader, 2, &minute) || !take(reader, ":") || !take_number(reader, 2, &second) ||
        !take(reader, ".") || !take_number(reader, 3, &ms) || !take(reader, "Z")) {
        return false;
    }
    *time_ms = days * MS_PER_DAY + hour * 3600000 + minute * 60000 + second * 1000 + ms;
    return true;
}

static bool read_address(struct bytes word, struct mesh_address *out) {
    char text[MESH_ADDRESS_TEXT_BYTES];
    if (word.size >= sizeof text) {
        return false;
    }
    memcpy(text, word.data, word.size);
    text[word.size] = '\0';
    return mesh_address_parse(text, out) == MESH_OK;
}

static bool take_word(struct reader *reader, struct bytes *out) {
    const uint8_t *space = memchr(reader->at, ' ', (size_t)(reader->end - reader->at));
    if (!space || space == reader->at) {
        return false;
    }
    *out = bytes_make(reader->at, (size_t)(space - reader->at));
    reader->at = space + 1;
    return true;
}

static bool is_missing(struct bytes word) {
    return word.size == 1 && word.data[0] == '-';
}

static bool parse_text(struct reader *reader, struct log_line *out) {
    struct bytes level, address;
    uint64_t pid;
    if (!take_time(reader, &out->time_ms) || !take(reader, " ") || !take_word(reader, &level) ||
        !log_level_parse(level, &out->level) || !take_word(reader, &out->node) || !take_number(reader, 0, &pid) ||
        !take(reader, " ") || !take_word(reader, &out->type) || !take_word(reader, &address) ||
        (!is_missing(address) && !read_address(address, &out->address))) {
        return false;
    }
    out->pid = (uint32_t)pid;
    out->node = is_missing(out->node) ? bytes_make("", 0) : out->node;
    out->type = is_missing(out->type) ? bytes_make("", 0) : out->type;
    out->text = bytes_make(reader->at, (size_t)(reader->end - reader->at));
    return true;
}

static int digit_of(uint8_t byte) {
    return byte >= '0' && byte <= '9' ? byte - '0' : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Behind the backslash of what put_escape wrote. */
static bool take_escape(struct reader *reader, uint32_t *code) {
    if (reader->at < reader->end && (*reader->at == '"' || *reader->at == '\\')) {
        *code = *reader->at++;
        return true;
    }
    if (!take(reader, "u00") || reader->end - reader->at < 2) {
        return false;
    }
    int high = digit_of(reader->at[0]), low = digit_of(reader->at[1]);
    if (high < 0 || low < 0) {
        return false;
    }
    reader->at += 2;
    *code = (uint32_t)high << 4 | (uint32_t)low;
    return true;
}

/* Up to the closing quote, into `room`, which is as large as what is read. */
static bool take_string(struct reader *reader, struct writer *room, struct bytes *out) {
    const char *begin = room->out + room->at;
    while (reader->at < reader->end && *reader->at != '"') {
        uint32_t code;
        if (*reader->at != '\\') {
            put(room, reader->at++, 1);
            continue;
        }
        reader->at++;
        if (!take_escape(reader, &code)) {
            return false;
        }
        const uint8_t two[] = {(uint8_t)(0xc0 | code >> 6), (uint8_t)(0x80 | (code & 0x3f))}, one = (uint8_t)code;
        put(room, code < 0x80 ? &one : two, code < 0x80 ? 1 : 2);
    }
    *out = bytes_make(begin, (size_t)(room->out + room->at - begin));
    return !room->full && take(reader, "\"");
}

static bool parse_json(struct reader *reader, struct writer *room, struct log_line *out) {
    struct bytes level, address;
    uint64_t pid;
    out->type = bytes_make("", 0);
    if (!take(reader, "{\"time\":\"") || !take_time(reader, &out->time_ms) || !take(reader, "\",\"level\":\"") ||
        !take_string(reader, room, &level) || !log_level_parse(level, &out->level) || !take(reader, ",\"node\":\"") ||
        !take_string(reader, room, &out->node) || !take(reader, ",\"pid\":") || !take_number(reader, 0, &pid)) {
        return false;
    }
    out->pid = (uint32_t)pid;
    if (take(reader, ",\"type\":\"") && !take_string(reader, room, &out->type)) {
        return false;
    }
    if (take(reader, ",\"address\":\"") &&
        (!take_string(reader, room, &address) || !read_address(address, &out->address))) {
        return false;
    }
    return take(reader, ",\"text\":\"") && take_string(reader, room, &out->text) && take(reader, "}") &&
           reader->at == reader->end;
}

bool log_line_parse(struct bytes text, char room[LOG_LINE_BYTES], struct log_line *out) {
    struct reader reader = {text.data, text.data + text.size};
    struct writer writer = {.out = room, .end = LOG_LINE_BYTES};
    struct log_line line = {0};
    bool good =
        text.size > 0 && (text.data[0] == '{' ? parse_json(&reader, &writer, &line) : parse_text(&reader, &line));
    if (good) {
        *out = line;
    }
    return good;
}
