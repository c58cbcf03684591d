/* Patterns: what actors are often made of, written with nothing but <mesh/actor.h>.
 *
 * A pattern stands between the library and an actor's own handler: the type's `receive` calls the pattern with what the type declares, and with
 * the part of the actor's state that is the pattern's, which is zero at birth; the pattern calls the handler. So they can be combined, one
 * calling the next.
 *
 *   dispatch.h   a handler for each type of message
 *   transient.h  actors that go by themselves
 *   initial.h    actors that are shown nothing until they have all that they need to begin
 *   troupe.h     actors that have what they are told done by workers
 *   command.h    an actor that runs programs
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_PATTERNS_H
#define MESH_PATTERNS_H

#include <mesh/command.h>
#include <mesh/dispatch.h>
#include <mesh/failure.h>
#include <mesh/initial.h>
#include <mesh/transient.h>
#include <mesh/troupe.h>

#endif
