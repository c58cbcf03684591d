/* Capabilities: what is there, what is required, and in which words something is missing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/capability.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define TEXT_VALUE(text) ((struct frame_value){.kind = FRAME_VALUE_TEXT, .bytes = bytes_of_text(text)})
#define INTEGER_VALUE(number) ((struct frame_value){.kind = FRAME_VALUE_INTEGER, .integer = (number)})
#define REAL_VALUE(number) ((struct frame_value){.kind = FRAME_VALUE_REAL, .real = (number)})
#define FLAG_VALUE(value) ((struct frame_value){.kind = FRAME_VALUE_FLAG, .flag = (value)})

static void put(struct capability_set *set, const char *name, struct frame_value value) {
    struct frame_capability item = {bytes_of_text(name), 1, &value, false};
    cr_assert_eq(capability_set_put(set, &item), MESH_OK);
}

static struct frame_requirement need(const char *name) {
    return (struct frame_requirement){.name = bytes_of_text(name), .comparison = FRAME_COMPARE_PRESENT};
}

/* The value lasts as long as the caller's statement. */
#define need_equal(name, ...) ((struct frame_requirement){bytes_of_text(name), FRAME_COMPARE_EQUAL, 1, &(__VA_ARGS__)})

static bool fits(const struct capability_set *set, struct frame_requirement requirement) {
    return capability_fits(set, &requirement, 1, NULL, 0);
}

Test(capability, H1_nothing_deletes) {
    struct capability_set set = {0};
    put(&set, "gpu", FLAG_VALUE(true));
    cr_assert_not_null(capability_set_get(&set, bytes_of_text("gpu")));
    struct frame_capability nothing = {.name = bytes_of_text("gpu")};
    cr_assert_eq(capability_set_put(&set, &nothing), MESH_OK);
    cr_assert_null(capability_set_get(&set, bytes_of_text("gpu")));
    capability_set_fini(&set);
}

Test(capability, H1_standard_ones_are_there_and_read_only) {
    struct capability_set set = {0};
    struct capability_standard standard = {"1", "1.0", "alpha", "tcp", "x86_64", false};
    cr_assert_eq(capability_set_standard(&set, &standard), MESH_OK);
    cr_assert(fits(&set, need_equal("node name", TEXT_VALUE("alpha"))));
    cr_assert_not(fits(&set, need("watch supported")));
    struct frame_value value = TEXT_VALUE("beta");
    struct frame_capability item = {bytes_of_text("node name"), 1, &value, false};
    cr_assert_eq(capability_set_put(&set, &item), MESH_REFUSED);
    capability_set_fini(&set);
}

Test(capability, H1_of_one_node_all_together_have_a_limit) {
    static char bytes[FRAME_VALUE_BYTES];
    struct capability_set set = {0};
    struct frame_value values[5];
    struct frame_capability item = {bytes_of_text("a"), 5, values, true};
    size_t left = FRAME_CAPABILITIES_BYTES - 6 * 16 - 1; /* beside the name's and the values' own */
    for (size_t i = 0; i < 5; i++) {
        size_t size = left < FRAME_VALUE_BYTES ? left : FRAME_VALUE_BYTES;
        values[i] = (struct frame_value){.kind = FRAME_VALUE_DATA, .bytes = bytes_make(bytes, size)};
        left -= size;
    }
    cr_assert_eq(capability_set_copy(&set, &item, 1), MESH_OK);
    struct frame_value more = FLAG_VALUE(true);
    struct frame_capability another = {bytes_of_text("b"), 1, &more, false};
    cr_assert_eq(capability_set_put(&set, &another), MESH_TOO_LARGE);
    cr_assert_eq(set.count, 1);
    capability_set_fini(&set);
}

Test(capability, H4_others_come_in_the_place_of_all_but_the_standard_ones) {
    struct capability_set present = {0}, wanted = {0}, renewed = {0};
    struct capability_standard standard = {"1", "1.0", "alpha", "tcp", "x86_64", true};
    cr_assert_eq(capability_set_standard(&present, &standard), MESH_OK);
    put(&present, "gpu", FLAG_VALUE(true));
    put(&wanted, "cores", INTEGER_VALUE(8));
    cr_assert_eq(capability_set_renew(&renewed, &present, &wanted), MESH_OK);
    cr_assert_eq(renewed.count, present.count);
    cr_assert_null(capability_set_get(&renewed, bytes_of_text("gpu")));
    cr_assert(fits(&renewed, need_equal("cores", INTEGER_VALUE(8))));
    cr_assert(fits(&renewed, need_equal("node name", TEXT_VALUE("alpha"))));
    struct capability_set refused = {0};
    cr_assert_eq(capability_set_renew(&refused, &present, &present), MESH_INVALID_ARGUMENT, "a standard one");
    capability_set_fini(&present);
    capability_set_fini(&wanted);
    capability_set_fini(&renewed);
}

