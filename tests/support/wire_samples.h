/* One frame of every body and one control message of every kind, each field with a value of its own.
 *
 * What tests of the codec send round, cut short and damage, and what the corpora of its fuzz targets are made of.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SUPPORT_WIRE_SAMPLES_H
#define TESTS_SUPPORT_WIRE_SAMPLES_H

#include "proto/codec.h"
#include "proto/control.h"

enum {
    WIRE_FRAMES = 19,
    WIRE_CONTROLS = 36,
    WIRE_EXTERNAL_FRAME = 2, /* the batch whose payloads are parts */
    WIRE_EXTERNALS = 2,      /* that many */
};

extern const struct frame wire_frames[WIRE_FRAMES];
extern const struct control wire_controls[WIRE_CONTROLS];
extern struct part *const wire_parts[WIRE_EXTERNALS];

#endif
