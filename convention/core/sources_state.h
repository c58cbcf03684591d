/* What the files of the sources share. Nobody else includes this.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_SOURCES_STATE_H
#define CONVENTION_CORE_SOURCES_STATE_H

#include "convention/core/sources.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/base/time.h"

enum { SOURCES_PARTS = 8 /* that are asked for at one time */ };

enum source_state {
    SOURCE_NONE,     /* it is not here: only its unloaded loads are known */
    SOURCE_OFFERED,  /* an admin is asked for it */
    SOURCE_ARRIVING, /* its original bytes come */
    SOURCE_JUDGED,   /* the Authority has them */
    SOURCE_PLAIN,    /* its plain bytes come */
    SOURCE_READ,     /* the caller reads them */
    SOURCE_LOADED,
};

/* Who has the bytes, or wants the source that another supplies. */
struct supplier {
    struct list_node place;
    struct mesh_address process; /* an admin has number and slot 0 */
    uint64_t id;                 /* of its request; or of ours */
    uint64_t size;
    char info[CONTROL_INFO_BYTES + 1];
};

struct waiting_create {
    struct list_node place;
    uint64_t token;
};

/* Bytes that come part by part. */
struct transfer {
    struct mesh_address from;
    uint64_t id;
    uint64_t asked, received;
    struct source_hashing hashing; /* of what is received */
};

struct blob {
    uint8_t *data;
    size_t size;
};

struct source {
    uint8_t hash[SOURCE_HASH_BYTES];
    enum source_state state;
    char info[CONTROL_INFO_BYTES + 1];
    struct blob original, plain; /* without plain ones the original bytes are plain */
    struct list suppliers;       /* the first one's turn it is */
    struct list creates;
    struct transfer transfer;
    uint64_t question;      /* that the Authority is to answer */
    uint64_t offered;       /* load that the present supplier, an admin, has; 0: it is a new load */
    uint64_t plain_size;    /* of that supplier's plain bytes, when they are others */
    uint64_t load, highest; /* the present load, and the highest known one */
    uint64_t unloaded;      /* so are all loads up to that one */
    uint64_t deadline_ns;
    uint64_t told_ns; /* when those whose create waits were told of it */
};

struct watcher {
    struct mesh_address actor, process;
};

/* An unload that waits for members. */
struct unloading {
    struct list_node place;
    uint64_t id;
    struct mesh_address asker;
    uint64_t asker_id;
    uint64_t deadline_ns;
    size_t count;
    struct {
        uint64_t admin;
        bool answered, lost;
        char name[FRAME_NAME_BYTES + 1];
    } members[];
};

struct want {
    struct list_node place;
    struct sources_action action;
    uint8_t hash[SOURCE_HASH_BYTES];
    char text[FRAME_TEXT_BYTES];
};

struct sources {
    struct sources_options options;
    struct map known; /* by hash */
    struct list unloadings;
    struct list wants, given;
    struct watcher *watchers;
    size_t watchers_count;
    struct watcher authority; /* none: there is none (J2) */
    uint64_t leader, now_ns, last_id;
    size_t bytes, waits;
    struct sources_counters counters;
    bool no_memory;
};

static inline struct mesh_address sources_admin(uint64_t admin) {
    return (struct mesh_address){admin, 0};
}

static inline bool supplier_is_admin(const struct sources *sources, const struct supplier *supplier) {
    return supplier->process.node != sources->options.incarnation;
}

/* ---- the table ---- */

/* NULL when nothing is known of it. */
struct source *sources_find(const struct sources *sources, struct bytes hash);
/* The known one, or a new one that is not here; NULL at a limit, or without memory. */
struct source *sources_add(struct sources *sources, struct bytes hash);
/* How many are here, or on their way. */
size_t sources_count(const struct sources *sources);
/* Nothing of it is left but what is known of its loads; and if that is nothing, nothing at all. */
void sources_clear(struct sources *sources, struct source *source);
void sources_free_blobs(struct sources *sources, struct source *source);
void sources_drop_plain(struct sources *sources, struct source *source);
uint64_t sources_draw_id(struct sources *sources);

/* ---- wants ---- */

/* The text is copied; NULL without memory, which is noted. */
struct sources_action *sources_want(struct sources *sources, enum sources_action_kind kind, const char *text);
void sources_set_hash(struct sources_action *action, const uint8_t hash[SOURCE_HASH_BYTES]);
void sources_send(struct sources *sources, struct mesh_address to, uint64_t id, const struct control_source *said);
void sources_answer_done(struct sources *sources, struct mesh_address to, uint64_t id, enum mesh_status status,
                         const char *text);
void sources_log(struct sources *sources, const struct source *source, const char *what, const char *text);

/* ---- coming: sources_load.c ---- */

void sources_on_load(struct sources *sources, const struct sources_event *event);
void sources_on_fetch(struct sources *sources, const struct sources_event *event);
void sources_on_offer(struct sources *sources, const struct sources_event *event);
void sources_on_wanted(struct sources *sources, const struct sources_event *event);
void sources_on_part(struct sources *sources, const struct sources_event *event);
void sources_on_read(struct sources *sources, const struct sources_event *event);
/* A supplier's admin has it no more, or never had. */
void sources_on_fetch_failed(struct sources *sources, const struct sources_event *event);
/* Suppliers of that process, or of that node when it is an admin, are gone. */
void sources_lose_suppliers(struct sources *sources, struct mesh_address process);
/* The present supplier has failed: the next one's turn. */
void sources_next_supplier(struct sources *sources, struct source *source, enum mesh_status status, const char *text);
/* It is refused to all that want it. */
void sources_fail(struct sources *sources, struct source *source, enum mesh_status status, const char *text);
void sources_begin_transfer(struct sources *sources, struct source *source, enum source_state state,
                            struct mesh_address from, uint64_t id, uint64_t size);
/* Its plain bytes are complete. */
void sources_enter_read(struct sources *sources, struct source *source);

/* ---- the Authority: sources_authority.c ---- */

void sources_ask_authority(struct sources *sources, struct source *source);
void sources_on_authority(struct sources *sources, const struct sources_event *event);
void sources_on_validated(struct sources *sources, const struct sources_event *event);
void sources_on_refused(struct sources *sources, const struct sources_event *event);
void sources_lose_authority(struct sources *sources, struct mesh_address process);

/* ---- going: sources_unload.c ---- */

void sources_on_unload(struct sources *sources, const struct sources_event *event);
void sources_learn_unloaded(struct sources *sources, struct source *source, uint64_t load);
void sources_on_unload_done(struct sources *sources, const struct sources_event *event);
void sources_lose_unloadings(struct sources *sources, uint64_t admin);
void sources_expire_unloadings(struct sources *sources);
void sources_tell_unloaded(struct sources *sources, uint64_t admin);

/* ---- watchers ---- */

void sources_on_watch(struct sources *sources, const struct sources_event *event);
void sources_notice(struct sources *sources, const struct source *source, bool loaded);

#endif
