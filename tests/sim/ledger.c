/* Ledger: see ledger.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/sim/ledger.h"
#include "mesh/base/check.h"
#include <stdlib.h>
#include <string.h>

void ledger_init(struct ledger *ledger, size_t actors_max) {
    *ledger = (struct ledger){.actors_max = actors_max};
    ledger->floors = calloc(actors_max * actors_max, sizeof *ledger->floors);
    CHECK(ledger->floors);
}

uint64_t ledger_add(struct ledger *ledger, const struct ledger_entry *entry) {
    if (ledger->count == ledger->room) {
        ledger->room = ledger->room ? ledger->room * 2 : 1024;
        ledger->entries = realloc(ledger->entries, ledger->room * sizeof *ledger->entries);
        CHECK(ledger->entries);
    }
    ledger->entries[ledger->count] = *entry;
    return ledger->count++;
}

struct ledger_entry *ledger_find(struct ledger *ledger, struct bytes payload, uint64_t *number) {
    if (payload.size < LEDGER_HEADER_BYTES) {
        return NULL;
    }
    memcpy(number, payload.data, sizeof *number);
    return *number < ledger->count ? &ledger->entries[*number] : NULL;
}

static unsigned char filler(uint64_t number, size_t at) {
    return (unsigned char)(number * 31 + at * 7);
}

void ledger_fill(const struct ledger *ledger, uint64_t number, unsigned char *out) {
    const struct ledger_entry *entry = &ledger->entries[number];
    memcpy(out, &number, sizeof number);
    memcpy(out + sizeof number, &entry->content, sizeof entry->content);
    for (size_t i = LEDGER_HEADER_BYTES; i < entry->bytes; i++) {
        out[i] = filler(number, i);
    }
}

bool ledger_equal(const struct ledger *ledger, uint64_t number, struct bytes payload) {
    const struct ledger_entry *entry = &ledger->entries[number];
    const unsigned char *bytes = (const unsigned char *)payload.data;
    if (payload.size != entry->bytes || memcmp(bytes + sizeof number, &entry->content, sizeof entry->content) != 0) {
        return false;
    }
    for (size_t i = LEDGER_HEADER_BYTES; i < entry->bytes; i++) {
        if (bytes[i] != filler(number, i)) {
            return false;
        }
    }
    return true;
}

struct ledger_floor *ledger_floor(struct ledger *ledger, size_t sender, size_t target) {
    CHECK(sender < ledger->actors_max && target < ledger->actors_max);
    return &ledger->floors[target * ledger->actors_max + sender];
}

void ledger_fini(struct ledger *ledger) {
    free(ledger->entries);
    free(ledger->floors);
    *ledger = (struct ledger){0};
}
