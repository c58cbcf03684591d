/* The comparison of frames and control messages, without protobuf and without the codec.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/wire_same.h"

/* Whether two lists, `items` with their `count`, are the same item by item. */
#define SAME_LIST(a, b, count, items, same)                                                                            \
    do {                                                                                                               \
        if ((a)->count != (b)->count) {                                                                                \
            return false;                                                                                              \
        }                                                                                                              \
        for (size_t i = 0; i < (a)->count; i++) {                                                                      \
            if (!same(&(a)->items[i], &(b)->items[i])) {                                                               \
                return false;                                                                                          \
            }                                                                                                          \
        }                                                                                                              \
    } while (0)

static bool same_bytes(const struct bytes *a, const struct bytes *b) {
    return bytes_equal(*a, *b);
}

static bool same_number(const uint64_t *a, const uint64_t *b) {
    return *a == *b;
}

/* The same bits: a NaN is itself, and the two zeros differ. */
static bool same_real(double a, double b) {
    const union {
        double real;
        uint64_t bits;
    } first = {a}, second = {b};
    return first.bits == second.bits;
}

static bool same_value(const struct frame_value *a, const struct frame_value *b) {
    return a->kind == b->kind && a->flag == b->flag && a->integer == b->integer && same_real(a->real, b->real) &&
           bytes_equal(a->bytes, b->bytes);
}

static bool same_capability(const struct frame_capability *a, const struct frame_capability *b) {
    SAME_LIST(a, b, values_count, values, same_value);
    return bytes_equal(a->name, b->name) && a->list == b->list;
}

static bool same_requirement(const struct frame_requirement *a, const struct frame_requirement *b) {
    SAME_LIST(a, b, values_count, values, same_value);
    return bytes_equal(a->name, b->name) && a->comparison == b->comparison;
}

static bool same_member(const struct frame_member *a, const struct frame_member *b) {
    SAME_LIST(a, b, capabilities_count, capabilities, same_capability);
    return a->incarnation == b->incarnation && bytes_equal(a->name, b->name) && bytes_equal(a->endpoint, b->endpoint) &&
           a->actors == b->actors;
}

static bool same_run(const struct frame_run *a, const struct frame_run *b) {
    SAME_LIST(a, b, count, payloads, same_bytes);
    return mesh_address_equal(a->sender, b->sender) && mesh_address_equal(a->target, b->target) &&
           a->epoch == b->epoch && a->first == b->first && a->base == b->base && a->ask == b->ask &&
           mesh_address_equal(a->asker, b->asker) && a->probe == b->probe && a->kind == b->kind &&
           a->ttl_ms == b->ttl_ms && a->flags == b->flags && a->total == b->total && a->offset == b->offset &&
           bytes_equal(a->type, b->type) && !a->parts == !b->parts;
}

static bool same_exception(const struct frame_exception *a, const struct frame_exception *b) {
    return a->seq == b->seq && a->outcome == b->outcome && a->reason == b->reason &&
           a->maybe_handled == b->maybe_handled && bytes_equal(a->text, b->text);
}

static bool same_range(const struct frame_range *a, const struct frame_range *b) {
    return a->first == b->first && a->last == b->last;
}

static bool same_ack(const struct frame_ack *a, const struct frame_ack *b) {
    SAME_LIST(a, b, ahead_count, ahead, same_range);
    SAME_LIST(a, b, exceptions_count, exceptions, same_exception);
    return mesh_address_equal(a->sender, b->sender) && mesh_address_equal(a->target, b->target) &&
           a->epoch == b->epoch && a->received == b->received && a->handled == b->handled &&
           a->listed_from == b->listed_from && a->credit_seq == b->credit_seq && a->credit_bytes == b->credit_bytes &&
           a->echo == b->echo && a->flags == b->flags;
}

static bool same_batch(const struct frame_batch *a, const struct frame_batch *b) {
    SAME_LIST(a, b, runs_count, runs, same_run);
    SAME_LIST(a, b, acks_count, acks, same_ack);
    return true;
}

static bool same_limits(const struct frame_limits *a, const struct frame_limits *b) {
    return a->window_messages == b->window_messages && a->window_bytes == b->window_bytes &&
           a->mailbox_messages == b->mailbox_messages && a->mailbox_bytes == b->mailbox_bytes &&
           a->message_bytes == b->message_bytes;
}

