/* Fuzz target: bytes as the list of keys. What is taken is written so that it reads as the same list.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/trust_text.h"
#include <stdlib.h>

enum { KEYS = 8 };

static void count_mistake(void *context, unsigned line, const char *mistake) {
    CHECK(line > 0 && *mistake);
    ++*(size_t *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct trust read, again;
    size_t mistakes = 0;
    char *text = NULL;
    trust_init(&read, KEYS);
    trust_init(&again, KEYS);
    enum mesh_status status = trust_text_read(&read, bytes_make(data, size), count_mistake, &mistakes);
    CHECK(status == (mistakes ? MESH_INVALID_ARGUMENT : MESH_OK));
    CHECK(trust_text_write(&read, &text) == MESH_OK);
    CHECK(trust_text_read(&again, bytes_of_text(text), count_mistake, &mistakes) == MESH_OK);
    CHECK(again.count == read.count && again.digest == read.digest && again.highest == read.highest);
    trust_fini(&read);
    trust_fini(&again);
    free(text);
    return 0;
}
