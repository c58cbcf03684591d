/* The list of keys: who may take part in the convention (S7F to S7J).
 *
 * It is read from the configured members file, and kept there when it changes, so that a restart forgets no revocation. A
 * second file, in the run directory, is what the processes of this node read; they are told when it has changed.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/core/address.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/members_file.h"
#include <stdio.h>

enum { LINES_MAX = 16, TEXT_BYTES = 512 };

#define TELL_AGAIN_NS (10 * NS_PER_S)

static struct mesh_address nobody(void) {
    return (struct mesh_address){0};
}

/* ---- files ---- */

/* The mistakes of one file: all go to the log, the first into the error. */
struct mistakes {
    struct log *log;
    const char *path;
    size_t count;
    char first[TEXT_BYTES];
};

static void note_mistake(void *context, unsigned line, const char *text) {
    struct mistakes *mistakes = context;
    if (!mistakes->count++) {
        (void)snprintf(mistakes->first, sizeof mistakes->first, "%s:%u: %s", mistakes->path, line, text);
    }
    log_write(mistakes->log, MESH_LOG_ERROR, NULL, nobody(), "%s:%u: %s", mistakes->path, line, text);
}

static enum mesh_status read_configured(struct admin *admin, struct mesh_error *error) {
    struct mistakes mistakes = {.log = admin->log, .path = admin->config->members};
    enum mesh_status status = members_file_read(&admin->trust, mistakes.path, note_mistake, &mistakes, error);
    if (mistakes.count == 1) {
        return error_set(error, status, "%s", mistakes.first);
    }
    return mistakes.count ? error_set(error, status, "%s, and %zu more mistakes, which the log has", mistakes.first,
                                      mistakes.count - 1)
                          : status;
}

enum mesh_status admin_begin_keys(struct admin *admin, struct mesh_error *error) {
    trust_init(&admin->trust, FRAME_KEYS);
    (void)snprintf(admin->keys_path, sizeof admin->keys_path, "%s/" MEMBERS_FILE, admin->directory_path->path);
    enum mesh_status status = admin->config->members ? read_configured(admin, error) : MESH_OK;
    return status == MESH_OK ? members_file_write(&admin->trust, admin->keys_path, error) : status;
}

static bool keep(struct admin *admin, const char *path) {
    struct mesh_error error;
    enum mesh_status status = members_file_write(&admin->trust, path, &error);
    if (status != MESH_OK) {
        log_write(admin->log, MESH_LOG_ERROR, NULL, nobody(), "the list of keys is not kept: %s", error.text);
    }
    return status == MESH_OK;
}

bool admin_is_cut_off(const struct admin *admin) {
    return admin->config->security == CONFIG_CURVE &&
           !trust_allows(&admin->trust, admin->key.public_key, bytes_of_text(admin->config->name));
}

/* ---- changes ---- */

static void log_keys(struct admin *admin, const struct convention_action *action) {
    const char *who = action->peer == admin->incarnation ? "an operator" : "another node";
    for (size_t i = 0; i < action->keys.keys_count && i < LINES_MAX; i++) {
        const struct frame_trusted *word = &action->keys.keys[i];
        char key[TRUST_KEY_TEXT];
        log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "key %s is %s%s, by the word of %s",
                  trust_key_print(word->key, key), word->revoked ? "revoked" : "allowed for ", word->pattern, who);
    }
    if (action->keys.keys_count > LINES_MAX) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, nobody(), "and %zu more keys: `mesh member list` shows them all",
                  action->keys.keys_count - LINES_MAX);
    }
}

/* What it read when it began may be older than the last change. */
void admin_tell_keys(struct admin *admin, const struct resident *resident) {
    struct control control = {.kind = CONTROL_KEYS_CHANGED};
    if (admin->keys_changes > 0) {
        admin_send(admin, address_make(admin->incarnation, resident->slot, 0), &control);
    }
}

static void tell_residents(struct admin *admin) {
    size_t place = 0;
    for (struct resident *resident; (resident = map_next(&admin->residents, &place));) {
        if (resident->greeted || resident->program) {
            admin_tell_keys(admin, resident);
        }
    }
}

/* While it cannot be kept, on a full disk perhaps, the processes of this node know the former list. */
static void tell_own(struct admin *admin) {
    if (keep(admin, admin->keys_path)) {
        admin->tell_ns = TIME_NEVER;
        tell_residents(admin);
    } else {
        admin->tell_ns = time_add(process_now(admin->process), TELL_AGAIN_NS);
    }
}

void admin_on_keys_changed(struct admin *admin, const struct convention_action *action) {
    log_keys(admin, action);
    admin->keys_changes++;
    tell_own(admin);
    if (admin->config->members) {
        (void)keep(admin,
                   admin->config->members); /* the log says so when it cannot be, and the next change tries again */
    }
    admin->keys_changed = true; /* what becomes of links is told to the convention, which is in the middle of a step */
}

uint64_t admin_tick_keys(struct admin *admin, uint64_t now_ns) {
    if (admin->keys_changed) {
        admin->keys_changed = false;
        process_trust_changed(admin->process);
    }
    if (admin->tell_ns <= now_ns) {
        tell_own(admin);
    }
    return admin->tell_ns;
}

void admin_on_distrusted(void *user, uint64_t peer) {
    (void)admin_tell_convention(user, &(struct convention_event){.kind = CONVENTION_DISTRUST, .peer = peer});
}

/* ---- an operator's word ---- */

/* Why it should not be said: this node, by the key that it has or by its name, would be cut off; NULL when it would not. */
static const char *objection(const struct admin *admin, const struct frame_trusted *word) {
    struct bytes name = bytes_of_text(admin->config->name);
    bool fits = !word->revoked && trust_pattern_fits(word->pattern, name);
    if (fits || !trust_allows(&admin->trust, word->key, name)) {
        return NULL;
    }
    if (memcmp(word->key, admin->key.public_key, sizeof word->key) == 0) {
        return "this is the key that it has";
    }
    return trust_count(&admin->trust, name) == 1 ? "no other key is allowed for it" : NULL;
}

void admin_on_member_key(struct admin *admin, struct mesh_address asker, const struct control *control) {
    const struct control_member_key *request = &control->member_key;
    char room[TEXT_BYTES];
    struct text_builder text = text_builder(room, sizeof room);
    struct control passed = *control;
    passed.member_key.passed_on = true;
    const char *why = request->force ? NULL : objection(admin, &request->word);
    if (admin->config->security != CONFIG_CURVE) {
        admin_answer_wish(admin, asker, control->id, MESH_REFUSED,
                          "this node has no security = curve, so nobody's key matters here");
        return;
    }
    if (why) {
        text_append(&text, "node %s would be cut off, for %s: use --force if that is meant", admin->config->name, why);
        admin_answer_wish(admin, asker, control->id, MESH_REFUSED, room);
        return;
    }
    if (!admin_leads_for(admin, asker, &passed, request->passed_on)) {
        return;
    }
    enum mesh_status status =
        admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_KEY, .word = &request->word});
    text_append(&text, "the list of keys cannot be changed: %s",
                status == MESH_FULL ? "it has as many keys as it may, revoked ones included"
                                    : mesh_status_text(status));
    admin_answer_wish(admin, asker, control->id, status, room);
}