static bool same_hello(const struct frame_hello *a, const struct frame_hello *b) {
    return a->role == b->role && a->node == b->node && bytes_equal(a->node_name, b->node_name) && a->slot == b->slot &&
           bytes_equal(a->endpoint, b->endpoint) && a->pid == b->pid && a->last_seen == b->last_seen &&
           bytes_equal(a->refusal, b->refusal) && same_limits(&a->limits, &b->limits);
}

static bool same_guest(const struct frame_guest *a, const struct frame_guest *b) {
    SAME_LIST(a, b, expected_count, expected, same_requirement);
    return bytes_equal(a->endpoint, b->endpoint);
}

static bool same_registered(const struct frame_registered *a, const struct frame_registered *b) {
    SAME_LIST(a, b, members_count, members, same_member);
    SAME_LIST(a, b, guests_count, guests, same_guest);
    return a->epoch == b->epoch && a->number == b->number && a->trust == b->trust && a->part == b->part &&
           a->more == b->more && same_member(&a->leader, &b->leader);
}

static bool same_roster(const struct frame_roster *a, const struct frame_roster *b) {
    SAME_LIST(a, b, joined_count, joined, same_member);
    SAME_LIST(a, b, left_count, left, same_number);
    return a->epoch == b->epoch && a->number == b->number && a->since == b->since;
}

static bool same_text(const struct bytes *a, const struct bytes *b) {
    return bytes_equal(*a, *b);
}

static bool same_invite(const struct frame_invite *a, const struct frame_invite *b) {
    SAME_LIST(a, b, leaders_count, leaders, same_text);
    return same_member(&a->leader, &b->leader);
}

static bool same_key(const struct frame_trusted *a, const struct frame_trusted *b) {
    return memcmp(a->key, b->key, sizeof a->key) == 0 && a->stamp == b->stamp && a->revoked == b->revoked &&
           strcmp(a->pattern, b->pattern) == 0;
}

static bool same_trust(const struct frame_trust *a, const struct frame_trust *b) {
    SAME_LIST(a, b, keys_count, keys, same_key);
    return true;
}

/* What is passed on is the very same. */
static bool same_forward(const struct frame_forward *a, const struct frame_forward *b) {
    for (size_t i = 0; i < a->parts_count && a->parts_count == b->parts_count; i++) {
        if (!bytes_equal(a->parts[i]->bytes, b->parts[i]->bytes)) {
            return false;
        }
    }
    return a->parts_count == b->parts_count && a->origin == b->origin && a->origin_node == b->origin_node &&
           a->origin_slot == b->origin_slot && bytes_equal(a->origin_endpoint, b->origin_endpoint) &&
           a->target == b->target && a->target_node == b->target_node && a->number == b->number && a->hops == b->hops;
}

static bool same_passage(const struct frame_passage *a, const struct frame_passage *b) {
    return a->origin == b->origin && a->origin_node == b->origin_node && a->target == b->target &&
           a->number == b->number && a->way == b->way;
}

bool wire_same_frame(const struct frame *a, const struct frame *b) {
    if (a->from != b->from || a->to != b->to || a->body != b->body) {
        return false;
    }
    switch (a->body) {
    case FRAME_HELLO:
        return same_hello(&a->hello, &b->hello);
    case FRAME_BATCH:
        return same_batch(&a->batch, &b->batch);
    case FRAME_HEARTBEAT:
        return a->heartbeat.epoch == b->heartbeat.epoch && a->heartbeat.acting == b->heartbeat.acting &&
               a->heartbeat.order == b->heartbeat.order;
    case FRAME_STALE:
        return a->stale.meant == b->stale.meant;
    case FRAME_REGISTER:
        return same_member(&a->registration.member, &b->registration.member) &&
               a->registration.first_time == b->registration.first_time &&
               a->registration.invited == b->registration.invited && a->registration.place == b->registration.place &&
               a->registration.places == b->registration.places && a->registration.trust == b->registration.trust;
    case FRAME_REGISTERED:
        return same_registered(&a->registered, &b->registered);
    case FRAME_ROSTER:
        return same_roster(&a->roster, &b->roster);
    case FRAME_DEREGISTER:
        return bytes_equal(a->deregister.reason, b->deregister.reason) &&
               a->deregister.dismissed == b->deregister.dismissed;
    case FRAME_INVITE:
        return same_invite(&a->invite, &b->invite);
    case FRAME_FORWARD:
        return same_forward(&a->forward, &b->forward);
    case FRAME_PASSAGE:
        return same_passage(&a->passage, &b->passage);
    case FRAME_TRUST:
        return same_trust(&a->trust, &b->trust);
    }
    return false;
}

