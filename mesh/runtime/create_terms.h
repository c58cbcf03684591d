/* What a create asks for beside its type, as a C program states it, turned into what travels (C6, C7, H2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_CREATE_TERMS_H
#define MESH_RUNTIME_CREATE_TERMS_H

#include "mesh/core/source_hash.h"
#include "mesh/runtime/requirement.h"
#include "proto/control.h"

struct create_terms {
    struct requirements requirements; /* views into the caller's texts */
    struct control_supervision supervision;
    bool detached;
    const char *name; /* the caller's; NULL for none */
    bool own_source;  /* none is named: that of the creator */
    bool of_source;
    uint8_t source[SOURCE_HASH_BYTES]; /* with of_source */
};

/* Without options: no requirements, no supervision. MESH_INVALID_ARGUMENT: what requirements_init refuses, a name that cannot be one, a source that is no hash, or a supervision that
 * is none or is beyond CONTROL_RESTARTS_MAX; MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status create_terms_init(struct create_terms *out, const struct mesh_create_options *options);
void create_terms_fini(struct create_terms *terms);

/* Whether it can be a global name; NULL is none. */
bool create_name_is_valid(const char *name);

/* What is created is of this source, or of none if that is NULL, unless another one was named. */
void create_terms_inherit(struct create_terms *terms, const char *source);

/* Writes them into a request, which borrows from them. */
void create_terms_put(const struct create_terms *terms, struct control_create *create);

/* Whether it asks for nothing that only an admin can give. */
static inline bool create_terms_are_plain(const struct create_terms *terms) {
    return terms->requirements.count == 0 && terms->supervision.on_failure == CONTROL_STOP && !terms->detached &&
           !terms->name;
}

#endif
