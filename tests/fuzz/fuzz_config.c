/* Any bytes as a configuration: it is read or refused with a mistake, never anything else.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/config.h"
#include "mesh/base/check.h"
#include <czmq.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool quiet;
    struct config *config = NULL;
    struct config_mistakes mistakes;
    char line[200];
    if (!quiet) {
        zsys_handler_set(NULL);
        quiet = true;
    }
    if (config_parse(&config, "fuzz", (const char *)data, size, &mistakes) == MESH_OK) {
        CHECK(config && mistakes.count == 0);
        config_destroy(&config);
        return 0;
    }
    CHECK(!config && mistakes.count > 0);
    for (size_t i = 0; i < mistakes.count; i++) {
        config_mistake_print(&mistakes, i, line, sizeof line);
    }
    config_mistakes_fini(&mistakes);
    return 0;
}
