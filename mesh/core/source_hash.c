/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/source_hash.h"
#include <string.h>

static const char digits[] = "0123456789abcdef";

const char *source_hash_print(const uint8_t hash[SOURCE_HASH_BYTES], char text[SOURCE_HASH_TEXT]) {
    for (size_t i = 0; i < SOURCE_HASH_BYTES; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    text[SOURCE_HASH_TEXT - 1] = '\0';
    return text;
}

static int value_of(char digit) {
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    const char *found = digit ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

bool source_hash_parse(const char *text, uint8_t hash[SOURCE_HASH_BYTES]) {
    uint8_t read[SOURCE_HASH_BYTES];
    if (strlen(text) != SOURCE_HASH_TEXT - 1) {
        return false;
    }
    for (size_t i = 0; i < SOURCE_HASH_BYTES; i++) {
        int high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        read[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(hash, read, sizeof read);
    return true;
}
