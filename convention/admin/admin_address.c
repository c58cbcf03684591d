/* Where other nodes reach this one: what it is told to say, or what it finds out, and that this may change while it runs (S9A).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/own_address.h"
#include "mesh/base/check.h"
#include "mesh/core/passage.h"
#include "mesh/runtime/error.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *port_of(const char *endpoint) {
    const char *port = strrchr(endpoint, ':');
    CHECK(port);
    return port;
}

/* The address with which the leader is reached, or one that may lead; without any, the first public one. False while there is none. */
static bool find_address(const struct admin *admin, char out[OWN_ADDRESS_BYTES]) {
    uint64_t leader = admin->convention ? convention_leader(admin->convention) : 0;
    const char *called = leader ? process_called_at(admin->process, leader) : "";
    bool found = own_address_towards(called, out);
    for (size_t i = 0; !found && i < admin->config->leaders.count; i++) {
        found = own_address_towards(admin->config->leaders.items[i], out);
    }
    return found || own_address_first(out);
}

/* What others are told of this admin, and of its processes. */
static enum mesh_status choose(struct admin *admin) {
    if (admin->config->outbound_only) {
        CHECK(passage_print(admin->incarnation, "", admin->advertise, sizeof admin->advertise) == MESH_OK);
        memcpy(admin->passage, admin->advertise, sizeof admin->passage);
        return MESH_OK;
    }
    if (admin->config->advertise) {
        const char *key = admin->config->security == CONFIG_CURVE ? admin->key.text : "";
        snprintf(admin->advertise, sizeof admin->advertise, "%s%s%s", admin->config->advertise, *key ? "/" : "", key);
    } else if (admin->any) {
        char address[OWN_ADDRESS_BYTES] = "127.0.0.1";
        if (!find_address(admin, address) && admin->advertise[0] != '\0') {
            return MESH_OK; /* between two addresses it has none, and keeps the former one */
        }
        snprintf(admin->advertise, sizeof admin->advertise, "tcp://%s%s", address, port_of(admin->bound));
    } else {
        snprintf(admin->advertise, sizeof admin->advertise, "%s", admin->bound);
    }
    return admin->config->admin_routing
               ? passage_print(admin->incarnation, admin->advertise, admin->passage, sizeof admin->passage)
               : MESH_OK;
}

/* Hosts are reached by other nodes at the address that this node is reached at, on a port of their own; or through this admin. They bind what
 * it has bound: an address that it advertises may be a name, or one that is translated on the way. */
static void choose_for_hosts(struct admin *admin) {
    if (admin->passage[0] == '\0' && strncmp(admin->bound, "tcp://", 6) == 0) {
        int length = (int)(port_of(admin->bound) - admin->bound);
        snprintf(admin->host_listen, sizeof admin->host_listen, "%.*s:*", length, admin->bound);
    }
}

/* ---- while it runs ---- */

void admin_look_at_address(struct admin *admin) {
    char before[sizeof admin->advertise];
    if (admin->addresses < 0) {
        return;
    }
    memcpy(before, admin->advertise, sizeof before);
    if (choose(admin) != MESH_OK || strcmp(before, admin->advertise) == 0) {
        return;
    }
    log_write(admin->log, MESH_LOG_INFO, NULL, process_address(admin->process), "other nodes reach this one at %s now",
              admin->advertise);
    process_advertise(admin->process, admin->advertise, admin->passage[0] ? admin->passage : admin->advertise);
    struct bytes endpoint = bytes_of_text(admin->advertise);
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_MOVED, .endpoint = endpoint});
    admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_MOVED, .endpoint = endpoint});
}

/* Connections from an address that is gone would be missed only after a while: they are made anew. */
static void on_addresses(void *user, int fd) {
    struct admin *admin = user;
    own_address_drain(fd);
    admin_look_at_address(admin);
    process_redial(admin->process);
}

struct bytes admin_endpoint_now(struct admin *admin, struct bytes endpoint) {
    char text[sizeof admin->rewritten];
    int length = snprintf(text, sizeof text, "%.*s", (int)endpoint.size, (const char *)endpoint.data);
    if (length < 0 || !own_address_is_any(text)) {
        return endpoint;
    }
    snprintf(admin->rewritten, sizeof admin->rewritten, "%.*s%s", (int)(port_of(admin->advertise) - admin->advertise),
             admin->advertise, port_of(text));
    return bytes_of_text(admin->rewritten);
}

enum mesh_status admin_choose_address(struct admin *admin, struct mesh_error *error) {
    snprintf(admin->bound, sizeof admin->bound, "%s", process_endpoint(admin->process, true));
    admin->any = own_address_is_any(admin->bound);
    if (choose(admin) != MESH_OK) {
        return error_set(error, MESH_TOO_LARGE, "the endpoint %s is too long for admin_routing", admin->advertise);
    }
    choose_for_hosts(admin);
    process_advertise(admin->process, admin->advertise, admin->advertise);
    if (!admin->any || admin->config->advertise) {
        return MESH_OK;
    }
    enum mesh_status status = own_address_watch(&admin->addresses);
    if (status == MESH_OK) {
        status = process_watch(admin->process, admin->addresses, on_addresses, admin);
    }
    return status == MESH_OK
               ? MESH_OK
               : error_set(error, status, "cannot watch the addresses of this host: give one in advertise");
}
