/* The configuration is read again while the node runs (S9E).
 *
 * The log, pre-registrations and capabilities follow it; of any other setting that is another now the log says that it
 * waits for a restart. A configuration with mistakes changes nothing.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/config_print.h"
#include "convention/admin/notify.h"
#include <stdlib.h>

enum { LINE_BYTES = 1024 };

static void note(const struct admin *admin, enum mesh_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void note(const struct admin *admin, enum mesh_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_write_list(admin->log, level, NULL, process_address(admin->process), format, arguments);
    va_end(arguments);
}

/* ---- what stays as it is ---- */

static bool is_of_log(const struct config_setting *setting) {
    return strncmp(setting->path, "log/", 4) == 0;
}

static bool is_followed(const struct config_setting *setting) {
    return is_of_log(setting) || strcmp(setting->path, "preregister") == 0;
}

static const char *shown(const char *value) {
    return *value ? value : "not set";
}

static void note_unchanged(const struct admin *admin, const struct config *fresh) {
    for (const struct config_setting *setting = config_settings; setting->path; setting++) {
        char *value = config_value_text(admin->config, setting), *wanted = config_value_text(fresh, setting);
        if (!value || !wanted) {
            note(admin, MESH_LOG_WARNING, "no memory to compare the setting %s", setting->path);
        } else if (!is_followed(setting) && strcmp(value, wanted) != 0) {
            note(admin, MESH_LOG_WARNING,
                 "%s cannot change while the node runs: it stays %.300s, and is %.300s after a restart", setting->path,
                 shown(value), shown(wanted));
        }
        free(value);
        free(wanted);
    }
}

/* ---- pre-registrations ---- */

static bool has(const struct config_list *list, const char *text) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static enum mesh_status tell_of_guest(struct admin *admin, enum convention_event_kind kind, const char *endpoint) {
    return admin_tell_convention(
        admin, &(struct convention_event){.kind = kind, .endpoint = bytes_of_text(endpoint), .configured = true});
}

/* One that was sent away meanwhile need not be told so again. */
static void follow_guests(struct admin *admin, const struct config_list *before, const struct config_list *now) {
    for (size_t i = 0; i < before->count; i++) {
        const char *endpoint = before->items[i];
        if (!has(now, endpoint) && tell_of_guest(admin, CONVENTION_DISMISS, endpoint) == MESH_OK) {
            note(admin, MESH_LOG_INFO, "%s is not pre-registered any more", endpoint);
        }
    }
    for (size_t i = 0; i < now->count; i++) {
        const char *endpoint = now->items[i];
        if (has(before, endpoint)) {
            continue;
        }
        enum mesh_status status = tell_of_guest(admin, CONVENTION_PREREGISTER, endpoint);
        if (status == MESH_OK) {
            note(admin, MESH_LOG_INFO, "%s is pre-registered now", endpoint);
        } else {
            note(admin, MESH_LOG_WARNING, "%s cannot be pre-registered: %s", endpoint, mesh_status_text(status));
        }
    }
}

/* ---- capabilities ---- */

/* What the configuration says of capabilities counts again; those that were set at run time alone stay. */
static enum mesh_status follow_capabilities(struct admin *admin, const struct capability_set *before,
                                            const struct capability_set *now) {
    const struct capability_set *present = &convention_self(admin->convention)->capabilities;
    struct frame_capability items[2 * FRAME_CAPABILITIES];
    struct capability_set wanted = {.items = items};
    for (size_t i = 0; i < now->count && i < FRAME_CAPABILITIES; i++) {
        items[wanted.count++] = now->items[i];
    }
    for (size_t i = 0; i < present->count; i++) {
        struct bytes name = present->items[i].name;
        if (!capability_is_standard(name) && !capability_set_get(before, name) && !capability_set_get(now, name)) {
            items[wanted.count++] = present->items[i];
        }
    }
    return wanted.count > FRAME_CAPABILITIES ? MESH_TOO_LARGE : admin_set_capabilities(admin, &wanted);
}

static void swap_lists(struct config_list *one, struct config_list *other) {
    struct config_list kept = *one;
    *one = *other;
    *other = kept;
}

/* ---- the log ---- */

static void swap_log(struct config *one, struct config *other) {
    struct config kept = *one;
    one->log_level = other->log_level;
    one->log_format = other->log_format;
    one->log_to = other->log_to;
    one->log_file = other->log_file;
    one->log_socket = other->log_socket;
    one->log_forward = other->log_forward;
    one->log_size = other->log_size;
    one->log_files = other->log_files;
    other->log_file = kept.log_file;
    other->log_socket = kept.log_socket;
    swap_lists(&one->log_types, &other->log_types);
}

static void note_log(const struct admin *admin, const struct config *fresh) {
    for (const struct config_setting *setting = config_settings; setting->path; setting++) {
        char *before = is_of_log(setting) ? config_value_text(admin->config, setting) : NULL;
        char *now = before ? config_value_text(fresh, setting) : NULL;
        if (now && strcmp(before, now) != 0) {
            note(admin, MESH_LOG_INFO, "%s is %.300s now, and was %.300s", setting->path, shown(now), shown(before));
        }
        free(before);
        free(now);
    }
}

/* The lines on it are to be seen: they are written while the more talkative of both levels counts. */
static void follow_log(struct admin *admin, struct config *fresh) {
    struct mesh_error error;
    bool quieter = fresh->log_level < admin->config->log_level;
    if (admin_try_log(admin, fresh, &error) != MESH_OK) {
        note(admin, MESH_LOG_ERROR, "the log stays as it was: %s", error.text);
        return;
    }
    if (quieter) {
        note_log(admin, fresh);
    }
    admin_follow_log(admin, fresh);
    if (!quieter) {
        note_log(admin, fresh);
    }
    swap_log(admin->config, fresh);
}

/* ---- all of it ---- */

static void swap_capabilities(struct capability_set *one, struct capability_set *other) {
    struct capability_set kept = *one;
    *one = *other;
    *other = kept;
}

static void follow(struct admin *admin, struct config *fresh) {
    struct config *config = admin->config;
    note_unchanged(admin, fresh);
    follow_guests(admin, &config->preregister, &fresh->preregister);
    swap_lists(&config->preregister, &fresh->preregister);
    if (!capability_set_equal(&config->capabilities, &fresh->capabilities)) {
        enum mesh_status status = follow_capabilities(admin, &config->capabilities, &fresh->capabilities);
        if (status == MESH_OK) {
            swap_capabilities(&config->capabilities, &fresh->capabilities);
            note(admin, MESH_LOG_INFO, "the capabilities are those of the configuration now");
        } else {
            note(admin, MESH_LOG_WARNING, "the capabilities cannot be changed: %s", mesh_status_text(status));
        }
    }
    follow_log(admin, fresh);
}

void admin_reload(struct admin *admin) {
    struct config *fresh = NULL;
    struct config_mistakes mistakes;
    if (admin->stopping) {
        return;
    }
    notify_reloading();
    note(admin, MESH_LOG_INFO, "the configuration is read again");
    if (config_load(&fresh, admin->sources, &mistakes) == MESH_OK) {
        follow(admin, fresh);
        config_destroy(&fresh);
    } else {
        char line[LINE_BYTES];
        for (size_t i = 0; i < mistakes.count; i++) {
            note(admin, MESH_LOG_ERROR, "%s", config_mistake_print(&mistakes, i, line, sizeof line));
        }
        note(admin, MESH_LOG_ERROR, "the configuration has %zu mistakes: nothing has changed", mistakes.count);
        config_mistakes_fini(&mistakes);
    }
    notify_ready();
}
