/* The spawner: the program of the configuration that makes the hosts of types of its own (<mesh/spawner.h>).
 *
 *   DOWN --its time has come--> STARTING --it has said what it can host--> READY
 *     ^                            |                                        |
 *     |                            v                                        v
 *     '------- it has ended --- LEAVING: it has hung up; or it talked nonsense, did not answer, was not ready in time, and is killed
 *
 * It is started when the node is, which waits a while for its types, and again whenever it has ended, after 0.1 s at first, then after twice as long as the time
 * before, 30 s at most; one that was ready for 10 s begins at 0.1 s again. Hosts that it has made are not touched by its end. Creates whose host
 * it has not made by then fail, and so do those that come before it starts again, with what it said last; while it is STARTING they wait. An actor
 * that is started anew (C7) waits in all states, so long as the directory does.
 *
 * It is believed that a process is born only if that is a child of this admin of which nobody knows yet. One that says so when its spawner
 * has ended is ended, and waited for: nobody wants it any more. For that the channel stays open until all that hold it are gone, or the next spawner has ended. Who
 * ends before it says so is found by the group of processes that is for spawners and what they fork (zygote.h).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_ADMIN_SPAWNER_H
#define CONVENTION_ADMIN_ADMIN_SPAWNER_H

#include <mesh/error.h>
#include <stdint.h>
#include <sys/types.h>

struct admin;
struct resident;
struct spawner;

/* Starts the one of the configuration, if it names one, and waits until it is ready, or has ended, or for some time. Its failures are logged.
 * MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status admin_begin_spawner(struct admin *admin);
void admin_free_spawner(struct admin *admin); /* ends it */

/* Wants a host with these options, to be told by admin_take_host or admin_fail_host; `page` is the callee's from now on. MESH_LOAD_FAILED: there is no spawner
 * now; MESH_NO_MEMORY. */
MESH_MUST_USE enum mesh_status admin_spawn(struct admin *admin, const struct resident *resident, const char *options,
                                           int page, struct mesh_error *error);
/* It is not wanted any more. */
void admin_forget_spawn(struct admin *admin, const struct resident *resident);

/* Takes in all that it has said, and the one before it: who is born by now is known then. */
void admin_hear_spawner(struct admin *admin);
pid_t admin_spawner_pid(const struct admin *admin); /* 0: there is none now */

uint64_t admin_tick_spawner(struct admin *admin, uint64_t now_ns);

#endif
