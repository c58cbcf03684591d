/* mesh preregister, mesh deregister.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"

enum { WAIT_MS = 5000 };

static const char missing[] = "which node? An endpoint, like tcp://10.0.0.2:1900, is missing";

static const struct cli_syntax invite_syntax = {
    .doc = "Tells the leader of the convention of the node at ADDRESS, an endpoint like tcp://10.0.0.2:1900: it is "
           "invited until it comes, and whenever it is lost. `mesh convention` at the leader shows those that have not "
           "come.",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .missing = missing,
};

static const struct cli_syntax dismiss_syntax = {
    .doc =
        "Tells the leader of the convention that it wants the node at ADDRESS no more, an endpoint, or the address of "
        "its admin: neither as a member nor as one to invite.",
    .words = "ADDRESS",
    .words_min = 1,
    .words_max = 1,
    .missing = missing,
};

static int run(int argc, char **argv, bool wanted) {
    struct cli_line line = {0};
    struct mesh_error error;
    struct mesh_node *node;
    cli_parse(wanted ? &invite_syntax : &dismiss_syntax, argc, argv, &line, NULL);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = wanted ? mesh_node_preregister(node, line.words[0], NULL, 0, WAIT_MS, &error)
                                     : mesh_node_deregister(node, line.words[0], WAIT_MS, &error);
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        return cli_fail(&error);
    }
    return line.json ? cli_print_json(
                           json_pack("{s:o}", wanted ? "preregistered" : "deregistered", cli_json_text(line.words[0])))
                     : CLI_DONE;
}

int cmd_preregister(int argc, char **argv) {
    return run(argc, argv, true);
}

int cmd_deregister(int argc, char **argv) {
    return run(argc, argv, false);
}
