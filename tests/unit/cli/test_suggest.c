/* What looks like what, for who mistypes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/suggest.h"
#include <criterion/criterion.h>

Test(suggest, mistakes_of_each_kind) {
    cr_assert(suggest_is_alike("status", "status"));
    cr_assert(suggest_is_alike("stetus", "status"), "a wrong letter");
    cr_assert(suggest_is_alike("sttus", "status"), "one is missing");
    cr_assert(suggest_is_alike("stattus", "status"), "one too many");
    cr_assert(suggest_is_alike("statsu", "status"), "two have changed places");
}

Test(suggest, no_more_than_two_mistakes) {
    cr_assert(suggest_is_alike("convetnoin", "convention"));
    cr_assert_not(suggest_is_alike("xonxenxion", "convention"));
}

Test(suggest, short_names_bear_fewer) {
    cr_assert(suggest_is_alike("tel", "tell"));
    cr_assert(suggest_is_alike("yell", "tell"));
    cr_assert_not(suggest_is_alike("yelp", "tell"));
}

Test(suggest, a_beginning_of_two_letters) {
    cr_assert(suggest_is_alike("co", "convention"));
    cr_assert_not(suggest_is_alike("c", "convention"));
    cr_assert_not(suggest_is_alike("", "ask"));
    cr_assert_not(suggest_is_alike("conventionally", "ask"));
}

Test(suggest, words_of_any_length) {
    cr_assert_not(suggest_is_alike("a word that is much longer than all commands that there are", "ask"));
}
