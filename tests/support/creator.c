/* creator RUN_DIRECTORY TYPE: creates an actor, prints its address, and stays attached until its input ends.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/mesh.h>
#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: creator RUN_DIRECTORY TYPE\n");
        return 2;
    }
    struct mesh_node *node;
    struct mesh_error error;
    struct mesh_address actor;
    struct mesh_node_options options = {.run_directory = argv[1]};
    if (mesh_node_attach(&node, &options, &error) != MESH_OK ||
        mesh_node_create(node, argv[2], NULL, &actor, &error) != MESH_OK) {
        fprintf(stderr, "%s: %s\n", mesh_status_name(error.status), error.text);
        return 1;
    }
    char text[MESH_ADDRESS_TEXT_BYTES];
    printf("%s\n", mesh_address_print(actor, text));
    fflush(stdout);
    while (getchar() != EOF) {
    }
    mesh_node_detach(&node);
    return 0;
}
