/* Configuration: what an operator decides about a node, read from a file in czmq's zconfig format.
 *
 * Every setting has a default; docs/configuration.md lists them. All mistakes of a file are found in one go, each
 * with file, line,
 * path and remedy. czmq installs signal handlers unless the program has called zsys_handler_set(NULL).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_CONFIG_H
#define CONVENTION_ADMIN_CONFIG_H

#include "convention/core/convention.h"
#include "mesh/core/delivery.h"

enum config_log_level {
    CONFIG_LOG_DEBUG,
    CONFIG_LOG_INFO,
    CONFIG_LOG_WARNING,
    CONFIG_LOG_ERROR,
};

/* How hosts of modules are started (C9). */
enum config_start {
    CONFIG_FORK,
    CONFIG_SPAWN,
};

/* A list of texts: terminated strings, and NULL after the last. */
struct config_list {
    size_t count;
    char **items;
};

struct config {
    char *name;              /* the host's name by default */
    struct config_list bind; /* tcp endpoints; empty: no tcp */
    char *advertise;         /* NULL: what was bound */
    bool admin_routing;      /* other nodes can call the admin only (S8B) */
    bool outbound_only;      /* nobody can call this node; `bind` is empty (S8C) */
    struct config_list leaders, preregister;
    char *run_directory; /* NULL: chosen by the environment */
    struct config_list module_path;
    enum config_start start;
    enum config_log_level log_level;
    char *log_file;                     /* NULL: log in the run directory */
    struct capability_set capabilities; /* without the standard ones */
    struct delivery_limits delivery;
    size_t members_max, actors_max;
    size_t light_hosts; /* of one module or program (A4) */
    struct convention_times times;
    bool plain_tcp; /* `security = none`: tcp beyond loopback without encryption */
};

struct config_mistake {
    unsigned line; /* 0 when the file as a whole is meant */
    char *path;    /* of the setting, "limits/members"; "" for the file */
    char *text;    /* what is wrong and what to do */
};

struct config_mistakes {
    size_t count;
    struct config_mistake *items; /* in the order of lines */
    char *file;
};

/* All defaults. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status config_new(struct config **out);

/* Reads a file. MESH_NOT_FOUND, MESH_PERMISSION_DENIED, MESH_IO, MESH_INVALID_ARGUMENT for mistakes in it,
 * MESH_NO_MEMORY. In
 * every failure `mistakes` holds at least one, to be freed by config_mistakes_fini; on MESH_OK it is empty. */
MESH_MUST_USE enum mesh_status config_load(struct config **out, const char *file, struct config_mistakes *mistakes);

/* The same for a text of `size` bytes; `file` is the name that mistakes give. */
MESH_MUST_USE enum mesh_status config_parse(struct config **out, const char *file, const char *text, size_t size,
                                            struct config_mistakes *mistakes);

void config_destroy(struct config **config); /* NULL-safe */

/* Writes "FILE:LINE: PATH: TEXT" of one mistake, cut to `size`; returns `out`. */
const char *config_mistake_print(const struct config_mistakes *mistakes, size_t index, char *out, size_t size);
void config_mistakes_fini(struct config_mistakes *mistakes);

#endif
