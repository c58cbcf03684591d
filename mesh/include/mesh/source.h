/* Loadable sources: actor code that arrives at run time (J1 to J7).
 *
 * A source is a bundle: one file with shared objects for one or several architectures, made by mesh_source_pack or `mesh source pack`, and
 * known by the SHA-256 of its bytes, written as 64 hexadecimal digits. Once it is loaded at a node, actors of its types are created by
 * naming its hash (mesh_create_options.source), there and at all members of the convention, which fetch it when they need it. What its
 * actors create is of the same source, unless they say otherwise. Different sources may have types, and libraries, of one name: a process
 * runs actors of one source only.
 *
 * Nothing is loaded unless the node has a Source Authority: an actor that has registered itself and judges what is to be loaded.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_SOURCE_H
#define MESH_SOURCE_H

#include <mesh/node.h>

enum {
    MESH_SOURCE_HASH_TEXT = 65,           /* with the terminating zero */
    MESH_SOURCE_BYTES = 64 * 1024 * 1024, /* of one source */
    MESH_SOURCE_INFO_BYTES = 255,
};

/* ---- bundles ---- */

/* Makes a bundle of shared objects, which are named by the last parts of their paths. Of each architecture the last one is the module; those
 * before it are libraries that it needs, found by their SONAME. `*data` is the caller's, to be freed by mesh_source_free.
 * MESH_INVALID_ARGUMENT: none, more than 64, two of one name, a name that none may have, or what is no shared object; MESH_NOT_FOUND,
 * MESH_PERMISSION_DENIED, MESH_IO, MESH_TOO_LARGE, MESH_NO_MEMORY. `error` may be NULL. From any thread; blocks for the reading. Rule J1. */
MESH_MUST_USE MESH_API enum mesh_status mesh_source_pack(const char *const *paths, size_t count, void **data,
                                                         size_t *bytes, struct mesh_error *error);
MESH_API void mesh_source_free(void **data); /* NULL-safe; nulls the pointer */

/* The name of a source with those bytes; gives `text`. From any thread. Rule J1. */
MESH_API const char *mesh_source_hash(const void *data, size_t bytes, char text[MESH_SOURCE_HASH_TEXT]);

/* ---- programs ---- */

/* Loads a source at the node of the handle; `info` is what its status shows, NULL for nothing. To load again what is loaded does nothing.
 * Returns when actors of it can be created, or MESH_REFUSED: the node has no Source Authority, or that refuses it; MESH_LOAD_FAILED: it
 * is no bundle, has no objects for the node's architecture, or its module cannot be loaded; MESH_PROTOCOL, MESH_FULL (sources of the
 * node), MESH_TOO_LARGE, MESH_INVALID_ARGUMENT, MESH_TIMED_OUT, MESH_INTERRUPTED, MESH_CLOSED, MESH_NO_MEMORY; each with a text. `error`
 * may be NULL. Its name is what mesh_source_hash gives. `data` is read until it returns. From any thread; blocks. Rules J1, J2. */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_load_source(struct mesh_node *node, const void *data, size_t bytes,
                                                              const char *info, int timeout_ms,
                                                              struct mesh_error *error);

/* Unloads it at all members of the convention: when this has returned none of them begins a new actor of it. Those that run live on, also
 * when they are started anew (C7). MESH_PARTIAL: some members were not reached, within 5 s; the error's text names them, and they learn it
 * before they take part again. MESH_NOT_FOUND: it is not loaded at this node; MESH_INVALID_ARGUMENT: that is no hash; MESH_TIMED_OUT,
 * MESH_INTERRUPTED, MESH_CLOSED, MESH_NO_MEMORY. `error` may be NULL. From any thread; blocks. Rule J5.
 *
 * Which sources a node has, its report tells (report.h). */
MESH_MUST_USE MESH_API enum mesh_status mesh_node_unload_source(struct mesh_node *node, const char *hash,
                                                                int timeout_ms, struct mesh_error *error);

/* ---- actors ---- */

/* The same for an actor's code, which does not wait: who registers for updates hears that it is loaded, and the node's log why not.
 * The bytes are copied. MESH_INVALID_ARGUMENT, MESH_TOO_LARGE, MESH_NO_MEMORY, MESH_WOULD_BLOCK. From any thread. Rule J1. */
MESH_MUST_USE MESH_API enum mesh_status mesh_load_source(struct mesh_actor *self, const void *data, size_t bytes,
                                                         const char *info);
MESH_MUST_USE MESH_API enum mesh_status mesh_unload_source(struct mesh_actor *self, const char *hash);

/* From now on this actor gets one MESH_SOURCE for each source of its node: at once for those that are loaded, then for each that is, or is
 * not any more. Registering twice sends nothing. It ends when the actor registers no more (`on` is false), or exits. 256 actors of one
 * node. MESH_WOULD_BLOCK, MESH_NO_MEMORY: ask again. From any thread. Rule J6. */
MESH_MUST_USE MESH_API enum mesh_status mesh_source_updates(struct mesh_actor *self, bool on);

/* What a MESH_SOURCE tells, or a MESH_VALIDATE asks about. Lasts as long as the message. */
struct mesh_source {
    const char *hash, *info;
    size_t bytes; /* of the source as it was loaded */
    bool loaded;  /* else it is not any more, or is to be judged */
};

/* MESH_INVALID_ARGUMENT for a message of another kind. */
MESH_MUST_USE MESH_API enum mesh_status mesh_message_source(const struct mesh_message *message,
                                                            struct mesh_source *out);

/* ---- the Source Authority ---- */

/* From now on this actor is its node's Source Authority, in place of any other, until it steps down (`on` is false), exits, or another one
 * registers: what is to be loaded comes to it as MESH_VALIDATE, whose data are the bytes. It answers, now or later, by one of the
 * two calls below, within 30 s; without an answer, when its handler fails twice, and when it exits, the source is refused.
 * MESH_WOULD_BLOCK, MESH_NO_MEMORY: ask again. From any thread. Rule J2. */
MESH_MUST_USE MESH_API enum mesh_status mesh_source_authority(struct mesh_actor *self, bool on);

/* The source of that hash may be loaded: as it is (`plain` is NULL), or as these bytes, a bundle, say, which it has decrypted; they are
 * copied. MESH_NOT_FOUND: nobody waits for that (any more); MESH_INVALID_ARGUMENT, MESH_TOO_LARGE, MESH_NO_MEMORY, MESH_WOULD_BLOCK. From any
 * thread. Rule J2. */
MESH_MUST_USE MESH_API enum mesh_status mesh_source_validated(struct mesh_actor *self, const char *hash,
                                                              const void *plain, size_t bytes);

/* It may not; whoever loads it is told the text. The same. */
MESH_MUST_USE MESH_API enum mesh_status mesh_source_refused(struct mesh_actor *self, const char *hash,
                                                            const char *text);

#endif
