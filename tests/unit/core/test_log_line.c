/* Lines of the log: their fields, both formats, and what hostile texts come to.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/log_line.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define TIME_MS UINT64_C(1769903999123) /* 2026-01-31T23:59:59.123Z */

static struct log_line line_of(const char *text) {
    return (struct log_line){.time_ms = TIME_MS,
                             .level = MESH_LOG_WARNING,
                             .pid = 4711,
                             .node = bytes_of_text("alpha"),
                             .type = bytes_of_text("counter"),
                             .address = {1, 2},
                             .text = bytes_of_text(text)};
}

static void expect_text(struct bytes is, const char *wanted) {
    cr_assert(bytes_equal(is, bytes_of_text(wanted)), "'%.*s' is not '%s'", (int)is.size, (const char *)is.data,
              wanted);
}

static void expect_line(enum log_format format, const struct log_line *line, const char *wanted) {
    char out[LOG_LINE_BYTES];
    expect_text(bytes_make(out, log_line_print(out, format, line)), wanted);
}

/* What is printed is read as the same; the text may have become `clean`. */
static void expect_round_trip(enum log_format format, const struct log_line *line, const char *clean) {
    char out[LOG_LINE_BYTES], room[LOG_LINE_BYTES];
    struct log_line again;
    size_t bytes = log_line_print(out, format, line);
    cr_assert(log_line_parse(bytes_make(out, bytes - 1), room, &again), "%.*s", (int)bytes, out);
    cr_assert_eq(again.time_ms, line->time_ms);
    cr_assert_eq(again.level, line->level);
    cr_assert_eq(again.pid, line->pid);
    cr_assert(bytes_equal(again.node, line->node));
    cr_assert(bytes_equal(again.type, line->type));
    cr_assert(mesh_address_equal(again.address, line->address));
    expect_text(again.text, clean);
}

static bool is_read(const char *text) {
    char room[LOG_LINE_BYTES];
    struct log_line line;
    return log_line_parse(bytes_of_text(text), room, &line);
}

Test(log_line, K2_a_line_has_time_level_node_process_type_and_address) {
    char address[MESH_ADDRESS_TEXT_BYTES], wanted[512];
    struct log_line line = line_of("the text");
    (void)mesh_address_print(line.address, address);
    (void)snprintf(wanted, sizeof wanted, "2026-01-31T23:59:59.123Z warning alpha 4711 counter %s the text\n", address);
    expect_line(LOG_TEXT, &line, wanted);
    (void)snprintf(wanted, sizeof wanted,
                   "{\"time\":\"2026-01-31T23:59:59.123Z\",\"level\":\"warning\",\"node\":\"alpha\",\"pid\":4711,"
                   "\"type\":\"counter\",\"address\":\"%s\",\"text\":\"the text\"}\n",
                   address);
    expect_line(LOG_JSON, &line, wanted);
}

Test(log_line, what_there_is_not_is_a_dash_or_missing) {
    struct log_line line = line_of("");
    line.type = bytes_make("", 0);
    line.address = (struct mesh_address){0};
    expect_line(LOG_TEXT, &line, "2026-01-31T23:59:59.123Z warning alpha 4711 - - \n");
    expect_line(LOG_JSON, &line,
                "{\"time\":\"2026-01-31T23:59:59.123Z\",\"level\":\"warning\",\"node\":\"alpha\",\"pid\":4711,\"text\":"
                "\"\"}\n");
    expect_round_trip(LOG_TEXT, &line, "");
    expect_round_trip(LOG_JSON, &line, "");
}

Test(log_line, K2_both_formats_are_read_again) {
    struct log_line line = line_of("it said \"no\" \\ \xc3\xa4 \xf0\x9f\x8c\xb2 {\"time\":");
    expect_round_trip(LOG_TEXT, &line, (const char *)line.text.data);
    expect_round_trip(LOG_JSON, &line, (const char *)line.text.data);
}

Test(log_line, K2_a_hostile_text_makes_no_second_line_and_no_bad_character) {
    struct log_line line = line_of("one\ntwo\x1b[0m\x7f\xc2\x85 \xff\xc0\xaf\xed\xa0\x80\xe2\x82");
    expect_round_trip(LOG_TEXT, &line, "one two [0m   ????????");
    expect_round_trip(LOG_JSON, &line, "one\ntwo\x1b[0m\x7f\xc2\x85 ????????");
}

Test(log_line, K2_daemons_get_the_fields_of_a_line) {
    char address[MESH_ADDRESS_TEXT_BYTES], wanted[512], out[LOG_LINE_BYTES];
    struct log_line line = line_of("one\ntwo");
    (void)mesh_address_print(line.address, address);
    (void)snprintf(wanted, sizeof wanted,
                   "PRIORITY=4\nSYSLOG_IDENTIFIER=mesh\nMESH_PID=4711\nMESH_NODE=alpha\nMESH_TYPE=counter\n"
                   "MESH_ADDRESS=%s\nMESSAGE=one two\n",
                   address);
    expect_text(bytes_make(out, log_line_print_journal(out, &line)), wanted);
    (void)snprintf(wanted, sizeof wanted, "<28>mesh[4711]: warning alpha counter %s one two", address);
    expect_text(bytes_make(out, log_line_print_syslog(out, &line)), wanted);
}

