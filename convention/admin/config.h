/* Configuration: what an operator decides about a node, read from a file in czmq's zconfig format and those that it
 * includes, from the environment, and from the command line (S9D).
 *
 * Every setting has a default; docs/configuration.md lists them. All mistakes are found in one go, each with its place,
 * path and remedy. czmq installs signal handlers unless the program has called zsys_handler_set(NULL).
 *
 *   config_gather.c     sources -> items: which settings are given, and where
 *   config.c            items -> configuration: which of them count, and what they must be together
 *   config_settings.c   the table of settings, and how each kind is read
 *   config_value.c      texts -> values
 *   config_print.c      and back
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_CONFIG_H
#define CONVENTION_ADMIN_CONFIG_H

#include "convention/core/convention.h"
#include "convention/core/sources.h"
#include "mesh/core/delivery.h"
#include "mesh/core/log_line.h"
#include "mesh/core/log_policy.h"
#include "mesh/runtime/log_page.h"

/* How hosts of modules are started (C9). */
enum config_start {
    CONFIG_FORK,
    CONFIG_SPAWN,
};

/* What is done for connections over tcp. */
enum config_security {
    CONFIG_LOOPBACK, /* nothing is said: there is none beyond loopback */
    CONFIG_PLAIN,    /* `none`: nothing is encrypted, also beyond loopback */
    CONFIG_CURVE,    /* encrypted, with keys on both sides (S7A) */
};

/* A list of texts: terminated strings, and NULL after the last. */
struct config_list {
    size_t count;
    char **items;
};

enum { CONFIG_BINDS = 3 };

struct config {
    char *name;              /* the host's name by default */
    struct config_list bind; /* tcp endpoints, CONFIG_BINDS at most; empty: no tcp */
    char *advertise;         /* NULL: what was bound */
    bool admin_routing;      /* other nodes can call the admin only (S8B) */
    bool outbound_only;      /* nobody can call this node; `bind` is empty (S8C) */
    struct config_list leaders, preregister;
    char *run_directory; /* NULL: chosen by the environment */
    struct config_list module_path;
    enum config_start start;
    char *spawner;                             /* a command for the shell; NULL: none */
    enum sources_accept accept_remote_sources; /* a word that is none of the known ones: from nobody (J4) */
    enum mesh_level log_level;
    struct config_list log_types; /* "PATTERN: LEVEL" each (config_read_rule) */
    enum log_format log_format;
    enum log_to log_to;
    char *log_file;                     /* NULL: log in the run directory */
    char *log_socket;                   /* of the journal, or of syslog; NULL: where the system has it */
    bool log_forward;                   /* warnings and worse go to the leader's log as well */
    size_t log_size, log_files;         /* bytes at which it is rotated, and how many that were are kept */
    struct capability_set capabilities; /* without the standard ones */
    struct delivery_limits delivery;
    size_t members_max, actors_max;
    size_t light_hosts; /* of one module or program (A4) */
    struct convention_times times;
    enum config_security security;
    char *key;                  /* the file of this node's key (S7B); NULL: none */
    char *members;              /* the members file (S7G); NULL: none */
    struct config_items *items; /* what was given, and where: config_items.h */
};

struct config_mistake {
    char *source;  /* a file, a variable of the environment, or an option */
    size_t order;  /* of that among the sources */
    unsigned line; /* 0 when the source as a whole is meant */
    char *path;    /* of the setting, "limits/members"; may be "" */
    char *text;    /* what is wrong and what to do */
};

struct config_mistakes {
    size_t count;
    struct config_mistake *items; /* in the order of sources and lines */
};

/* Where files are read: those of the system, unless a test has others. */
struct config_files {
    /* The text of a file, to be freed; NULL, with errno, when it cannot be read. */
    char *(*read)(const void *user, const char *path, size_t *size);
    const void *user;
};

/* Where a configuration comes from; of two sources that give one setting the one that stands further down here counts. */
struct config_sources {
    const char *file;                 /* NULL: none */
    const char *const *environment;   /* "NAME=VALUE" each, NULL after the last; may be NULL */
    const char *const *options;       /* "PATH=VALUE" each, of the command line; likewise */
    const struct config_files *files; /* NULL: those of the system */
};

/* All defaults. MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status config_new(struct config **out);

/* Reads all sources. MESH_NOT_FOUND, MESH_PERMISSION_DENIED, MESH_IO when the file cannot be read,
 * MESH_INVALID_ARGUMENT for mistakes, MESH_NO_MEMORY. In every failure `mistakes` holds at least one, to be freed by
 * config_mistakes_fini, unless there is no memory for that either; on MESH_OK it is empty. */
MESH_MUST_USE enum mesh_status config_load(struct config **out, const struct config_sources *sources,
                                           struct config_mistakes *mistakes);

void config_destroy(struct config **config); /* NULL-safe */

/* Writes "SOURCE:LINE: PATH: TEXT" of one mistake, cut to `size`; returns `out`. */
const char *config_mistake_print(const struct config_mistakes *mistakes, size_t index, char *out, size_t size);
void config_mistakes_fini(struct config_mistakes *mistakes);

#endif
