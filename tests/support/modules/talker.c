/* A module of actors that do what they are told in a text, for tests of the operator's command: one is light, one bears a hostile name.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/actor.h>
#include <mesh/convention.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands behind the word; NULL when the text does not begin with it. */
static const char *after(const char *text, const char *word) {
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 ? text + length : NULL;
}

static enum mesh_verdict create(struct mesh_actor *self, const struct mesh_message *message, const char *type) {
    struct mesh_address child;
    char text[MESH_ADDRESS_TEXT_BYTES];
    if (mesh_create(self, type, NULL, &child) != MESH_OK) {
        return mesh_fail(self, "it cannot be created");
    }
    return mesh_reply_text(self, message, "%s", mesh_address_print(child, text)) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict tell(struct mesh_actor *self, const char *words) {
    char text[MESH_ADDRESS_TEXT_BYTES] = "";
    struct mesh_address to;
    const char *space = strchr(words, ' ');
    if (!space || (size_t)(space - words) >= sizeof text) {
        return mesh_fail(self, "to whom?");
    }
    memcpy(text, words, (size_t)(space - words));
    if (mesh_address_parse(text, &to) != MESH_OK) {
        return mesh_fail(self, "%s is not an address", text);
    }
    return mesh_send_text(self, to, "%s", space + 1) ? MESH_FAILED : MESH_DONE;
}

/* Anything but a text is given back as it is. */
static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    const char *text = mesh_message_text(message), *rest;
    (void)state;
    if (mesh_message_kind(message) != MESH_USER) {
        return MESH_DONE;
    }
    if (!text) {
        size_t bytes;
        const void *data = mesh_message_data(message, &bytes);
        return mesh_reply(self, message, mesh_message_type(message), data, bytes) ? MESH_FAILED : MESH_DONE;
    }
    if ((rest = after(text, "create "))) {
        return create(self, message, rest);
    }
    if ((rest = after(text, "tell "))) {
        return tell(self, rest);
    }
    if ((rest = after(text, "fail "))) {
        return mesh_fail(self, "%s", rest);
    }
    if (strcmp(text, "watch") == 0 && mesh_convention_updates(self, true) != MESH_OK) {
        return MESH_FAILED;
    }
    if (strcmp(text, "crash") == 0) {
        abort();
    }
    if (strcmp(text, "be silent") == 0) {
        return MESH_DONE;
    }
    return mesh_reply_text(self, message, "%s", text) ? MESH_FAILED : MESH_DONE;
}

static const struct mesh_requirement far[] = {{"far", MESH_PRESENT, NULL}};

static const struct mesh_type plain = {.name = "talker", .receive = receive};
static const struct mesh_type light = {.name = "talker.light", .receive = receive, .light = true};
static const struct mesh_type distant = {
    .name = "talker.far", .receive = receive, .requirements = far, .requirements_count = 1};
static const struct mesh_type hostile = {.name = "talker.\xe2\x80\xae\x9b\xff", .receive = receive};

MESH_MODULE(&plain, &light, &distant, &hostile);
