/* Sources: which loadable bundles this node has, how their bytes come, who judges them, and who is told (J1 to J6).
 *
 *   (none) --Load, or a create that needs it--> ARRIVING --all bytes--> JUDGED --Validated--> READ --read--> LOADED --Unload--> (none)
 *                                                       '--fetched, no Authority here--------^
 *
 * A source is known by its hash. Its bytes are with a process of this node that loads it, or with an admin that has it: a *supplier*. They
 * are asked for part by part, so that nobody is flooded; the next supplier's turn comes when one fails. Then the node's Source Authority
 * judges them, and may give other, plain bytes instead; what came from another node was judged there, and is judged again only if this node
 * has an Authority of its own. The caller reads what is in the plain bytes. At each of these steps it may be refused: then whoever loads it
 * hears why, and a create that waits for it fails.
 *
 * Each load of a source has a number, higher than any known one of the same hash. To unload it ends all loads up to a number; that number
 * stays known when the source is gone: who comes back to the convention hears it from the leader, a new leader from its members, and each
 * create that names the source carries it. So nobody creates from what he could know to be unloaded.
 *
 * Pure: the caller says what happened and when, then polls until there is nothing left.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_CORE_SOURCES_H
#define CONVENTION_CORE_SOURCES_H

#include "convention/core/members.h"
#include "mesh/core/source_hash.h"
#include "proto/control.h"

struct sources;

/* From whom a source is fetched that a create needs (J4). */
enum sources_accept {
    SOURCES_FROM_ALL,
    SOURCES_FROM_LEADER,
    SOURCES_FROM_NOBODY,
};

struct sources_limits {
    size_t sources_max;    /* that are here, or on their way */
    size_t known_max;      /* those that are gone included: the one that was unloaded first is forgotten */
    size_t bytes_max;      /* of one source */
    size_t total_max;      /* of all */
    size_t waits_max;      /* loads and creates that wait for sources */
    size_t watchers_max;   /* actors that are told of sources */
    uint64_t authority_ns; /* it answers within this, or the source is refused */
    uint64_t silence_ns;   /* a supplier from which so long nothing came has failed */
    uint64_t unload_ns;    /* members that have not answered by then are not reached */
    uint64_t arriving_ns;  /* so often those whose create waits are told of it (C2) */
};

extern const struct sources_limits sources_limits_default;

/* Bytes are hashed as they come: all at once would hold up the caller. */
struct sources_digest {
    void (*begin)(struct source_hashing *hashing);
    void (*add)(struct source_hashing *hashing, struct bytes part);
    void (*end)(struct source_hashing *hashing, uint8_t hash[SOURCE_HASH_BYTES]);
};

struct sources_options {
    struct sources_limits limits;
    uint64_t incarnation; /* of this node */
    enum sources_accept accept;
    const struct members *members; /* the roster, borrowed */
    struct sources_digest digest;
};

enum sources_event_kind {
    SOURCES_CONTROL,      /* `asker` sent `control`: of kind Source, or a Done that answers what is from here */
    SOURCES_READ,         /* what UNPACK was wanted for: `hash`, `load`, `status`, `text` */
    SOURCES_PROCESS_GONE, /* the process `asker` of this node has ended */
    SOURCES_MEMBER_ADDED, /* `admin` is on the roster */
    SOURCES_MEMBER_LOST,  /* and not any more */
    SOURCES_LEADER,       /* `admin` leads; 0: nobody */
    SOURCES_TICK,
};

struct sources_event {
    enum sources_event_kind kind;
    struct mesh_address asker;
    const struct control *control;
    const uint8_t *hash;
    uint64_t load, admin;
    enum mesh_status status;
    struct bytes text;
};

enum sources_action_kind {
    SOURCES_SEND,     /* `control` to `to` */
    SOURCES_UNPACK,   /* find out what is in `plain`, the bytes of a bundle: READ is to follow */
    SOURCES_UNLOADED, /* nobody begins any more with what was unpacked for `hash` and `load` */
    SOURCES_CREATE,   /* the create `token` goes on: its source is here; or not, as `status` and `text` say */
    SOURCES_ARRIVING, /* who asked for the create `token` has waited `waited_ms` more */
    SOURCES_LOG,      /* `text` is worth a line */
};

/* All that it refers to lasts until the next step. */
struct sources_action {
    enum sources_action_kind kind;
    struct mesh_address to;
    struct control control;
    const uint8_t *hash;
    uint64_t load, token, waited_ms;
    struct bytes plain;
    enum mesh_status status;
    const char *text; /* never NULL */
};

/* What becomes of a create that names a source. */
enum sources_verdict {
    SOURCES_HERE,    /* it may go on: `load` is the one that it uses */
    SOURCES_WAITS,   /* it has to wait for SOURCES_CREATE with its token */
    SOURCES_LACKING, /* this node cannot host it: `status` and `text` say why */
};

struct sources_answer {
    enum sources_verdict verdict;
    uint64_t load, unloaded; /* unloaded: what is known of that, to be passed on with the create */
    enum mesh_status status;
    char text[FRAME_TEXT_BYTES];
};

/* One of them, for the status (K1). */
struct sources_view {
    const uint8_t *hash;
    const char *info, *state;
    size_t size; /* of its original bytes, as far as is known */
    uint64_t load;
};

struct sources_counters {
    uint64_t loaded, refused, fetched, unloaded, late;
};

/* MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status sources_new(struct sources **out, const struct sources_options *options);
void sources_destroy(struct sources **sources); /* NULL-safe */

/* Tells what happened. What cannot be done is answered to who wants it. MESH_NO_MEMORY: something was not done, and nobody is told. */
MESH_MUST_USE enum mesh_status sources_step(struct sources *sources, uint64_t now_ns,
                                            const struct sources_event *event);

/* A create that names a source: of a process of this node (`admin` 0), or passed on by that admin. It may want something, too. */
void sources_judge_create(struct sources *sources, uint64_t now_ns, const struct control_create *create, uint64_t admin,
                          uint64_t token, struct sources_answer *out);

bool sources_poll(struct sources *sources, struct sources_action *out);
uint64_t sources_deadline(const struct sources *sources);

/* Numbers of requests from here: an answer that bears one is for this core. */
bool sources_is_own(uint64_t id);

/* The Source Authority; none when there is none. */
struct mesh_address sources_authority(const struct sources *sources);

const struct sources_counters *sources_counters(const struct sources *sources);

/* Those that are here, or on their way; the walk begins with *place 0, and is false at the end. Views last until the next step. */
bool sources_next(const struct sources *sources, size_t *place, struct sources_view *out);

#endif
