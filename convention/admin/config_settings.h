/* The settings: what each is called, what kind of value it takes, and where that goes.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_CONFIG_SETTINGS_H
#define CONVENTION_ADMIN_CONFIG_SETTINGS_H

#include "convention/admin/config_items.h"

enum config_setting_kind {
    CONFIG_SETTING_NAME,
    CONFIG_SETTING_PATH,
    CONFIG_SETTING_COMMAND,
    CONFIG_SETTING_PATHS,
    CONFIG_SETTING_BIND,
    CONFIG_SETTING_ENDPOINT,
    CONFIG_SETTING_ENDPOINTS,
    CONFIG_SETTING_COUNT,
    CONFIG_SETTING_BYTES,
    CONFIG_SETTING_SPAN,
    CONFIG_SETTING_SPAN_OR_OFF,
    CONFIG_SETTING_UNSIGNED,
    CONFIG_SETTING_FLAG,
    CONFIG_SETTING_LEVEL,
    CONFIG_SETTING_RULES,
    CONFIG_SETTING_FORMAT,
    CONFIG_SETTING_DESTINATION,
    CONFIG_SETTING_START,
    CONFIG_SETTING_ACCEPT,
    CONFIG_SETTING_SECURITY,
    CONFIG_SETTING_PROFILE,
};

struct config_setting {
    const char *path;
    enum config_setting_kind kind;
    size_t offset;
};

extern const struct config_setting config_settings[]; /* the last one has no path */

enum { CONFIG_SETTINGS_MAX = 64 };

/* A configuration while it is read. */
struct config_reading {
    struct config *config;
    struct config_mistakes *mistakes;
    bool beyond; /* something is bound beyond loopback */
    bool no_memory;
};

/* Says what is wrong with the value, as the rest of a sentence. */
void config_wrong(struct config_reading *reading, const struct config_item *item, const char *mistake);

/* Reads the item's value into the configuration, or tells what is wrong with it. */
void config_read_setting(struct config_reading *reading, const struct config_item *item,
                         const struct config_setting *setting);

/* The same for the capability of that name, in the place of what it was before. */
void config_read_capability(struct config_reading *reading, const struct config_item *item, const char *name);

/* The words that a setting of that kind chooses from, NULL after the last, in the order of what they stand for. */
const char *const *config_words(enum config_setting_kind kind);

/* Whether `word` names the profile with the reference's times. */
bool config_is_reference(const char *word);

#endif
