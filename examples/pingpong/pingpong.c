/* Two actors play, each in a process of its own, and the program prints how fast: pingpong [HITS]. */
#include "player.h"
#include <mesh/mesh.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct mesh_type *const types[] = {&pingpong_player, NULL};

static double seconds(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Serves, and waits for the end of the game. */
static enum mesh_status umpire(struct mesh_node *node, const struct mesh_address players[2], long hits) {
    struct ball ball = {.umpire = mesh_node_address(node), .to = players[1], .hits = hits};
    struct mesh_message *message = NULL;
    double began = seconds();
    enum mesh_status status = mesh_tell(node, players[0], "ball", &ball, sizeof ball);
    if (status == MESH_OK) {
        status = mesh_listen(node, 60000, &message);
    }
    if (status == MESH_OK) {
        printf("%ld hits, %.0f a second\n", hits, (double)hits / (seconds() - began));
    }
    mesh_message_release(&message);
    return status;
}

int main(int count, char **arguments) {
    mesh_host_enter(types);
    struct mesh_node *node;
    struct mesh_address players[2];
    struct mesh_error error = {0};
    struct mesh_node_options options = {.types = types};
    long hits = count > 1 ? strtol(arguments[1], NULL, 10) : 20000;
    if (mesh_node_start(&node, &options, &error)) {
        fprintf(stderr, "pingpong: %s\n", error.text);
        return 1;
    }
    enum mesh_status status = mesh_node_create(node, "pingpong.player", NULL, &players[0], &error);
    if (status == MESH_OK) {
        status = mesh_node_create(node, "pingpong.player", NULL, &players[1], &error);
    }
    if (status == MESH_OK) {
        status = umpire(node, players, hits);
    }
    if (status != MESH_OK) {
        fprintf(stderr, "pingpong: %s\n", error.text[0] ? error.text : mesh_status_text(status));
    }
    enum mesh_status ended = mesh_node_shutdown(node, 10000);
    mesh_node_detach(&node);
    return status != MESH_OK || ended != MESH_OK;
}
