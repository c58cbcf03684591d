/* The runner: is told a command, with its time in milliseconds as the type; sends its output as it comes, then "over" with its status. */
#include <mesh/actor.h>

extern const struct mesh_type command_runner;
