/* The configuration: each mistake with its line, its path and its remedy, and what a good file means.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config_value.h"
#include "mesh/base/time.h"
#include "tests/unit/convention/config_texts.h"

static struct config *read_good(const char *text) {
    const struct config_text texts[] = {{"f", text}, {NULL, NULL}};
    const struct config_files files = {config_texts_read, texts};
    return config_texts_good(&(struct config_sources){.file = "f", .files = &files});
}

/* All mistakes of a text, a line each. */
static void expect(const char *text, const char *expected) {
    const struct config_text texts[] = {{"f", text}, {NULL, NULL}};
    const struct config_files files = {config_texts_read, texts};
    config_texts_expect(&(struct config_sources){.file = "f", .files = &files}, expected);
}

static const struct frame_value *value(const struct config *config, const char *name) {
    const struct frame_capability *found = capability_set_get(&config->capabilities, bytes_of_text(name));
    cr_assert_not_null(found, "%s", name);
    return found->values;
}

Test(config, an_empty_file_means_the_defaults) {
    struct config *config = read_good("# nothing\n\n");
    cr_assert_str_eq(config->bind.items[0], "tcp://127.0.0.1:1900");
    cr_assert_eq(config->times.period_ns, 10 * NS_PER_S);
    cr_assert_eq(config->delivery.window_messages, delivery_limits_default.window_messages);
    cr_assert_eq(config->start, CONFIG_FORK);
    cr_assert_eq(config->log_level, MESH_LOG_INFO);
    cr_assert_null(config->advertise);
    config_destroy(&config);
}

Test(config, S8C_a_node_that_nobody_can_call_binds_nothing) {
    struct config *config = read_good("outbound_only = true\n");
    cr_assert(config->outbound_only);
    cr_assert_eq(config->bind.count, 0);
    config_destroy(&config);
    config = read_good("outbound_only = true\nbind = none\n");
    cr_assert_eq(config->bind.count, 0);
    config_destroy(&config);
    config = read_good("outbound_only = false\nbind = tcp://127.0.0.1:0\n");
    cr_assert_eq(config->bind.count, 1);
    config_destroy(&config);
    expect(
        "outbound_only = true\nbind = tcp://127.0.0.1:0\nadvertise = tcp://10.0.0.1:1900\n",
        "f:2: bind: this node is outbound_only, so nobody is to connect to it: remove one of the two\n"
        "f:3: advertise: this node is outbound_only, so nobody is to be told where to call it: remove one of the two");
    expect("outbound_only = yes\n", "f:1: outbound_only: \"yes\" is not one of: false, true");
}

Test(config, every_setting_is_read) {
    struct config *config = read_good("node = alpha\n"
                                      "bind = tcp://127.0.0.1:0, tcp://0.0.0.0:1901\n"
                                      "advertise = tcp://10.0.0.1:1901\n"
                                      "admin_routing = true\n"
                                      "leaders = tcp://10.0.0.1:1901, tcp://10.0.0.2:1901\n"
                                      "preregister = tcp://10.0.0.3:1901\n"
                                      "security = none\n"
                                      "members = /etc/mesh/members\n"
                                      "run_directory = \"/tmp/a b\"   # with a space\n"
                                      "module_path = /a, /b\n"
                                      "start = spawn\n"
                                      "log\n"
                                      "    level = debug\n"
                                      "    file = /tmp/log\n"
                                      "limits\n"
                                      "    window_messages = 10\n"
                                      "    window_bytes = 64 KiB\n"
                                      "    mailbox_messages = 20\n"
                                      "    mailbox_bytes = 1 GiB\n"
                                      "    members = 3\n"
                                      "    actors = 4\n"
                                      "times\n"
                                      "    period = 7 min\n"
                                      "    restart = 250 ms\n"
                                      "    misses = 5\n"
                                      "    heartbeat = off\n"
                                      "    profile = reference\n");
    cr_assert_str_eq(config->name, "alpha");
    cr_assert_eq(config->bind.count, 2);
    cr_assert_eq(config->leaders.count, 2);
    cr_assert_eq(config->preregister.count, 1);
    cr_assert_str_eq(config->preregister.items[0], "tcp://10.0.0.3:1901");
    cr_assert_str_eq(config->members, "/etc/mesh/members");
    cr_assert_str_eq(config->run_directory, "/tmp/a b");
    cr_assert_str_eq(config->module_path.items[1], "/b");
    cr_assert_eq(config->start, CONFIG_SPAWN);
    cr_assert_eq(config->log_level, MESH_LOG_DEBUG);
    cr_assert_eq(config->delivery.window_bytes, 65536);
    cr_assert_eq(config->delivery.mailbox_bytes, (size_t)1 << 30);
    cr_assert_eq(config->members_max, 3);
    cr_assert_eq(config->times.period_ns, 420 * NS_PER_S);
    cr_assert_eq(config->times.restart_ns, 250 * NS_PER_MS);
    cr_assert_eq(config->times.misses, 5);
    cr_assert(config->times.notice_reregistration, "the profile counts wherever it stands");
    config_destroy(&config);
}

