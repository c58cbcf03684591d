/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/create_terms.h"
#include <string.h>

enum { RESTARTS_DEFAULT = 3, RESTARTS_WITHIN_MS = 5000 };

static bool convert(struct control_supervision *out, const struct mesh_create_options *options) {
    *out = (struct control_supervision){(enum control_on_failure)options->on_failure,
                                        options->restarts_max ? options->restarts_max : RESTARTS_DEFAULT,
                                        options->restarts_within_ms ? options->restarts_within_ms : RESTARTS_WITHIN_MS};
    return options->on_failure >= MESH_STOP && options->on_failure <= MESH_ESCALATE &&
           out->restarts_max <= CONTROL_RESTARTS_MAX;
}

bool create_name_is_valid(const char *name) {
    if (!name) {
        return true;
    }
    size_t bytes = strlen(name);
    for (size_t i = 0; i < bytes; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f) {
            return false;
        }
    }
    return bytes > 0 && bytes <= FRAME_NAME_BYTES;
}

enum mesh_status create_terms_init(struct create_terms *out, const struct mesh_create_options *options) {
    *out = (struct create_terms){.own_source = !options || !options->source};
    if (!options) {
        return MESH_OK;
    }
    out->detached = options->detached;
    out->name = options->name;
    out->of_source = options->source && options->source[0];
    if (out->of_source && !source_hash_parse(options->source, out->source)) {
        return MESH_INVALID_ARGUMENT;
    }
    return create_name_is_valid(out->name) && convert(&out->supervision, options)
               ? requirements_init(&out->requirements, options->requirements, options->requirements_count)
               : MESH_INVALID_ARGUMENT;
}

void create_terms_fini(struct create_terms *terms) {
    requirements_fini(&terms->requirements);
}

void create_terms_inherit(struct create_terms *terms, const char *source) {
    if (terms->own_source && source) {
        terms->of_source = source_hash_parse(source, terms->source);
    }
}

void create_terms_put(const struct create_terms *terms, struct control_create *create) {
    create->requirements = terms->requirements.items;
    create->requirements_count = create->creators_count = terms->requirements.count;
    create->supervision = terms->supervision;
    create->detached = terms->detached;
    create->source = bytes_make(terms->source, terms->of_source ? sizeof terms->source : 0);
    create->name = bytes_of_text(terms->name ? terms->name : "");
}
