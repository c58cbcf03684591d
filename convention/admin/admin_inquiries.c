/* The status of one actor: the question goes from the asker's admin to the home of the address, or to the leader when that is gone (C6),
 * from there to the admin that hosts the actor, and from that to its host; the answer comes back the same way (K1).
 *
 *   asker -> admin --3 s--> home --2 s--> hosting admin --1 s--> host
 *
 * Whoever passes it on waits less long than the one before, so that the asker always hears why there is no answer. A host whose handler
 * does not return has nobody to answer, unless other threads of it send (A7): for it the admin says what it knows from
 * the directory and from the crash page. What is for the leader goes to it like that, too.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "mesh/core/address.h"
#include "mesh/runtime/actor_report.h"
#include <inttypes.h>
#include <stdlib.h>

enum { INQUIRIES_MAX = 1024, TEXT_BYTES = 800 };

#define LEADER_WAIT_NS (3 * NS_PER_S)

struct inquiry {
    struct list_node listed;
    struct mesh_address asker, address;
    struct mesh_address asked; /* an admin, or the host */
    uint64_t id, own_id, until_ns;
    bool farewell; /* that this node be sent away: then nobody answers any more */
};

static bool is_host(const struct admin *admin, struct mesh_address asked) {
    return asked.node == admin->incarnation;
}

/* ---- without asking anybody ---- */

static void refuse(struct admin *admin, const struct inquiry *inquiry, enum mesh_status status, const char *text) {
    admin_answer_done(admin, inquiry->asker, inquiry->id, status, text);
}

static const char *how_text(enum control_how how) {
    switch (how) {
    case CONTROL_EXIT_REQUEST:
        return "it was asked to exit";
    case CONTROL_OWN_EXIT:
        return "it ended itself";
    case CONTROL_NOT_CREATED:
        return "it could not be created";
    case CONTROL_SIGNAL:
        return "its process was killed";
    case CONTROL_EXIT_CODE:
        return "its process ended";
    case CONTROL_NODE_LOST:
        return "its node was lost";
    case CONTROL_HOW_UNKNOWN:
        break;
    }
    return "how is not on record any more";
}

static void refuse_ended(struct admin *admin, const struct inquiry *inquiry, const struct directory_place *place) {
    char room[TEXT_BYTES];
    struct text_builder text = text_builder(room, sizeof room);
    text_append(&text, "that actor is gone: %s", place->text[0] ? place->text : how_text(place->how));
    refuse(admin, inquiry, MESH_NOT_FOUND, room);
}

/* What is known here of an actor whose host cannot be asked; `record` is its part of the crash page, or NULL. */
static void answer_secondhand(struct admin *admin, const struct inquiry *inquiry, const struct directory_place *place,
                              const struct crash_record *record) {
    const struct directory_view *view = &place->view;
    struct control control = {.id = inquiry->id, .kind = CONTROL_ACTOR_REPORT};
    struct control_counter counters[ACTOR_REPORT_COUNTERS];
    struct control_actor_report *report = &control.actor_report;
    report->actor = (struct control_actor_status){.address = view->address,
                                                  .parent = view->parent,
                                                  .type = view->type,
                                                  .state = bytes_of_text(view->state),
                                                  .pid = view->pid};
    report->node_name = bytes_of_text(admin->config->name);
    report->light = place->light;
    report->restarts = place->restarts;
    report->secondhand = true;
    if (record) {
        actor_report_show_load(report, record->handled, &record->load, counters);
        admin_show_record(admin, record, &report->actor);
        report->actor.type = view->type.size > 0 ? view->type : bytes_of_text(record->type);
        report->exiting = record->state == CRASH_EXITING;
        report->in_hand = bytes_of_text(record->in_hand ? record->in_hand_type : "");
    }
    admin_send(admin, inquiry->asker, &control);
}

