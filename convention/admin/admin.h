/* The admin of a node: the shell around the convention, the directory and the node's processes.
 *
 * It runs no user code. What its cores want it performs: frames to other admins, control messages on streams, hosts
 * started by the zygote and watched by pidfd. One thread; everything happens in process_turn's callbacks and between turns.
 *
 *   admin.c             life: begin, loop, end
 *   admin_links.c       hellos, links and frames of other admins; the convention core
 *   admin_control.c     control messages; the directory core
 *   admin_log.c         what is logged, and where; rotation (K2)
 *   admin_log_questions.c  what the log says, for those who ask
 *   admin_forward.c     warnings and worse, to the leader's log (K2)
 *   admin_hosts.c       hosts and programs: start, watch, bury
 *   admin_capabilities.c  what this node has to offer, and changes of it (H1, H4)
 *   admin_types.c       which actor types there are, from modules, programs and the spawner
 *   admin_spawner.c     the program that makes hosts for types of its own
 *   admin_dead_letters.c  who handles the dead letters of this node (E4)
 *   admin_status.c      the status of this node and of the whole convention (K1)
 *   admin_inquiries.c   the status of one actor, wherever it lives (K1)
 *   admin_address.c     where other nodes reach this one (S9A)
 *   admin_trials.c      whether members are reached where they say (S9F)
 *   admin_guests.c      what the leader is told about guests (S2A, S2G)
 *   admin_keys.c        who may take part: the list of keys (S7F to S7J)
 *   admin_watchers.c    actors that are told of members (S5A)
 *   admin_sources.c     loadable sources: the sources core, and creates that wait for one (J1 to J6)
 *   admin_modules.c     what is in a loaded source, for the hosts that run it (J7)
 *   admin_reload.c      the configuration is read again (S9E)
 *   admin_shutdown.c    the orderly end (C12)
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CONVENTION_ADMIN_ADMIN_H
#define CONVENTION_ADMIN_ADMIN_H

#include "convention/admin/admin_spawner.h"
#include "convention/admin/admin_types.h"
#include "convention/admin/config.h"
#include "convention/admin/descriptors.h"
#include "convention/admin/run_directory.h"
#include "convention/admin/unpack.h"
#include "convention/admin/zygote.h"
#include "convention/core/convention.h"
#include "convention/core/directory.h"
#include "convention/core/log_forward.h"
#include "convention/core/log_rotation.h"
#include "convention/core/sources.h"
#include "mesh/base/limiter.h"
#include "mesh/base/list.h"
#include "mesh/base/map.h"
#include "mesh/base/time.h"
#include "mesh/core/trust.h"
#include "mesh/runtime/crash_page.h"
#include "mesh/runtime/log.h"
#include "mesh/runtime/node_security.h"
#include "mesh/runtime/process.h"
#include <signal.h>

/* A process of this node: a host that the zygote started, or a program that attached. */
struct resident {
    uint32_t slot;
    uint64_t incarnation;
    pid_t pid;
    int pidfd;
    bool program;
    bool greeted;
    bool spawning;           /* the spawner is to make it: it has no process yet */
    bool revives;            /* its actor is started anew (C7) */
    bool failed;             /* it could not be started: told to the directory after the turn */
    bool leaving;            /* a program that has said goodbye */
    struct crash_page *page; /* of a host */
    char socket[108];        /* path of its ipc socket in the run directory; empty: none */
    struct mesh_address actor;
    struct mesh_error error; /* why it failed */
    struct loaded *source;   /* whose actors it runs (J7); NULL: it runs those of a module or a program */
};

/* A load of a source: its objects, and the types in them. */
struct loaded {
    struct list_node place;
    uint8_t hash[SOURCE_HASH_BYTES];
    char text[SOURCE_HASH_TEXT];
    uint64_t load;
    struct unpacked unpacked;
    struct types *types;
    struct type_reading *reading; /* while a process of its own looks what is in it */
    uint64_t reading_until_ns;
    size_t residents; /* hosts that run its actors */
    bool unloaded;    /* it goes with the last of them (J5) */
};

/* A status of the whole convention that is being gathered. */
struct gathering;

