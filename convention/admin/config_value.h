/* Values of a configuration: texts that mean numbers, spans of time, sizes, lists, endpoints, capabilities.
 *
 * Each reader is given the value's text and says what is wrong with it, as the rest of a sentence, or NULL when it
 * was read.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_CONFIG_VALUE_H
#define CONVENTION_ADMIN_CONFIG_VALUE_H

#include "convention/admin/config.h"

/* A whole number of 1 or more. */
const char *config_read_count(const char *text, size_t *out);

/* "64 MiB", "256 KiB", or a number of bytes; 1 or more. */
const char *config_read_bytes(const char *text, size_t *out);

/* "250 ms", "10 s", "7 min": the unit is required; above zero unless `off`, which "off" sets to zero. */
const char *config_read_span(const char *text, bool off, uint64_t *out_ns);

/* Items separated by commas; none may be empty. The caller owns the list. */
const char *config_read_list(const char *text, struct config_list *out);
void config_list_fini(struct config_list *list);

/* "tcp://HOST:PORT"; port 0 only if `any_port`, else there may be a key behind it, "/KEY" (S7A). `beyond` tells whether the host is another than loopback. */
const char *config_read_endpoint(const char *text, bool any_port, bool *beyond);

/* "TYPE: LEVEL", where TYPE may be the begin of types, with a '*' at its end: added to the policy behind what it has. */
const char *config_read_rule(const char *text, struct log_policy *policy);

/* A capability's value as it stands; `quoted` makes it a text. Its bytes are the text's. */
const char *config_read_value(struct bytes text, bool quoted, struct frame_value *out, uint8_t **room);

/* The one of the names that the word comes nearest to, or NULL when none is near. */
const char *config_guess(const char *word, const char *const *names, size_t count);

#endif
