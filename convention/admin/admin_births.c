/* Children of the admin that are to become hosts of a spawner, and of which nobody knows yet.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/admin_spawner.h"
#include <signal.h>
#include <sys/wait.h>

static bool is_known(const struct admin *admin, pid_t pid) {
    size_t place = 0;
    for (const struct resident *resident; (resident = map_next(&admin->residents, &place));) {
        if (resident->pid == pid) {
            return true;
        }
    }
    return pid == admin_spawner_pid(admin) || pid == admin->zygote->pid;
}

bool admin_is_fresh_child(const struct admin *admin, pid_t pid) {
    siginfo_t end;
    return pid > 0 && !is_known(admin, pid) && waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void admin_kill_child(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Who has said that it is born is known by then: its word outlives it. Of one that had not, only the group tells that it is ours. */
void admin_bury_unborn(struct admin *admin) {
    siginfo_t end = {0};
    if (!admin->spawner) {
        return;
    }
    admin_hear_spawner(admin);
    while (waitid(P_PGID, (id_t)admin->zygote->pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid != 0 &&
           !is_known(admin, end.si_pid)) {
        char text[96];
        pid_t pid = end.si_pid;
        (void)admin_describe_end(&end, text, sizeof text);
        log_write(admin->log, MESH_LOG_WARNING, NULL, (struct mesh_address){0},
                  "process %ld of the spawner has ended before it was a host: %s", (long)pid, text);
        waitpid(pid, NULL, 0);
        end = (siginfo_t){0};
    }
}