Test(config, H1_capabilities_are_typed) {
    struct config *config = read_good("capabilities\n"
                                      "    gpu = true\n"
                                      "    cores = 8\n"
                                      "    load = -0.5\n"
                                      "    system = debian\n"
                                      "    version = \"12\"\n"
                                      "    colours = red, 2, true\n"
                                      "    words = \"a, b\"\n"
                                      "    empty = \"\"\n");
    cr_assert(value(config, "gpu")->flag);
    cr_assert_eq(value(config, "cores")->integer, 8);
    cr_assert(value(config, "load")->kind == FRAME_VALUE_REAL);
    cr_assert(value(config, "system")->kind == FRAME_VALUE_TEXT);
    cr_assert(value(config, "version")->kind == FRAME_VALUE_TEXT);
    const struct frame_value *colours = value(config, "colours");
    cr_assert(colours[0].kind == FRAME_VALUE_TEXT && colours[1].integer == 2 && colours[2].flag);
    cr_assert(value(config, "words")->bytes.size == 4);
    cr_assert(value(config, "empty")->kind == FRAME_VALUE_TEXT);
    config_destroy(&config);
}

Test(config, no_tcp_at_all) {
    struct config *config = read_good("bind = none\n");
    cr_assert_eq(config->bind.count, 0);
    config_destroy(&config);
}

Test(config, a_typo_gets_a_guess_and_a_wrong_place_the_right_one) {
    expect("node = a\n\nnodee = b\n", "f:3: nodee: there is no such setting; did you mean node?");
    expect("limit\n    members = 3\n", "f:1: limit: there is no such setting; did you mean limits?\n"
                                       "f:2: limit/members: there is no such setting; did you mean limits/members?");
    expect("times\n    perod = 3 s\n", "f:2: times/perod: there is no such setting; did you mean period?");
    expect("zzzzzzzz = 3 s\n", "f:1: zzzzzzzz: there is no such setting; docs/configuration.md lists all settings");
}

Test(config, all_mistakes_come_in_one_go_in_the_order_of_lines) {
    expect("bind = tcp://0.0.0.0:1900\nnode = a b\nlog\n    level = loud\n",
           "f:1: bind: this is reachable from other hosts, without encryption: bind to 127.0.0.1, or write security = "
           "curve, with keys, or security = none if that is meant\n"
           "f:2: node: \"a b\" is no name for a node: use up to 64 letters, digits, '-', '_' and '.'\n"
           "f:4: log/level: \"loud\" is not one of: debug, info, warning, error");
}

Test(config, mistakes_of_form) {
    expect("node = a\n  bind = none\n", "f:2: the indentation must be a multiple of four spaces");
    expect("log\n\tlevel = info\n", "f:2: a tab in the indentation: use four spaces for each level");
    expect("log\n        level = info\n", "f:2: indented too deep: four spaces more than the line above it");
    expect("    node = a\n", "f:1: indented too deep: four spaces more than the line above it");
    expect("node: a\n", "f:1: expected NAME = VALUE, where a name has letters, digits, '_', '-' and '.' only");
    expect("node =\n", "f:1: there is no value after the '=': write \"\" for an empty text, or remove the line");
    expect("node = \"a\n", "f:1: the closing quote is missing");
    expect("node = \"a\" b\n", "f:1: there is something behind the closing quote");
    expect("node = \x01\n", "f:1: a control character: this is not a text file");
}

