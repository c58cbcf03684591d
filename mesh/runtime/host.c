/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/host.h"

#include "mesh/base/time.h"
#include "mesh/runtime/actor_report.h"
#include "mesh/runtime/birth.h"
#include "mesh/runtime/error.h"
#include "mesh/runtime/host_fork.h"
#include "mesh/runtime/host_signal.h"
#include "mesh/runtime/hosted.h"
#include "mesh/runtime/hosted_sources.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/module.h"
#include "mesh/runtime/title.h"
#include "mesh/runtime/updates.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ADMIN_WAIT_NS (1500 * NS_PER_MS) /* C8: ended 2 s after the admin is lost */
#define DRAIN_WAIT_NS (7 * NS_PER_S)     /* D14 */
#define HANDLING_NS (1 * NS_PER_MS)
#define ACK_WAIT_NS (1 * NS_PER_S)
#define HELLO_WAIT_MS 5000

enum { ACTORS_PER_TURN = 256, STARTED_PER_TURN = 256, ACTORS_MAX = 1 << 20, TIMERS_MAX = 1 << 20 };

/* ---- what the process tells ---- */

static void on_runnable(void *user, struct mesh_address address) {
    struct host *host = user;
    struct mesh_actor *actor = hosted_find(host, address);
    if (actor && actor->started && !list_is_linked(&actor->in_queue)) {
        list_push_back(&host->runnable, &actor->in_queue);
    }
}

static void child_ended(struct host *host, const struct control_exited *exited) {
    struct lifecycle_event ended = {.kind = LIFECYCLE_CHILD_ENDED,
                                    .actor = exited->address,
                                    .child = exited->address,
                                    .how = (enum mesh_how)exited->how,
                                    .number = exited->number,
                                    .text = exited->text,
                                    .escalates = exited->escalates};
    hosted_tell(host, &ended);
}

/* From any process of the node. One that finds no handler any more, or no room in its mailbox, is logged. */
void hosted_on_dead_letter(struct host *host, const struct control_dead_letter *letter) {
    bool delivered = hosted_find(host, letter->handler) && dead_letters_deliver(host->process, letter) == MESH_OK;
    if (!delivered && limiter_take(&host->dead_letters.limiter, process_now(host->process))) {
        dead_letters_log(host->log, letter);
    }
}

static void on_control(void *user, struct mesh_address sender, const struct control *control) {
    struct host *host = user;
    if (control->kind == CONTROL_DEAD_LETTER && sender.node == host->options->node) {
        hosted_on_dead_letter(host, &control->dead_letter);
    }
    if (!mesh_address_equal(sender, process_admin(host->process))) {
        return;
    }
    if (control->kind == CONTROL_CREATE) {
        birth_on_create(host, control->id, &control->create);
    } else if (control->kind == CONTROL_CHECK) {
        birth_on_check(host, &control->check);
    } else if (hosted_sources_on_control(host, control) || named_create_on_answer(host, control)) {
        return;
    } else if (control->kind == CONTROL_CREATE_FAILED) {
        const struct control_create_failed *failed = &control->create_failed;
        struct delivery_gone gone = {.reason = FRAME_NEVER_CREATED, .text = failed->text};
        child_ended(host, &(struct control_exited){
                              .address = failed->address, .how = CONTROL_NOT_CREATED, .text = failed->text});
        process_gone(host->process, failed->address, &gone);
    } else if (control->kind == CONTROL_EXITED) {
        child_ended(host, &control->exited);
    } else if (control->kind == CONTROL_KILL) {
        birth_drop(host, control->kill.address);
        hosted_tell(host,
                    &(struct lifecycle_event){.kind = LIFECYCLE_GIVEN_UP, .actor = control->kill.address}); /* C7 */
    } else if (control->kind == CONTROL_STATUS_REQUEST) {
        actor_report_answer(host, sender, control);
    } else if (actor_report_is_answer(control->kind)) {
        actor_report_on_answer(host, control);
    } else if (control->kind == CONTROL_MEMBER_UPDATE) {
        updates_deliver(host, control);
    } else if (control->kind == CONTROL_KEYS_CHANGED) {
        node_security_on_keys_changed(host->security, host->process, host->log);
    } else if (control->kind == CONTROL_DEAD_LETTER_HANDLER) {
        dead_letters_on_handler(&host->dead_letters, &control->dead_letter_handler);
    } else if (control->kind == CONTROL_SHUTDOWN) {
        hosted_shut_down(host);
    }
}

