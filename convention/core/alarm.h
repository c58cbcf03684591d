/* Alarms: what of a convention waits for time. They lie inside what they are for, and stand in one heap.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_ALARM_H
#define CONVENTION_CORE_ALARM_H

#include "mesh/base/deadlines.h"

enum alarm_kind {
    ALARM_HEARTBEAT,  /* of the convention: the next one goes out */
    ALARM_SUCCESSION, /* of the convention: whether it leads, or gives names, may have changed */
    ALARM_RECKONING,  /* of the convention: who has not come to the new leader by now is gone */
    ALARM_MEMBER,     /* a member may have become suspect, or lost */
    ALARM_CANDIDATE,  /* a candidate is called, or registered with, again */
    ALARM_ROSTER,     /* what waits for a member may go out */
    ALARM_RIVAL,      /* a candidate may be lost to another candidate */
    ALARM_REGISTER,   /* what waits for a candidate may go out */
    ALARM_GUEST,      /* a guest is called, or invited, again */
    ALARM_INVITE,     /* what waits for a guest may go out */
};

struct alarm {
    struct deadline due;
    enum alarm_kind kind;
};

#endif
