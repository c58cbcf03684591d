/* Own address: by which address others reach this host, for a node that listens on all of its addresses and is not told (S9A).
 *
 * IPv4 only, as all of the mesh. Nothing is sent, and no name is looked up.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_OWN_ADDRESS_H
#define CONVENTION_ADMIN_OWN_ADDRESS_H

#include <mesh/status.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { OWN_ADDRESS_BYTES = 16 };

/* Whether an address, in the order of the host, is one by which other hosts may reach this one. */
static inline bool own_address_is_public(uint32_t address) {
    bool loopback = address >> 24 == 127, link_local = address >> 16 == 0xa9fe, none = address == 0;
    return !loopback && !link_local && !none;
}

/* The numeric address of a tcp endpoint; false for any other. */
bool own_address_of(const char *endpoint, struct sockaddr_in *out);

/* The address with which this host reaches that endpoint, by the kernel's routes. False when there is no route, or the endpoint is not
 * numeric. */
bool own_address_towards(const char *endpoint, char out[OWN_ADDRESS_BYTES]);

/* The first public address of an interface that is up. False when there is none. */
bool own_address_first(char out[OWN_ADDRESS_BYTES]);

/* A descriptor that is readable when an address of this host has come or gone; own_address_drain makes it unreadable again. MESH_IO. */
MESH_MUST_USE enum mesh_status own_address_watch(int *fd);
void own_address_drain(int fd);

/* Whether an endpoint stands for all addresses of its host. */
bool own_address_is_any(const char *endpoint);

#endif