static bool same_create(const struct control_create *a, const struct control_create *b) {
    SAME_LIST(a, b, requirements_count, requirements, same_requirement);
    SAME_LIST(a, b, refused_count, refused_by, same_number);
    if (a->creators_count != b->creators_count) {
        return false;
    }
    return mesh_address_equal(a->address, b->address) && mesh_address_equal(a->parent, b->parent) &&
           bytes_equal(a->type, b->type) && bytes_equal(a->program, b->program) && a->status == b->status &&
           bytes_equal(a->refusal, b->refusal) && a->supervision.on_failure == b->supervision.on_failure &&
           a->supervision.restarts_max == b->supervision.restarts_max &&
           a->supervision.within_ms == b->supervision.within_ms && a->detached == b->detached &&
           bytes_equal(a->name, b->name) && a->name_epoch == b->name_epoch && bytes_equal(a->source, b->source) &&
           a->source_load == b->source_load && a->source_unloaded == b->source_unloaded &&
           a->source_from == b->source_from;
}

static bool same_created(const struct control_created *a, const struct control_created *b) {
    return mesh_address_equal(a->address, b->address) && a->process == b->process && a->admin == b->admin &&
           bytes_equal(a->endpoint, b->endpoint) && a->detached == b->detached;
}

static bool same_create_failed(const struct control_create_failed *a, const struct control_create_failed *b) {
    return mesh_address_equal(a->address, b->address) && a->status == b->status && bytes_equal(a->text, b->text);
}

static bool same_resolved(const struct control_resolved *a, const struct control_resolved *b) {
    return mesh_address_equal(a->address, b->address) && mesh_address_equal(a->sender, b->sender) &&
           a->process == b->process && bytes_equal(a->endpoint, b->endpoint) && a->life == b->life &&
           a->floors_known == b->floors_known && a->epoch == b->epoch && a->handled == b->handled &&
           a->in_hand == b->in_hand && bytes_equal(a->text, b->text);
}

static bool same_gone(const struct control_gone *a, const struct control_gone *b) {
    return mesh_address_equal(a->address, b->address) && mesh_address_equal(a->sender, b->sender) &&
           a->reason == b->reason && bytes_equal(a->text, b->text) && a->floors_known == b->floors_known &&
           a->epoch == b->epoch && a->handled == b->handled && a->in_hand == b->in_hand;
}

static bool same_exited(const struct control_exited *a, const struct control_exited *b) {
    return mesh_address_equal(a->address, b->address) && a->how == b->how && a->number == b->number &&
           bytes_equal(a->text, b->text) && a->failed == b->failed && a->escalates == b->escalates &&
           a->alone == b->alone;
}

static bool same_type(const struct control_type *a, const struct control_type *b) {
    SAME_LIST(a, b, requirements_count, requirements, same_requirement);
    return bytes_equal(a->name, b->name) && a->light == b->light;
}

static bool same_types(const struct control_types *a, const struct control_types *b) {
    SAME_LIST(a, b, count, types, same_type);
    return bytes_equal(a->program, b->program);
}

static bool same_actor(const struct control_actor_status *a, const struct control_actor_status *b) {
    return mesh_address_equal(a->address, b->address) && mesh_address_equal(a->parent, b->parent) &&
           bytes_equal(a->type, b->type) && bytes_equal(a->state, b->state) && a->pid == b->pid &&
           a->mailbox == b->mailbox && a->handled == b->handled && a->busy_ms == b->busy_ms &&
           a->unsettled == b->unsettled && a->children_count == b->children_count;
}

static bool same_counter(const struct control_counter *a, const struct control_counter *b) {
    return bytes_equal(a->name, b->name) && a->value == b->value;
}

