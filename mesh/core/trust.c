/* Trust: see trust.h. Changes are an operator's word and rare, questions come with each connection: a sorted array.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/trust.h"
#include <stdlib.h>

enum { ROOM_FIRST = 16 };

void trust_init(struct trust *trust, size_t max) {
    *trust = (struct trust){.max = max};
}

void trust_fini(struct trust *trust) {
    if (trust) {
        free(trust->entries);
        *trust = (struct trust){0};
    }
}

/* ---- patterns ---- */

static bool is_name_byte(uint8_t byte) {
    return byte > ' ' && byte < 127 && byte != '/' && byte != '\\' && byte != '*';
}

const char *trust_pattern_mistake(struct bytes pattern) {
    if (!pattern.size || pattern.size > FRAME_PATTERN_BYTES) {
        return "has to have 1 to 64 bytes";
    }
    for (size_t i = 0; i < pattern.size; i++) {
        bool last = i + 1 == pattern.size;
        if (!is_name_byte(pattern.data[i]) && !(last && pattern.data[i] == '*')) {
            return "is neither the name of a node nor the beginning of names with one * behind it";
        }
    }
    return NULL;
}

bool trust_pattern_fits(const char *pattern, struct bytes node_name) {
    size_t length = strlen(pattern);
    if (length > 0 && pattern[length - 1] == '*') {
        return node_name.size >= length - 1 && memcmp(node_name.data, pattern, length - 1) == 0;
    }
    return bytes_equal(bytes_make(pattern, length), node_name);
}

/* ---- keys ---- */

static int digit_of(uint8_t byte) {
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 'a' - 'A';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool trust_key_read(struct bytes text, uint8_t out[FRAME_KEY_BYTES]) {
    uint8_t key[FRAME_KEY_BYTES];
    if (text.size != TRUST_KEY_TEXT - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof key; i++) {
        int high = digit_of(text.data[2 * i]), low = digit_of(text.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(out, key, sizeof key);
    return true;
}

const char *trust_key_print(const uint8_t key[FRAME_KEY_BYTES], char out[TRUST_KEY_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < FRAME_KEY_BYTES; i++) {
        out[2 * i] = digits[key[i] >> 4];
        out[2 * i + 1] = digits[key[i] & 15];
    }
    out[TRUST_KEY_TEXT - 1] = 0;
    return out;
}

/* ---- the list ---- */

/* Where the key stands, or would. */
static size_t place_of(const struct trust *trust, const uint8_t key[FRAME_KEY_BYTES]) {
    size_t low = 0, high = trust->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(trust->entries[middle].key, key, FRAME_KEY_BYTES) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct frame_trusted *entry_at(const struct trust *trust, size_t place, const uint8_t key[FRAME_KEY_BYTES]) {
    bool there = place < trust->count && memcmp(trust->entries[place].key, key, FRAME_KEY_BYTES) == 0;
    return there ? &trust->entries[place] : NULL;
}

const struct frame_trusted *trust_find(const struct trust *trust, const uint8_t key[FRAME_KEY_BYTES]) {
    return entry_at(trust, place_of(trust, key), key);
}

bool trust_knows(const struct trust *trust, const uint8_t key[FRAME_KEY_BYTES]) {
    const struct frame_trusted *entry = trust_find(trust, key);
    return entry && !entry->revoked;
}

bool trust_allows(const struct trust *trust, const uint8_t key[FRAME_KEY_BYTES], struct bytes node_name) {
    const struct frame_trusted *entry = trust_find(trust, key);
    return entry && !entry->revoked && trust_pattern_fits(entry->pattern, node_name);
}

size_t trust_count(const struct trust *trust, struct bytes node_name) {
    size_t count = 0;
    for (size_t i = 0; i < trust->count; i++) {
        count += !trust->entries[i].revoked && trust_pattern_fits(trust->entries[i].pattern, node_name);
    }
    return count;
}

/* ---- merging ---- */

/* FNV-1a, whose value is the same on every machine. */
static uint64_t hash_on(uint64_t hash, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t entry_hash(const struct frame_trusted *entry) {
    uint8_t rest[9] = {entry->revoked};
    for (size_t i = 1; i < sizeof rest; i++) {
        rest[i] = (uint8_t)(entry->stamp >> (8 * (i - 1)));
    }
    uint64_t hash = hash_on(UINT64_C(0xcbf29ce484222325), entry->key, sizeof entry->key);
    hash = hash_on(hash, rest, sizeof rest);
    return hash_on(hash, entry->pattern, strlen(entry->pattern));
}

/* At one stamp a revocation counts more than a permission, and of two permissions the lesser pattern. */
static bool is_later(const struct frame_trusted *word, const struct frame_trusted *entry) {
    if (word->stamp != entry->stamp) {
        return word->stamp > entry->stamp;
    }
    if (word->revoked != entry->revoked) {
        return word->revoked;
    }
    return strcmp(word->pattern, entry->pattern) < 0;
}

static enum mesh_status word_check(const struct frame_trusted *word) {
    bool right = word->revoked ? !*word->pattern : !trust_pattern_mistake(bytes_of_text(word->pattern));
    if (!right) {
        return MESH_INVALID_ARGUMENT;
    }
    return word->stamp > TRUST_STAMP_MAX ? MESH_TOO_LARGE : MESH_OK;
}

/* Makes room for an entry in that place. */
static enum mesh_status insert(struct trust *trust, size_t place) {
    if (trust->count >= trust->max) {
        return MESH_FULL;
    }
    if (trust->count == trust->room) {
        size_t room = size_min(trust->room ? 2 * trust->room : ROOM_FIRST, trust->max);
        struct frame_trusted *entries = realloc(trust->entries, room * sizeof *entries);
        if (!entries) {
            return MESH_NO_MEMORY;
        }
        trust->entries = entries;
        trust->room = room;
    }
    memmove(trust->entries + place + 1, trust->entries + place, (trust->count - place) * sizeof *trust->entries);
    trust->count++;
    return MESH_OK;
}

enum mesh_status trust_merge(struct trust *trust, const struct frame_trusted *word, bool *changed) {
    enum mesh_status status = word_check(word);
    if (status) {
        return status;
    }
    size_t place = place_of(trust, word->key);
    struct frame_trusted *entry = entry_at(trust, place, word->key);
    bool later = !entry || is_later(word, entry);
    if (!later) {
        *changed = false;
        return MESH_OK;
    }
    if (entry) {
        trust->digest -= entry_hash(entry);
    } else if ((status = insert(trust, place)) != MESH_OK) {
        return status;
    }
    entry = &trust->entries[place];
    *entry = *word;
    trust->digest += entry_hash(entry);
    trust->highest = word->stamp > trust->highest ? word->stamp : trust->highest;
    *changed = true;
    return MESH_OK;
}
