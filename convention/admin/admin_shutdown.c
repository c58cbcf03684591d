/* The orderly end of a node: goodbye to the convention, ExitRequest to the actors, then SIGTERM, then SIGKILL (C12).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/notify.h"
#include <signal.h>

#define SPAN_DEFAULT_NS (10 * NS_PER_S)

static size_t hosts_left(const struct admin *admin) {
    size_t place = 0, left = 0;
    for (const struct resident *resident = map_next(&admin->residents, &place); resident;
         resident = map_next(&admin->residents, &place)) {
        left += !resident->program;
    }
    return left;
}

static void signal_hosts(struct admin *admin, int number) {
    size_t place = 0;
    for (const struct resident *resident = map_next(&admin->residents, &place); resident;
         resident = map_next(&admin->residents, &place)) {
        admin_kill_host(admin, resident->slot, number);
    }
}

void admin_begin_stop(struct admin *admin, uint64_t span_ns) {
    if (admin->stopping) {
        return;
    }
    log_write(admin->log, MESH_LOG_INFO, NULL, process_address(admin->process), "the node is shutting down");
    admin->stopping = true;
    notify_stopping();
    admin_tell_directory(admin, &(struct directory_event){.kind = DIRECTORY_STOPPING});
    admin->stop_ns = process_now(admin->process);
    admin->stop_span_ns = span_ns > 0 && span_ns < SPAN_DEFAULT_NS ? span_ns : SPAN_DEFAULT_NS;
    admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_STOP});
    /* A host takes SIGTERM for an ExitRequest to its actors (C11): it is the same, and needs no stream. */
    signal_hosts(admin, SIGTERM);
}

uint64_t admin_tick_stop(struct admin *admin, uint64_t now_ns) {
    if (!admin->stopping) {
        return TIME_NEVER;
    }
    if (hosts_left(admin) == 0) {
        admin->stopped = true;
        return now_ns;
    }
    uint64_t term_ns = admin->stop_ns + admin->stop_span_ns * 7 / 10;
    uint64_t kill_ns = admin->stop_ns + admin->stop_span_ns * 9 / 10;
    if (!admin->terminated && now_ns >= term_ns) {
        admin->terminated = true;
        signal_hosts(admin, SIGTERM);
    }
    if (!admin->killed && now_ns >= kill_ns) {
        admin->killed = true;
        log_write(admin->log, MESH_LOG_WARNING, NULL, process_address(admin->process),
                  "hosts that did not end in time are killed");
        signal_hosts(admin, SIGKILL);
    }
    return admin->killed ? TIME_NEVER : admin->terminated ? kill_ns : term_ns;
}
