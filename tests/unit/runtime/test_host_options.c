/* The options of a host survive the way through an environment variable; what is missing or wrong is named.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/host.h"
#include <criterion/criterion.h>
#include <string.h>

static const struct host_options options = {
    .run_directory = "/run/mesh",
    .admin = "ipc:///run/mesh/admin.sock",
    .admin_pid = 4711,
    .node = UINT64_MAX,
    .incarnation = 12345678901234567890u,
    .slot = 0xffffff,
    .node_name = "one",
    .listen = "ipc:///run/mesh/h1.sock",
    .actor = {UINT64_MAX, 1},
    .parent = {2, 3},
    .type = "counter",
    .module = "/usr/lib/mesh/a module.so",
    .crash_page = 3,
};

Test(host_options, survive_being_printed_and_parsed) {
    char text[HOST_OPTIONS_BYTES];
    struct host_options parsed;
    struct mesh_error error;
    cr_assert_eq(host_options_print(text, sizeof text, &options), MESH_OK);
    cr_assert_eq(host_options_parse(&parsed, text, &error), MESH_OK);
    cr_assert_str_eq(parsed.module, options.module);
    cr_assert_eq(parsed.node, options.node);
    cr_assert_eq(parsed.incarnation, options.incarnation);
    cr_assert_eq(parsed.slot, options.slot);
    cr_assert(mesh_address_equal(parsed.actor, options.actor));
    cr_assert(mesh_address_equal(parsed.parent, options.parent));
    cr_assert_eq(parsed.crash_page, 3);
    cr_assert_null(parsed.creator_endpoint);
    cr_assert_null(parsed.listen_remote);
}

Test(host_options, what_does_not_fit_or_breaks_a_line_is_refused) {
    char text[HOST_OPTIONS_BYTES];
    struct host_options bad = options;
    cr_assert_eq(host_options_print(text, 40, &options), MESH_TOO_LARGE);
    bad.module = "two\nlines";
    cr_assert_eq(host_options_print(text, sizeof text, &bad), MESH_INVALID_ARGUMENT);
}

static void refused(const char *given, const char *part) {
    char text[HOST_OPTIONS_BYTES];
    struct host_options parsed;
    struct mesh_error error = {0};
    (void)strncpy(text, given, sizeof text - 1);
    cr_assert_eq(host_options_parse(&parsed, text, &error), MESH_INVALID_ARGUMENT);
    cr_assert_not_null(strstr(error.text, part), "%s", error.text);
}

Test(host_options, what_is_missing_or_malformed_is_named) {
    refused("", "run_directory is missing");
    refused("run_directory /run\nnode x1\n", "the value x1 of the option node");
    refused("nonsense", "nonsense has no value");
}
