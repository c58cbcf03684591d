/* Dead letters within control messages (E4). For proto/control.c alone.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONTROL_DEAD_LETTER_H
#define PROTO_CONTROL_DEAD_LETTER_H

#include "proto/codec_memory.h"

bool control_put_dead_letter_handler(const struct control_dead_letter_handler *handler,
                                     Mesh__Wire__DeadLetterHandler *out);
bool control_get_dead_letter_handler(const Mesh__Wire__DeadLetterHandler *wire,
                                     struct control_dead_letter_handler *out);
bool control_put_dead_letter(struct arena *arena, const struct control_dead_letter *letter,
                             Mesh__Wire__DeadLetter *out);
bool control_get_dead_letter(const Mesh__Wire__DeadLetter *wire, struct control_dead_letter *out);

#endif
