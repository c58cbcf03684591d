/* creator RUN_DIRECTORY TYPE [COUNT]: creates an actor, prints its address, and stays attached until its input ends; or creates
 * so many, and prints for each its address or why there is none.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/mesh.h>
#include <stdio.h>
#include <stdlib.h>

static bool create(struct mesh_node *node, const char *type, FILE *failures) {
    struct mesh_error error;
    struct mesh_address actor;
    char text[MESH_ADDRESS_TEXT_BYTES];
    bool well = mesh_node_create(node, type, NULL, &actor, &error) == MESH_OK;
    if (well) {
        printf("%s\n", mesh_address_print(actor, text));
    } else {
        fprintf(failures, "%s: %s\n", mesh_status_name(error.status), error.text);
    }
    fflush(stdout);
    return well;
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: creator RUN_DIRECTORY TYPE [COUNT]\n");
        return 2;
    }
    struct mesh_node *node;
    struct mesh_error error;
    struct mesh_node_options options = {.run_directory = argv[1]};
    if (mesh_node_attach(&node, &options, &error) != MESH_OK) {
        fprintf(stderr, "%s: %s\n", mesh_status_name(error.status), error.text);
        return 1;
    }
    if (argc == 3 && !create(node, argv[2], stderr)) {
        return 1;
    }
    for (long count = argc == 4 ? strtol(argv[3], NULL, 10) : 0; count > 0; count--) {
        (void)create(node, argv[2], stdout);
    }
    while (getchar() != EOF) {
    }
    mesh_node_detach(&node);
    return 0;
}
