/* What an admin and its spawner say to each other, a word in each packet of a SOCK_SEQPACKET socket.
 *
 *   admin -> spawner    host INCARNATION \n OPTIONS        a host is wanted; the crash page travels beside it
 *   spawner -> admin    spawner VERSION                    the first word
 *                       type ..., requires ..., end        what it can host, as in a catalogue (catalogue.h)
 *                       born INCARNATION PID               from the new process itself, before anything else
 *                       refused INCARNATION STATUS TEXT    there will be none
 *
 * Fields are parted by tabs. Pure.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_RUNTIME_SPAWN_WORD_H
#define MESH_RUNTIME_SPAWN_WORD_H

#include <mesh/status.h>
#include <stddef.h>
#include <stdint.h>

#define SPAWN_ENVIRONMENT "MESH_SPAWNER"

enum {
    SPAWN_VERSION = 1,
    SPAWN_BYTES = 16 * 1024, /* of a packet, with the zero that the receiver puts behind it */
    SPAWN_TYPES = 256,
    SPAWN_FD = 3, /* a spawner's end of the socket */
};

enum spawn_kind {
    SPAWN_NONSENSE,
    SPAWN_HELLO,
    SPAWN_FACT, /* a line of the catalogue */
    SPAWN_BORN,
    SPAWN_REFUSED,
};

struct spawn_word {
    enum spawn_kind kind;
    uint64_t incarnation; /* of the host */
    long pid;
    enum mesh_status status;
    const char *text; /* of FACT and REFUSED; terminated */
};

/* Reads what a spawner says: terminated, and without its newline. The texts point into `packet`, which is changed, unless it is a FACT. */
struct spawn_word spawn_word_parse(char *packet);

#endif
