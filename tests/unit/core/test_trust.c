/* The list of keys: who is allowed, what a later word changes, that lists become the same, and how it is written.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/base/prng.h"
#include "mesh/core/trust_text.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct trust list;

static void begin(void) {
    trust_init(&list, 4);
}

static void end(void) {
    trust_fini(&list);
}

TestSuite(trust, .init = begin, .fini = end);

static const uint8_t *key_of(uint8_t number) {
    static uint8_t key[FRAME_KEY_BYTES];
    memset(key, 0, sizeof key);
    key[0] = number;
    key[FRAME_KEY_BYTES - 1] = 0xa0;
    return key;
}

static struct frame_trusted word_on(uint8_t number, uint64_t stamp, const char *pattern) {
    struct frame_trusted word = {.stamp = stamp, .revoked = !*pattern};
    memcpy(word.key, key_of(number), sizeof word.key);
    memcpy(word.pattern, pattern, strlen(pattern));
    return word;
}

/* Whether the word was taken. */
static bool merge(struct trust *trust, struct frame_trusted word) {
    bool changed;
    cr_assert_eq(trust_merge(trust, &word, &changed), MESH_OK);
    return changed;
}

static bool allows(uint8_t number, const char *name) {
    return trust_allows(&list, key_of(number), bytes_of_text(name));
}

Test(trust, S7F_a_key_stands_for_one_name_or_for_a_beginning) {
    merge(&list, word_on(1, 0, "alpha"));
    merge(&list, word_on(2, 0, "web-*"));
    merge(&list, word_on(3, 0, "*"));
    cr_assert(allows(1, "alpha"));
    cr_assert_not(allows(1, "alpha2"));
    cr_assert_not(allows(1, "alph"));
    cr_assert(allows(2, "web-1"));
    cr_assert(allows(2, "web-"));
    cr_assert_not(allows(2, "web"));
    cr_assert_not(allows(2, "db-1"));
    cr_assert(allows(3, "db-1"));
    cr_assert_eq(trust_count(&list, bytes_of_text("web-1")), 2);
}

Test(trust, S7F_what_is_not_listed_or_is_revoked_is_not_allowed) {
    cr_assert_not(trust_knows(&list, key_of(1)));
    merge(&list, word_on(1, 0, "*"));
    cr_assert(trust_knows(&list, key_of(1)));
    cr_assert_not(trust_knows(&list, key_of(2)));
    merge(&list, word_on(1, 1, ""));
    cr_assert_not(trust_knows(&list, key_of(1)));
    cr_assert_not(allows(1, ""));
    cr_assert_eq(trust_count(&list, bytes_of_text("")), 0);
}

Test(trust, S7F_the_later_word_counts) {
    cr_assert(merge(&list, word_on(1, 5, "a")));
    cr_assert_not(merge(&list, word_on(1, 4, "")));
    cr_assert(allows(1, "a"));
    cr_assert(merge(&list, word_on(1, 6, "")));
    cr_assert(merge(&list, word_on(1, 7, "b")));
    cr_assert(allows(1, "b"));
    cr_assert_eq(list.count, 1);
    cr_assert_eq(list.highest, 7);
}

Test(trust, S7F_of_two_words_with_one_stamp_the_stricter_counts) {
    merge(&list, word_on(1, 5, "a"));
    cr_assert(merge(&list, word_on(1, 5, "")));
    cr_assert_not(merge(&list, word_on(1, 5, "a")));
    cr_assert_not(trust_knows(&list, key_of(1)));
    merge(&list, word_on(2, 5, "b"));
    cr_assert(merge(&list, word_on(2, 5, "a")));
    cr_assert_not(merge(&list, word_on(2, 5, "b")));
}