Test(capability, a_name_stands_once_and_limits_hold) {
    struct capability_set set = {0};
    struct frame_value value = FLAG_VALUE(true);
    struct frame_capability twice[2] = {{bytes_of_text("a"), 1, &value, false}, {bytes_of_text("a"), 1, &value, false}};
    cr_assert_eq(capability_set_copy(&set, twice, 2), MESH_INVALID_ARGUMENT);
    char name[FRAME_NAME_BYTES + 1];
    memset(name, 'x', sizeof name);
    struct frame_capability longest = {bytes_make(name, FRAME_NAME_BYTES), 1, &value, false};
    cr_assert_eq(capability_set_copy(&set, &longest, 1), MESH_OK);
    capability_set_fini(&set);
    longest.name.size++;
    cr_assert_eq(capability_set_copy(&set, &longest, 1), MESH_TOO_LARGE);
    longest.name.size = 0;
    cr_assert_eq(capability_set_copy(&set, &longest, 1), MESH_INVALID_ARGUMENT);
}

Test(capability, H2_present_means_there_and_true) {
    struct capability_set set = {0};
    put(&set, "yes", FLAG_VALUE(true));
    put(&set, "no", FLAG_VALUE(false));
    put(&set, "zero", INTEGER_VALUE(0));
    put(&set, "empty", TEXT_VALUE(""));
    cr_assert(fits(&set, need("yes")));
    cr_assert_not(fits(&set, need("no")));
    cr_assert_not(fits(&set, need("zero")));
    cr_assert_not(fits(&set, need("empty")));
    cr_assert_not(fits(&set, need("absent")));
    capability_set_fini(&set);
}

/* How the capability stands to the value, by all comparisons but PRESENT and IN: "=!<l>g" with a dot for each that it does not meet. */
static void expect_order(const struct capability_set *set, const char *name, struct frame_value value,
                         const char *expected) {
    static const char signs[] = "=!<l>g";
    char seen[sizeof signs] = "......";
    for (int i = 0; i < 6; i++) {
        struct frame_requirement requirement = {bytes_of_text(name), (enum frame_comparison)(FRAME_COMPARE_EQUAL + i),
                                                1, &value};
        seen[i] = fits(set, requirement) ? signs[i] : '.';
    }
    cr_assert_str_eq(seen, expected, "%s: %s instead of %s", name, seen, expected);
}

Test(capability, H2_numbers_compare_by_their_size_be_they_integers_or_reals) {
    struct capability_set set = {0};
    put(&set, "cores", INTEGER_VALUE(8));
    put(&set, "load", REAL_VALUE(0.5));
    put(&set, "big", INTEGER_VALUE(INT64_MAX));
    put(&set, "odd", INTEGER_VALUE((INT64_C(1) << 53) + 1));
    put(&set, "small", INTEGER_VALUE(INT64_MIN));
    expect_order(&set, "cores", INTEGER_VALUE(8), "=..l.g");
    expect_order(&set, "cores", INTEGER_VALUE(9), ".!<l..");
    expect_order(&set, "cores", INTEGER_VALUE(7), ".!..>g");
    expect_order(&set, "cores", REAL_VALUE(8.0), "=..l.g");
    expect_order(&set, "cores", REAL_VALUE(8.25), ".!<l..");
    expect_order(&set, "cores", REAL_VALUE(7.75), ".!..>g");
    expect_order(&set, "cores", REAL_VALUE(-8.25), ".!..>g");
    expect_order(&set, "load", INTEGER_VALUE(0), ".!..>g");
    expect_order(&set, "load", INTEGER_VALUE(1), ".!<l..");
    expect_order(&set, "load", REAL_VALUE(0.5), "=..l.g");
    expect_order(&set, "load", REAL_VALUE(0.75), ".!<l..");
    expect_order(&set, "big", REAL_VALUE(0x1p63), ".!<l..");
    expect_order(&set, "odd", REAL_VALUE(0x1p53), ".!..>g");
    expect_order(&set, "small", REAL_VALUE(-0x1p63), "=..l.g");
    expect_order(&set, "small", REAL_VALUE(-0x1p64), ".!..>g");
    capability_set_fini(&set);
}

