/* Where a configuration comes from: files that include files, the environment, the command line; which of them counts,
 * and where their mistakes are said to be.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_items.h"
#include "convention/admin/config_settings.h"
#include "mesh/base/time.h"
#include "tests/unit/convention/config_texts.h"
#include <sys/stat.h>
#include <unistd.h>

enum { TEXTS_MAX = 80 };

/* The first text is the file; the others are what it may include. */
static struct config_files files_of(const struct config_text *texts) {
    return (struct config_files){config_texts_read, texts};
}

static void expect_files(const struct config_text *texts, const char *expected) {
    const struct config_files files = files_of(texts);
    config_texts_expect(&(struct config_sources){.file = texts[0].name, .files = &files}, expected);
}

static int64_t integer(const struct config *config, const char *name) {
    const struct frame_capability *found = capability_set_get(&config->capabilities, bytes_of_text(name));
    cr_assert_not_null(found, "%s", name);
    return found->values[0].integer;
}

/* ---- includes ---- */

Test(config_sources, S9D_what_comes_later_counts_and_sections_merge) {
    static const struct config_text texts[] = {{"etc/a.conf", "log\n"
                                                              "    level = debug\n"
                                                              "limits\n"
                                                              "    members = 1\n"
                                                              "include = b.conf\n"
                                                              "limits\n"
                                                              "    actors = 4\n"
                                                              "include = /other/c.conf\n"},
                                               {"etc/b.conf", "node = b\n"
                                                              "limits\n"
                                                              "    members = 2\n"
                                                              "    actors = 3\n"
                                                              "capabilities\n"
                                                              "    one = 1\n"
                                                              "    two = 1\n"},
                                               {"/other/c.conf", "capabilities\n"
                                                                 "    two = 2\n"},
                                               {NULL, NULL}};
    const struct config_files files = files_of(texts);
    struct config *config = config_texts_good(&(struct config_sources){.file = "etc/a.conf", .files = &files});
    cr_assert_str_eq(config->name, "b");
    cr_assert_eq(config->log_level, MESH_LOG_DEBUG);
    cr_assert_eq(config->members_max, 2, "the include stands below it");
    cr_assert_eq(config->actors_max, 4, "the include stands above it");
    cr_assert_eq(integer(config, "one"), 1);
    cr_assert_eq(integer(config, "two"), 2);
    config_destroy(&config);
}

Test(config_sources, S9D_a_profile_counts_first_whichever_file_it_is_in) {
    static const struct config_text texts[] = {
        {"a", "times\n    period = 1 s\ninclude = b\n"}, {"b", "times\n    profile = reference\n"}, {NULL, NULL}};
    const struct config_files files = files_of(texts);
    const char *options[] = {"times/profile=default", NULL};
    struct config_sources sources = {.file = "a", .files = &files};
    struct config *config = config_texts_good(&sources);
    cr_assert_eq(config->times.period_ns, NS_PER_S);
    cr_assert_eq(config->times.heartbeat_ns, 0);
    config_destroy(&config);
    sources.options = options;
    config = config_texts_good(&sources);
    cr_assert_eq(config->times.heartbeat_ns, NS_PER_S, "the last profile is the one");
    config_destroy(&config);
}

Test(config_sources, S9D_mistakes_name_the_file_and_line_where_they_stand) {
    static const struct config_text texts[] = {{"etc/a", "nodee = a\ninclude = b\ninclude = none\nbind = x\n"},
                                               {"etc/b", "\nlimits\n    members = few\n"},
                                               {NULL, NULL}};
    expect_files(texts, "etc/a:1: nodee: there is no such setting; did you mean node?\n"
                        "etc/a:3: include: \"none\" cannot be read: No such file or directory\n"
                        "etc/a:4: bind: \"x\" must look like tcp://127.0.0.1:1900; port 0 lets the system choose\n"
                        "etc/b:3: limits/members: \"few\" must be a whole number, 1 or more, like 1024");
    static const struct config_text form[] = {{"a", "include = b\nnode = a b\n"}, {"b", "  node\n"}, {NULL, NULL}};
    expect_files(form, "a:2: node: \"a b\" is no name for a node: use up to 64 letters, digits, '-', '_' and '.'\n"
                       "b:1: the indentation must be a multiple of four spaces");
}

Test(config_sources, S9D_an_include_that_is_none) {
    static const struct config_text empty[] = {{"a", "include\n"}, {NULL, NULL}};
    expect_files(empty, "a:1: include: there is no file: write include = FILE, or remove the line");
    static const struct config_text deep[] = {{"a", "log\n    include = b\n"}, {"b", ""}, {NULL, NULL}};
    expect_files(deep, "a:2: log/include: there is no such setting; docs/configuration.md lists all settings");
}

