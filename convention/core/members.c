/* Members: see members.h. The order of the roster matters and changes are rare, so it is an array; what comes from a member finds
 * it by its incarnation.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/core/members.h"
#include "mesh/base/check.h"
#include "mesh/base/time.h"
#include <stdlib.h>
#include <string.h>

enum mesh_status members_init(struct members *members, size_t max) {
    struct member **items = calloc(max ? max : 1, sizeof *items);
    struct member_prints *prints = calloc(max ? max : 1, sizeof *prints);
    if (!items || !prints) {
        free(items);
        free(prints);
        return MESH_NO_MEMORY;
    }
    *members = (struct members){.items = items, .prints = prints, .max = max};
    map_init(&members->by_incarnation, sizeof(uint64_t), max ? max : 1, 0);
    return MESH_OK;
}

static void member_destroy(struct member *member) { /* NULL-safe */
    if (!member) {
        return;
    }
    capability_set_fini(&member->capabilities);
    free(member->name);
    free(member->endpoint);
    free(member);
}

void members_fini(struct members *members) {
    members_free_removed(members);
    for (size_t i = 0; i < members->count; i++) {
        member_destroy(members->items[i]);
    }
    map_fini(&members->by_incarnation);
    free(members->items);
    free(members->prints);
    *members = (struct members){0};
}

/* ---- one member ---- */

static char *copy_text(struct bytes from) {
    char *text = malloc(from.size + 1);
    if (text) {
        memcpy(text, from.data, from.size);
        text[from.size] = 0;
    }
    return text;
}

static enum mesh_status text_check(struct bytes text, size_t max) {
    if (!text.size || memchr(text.data, 0, text.size)) {
        return MESH_INVALID_ARGUMENT;
    }
    return text.size > max ? MESH_TOO_LARGE : MESH_OK;
}

static void view_update(struct member *member) {
    member->view = (struct frame_member){
        .incarnation = member->incarnation,
        .name = bytes_of_text(member->name),
        .endpoint = bytes_of_text(member->endpoint),
        .capabilities_count = member->capabilities.count,
        .capabilities = member->capabilities.items,
        .actors = member->actors,
    };
}

static enum mesh_status member_new(struct member **out, uint64_t now_ns, const struct frame_member *from) {
    struct member *member = calloc(1, sizeof *member);
    if (!member) {
        return MESH_NO_MEMORY;
    }
    enum mesh_status status = capability_set_copy(&member->capabilities, from->capabilities, from->capabilities_count);
    member->name = copy_text(from->name);
    member->endpoint = copy_text(from->endpoint);
    if (status == MESH_OK && (!member->name || !member->endpoint)) {
        status = MESH_NO_MEMORY;
    }
    if (status) {
        member_destroy(member);
        return status;
    }
    member->incarnation = from->incarnation;
    member->actors = from->actors;
    member->liveness = liveness_make(now_ns);
    member->registered_ns = now_ns;
    member->answered_ns = now_ns;
    member->judgement.kind = ALARM_MEMBER;
    member->release.kind = ALARM_ROSTER;
    list_node_init(&member->change);
    view_update(member);
    *out = member;
    return MESH_OK;
}

/* FNV-1a. */
static uint64_t print_of(struct bytes text) {
    uint64_t print = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.size; i++) {
        print = (print ^ text.data[i]) * UINT64_C(0x100000001b3);
    }
    return print;
}

static size_t place_of(const struct members *members, const struct member *member) {
    size_t place = 0;
    while (place < members->count && members->items[place] != member) {
        place++;
    }
    CHECK(place < members->count);
    return place;
}

static enum mesh_status refresh_endpoint(struct members *members, struct member *member, struct bytes endpoint) {
    if (bytes_equal(bytes_of_text(member->endpoint), endpoint)) {
        return MESH_OK;
    }
    char *text = copy_text(endpoint);
    if (!text) {
        return MESH_NO_MEMORY;
    }
    free(member->endpoint);
    member->endpoint = text;
    members->prints[place_of(members, member)].endpoint = print_of(endpoint);
    return MESH_OK;
}

