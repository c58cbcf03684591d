/* Liveness: both sides of every span, and what is switched off.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/liveness.h"
#include <criterion/criterion.h>

static const struct convention_times times = {.suspect_ns = 4, .refused_ns = 2, .silent_ns = 15};
static const struct convention_times off = {.period_ns = 1};

Test(liveness, S3A_silence_makes_suspect_and_a_word_ends_that) {
    struct liveness liveness = liveness_make(100);
    cr_assert_eq(liveness_deadline(&liveness, &times), 104);
    cr_assert_not(liveness_doubts(&liveness, &times, 103));
    cr_assert(liveness_doubts(&liveness, &times, 104));
    liveness.suspect = true;
    cr_assert_eq(liveness_deadline(&liveness, &times), 115);
    cr_assert(liveness_hear(&liveness, 110), "it was suspect");
    cr_assert_not(liveness.suspect);
    cr_assert_not(liveness_hear(&liveness, 111), "it was not");
    cr_assert_eq(liveness_deadline(&liveness, &times), 115);
}

Test(liveness, S3B_lost_when_silent) {
    struct liveness liveness = liveness_make(100);
    cr_assert_null(liveness_loss(&liveness, &times, 114));
    cr_assert_str_eq(liveness_loss(&liveness, &times, 115), "silent");
}

Test(liveness, S3B_lost_when_refused_from_the_first_time_to_the_last) {
    struct liveness liveness = liveness_make(100);
    liveness_refuse(&liveness, 101);
    liveness_refuse(&liveness, 102);
    cr_assert_eq(liveness_deadline(&liveness, &times), 104, "of being refused once more it hears by the next try");
    cr_assert_null(liveness_loss(&liveness, &times, 110));
    liveness_refuse(&liveness, 103);
    cr_assert_eq(liveness_deadline(&liveness, &times), 103);
    cr_assert_str_eq(liveness_loss(&liveness, &times, 103), "its admin is gone");
    (void)liveness_hear(&liveness, 103);
    cr_assert_null(liveness_loss(&liveness, &times, 110));
}

Test(liveness, S3B_a_try_that_is_not_refused_begins_anew) {
    struct liveness liveness = liveness_make(100);
    liveness_refuse(&liveness, 101);
    liveness_miss(&liveness);
    liveness_refuse(&liveness, 104);
    cr_assert_null(liveness_loss(&liveness, &times, 105));
    liveness_refuse(&liveness, 106);
    cr_assert_not_null(liveness_loss(&liveness, &times, 106));
    liveness = liveness_make(100);
    liveness_replace(&liveness, 101);
    liveness_miss(&liveness);
    cr_assert_not_null(liveness_loss(&liveness, &times, 103), "it is not the one that is not reached");
}

Test(liveness, S3B_lost_when_another_answers_from_the_first_word_on) {
    struct liveness liveness = liveness_make(100);
    liveness_refuse(&liveness, 101);
    liveness_replace(&liveness, 102);
    liveness_refuse(&liveness, 102);
    cr_assert_eq(liveness_deadline(&liveness, &times), 103);
    cr_assert_null(liveness_loss(&liveness, &times, 102));
    cr_assert_str_eq(liveness_loss(&liveness, &times, 103), "its admin is gone");
}

Test(liveness, S6E_who_is_excused_stays_suspect_and_has_all_its_times_again) {
    struct liveness liveness = liveness_make(100);
    liveness.suspect = true;
    liveness_replace(&liveness, 101);
    liveness_excuse(&liveness, 110);
    cr_assert(liveness.suspect);
    cr_assert_eq(liveness_deadline(&liveness, &times), 125);
    liveness_refuse(&liveness, 111);
    cr_assert_eq(liveness_deadline(&liveness, &times), 125);
}

Test(liveness, what_is_switched_off_never_comes) {
    struct liveness liveness = liveness_make(100);
    liveness_replace(&liveness, 101);
    cr_assert_eq(liveness_deadline(&liveness, &off), TIME_NEVER);
    cr_assert_not(liveness_doubts(&liveness, &off, UINT64_MAX - 1));
    cr_assert_null(liveness_loss(&liveness, &off, UINT64_MAX - 1));
}