Test(config_sources, S9D_one_file_may_be_included_twice_but_not_by_itself) {
    static const struct config_text twice[] = {
        {"a", "include = b\ninclude = c\n"}, {"b", "include = c\n"}, {"c", "node = c\n"}, {NULL, NULL}};
    const struct config_files files = files_of(twice);
    struct config *config = config_texts_good(&(struct config_sources){.file = "a", .files = &files});
    cr_assert_str_eq(config->name, "c");
    config_destroy(&config);
    static const struct config_text loop[] = {{"a", "include = b\n"}, {"b", "\ninclude = a\n"}, {NULL, NULL}};
    expect_files(loop,
                 "b:2: include: \"a\" is being read already, so this would never end: remove one of the includes");
    static const struct config_text self[] = {{"a", "include = a\n"}, {NULL, NULL}};
    expect_files(self,
                 "a:1: include: \"a\" is being read already, so this would never end: remove one of the includes");
}

/* Files a, b, c and so on, each of which includes the next. */
static void make_chain(struct config_text *texts, char (*room)[2][32], size_t count) {
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(room[i][0], sizeof room[i][0], "%zu", i);
        (void)snprintf(room[i][1], sizeof room[i][1], i + 1 < count ? "include = %zu\n" : "\n", i + 1);
        texts[i] = (struct config_text){room[i][0], room[i][1]};
    }
    texts[count] = (struct config_text){NULL, NULL};
}

Test(config_sources, S9D_includes_are_nested_eight_deep_at_most) {
    struct config_text texts[TEXTS_MAX];
    char room[TEXTS_MAX][2][32];
    make_chain(texts, room, CONFIG_INCLUDE_DEPTH);
    const struct config_files files = files_of(texts);
    struct config *config = config_texts_good(&(struct config_sources){.file = "0", .files = &files});
    config_destroy(&config);
    make_chain(texts, room, CONFIG_INCLUDE_DEPTH + 1);
    expect_files(texts, "7:1: include: \"8\" is one too many: at most 64 files, 8 deep");
}

Test(config_sources, S9D_a_configuration_is_64_files_at_most) {
    char all[64 * 12 + 1] = "";
    struct text_builder text = text_builder(all, sizeof all);
    for (int i = 0; i < CONFIG_FILES_MAX - 1; i++) {
        text_append(&text, "include = b\n");
    }
    const struct config_text texts[] = {{"a", all}, {"b", ""}, {NULL, NULL}};
    const struct config_files files = files_of(texts);
    struct config *config = config_texts_good(&(struct config_sources){.file = "a", .files = &files});
    config_destroy(&config);
    text_append(&text, "include = b\n");
    expect_files(texts, "a:64: include: \"b\" is one too many: at most 64 files, 8 deep");
}

/* ---- real files ---- */

Test(config_sources, S9D_files_are_told_apart_whatever_they_are_called) {
    char directory[] = "/tmp/config.XXXXXX", name[64], expected[400];
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
    (void)snprintf(name, sizeof name, "%s/a", directory);
    FILE *file = fopen("a", "w");
    cr_assert(file && fputs("include = link\ninclude = pipe\ninclude = .\n", file) >= 0 && fclose(file) == 0);
    cr_assert(symlink("a", "link") == 0 && mkfifo("pipe", 0600) == 0);
    (void)snprintf(
        expected, sizeof expected,
        "%s:1: include: \"link\" is being read already, so this would never end: remove one of the includes\n"
        "%s:2: include: \"pipe\" cannot be read: it is not a regular file\n"
        "%s:3: include: \".\" cannot be read: Is a directory",
        name, name, name);
    config_texts_expect(&(struct config_sources){.file = name}, expected);
    cr_assert(unlink("a") == 0 && unlink("link") == 0 && unlink("pipe") == 0 && rmdir(directory) == 0);
}

/* ---- the environment ---- */

Test(config_sources, S9D_the_environment_beats_the_file_and_the_command_line_both) {
    static const struct config_text texts[] = {{"a", "node = a\n"
                                                     "log\n"
                                                     "    level = error\n"
                                                     "limits\n"
                                                     "    members = 1\n"},
                                               {NULL, NULL}};
    const struct config_files files = files_of(texts);
    const char *environment[] = {"PATH=/bin",
                                 "MESH_RUN_DIRECTORY=/run/mesh",
                                 "MESH_NODE_LOG_LEVEL=debug",
                                 "MESH_NODE_LIMITS_MEMBERS=2",
                                 "MESH_NODE_BIND=",
                                 NULL};
    const char *options[] = {"limits/members=3", "limits/members=4", NULL};
    struct config *config = config_texts_good(
        &(struct config_sources){.file = "a", .environment = environment, .options = options, .files = &files});
    cr_assert_str_eq(config->name, "a");
    cr_assert_eq(config->log_level, MESH_LOG_DEBUG);
    cr_assert_eq(config->members_max, 4, "the last option is the one");
    cr_assert_str_eq(config->bind.items[0], "tcp://127.0.0.1:1900", "an empty variable is none");
    config_destroy(&config);
}

