/* Commands: an actor that runs a program, and tells what came of it (P5).
 *
 *   static const struct mesh_type *const types[] = {&mesh_command_type, NULL};    or MESH_MODULE(&mesh_command_type)
 *
 *   const char *const argv[] = {"sort", "-n", NULL};
 *   const struct mesh_command command = {.argv = argv, .input = text, .input_bytes = length, .timeout_ms = 5000};
 *   mesh_command_pack(&command, &data, &bytes);
 *   mesh_ask(node, runner, MESH_COMMAND_RUN, data, bytes, MESH_FOREVER, &reply);
 *   mesh_command_read_result(reply, &result);
 *
 * An actor of type "mesh.command" runs one program at a time, without a shell; a second one goes back as poison while the first runs, and so does
 * one that cannot be started. It reads all that the program says as it comes, so that this is never held up, and keeps it up to a limit. The
 * program is over when its process has ended; what is left of its process group is killed then. When the actor exits the program is killed, and
 * who asked gets what there is; when the actor's process is killed, so is the program's. Several at once are run by several actors, or
 * by a troupe of them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_COMMAND_H
#define MESH_COMMAND_H

#include <mesh/actor.h>

MESH_API extern const struct mesh_type mesh_command_type;

#define MESH_COMMAND_RUN "mesh.command.run"
#define MESH_COMMAND_RESULT "mesh.command.result"
/* From anybody, without content: stops what runs. Who asked for that gets a result; when nothing runs nothing is done. */
#define MESH_COMMAND_ABORT "mesh.command.abort"

#define MESH_COMMAND_ARGUMENTS_MAX 1024
#define MESH_COMMAND_OUTPUT_MAX (256 << 20)

/* A program that is to be run. */
struct mesh_command {
    const char *const *argv; /* NULL-terminated. The program is looked for on the actor's PATH when it has no slash */
    const void *input;       /* what it reads on its standard input; may be NULL */
    size_t input_bytes;
    uint32_t timeout_ms; /* after which it is stopped; 0: never */
    uint32_t grace_ms;   /* what is stopped gets SIGTERM, and so much later SIGKILL (0: 2,000) */
    uint32_t
        output_max; /* bytes that are kept of its standard output, and as many of its standard error (0: 1 MiB); MESH_COMMAND_OUTPUT_MAX at most */
};

/* The content of a MESH_COMMAND_RUN, to be freed with free(). MESH_INVALID_ARGUMENT for no arguments, or too many; MESH_NO_MEMORY. */
MESH_MUST_USE MESH_API enum mesh_status mesh_command_pack(const struct mesh_command *command, void **data,
                                                          size_t *bytes);

/* Whether it was stopped, and why. */
enum mesh_command_stop {
    MESH_COMMAND_NOT_STOPPED, /* it ended by itself */
    MESH_COMMAND_TIMED_OUT,
    MESH_COMMAND_ABORTED, /* by a message, or by the actor's exit */
};

/* What came of it. */
struct mesh_command_result {
    enum mesh_command_stop stopped;
    bool killed; /* by the signal `number`, which else is its exit code */
    int number;
    const void *output, *errors; /* what is kept, the first of what it said; they last as long as the message */
    size_t output_bytes, errors_bytes;
    uint64_t output_whole, errors_whole; /* so much it said */
};

/* The content of a MESH_COMMAND_RESULT. MESH_INVALID_ARGUMENT for any other message. */
MESH_MUST_USE MESH_API enum mesh_status mesh_command_read_result(const struct mesh_message *message,
                                                                 struct mesh_command_result *out);

#endif
