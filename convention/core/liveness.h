/* Liveness: when a node that is watched counts as suspect, and when as lost.
 *
 *   HEARD --silent for a while, its link broke, nobody listens there--> SUSPECT --anything comes--> HEARD
 *                                                                       SUSPECT --refused, silent--> lost
 *
 * Pure. Rules S3A, S3B.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_LIVENESS_H
#define CONVENTION_CORE_LIVENESS_H

#include "convention/core/times.h"

struct liveness {
    uint64_t heard_ns;         /* when anything came from it */
    uint64_t refused_ns;       /* since when nobody listens there, or another does; TIME_NEVER: not known to be so */
    uint64_t refused_until_ns; /* and until when that is known */
    bool suspect;
};

/* Of a node that is heard of now. */
struct liveness liveness_make(uint64_t now_ns);

/* Something came from it. Whether it had been suspect, so that it may become so sooner than was thought. */
bool liveness_hear(struct liveness *liveness, uint64_t now_ns);

/* Nobody listens there now. It may again a moment later, so its time is that from the first such word to the last. */
void liveness_refuse(struct liveness *liveness, uint64_t now_ns);

/* It was tried in vain, but not refused: whether anybody listens there is not known any more. */
void liveness_miss(struct liveness *liveness);

/* Another incarnation answers there. That is told once: from now on its time runs. */
void liveness_replace(struct liveness *liveness, uint64_t now_ns);

/* What came meanwhile could not be read: its times begin anew. */
void liveness_excuse(struct liveness *liveness, uint64_t now_ns);

/* When it counts as gone, by what is known of who listens there; TIME_NEVER: it does not. */
uint64_t liveness_gone_ns(const struct liveness *liveness, const struct convention_times *times);

/* Whether it has been silent for so long that it is suspect. */
bool liveness_doubts(const struct liveness *liveness, const struct convention_times *times, uint64_t now_ns);

/* Why it counts as lost now; NULL when it does not. */
const char *liveness_loss(const struct liveness *liveness, const struct convention_times *times, uint64_t now_ns);

/* When one of the two may change; TIME_NEVER when time alone changes nothing. */
uint64_t liveness_deadline(const struct liveness *liveness, const struct convention_times *times);

#endif
