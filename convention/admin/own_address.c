/* The host's addresses, as the kernel knows them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/own_address.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool own_address_is_any(const char *endpoint) {
    return strncmp(endpoint, "tcp://0.0.0.0:", strlen("tcp://0.0.0.0:")) == 0;
}

bool own_address_of(const char *endpoint, struct sockaddr_in *out) {
    char host[OWN_ADDRESS_BYTES];
    unsigned port;
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (sscanf(endpoint, "tcp://%15[0-9.]:%5u", host, &port) != 2 || port > UINT16_MAX ||
        inet_pton(AF_INET, host, &out->sin_addr) != 1) {
        return false;
    }
    out->sin_port = htons((uint16_t)port);
    return true;
}

bool own_address_towards(const char *endpoint, char out[OWN_ADDRESS_BYTES]) {
    struct sockaddr_in there, here = {0};
    socklen_t bytes = sizeof here;
    if (!own_address_of(endpoint, &there)) {
        return false;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* to connect it sends nothing */
    bool well = fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&there, sizeof there) == 0 &&
                getsockname(fd, (struct sockaddr *)(void *)&here, &bytes) == 0 &&
                inet_ntop(AF_INET, &here.sin_addr, out, OWN_ADDRESS_BYTES) != NULL;
    if (fd >= 0) {
        (void)close(fd);
    }
    return well;
}

bool own_address_first(char out[OWN_ADDRESS_BYTES]) {
    struct ifaddrs *all = NULL;
    bool found = false;
    if (getifaddrs(&all) != 0) {
        return false;
    }
    for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next) {
        struct sockaddr_in address;
        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !(one->ifa_flags & IFF_UP)) {
            continue;
        }
        memcpy(&address, one->ifa_addr, sizeof address);
        found = own_address_is_public(ntohl(address.sin_addr.s_addr)) &&
                inet_ntop(AF_INET, &address.sin_addr, out, OWN_ADDRESS_BYTES);
    }
    freeifaddrs(all);
    return found;
}

enum mesh_status own_address_watch(int *out) {
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) {
        return MESH_IO;
    }
    if (bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0) {
        (void)close(fd);
        return MESH_IO;
    }
    *out = fd;
    return MESH_OK;
}

void own_address_drain(int fd) {
    char change[4096];
    while (recv(fd, change, sizeof change, 0) > 0) {
    }
}
