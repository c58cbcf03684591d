/* Addresses: see address.h and <mesh/address.h>.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/address.h"
#include "mesh/base/check.h"
#include <inttypes.h>
#include <stdio.h>

int mesh_address_compare(struct mesh_address a, struct mesh_address b) {
    if (a.node != b.node) {
        return a.node < b.node ? -1 : 1;
    }
    return a.local == b.local ? 0 : a.local < b.local ? -1 : 1;
}

/* The finisher of SplitMix64: every bit of the input moves every bit of the output. */
static uint64_t mixed(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

uint64_t mesh_address_hash(struct mesh_address a) {
    return mixed(a.node + mixed(a.local + 0x9e3779b97f4a7c15ull));
}

const char *mesh_address_print(struct mesh_address a, char text[MESH_ADDRESS_TEXT_BYTES]) {
    snprintf(text, MESH_ADDRESS_TEXT_BYTES, "%016" PRIx64 ".%" PRIu32 ".%s%" PRIu64, a.node, address_slot(a),
             address_is_local(a) ? "l" : "", address_number(a) & ~ADDRESS_LOCAL);
    return text;
}

/* Reads a decimal without sign or leading zeros, at most `max`, that ends at `end`; NULL when there is none. */
static const char *parse_decimal(const char *text, char end, uint64_t max, uint64_t *out) {
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > max) {
            return NULL;
        }
    }
    if (at == text || *at != end || (text[0] == '0' && at > text + 1)) {
        return NULL;
    }
    *out = value;
    return at;
}

static const char *parse_node(const char *text, uint64_t *out) {
    uint64_t value = 0;
    for (int digit = 0; digit < 16; digit++) {
        char c = text[digit];
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint64_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        } else {
            return NULL;
        }
    }
    *out = value;
    return text + 16;
}

/* Exactly one text means an address, so that texts can be compared as addresses are (B3). */
enum mesh_status mesh_address_parse(const char *text, struct mesh_address *out) {
    uint64_t node, slot, number;
    if (!text || !(text = parse_node(text, &node)) || *text++ != '.') {
        return MESH_INVALID_ADDRESS;
    }
    if (!(text = parse_decimal(text, '.', ADDRESS_SLOT_MAX, &slot))) {
        return MESH_INVALID_ADDRESS;
    }
    bool local = text[1] == 'l';
    if (!parse_decimal(text + (local ? 2 : 1), '\0', ADDRESS_LOCAL - 1, &number)) {
        return MESH_INVALID_ADDRESS;
    }
    *out = (struct mesh_address){node, slot << 40 | (local ? ADDRESS_LOCAL : 0) | number};
    return MESH_OK;
}

struct mesh_address address_make(uint64_t node, uint32_t slot, uint64_t number) {
    CHECK(node != 0 && slot <= ADDRESS_SLOT_MAX && number <= ADDRESS_NUMBER_MAX);
    return (struct mesh_address){node, (uint64_t)slot << 40 | number};
}

enum mesh_status address_mint(struct address_mint *mint, struct mesh_address *out) {
    if (mint->next > mint->last) {
        return MESH_FULL;
    }
    *out = address_make(mint->node, mint->slot, mint->next++);
    return MESH_OK;
}
