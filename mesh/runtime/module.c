/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/module.h"

#include "mesh/runtime/error.h"
#include "mesh/runtime/requirement.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool module_name_valid(const char *name) {
    size_t bytes = name ? strnlen(name, MODULE_NAME_BYTES + 1) : 0;
    if (bytes == 0 || bytes > MODULE_NAME_BYTES) {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum mesh_status check_requirements(const struct mesh_type *type, const char *origin, struct mesh_error *error) {
    if (type->requirements_count > MODULE_REQUIREMENTS_MAX || (type->requirements_count > 0 && !type->requirements)) {
        return error_set(error, MESH_LOAD_FAILED,
                         "%s: type %s has more than %d requirements, or none where it counts some", origin, type->name,
                         MODULE_REQUIREMENTS_MAX);
    }
    for (size_t i = 0; i < type->requirements_count; i++) {
        const struct mesh_requirement *requirement = &type->requirements[i];
        struct requirements read = {0};
        bool valid = requirements_init(&read, requirement, 1) == MESH_OK &&
                     (requirement->comparison == MESH_PRESENT ||
                      (!strchr(requirement->value, '\n') && strlen(requirement->value) <= MODULE_VALUE_BYTES));
        requirements_fini(&read);
        if (!valid) {
            return error_set(error, MESH_LOAD_FAILED,
                             "%s: requirement %zu of type %s is malformed: it needs a name, a known "
                             "comparison, and a value of one line where it compares",
                             origin, i + 1, type->name);
        }
    }
    return MESH_OK;
}

enum mesh_status module_check(const struct mesh_type *const *types, const char *origin, struct mesh_error *error) {
    for (size_t i = 0; types[i]; i++) {
        if (i == MODULE_TYPES_MAX) {
            return error_set(error, MESH_LOAD_FAILED, "%s: more than %d types", origin, MODULE_TYPES_MAX);
        }
        if (!module_name_valid(types[i]->name)) {
            return error_set(error, MESH_LOAD_FAILED,
                             "%s: type %zu has no proper name: give it 1 to %d characters without spaces", origin,
                             i + 1, MODULE_NAME_BYTES);
        }
        if (!types[i]->receive) {
            return error_set(error, MESH_LOAD_FAILED, "%s: type %s has no receive function", origin, types[i]->name);
        }
        enum mesh_status status = check_requirements(types[i], origin, error);
        if (status != MESH_OK) {
            return status;
        }
        for (size_t before = 0; before < i; before++) {
            if (strcmp(types[before]->name, types[i]->name) == 0) {
                return error_set(error, MESH_LOAD_FAILED, "%s: two types are called %s: rename one", origin,
                                 types[i]->name);
            }
        }
    }
    if (!types[0]) {
        return error_set(error, MESH_LOAD_FAILED, "%s: it brings no types: name them in MESH_MODULE(...)", origin);
    }
    return MESH_OK;
}

static enum mesh_status check_readable(const char *path, struct mesh_error *error) {
    if (access(path, R_OK) == 0) {
        return MESH_OK;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return error_set(error, MESH_LOAD_FAILED,
                         "%s: no such module: check the module path of the node's configuration", path);
    }
    return error_set(error, MESH_LOAD_FAILED, "%s: the module cannot be read: %s", path, strerror(errno));
}

static int is_object(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* A library is found by what needs it, by its SONAME, once it is loaded. */
static enum mesh_status load_library(const char *path, struct mesh_error *error) {
    return dlopen(path, RTLD_NOW | RTLD_LOCAL)
               ? MESH_OK
               : error_set(error, MESH_LOAD_FAILED, "the source cannot be loaded: %s", dlerror());
}

/* What a source was unpacked to: libraries, in the order of their names, and last the module. */
static enum mesh_status load_source(const struct mesh_type *const **types, const char *directory,
                                    struct mesh_error *error) {
    struct dirent **names = NULL;
    int count = scandir(directory, &names, is_object, alphasort);
    enum mesh_status status = MESH_OK;
    if (count <= 0) {
        status = error_set(error, MESH_LOAD_FAILED, "%s: nothing was unpacked there", directory);
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]->d_name);
        if (status == MESH_OK) {
            status = i + 1 < count ? load_library(path, error) : module_load(types, path, error);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

static bool is_directory(const char *path) {
    struct stat seen;
    return stat(path, &seen) == 0 && S_ISDIR(seen.st_mode);
}

enum mesh_status module_load(const struct mesh_type *const **types, const char *path, struct mesh_error *error) {
    enum mesh_status status = check_readable(path, error);
    if (status != MESH_OK) {
        return status;
    }
    if (is_directory(path)) {
        return load_source(types, path, error);
    }
    /* Without a slash dlopen would search the library path; RTLD_NOW finds a missing symbol here, not in a handler. */
    char name[4096];
    if (snprintf(name, sizeof name, "%s%s", strchr(path, '/') ? "" : "./", path) >= (int)sizeof name) {
        return error_set(error, MESH_LOAD_FAILED, "%.200s...: the path is longer than %zu bytes", path, sizeof name);
    }
    void *object = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        return error_set(error, MESH_LOAD_FAILED, "the module cannot be loaded: %s", dlerror());
    }
    const struct mesh_module *module = dlsym(object, "mesh_module");
    if (!module) {
        dlclose(object);
        return error_set(error, MESH_LOAD_FAILED, "%s: not a module: it has no MESH_MODULE(...)", path);
    }
    if (module->abi != MESH_MODULE_ABI) {
        unsigned abi = module->abi;
        dlclose(object);
        return error_set(error, MESH_LOAD_FAILED,
                         "%s: built for module ABI %u, this library has %d: build it again with this version's headers",
                         path, abi, MESH_MODULE_ABI);
    }
    status = module_check(module->types, path, error);
    if (status != MESH_OK) {
        dlclose(object);
        return status;
    }
    *types = module->types;
    return MESH_OK;
}

enum mesh_status module_find(const struct mesh_type **out, const struct mesh_type *const *types, const char *name,
                             const char *origin, struct mesh_error *error) {
    char known[256] = "";
    size_t used = 0;
    for (size_t i = 0; types[i]; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            *out = types[i];
            return MESH_OK;
        }
        if (used < sizeof known) {
            int more = snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", types[i]->name);
            used += more > 0 ? (size_t)more : 0;
        }
    }
    return error_set(error, MESH_UNKNOWN_TYPE, "%s has no type %s; it has: %s", origin, name, known);
}
