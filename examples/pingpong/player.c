/* See player.h. */
#include "player.h"
#include <string.h>

static enum mesh_verdict play(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    struct ball ball;
    if (!mesh_message_is(message, "ball") || bytes != sizeof ball) {
        return MESH_DONE;
    }
    memcpy(&ball, data, sizeof ball);
    struct mesh_address to = --ball.hits > 0 ? ball.to : ball.umpire;
    ball.to = mesh_self(self);
    return mesh_send(self, to, "ball", &ball, sizeof ball) ? MESH_FAILED : MESH_DONE;
}

const struct mesh_type pingpong_player = {.name = "pingpong.player", .receive = play};
