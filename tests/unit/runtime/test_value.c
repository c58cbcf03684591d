/* Values as texts: what they look like is what they are.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/value.h"
#include <criterion/criterion.h>
#include <string.h>

enum { VALUES = 8, ARENA_BYTES = 64 * 1024, ROOM = 64 };

static uint8_t room[ROOM];

static struct frame_value read_one(const char *text) {
    uint8_t *at = room;
    return value_read(bytes_of_text(text), &at);
}

Test(value, H1_a_value_has_the_kind_that_it_looks_like) {
    cr_assert_eq(read_one("true").kind, FRAME_VALUE_FLAG);
    cr_assert(read_one("true").flag);
    cr_assert_not(read_one("false").flag);
    cr_assert_eq(read_one("-42").integer, -42);
    cr_assert_eq(read_one("42").kind, FRAME_VALUE_INTEGER);
    cr_assert_eq(read_one("2.5").kind, FRAME_VALUE_REAL);
    cr_assert_eq(read_one("1e3").real, 1000.0);
    cr_assert_eq(read_one("99999999999999999999").kind, FRAME_VALUE_REAL);
    static const char *const texts[] = {"", "True", "nan", "inf", "0x10", "1-2", "north", "-", "1 ", "\"1\"", "1e999"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_assert_eq(read_one(texts[i]).kind, FRAME_VALUE_TEXT, "\"%s\"", texts[i]);
    }
    cr_assert(bytes_equal(read_one("\"1\"").bytes, bytes_of_text("1")));
}

Test(value, H1_bytes_are_hexadecimal_and_opaque) {
    struct frame_value value = read_one("x'00ff1d'");
    cr_assert_eq(value.kind, FRAME_VALUE_DATA);
    cr_assert(bytes_equal(value.bytes, bytes_make("\0\xff\x1d", 3)));
    cr_assert_eq(read_one("x''").kind, FRAME_VALUE_DATA);
    cr_assert_eq(read_one("x''").bytes.size, 0);
    static const char *const texts[] = {"x'",   "x'0'", "x'000'", "x'0g'",    "x'FF'",
                                        "x'00", "'00'", "x'00'x", "\"x'00'\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_assert_eq(read_one(texts[i]).kind, FRAME_VALUE_TEXT, "\"%s\"", texts[i]);
    }
    cr_assert_eq(value_read(bytes_of_text("x'00'"), NULL).kind, FRAME_VALUE_DATA);
}

Test(value, H1_commas_outside_of_quotes_make_a_list) {
    struct frame_value values[VALUES];
    size_t count;
    bool list;
    uint8_t *at = room;
    cr_assert(value_read_all("north, 2 ,\"a, b\" , true", values, &count, &list, &at));
    cr_assert(list);
    cr_assert_eq(count, 4);
    cr_assert(bytes_equal(values[0].bytes, bytes_of_text("north")));
    cr_assert_eq(values[1].integer, 2);
    cr_assert(bytes_equal(values[2].bytes, bytes_of_text("a, b")));
    cr_assert_eq(values[3].kind, FRAME_VALUE_FLAG);
    cr_assert(value_read_all("\"north, south\"", values, &count, &list, &at));
    cr_assert_not(list);
    static const char *const bad[] = {",", "a,", ",a", "a,,b", "a, ,b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_not(value_read_all(bad[i], values, &count, &list, &at), "\"%s\"", bad[i]);
        cr_assert_leq(count, value_count_max(bad[i]));
    }
}

Test(value, H1_what_is_printed_reads_as_the_same) {
    static const char *const texts[] = {"true",
                                        "-42",
                                        "0.10000000000000001",
                                        "north west",
                                        "\"12\"",
                                        "\"\"",
                                        "\"a, b\"",
                                        "1, 2.5, \"3\", x, false",
                                        "\" a\"",
                                        "\"\"quoted\"\"",
                                        "x'00ff1d'",
                                        "x'', x'2c', \"x'00'\""};
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct frame_value values[VALUES];
        size_t count;
        bool list;
        uint8_t *at = room;
        cr_assert(value_read_all(texts[i], values, &count, &list, &at));
        cr_assert_str_eq(value_print(&arena, values, count), texts[i]);
    }
    arena_fini(&arena);
}