/* A question that was passed on: for the status of one actor, or for the leader. */
struct inquiry;

enum { ADMIN_FORWARDERS = 64 };

struct admin {
    struct config *config;
    const struct config_sources *sources; /* to be read again */
    const struct run_directory *directory_path;
    struct zygote *zygote;
    struct log *log;
    uint64_t incarnation;
    char advertise[256]; /* what other nodes are told of this admin; empty when there is no tcp */
    char
        passage[256]; /* what they are told of the processes of this node; empty: these can be called themselves (S8) */
    char host_listen[256];  /* what hosts bind for other nodes; empty when there is no tcp, or these cannot be called */
    char bound[256];        /* where this admin listens for other nodes; empty: nowhere */
    bool any;               /* that is on all addresses of its host */
    char rewritten[256];    /* by admin_endpoint_now */
    char host_program[256]; /* what hosts of modules are started from; empty: they are forked (C9) */
    struct log_page *log_page;        /* of the log, which owns it */
    struct log_settings log_settings; /* as they stand there */
    struct log_rotation log_rotation;
    struct log_forward *forward;     /* lines for the leader */
    char line_begun[LOG_LINE_BYTES]; /* of the next one */
    size_t line_begun_bytes;
    struct limiter forwarded_batches[ADMIN_FORWARDERS]; /* of other nodes, by a part of their incarnations */
    struct process *process;
    struct convention *convention;
    struct directory *directory;
    struct types *types;
    struct spawner *spawner; /* NULL: none */
    struct sources *source_table;
    struct list loaded;          /* sources that were unpacked */
    struct list waiting_creates; /* for their sources */
    struct codec *codec;         /* in which these are kept */
    uint64_t last_token;
    struct node_key key;   /* where the configuration has security = curve */
    struct trust trust;    /* the list of keys */
    char keys_path[256];   /* where the processes of this node read it */
    uint64_t tell_ns;      /* when to try again to tell the own processes; TIME_NEVER: they know it */
    size_t keys_changes;   /* since the node began */
    bool keys_changed;     /* since the process was told last */
    struct map residents;  /* by slot */
    struct map neighbours; /* incarnations of admins that said hello; the value is the map itself */
    struct list gatherings, inquiries, trials, log_questions;
    size_t log_questions_count;
    uint64_t log_look_ns; /* when to look whether the log has more for them */
    size_t trials_running;
    uint64_t unreached;        /* members that are not where they say (S9F) */
    int trying;                /* an epoll of their connections */
    struct resolver *resolver; /* of the hosts that they name; NULL until the first */
    size_t inquiries_count;
    uint64_t last_id; /* of own requests */
    uint64_t started_ns;
    uint64_t trim_ns; /* when to give memory back; TIME_NEVER: there is nothing to give */
    int signals;      /* signalfd */
    int addresses;    /* tells of changes of this host's addresses; -1: they do not matter */
    int deaths;       /* an epoll of the pidfds of hosts and programs */
    struct descriptors descriptors;
    size_t expected;                 /* hosts that have not called yet */
    size_t failed;                   /* residents whose failure is to be told */
    size_t leaving;                  /* programs that have said goodbye */
    uint32_t actors_told;            /* to the convention */
    bool performing;                 /* what the convention wants: it is told nothing before that is done */
    struct delivery_counters buried; /* of hosts that have ended */
    struct control_dead_letter_handler dead_letter_handler;
    struct limiter dead_letter_lines; /* of programs, in the log */

    bool stopping, stopped;
    bool terminated, killed; /* how far the shutdown has gone with those that do not leave */
    uint64_t stop_ns, stop_span_ns;
};

/* Runs the node until it is stopped; what the configuration says changes when its sources are read again. `ready_fd`, unless -1, is told when programs can attach. MESH_OK after an orderly end; else
 * the error names what kept it from beginning. */
enum mesh_status admin_run(struct config *config, const struct config_sources *sources,
                           const struct run_directory *path, struct zygote *zygote, int ready_fd,
                           struct mesh_error *error);

/* What a forked child of the zygote runs: a host, or the catalogue of the modules. */
int admin_child(const char *options);

