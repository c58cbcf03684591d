/* Whether a word looks like another one: what somebody may have meant who has mistyped it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stdbool.h>

/* With two mistakes at most, of which each is a letter that is wrong, missing, too many, or has changed places with the next one, and not
 * more of them than a third of its letters; or its beginning, of two letters at least. */
bool suggest_is_alike(const char *typed, const char *name);

#endif
