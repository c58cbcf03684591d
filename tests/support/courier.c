/* Couriers: actors that send each other numbered parcels, and account for what they got.
 *
 * Told by text: "send ADDRESS COUNT BYTES" begins, in the background, and answers "sending"; "account" answers how many parcels were
 * accepted of those to be sent, how many came, and how many of these were not the next one of their sender; "hold MILLISECONDS" keeps
 * the handler busy for that long.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <mesh/mesh.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENDERS = 16, TURN = 256, PAUSE_MS = 10, PARCEL_BYTES = 65536 };

struct sender {
    struct mesh_address address;
    uint64_t next;
};

struct courier {
    struct mesh_address target;
    uint64_t number, count; /* of the next parcel to send, and of all */
    size_t bytes;
    uint64_t accepted, got, wrong;
    struct sender senders[SENDERS];
};

static enum mesh_verdict verdict_of(enum mesh_status status) {
    return status == MESH_OK ? MESH_DONE : MESH_FAILED;
}

/* Sends some, and goes on by a wake-up, so that it hears others in between. */
static enum mesh_verdict go_on(struct mesh_actor *self, struct courier *courier) {
    static uint8_t parcel[PARCEL_BYTES];
    const struct mesh_send_options options = {.no_wait = true};
    enum mesh_status status = MESH_OK;
    for (int i = 0; i < TURN && courier->number < courier->count && status == MESH_OK; i++) {
        memcpy(parcel, &courier->number, sizeof courier->number);
        status = mesh_send_with(self, courier->target, "parcel", parcel, courier->bytes, &options);
        courier->number += status == MESH_OK;
        courier->accepted += status == MESH_OK;
    }
    if (status != MESH_OK && status != MESH_WOULD_BLOCK) {
        return mesh_fail(self, "a parcel is not accepted: %s", mesh_status_text(status));
    }
    bool more = courier->number < courier->count;
    return more ? verdict_of(mesh_wakeup(self, status == MESH_OK ? 0 : PAUSE_MS, NULL, 0, NULL)) : MESH_DONE;
}

static enum mesh_verdict begin(struct mesh_actor *self, const struct mesh_message *message, struct courier *courier,
                               const char *text) {
    char address[MESH_ADDRESS_TEXT_BYTES];
    unsigned long long count;
    size_t bytes;
    if (sscanf(text, "send %39s %llu %zu", address, &count, &bytes) != 3 || bytes < sizeof courier->number ||
        bytes > PARCEL_BYTES || mesh_address_parse(address, &courier->target) != MESH_OK) {
        return mesh_fail(self, "\"%s\" is not: send ADDRESS COUNT BYTES", text);
    }
    courier->number = 0;
    courier->count = count;
    courier->bytes = bytes;
    enum mesh_verdict verdict = go_on(self, courier);
    return verdict == MESH_DONE ? verdict_of(mesh_reply_text(self, message, "sending")) : verdict;
}

static void take_parcel(struct courier *courier, const struct mesh_message *message) {
    struct mesh_address from = mesh_message_sender(message);
    size_t at = 0;
    uint64_t number;
    while (at < SENDERS - 1 && !mesh_address_equal(courier->senders[at].address, from) &&
           !mesh_address_is_none(courier->senders[at].address)) {
        at++;
    }
    struct sender *sender = &courier->senders[at];
    size_t bytes;
    memcpy(&number, mesh_message_data(message, &bytes), sizeof number);
    sender->next = number == 0 ? 0 : sender->next; /* it has begun anew */
    sender->address = from;
    courier->wrong += number != sender->next;
    sender->next = number + 1;
    courier->got++;
}

static enum mesh_verdict obey(struct mesh_actor *self, const struct mesh_message *message, struct courier *courier) {
    const char *text = mesh_message_text(message);
    if (!text) {
        take_parcel(courier, message);
        return MESH_DONE;
    }
    if (strncmp(text, "send ", 5) == 0) {
        return begin(self, message, courier, text);
    }
    if (strncmp(text, "hold ", 5) == 0) {
        (void)poll(NULL, 0, (int)strtol(text + 5, NULL, 10));
        return verdict_of(mesh_reply_text(self, message, "held"));
    }
    return verdict_of(mesh_reply_text(self, message, "accepted %llu of %llu, got %llu, wrong %llu",
                                      (unsigned long long)courier->accepted, (unsigned long long)courier->count,
                                      (unsigned long long)courier->got, (unsigned long long)courier->wrong));
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    switch (mesh_message_kind(message)) {
    case MESH_USER:
        return obey(self, message, state);
    case MESH_WAKEUP:
        return go_on(self, state);
    case MESH_CHILD_EXITED:
    case MESH_POISON:
    case MESH_EXIT_REQUEST:
    case MESH_DEAD_LETTER:
    case MESH_WATCH:
    case MESH_REPORT:
    case MESH_UPDATE:
    case MESH_CHECK:
    case MESH_BEGIN:
    case MESH_END:
    case MESH_SOURCE:
    case MESH_VALIDATE:
        break;
    }
    return MESH_DONE;
}

static const struct mesh_type courier = {.name = "courier", .state_bytes = sizeof(struct courier), .receive = receive};

MESH_MODULE(&courier);
