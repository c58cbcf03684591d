/* The module that brings the actors of the word count. */
#include "actors.h"

MESH_MODULE(&coordinator_type, &mapper_type, &reducer_type);