Test(trust, S7F_what_is_no_word_or_too_much_changes_nothing) {
    bool changed = true;
    struct frame_trusted word = word_on(1, TRUST_STAMP_MAX, "a");
    word.stamp++;
    cr_assert_eq(trust_merge(&list, &word, &changed), MESH_TOO_LARGE);
    word = word_on(1, 0, "a b");
    cr_assert_eq(trust_merge(&list, &word, &changed), MESH_INVALID_ARGUMENT);
    word = word_on(1, 0, "a");
    word.revoked = true;
    cr_assert_eq(trust_merge(&list, &word, &changed), MESH_INVALID_ARGUMENT);
    for (uint8_t i = 1; i <= 4; i++) {
        merge(&list, word_on(i, 0, "a"));
    }
    word = word_on(5, 0, "a");
    cr_assert_eq(trust_merge(&list, &word, &changed), MESH_FULL);
    cr_assert(merge(&list, word_on(4, 1, "")), "a full list can still revoke");
    cr_assert_eq(list.count, 4);
}

Test(trust, S7F_patterns_have_one_star_at_the_end) {
    char longest[FRAME_PATTERN_BYTES + 2];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    cr_assert_null(trust_pattern_mistake(bytes_make(longest, FRAME_PATTERN_BYTES)));
    cr_assert_not_null(trust_pattern_mistake(bytes_of_text(longest)));
    cr_assert_null(trust_pattern_mistake(bytes_of_text("*")));
    static const char *const bad[] = {"", "*a", "a**", "a b", "a/b", "a\\", "a\n", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_not_null(trust_pattern_mistake(bytes_of_text(bad[i])), "%s", bad[i]);
    }
}

static bool same(const struct trust *a, const struct trust *b) {
    if (a->count != b->count || a->digest != b->digest || a->highest != b->highest) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct frame_trusted *one = &a->entries[i], *other = &b->entries[i];
        if (memcmp(one->key, other->key, sizeof one->key) != 0 || one->stamp != other->stamp ||
            one->revoked != other->revoked || strcmp(one->pattern, other->pattern) != 0) {
            return false;
        }
    }
    return true;
}

/* Three sides of a partition draw stamps of their own for the same keys; then each hears all words in an order of its own, some
 * twice. */
Test(trust, S7F_lists_become_the_same_in_whatever_order_they_meet) {
    enum { WORDS = 60, LISTS = 3 };
    static const char *const patterns[] = {"", "a", "b", "a*"};
    struct prng prng;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct {
            uint8_t number;
            uint64_t stamp;
            const char *pattern;
        } words[WORDS];
        struct trust lists[LISTS];
        prng_init(&prng, seed);
        for (size_t i = 0; i < WORDS; i++) {
            words[i].number = (uint8_t)prng_below(&prng, 8);
            words[i].stamp = prng_below(&prng, 6);
            words[i].pattern = patterns[prng_below(&prng, 4)];
        }
        for (size_t k = 0; k < LISTS; k++) {
            trust_init(&lists[k], 8);
            for (size_t i = 0; i < 4 * WORDS; i++) {
                size_t at = i < WORDS ? (size_t)prng_below(&prng, WORDS) : i % WORDS;
                (void)merge(&lists[k], word_on(words[at].number, words[at].stamp, words[at].pattern));
            }
            cr_assert(same(&lists[0], &lists[k]), "seed %llu", (unsigned long long)seed);
        }
        for (size_t k = 0; k < LISTS; k++) {
            trust_fini(&lists[k]);
        }
    }
}

Test(trust, S7F_lists_that_differ_have_other_digests) {
    struct trust other;
    trust_init(&other, 4);
    merge(&list, word_on(1, 5, "a"));
    merge(&other, word_on(1, 5, "b"));
    cr_assert_neq(list.digest, other.digest);
    merge(&other, word_on(1, 5, "a"));
    cr_assert_eq(list.digest, other.digest);
    merge(&other, word_on(1, 6, "a"));
    cr_assert_neq(list.digest, other.digest);
    trust_fini(&other);
}

Test(trust, S7F_a_key_is_printed_and_read_in_hex) {
    char text[TRUST_KEY_TEXT];
    uint8_t key[FRAME_KEY_BYTES];
    cr_assert_str_eq(trust_key_print(key_of(0x1f), text),
                     "1f000000000000000000000000000000000000000000000000000000000000a0");
    cr_assert(trust_key_read(bytes_of_text(text), key));
    cr_assert_arr_eq(key, key_of(0x1f), sizeof key);
    text[1] = 'F';
    cr_assert(trust_key_read(bytes_of_text(text), key));
    cr_assert_arr_eq(key, key_of(0x1f), sizeof key);
    text[1] = 'g';
    cr_assert_not(trust_key_read(bytes_of_text(text), key));
    cr_assert_not(trust_key_read(bytes_make(text, sizeof text - 2), key));
}

