/* The player: hits a "ball" to the other one, and the last of its hits to the umpire. */
#include <mesh/actor.h>

struct ball {
    struct mesh_address umpire; /* who hears that the game is over */
    struct mesh_address to;     /* whom the next player hits it to */
    long hits;                  /* still to come */
};

extern const struct mesh_type pingpong_player;