/* The page shows the first actors of a host; whoever keeps the others from answering is among them more often than not. */
static void refuse_silent(struct admin *admin, const struct inquiry *inquiry, const struct resident *host) {
    char room[TEXT_BYTES], address[MESH_ADDRESS_TEXT_BYTES];
    struct text_builder text = text_builder(room, sizeof room);
    struct crash_record record;
    text_append(&text, "its host, process %d, has not answered for 1 s", (int)host->pid);
    for (size_t i = 0; host->page && i < CRASH_PAGE_ACTORS; i++) {
        if (crash_page_actor(host->page, i, &record) && record.state == CRASH_BUSY) {
            uint64_t busy_ns = time_left(record.since_ns, process_now(admin->process));
            text_append(&text, ": the handler of %s (%s) there has been at one message for %" PRIu64 " ms",
                        mesh_address_print(record.actor, address), record.type, busy_ns / NS_PER_MS);
            break;
        }
    }
    refuse(admin, inquiry, MESH_TIMED_OUT, room);
}

/* Its host has not answered in time, or is gone. */
static void answer_for_host(struct admin *admin, const struct inquiry *inquiry, const struct directory_place *place) {
    const struct resident *host = admin_resident(admin, place->view.slot);
    struct crash_record record;
    if (!host) {
        answer_secondhand(admin, inquiry, place, NULL);
    } else if (host->page && crash_page_find(host->page, inquiry->address, &record)) {
        answer_secondhand(admin, inquiry, place, &record);
    } else {
        refuse_silent(admin, inquiry, host);
    }
}

/* ---- asking ---- */

static void free_inquiry(struct admin *admin, struct inquiry *inquiry) {
    list_remove(&inquiry->listed);
    admin->inquiries_count--;
    free(inquiry);
}

/* Sends the question on, and keeps who asked until `wait_ns` is over. */
static void send_on(struct admin *admin, const struct inquiry *wanted, const struct control *question,
                    uint64_t wait_ns) {
    struct inquiry *inquiry = admin->inquiries_count < INQUIRIES_MAX ? malloc(sizeof *inquiry) : NULL;
    if (!inquiry) {
        refuse(admin, wanted, MESH_WOULD_BLOCK, "too many questions are on their way to other nodes: ask again later");
        return;
    }
    *inquiry = *wanted;
    inquiry->own_id = ++admin->last_id;
    inquiry->until_ns = time_add(process_now(admin->process), wait_ns);
    list_node_init(&inquiry->listed);
    list_push_back(&admin->inquiries, &inquiry->listed);
    admin->inquiries_count++;
    struct control passed = *question;
    passed.id = inquiry->own_id;
    admin_send(admin, inquiry->asked, &passed);
}

static void ask(struct admin *admin, const struct inquiry *wanted, struct mesh_address asked, uint32_t hops) {
    struct inquiry inquiry = *wanted;
    inquiry.asked = asked;
    uint64_t wait_s = is_host(admin, asked) ? 1 : 1 + CONTROL_HOPS - hops;
    struct control control = {.kind = CONTROL_STATUS_REQUEST};
    control.status_request.address = inquiry.address;
    control.status_request.hops = is_host(admin, asked) ? hops : hops + 1;
    send_on(admin, &inquiry, &control, wait_s * NS_PER_S);
}

void admin_pass_on(struct admin *admin, struct mesh_address asker, struct mesh_address asked,
                   const struct control *question) {
    struct inquiry inquiry = {.asker = asker, .id = question->id, .asked = asked};
    const struct control_dismiss *dismiss = &question->dismiss;
    inquiry.farewell = question->kind == CONTROL_DISMISS &&
                       (dismiss->admin == admin->incarnation ||
                        bytes_equal(dismiss->endpoint, bytes_of_text(convention_self(admin->convention)->endpoint)));
    send_on(admin, &inquiry, question, LEADER_WAIT_NS);
}

static void pass_on(struct admin *admin, const struct inquiry *inquiry, const struct directory_place *place,
                    uint32_t hops) {
    if (place->kind == DIRECTORY_HERE && admin_resident(admin, place->view.slot)) {
        ask(admin, inquiry, address_make(admin->incarnation, place->view.slot, 0), hops);
    } else if (place->kind == DIRECTORY_HERE) {
        answer_for_host(admin, inquiry, place);
    } else if (hops < CONTROL_HOPS) {
        ask(admin, inquiry, (struct mesh_address){.node = place->admin}, hops);
    } else {
        refuse(admin, inquiry, MESH_UNREACHABLE, "the admins do not agree yet where it lives: ask again");
    }
}