/* ---- the log ---- */

/* MESH_IO, MESH_PERMISSION_DENIED with the path, MESH_NO_MEMORY. */
enum mesh_status admin_open_log(struct admin *admin, struct mesh_error *error);
/* Whether the log could be as that configuration says, as admin_open_log; all processes of the node log so from now on. */
MESH_MUST_USE enum mesh_status admin_try_log(const struct admin *admin, const struct config *fresh,
                                             struct mesh_error *error);
void admin_follow_log(struct admin *admin, const struct config *fresh);
uint64_t admin_tick_log(struct admin *admin, uint64_t now_ns);

/* What does a log say? Of this node it is answered, now or when there is more; for others it is passed on. */
void admin_on_log_request(struct admin *admin, struct mesh_address asker, const struct control *control);
uint64_t admin_tick_log_questions(struct admin *admin, uint64_t now_ns);
void admin_free_log_questions(struct admin *admin);

void admin_begin_forwarders(struct admin *admin);
/* Sees to it that warnings of the node's processes are noticed. MESH_IO, with errno. */
MESH_MUST_USE enum mesh_status admin_watch_warnings(struct admin *admin);
uint64_t admin_tick_forward(struct admin *admin, uint64_t now_ns);
/* The leader's word on lines that it was sent; false when it is about something else. */
bool admin_on_log_answer(struct admin *admin, struct mesh_address sender, const struct control *answer);
/* Lines of a member. */
void admin_on_log_lines(struct admin *admin, struct mesh_address sender, const struct control *control);

/* ---- links ---- */

void admin_on_hello(void *user, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer);
void admin_on_link(void *user, uint64_t peer, const char *endpoint, enum process_link link);
void admin_on_frame(void *user, uint64_t peer, const struct frame *frame);
/* The status is that of convention_step. */
enum mesh_status admin_tell_convention(struct admin *admin, const struct convention_event *event);

/* ---- where it is reached ---- */

/* Finds out what other nodes and the own processes are told, and watches for changes. MESH_TOO_LARGE, MESH_IO. */
enum mesh_status admin_choose_address(struct admin *admin, struct mesh_error *error);
/* It may be reached otherwise: the leader is, or an address has come or gone. */
void admin_look_at_address(struct admin *admin);
/* The endpoint of a process of this node as it is now: one of all addresses gets that of the node. Lasts until the next call. */
struct bytes admin_endpoint_now(struct admin *admin, struct bytes endpoint);

/* Sees to it that answers to trials are noticed. MESH_IO, with errno. */
MESH_MUST_USE enum mesh_status admin_watch_trials(struct admin *admin);
/* A member has come, or is reached at another endpoint: this node tries that if it leads (S9F); it is gone. */
void admin_try_member(struct admin *admin, const struct member *member);
void admin_forget_trial(struct admin *admin, uint64_t member);
/* What another node has found out of this one, by such a trial. */
void admin_on_unreached(struct admin *admin, struct mesh_address sender, const struct control_unreached *word);
uint64_t admin_tick_trials(struct admin *admin, uint64_t now_ns);
void admin_free_trials(struct admin *admin);

/* ---- control ---- */

void admin_on_control(void *user, struct mesh_address sender, const struct control *control);
void admin_on_resolve(void *user, struct mesh_address address, struct mesh_address sender);
void admin_tell_directory(struct admin *admin, const struct directory_event *event);
/* The convention hears how many actors live here, if that has changed. */
void admin_tell_actors(struct admin *admin);
void admin_send(struct admin *admin, struct mesh_address to, const struct control *control);
/* A create whose type is known now, or not: then the status and the text say why. `pool`: of a light type, the hosts that its actors share. */
struct found_type {
    const struct type_entry *type; /* NULL: not found */
    const char *pool;
    enum mesh_status status;
    const char *why;
};
void admin_begin_create(struct admin *admin, struct mesh_address sender, const struct control *control,
                        const struct found_type *found);
void admin_answer_done(struct admin *admin, struct mesh_address to, uint64_t id, enum mesh_status status,
                       const char *text);

/* ---- capabilities ---- */

