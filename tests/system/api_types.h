/* The actor types that the test of the public interface brings.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SYSTEM_API_TYPES_H
#define TESTS_SYSTEM_API_TYPES_H

#include <mesh/actor.h>

/* NULL-terminated:
 *   test.echo    answers a text with its count of messages and the text; in ways that the text names: see api_types.c
 *   test.fails   fails always; test.flaky fails each message once
 *   test.ends    exits, aborts, or calls exit(), as the text says
 *   test.parent  creates a child of the type that the text names, answers with its address, and answers "ended" with
 *                what it was told of its children
 *   test.desk    "to ADDRESS": passes all later texts on to that actor, and tells who sent them "passed on"
 *   test.unborn  has a constructor that fails */
extern const struct mesh_type *const api_types[];

#endif