/* A failed user message goes back to the actor that sent it (E1); a dead letter, to the handler of those (E4). */
static void on_unhandled(void *user, struct message *message) {
    struct host *host = user;
    bool user_message = message->kind == FRAME_USER;
    forwarded_on_failed(host->process, message);
    if (message->kind == FRAME_SKIP) {
        forwarded_on_end(&host->forwarded, host->process, message->target);
    }
    if (user_message && message->outcome == FRAME_RETURNED && hosted_find(host, message->sender)) {
        view_turn(message, process_address(host->process));
        message_list_append(&host->turned, message);
        return;
    }
    if (user_message) {
        dead_letters_send(&host->dead_letters, host->process, host->log, message);
    }
    message_release(message);
}

static void on_unclaimed(void *user, const struct message *message) {
    struct host *host = user;
    forwarded_on_failed(host->process, message);
    dead_letters_send_unclaimed(&host->dead_letters, host->process, host->log, message);
}

static bool stands_behind(const struct message_list *waiting, const struct message *message) {
    const struct message *other = waiting->first;
    while (other && !mesh_address_equal(other->target, message->target)) {
        other = other->next;
    }
    return other != NULL;
}

/* Poison goes to its sender, a report to who requested it, and updates to who wants them, in order, as soon as that one's mailbox takes
 * it. */
static void give_back(struct host *host) {
    struct message_list later = {0};
    struct message *message;
    while ((message = message_list_take(&host->turned))) {
        bool lives = hosted_find(host, message->target) != NULL;
        bool waits = lives && stands_behind(&later, message);
        enum mesh_status status = !lives  ? MESH_NOT_FOUND
                                  : waits ? MESH_WOULD_BLOCK
                                          : process_submit(host->process, message);
        if (status == MESH_WOULD_BLOCK) {
            message_list_append(&later, message);
        } else if (status != MESH_OK) {
            message_release(message);
        }
    }
    host->turned = later;
    process_perform(host->process);
}

static void on_room(void *user, struct mesh_address address) {
    struct mesh_actor *actor = hosted_find(user, address);
    if (actor) {
        actor->rooms++;
    }
}

static void on_drained(void *user, struct mesh_address address) {
    struct host *host = user;
    if (mesh_address_equal(address, process_address(host->process))) {
        host->endpoint_drained = true;
        return;
    }
    struct lifecycle_event drained = {.kind = LIFECYCLE_DRAINED, .actor = address};
    hosted_tell(host, &drained);
}

static void on_link(void *user, uint64_t peer, const char *endpoint, enum process_link link) {
    (void)endpoint;
    struct host *host = user;
    if (host->process && peer == host->options->node) {
        host->admin_lost_ns = link == PROCESS_LINK_UP ? 0 : process_now(host->process);
    }
}

uint64_t host_deadline(const struct host *host) {
    return time_min(lifecycle_deadline(host->lifecycle), timers_deadline(&host->timers));
}

/* C8: the parent-death signal does it within a millisecond; this is for an admin that is not the parent. */
static uint64_t on_tick(void *user, uint64_t now_ns) {
    struct host *host = user;
    if (!host->process) {
        return TIME_NEVER;
    }
    if (host->admin_lost_ns != 0 && now_ns >= host->admin_lost_ns + ADMIN_WAIT_NS) {
        log_write(host->log, MESH_LOG_WARNING, NULL, host->options->actor, "the admin is lost: the host ends");
        _exit(1);
    }
    if (lifecycle_deadline(host->lifecycle) <= now_ns) {
        hosted_tell(host, &(struct lifecycle_event){.kind = LIFECYCLE_TICK});
    }
    wakeup_tick(host, now_ns);
    uint64_t told_ns = dead_letters_tick(&host->dead_letters, host->log, now_ns);
    uint64_t lost_ns = host->admin_lost_ns != 0 ? host->admin_lost_ns + ADMIN_WAIT_NS : TIME_NEVER;
    return time_min(time_min(host_deadline(host), told_ns), lost_ns);
}

/* ---- the loop ---- */

static void start_newborn(struct host *host) {
    for (int i = 0; i < STARTED_PER_TURN; i++) {
        struct list_node *node = list_pop_front(&host->newborn);
        if (!node) {
            return;
        }
        hosted_start(LIST_OWNER(node, struct mesh_actor, in_queue));
        hosted_perform(host);
    }
}

