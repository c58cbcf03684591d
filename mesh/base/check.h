/* CHECK: what must be true, or the program is wrong. It stays in release builds.
 *
 * For a programmer's mistake only, never for what a peer, a file or the system may bring.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_BASE_CHECK_H
#define MESH_BASE_CHECK_H

/* Says where and what on stderr, then aborts. */
_Noreturn void check_failed(const char *file, int line, const char *text);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
#define CHECK_UNREACHABLE() check_failed(__FILE__, __LINE__, "this line is never reached")

#endif
