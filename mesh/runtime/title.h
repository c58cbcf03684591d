/* The title of a process, as ps and top show it (A6).
 *
 * The kernel shows the memory in which the program's arguments lay. It is found by asking the kernel, so that nobody
 * has to hand down main's argv; the environment that lies behind it moves elsewhere first.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_TITLE_H
#define MESH_RUNTIME_TITLE_H

/* Finds out where titles go, which takes the kernel a while, for this process and those that it will fork. title_set does it, too. Before the
 * process has a second thread: it touches the environment. */
void title_prepare(void);

/* Shows `title`, cut to the room there is; and its first 15 bytes as the name of the main thread. Before the process
 * has a second thread: it touches the environment. When the kernel does not tell where, the long title stays as it
 * was. */
void title_set(const char *title);

#endif
