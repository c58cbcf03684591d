/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/utf8.h"

size_t utf8_read(const uint8_t *at, size_t left, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > left) {
        return 0;
    }
    *code = length == 1 ? at[0] : at[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if (at[i] >> 6 != 2) {
            return 0;
        }
        *code = *code << 6 | (at[i] & 0x3fU);
    }
    return *code < least[length] || *code > 0x10ffff || *code >> 11 == 0x1b ? 0 : length;
}

bool utf8_is_control(uint32_t code) {
    return code < ' ' || (code >= 0x7f && code < 0xa0);
}