/* What the admin sees of an actor while its handler is busy. */
static void publish_load(struct host *host) {
    if (host->page) {
        crash_page_count(host->page, delivery_counters(process_delivery(host->process)));
    }
    for (int i = 0; host->paged_count > 0 && i < CRASH_PAGE_ACTORS; i++) {
        if (host->paged[i]) {
            struct crash_load load = hosted_load(host->paged[i]);
            crash_page_set_load(host->page, i, &load);
        }
    }
}

/* What handlers sent to actors of this host makes those runnable. */
static struct list_node *next_runnable(struct host *host) {
    if (list_is_empty(&host->runnable)) {
        process_perform(host->process);
    }
    return list_pop_front(&host->runnable);
}

/* A few messages for each runnable actor in turn, so that none waits for the flood of another. What handlers said waits for
 * the end of it, so it is bounded in time too. */
static void run_actors(struct host *host) {
    host->now_ns = process_now(host->process);
    host->turn_ends_ns = host->now_ns + HANDLING_NS;
    for (int i = 0; i < ACTORS_PER_TURN && host->now_ns < host->turn_ends_ns; i++) {
        struct list_node *node = next_runnable(host);
        if (!node) {
            return;
        }
        struct mesh_actor *actor = LIST_OWNER(node, struct mesh_actor, in_queue);
        if (hosted_run(actor) && !list_is_linked(&actor->in_queue)) {
            list_push_back(&host->runnable, &actor->in_queue);
        }
        if (!actor->plain) {
            hosted_perform(host);
        }
    }
}

bool host_work(struct host *host) {
    birth_work(host);
    start_newborn(host);
    run_actors(host);
    hosted_perform(host);
    process_perform(host->process);
    if (host->turned.first) {
        give_back(host);
    }
    return !list_is_empty(&host->runnable) || !list_is_empty(&host->newborn);
}

const struct process_callbacks host_callbacks = {
    .runnable = on_runnable,
    .unhandled = on_unhandled,
    .unclaimed = on_unclaimed,
    .room = on_room,
    .drained = on_drained,
    .link = on_link,
    .tick = on_tick,
};

enum mesh_status host_init(struct host *host, const struct host_options *options) {
    *host = (struct host){
        .options = options,
        .main = pthread_self(),
        .mint = address_mint_init(options->node, options->slot),
        .local_mint = address_mint_init_local(options->node, options->slot),
    };
    map_init(&host->actors, sizeof(struct mesh_address), ACTORS_MAX, options->incarnation);
    list_init(&host->runnable);
    list_init(&host->newborn);
    list_init(&host->judgements);
    list_init(&host->asked);
    list_init(&host->offers);
    list_init(&host->questions);
    dead_letters_init(&host->dead_letters);
    list_init(&host->due);
    list_init(&host->watches);
    timers_init(&host->timers, TIMERS_MAX, options->incarnation);
    return lifecycle_new(&host->lifecycle, &lifecycle_limits_default, options->incarnation);
}

void host_fini(struct host *host) {
    struct message *message;
    while ((message = message_list_take(&host->turned))) {
        message_release(message);
    }
    size_t place = 0;
    struct mesh_actor *actor;
    while ((actor = map_next(&host->actors, &place))) {
        hosted_end(actor);
    }
    struct list_node *node;
    while ((node = list_pop_front(&host->due))) {
        free(LIST_OWNER(node, struct timer, of_owner));
    }
    birth_fini(host);
    actor_report_forget(host);
    forwarded_fini(&host->forwarded);
    timers_fini(&host->timers);
    map_fini(&host->actors);
    lifecycle_destroy(&host->lifecycle);
}

/* Somebody lives here, or is to. */
static bool is_inhabited(const struct host *host) {
    return lifecycle_count(host->lifecycle) > 0 || host->births;
}

static void loop(struct host *host, const bool *done, uint64_t until_ns) {
    while (!*done && is_inhabited(host) && process_now(host->process) < until_ns) {
        if (host->exit_signal) {
            host->exit_signal = 0;
            hosted_shut_down(host);
        }
        bool idle = !host_work(host);
        process_flush(host->process, idle);
        publish_load(host);
        if (is_inhabited(host)) {
            (void)drive_turn(&host->drive, idle ? time_min(until_ns, host_deadline(host)) : process_now(host->process));
        }
    }
}

static void drive_while(struct host *host, bool (*going)(const struct host *host), uint64_t span_ns) {
    uint64_t until_ns = process_now(host->process) + span_ns;
    process_flush(host->process, true);
    while (going(host) && process_now(host->process) < until_ns) {
        (void)drive_turn(&host->drive, until_ns);
    }
}

