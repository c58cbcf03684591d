/* One million messages between two actors on two nodes, while the tcp link between them is reset again and again.
 *
 * The resets are real ones: the program takes a duplicate of the host's connected socket (pidfd_getfd) and disconnects it, at
 * which the kernel sends a reset. Rules D1, D3, D4, D5.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"

#include <dirent.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MESSAGES = 1000000, MESSAGE_BYTES = 64, RESETS = 20, TIME_LIMIT_MS = 60000 };

/* ---- the two actors ---- */

/* One part of the items. */
struct order {
    struct mesh_address sink;
    uint64_t first, end;
};

static enum mesh_verdict source_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    size_t bytes = 0;
    const void *data = mesh_message_data(message, &bytes);
    struct order order;
    if (!mesh_message_is(message, "order") || bytes != sizeof order) {
        return MESH_DONE;
    }
    memcpy(&order, data, sizeof order);
    uint64_t item[MESSAGE_BYTES / sizeof(uint64_t)] = {order.first};
    while (item[0] < order.end) {
        enum mesh_status status = mesh_send(self, order.sink, "item", item, sizeof item);
        if (status != MESH_OK && status != MESH_WOULD_BLOCK) {
            return mesh_fail(self, "item %" PRIu64 " is not sent: %s", item[0], mesh_status_name(status));
        }
        item[0] += status == MESH_OK;
    }
    return MESH_DONE;
}

struct sink {
    struct mesh_address program;
    uint64_t expected, wrong;
};

/* Says so when the last has come; each that is not the next is counted. */
static enum mesh_verdict sink_receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    struct sink *sink = state;
    if (mesh_message_is(message, "order")) {
        sink->program = mesh_message_sender(message);
        return MESH_DONE;
    }
    if (!mesh_message_is(message, "item")) {
        return MESH_DONE;
    }
    size_t bytes = 0;
    uint64_t number;
    memcpy(&number, mesh_message_data(message, &bytes), sizeof number);
    sink->wrong += number != sink->expected || bytes != MESSAGE_BYTES || mesh_message_redelivered(message);
    sink->expected++;
    if (number + 1 != MESSAGES) {
        return MESH_DONE;
    }
    enum mesh_status status =
        mesh_send_text(self, sink->program, "%" PRIu64 " came, %" PRIu64 " wrong", sink->expected, sink->wrong);
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

static const struct mesh_type source_type = {.name = "test.source", .receive = source_receive};
static const struct mesh_type sink_type = {
    .name = "test.sink", .state_bytes = sizeof(struct sink), .receive = sink_receive};
static const struct mesh_type *const types[] = {&source_type, &sink_type, NULL};

/* ---- resets ---- */

/* Whether it is a connection over tcp to somewhere, which it is no longer afterwards. */
static bool reset(int fd) {
    struct sockaddr_in peer = {0};
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    socklen_t bytes = sizeof peer;
    return getpeername(fd, (struct sockaddr *)(void *)&peer, &bytes) == 0 && peer.sin_family == AF_INET &&
           connect(fd, &nowhere, sizeof nowhere) == 0;
}

/* Resets every tcp connection of a process; gives how many they were. */
static unsigned reset_links(pid_t pid) {
    char path[32];
    unsigned count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    EXPECT(directory && process >= 0);
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        int fd =
            entry->d_name[0] == '.' ? -1 : (int)syscall(SYS_pidfd_getfd, process, strtol(entry->d_name, NULL, 10), 0);
        if (fd >= 0) {
            count += reset(fd);
            (void)close(fd);
        }
    }
    (void)close(process);
    (void)closedir(directory);
    return count;
}

static struct node leader, member;

static void order_part(struct mesh_address source, struct mesh_address sink, uint64_t part) {
    struct order order = {sink, part * MESSAGES / (RESETS + 1), (part + 1) * MESSAGES / (RESETS + 1)};
    EXPECT(mesh_tell(leader.handle, source, "order", &order, sizeof order) == MESH_OK);
}

/* Resets the link in each part but the last, each time once it stands again and carries something. The next part is ordered before, so that
 * there is always more to come, however slow this is. */
static unsigned reset_in_parts(struct mesh_address source, struct mesh_address sink, long end_ms) {
    unsigned resets = 0;
    order_part(source, sink, 0);
    for (uint64_t mark = 1; mark <= RESETS; mark++) {
        struct mesh_actor_report actor = {0};
        order_part(source, sink, mark);
        do {
            EXPECT(node_now_ms() < end_ms);
            EXPECT(node_actor(&member, sink, &actor));
        } while (actor.handled < mark * MESSAGES / (RESETS + 1));
        while (reset_links((pid_t)actor.pid) == 0) {
            EXPECT(node_now_ms() < end_ms);
        }
        resets++;
    }
    return resets;
}

int main(void) {
    mesh_host_enter(types);
    nodes_init(types);
    node_start(&leader, "one", NULL);
    node_start(&member, "two", &leader);
    (void)node_await_members(&leader, 2, WAIT_MS);
    struct mesh_address source = node_create(&leader, "test.source", "one");
    struct mesh_address sink = node_create(&leader, "test.sink", "two");
    long begin_ms = node_now_ms();
    EXPECT(mesh_tell(member.handle, sink, "order", NULL, 0) == MESH_OK);
    unsigned resets = reset_in_parts(source, sink, begin_ms + TIME_LIMIT_MS);
    struct mesh_message *last = NULL;
    EXPECT(mesh_listen(member.handle, (int)(begin_ms + TIME_LIMIT_MS - node_now_ms()), &last) == MESH_OK);
    long took_ms = node_now_ms() - begin_ms;
    char expected[64];
    (void)snprintf(expected, sizeof expected, "%d came, 0 wrong", MESSAGES);
    (void)printf("%s in %ld ms (%ld each second), %u resets, %" PRIu64 " sent again, %" PRIu64 " duplicates dropped\n",
                 mesh_message_text(last), took_ms, MESSAGES * 1000L / (took_ms + 1), resets,
                 node_counter(&leader, "sent_again"), node_counter(&member, "duplicates"));
    EXPECT(strcmp(mesh_message_text(last), expected) == 0);
    EXPECT(resets == RESETS && took_ms < TIME_LIMIT_MS);
    struct mesh_actor_report actor = {0};
    EXPECT(node_actor(&member, sink, &actor) && actor.handled == MESSAGES + 1);
    mesh_message_release(&last);
    node_stop(&member);
    node_stop(&leader);
    return 0;
}
