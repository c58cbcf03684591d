/* A configuration as text: each setting's value, written so that it could stand in a file.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_CONFIG_PRINT_H
#define CONVENTION_ADMIN_CONFIG_PRINT_H

#include "convention/admin/config_settings.h"
#include <stdio.h>

/* The value of a setting, to be freed; "" when it has none. NULL without memory. */
char *config_value_text(const struct config *config, const struct config_setting *setting);

/* All settings and capabilities as a file that would give the same, each with where it comes from; or as one JSON object. */
void config_print(const struct config *config, FILE *stream);
void config_print_json(const struct config *config, FILE *stream);

/* All mistakes, a line each; or as one JSON object. */
void config_print_mistakes(const struct config_mistakes *mistakes, FILE *stream);
void config_print_mistakes_json(const struct config_mistakes *mistakes, FILE *stream);

#endif
