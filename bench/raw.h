/* Raw libzmq, as the baselines use it: one DEALER, one frame per message.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct raw {
    void *context, *socket;
    bool curve; /* encrypted, by keys that were drawn by raw_draw_keys */
};

/* All but raw_close say why on stderr when they give false. */
bool raw_open(struct raw *raw, const char *endpoint, bool bind, int hwm);
void raw_close(struct raw *raw);
bool raw_send(struct raw *raw, size_t bytes);
bool raw_receive(struct raw *raw);

/* Before the fork, so that both sides have them. */
bool raw_draw_keys(void);

/* An abstract socket name, so that no file is left behind. */
const char *raw_endpoint(char text[64]);

/* One of loopback. */
const char *raw_tcp_endpoint(char text[64]);

/* Waits for it. */
bool raw_child_was_well(pid_t child);

#endif