static bool same_member_status(const struct control_member_status *a, const struct control_member_status *b) {
    return bytes_equal(a->name, b->name) && bytes_equal(a->endpoint, b->endpoint) && bytes_equal(a->state, b->state) &&
           a->silent_ms == b->silent_ms && a->incarnation == b->incarnation;
}

static bool same_held(const struct control_held_name *a, const struct control_held_name *b) {
    return bytes_equal(a->name, b->name) && mesh_address_equal(a->address, b->address) && a->epoch == b->epoch;
}

static bool same_names_held(const struct control_names_held *a, const struct control_names_held *b) {
    SAME_LIST(a, b, count, names, same_held);
    return a->epoch == b->epoch && a->first == b->first && a->last == b->last;
}

static bool same_grant(const struct control_name_grant *a, const struct control_name_grant *b) {
    return bytes_equal(a->name, b->name) && a->epoch == b->epoch && a->status == b->status &&
           bytes_equal(a->text, b->text) && mesh_address_equal(a->address, b->address) && a->admin == b->admin;
}

static bool same_address(const struct mesh_address *a, const struct mesh_address *b) {
    return mesh_address_equal(*a, *b);
}

static bool same_source_status(const struct control_source_status *a, const struct control_source_status *b) {
    return bytes_equal(a->hash, b->hash) && bytes_equal(a->info, b->info) && bytes_equal(a->state, b->state) &&
           a->size == b->size && a->load == b->load && a->processes == b->processes;
}

static bool same_source(const struct control_source *a, const struct control_source *b) {
    return a->what == b->what && bytes_equal(a->hash, b->hash) && a->size == b->size && a->offset == b->offset &&
           a->load == b->load && a->number == b->number && mesh_address_equal(a->actor, b->actor) &&
           a->flag == b->flag && bytes_equal(a->text, b->text) && bytes_equal(a->data, b->data);
}

static bool same_node(const struct control_node_status *a, const struct control_node_status *b) {
    SAME_LIST(a, b, actors_count, actors, same_actor);
    SAME_LIST(a, b, counters_count, counters, same_counter);
    SAME_LIST(a, b, members_count, members, same_member_status);
    SAME_LIST(a, b, names_count, names, same_held);
    SAME_LIST(a, b, watchers_count, watchers, same_address);
    SAME_LIST(a, b, sources_count, sources, same_source_status);
    return same_member(&a->member, &b->member) && a->acting == b->acting && a->leader == b->leader &&
           a->uptime_ms == b->uptime_ms && a->pid == b->pid && bytes_equal(a->note, b->note) &&
           mesh_address_equal(a->authority, b->authority);
}

static bool same_status_reply(const struct control_status_reply *a, const struct control_status_reply *b) {
    SAME_LIST(a, b, nodes_count, nodes, same_node);
    return true;
}

static bool same_status_request(const struct control_status_request *a, const struct control_status_request *b) {
    return a->whole_convention == b->whole_convention && mesh_address_equal(a->address, b->address) &&
           a->hops == b->hops && a->brief == b->brief && bytes_equal(a->name, b->name);
}

static bool same_actor_report(const struct control_actor_report *a, const struct control_actor_report *b) {
    SAME_LIST(a, b, children_listed, children, same_address);
    SAME_LIST(a, b, counters_count, counters, same_counter);
    return same_actor(&a->actor, &b->actor) && bytes_equal(a->node_name, b->node_name) &&
           bytes_equal(a->in_hand, b->in_hand) && a->light == b->light && a->exiting == b->exiting &&
           a->restarts == b->restarts && a->secondhand == b->secondhand && a->mailbox_bytes == b->mailbox_bytes &&
           a->unsettled_bytes == b->unsettled_bytes && a->streams_out == b->streams_out &&
           a->streams_in == b->streams_in && a->timers == b->timers && a->watched == b->watched;
}

static bool same_letter(const struct control_dead_letter *a, const struct control_dead_letter *b) {
    return mesh_address_equal(a->handler, b->handler) && mesh_address_equal(a->target, b->target) &&
           mesh_address_equal(a->sender, b->sender) && a->reason == b->reason && a->maybe_handled == b->maybe_handled &&
           bytes_equal(a->type, b->type) && bytes_equal(a->payload, b->payload) && bytes_equal(a->text, b->text) &&
           a->payload_bytes == b->payload_bytes && a->ask == b->ask && a->returned == b->returned;
}

