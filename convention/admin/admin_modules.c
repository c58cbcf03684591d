/* What is in the loaded sources: unpacked here, looked into by a process of its own, used by hosts (J1, J5, J7).
 *
 * Nothing of a source runs before its Authority has agreed, and then in other processes only.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/runtime/error.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READING_NS (10 * NS_PER_S)

static bool is_of(const struct loaded *loaded, const uint8_t *hash, uint64_t load) {
    return loaded->load == load && memcmp(loaded->hash, hash, sizeof loaded->hash) == 0;
}

static struct loaded *find(const struct admin *admin, const uint8_t *hash, uint64_t load) {
    LIST_EACH (&admin->loaded, node, after) {
        struct loaded *loaded = LIST_OWNER(node, struct loaded, place);
        if (is_of(loaded, hash, load)) {
            return loaded;
        }
    }
    return NULL;
}

struct loaded *admin_loaded(const struct admin *admin, struct bytes hash, uint64_t load) {
    struct loaded *loaded = hash.size == SOURCE_HASH_BYTES ? find(admin, hash.data, load) : NULL;
    return loaded && !loaded->reading ? loaded : NULL;
}

void admin_use_loaded(struct resident *resident, struct loaded *loaded) {
    resident->source = loaded;
    loaded->residents++;
}

void admin_leave_loaded(struct resident *resident) {
    if (resident->source) {
        resident->source->residents--;
        resident->source = NULL;
    }
}

/* ---- life of one ---- */

static void stop_reading(struct admin *admin, struct loaded *loaded) {
    if (loaded->reading) {
        process_unwatch(admin->process, types_reading_fd(loaded->reading));
        types_end_reading(&loaded->reading);
    }
    loaded->reading_until_ns = TIME_NEVER;
}

static void drop(struct loaded *loaded) {
    list_remove(&loaded->place);
    types_end_reading(&loaded->reading);
    types_destroy(&loaded->types);
    unpacked_remove(&loaded->unpacked);
    free(loaded);
}

void admin_free_loaded(struct admin *admin) {
    LIST_EACH (&admin->loaded, node, after) {
        drop(LIST_OWNER(node, struct loaded, place));
    }
}

static void tell_read(struct admin *admin, const uint8_t *hash, uint64_t load, const struct mesh_error *error) {
    struct sources_event read = {.kind = SOURCES_READ, .load = load, .status = error->status};
    read.hash = hash;
    read.text = bytes_of_text(error->text);
    admin_tell_sources(admin, &read);
}

/* It goes before it is told of: what it brings is asked for at once. */
static void finish(struct admin *admin, struct loaded *loaded, const struct mesh_error *error) {
    uint8_t hash[SOURCE_HASH_BYTES];
    uint64_t load = loaded->load;
    memcpy(hash, loaded->hash, sizeof hash);
    stop_reading(admin, loaded);
    if (error->status != MESH_OK) {
        drop(loaded);
    }
    tell_read(admin, hash, load, error);
}

/* ---- reading what is in it ---- */

static void note(void *user, const char *text) {
    const struct admin *admin = user;
    log_write(admin->log, MESH_LOG_DEBUG, NULL, (struct mesh_address){0}, "%s", text);
}

static void on_readable(void *user, int fd) {
    struct admin *admin = user;
    LIST_EACH (&admin->loaded, node, after) {
        struct loaded *loaded = LIST_OWNER(node, struct loaded, place);
        struct mesh_error error = {0};
        bool ended = false;
        if (!loaded->reading || types_reading_fd(loaded->reading) != fd) {
            continue;
        }
        enum mesh_status status = types_read_on(loaded->reading, &ended, &error);
        if (status == MESH_OK && ended && types_count(loaded->types) == 0) {
            const char *failures = types_failures(loaded->types);
            status = error_set(&error, MESH_LOAD_FAILED, "%s", *failures ? failures : "it brings no actor types");
        }
        if (status != MESH_OK || ended) {
            finish(admin, loaded, &error);
        }
        return;
    }
}

