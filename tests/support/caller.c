/* caller RUN_DIRECTORY: a program at a node that does what the lines of its input say, and answers each with one line.
 *
 *   create TYPE CAPABILITY   an actor, on a node that has the capability: its address
 *   ask ADDRESS TEXT...      what it answers
 *   listen MILLISECONDS      what comes: its kind and text
 *
 * What fails is answered by "! STATUS: TEXT".
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/mesh.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 60000, LINE_BYTES = 1024 };

static void fail(enum mesh_status status, const char *text) {
    printf("! %s: %s\n", mesh_status_name(status), text ? text : "");
}

static void create(struct mesh_node *node, const char *type, const char *place) {
    struct mesh_requirement requirement = {.name = place, .comparison = MESH_PRESENT};
    struct mesh_create_options options = {.requirements = &requirement, .requirements_count = 1};
    struct mesh_error error;
    struct mesh_address actor;
    char text[MESH_ADDRESS_TEXT_BYTES];
    if (mesh_node_create(node, type, &options, &actor, &error) == MESH_OK) {
        printf("%s\n", mesh_address_print(actor, text));
    } else {
        fail(error.status, error.text);
    }
}

static void ask(struct mesh_node *node, const char *address, const char *text) {
    struct mesh_address actor;
    struct mesh_message *reply = NULL;
    enum mesh_status status = mesh_address_parse(address, &actor);
    status = status == MESH_OK ? mesh_ask_text(node, actor, text, WAIT_MS, &reply) : status;
    if (status == MESH_OK && mesh_message_text(reply)) {
        printf("%s\n", mesh_message_text(reply));
    } else {
        fail(status, reply ? mesh_message_failure(reply) : NULL);
    }
    mesh_message_release(&reply);
}

static void listen_for(struct mesh_node *node, int wait_ms) {
    struct mesh_message *message = NULL;
    enum mesh_status status = mesh_listen(node, wait_ms, &message);
    if (status == MESH_OK) {
        printf("%d %s\n", (int)mesh_message_kind(message),
               mesh_message_text(message) ? mesh_message_text(message) : "");
    } else {
        fail(status, NULL);
    }
    mesh_message_release(&message);
}

static void obey(struct mesh_node *node, char *line) {
    char *rest = line;
    const char *word = strsep(&rest, " ");
    const char *first = strsep(&rest, " ");
    if (first && rest && strcmp(word, "create") == 0) {
        create(node, first, rest);
    } else if (first && rest && strcmp(word, "ask") == 0) {
        ask(node, first, rest);
    } else if (first && strcmp(word, "listen") == 0) {
        listen_for(node, (int)strtol(first, NULL, 10));
    } else {
        fail(MESH_INVALID_ARGUMENT, word);
    }
    fflush(stdout);
}

int main(int argc, char **argv) {
    struct mesh_node *node;
    struct mesh_error error;
    char line[LINE_BYTES];
    if (argc != 2) {
        fprintf(stderr, "usage: caller RUN_DIRECTORY\n");
        return 2;
    }
    struct mesh_node_options options = {.run_directory = argv[1]};
    if (mesh_node_attach(&node, &options, &error) != MESH_OK) {
        fprintf(stderr, "%s: %s\n", mesh_status_name(error.status), error.text);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        obey(node, line);
    }
    mesh_node_detach(&node);
    return 0;
}