static bool same_handler(const struct control_dead_letter_handler *a, const struct control_dead_letter_handler *b) {
    return mesh_address_equal(a->handler, b->handler) && mesh_address_equal(a->process, b->process) &&
           a->registered == b->registered;
}

static bool same_preregister(const struct control_preregister *a, const struct control_preregister *b) {
    SAME_LIST(a, b, expected_count, expected, same_requirement);
    return bytes_equal(a->endpoint, b->endpoint) && a->passed_on == b->passed_on;
}

static bool same_freed(const struct control_name_freed *a, const struct control_name_freed *b) {
    return bytes_equal(a->name, b->name) && mesh_address_equal(a->address, b->address) && a->admin == b->admin;
}

static bool same_capabilities(const struct control_capabilities *a, const struct control_capabilities *b) {
    SAME_LIST(a, b, count, items, same_capability);
    return true;
}

static bool same_member_key(const struct control_member_key *a, const struct control_member_key *b) {
    return same_key(&a->word, &b->word) && a->force == b->force && a->passed_on == b->passed_on;
}

static bool same_update(const struct control_member_update *a, const struct control_member_update *b) {
    return mesh_address_equal(a->watcher, b->watcher) && same_member(&a->member, &b->member) && a->added == b->added &&
           bytes_equal(a->text, b->text);
}

static bool same_resolve(const struct control_resolve *a, const struct control_resolve *b) {
    return mesh_address_equal(a->address, b->address) && mesh_address_equal(a->sender, b->sender);
}

static bool same_dismiss(const struct control_dismiss *a, const struct control_dismiss *b) {
    return bytes_equal(a->endpoint, b->endpoint) && a->admin == b->admin && a->passed_on == b->passed_on;
}

static bool same_check(const struct control_check *a, const struct control_check *b) {
    SAME_LIST(a, b, capabilities_count, capabilities, same_capability);
    SAME_LIST(a, b, requirements_count, requirements, same_requirement);
    return mesh_address_equal(a->address, b->address);
}

static bool same_watch_members(const struct control_watch_members *a, const struct control_watch_members *b) {
    return mesh_address_equal(a->actor, b->actor) && a->on == b->on;
}

static bool same_log_lines(const struct control_log_lines *a, const struct control_log_lines *b) {
    bool same = a->lost == b->lost && a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = bytes_equal(a->lines[i], b->lines[i]);
    }
    return same;
}

static bool same_log_request(const struct control_log_request *a, const struct control_log_request *b) {
    return bytes_equal(a->node, b->node) && a->level == b->level && a->file == b->file && a->offset == b->offset &&
           a->wait_ms == b->wait_ms && a->passed_on == b->passed_on;
}

static bool same_log(const struct control *a, const struct control *b) {
    if (a->kind == CONTROL_LOG_LINES) {
        return same_log_lines(&a->log_lines, &b->log_lines);
    }
    if (a->kind == CONTROL_LOG_REQUEST) {
        return same_log_request(&a->log_request, &b->log_request);
    }
    const struct control_log_reply *one = &a->log_reply, *other = &b->log_reply;
    return bytes_equal(one->node, other->node) && one->file == other->file && one->offset == other->offset &&
           one->end == other->end && one->skipped == other->skipped && bytes_equal(one->note, other->note) &&
           same_log_lines(&(struct control_log_lines){.count = one->count, .lines = one->lines},
                          &(struct control_log_lines){.count = other->count, .lines = other->lines});
}

static bool same_unreached(const struct control_unreached *a, const struct control_unreached *b) {
    return bytes_equal(a->endpoint, b->endpoint) && bytes_equal(a->text, b->text);
}

static bool same_name_taken(const struct control_name_taken *a, const struct control_name_taken *b) {
    return bytes_equal(a->name, b->name) && mesh_address_equal(a->address, b->address);
}

static bool same_of_guest(const struct control *a, const struct control *b) {
    return a->kind == CONTROL_DISMISS ? same_dismiss(&a->dismiss, &b->dismiss)
                                      : same_preregister(&a->preregister, &b->preregister);
}

