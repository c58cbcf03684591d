/* Any bytes as a control message: it is refused, or it says the same after another round over the wire.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/check.h"
#include "proto/codec.h"
#include "tests/support/wire_same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct codec *first, *second;
    struct control control, again;
    struct bytes packed;
    if (!first) {
        CHECK(codec_new(&first) == MESH_OK && codec_new(&second) == MESH_OK);
    }
    if (control_decode(first, bytes_make(data, size), &control) != MESH_OK ||
        control_encode(first, &control, &packed) == MESH_TOO_LARGE) {
        return 0; /* what leaves a default out can be just within the limit, and just above it with the default */
    }
    CHECK(control_decode(second, packed, &again) == MESH_OK);
    CHECK(wire_same_control(&control, &again));
    return 0;
}