Test(config_sources, S9D_a_variable_gives_the_capability_that_the_file_names_or_one_in_small_letters) {
    static const struct config_text texts[] = {{"a", "capabilities\n    Big-One = 1\n    small = 1\n"}, {NULL, NULL}};
    const struct config_files files = files_of(texts);
    const char *environment[] = {"MESH_NODE_CAPABILITIES_BIG_ONE=2", "MESH_NODE_CAPABILITIES_NEW_ONE=3",
                                 "MESH_NODE_CAPABILITIES_SMALL='4'", NULL};
    struct config *config =
        config_texts_good(&(struct config_sources){.file = "a", .environment = environment, .files = &files});
    cr_assert_eq(config->capabilities.count, 3);
    cr_assert_eq(integer(config, "Big-One"), 2);
    cr_assert_eq(integer(config, "new_one"), 3);
    cr_assert_eq(capability_set_get(&config->capabilities, bytes_of_text("small"))->values[0].kind, FRAME_VALUE_TEXT);
    config_destroy(&config);
}

Test(config_sources, S9D_mistakes_name_the_variable_or_the_option) {
    const char *environment[] = {"MESH_NODE_BNID=none",      "MESH_NODE_LOG_LEVEL=loud",
                                 "MESH_NODE_NODE=\"a",       "MESH_NODE_CAPABILITIES_GPU=yes",
                                 "MESH_NODE_ZZZZZZZZZZZZ=1", NULL};
    const char *options[] = {"limit/members=3",   "bind", "times/period=", "log/level=de\nbug",
                             "times/suspect=1 s", NULL};
    config_texts_expect(&(struct config_sources){.environment = environment, .options = options},
                        "MESH_NODE_BNID: there is no such setting; did you mean MESH_NODE_BIND?\n"
                        "MESH_NODE_LOG_LEVEL: log/level: \"loud\" is not one of: debug, info, warning, error\n"
                        "MESH_NODE_NODE: the closing quote is missing\n"
                        "MESH_NODE_CAPABILITIES_GPU: capabilities/gpu: \"yes\" is a text, which counts as true: write "
                        "true or false, or "
                        "put it in quotes\n"
                        "MESH_NODE_ZZZZZZZZZZZZ: there is no such setting; docs/configuration.md lists all settings\n"
                        "--set: limit/members: there is no such setting; did you mean limits/members?\n"
                        "--set: \"bind\" must look like PATH=VALUE, log/level=debug\n"
                        "--set: \"times/period=\" must look like PATH=VALUE, log/level=debug\n"
                        "--set: log/level: there is a control character in it");
}

Test(config_sources, S9D_what_does_not_agree_is_said_of_the_source_that_gave_it) {
    static const struct config_text texts[] = {{"a", "bind = tcp://10.0.0.1:1900\n"}, {NULL, NULL}};
    const struct config_files files = files_of(texts);
    const char *environment[] = {"MESH_NODE_BIND=tcp://127.0.0.1:0", NULL};
    const char *options[] = {"bind=tcp://10.0.0.2:1900", NULL};
    struct config_sources sources = {.file = "a", .environment = environment, .files = &files};
    struct config *config = config_texts_good(&sources); /* what the file binds does not count any more */
    config_destroy(&config);
    sources.options = options;
    config_texts_expect(&sources,
                        "--set: bind: this is reachable from other hosts, without encryption: bind to "
                        "127.0.0.1, or write security = curve, with keys, or security = none if that is meant");
}

Test(config_sources, S9D_each_setting_has_a_variable_of_its_own) {
    char one[400], other[400];
    for (size_t i = 0; config_settings[i].path; i++) {
        config_variable(config_settings[i].path, one, sizeof one);
        for (size_t j = 0; j < i; j++) {
            config_variable(config_settings[j].path, other, sizeof other);
            cr_assert_str_neq(one, other);
        }
        cr_assert_neq(strncmp(one, "MESH_NODE_CAPABILITIES_", strlen("MESH_NODE_CAPABILITIES_")), 0, "%s", one);
    }
    cr_assert_str_eq(config_variable("limits/members", one, sizeof one), "MESH_NODE_LIMITS_MEMBERS");
    cr_assert_str_eq(config_variable("capabilities/Big-One.2", one, sizeof one), "MESH_NODE_CAPABILITIES_BIG_ONE_2");
}