/* Those of the configuration with the standard ones. */
MESH_MUST_USE enum mesh_status admin_make_capabilities(const struct admin *admin, struct capability_set *out);
/* From now on the node has these instead of what it had, beside the standard ones: who requires what is not there any more is asked to
 * exit, and the convention is told; what is so already is no change. As capability_set_renew; MESH_SHUTTING_DOWN. */
MESH_MUST_USE enum mesh_status admin_set_capabilities(struct admin *admin, const struct capability_set *wanted);
/* A process of this node wants some changed; or a member says what it has. */
void admin_on_capabilities(struct admin *admin, const struct resident *resident, struct mesh_address asker,
                           const struct control *control);

/* ---- hosts and programs ---- */

struct resident *admin_resident(const struct admin *admin, uint32_t slot); /* NULL when there is none */
/* Finds the program of ZYGOTE_EXEC beside meshd. MESH_NOT_FOUND, MESH_IO. */
enum mesh_status admin_find_host_program(struct admin *admin, struct mesh_error *error);
/* Sees to it that the ends of hosts and programs are noticed. MESH_IO, with errno. */
MESH_MUST_USE enum mesh_status admin_watch_processes(struct admin *admin);
void admin_start_host(struct admin *admin, uint32_t slot, const struct control_create *create,
                      struct mesh_address creator);
void admin_kill_host(struct admin *admin, uint32_t slot, int signal);
/* The spawner has made that host: a process that is our child. Or there will be none. */
void admin_take_host(struct admin *admin, struct resident *resident, pid_t pid);
void admin_fail_host(struct admin *admin, struct resident *resident, enum mesh_status status, const char *text);
/* How a child has ended, in words, too. */
enum control_how admin_describe_end(const siginfo_t *end, char *text, size_t bytes);
/* A child of ours that is neither a host that we know, nor the zygote, nor the spawner. */
bool admin_is_fresh_child(const struct admin *admin, pid_t pid);
void admin_kill_child(pid_t pid); /* and waits for it */
/* Waits for those that have ended before they had said that they are born: nobody else would. */
void admin_bury_unborn(struct admin *admin);
void admin_tell_failed(struct admin *admin);
/* A host or program says hello: its slot, or a refusal. */
void admin_greet(struct admin *admin, uint64_t peer, const struct frame_hello *hello, struct frame_hello *answer);
void admin_program_left(struct admin *admin, struct resident *resident);
void admin_bury_leaving(struct admin *admin);
void admin_free_residents(struct admin *admin);

/* ---- dead letters ---- */

/* A host's actor registers or steps down; a resident has come, or is gone. */
void admin_on_dead_letter_handler(struct admin *admin, const struct resident *host,
                                  const struct control_dead_letter_handler *said);
/* From a process of this node: one whose sender was another node's and is gone goes there (D14), any other is logged.
 * From another admin: one whose sender was of this node. */
void admin_on_dead_letter(struct admin *admin, const struct resident *resident,
                          const struct control_dead_letter *letter);
void admin_tell_dead_letter_handler(struct admin *admin, const struct resident *resident);
void admin_bury_dead_letter_handler(struct admin *admin, const struct resident *resident);

/* ---- status ---- */

void admin_on_status_request(struct admin *admin, struct mesh_address asker, uint64_t id,
                             const struct control_status_request *request);
/* Whether anything was being gathered under that number. */
bool admin_on_status_reply(struct admin *admin, uint64_t id, const struct control_status_reply *reply);
/* Overwrites what the crash page says of an actor. */
void admin_show_record(const struct admin *admin, const struct crash_record *record,
                       struct control_actor_status *actor);
/* Keeps what a host had counted when it ended. */
void admin_bury_counters(struct admin *admin, const struct resident *resident);
uint64_t admin_tick_status(struct admin *admin, uint64_t now_ns);
void admin_free_gatherings(struct admin *admin);

/* ---- the status of one actor ---- */

void admin_on_inquiry(struct admin *admin, struct mesh_address asker, uint64_t id,
                      const struct control_status_request *request);
