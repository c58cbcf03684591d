/* Bundles: what is taken, and all that is not (J1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/bundle.h"
#include <criterion/criterion.h>
#include <stdlib.h>

enum { OBJECT_BYTES = 32, ROOM = 32 * 1024 };

static const struct bundle_machine here = {62, 2, 1}, elsewhere = {22, 2, 2};

/* A header that says for whom the object is, and some bytes that make it another. */
static void make_object(uint8_t object[OBJECT_BYTES], struct bundle_machine machine, uint8_t content) {
    memset(object, content, OBJECT_BYTES);
    memcpy(object,
           "\x7f"
           "ELF",
           4);
    object[4] = machine.bits;
    object[5] = machine.data;
    object[machine.data == 1 ? 16 : 17] = 3;
    object[machine.data == 1 ? 17 : 16] = 0;
    object[machine.data == 1 ? 18 : 19] = (uint8_t)machine.machine;
    object[machine.data == 1 ? 19 : 18] = 0;
}

static uint8_t object[OBJECT_BYTES], library[OBJECT_BYTES], foreign[OBJECT_BYTES], made[ROOM];

/* A library and a module for one architecture, a module for another. */
static struct bytes sample(void) {
    make_object(object, here, 1);
    make_object(library, here, 2);
    make_object(foreign, elsewhere, 3);
    static struct bundle bundle = {.count = 3};
    bundle.objects[0] = (struct bundle_object){here, "libgreet.so.1", bytes_make(library, sizeof library)};
    bundle.objects[1] = (struct bundle_object){here, "hello.so", bytes_make(object, sizeof object)};
    bundle.objects[2] = (struct bundle_object){elsewhere, "hello.so", bytes_make(foreign, sizeof foreign)};
    size_t size = bundle_bytes(&bundle);
    cr_assert_leq(size, sizeof made);
    bundle_write(&bundle, made);
    return bytes_make(made, size);
}

static const char *parse(struct bytes bytes) {
    static struct bundle out;
    return bundle_parse(&out, bytes);
}

static uint8_t *entry(size_t number) {
    return made + BUNDLE_HEADER_BYTES + number * BUNDLE_ENTRY_BYTES;
}

Test(bundle, J1_what_was_written_is_read) {
    struct bundle bundle;
    struct bytes bytes = sample();
    cr_assert_null(bundle_parse(&bundle, bytes));
    cr_assert_eq(bundle.count, 3);
    cr_assert_str_eq(bundle.objects[0].name, "libgreet.so.1");
    cr_assert(bytes_equal(bundle.objects[1].bytes, bytes_make(object, sizeof object)));
    cr_assert(bytes_equal(bundle.objects[2].bytes, bytes_make(foreign, sizeof foreign)));
    cr_assert_eq(bundle_count_for(&bundle, here), 2);
    cr_assert_eq(bundle_count_for(&bundle, elsewhere), 1);
    cr_assert_eq(bundle_count_for(&bundle, (struct bundle_machine){183, 2, 1}), 0);
}

Test(bundle, J1_no_beginning_of_one_is_taken_for_it) {
    struct bytes bytes = sample();
    for (size_t size = 0; size < bytes.size; size++) {
        uint8_t *cut = malloc(size ? size : 1); /* so that a look beyond its end is seen */
        memcpy(cut, bytes.data, size);
        cr_assert_not_null(parse(bytes_make(cut, size)), "%zu bytes of it", size);
        free(cut);
    }
    cr_assert_null(parse(bytes));
    cr_assert_str_eq(parse(bytes_make(made, bytes.size + 1)), "there is something behind its last object");
}

Test(bundle, J1_a_name_leads_nowhere) {
    static const char *const bad[] = {"../a.so", "/a.so", "a/b.so", ".a.so", "..", ".", "", "a b", "a\n", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bytes bytes = sample();
        memset(entry(0) + 16, 0, 64);
        memcpy(entry(0) + 16, bad[i], strlen(bad[i]));
        cr_assert_not_null(parse(bytes), "a name \"%s\"", bad[i]);
        cr_assert_not_null(bundle_judge_name(bad[i]));
    }
    struct bytes bytes = sample();
    memset(entry(0) + 16, 'a', 63);
    cr_assert_null(parse(bytes), "the longest name");
    entry(0)[16 + 63] = 'a';
    cr_assert_str_eq(parse(bytes), "its manifest is malformed");
    (void)sample();
    entry(0)[16 + 40] = 'x';
    cr_assert_str_eq(parse(bytes), "its manifest is malformed", "something behind the name's end");
}

Test(bundle, J1_names_differ_within_an_architecture) {
    struct bytes bytes = sample();
    memset(entry(0) + 16, 0, 64);
    memcpy(entry(0) + 16, "hello.so", 8);
    cr_assert_str_eq(parse(bytes), "two objects of one architecture have one name");
}

Test(bundle, J1_an_object_is_what_the_manifest_says) {
    struct bytes bytes = sample();
    entry(2)[0] = 183;
    cr_assert_str_eq(parse(bytes), "an object is for another architecture than its manifest says");
    (void)sample();
    uint8_t *first = made + BUNDLE_HEADER_BYTES + 3 * BUNDLE_ENTRY_BYTES;
    first[16] = 2;
    cr_assert_str_eq(parse(bytes), "an object is no shared object");
    first[16] = 3;
    first[4] = 3;
    cr_assert_str_eq(parse(bytes), "an object is of no known ELF class");
    first[0] = 0;
    cr_assert_str_eq(parse(bytes), "an object is no ELF file");
}

Test(bundle, J1_sizes_and_counts_have_limits) {
    struct bytes bytes = sample();
    memset(entry(0) + 8, 0xff, 8);
    cr_assert_str_eq(parse(bytes), "it is truncated");
    (void)sample();
    made[8] = 0;
    cr_assert_not_null(parse(bytes));
    made[8] = BUNDLE_OBJECTS + 1;
    cr_assert_str_eq(parse(bytes), "its header is malformed: it has 1 to 64 objects");
    (void)sample();
    made[12] = 1;
    cr_assert_not_null(parse(bytes));
    (void)sample();
    entry(1)[4] = 1;
    cr_assert_str_eq(parse(bytes), "its manifest is malformed");
    (void)sample();
    made[7] = '2';
    cr_assert_str_eq(parse(bytes), "it is no bundle: `mesh source pack` makes one");
    cr_assert_str_eq(parse(bytes_make(made, BUNDLE_BYTES + (size_t)1)), "it is larger than 64 MiB");
}
