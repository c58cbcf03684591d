/* Modules: every way in which one can be wrong has a text that names it; the catalogue survives all of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/catalogue.h"
#include "mesh/runtime/module.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE(name) TEST_MODULES "/" name ".so"

static void refused(const char *path, const char *part) {
    const struct mesh_type *const *types = NULL;
    struct mesh_error error = {0};
    cr_assert_eq(module_load(&types, path, &error), MESH_LOAD_FAILED, "%s was loaded", path);
    cr_assert_null(types);
    cr_assert_eq(error.status, MESH_LOAD_FAILED);
    cr_assert_not_null(strstr(error.text, part), "\"%s\" does not say \"%s\"", error.text, part);
}

Test(module, a_good_one_gives_its_types) {
    const struct mesh_type *const *types = NULL;
    const struct mesh_type *type = NULL;
    struct mesh_error error;
    cr_assert_eq(module_load(&types, MODULE("good"), &error), MESH_OK);
    cr_assert_eq(module_find(&type, types, "good.picky", "good", &error), MESH_OK);
    cr_assert_eq(type->requirements_count, 3);
}

Test(module, an_unknown_type_is_refused_with_the_known_ones) {
    const struct mesh_type *const *types = NULL;
    const struct mesh_type *type = NULL;
    struct mesh_error error;
    cr_assert_eq(module_load(&types, MODULE("good"), &error), MESH_OK);
    cr_assert_eq(module_find(&type, types, "bad", "good.so", &error), MESH_UNKNOWN_TYPE);
    cr_assert_str_eq(error.text, "good.so has no type bad; it has: good.plain, good.picky, good.light, good.checked");
}

Test(module, every_broken_one_is_refused_with_its_reason) {
    refused(MODULE("not_there"), "no such module");
    refused(MODULE("wrong_abi"), "built for module ABI 3, this library has 2");
    refused(MODULE("no_module"), "MESH_MODULE");
    refused(MODULE("missing_symbol"), "a_function_that_nobody_has");
    refused(MODULE("same_name"), "two types are called twin");
    refused("/dev/null", "cannot be loaded");
}

Test(module, names_are_printable_and_bounded) {
    char longest[MODULE_NAME_BYTES + 2];
    memset(longest, 'x', sizeof longest - 1);
    longest[MODULE_NAME_BYTES + 1] = 0;
    cr_assert_not(module_name_valid(longest));
    longest[MODULE_NAME_BYTES] = 0;
    cr_assert(module_name_valid(longest));
    cr_assert_not(module_name_valid(""));
    cr_assert_not(module_name_valid(NULL));
    cr_assert_not(module_name_valid("a b"));
    cr_assert_not(module_name_valid("a\n"));
}

struct seen {
    size_t types, requirements, failed, ends;
    bool north, most, crash, light;
};

static void see(struct seen *seen, char *text) {
    struct catalogue_line line = catalogue_parse(text);
    switch (line.fact) {
    case CATALOGUE_MODULE:
        break;
    case CATALOGUE_TYPE:
        seen->types++;
        seen->light = seen->light || strcmp(line.value, "light") == 0;
        break;
    case CATALOGUE_REQUIRES:
        seen->requirements++;
        seen->north = seen->north || (strcmp(line.name, "zone") == 0 && strcmp(line.value, "north west") == 0 &&
                                      line.comparison == MESH_EQUAL);
        seen->most = seen->most || (strcmp(line.name, "load") == 0 && strcmp(line.value, "0.5") == 0 &&
                                    line.comparison == MESH_LESS_OR_EQUAL);
        break;
    case CATALOGUE_FAILED:
        seen->failed++;
        seen->crash = seen->crash || strstr(line.value, "SIGABRT") != NULL;
        break;
    case CATALOGUE_END:
        seen->ends++;
        break;
    case CATALOGUE_MALFORMED:
        cr_assert_fail("a malformed line: %s", text);
    }
}

Test(module, a_catalogue_tells_what_there_is_and_what_failed) {
    FILE *file = tmpfile();
    cr_assert_eq(catalogue_main(TEST_MODULES ":/nowhere/at/all", fileno(file)), 0);
    rewind(file);
    struct seen seen = {0};
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = 0;
        see(&seen, line);
    }
    free(line);
    (void)fclose(file);
    cr_assert_eq(seen.types, 4);
    cr_assert(seen.light);
    cr_assert_eq(seen.requirements, 3);
    cr_assert_eq(seen.failed, 6, "five broken modules and one directory, not %zu", seen.failed);
    cr_assert_eq(seen.ends, 1);
    cr_assert(seen.north);
    cr_assert(seen.most);
    cr_assert(seen.crash);
}

Test(module, what_is_no_line_of_a_catalogue_is_malformed) {
    char lines[][32] = {"", "type", "requires\tgpu", "requires\tgpu\tnearly\t1", "hello\tworld"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_assert_eq(catalogue_parse(lines[i]).fact, CATALOGUE_MALFORMED, "line %zu", i);
    }
}
