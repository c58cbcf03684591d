/* Warnings and worse of this node go to the log of the convention's leader as well (K2).
 *
 *   any process of the node -> log.warnings, a pipe -> log_forward -> the leader's admin -> its log
 *
 * A line stands in the node's own log before it goes on. The pipe is written without waiting; what finds no room in it is counted.
 * The leader takes so many batches in a second of each, and only of members, under whose names it writes them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include <inttypes.h>
#include <unistd.h>

enum {
    READ_BYTES = 64 * 1024,
    FORWARDED_BATCHES =
        10, /* in a second, of nodes that share a limiter: a member whose brake does not work floods nobody but those */
};

/* ---- of this node ---- */

static void take_line(struct admin *admin, struct bytes text) {
    char room[LOG_LINE_BYTES];
    struct log_line line;
    if (text.size <= CONTROL_LOG_LINE_BYTES && log_line_parse(text, room, &line)) {
        log_forward_push(admin->forward, text);
    }
}

/* Each line came by one write, and so is whole; the last one may lie on both sides of a read. */
static void on_warnings(void *user, int fd) {
    struct admin *admin = user;
    char read_bytes[LOG_LINE_BYTES + READ_BYTES];
    memcpy(read_bytes, admin->line_begun, admin->line_begun_bytes);
    ssize_t count = read(fd, read_bytes + admin->line_begun_bytes, READ_BYTES);
    if (count <= 0) {
        return;
    }
    const char *at = read_bytes, *end = read_bytes + admin->line_begun_bytes + (size_t)count;
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        take_line(admin, bytes_make(at, (size_t)(newline - at)));
    }
    size_t left = (size_t)(end - at);
    admin->line_begun_bytes = left <= sizeof admin->line_begun ? left : 0; /* what is longer is no line */
    memcpy(admin->line_begun, at, admin->line_begun_bytes);
}

enum mesh_status admin_watch_warnings(struct admin *admin) {
    int pipe = log_page_warnings(admin->log_page);
    return pipe < 0 ? MESH_OK : process_watch(admin->process, pipe, on_warnings, admin);
}

static void send_batch(struct admin *admin, uint64_t now_ns, const struct log_forward_batch *batch) {
    struct control control = {.id = batch->id, .kind = CONTROL_LOG_LINES};
    control.log_lines = (struct control_log_lines){.lost = batch->lost, .count = batch->count, .lines = batch->lines};
    struct mesh_address leader = {.node = batch->leader};
    if (process_send_control(admin->process, leader, &control) != MESH_OK) {
        (void)log_forward_answer(admin->forward, now_ns, batch->leader, batch->id, false);
    }
}

uint64_t admin_tick_forward(struct admin *admin, uint64_t now_ns) {
    struct log_forward_batch batch;
    log_forward_lose(admin->forward, atomic_exchange(&log_page_counts(admin->log_page)->untold, 0));
    while (log_forward_poll(admin->forward, now_ns, admin->last_id + 1, &batch)) {
        admin->last_id++;
        send_batch(admin, now_ns, &batch);
    }
    return log_forward_deadline(admin->forward);
}

bool admin_on_log_answer(struct admin *admin, struct mesh_address sender, const struct control *answer) {
    return log_forward_answer(admin->forward, process_now(admin->process), sender.node, answer->id,
                              answer->done.status == MESH_OK);
}

/* ---- of other nodes ---- */

void admin_begin_forwarders(struct admin *admin) {
    for (size_t i = 0; i < ADMIN_FORWARDERS; i++) {
        admin->forwarded_batches[i] = limiter_make(FORWARDED_BATCHES, NS_PER_S);
    }
}

static bool may_forward(struct admin *admin, uint64_t node) {
    return limiter_take(&admin->forwarded_batches[node % ADMIN_FORWARDERS], process_now(admin->process));
}

static void write_lines(struct admin *admin, const char *node, const struct control_log_lines *lines) {
    for (size_t i = 0; i < lines->count; i++) {
        char room[LOG_LINE_BYTES];
        struct log_line line;
        if (log_line_parse(lines->lines[i], room, &line) && line.level <= MESH_LOG_WARNING) {
            line.node = bytes_of_text(node);
            log_write_forwarded(admin->log, &line);
        }
    }
    if (lines->lost > 0) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, process_address(admin->process),
                  "node %s: %" PRIu64 " more warnings were lost on their way", node, lines->lost);
    }
}

void admin_on_log_lines(struct admin *admin, struct mesh_address sender, const struct control *control) {
    const struct member *member = members_find(convention_members(admin->convention), sender.node);
    bool is_admin = sender.local == 0 && sender.node != admin->incarnation;
    if (!member || !is_admin || !convention_is_acting(admin->convention)) {
        admin_answer_done(admin, sender, control->id, MESH_REFUSED, "this node does not lead that one");
    } else if (control->log_lines.count > LOG_FORWARD_BATCH || !may_forward(admin, sender.node)) {
        admin_answer_done(admin, sender, control->id, MESH_WOULD_BLOCK, "too many lines come at a time");
    } else {
        write_lines(admin, member->name, &control->log_lines);
        admin_answer_done(admin, sender, control->id, MESH_OK, "");
    }
}
