/* The end of a verb that goes on until it is told to stop: by Ctrl-C, or SIGTERM.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CLI_STOP_H
#define MESH_CLI_STOP_H

#include <stdbool.h>

/* From here on such a signal ends a wait, or a write to a terminal that has stopped, and not the process. */
void cli_stop_begin(void);

bool cli_stopped(void);

#endif