Test(log_line, a_field_cannot_pass_for_two) {
    char out[LOG_LINE_BYTES];
    struct log_line line = line_of("text");
    line.node = bytes_of_text("a b\n");
    size_t bytes = log_line_print(out, LOG_TEXT, &line);
    cr_assert_not_null(memmem(out, bytes, " a?b? 4711 ", 11));
}

Test(log_line, what_is_too_long_is_cut_between_characters_and_is_a_line_still) {
    char text[2 * LOG_LINE_BYTES], out[LOG_LINE_BYTES], room[LOG_LINE_BYTES];
    for (enum log_format format = LOG_TEXT; format <= LOG_JSON; format++) {
        for (size_t shift = 0; shift < 3; shift++) { /* the cut comes at each byte of a character */
            memset(text, 'x', shift);
            for (size_t at = shift; at < sizeof text; at++) {
                text[at] = "\xe2\x82\xac"[(at - shift) % 3];
            }
            struct log_line line = line_of(""), again;
            line.text = bytes_make(text, sizeof text);
            size_t bytes = log_line_print(out, format, &line);
            cr_assert_leq(bytes, LOG_LINE_BYTES);
            cr_assert_gt(bytes, LOG_LINE_BYTES - 4);
            cr_assert_eq(out[bytes - 1], '\n');
            cr_assert(log_line_parse(bytes_make(out, bytes - 1), room, &again));
            cr_assert_eq((again.text.size - shift) % 3, 0);
            cr_assert_eq(memcmp(again.text.data, text, again.text.size), 0);
        }
    }
}

Test(log_line, a_text_of_escapes_alone_is_cut_to_a_line_too) {
    char text[LOG_LINE_BYTES], out[LOG_LINE_BYTES], room[LOG_LINE_BYTES];
    memset(text, '\x01', sizeof text);
    struct log_line line = line_of(""), again;
    line.text = bytes_make(text, sizeof text);
    size_t bytes = log_line_print(out, LOG_JSON, &line);
    cr_assert(log_line_parse(bytes_make(out, bytes - 1), room, &again));
    cr_assert_gt(again.text.size, 100);
}

Test(log_line, K2_a_part_of_a_line_is_none) {
    char out[LOG_LINE_BYTES], room[LOG_LINE_BYTES];
    struct log_line line = line_of("t"), again;
    for (enum log_format format = LOG_TEXT; format <= LOG_JSON; format++) {
        size_t bytes = log_line_print(out, format, &line) - 1;
        for (size_t cut = 0; cut + 1 < bytes; cut++) {
            cr_assert_not(log_line_parse(bytes_make(out, cut), room, &again), "%.*s", (int)cut, out);
        }
    }
}

Test(log_line, what_is_no_line_is_refused) {
    cr_assert(is_read("2026-01-31T23:59:59.123Z info alpha 1 - - x"));
    cr_assert_not(is_read("2026-01-31T23:59:59.123Z loud alpha 1 - - x"));
    cr_assert_not(is_read("2026-13-31T23:59:59.123Z info alpha 1 - - x"));
    cr_assert_not(is_read("2026-01-31T23:59:59.123Z info alpha 99999999999 - - x"));
    cr_assert_not(is_read("2026-01-31T23:59:59.123Z info alpha 1 - nobody x"));
    cr_assert_not(is_read(
        "{\"time\":\"2026-01-31T23:59:59.123Z\",\"level\":\"info\",\"node\":\"a\\x\",\"pid\":1,\"text\":\"\"}"));
    cr_assert_not(
        is_read("{\"time\":\"2026-01-31T23:59:59.123Z\",\"level\":\"info\",\"node\":\"a\",\"pid\":1,\"text\":\"\"} "));
    cr_assert_not(is_read("{}"));
}

Test(log_line, K2_times_are_those_of_the_calendar) {
    static const struct {
        uint64_t time_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {UINT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {UINT64_C(951868799999), "2000-02-29T23:59:59.999Z"},
        {UINT64_C(1709251200000), "2024-03-01T00:00:00.000Z"},
        {UINT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
    };
    char text[LOG_TIME_BYTES], line[64], room[LOG_LINE_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log_line again;
        cr_assert_str_eq(log_time_print(cases[i].time_ms, text), cases[i].text);
        (void)snprintf(line, sizeof line, "%s info a 1 - - x", cases[i].text);
        cr_assert(log_line_parse(bytes_of_text(line), room, &again));
        cr_assert_eq(again.time_ms, cases[i].time_ms);
    }
}
