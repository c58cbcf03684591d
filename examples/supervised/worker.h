/* The worker: is told a division, "12/4", and replies with the result. */
#include <mesh/actor.h>

extern const struct mesh_type supervised_worker;
