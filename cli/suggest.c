/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/suggest.h"
#include <stddef.h>
#include <string.h>

enum { LONGEST = 32, MISTAKES = 2 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* `at[i][k]`: how far the first i letters of one are from the first k of the other. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t at[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= a_length; i++) {
        for (size_t k = 0; k <= b_length; k++) {
            if (i == 0 || k == 0) {
                at[i][k] = i + k;
                continue;
            }
            bool same = a[i - 1] == b[k - 1];
            at[i][k] = least(at[i - 1][k - 1] + !same, least(at[i - 1][k], at[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                at[i][k] = least(at[i][k], at[i - 2][k - 2] + 1);
            }
        }
    }
    return at[a_length][b_length];
}

bool suggest_is_alike(const char *typed, const char *name) {
    size_t typed_length = strlen(typed), length = strlen(name);
    if (typed_length > LONGEST || length > LONGEST) {
        return false;
    }
    if (typed_length >= 2 && strncmp(typed, name, typed_length) == 0) {
        return true;
    }
    return distance(typed, typed_length, name, length) <= least(MISTAKES, length / 3);
}