Test(capability, H2_what_is_only_told_fits_everywhere) {
    struct capability_set set = {0};
    struct requirement_set copy;
    struct frame_value opaque[2] = {{.kind = FRAME_VALUE_DATA, .bytes = bytes_make("\0\xff", 2)}, INTEGER_VALUE(8)};
    struct frame_requirement told = {bytes_of_text("cores"), FRAME_COMPARE_TOLD, 2, opaque};
    cr_assert(fits(&set, told));
    put(&set, "cores", INTEGER_VALUE(7));
    cr_assert(fits(&set, told));
    cr_assert_eq(requirement_set_copy(&copy, &told, 1), MESH_OK);
    requirement_set_fini(&copy);
    told.values_count = 0;
    cr_assert_eq(requirement_set_copy(&copy, &told, 1), MESH_INVALID_ARGUMENT);
    told =
        (struct frame_requirement){bytes_of_text("cores"), (enum frame_comparison)(FRAME_COMPARE_TOLD + 1), 1, opaque};
    cr_assert_eq(requirement_set_copy(&copy, &told, 1), MESH_INVALID_ARGUMENT);
    capability_set_fini(&set);
}

Test(capability, H2_texts_compare_by_their_bytes) {
    struct capability_set set = {0};
    put(&set, "zone", TEXT_VALUE("north"));
    put(&set, "on", FLAG_VALUE(true));
    expect_order(&set, "zone", TEXT_VALUE("north"), "=..l.g");
    expect_order(&set, "zone", TEXT_VALUE("northern"), ".!<l..");
    expect_order(&set, "zone", TEXT_VALUE("North"), ".!..>g");
    expect_order(&set, "zone", TEXT_VALUE("n\xc3\xb6rth"), ".!<l..");
    expect_order(&set, "on", FLAG_VALUE(false), ".!..>g");
    expect_order(&set, "on", FLAG_VALUE(true), "=..l.g");
    capability_set_fini(&set);
}

Test(capability, H2_what_is_of_another_kind_or_not_there_fits_no_comparison) {
    struct capability_set set = {0};
    put(&set, "cores", INTEGER_VALUE(8));
    put(&set, "zone", TEXT_VALUE("8"));
    expect_order(&set, "cores", TEXT_VALUE("8"), "......");
    expect_order(&set, "cores", FLAG_VALUE(true), "......");
    expect_order(&set, "zone", INTEGER_VALUE(8), "......");
    expect_order(&set, "zone", (struct frame_value){.kind = FRAME_VALUE_DATA, .bytes = bytes_of_text("8")}, "......");
    expect_order(&set, "gpu", FLAG_VALUE(true), "......");
    struct frame_value not_a_number = REAL_VALUE(__builtin_nan(""));
    struct frame_capability item = {bytes_of_text("load"), 1, &not_a_number, false};
    cr_assert_eq(capability_set_put(&set, &item), MESH_INVALID_ARGUMENT);
    capability_set_fini(&set);
}

Test(capability, H2_of_a_list_one_item_has_to_suit_and_all_have_to_differ) {
    struct capability_set set = {0};
    struct frame_value items[] = {INTEGER_VALUE(3), INTEGER_VALUE(5), TEXT_VALUE("x")};
    struct frame_capability list = {bytes_of_text("list"), 3, items, true};
    struct frame_capability numbers = {bytes_of_text("numbers"), 2, items, true};
    struct frame_capability empty = {bytes_of_text("empty"), 0, NULL, true};
    cr_assert_eq(capability_set_put(&set, &list), MESH_OK);
    cr_assert_eq(capability_set_put(&set, &numbers), MESH_OK);
    cr_assert_eq(capability_set_put(&set, &empty), MESH_OK);
    expect_order(&set, "list", INTEGER_VALUE(5), "=.<l.g");
    expect_order(&set, "list", INTEGER_VALUE(4), "..<l>g");
    expect_order(&set, "numbers", INTEGER_VALUE(5), "=.<l.g");
    expect_order(&set, "numbers", INTEGER_VALUE(4), ".!<l>g");
    expect_order(&set, "empty", INTEGER_VALUE(4), ".!....");
    capability_set_fini(&set);
}