static bool same_names(const struct control *a, const struct control *b) {
    if (a->kind == CONTROL_NAME_REQUEST) {
        return bytes_equal(a->name_request.name, b->name_request.name);
    }
    if (a->kind == CONTROL_NAME_GRANT) {
        return same_grant(&a->name_grant, &b->name_grant);
    }
    if (a->kind == CONTROL_NAMES_HELD) {
        return same_names_held(&a->names_held, &b->names_held);
    }
    if (a->kind == CONTROL_NAME_FREED) {
        return same_freed(&a->name_freed, &b->name_freed);
    }
    return a->kind == CONTROL_NAMES_WANTED ? a->names_wanted.epoch == b->names_wanted.epoch
                                           : same_name_taken(&a->name_taken, &b->name_taken);
}

static bool same_dead_letters(const struct control *a, const struct control *b) {
    return a->kind == CONTROL_DEAD_LETTER ? same_letter(&a->dead_letter, &b->dead_letter)
                                          : same_handler(&a->dead_letter_handler, &b->dead_letter_handler);
}

bool wire_same_control(const struct control *a, const struct control *b) {
    if (a->id != b->id || a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case CONTROL_CREATE:
        return same_create(&a->create, &b->create);
    case CONTROL_CREATED:
        return same_created(&a->created, &b->created);
    case CONTROL_CREATE_FAILED:
        return same_create_failed(&a->create_failed, &b->create_failed);
    case CONTROL_RESOLVE:
        return same_resolve(&a->resolve, &b->resolve);
    case CONTROL_RESOLVED:
        return same_resolved(&a->resolved, &b->resolved);
    case CONTROL_GONE:
        return same_gone(&a->gone, &b->gone);
    case CONTROL_EXITED:
        return same_exited(&a->exited, &b->exited);
    case CONTROL_STATUS_REQUEST:
        return same_status_request(&a->status_request, &b->status_request);
    case CONTROL_STATUS_REPLY:
        return same_status_reply(&a->status_reply, &b->status_reply);
    case CONTROL_SHUTDOWN:
        return a->shutdown.timeout_ms == b->shutdown.timeout_ms;
    case CONTROL_PROGRAM_TYPES:
        return same_types(&a->types, &b->types);
    case CONTROL_KILL:
        return mesh_address_equal(a->kill.address, b->kill.address);
    case CONTROL_DONE:
        return a->done.status == b->done.status && bytes_equal(a->done.text, b->done.text);
    case CONTROL_DEAD_LETTER_HANDLER:
    case CONTROL_DEAD_LETTER:
        return same_dead_letters(a, b);
    case CONTROL_ACTOR_REPORT:
        return same_actor_report(&a->actor_report, &b->actor_report);
    case CONTROL_PREREGISTER:
    case CONTROL_DISMISS:
        return same_of_guest(a, b);
    case CONTROL_WATCH_MEMBERS:
        return same_watch_members(&a->watch_members, &b->watch_members);
    case CONTROL_NAME_REQUEST:
    case CONTROL_NAME_GRANT:
    case CONTROL_NAMES_HELD:
    case CONTROL_NAME_FREED:
    case CONTROL_NAMES_WANTED:
    case CONTROL_NAME_TAKEN:
        return same_names(a, b);
    case CONTROL_CHECK:
        return same_check(&a->check, &b->check);
    case CONTROL_CAPABILITIES:
        return same_capabilities(&a->capabilities, &b->capabilities);
    case CONTROL_MEMBER_KEY:
        return same_member_key(&a->member_key, &b->member_key);
    case CONTROL_LOG_LINES:
    case CONTROL_LOG_REQUEST:
    case CONTROL_LOG_REPLY:
        return same_log(a, b);
    case CONTROL_UNREACHED:
        return same_unreached(&a->unreached, &b->unreached);
    case CONTROL_SOURCE:
        return same_source(&a->source, &b->source);
    case CONTROL_MEMBER_UPDATE:
        return same_update(&a->member_update, &b->member_update);
    case CONTROL_KEYS_CHANGED:
    case CONTROL_MET:
        break; /* it says no more */
    }
    return true;
}
