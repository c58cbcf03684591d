/* mesh-host: the actor host as a program of its own, for nodes that start hosts fresh, and the catalogue's reader.
 *
 *   MESH_HOST=... mesh-host            runs the actor that the options name (see mesh/runtime/host.h)
 *   mesh-host --catalogue DIR[:DIR...] writes what types the modules there bring
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/catalogue.h"
#include "mesh/runtime/host.h"
#include <mesh/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments) {
    const char *options = getenv(HOST_ENVIRONMENT);
    if (count == 3 && strcmp(arguments[1], "--catalogue") == 0) {
        return catalogue_main(arguments[2], STDOUT_FILENO);
    }
    if (count == 2 && strcmp(arguments[1], "--version") == 0) {
        (void)printf("mesh-host %s\n", mesh_version());
        return 0;
    }
    if (count != 1 || !options) {
        (void)fprintf(stderr,
                      "mesh-host: started by a node's admin, not by hand; or: mesh-host --catalogue DIR[:DIR...]\n");
        return 2;
    }
    char *copy = strdup(options);
    (void)unsetenv(HOST_ENVIRONMENT);
    return copy ? host_main_text(copy, NULL, NULL) : 1;
}
