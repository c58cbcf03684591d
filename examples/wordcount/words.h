/* A table of words and how often each occurs. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct words {
    void *tree; /* of tsearch(3) */
    uint64_t total;
    size_t distinct;
};

struct word {
    uint64_t count;
    char text[];
};

/* Counts the words of a text: runs of letters, in lower case. False without memory. */
bool words_count(struct words *words, const char *text, size_t bytes);

/* Counts one word so many times. False without memory. */
bool words_add(struct words *words, const char *word, uint64_t count);

/* All words, the most frequent first, those of one frequency by the alphabet; to be freed. NULL without memory. */
const struct word **words_sorted(const struct words *words);

void words_clear(struct words *words);

#endif