/* What may be the answer to one that was passed on: a report, a node's status, or why there is none. */
void admin_on_inquiry_answer(struct admin *admin, struct mesh_address sender, const struct control *answer);
/* Another admin is asked, and its answer passed back. */
void admin_pass_on(struct admin *admin, struct mesh_address asker, struct mesh_address asked,
                   const struct control *question);
/* That admin answers no more. */
void admin_lose_inquiries(struct admin *admin, uint64_t lost);
uint64_t admin_tick_inquiries(struct admin *admin, uint64_t now_ns);
void admin_free_inquiries(struct admin *admin);

/* ---- guests ---- */

void admin_on_preregister(struct admin *admin, struct mesh_address asker, const struct control *control);
void admin_on_dismiss(struct admin *admin, struct mesh_address asker, const struct control *control);
/* Whether this admin leads, so that what `control` wants of the leader is to be done here; else it is passed on, or refused. */
bool admin_leads_for(struct admin *admin, struct mesh_address asker, const struct control *control, bool passed_on);
/* What has become of it; the text is for failures. */
void admin_answer_wish(struct admin *admin, struct mesh_address asker, uint64_t id, enum mesh_status status,
                       const char *text);

/* ---- keys ---- */

/* Reads the members file, and makes the one that the processes of this node read. */
enum mesh_status admin_begin_keys(struct admin *admin, struct mesh_error *error);
void admin_on_member_key(struct admin *admin, struct mesh_address asker, const struct control *control);
/* To a process that has just come: that the list is another than when the node began, if it is. */
void admin_tell_keys(struct admin *admin, const struct resident *resident);
void admin_on_keys_changed(struct admin *admin, const struct convention_action *action);
/* Who is not allowed any more is not believed, and no member, from now on (S7D, S7I). */
uint64_t admin_tick_keys(struct admin *admin, uint64_t now_ns);
/* Whether the list does not allow the key that this node has. */
bool admin_is_cut_off(const struct admin *admin);
void admin_on_distrusted(void *user, uint64_t peer);

/* ---- watchers ---- */

/* A host says that an actor of it wants to be told of members, or not any more; a resident is gone. */
void admin_on_watch_members(struct admin *admin, const struct resident *host, const struct control_watch_members *said);
void admin_bury_watchers(struct admin *admin, const struct resident *resident);
void admin_tell_watcher(struct admin *admin, const struct convention_action *notice);

/* ---- sources ---- */

MESH_MUST_USE enum mesh_status admin_open_sources(struct admin *admin, struct mesh_error *error);
void admin_tell_sources(struct admin *admin, const struct sources_event *event);
/* What is said of a source, or that something is done that a source needed. */
void admin_on_source(struct admin *admin, struct mesh_address sender, const struct control *control);
/* A create that names a source: begun, kept until that is here, or refused. */
void admin_create_from_source(struct admin *admin, struct mesh_address sender, const struct control *control);
/* That node is lost: its creates wait no more. */
void admin_lose_waiting_creates(struct admin *admin, uint64_t lost);
void admin_bury_sources(struct admin *admin, const struct resident *resident);
uint64_t admin_tick_sources(struct admin *admin, uint64_t now_ns);
void admin_free_sources(struct admin *admin);

/* ---- what is in them ---- */

/* Unpacks it, and has a process look what is in it; SOURCES_READ follows. */
void admin_unpack(struct admin *admin, const struct sources_action *action);
void admin_unload(struct admin *admin, const uint8_t *hash, uint64_t load);
/* NULL when it is not here, or has not been read yet. */
struct loaded *admin_loaded(const struct admin *admin, struct bytes hash, uint64_t load);
/* The resident runs its actors, and does so no more. */
void admin_use_loaded(struct resident *resident, struct loaded *loaded);
void admin_leave_loaded(struct resident *resident);
uint64_t admin_tick_loaded(struct admin *admin, uint64_t now_ns);
void admin_free_loaded(struct admin *admin);

/* ---- what changes while it runs ---- */

/* Reads the sources of the configuration again (S9E). */
void admin_reload(struct admin *admin);

/* ---- shutdown ---- */

void admin_begin_stop(struct admin *admin, uint64_t span_ns);
uint64_t admin_tick_stop(struct admin *admin, uint64_t now_ns);

#endif
