/* Counting words, in a tree of the C library. */
#define _GNU_SOURCE 1
#include "words.h"
#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_BYTES = 64 }; /* longer ones are cut */

static int by_text(const void *a, const void *b) {
    return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

bool words_add(struct words *words, const char *text, uint64_t count) {
    size_t bytes = strlen(text) + 1;
    struct word *word = malloc(sizeof *word + bytes);
    if (!word) {
        return false;
    }
    word->count = 0;
    memcpy(word->text, text, bytes);
    struct word **place = tsearch(word, &words->tree, by_text);
    if (!place || *place != word) {
        free(word);
    } else {
        words->distinct++;
    }
    if (place) {
        (*place)->count += count;
        words->total += count;
    }
    return place != NULL;
}

bool words_count(struct words *words, const char *text, size_t bytes) {
    char word[WORD_BYTES];
    size_t length = 0;
    for (size_t i = 0; i <= bytes; i++) {
        if (i < bytes && isalpha((unsigned char)text[i])) {
            word[length] = (char)tolower((unsigned char)text[i]);
            length += length < sizeof word - 1;
        } else if (length > 0) {
            word[length] = '\0';
            length = 0;
            if (!words_add(words, word, 1)) {
                return false;
            }
        }
    }
    return true;
}

struct listing {
    const struct word **words;
    size_t count;
};

static void list_word(const void *node, VISIT visit, void *closure) {
    struct listing *listing = closure;
    if (visit == postorder || visit == leaf) {
        listing->words[listing->count++] = *(const struct word *const *)node;
    }
}

static int by_count(const void *a, const void *b) {
    const struct word *x = *(const struct word *const *)a, *y = *(const struct word *const *)b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : strcmp(x->text, y->text);
}

const struct word **words_sorted(const struct words *words) {
    struct listing listing = {.words = calloc(words->distinct + 1, sizeof *listing.words)};
    if (listing.words) {
        twalk_r(words->tree, list_word, &listing);
        qsort(listing.words, listing.count, sizeof *listing.words, by_count);
    }
    return listing.words;
}

void words_clear(struct words *words) {
    tdestroy(words->tree, free);
    *words = (struct words){0};
}
