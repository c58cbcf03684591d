/* The actor types of the word count. */
#ifndef ACTORS_H
#define ACTORS_H

#include <mesh/mesh.h>

extern const struct mesh_type coordinator_type, mapper_type, reducer_type;

#endif