static bool is_unheard(const struct host *host) {
    return !host->endpoint_drained;
}

static bool is_pending(const struct host *host) {
    return process_is_pending(host->process);
}

/* Where a dead letter shall go has to be asked first, and no answer reaches a process that has closed (E4). */
static bool is_owed(const struct host *host) {
    struct delivery_load load;
    return !is_inhabited(host) &&
           delivery_load(process_delivery(host->process), process_address(host->process), &load) &&
           load.unsettled_messages > 0;
}

/* Until its actors are gone and that is told. A create that comes meanwhile brings one more. */
static void live(struct host *host) {
    bool never = false;
    do {
        loop(host, &never, TIME_NEVER);
        drive_while(host, is_owed, ACK_WAIT_NS);
    } while (is_inhabited(host));
}

/* What the host itself has said, that its actors are gone above all, must have reached the admin (D14). Its last
 * verdicts travel on acks, whose link may just be coming up; a sender that gets none learns of the death only. */
static void leave(struct host *host) {
    struct delivery_event close = {
        .kind = DELIVERY_CLOSE, .address = process_address(host->process), .reason = FRAME_EXITED};
    if (process_step(host->process, &close) == MESH_OK) {
        drive_while(host, is_unheard, DRAIN_WAIT_NS);
    }
    drive_while(host, is_pending, ACK_WAIT_NS);
    process_say_goodbye(host->process);
}

/* ---- exit() in a handler ---- */

static struct host *exiting_host; /* while it runs */

/* exit(0) by user code is a normal exit of all actors of the process (C5); any other code is a crash (E3). */
static void on_exit_call(int code, void *user) {
    (void)user;
    struct host *host = exiting_host;
    if (!host || code != 0 || host->leaving || host_fork_is_child() || !pthread_equal(pthread_self(), host->main)) {
        return;
    }
    const struct bytes why = bytes_of_text("the handler called exit()");
    host->leaving = true;
    process_lock(host->process);
    crash_page_want_all_ends(host->page, MESH_EXITED_ITSELF);
    birth_fini(host); /* a check function that calls it has said no */
    size_t place = 0;
    struct mesh_actor *actor;
    while ((actor = map_next(&host->actors, &place))) {
        if (actor->in_hand) {
            struct delivery_event verdict = {
                .kind = DELIVERY_VERDICT, .address = actor->address, .outcome = FRAME_RETURNED, .text = why};
            (void)process_step(host->process, &verdict);
        }
        actor->started = false;
    }
    /* The verdict goes first, another way than the end, which overtakes it at times: so that says the same. */
    drive_while(host, is_pending, ACK_WAIT_NS);
    place = 0;
    while ((actor = map_next(&host->actors, &place))) {
        struct lifecycle_event own = {.kind = LIFECYCLE_OWN_EXIT, .actor = actor->address, .text = why};
        hosted_tell(host, &own);
    }
    bool never = false;
    loop(host, &never, process_now(host->process) + DRAIN_WAIT_NS);
    leave(host);
    process_unlock(host->process);
    drive_stop_standby(&host->drive);
}

/* ---- beginning and end ---- */

static enum mesh_status open_log(struct host *host, struct mesh_error *error) {
    struct log_page *page;
    enum mesh_status status = log_page_open(&page, host->options->run_directory, error);
    return status == MESH_OK ? log_open(&host->log, page, error) : status;
}

static int host_open_page(struct host *host) {
    if (host->options->crash_page >= 0) {
        if (crash_page_map(&host->page, host->options->crash_page) != MESH_OK) {
            return -1;
        }
        (void)close(host->options->crash_page);
        crash_page_begin(host->page, host->options->incarnation, (uint32_t)getpid());
    }
    return 0;
}

enum mesh_status host_open(struct host *host, struct mesh_error *error) {
    const struct host_options *options = host->options;
    const char *listen[] = {options->listen, options->listen_remote, NULL};
    struct process_options process = {
        .role = FRAME_ROLE_HOST,
        .incarnation = options->incarnation,
        .node = options->node,
        .slot = options->slot,
        .node_name = options->node_name,
        .listen = listen,
        .admin = options->admin,
        .first = options->creator,
        .first_endpoint = options->creator_endpoint,
        .limits = &delivery_limits_default,
        .log = host->log,
        .callbacks = host_callbacks,
    };
    process.callbacks.user = host;
    process.callbacks.control = on_control;
    enum mesh_status status = node_security_new(&host->security, options->run_directory, error);
    if (host->security) {
        process.key = &host->security->key;
        process.trust = &host->security->trust;
    }
    if (status == MESH_OK) {
        status = process_new(&host->process, &process, HELLO_WAIT_MS, error);
    }
    if (status == MESH_OK && drive_init(&host->drive, host->process) != MESH_OK) {
        status = error_set(error, MESH_NO_MEMORY, "no memory for the host's threads");
    }
    if (status != MESH_OK) {
        log_write(host->log, MESH_LOG_ERROR, options->type, options->actor, "the host cannot begin: %s", error->text);
    }
    return status;
}

