/* The list of keys as text: see trust_text.h.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/core/trust_text.h"
#include "mesh/base/bytes.h"
#include <stdlib.h>

enum {
    WORDS_MAX = 5, /* one more than any line has */
    ENTRY_TEXT = TRUST_KEY_TEXT + FRAME_PATTERN_BYTES + 32,
    SHOWN_BYTES = 80,
};

/* One text while it is read. */
struct reading {
    struct trust *trust;
    trust_tell *tell;
    void *context;
    unsigned line;
    bool wrong;
    struct trust seen; /* the keys of the lines before, each with its line as the stamp */
};

static void wrong(struct reading *reading, struct bytes word, const char *mistake) {
    char text[400];
    struct text_builder builder = text_builder(text, sizeof text);
    if (word.size) {
        text_append(&builder, "\"");
        text_append_escaped(&builder, bytes_make(word.data, size_min(word.size, SHOWN_BYTES)));
        text_append(&builder, "\" ");
    }
    text_append(&builder, "%s", mistake);
    reading->tell(reading->context, reading->line, text);
    reading->wrong = true;
}

/* ---- one line ---- */

static bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static size_t split(struct bytes line, struct bytes words[WORDS_MAX]) {
    size_t count = 0, at = 0;
    while (count < WORDS_MAX) {
        while (at < line.size && is_space(line.data[at])) {
            at++;
        }
        if (at == line.size || line.data[at] == '#') {
            break;
        }
        size_t begin = at;
        while (at < line.size && !is_space(line.data[at])) {
            at++;
        }
        words[count++] = bytes_make(line.data + begin, at - begin);
    }
    return count;
}

static bool read_stamp(struct bytes text, uint64_t *out) {
    uint64_t stamp = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t digit = (uint8_t)(text.data[i] - '0');
        if (digit > 9 || stamp > (TRUST_STAMP_MAX - digit) / 10) {
            return false;
        }
        stamp = 10 * stamp + digit;
    }
    *out = stamp;
    return true;
}

/* Whether the key has stood in an earlier line, which `text` names then. */
static bool stands_already(const struct reading *reading, const uint8_t key[FRAME_KEY_BYTES], char text[100]) {
    const struct frame_trusted *before = trust_find(&reading->seen, key);
    if (before) {
        struct text_builder builder = text_builder(text, 100);
        text_append(&builder, "stands in line %llu already: keep one of them", (unsigned long long)before->stamp);
    }
    return before;
}

static enum mesh_status take(struct reading *reading, const struct frame_trusted *word) {
    struct frame_trusted seen = {.stamp = reading->line, .revoked = true};
    bool changed;
    memcpy(seen.key, word->key, sizeof seen.key);
    enum mesh_status status = trust_merge(&reading->seen, &seen, &changed);
    return status == MESH_OK ? trust_merge(reading->trust, word, &changed) : status;
}

static enum mesh_status read_words(struct reading *reading, const struct bytes *words, size_t count) {
    bool allow = bytes_equal(words[0], bytes_of_text("allow"));
    size_t needed = allow ? 3 : 2;
    char text[100];
    const char *mistake;
    struct frame_trusted word = {.revoked = !allow};
    if (!allow && !bytes_equal(words[0], bytes_of_text("revoke"))) {
        wrong(reading, words[0], "is neither allow nor revoke: write allow KEY PATTERN, or revoke KEY");
    } else if (count < 2 || !trust_key_read(words[1], word.key)) {
        wrong(reading, count < 2 ? words[0] : words[1],
              count < 2 ? "is without a key: write it behind, 64 digits of 0 to 9 and a to f"
                        : "is no key: it has 64 digits of 0 to 9 and a to f");
    } else if (stands_already(reading, word.key, text)) {
        wrong(reading, words[1], text);
    } else if (count < needed) {
        wrong(reading, words[1], "is allowed for no node: write a node's name behind it, or * for all");
    } else if (allow && (mistake = trust_pattern_mistake(words[2]))) {
        wrong(reading, words[2], mistake);
    } else if (count > needed && !read_stamp(words[needed], &word.stamp)) {
        wrong(reading, words[needed], "is no stamp: write a whole number, or leave it out");
    } else if (count > needed + 1) {
        wrong(reading, words[needed + 1], "is one word too many: remove it, or put a # before it");
    } else {
        if (allow) {
            memcpy(word.pattern, words[2].data, words[2].size);
        }
        return take(reading, &word);
    }
    return MESH_OK;
}

/* ---- the whole ---- */

enum mesh_status trust_text_read(struct trust *trust, struct bytes text, trust_tell *tell, void *context) {
    struct reading reading = {.trust = trust, .tell = tell, .context = context};
    enum mesh_status status = MESH_OK;
    trust_init(&reading.seen, SIZE_MAX);
    for (size_t begin = 0; begin < text.size && status != MESH_NO_MEMORY;) {
        const uint8_t *newline = memchr(text.data + begin, '\n', text.size - begin);
        size_t end = newline ? (size_t)(newline - text.data) : text.size;
        struct bytes words[WORDS_MAX];
        size_t count = split(bytes_make(text.data + begin, end - begin), words);
        reading.line++;
        status = count ? read_words(&reading, words, count) : MESH_OK;
        if (status == MESH_FULL) {
            wrong(&reading, words[1], "finds no room in the list, which has as many keys as it may");
        }
        begin = end + 1;
    }
    trust_fini(&reading.seen);
    if (status == MESH_NO_MEMORY) {
        return MESH_NO_MEMORY;
    }
    return reading.wrong ? MESH_INVALID_ARGUMENT : MESH_OK;
}

enum mesh_status trust_text_write(const struct trust *trust, char **out) {
    static const char head[] = "# Who may take part: allow KEY PATTERN [STAMP], revoke KEY [STAMP]. The node writes "
                               "this file anew with each change.\n";
    size_t room = sizeof head + trust->count * ENTRY_TEXT;
    char *text = malloc(room);
    if (!text) {
        return MESH_NO_MEMORY;
    }
    struct text_builder builder = text_builder(text, room);
    text_append(&builder, "%s", head);
    for (size_t i = 0; i < trust->count; i++) {
        const struct frame_trusted *entry = &trust->entries[i];
        char key[TRUST_KEY_TEXT];
        text_append(&builder, "%s %s %s%s%llu\n", entry->revoked ? "revoke" : "allow", trust_key_print(entry->key, key),
                    entry->pattern, entry->revoked ? "" : " ", (unsigned long long)entry->stamp);
    }
    *out = text;
    return MESH_OK;
}