Test(config, mistakes_of_values) {
    expect("node\n", "f:1: node: there is no value: write node = VALUE, or remove the line");
    expect("node = a\nnode = b\n", "f:2: node: this setting stands in line 1 already: keep one of them");
    expect("log = x\n",
           "f:1: log: \"x\" is a value where none is taken: settings stand below this line, indented by four "
           "spaces");
    expect("bind = tcp://127.0.0.1\n",
           "f:1: bind: \"tcp://127.0.0.1\" must look like tcp://127.0.0.1:1900; port 0 lets the system choose");
    expect("bind = tcp://127.0.0.1:1, , tcp://127.0.0.1:2\n",
           "f:1: bind: \"tcp://127.0.0.1:1, , tcp://127.0.0.1:2\" has an empty item: separate items by single commas");
    expect("leaders = tcp://a:0\n",
           "f:1: leaders: \"tcp://a:0\" must look like tcp://10.0.0.1:1900, with a port from 1 to 65535");
    expect("advertise = 10.0.0.1:1900\n",
           "f:1: advertise: \"10.0.0.1:1900\" must look like tcp://10.0.0.1:1900, with a port from 1 to 65535");
    expect("security = tls\n", "f:1: security: \"tls\" is not one of: none, curve");
    expect("run_directory = \"\"\n", "f:1: run_directory: \"\" is empty: give a path, or remove the line");
    expect("limits\n    members = 0\n", "f:2: limits/members: \"0\" must be a whole number, 1 or more, like 1024");
    expect("limits\n    window_bytes = 5 MB\n",
           "f:2: limits/window_bytes: \"5 MB\" must be a size, like 65536, 256 KiB, 64 MiB or 1 GiB");
    expect("times\n    period = 10\n",
           "f:2: times/period: \"10\" must be a time with its unit, like 250 ms, 10 s or 7 min");
    expect("times\n    silent = never\n",
           "f:2: times/silent: \"never\" must be a time with its unit, like 250 ms, 10 s or 7 min, or off");
    expect("times\n    misses = few\n", "f:2: times/misses: \"few\" must be a whole number, 1 or more, like 1024");
    expect("times\n    profile = slow\n", "f:2: times/profile: \"slow\" is not one of: default, reference");
}

Test(config, mistakes_of_capabilities) {
    expect("capabilities\n    gpu\n", "f:2: capabilities/gpu: there is no value: write gpu = true, or another value");
    expect("capabilities\n    gpu = yes\n",
           "f:2: capabilities/gpu: \"yes\" is a text, which counts as true: write true or "
           "false, or put it in quotes");
    expect("capabilities\n    a = 1\n    a = 2\n", "f:3: capabilities/a: \"2\" comes twice: keep one of them");
}

Test(config, times_that_contradict_each_other) {
    expect("times\n    heartbeat = 4 s\n",
           "f:2: times/heartbeat: must be shorter than times/suspect, or every node is suspect between two heartbeats");
    expect("bind = tcp://127.0.0.1:1, tcp://127.0.0.1:2, tcp://127.0.0.1:3, tcp://127.0.0.1:4\n",
           "f:1: bind: at most 3 endpoints");
    expect("times\n    suspect = 500 ms\n",
           "f:2: times/heartbeat: must be shorter than times/suspect, or every node is suspect between two heartbeats");
    expect("times\n    suspect = 15 s\n",
           "f:2: times/suspect: must be shorter than times/silent, after which a node counts as lost");
    expect("times\n    hysteresis = 1 min\n",
           "f:2: times/hysteresis: must not be longer than times/hysteresis_ceiling, which no delay exceeds");
    expect("limits\n    members = 1\npreregister = tcp://a:1, tcp://b:1\n",
           "f:3: preregister: names more nodes than limits/members allows in the convention");
    expect(
        "leaders = tcp://a:1, tcp://a:2, tcp://a:3, tcp://a:4, tcp://a:5, tcp://a:6, tcp://a:7, tcp://a:8, tcp://a:9, "
        "tcp://b:1, tcp://b:2, tcp://b:3, tcp://b:4, tcp://b:5, tcp://b:6, tcp://b:7, tcp://b:8\n",
        "f:1: leaders: at most 16 nodes may lead a convention");
    expect("times\n    hysteresis_percent = 1001\n",
           "f:2: times/hysteresis_percent: is at most 1000: each further attempt lengthens the delay by that");
}

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

