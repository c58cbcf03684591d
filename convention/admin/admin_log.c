/* The log of the node: what its processes are told to log, and the files that they write (K2, S9E).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/config_value.h"
#include "convention/admin/log_files.h"
#include "mesh/base/check.h"
#include "mesh/runtime/error.h"
#include <stdio.h>

/* ---- what is told ---- */

static struct log_settings settings_of(const struct admin *admin, const struct config *config) {
    struct log_settings settings = {.policy.level = config->log_level,
                                    .format = config->log_format,
                                    .to = config->log_to,
                                    .forward = config->log_forward};
    struct text_builder node = text_builder(settings.node, sizeof settings.node);
    struct text_builder path = text_builder(settings.path, sizeof settings.path);
    text_append(&node, "%s", config->name);
    if (config->log_to == LOG_TO_JOURNAL || config->log_to == LOG_TO_SYSLOG) {
        const char *usual = config->log_to == LOG_TO_JOURNAL ? "/run/systemd/journal/socket" : "/dev/log";
        text_append(&path, "%s", config->log_socket ? config->log_socket : usual);
    } else if (config->log_file) {
        text_append(&path, "%s", config->log_file);
    } else {
        text_append(&path, "%s/log", admin->directory_path->path);
    }
    for (size_t i = 0; i < config->log_types.count; i++) {
        CHECK(!config_read_rule(config->log_types.items[i], &settings.policy)); /* as when it was read */
    }
    return settings;
}

static void tell(struct admin *admin, const struct log_settings *settings) {
    admin->log_settings = *settings;
    log_page_tell(admin->log_page, settings);
}

enum mesh_status admin_open_log(struct admin *admin, struct mesh_error *error) {
    struct log_settings settings = settings_of(admin, admin->config);
    enum mesh_status status = log_try(&settings, error);
    if (status == MESH_OK) {
        status = log_page_create(&admin->log_page, admin->directory_path->path, error);
    }
    if (status != MESH_OK) {
        return status;
    }
    tell(admin, &settings);
    if (log_forward_new(&admin->forward, &log_forward_limits_default) != MESH_OK) {
        log_page_close(&admin->log_page);
        return error_set(error, MESH_NO_MEMORY, "no memory for the log");
    }
    admin_begin_forwarders(admin);
    log_rotation_begin(&admin->log_rotation, admin->started_ns, admin->config->log_size);
    status = log_open(&admin->log, admin->log_page, error);
    if (status == MESH_OK) {
        log_mend(admin->log);
    }
    return status;
}

enum mesh_status admin_try_log(const struct admin *admin, const struct config *fresh, struct mesh_error *error) {
    struct log_settings settings = settings_of(admin, fresh);
    return log_try(&settings, error);
}

void admin_follow_log(struct admin *admin, const struct config *fresh) {
    struct log_settings settings = settings_of(admin, fresh);
    memcpy(settings.node, admin->log_settings.node, sizeof settings.node);
    tell(admin, &settings);
    log_rotation_begin(&admin->log_rotation, process_now(admin->process), fresh->log_size);
}

/* ---- rotation ---- */

/* Whoever writes the next line opens the new file; a line that is on its way goes to the one that has just got a number. */
static void rotate(struct admin *admin, uint64_t now_ns) {
    struct mesh_error error;
    enum mesh_status status = log_files_rotate(admin->log_settings.path, admin->config->log_files, &error);
    log_rotation_done(&admin->log_rotation, now_ns, status == MESH_OK);
    if (status == MESH_OK) {
        tell(admin, &admin->log_settings);
    } else {
        log_write(admin->log, MESH_LOG_WARNING, NULL, process_address(admin->process), "%s", error.text);
    }
}

uint64_t admin_tick_log(struct admin *admin, uint64_t now_ns) {
    struct log_rotation *rotation = &admin->log_rotation;
    uint64_t bytes = 0;
    if (admin->log_settings.to != LOG_TO_FILE) {
        return TIME_NEVER;
    }
    if (rotation->look_ns <= now_ns) {
        (void)log_files_size(admin->log_settings.path, &bytes);
        if (log_rotation_look(rotation, now_ns, bytes)) {
            rotate(admin, now_ns);
        }
    }
    return rotation->look_ns;
}