Test(capability, H2_in_is_equal_to_one_of_several) {
    struct capability_set set = {0};
    struct frame_value wanted[] = {TEXT_VALUE("north"), INTEGER_VALUE(2)};
    struct frame_requirement in = {bytes_of_text("zone"), FRAME_COMPARE_IN, 2, wanted};
    char missing[120];
    put(&set, "zone", REAL_VALUE(2.0));
    cr_assert(fits(&set, in));
    put(&set, "zone", TEXT_VALUE("north"));
    cr_assert(fits(&set, in));
    put(&set, "zone", TEXT_VALUE("2"));
    cr_assert_not(capability_fits(&set, &in, 1, missing, sizeof missing));
    cr_assert_str_eq(missing, "zone in (\"north\", 2) is required and is \"2\"");
    capability_set_fini(&set);
}

Test(capability, H2_a_refusal_says_what_was_compared) {
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    struct capability_set set = {0};
    struct frame_value text = TEXT_VALUE("x");
    put(&set, "cores", INTEGER_VALUE(8));
    for (int i = 0; i < 6; i++) {
        struct frame_requirement need = {bytes_of_text("cores"), (enum frame_comparison)(FRAME_COMPARE_EQUAL + i), 1,
                                         &text};
        char missing[80], expected[80];
        cr_assert_not(capability_fits(&set, &need, 1, missing, sizeof missing));
        snprintf(expected, sizeof expected, "cores %s \"x\" is required and is 8", signs[i]);
        cr_assert_str_eq(missing, expected);
    }
    capability_set_fini(&set);
}

Test(capability, H2_a_requirement_has_as_many_values_as_its_comparison_takes) {
    struct requirement_set copy = {0};
    static struct frame_value values[FRAME_VALUES + 1];
    struct frame_requirement need = {bytes_of_text("a"), FRAME_COMPARE_PRESENT, 1, values};
    for (size_t i = 0; i <= FRAME_VALUES; i++) {
        values[i] = INTEGER_VALUE(1);
    }
    cr_assert_eq(requirement_set_copy(&copy, &need, 1), MESH_INVALID_ARGUMENT);
    need.comparison = FRAME_COMPARE_LESS;
    cr_assert_eq(requirement_set_copy(&copy, &need, 1), MESH_OK);
    requirement_set_fini(&copy);
    need.values_count = 2;
    cr_assert_eq(requirement_set_copy(&copy, &need, 1), MESH_INVALID_ARGUMENT);
    need.comparison = FRAME_COMPARE_IN;
    need.values_count = 0;
    cr_assert_eq(requirement_set_copy(&copy, &need, 1), MESH_INVALID_ARGUMENT);
    need.values_count = FRAME_VALUES;
    cr_assert_eq(requirement_set_copy(&copy, &need, 1), MESH_OK);
    cr_assert_neq(copy.items[0].values, values);
    requirement_set_fini(&copy);
    need.values_count++;
    cr_assert_eq(requirement_set_copy(&copy, &need, 1), MESH_TOO_LARGE);
    need.comparison = (enum frame_comparison)(FRAME_COMPARE_TOLD + 1);
    cr_assert_eq(requirement_set_copy(&copy, &need, 1), MESH_INVALID_ARGUMENT);
}

Test(capability, H2_equal_compares_numbers_by_value_and_lists_by_item) {
    struct capability_set set = {0};
    put(&set, "cores", INTEGER_VALUE(4));
    struct frame_value items[2] = {TEXT_VALUE("red"), TEXT_VALUE("blue")};
    struct frame_capability list = {bytes_of_text("colours"), 2, items, true};
    cr_assert_eq(capability_set_put(&set, &list), MESH_OK);
    cr_assert(fits(&set, need_equal("cores", INTEGER_VALUE(4))));
    cr_assert(fits(&set, need_equal("cores", (struct frame_value){.kind = FRAME_VALUE_REAL, .real = 4.0})));
    cr_assert_not(fits(&set, need_equal("cores", TEXT_VALUE("4"))));
    cr_assert(fits(&set, need_equal("colours", TEXT_VALUE("blue"))));
    cr_assert_not(fits(&set, need_equal("colours", TEXT_VALUE("green"))));
    capability_set_fini(&set);
}

Test(capability, C2_the_text_says_what_is_missing) {
    struct capability_set set = {0};
    char text[200];
    put(&set, "cores", INTEGER_VALUE(4));
    struct frame_requirement needs[3] = {need("gpu"), need_equal("cores", INTEGER_VALUE(8)),
                                         need_equal("cores", INTEGER_VALUE(4))};
    cr_assert_not(capability_fits(&set, needs, 3, text, sizeof text));
    cr_assert_str_eq(text, "gpu is required and is not there; cores = 8 is required and is 4");
    capability_set_fini(&set);
}