static enum mesh_status begin_reading(struct admin *admin, struct loaded *loaded, struct mesh_error *error) {
    if (types_new(&loaded->types) != MESH_OK) {
        return error_set(error, MESH_NO_MEMORY, "no memory for its types");
    }
    const struct types_to_read what = {loaded->types,         admin->zygote, TYPES_OF_SOURCE,
                                       loaded->unpacked.path, note,          admin};
    enum mesh_status status = types_begin_reading(&loaded->reading, &what, error);
    if (status != MESH_OK) {
        return status;
    }
    loaded->reading_until_ns = time_add(process_now(admin->process), READING_NS);
    status = process_watch(admin->process, types_reading_fd(loaded->reading), on_readable, admin);
    return status == MESH_OK ? MESH_OK : error_set(error, status, "no memory to see what is in it");
}

static enum mesh_status begin(struct admin *admin, struct loaded *loaded, struct bytes plain,
                              struct mesh_error *error) {
    char path[sizeof loaded->unpacked.path];
    int length = snprintf(path, sizeof path, "%s/" RUN_DIRECTORY_SOURCE "%.16s-%" PRIu64, admin->directory_path->path,
                          loaded->text, loaded->load);
    if (length < 0 || (size_t)length >= sizeof path) {
        return error_set(error, MESH_TOO_LARGE, "the path of the run directory is too long");
    }
    enum mesh_status status = unpack(&loaded->unpacked, path, plain, error);
    return status == MESH_OK ? begin_reading(admin, loaded, error) : status;
}

void admin_unpack(struct admin *admin, const struct sources_action *action) {
    uint8_t hash[SOURCE_HASH_BYTES];
    uint64_t load = action->load;
    struct mesh_error error = {0};
    memcpy(hash, action->hash, sizeof hash);
    struct loaded *loaded = find(admin, hash, load) ? NULL : calloc(1, sizeof *loaded);
    if (!loaded) {
        (void)error_set(&error, MESH_NO_MEMORY, "no memory to unpack it");
        tell_read(admin, hash, load, &error);
        return;
    }
    memcpy(loaded->hash, hash, sizeof hash);
    (void)source_hash_print(hash, loaded->text);
    loaded->load = load;
    loaded->reading_until_ns = TIME_NEVER;
    list_push_back(&admin->loaded, &loaded->place);
    if (begin(admin, loaded, action->plain, &error) != MESH_OK) {
        drop(loaded);
        tell_read(admin, hash, load, &error);
    }
}

/* ---- the end of one ---- */

void admin_unload(struct admin *admin, const uint8_t *hash, uint64_t load) {
    struct loaded *loaded = find(admin, hash, load);
    size_t place = 0;
    if (!loaded) {
        return;
    }
    loaded->unloaded = true;
    stop_reading(admin, loaded);
    for (struct resident *resident; (resident = map_next(&admin->residents, &place));) {
        if (resident->source == loaded && resident->page) {
            crash_page_unload(resident->page);
        }
    }
    struct control gone = {.kind = CONTROL_SOURCE};
    gone.source = (struct control_source){.what = CONTROL_SOURCE_UNLOAD, .load = load};
    gone.source.hash = bytes_make(hash, SOURCE_HASH_BYTES);
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_UNLOADED, .control = &gone});
}

/* What is unloaded goes between two turns: then no actor of it is about to be started anew. */
uint64_t admin_tick_loaded(struct admin *admin, uint64_t now_ns) {
    uint64_t least_ns = TIME_NEVER;
    LIST_EACH (&admin->loaded, node, after) {
        struct loaded *loaded = LIST_OWNER(node, struct loaded, place);
        if (loaded->unloaded && loaded->residents == 0) {
            drop(loaded);
        } else if (loaded->reading_until_ns <= now_ns) {
            struct mesh_error error;
            (void)error_set(&error, MESH_LOAD_FAILED, "its module was not loaded within 10 s: its constructor hangs");
            finish(admin, loaded, &error);
            return now_ns; /* the list may be another now */
        } else {
            least_ns = time_min(least_ns, loaded->reading_until_ns);
        }
    }
    return least_ns;
}
