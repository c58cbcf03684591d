/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/loss_types.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static enum mesh_verdict frail_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    const char *text = mesh_message_text(message);
    if (!text || mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (strcmp(text, "segv") == 0) {
        /* A sanitizer would make an exit code of it. */
        (void)signal(SIGSEGV, SIG_DFL);
        (void)raise(SIGSEGV);
    }
    return verdict_of(mesh_reply_text(self, message, "%s", text));
}

struct keeper {
    struct mesh_address child;
    unsigned ends, poisons, gone;
    char end[128], poison[128];
};

static enum mesh_verdict create_child(struct mesh_actor *self, const struct mesh_message *message,
                                      struct keeper *keeper, const char *place) {
    struct mesh_requirement requirement = {.name = place, .comparison = MESH_PRESENT};
    struct mesh_create_options options = {.requirements = &requirement, .requirements_count = 1};
    char address[MESH_ADDRESS_TEXT_BYTES];
    if (mesh_create(self, "test.frail", &options, &keeper->child) != MESH_OK) {
        return mesh_fail(self, "no child");
    }
    return verdict_of(mesh_reply_text(self, message, "%s", mesh_address_print(keeper->child, address)));
}

static enum mesh_verdict obey(struct mesh_actor *self, const struct mesh_message *message, struct keeper *keeper) {
    const char *text = mesh_message_text(message);
    if (text && strncmp(text, "create ", 7) == 0) {
        return create_child(self, message, keeper, text + 7);
    }
    if (text && strncmp(text, "tell ", 5) == 0) {
        enum mesh_status status = mesh_send_text(self, keeper->child, "%s", text + 5);
        return verdict_of(status ? status : mesh_reply_text(self, message, "told"));
    }
    if (text && strcmp(text, "watch") == 0) {
        enum mesh_status status = mesh_convention_updates(self, true);
        return verdict_of(status ? status : mesh_reply_text(self, message, "watching"));
    }
    if (text && strcmp(text, "gone") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%u", keeper->gone));
    }
    if (text && strcmp(text, "account") == 0) {
        return verdict_of(mesh_reply_text(self, message, "%u ends %s, %u poisons %s", keeper->ends, keeper->end,
                                          keeper->poisons, keeper->poison));
    }
    return MESH_DONE;
}

static enum mesh_verdict on_update(struct keeper *keeper, const struct mesh_message *message) {
    struct mesh_update *update;
    if (mesh_message_update(message, &update) != MESH_OK) {
        return MESH_FAILED;
    }
    keeper->gone += !update->added;
    mesh_update_release(&update);
    return MESH_DONE;
}

static enum mesh_verdict keeper_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct keeper *keeper = state;
    struct mesh_exit end;
    switch (mesh_message_kind(message)) {
    case MESH_CHILD_EXITED:
        if (mesh_message_exit(message, &end) != MESH_OK) {
            return MESH_FAILED;
        }
        keeper->ends++;
        (void)snprintf(keeper->end, sizeof keeper->end, "%d %d", (int)end.how, end.number);
        return MESH_DONE;
    case MESH_POISON:
        keeper->poisons++;
        (void)snprintf(keeper->poison, sizeof keeper->poison, "%s", mesh_message_failure(message));
        return MESH_DONE;
    case MESH_USER:
        return obey(self, message, keeper);
    case MESH_UPDATE:
    case MESH_CHECK:
    case MESH_BEGIN:
    case MESH_END:
    case MESH_SOURCE:
    case MESH_VALIDATE:
        return on_update(keeper, message);
    case MESH_EXIT_REQUEST:
    case MESH_DEAD_LETTER:
    case MESH_WAKEUP:
    case MESH_WATCH:
    case MESH_REPORT:
        break;
    }
    return MESH_DONE;
}

static const struct mesh_type frail = {.name = "test.frail", .receive = frail_receive};
static const struct mesh_type keeper_type = {
    .name = "test.keeper", .state_bytes = sizeof(struct keeper), .receive = keeper_receive};

const struct mesh_type *const loss_types[] = {&frail, &keeper_type, NULL};