/* ---- as text ---- */

#define KEY_1 "01000000000000000000000000000000000000000000000000000000000000a0"
#define KEY_2 "02000000000000000000000000000000000000000000000000000000000000a0"

static char told[1000];

static void note(void *context, unsigned line, const char *mistake) {
    size_t length = strlen(told);
    (void)context;
    (void)snprintf(told + length, sizeof told - length, "%u: %s\n", line, mistake);
}

static enum mesh_status read_text(const char *text) {
    *told = 0;
    return trust_text_read(&list, bytes_of_text(text), note, NULL);
}

Test(trust, S7G_a_text_has_a_word_in_each_line) {
    cr_assert_eq(read_text("# who may take part\n\n allow " KEY_1 "  web-*\t# the front\r\nrevoke " KEY_2 " 7"),
                 MESH_OK);
    cr_assert_str_empty(told);
    cr_assert(allows(1, "web-2"));
    cr_assert_eq(trust_find(&list, key_of(1))->stamp, 0);
    cr_assert(trust_find(&list, key_of(2))->revoked);
    cr_assert_eq(trust_find(&list, key_of(2))->stamp, 7);
}

Test(trust, S7G_all_mistakes_of_a_text_are_told_with_line_and_remedy) {
    cr_assert_eq(read_text("permit " KEY_1 " a\n"
                           "allow\n"
                           "allow 0123 a\n"
                           "allow " KEY_1 "\n"
                           "allow " KEY_1 " a*b\n"
                           "allow " KEY_1 " a 1x\n"
                           "revoke " KEY_1 " 1 2\n"
                           "revoke " KEY_1 "\n"
                           "allow " KEY_1 " a\n"
                           "revoke " KEY_2 " 9223372036854775808\n"),
                 MESH_INVALID_ARGUMENT);
    cr_assert_str_eq(told, "1: \"permit\" is neither allow nor revoke: write allow KEY PATTERN, or revoke KEY\n"
                           "2: \"allow\" is without a key: write it behind, 64 digits of 0 to 9 and a to f\n"
                           "3: \"0123\" is no key: it has 64 digits of 0 to 9 and a to f\n"
                           "4: \"" KEY_1 "\" is allowed for no node: write a node's name behind it, or * for all\n"
                           "5: \"a*b\" is neither the name of a node nor the beginning of names with one * behind it\n"
                           "6: \"1x\" is no stamp: write a whole number, or leave it out\n"
                           "7: \"2\" is one word too many: remove it, or put a # before it\n"
                           "9: \"" KEY_1 "\" stands in line 8 already: keep one of them\n"
                           "10: \"9223372036854775808\" is no stamp: write a whole number, or leave it out\n");
    cr_assert(trust_find(&list, key_of(1))->revoked, "what was right counts");
}

Test(trust, S7G_a_text_of_more_keys_than_fit_says_so) {
    trust_fini(&list);
    trust_init(&list, 1);
    cr_assert_eq(read_text("allow " KEY_1 " a\nallow " KEY_2 " a\n"), MESH_INVALID_ARGUMENT);
    cr_assert_str_eq(told, "2: \"" KEY_2 "\" finds no room in the list, which has as many keys as it may\n");
}

Test(trust, S7G_what_is_written_reads_as_the_same_list) {
    struct trust other = list;
    char *text;
    merge(&list, word_on(2, TRUST_STAMP_MAX, "web-*"));
    merge(&list, word_on(1, 3, ""));
    cr_assert_eq(trust_text_write(&list, &text), MESH_OK);
    trust_init(&other, 4);
    cr_assert_eq(trust_text_read(&other, bytes_of_text(text), note, NULL), MESH_OK);
    cr_assert(same(&list, &other), "%s", text);
    trust_fini(&other);
    free(text);
}
