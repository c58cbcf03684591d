/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/node_security.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/members_file.h"
#include "mesh/runtime/process.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The admin has written the list, so a mistake in it is no person's. */
static void ignore_line(void *context, unsigned line, const char *mistake) {
    (void)context;
    (void)line;
    (void)mistake;
}

enum mesh_status node_security_reload(struct node_security *security, struct mesh_error *error) {
    char path[RUN_PATH_BYTES + sizeof "/" MEMBERS_FILE];
    struct trust fresh;
    (void)snprintf(path, sizeof path, "%s/" MEMBERS_FILE, security->directory);
    trust_init(&fresh, FRAME_KEYS);
    enum mesh_status status = members_file_read(&fresh, path, ignore_line, NULL, error);
    if (status != MESH_OK) {
        trust_fini(&fresh);
        return status;
    }
    trust_fini(&security->trust);
    security->trust = fresh;
    return MESH_OK;
}

enum mesh_status node_security_new(struct node_security **out, const char *run_directory, struct mesh_error *error) {
    char path[RUN_PATH_BYTES + sizeof "/" NODE_KEY_FILE];
    struct node_security *security = calloc(1, sizeof *security);
    *out = NULL;
    if (!security) {
        return error_set(error, MESH_NO_MEMORY, "no memory for the key of the node");
    }
    (void)snprintf(security->directory, sizeof security->directory, "%s", run_directory);
    (void)snprintf(path, sizeof path, "%s/" NODE_KEY_FILE, run_directory);
    struct stat directory;
    uid_t owner = stat(run_directory, &directory) == 0 ? directory.st_uid : geteuid();
    enum mesh_status status = node_key_read_of(&security->key, path, owner, error);
    bool plain = status == MESH_NOT_FOUND;
    if (status == MESH_OK) {
        status = node_security_reload(security, error);
    }
    if (status != MESH_OK) {
        node_security_destroy(&security);
    }
    *out = security;
    return plain ? MESH_OK : status;
}

void node_security_on_keys_changed(struct node_security *security, struct process *process, struct log *log) {
    struct mesh_error error;
    if (security && node_security_reload(security, &error) != MESH_OK) {
        log_write(log, MESH_LOG_ERROR, NULL, (struct mesh_address){0}, "the list of keys stays as it was: %s",
                  error.text);
    } else if (security) {
        process_trust_changed(process);
    }
}

void node_security_destroy(struct node_security **destroyed) {
    struct node_security *security = *destroyed;
    if (security) {
        trust_fini(&security->trust);
        explicit_bzero(&security->key, sizeof security->key);
        free(security);
        *destroyed = NULL;
    }
}
