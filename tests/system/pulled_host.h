/* The process that hosts an actor of tests/system/pulled.c: it pulls, and does what messages of text say.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_PULLED_HOST_H
#define TESTS_SYSTEM_PULLED_HOST_H

#include <mesh/mesh.h>

/* "pulled.plain" obeys; "pulled.fails" fails to be constructed; "pulled.no" says no to every node, "pulled.silent" says nonsense, "pulled.dies" dies and
 * "pulled.hangs" hangs when it is asked to; "pulled.unknown" refuses; "pulled.closes" closes its host after its first message. */
extern const struct mesh_type *const pulled_types[];

/* What mesh_host_open takes. Gives the process's exit code. */
int pulled_main(const char *request);

#endif
