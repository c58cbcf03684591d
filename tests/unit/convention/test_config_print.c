/* A configuration as text: what is printed is a file that means the same, and names who gave each setting.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_print.h"
#include "tests/unit/convention/config_texts.h"

static char *printed(const struct config *config, void (*print)(const struct config *config, FILE *stream)) {
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    cr_assert_not_null(stream);
    print(config, stream);
    cr_assert_eq(fclose(stream), 0);
    return text;
}

static struct config *read_text(const char *text) {
    const struct config_text texts[] = {{"f", text}, {NULL, NULL}};
    const struct config_files files = {config_texts_read, texts};
    return config_texts_good(&(struct config_sources){.file = "f", .files = &files});
}

static void expect_same(const struct config *one, const struct config *other) {
    for (const struct config_setting *setting = config_settings; setting->path; setting++) {
        char *value = config_value_text(one, setting), *again = config_value_text(other, setting);
        cr_assert_str_eq(value, again, "%s", setting->path);
        free(value);
        free(again);
    }
    cr_assert(capability_set_equal(&one->capabilities, &other->capabilities));
}

/* What a configuration is printed as means the same. */
static void expect_round_trip(struct config *config) {
    char *text = printed(config, config_print);
    struct config *again = read_text(text);
    expect_same(config, again);
    config_destroy(&again);
    config_destroy(&config);
    free(text);
}

Test(config_print, S9D_the_defaults_are_printed_as_a_file_that_means_them) {
    expect_round_trip(read_text(""));
}

Test(config_print, S9D_a_full_configuration_is_printed_as_a_file_that_means_it) {
    expect_round_trip(read_text("node = alpha\n"
                                "bind = none\n"
                                "advertise = tcp://10.0.0.1:1901\n"
                                "admin_routing = true\n"
                                "leaders = tcp://10.0.0.1:1901, tcp://10.0.0.2:1901\n"
                                "preregister = tcp://10.0.0.3:1901\n"
                                "security = none\n"
                                "run_directory = \"/tmp/a # b\"\n"
                                "module_path = \"/a#1, /b\"\n"
                                "start = spawn\n"
                                "log\n"
                                "    level = warning\n"
                                "    types = counter: debug, shop.*: warning\n"
                                "    format = json\n"
                                "    destination = syslog\n"
                                "    file = /tmp/log\n"
                                "    socket = /tmp/socket\n"
                                "    forward = false\n"
                                "    size = 3 MiB\n"
                                "    files = 2\n"
                                "limits\n"
                                "    window_bytes = 100\n"
                                "    mailbox_bytes = 3 KiB\n"
                                "times\n"
                                "    profile = reference\n"
                                "    period = 7 min\n"
                                "    restart = 250 ms\n"
                                "    refused = 90 s\n"
                                "capabilities\n"
                                "    gpu = true\n"
                                "    cores = -8\n"
                                "    load = 0.1\n"
                                "    whole = 1e3\n"
                                "    release = \"12\"\n"
                                "    said = 'a \"b\" # c'\n"
                                "    empty = \"\"\n"
                                "    languages = german, 2, true, 0.5\n"));
}

Test(config_print, S9D_each_setting_names_who_gave_it) {
    static const struct config_text texts[] = {
        {"a", "include = b\nbind = none\n"}, {"b", "node = x\nlimits\n    members = 7\n"}, {NULL, NULL}};
    const struct config_files files = {config_texts_read, texts};
    const char *environment[] = {"MESH_NODE_LIMITS_ACTORS=8", NULL}, *options[] = {"log/level=debug", NULL};
    struct config *config = config_texts_good(
        &(struct config_sources){.file = "a", .environment = environment, .options = options, .files = &files});
    char *text = printed(config, config_print), *json = printed(config, config_print_json);
    static const char *const wanted[][2] = {{"bind = none", " # a:2\n"},
                                            {"    members = 7", " # b:3\n"},
                                            {"    actors = 8", " # MESH_NODE_LIMITS_ACTORS\n"},
                                            {"    level = debug", " # --set\n"},
                                            {"start = fork", " # default\n"}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *line = strstr(text, wanted[i][0]);
        cr_assert_not_null(line, "%s", wanted[i][0]);
        cr_assert_eq(strstr(line, wanted[i][1]), strchr(line, '\n') - strlen(wanted[i][1]) + 1, "%s", line);
    }
    cr_assert_not_null(strstr(json, "{\"path\": \"limits/members\", \"value\": \"7\", \"from\": \"b:3\"}"), "%s", json);
    free(text);
    free(json);
    config_destroy(&config);
}

Test(config_print, S9D_mistakes_are_printed_as_json_whatever_bytes_they_hold) {
    const char *options[] = {"b\"\\\xff"
                             "d=1",
                             NULL};
    struct config *config;
    struct config_mistakes mistakes;
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    cr_assert_eq(config_load(&config, &(struct config_sources){.options = options}, &mistakes), MESH_INVALID_ARGUMENT);
    config_print_mistakes_json(&mistakes, stream);
    cr_assert_eq(fclose(stream), 0);
    cr_assert_str_eq(text,
                     "{\"mistakes\": [\n"
                     "  {\"source\": \"--set\", \"line\": 0, \"path\": \"b\\\"\\\\\\\\xffd\", \"text\": \"there is no "
                     "such setting; docs/configuration.md lists all settings\"}\n"
                     "]}\n");
    config_mistakes_fini(&mistakes);
    free(text);
}
