/* What a spawner may say, and that all else is nonsense.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/spawn_word.h"
#include <criterion/criterion.h>
#include <string.h>

static char packet[256];

static struct spawn_word parse(const char *text) {
    (void)strncpy(packet, text, sizeof packet - 1);
    return spawn_word_parse(packet);
}

Test(spawn_word, C9_a_host_is_born_with_its_number) {
    struct spawn_word word = parse("born\t18446744073709551615\t4711");
    cr_assert_eq(word.kind, SPAWN_BORN);
    cr_assert_eq(word.incarnation, UINT64_MAX);
    cr_assert_eq(word.pid, 4711);
}

Test(spawn_word, C2_a_refusal_has_a_status_and_a_text) {
    struct spawn_word word = parse("refused\t7\t18\tno module\tgreeter");
    cr_assert_eq(word.kind, SPAWN_REFUSED);
    cr_assert_eq(word.incarnation, 7);
    cr_assert_eq(word.status, MESH_LOAD_FAILED);
    cr_assert_str_eq(word.text, "no module\tgreeter");
}

Test(spawn_word, C9_lines_of_a_catalogue_are_passed_on_as_they_stand) {
    static const char *const facts[] = {"type\tgreeter.*", "requires\tgpu\tpresent", "end"};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct spawn_word word = parse(facts[i]);
        cr_assert_eq(word.kind, SPAWN_FACT);
        cr_assert_str_eq(word.text, facts[i]);
    }
    cr_assert_eq(parse("spawner\t1").kind, SPAWN_HELLO);
}

Test(spawn_word, C9_all_else_is_nonsense) {
    static const char *const nonsense[] = {"",
                                           "garbage",
                                           "spawner\t2",
                                           "spawner\t1\tmore",
                                           "born",
                                           "born\t1",
                                           "born\t\t1",
                                           "born\t1\t-1",
                                           "born\t1\t1 ",
                                           "born\t1\t1\t1",
                                           "born\t-1\t1",
                                           "born\t1\t99999999999",
                                           "born\t18446744073709551616\t1",
                                           "refused\t1\t18",
                                           "refused\t1\t0\tfine",
                                           "refused\t1\t29\tno",
                                           "refused\tx\t1\tno",
                                           "module\t1",
                                           "failed\tx\tno",
                                           "type\ta\nend",
                                           "types\ta",
                                           "host\t1\n"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        cr_assert_eq(parse(nonsense[i]).kind, SPAWN_NONSENSE, "\"%s\"", nonsense[i]);
    }
}
