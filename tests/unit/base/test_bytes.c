/* Views of bytes, and text that ends where its room does.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/bytes.h"
#include <criterion/criterion.h>
#include <signal.h>

Test(bytes, views_compare_by_content) {
    struct bytes none = {0}, empty = bytes_of_text(""), ab = bytes_of_text("ab"), abc = bytes_of_text("abc");
    cr_assert_eq(abc.size, 3);
    cr_assert(bytes_equal(none, empty));
    cr_assert(bytes_equal(ab, bytes_make("abx", 2)));
    cr_assert_not(bytes_equal(ab, abc));
    cr_assert_not(bytes_equal(ab, bytes_of_text("ac")));
    cr_assert_not(bytes_equal(none, ab));
    cr_assert(bytes_equal(bytes_make("a\0b", 3), bytes_make("a\0b", 3)));
    cr_assert_not(bytes_equal(bytes_make("a\0b", 3), bytes_make("a\0c", 3)));
}

Test(bytes, order_is_by_byte_then_by_length) {
    struct bytes none = {0}, ab = bytes_of_text("ab"), abc = bytes_of_text("abc"), b = bytes_of_text("b");
    cr_assert_eq(bytes_compare(none, bytes_of_text("")), 0);
    cr_assert_lt(bytes_compare(none, ab), 0);
    cr_assert_gt(bytes_compare(ab, none), 0);
    cr_assert_lt(bytes_compare(ab, abc), 0);
    cr_assert_gt(bytes_compare(abc, ab), 0);
    cr_assert_lt(bytes_compare(abc, b), 0);
    cr_assert_eq(bytes_compare(abc, bytes_of_text("abc")), 0);
    cr_assert_gt(bytes_compare(bytes_make("\xff", 1), bytes_make("\x01", 1)), 0, "bytes have no sign");
}

Test(text, fits_to_the_last_letter) {
    char buffer[8];
    struct text_builder builder = text_builder(buffer, 6);
    buffer[6] = '#';
    cr_assert_str_eq(buffer, "");
    text_append(&builder, "%s-%d", "ab", 12);
    cr_assert_str_eq(buffer, "ab-12");
    cr_assert_eq(builder.length, 5);
    cr_assert_not(builder.truncated);
    text_append(&builder, "%s", "");
    cr_assert_not(builder.truncated);
    text_append(&builder, "x");
    cr_assert(builder.truncated);
    cr_assert_str_eq(buffer, "ab-12");
    cr_assert_eq(buffer[6], '#');
}

Test(text, is_cut_at_its_room_and_stays_cut) {
    char buffer[8];
    struct text_builder builder = text_builder(buffer, 4);
    buffer[4] = '#';
    text_append(&builder, "abcdef");
    cr_assert_str_eq(buffer, "abc");
    cr_assert_eq(builder.length, 3);
    cr_assert(builder.truncated);
    text_append(&builder, "more");
    cr_assert_str_eq(buffer, "abc");
    cr_assert(builder.truncated);
    cr_assert_eq(buffer[4], '#');
}

Test(text, a_room_of_one_holds_the_empty_text) {
    char buffer[2] = "##";
    struct text_builder builder = text_builder(buffer, 1);
    text_append(&builder, "a");
    cr_assert_str_eq(buffer, "");
    cr_assert(builder.truncated);
    cr_assert_eq(buffer[1], '#');
}

Test(text, no_room_is_a_mistake, .signal = SIGABRT) {
    char buffer[1];
    text_builder(buffer, 0);
}

Test(text, escapes_what_a_terminal_would_obey) {
    char buffer[64];
    struct text_builder builder = text_builder(buffer, sizeof buffer);
    text_append_escaped(&builder, bytes_make("a ~\x1b[\n\0\x7f\xff\xc2\x9b", 11));
    cr_assert_str_eq(buffer, "a ~\\x1b[\\x0a\\x00\\x7f\\xff\\xc2\\x9b");
    cr_assert_not(builder.truncated);
    text_append_escaped(&builder, (struct bytes){0});
    cr_assert_not(builder.truncated);
}

Test(text, what_is_escaped_stays_as_it_is) {
    char once[64], twice[64];
    struct text_builder first = text_builder(once, sizeof once), second = text_builder(twice, sizeof twice);
    text_append_escaped(&first, bytes_of_text("he said \"n\u00f6\" \\ \n"));
    cr_assert_str_eq(once, "he said \"n\u00f6\" \\ \\x0a");
    text_append_escaped(&second, bytes_of_text(once));
    cr_assert_str_eq(twice, once);
}

Test(text, escaped_text_ends_with_a_whole_character) {
    char buffer[4];
    struct text_builder builder = text_builder(buffer, sizeof buffer);
    text_append_escaped(&builder, bytes_of_text("\u00f6\u00f6"));
    cr_assert_str_eq(buffer, "\u00f6");
    cr_assert(builder.truncated);
}

Test(text, escaped_text_ends_with_a_whole_escape) {
    char buffer[8];
    for (size_t room = 6; room <= 9; room++) {
        struct text_builder builder = text_builder(buffer, room < 9 ? room : 5);
        text_append_escaped(&builder, bytes_make("\n\n", 2));
        cr_assert_str_eq(buffer, "\\x0a");
        cr_assert(builder.truncated);
    }
}
