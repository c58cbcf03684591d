/* What programs and actors want of the leader about guests (S2A, S2G). A node that does not lead passes it on to the one that
 * does, and its answer back.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin.h"
#include "convention/admin/config_value.h"

enum { TEXT_BYTES = 800 };

static const char *endpoint_text(struct bytes endpoint, char out[FRAME_ENDPOINT_BYTES + 1]) {
    memcpy(out, endpoint.data, endpoint.size);
    out[endpoint.size] = '\0';
    return out;
}

/* Actors do not wait for the answer, so the log has it too. */
void admin_answer_wish(struct admin *admin, struct mesh_address asker, uint64_t id, enum mesh_status status,
                       const char *text) {
    if (status != MESH_OK) {
        log_write(admin->log, MESH_LOG_WARNING, NULL, asker, "what it wants of the convention is refused: %s", text);
    }
    admin_answer_done(admin, asker, id, status, status == MESH_OK ? "" : text);
}

bool admin_leads_for(struct admin *admin, struct mesh_address asker, const struct control *control, bool passed_on) {
    if (convention_is_acting(admin->convention)) {
        return true;
    }
    uint64_t leader = convention_leader(admin->convention);
    if (passed_on || leader == 0) {
        admin_answer_wish(admin, asker, control->id, MESH_UNREACHABLE,
                          "no leader of the convention is known now: ask again when `mesh status` shows one");
    } else {
        admin_pass_on(admin, asker, (struct mesh_address){.node = leader}, control);
    }
    return false;
}

/* NULL, or what is wrong with an endpoint that a node is to be called at. */
static const char *judge(const struct admin *admin, const char *endpoint) {
    bool beyond, keyed = node_key_in(bytes_of_text(endpoint)) != NULL, curve = admin->config->security == CONFIG_CURVE;
    const char *mistake = config_read_endpoint(endpoint, false, &beyond);
    if (!mistake && curve && !keyed) {
        mistake = "names no key, which security = curve needs: write tcp://HOST:PORT/KEY";
    }
    return !mistake && keyed && !curve ? "names a key, and this node has no security = curve: remove it" : mistake;
}

void admin_on_preregister(struct admin *admin, struct mesh_address asker, const struct control *control) {
    const struct control_preregister *request = &control->preregister;
    char endpoint[FRAME_ENDPOINT_BYTES + 1], room[TEXT_BYTES];
    struct text_builder text = text_builder(room, sizeof room);
    struct control passed = *control;
    passed.preregister.passed_on = true;
    if (!admin_leads_for(admin, asker, &passed, request->passed_on)) {
        return;
    }
    const char *mistake = judge(admin, endpoint_text(request->endpoint, endpoint));
    enum mesh_status status = MESH_INVALID_ARGUMENT;
    if (mistake) {
        text_append(&text, "\"%s\" %s", endpoint, mistake);
    } else {
        status = admin_tell_convention(admin, &(struct convention_event){.kind = CONVENTION_PREREGISTER,
                                                                         .endpoint = bytes_of_text(endpoint),
                                                                         .expected = request->expected,
                                                                         .expected_count = request->expected_count});
        text_append(&text, "%s cannot be pre-registered: %s", endpoint,
                    status == MESH_INVALID_ARGUMENT ? "it is the leader itself"
                    : status == MESH_FULL           ? "as many nodes are as limits/members allows"
                                                    : mesh_status_text(status));
    }
    admin_answer_wish(admin, asker, control->id, status, room);
}

void admin_on_dismiss(struct admin *admin, struct mesh_address asker, const struct control *control) {
    const struct control_dismiss *request = &control->dismiss;
    char room[TEXT_BYTES], endpoint[FRAME_ENDPOINT_BYTES + 1], address[MESH_ADDRESS_TEXT_BYTES];
    struct text_builder text = text_builder(room, sizeof room);
    struct control passed = *control;
    passed.dismiss.passed_on = true;
    if (!admin_leads_for(admin, asker, &passed, request->passed_on)) {
        return;
    }
    endpoint_text(request->endpoint, endpoint);
    enum mesh_status status = admin_tell_convention(
        admin, &(struct convention_event){
                   .kind = CONVENTION_DISMISS, .peer = request->admin, .endpoint = bytes_of_text(endpoint)});
    const char *who =
        request->admin ? mesh_address_print((struct mesh_address){.node = request->admin}, address) : endpoint;
    text_append(&text, "%s cannot be deregistered: %s", who,
                status == MESH_INVALID_ARGUMENT ? "it is the leader itself"
                : status == MESH_NOT_FOUND ? "it is neither a member nor pre-registered; `mesh status` shows who is"
                                           : mesh_status_text(status));
    admin_answer_wish(admin, asker, control->id, status, room);
}