Test(config, S7B_curve_has_a_key_a_list_and_leaders_with_theirs) {
    struct config *config = read_good("security = curve\nkey = /etc/mesh/key\nmembers = /etc/mesh/members\n"
                                      "bind = tcp://0.0.0.0:1900\nadvertise = tcp://a:1900\n"
                                      "leaders = tcp://a:1900/" KEY ", tcp://10.0.0.2:1900/" KEY "\n");
    cr_assert_eq(config->security, CONFIG_CURVE);
    cr_assert_str_eq(config->key, "/etc/mesh/key");
    cr_assert_str_eq(config->members, "/etc/mesh/members");
    cr_assert_str_eq(config->leaders.items[1], "tcp://10.0.0.2:1900/" KEY);
    config_destroy(&config);
}

Test(config, S7B_mistakes_with_keys) {
    expect("security = curve\n",
           "f:1: security: curve needs a key: write key = FILE, which `mesh keygen --out FILE` makes\n"
           "f:1: security: curve needs the list of who is allowed: write members = FILE");
    expect(
        "security = curve\nkey = k\nmembers = m\nleaders = tcp://a:1, tcp://b:2/" KEY "\n",
        "f:4: leaders: \"tcp://a:1\" names no key, which security = curve needs: write tcp://HOST:PORT/KEY, as `mesh "
        "status` of that node shows it");
    expect("preregister = tcp://b:2/" KEY "\n",
           "f:1: preregister: \"tcp://b:2/" KEY "\" names a key: write security = curve, or remove the key");
    expect("key = k\n", "f:1: key: is of no use without security = curve: write that, too, or remove this line");
    expect("advertise = tcp://b:2/" KEY "\n",
           "f:1: advertise: \"tcp://b:2/" KEY "\" names a key, which the node adds by itself: remove it");
    expect("leaders = tcp://a:1/0123\n",
           "f:1: leaders: \"tcp://a:1/0123\" must have the key of that node behind the /: 64 digits of "
           "0123456789abcdef, as `mesh keygen` prints them");
    expect("bind = tcp://127.0.0.1:1/" KEY "\n",
           "f:1: bind: \"tcp://127.0.0.1:1/" KEY
           "\" must look like tcp://127.0.0.1:1900; port 0 lets the system choose");
    expect("leaders = tcp://a/b:1\n",
           "f:1: leaders: \"tcp://a/b:1\" must look like tcp://10.0.0.1:1900, with a port from 1 to 65535");
}

Test(config, a_file_that_is_not_there) {
    struct config *config = NULL;
    struct config_mistakes mistakes;
    char line[600];
    const struct config_sources sources = {.file = "/nonexistent/mesh.cfg"};
    cr_assert_eq(config_load(&config, &sources, &mistakes), MESH_NOT_FOUND);
    cr_assert_str_eq(config_mistake_print(&mistakes, 0, line, sizeof line),
                     "/nonexistent/mesh.cfg: cannot be read: No such file or directory");
    config_mistakes_fini(&mistakes);
}

Test(config, B5_every_way_to_name_this_host_is_local) {
    static const char *const here[] = {"tcp://127.0.0.1:1900", "tcp://127.9.9.9:1900", "tcp://localhost:1900",
                                       "tcp://[::1]:1900",     "tcp://lo:1900",        "tcp://:1900"};
    bool beyond;
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        beyond = true;
        cr_assert_null(config_read_endpoint(here[i], false, &beyond));
        cr_assert_not(beyond, "%s", here[i]);
    }
    cr_assert_null(config_read_endpoint("tcp://10.0.0.1:1900", false, &beyond));
    cr_assert(beyond);
}

Test(config, J4_an_unknown_word_keeps_sources_of_others_out) {
    static const struct {
        const char *text;
        enum sources_accept accept;
    } words[] = {{"yes", SOURCES_FROM_ALL},    {"leader", SOURCES_FROM_LEADER}, {"no", SOURCES_FROM_NOBODY},
                 {"Yes", SOURCES_FROM_NOBODY}, {"true", SOURCES_FROM_NOBODY},   {"maybe", SOURCES_FROM_NOBODY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, "accept_remote_sources = %s\n", words[i].text);
        struct config *config = read_good(text);
        cr_assert_eq(config->accept_remote_sources, words[i].accept, "%s", words[i].text);
        config_destroy(&config);
    }
}
