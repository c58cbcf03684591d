/* Fuzz target: bytes as a bundle. What is taken is, written again, the same bytes; its objects lie within them, and no name leads anywhere.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "mesh/core/bundle.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bundle bundle;
    if (bundle_parse(&bundle, bytes_make(data, size))) {
        return 0;
    }
    CHECK(bundle.count > 0 && bundle.count <= BUNDLE_OBJECTS && bundle_bytes(&bundle) == size);
    for (size_t i = 0; i < bundle.count; i++) {
        const struct bundle_object *object = &bundle.objects[i];
        CHECK(object->bytes.data >= data && object->bytes.data + object->bytes.size <= data + size);
        CHECK(!strchr(object->name, '/') && object->name[0] != '.' && object->name[0] != '\0');
        CHECK(bundle_count_for(&bundle, object->machine) > 0);
    }
    uint8_t *again = malloc(size);
    CHECK(again);
    bundle_write(&bundle, again);
    CHECK(memcmp(again, data, size) == 0);
    free(again);
    return 0;
}