/* By what is known of the address. */
static void answer(struct admin *admin, const struct inquiry *inquiry, const struct directory_place *place,
                   uint32_t hops) {
    switch (place->kind) {
    case DIRECTORY_NOWHERE:
        refuse(admin, inquiry, MESH_NOT_FOUND, "no actor has that address: it was never created, or is not yet");
        return;
    case DIRECTORY_STARTING:
        answer_secondhand(admin, inquiry, place, NULL);
        return;
    case DIRECTORY_HERE:
    case DIRECTORY_ELSEWHERE:
        pass_on(admin, inquiry, place, hops);
        return;
    case DIRECTORY_PROCESS:
        refuse(admin, inquiry, MESH_REFUSED, "that is the address of a program or a process, not of an actor");
        return;
    case DIRECTORY_CUT_OFF:
        refuse(admin, inquiry, MESH_UNREACHABLE,
               "its node is not in this convention: it has ended, or is cut off; `mesh status` shows the members");
        return;
    case DIRECTORY_ENDED:
        refuse_ended(admin, inquiry, place);
        return;
    }
}

void admin_on_inquiry(struct admin *admin, struct mesh_address asker, uint64_t id,
                      const struct control_status_request *request) {
    struct inquiry inquiry = {.asker = asker, .id = id, .address = request->address};
    struct directory_place place = directory_find(admin->directory, request->address);
    answer(admin, &inquiry, &place, request->hops);
}

/* ---- answers ---- */

void admin_on_inquiry_answer(struct admin *admin, struct mesh_address sender, const struct control *answer) {
    LIST_EACH (&admin->inquiries, node, after) {
        struct inquiry *inquiry = LIST_OWNER(node, struct inquiry, listed);
        if (inquiry->own_id == answer->id && mesh_address_equal(inquiry->asked, sender)) {
            struct control passed = *answer;
            passed.id = inquiry->id;
            if (passed.kind == CONTROL_ACTOR_REPORT && is_host(admin, sender)) {
                passed.actor_report.restarts = directory_find(admin->directory, inquiry->address).restarts;
            }
            admin_send(admin, inquiry->asker, &passed);
            free_inquiry(admin, inquiry);
            return;
        }
    }
}

static void refuse_late(struct admin *admin, const struct inquiry *inquiry) {
    char room[TEXT_BYTES];
    struct text_builder text = text_builder(room, sizeof room);
    const struct member *member = members_find(convention_members(admin->convention), inquiry->asked.node);
    text_append(&text, "node %s has not answered: see whether it runs and can be reached",
                member ? member->name : "(which has left)");
    refuse(admin, inquiry, MESH_TIMED_OUT, room);
}

void admin_lose_inquiries(struct admin *admin, uint64_t lost) {
    LIST_EACH (&admin->inquiries, node, after) {
        struct inquiry *inquiry = LIST_OWNER(node, struct inquiry, listed);
        if (inquiry->asked.node != lost) {
            continue;
        }
        if (inquiry->farewell) {
            admin_answer_done(admin, inquiry->asker, inquiry->id, MESH_OK, "");
        } else {
            refuse(admin, inquiry, MESH_UNREACHABLE, "the node that was asked has left the convention, or is lost");
        }
        free_inquiry(admin, inquiry);
    }
}

uint64_t admin_tick_inquiries(struct admin *admin, uint64_t now_ns) {
    uint64_t least_ns = TIME_NEVER;
    LIST_EACH (&admin->inquiries, node, after) {
        struct inquiry *inquiry = LIST_OWNER(node, struct inquiry, listed);
        if (now_ns < inquiry->until_ns) {
            least_ns = time_min(least_ns, inquiry->until_ns);
            continue;
        }
        struct directory_place place = directory_find(admin->directory, inquiry->address);
        if (!is_host(admin, inquiry->asked)) {
            refuse_late(admin, inquiry);
        } else if (place.kind == DIRECTORY_HERE) {
            answer_for_host(admin, inquiry, &place);
        } else { /* it has ended meanwhile, or is created anew */
            answer(admin, inquiry, &place, CONTROL_HOPS);
        }
        free_inquiry(admin, inquiry);
    }
    return least_ns;
}

void admin_free_inquiries(struct admin *admin) {
    LIST_EACH (&admin->inquiries, node, after) {
        free_inquiry(admin, LIST_OWNER(node, struct inquiry, listed));
    }
}