/* Each registration and each roster says everything once more, and nearly all of it is known. */
enum mesh_status members_refresh(struct members *members, struct member *member, const struct frame_member *from,
                                 bool *changed) {
    struct capability_set capabilities = {0};
    bool told = !capability_set_is(&member->capabilities, from->capabilities, from->capabilities_count);
    enum mesh_status status = text_check(from->endpoint, FRAME_ENDPOINT_BYTES);
    if (status == MESH_OK && told) {
        status = capability_set_copy(&capabilities, from->capabilities, from->capabilities_count);
    }
    if (status == MESH_OK) {
        status = refresh_endpoint(members, member, from->endpoint);
    }
    if (status) {
        capability_set_fini(&capabilities);
        return status;
    }
    *changed = told && !capability_set_equal(&capabilities, &member->capabilities);
    if (told) {
        capability_set_fini(&member->capabilities);
        member->capabilities = capabilities;
    }
    view_update(member);
    return MESH_OK;
}

void members_report(struct member *member, uint32_t actors) {
    member->actors = member->view.actors = actors;
    member->placed = 0;
    member->reports++;
}

/* ---- the roster ---- */

enum mesh_status members_add(struct members *members, uint64_t now_ns, const struct frame_member *from,
                             struct member **out) {
    enum mesh_status status = text_check(from->name, FRAME_NAME_BYTES);
    if (status == MESH_OK) {
        status = text_check(from->endpoint, FRAME_ENDPOINT_BYTES);
    }
    if (status == MESH_OK && !from->incarnation) {
        status = MESH_INVALID_ARGUMENT;
    }
    if (status == MESH_OK && members_find(members, from->incarnation)) {
        status = MESH_EXISTS;
    }
    if (status == MESH_OK && members->count == members->max) {
        status = MESH_FULL;
    }
    struct member *member = NULL;
    if (status == MESH_OK) {
        status = member_new(&member, now_ns, from);
    }
    if (status == MESH_OK) {
        status = map_put(&members->by_incarnation, &member->incarnation, member);
    }
    if (status) {
        member_destroy(member);
        return status;
    }
    members->prints[members->count] = (struct member_prints){print_of(from->name), print_of(from->endpoint)};
    members->items[members->count++] = member;
    *out = member;
    return MESH_OK;
}

void members_remove(struct members *members, struct member *member) {
    size_t place = place_of(members, member);
    (void)map_remove(&members->by_incarnation, &member->incarnation);
    members->count--;
    size_t behind = members->count - place;
    list_remove(&member->change);
    memmove(members->items + place, members->items + place + 1, behind * sizeof *members->items);
    memmove(members->prints + place, members->prints + place + 1, behind * sizeof *members->prints);
    member->next_removed = members->removed;
    members->removed = member;
}

void members_free_removed(struct members *members) {
    while (members->removed) {
        struct member *member = members->removed;
        members->removed = member->next_removed;
        member_destroy(member);
    }
}

struct member *members_find(const struct members *members, uint64_t incarnation) {
    return map_get(&members->by_incarnation, &incarnation);
}

struct member *members_find_name(const struct members *members, struct bytes name) {
    uint64_t print = print_of(name);
    for (size_t i = 0; i < members->count; i++) {
        if (members->prints[i].name == print && bytes_equal(members->items[i]->view.name, name)) {
            return members->items[i];
        }
    }
    return NULL;
}

struct member *members_find_endpoint(const struct members *members, struct bytes endpoint) {
    uint64_t print = print_of(endpoint);
    for (size_t i = 0; i < members->count; i++) {
        if (members->prints[i].endpoint == print && bytes_equal(members->items[i]->view.endpoint, endpoint)) {
            return members->items[i];
        }
    }
    return NULL;
}