void host_close(struct host *host) {
    if (host->process) {
        drive_stop_standby(&host->drive);
        drive_fini(&host->drive);
    }
    host_fini(host);
    process_destroy(&host->process);
    node_security_destroy(&host->security);
    log_close(&host->log);
    crash_page_unmap(&host->page);
}

void host_run(struct host *host, enum mesh_status loaded, const struct mesh_error *error) {
    const struct host_options *options = host->options;
    struct control_create first = {.address = options->actor, .parent = options->parent};
    first.supervision.on_failure = (enum control_on_failure)options->on_failure;
    process_lock(host->process);
    if (loaded != MESH_OK) {
        birth_refuse(host, 0, options->actor, error);
    } else {
        birth_begin(host, 0, &first, options->type);
        exiting_host = host;
        (void)on_exit(on_exit_call, NULL);
        host_fork_watch();
        live(host);
    }
    leave(host);
    exiting_host = NULL;
    process_unlock(host->process);
}

static void show_title(const struct host_options *options) {
    char title[MODULE_NAME_BYTES + MESH_ADDRESS_TEXT_BYTES + 8];
    char address[MESH_ADDRESS_TEXT_BYTES];
    const char *dot = strrchr(options->type, '.');
    (void)snprintf(title, sizeof title, "mesh: %s %s", dot && dot[1] ? dot + 1 : options->type,
                   mesh_address_print(options->actor, address));
    title_set(title);
}

enum mesh_status host_begin(struct host *host, const struct host_options *options, struct mesh_error *error) {
    enum mesh_status status = host_init(host, options);
    if (status != MESH_OK) {
        return error_set(error, status, "no memory for a host");
    }
    host->may_stand_by = true;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (options->admin_pid != 0 && (uint32_t)getppid() != options->admin_pid) {
        status = error_set(error, MESH_CLOSED, "the admin that wanted this host is gone");
    }
    if (status == MESH_OK) {
        show_title(options);
        status = open_log(host, error);
    }
    if (status == MESH_OK && host_open_page(host) != 0) {
        status = error_set(error, MESH_INVALID_ARGUMENT, "the descriptor that should be a crash page is none");
    }
    if (status != MESH_OK) {
        host_close(host);
    }
    return status;
}

int host_main(const struct host_options *options, const struct mesh_type *const *types,
              const struct mesh_log_taker *log) {
    struct host host;
    struct mesh_error error = {0};
    if (host_begin(&host, options, &error) != MESH_OK) {
        return 1;
    }
    if (log) {
        log_take_over(host.log, log);
    }
    host.types = types;
    /* A module's own start-up code runs before any thread exists; what failed is told once the admin can be reached. */
    host.origin = options->module ? options->module : "the program";
    struct mesh_error load_error = {0};
    enum mesh_status loaded = options->module ? module_load(&host.types, options->module, &load_error) : MESH_OK;
    if (loaded == MESH_OK && !host.types) {
        loaded =
            error_set(&load_error, MESH_LOAD_FAILED, "neither a module nor a program brings type %s", options->type);
    }
    enum mesh_status status = host_open(&host, &error);
    if (status == MESH_OK) {
        host_signal_install(&host);
        host_run(&host, loaded, &load_error);
        host_signal_remove();
    }
    host_close(&host);
    return status == MESH_OK && loaded == MESH_OK ? 0 : 1;
}

int host_main_text(const char *text, const struct mesh_type *const *types, const struct mesh_log_taker *log) {
    struct host_options options;
    struct mesh_error error;
    char *copy = strdup(text);
    int code = 1;
    if (copy && host_options_parse(&options, copy, &error) == MESH_OK) {
        code = host_main(&options, types, log);
    } else if (copy) {
        (void)fprintf(stderr, "mesh-host: %s\n", error.text);
    }
    free(copy);
    return code;
}
