/* Loadable sources on a leader and a member: judged, loaded, run, fetched, unloaded (J1 to J7, C2, K1).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/system/nodes.h"
#include "tests/system/source_types.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct node one, two;
static const struct mesh_type *const types[] = {&authority_type, &watcher_type, NULL};

/* ---- bundles ---- */

struct bundle {
    void *data;
    size_t bytes;
    char hash[MESH_SOURCE_HASH_TEXT];
};

static struct bundle greeting_one, greeting_two;

static struct bundle pack(const char *which) {
    struct bundle bundle;
    char library[300], module[300];
    (void)snprintf(library, sizeof library, TEST_SOURCES "/%s/libgreeting.so", which);
    (void)snprintf(module, sizeof module, TEST_SOURCES "/%s/source.so", which);
    const char *const paths[] = {library, module};
    struct mesh_error error = {0};
    EXPECT(mesh_source_pack(paths, 2, &bundle.data, &bundle.bytes, &error) == MESH_OK);
    (void)mesh_source_hash(bundle.data, bundle.bytes, bundle.hash);
    return bundle;
}

static enum mesh_status load(struct node *node, const struct bundle *bundle, struct mesh_error *error) {
    return mesh_node_load_source(node->handle, bundle->data, bundle->bytes, "greeting", WAIT_MS, error);
}

static enum mesh_status create(struct node *node, const char *type, const char *hash, const char *place,
                               struct mesh_address *out, struct mesh_error *error) {
    struct mesh_requirement there = {place, MESH_PRESENT, NULL};
    struct mesh_create_options options = {
        .source = hash, .requirements = place ? &there : NULL, .requirements_count = place ? 1 : 0};
    return mesh_node_create(node->handle, type, &options, out, error);
}

static struct mesh_address make(struct node *node, const char *type, const char *hash, const char *place) {
    struct mesh_address address;
    struct mesh_error error = {0};
    if (create(node, type, hash, place, &address, &error) != MESH_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    return address;
}

static const struct mesh_source_report *find(const struct mesh_report *report, const char *hash) {
    for (size_t i = 0; i < report->nodes[0].sources_count; i++) {
        if (strcmp(report->nodes[0].sources[i].hash, hash) == 0) {
            return &report->nodes[0].sources[i];
        }
    }
    return NULL;
}

static bool has(struct node *node, const char *hash) {
    struct mesh_report *report = NULL;
    EXPECT(mesh_node_report(node->handle, false, WAIT_MS, &report, NULL) == MESH_OK);
    bool found = find(report, hash) != NULL;
    mesh_report_release(&report);
    return found;
}

/* The answer becomes that, in time. */
static void await(struct node *node, struct mesh_address actor, const char *question, const char *answer) {
    long until_ms = node_now_ms() + WAIT_MS;
    while (!strstr(node_ask(node, actor, question), answer)) {
        EXPECT(node_now_ms() < until_ms);
        node_pause();
    }
}

static void end(struct node *node, struct mesh_address actor) {
    struct mesh_actor_report seen;
    EXPECT(mesh_node_request_exit(node->handle, actor, false) == MESH_OK);
    while (node_actor(node, actor, &seen)) {
        node_pause();
    }
}

/* ---- one node ---- */

static void J2_without_an_authority_nothing_is_loaded(void) {
    struct mesh_error error;
    struct mesh_address address;
    EXPECT(load(&one, &greeting_one, &error) == MESH_REFUSED);
    EXPECT(strstr(error.text, "no Source Authority"));
    EXPECT(create(&one, "source.plain", greeting_one.hash, NULL, &address, &error) == MESH_UNKNOWN_SOURCE);
    EXPECT(strstr(error.text, "source.plain") && strstr(error.text, "is not loaded"));
}

static void J1_J3_a_loaded_source_brings_types(void) {
    struct mesh_error error = {0};
    struct mesh_address child, address;
    EXPECT(load(&one, &greeting_one, &error) == MESH_OK);
    EXPECT(load(&one, &greeting_one, &error) == MESH_OK);
    struct mesh_address actor = make(&one, "source.plain", greeting_one.hash, NULL);
    EXPECT(strcmp(node_ask(&one, actor, "who"), "one one") == 0);
    EXPECT(mesh_address_parse(node_ask(&one, actor, "create source.plain"), &child) == MESH_OK);
    EXPECT(strcmp(node_ask(&one, child, "who"), "one one") == 0);
    EXPECT(mesh_address_parse(node_ask(&one, actor, "none source.plain"), &child) == MESH_OK);
    await(&one, actor, "ended", "no module brings the actor type 'source.plain'");
    EXPECT(create(&one, "source.other", greeting_one.hash, NULL, &address, &error) == MESH_UNKNOWN_TYPE);
    EXPECT(create(&one, "source.plain", NULL, NULL, &address, &error) == MESH_UNKNOWN_TYPE);
    end(&one, actor);
}

static void K1_the_status_shows_sources(void) {
    struct mesh_report *report = NULL;
    struct mesh_address actor = make(&one, "source.plain", greeting_one.hash, NULL);
    EXPECT(mesh_node_report(one.handle, false, WAIT_MS, &report, NULL) == MESH_OK);
    const struct mesh_source_report *source = find(report, greeting_one.hash);
    EXPECT(source && strcmp(source->info, "greeting") == 0 && strcmp(source->state, "loaded") == 0);
    EXPECT(source->bytes == greeting_one.bytes && source->processes == 1);
    mesh_report_release(&report);
    end(&one, actor);
}

/* As many light ones of each as there are hosts of one pool, so that a pool that they shared would have them all in its first two. */
static void J7_equal_names_do_not_touch_each_other(void) {
    static const char *const names[] = {"source.plain", "source.plain", "source.light", "source.light"};
    enum { EACH = sizeof names / sizeof *names };
    struct mesh_address first[EACH], second[EACH];
    EXPECT(load(&one, &greeting_two, NULL) == MESH_OK);
    for (size_t i = 0; i < EACH; i++) {
        first[i] = make(&one, names[i], greeting_one.hash, NULL);
    }
    for (size_t i = 0; i < EACH; i++) {
        second[i] = make(&one, names[i], greeting_two.hash, NULL);
    }
    for (size_t i = 0; i < EACH; i++) {
        EXPECT(strcmp(node_ask(&one, first[i], "who"), "one one") == 0);
        EXPECT(strcmp(node_ask(&one, second[i], "who"), "two one") == 0);
        end(&one, first[i]);
        end(&one, second[i]);
    }
}

/* What was unpacked can be seen, but not be written to, or be replaced by what it names. */
static void J1_what_was_judged_cannot_be_changed(void) {
    char path[400];
    (void)snprintf(path, sizeof path, "%s/source-%.16s-1/01-source.so", one.directory, greeting_one.hash);
    struct stat seen;
    EXPECT(stat(path, &seen) == 0 && S_ISREG(seen.st_mode) && seen.st_size > 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        EXPECT(pwrite(fd, "x", 1, 0) < 0 && errno == EPERM);
        EXPECT(ftruncate(fd, 0) < 0 && errno == EPERM);
        (void)close(fd);
    }
}

static void J1_bad_bundles_are_refused(void) {
    struct mesh_error error;
    const char *const broken[] = {TEST_SOURCES "/broken.so"};
    struct bundle bundle;
    EXPECT(mesh_source_pack(broken, 1, &bundle.data, &bundle.bytes, &error) == MESH_OK);
    (void)mesh_source_hash(bundle.data, bundle.bytes, bundle.hash);
    EXPECT(load(&one, &bundle, &error) == MESH_LOAD_FAILED);
    EXPECT(strstr(error.text, "a_function_that_nobody_has"));
    uint8_t *bytes = bundle.data;
    bytes[16] = bytes[16 + 80 + 18] = 183; /* the machine, of the manifest and of the object: another one */
    (void)mesh_source_hash(bundle.data, bundle.bytes, bundle.hash);
    EXPECT(load(&one, &bundle, &error) == MESH_LOAD_FAILED);
    EXPECT(strstr(error.text, "nothing for the architecture of this node"));
    bundle.bytes--;
    (void)mesh_source_hash(bundle.data, bundle.bytes, bundle.hash);
    EXPECT(load(&one, &bundle, &error) == MESH_LOAD_FAILED && strstr(error.text, "it is truncated"));
    memcpy(bytes + 16 + 16, "../escape.so", 13);
    EXPECT(mesh_node_load_source(one.handle, bytes, ++bundle.bytes, NULL, WAIT_MS, &error) == MESH_LOAD_FAILED);
    EXPECT(strstr(error.text, "the name of an object is none"));
    EXPECT(mesh_node_load_source(one.handle, "junk", 4, NULL, WAIT_MS, &error) == MESH_LOAD_FAILED);
    EXPECT(strstr(error.text, "it is no bundle"));
    void *large = calloc(1, MESH_SOURCE_BYTES + 1);
    EXPECT(mesh_node_load_source(one.handle, large, MESH_SOURCE_BYTES + 1, NULL, WAIT_MS, &error) == MESH_TOO_LARGE);
    free(large);
    mesh_source_free(&bundle.data);
}

/* ---- the Authority ---- */

/* Its host has said so, and its node hears of it a moment later. */
static void await_authority(struct node *node, struct mesh_address authority) {
    long until_ms = node_now_ms() + WAIT_MS;
    for (bool there = false; !there; node_pause()) {
        struct mesh_report *report = NULL;
        EXPECT(mesh_node_report(node->handle, false, WAIT_MS, &report, NULL) == MESH_OK);
        there = mesh_address_equal(report->nodes[0].source_authority, authority);
        mesh_report_release(&report);
        EXPECT(node_now_ms() < until_ms);
    }
}

static struct mesh_address make_authority(struct node *node, const char *mode) {
    struct mesh_address authority;
    EXPECT(mesh_node_create(node->handle, "test.authority", NULL, &authority, NULL) == MESH_OK);
    EXPECT(strcmp(node_ask(node, authority, mode), "done") == 0);
    EXPECT(strcmp(node_ask(node, authority, "on"), "MESH_OK") == 0);
    await_authority(node, authority);
    return authority;
}

/* What cannot be run is seen by whoever agreed to it alone: here it is refused before. */
static void J2_the_authority_has_the_last_word(void) {
    static const struct {
        const char *mode, *text;
    } refusals[] = {{"refuse", "not signed by anybody"},
                    {"fail", "its handler has failed"},
                    {"crash", "the Source Authority has ended before it answered"}};
    struct mesh_error error;
    char bytes[] = "nothing that could be run";
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct mesh_address authority = make_authority(&one, refusals[i].mode);
        EXPECT(mesh_node_load_source(one.handle, bytes, sizeof bytes, NULL, WAIT_MS, &error) == MESH_REFUSED);
        EXPECT(strstr(error.text, refusals[i].text));
        if (strcmp(refusals[i].mode, "crash") != 0) {
            end(&one, authority);
        }
    }
    EXPECT(mesh_node_load_source(one.handle, bytes, sizeof bytes, NULL, WAIT_MS, &error) == MESH_REFUSED);
    EXPECT(strstr(error.text, "no Source Authority"));
}

/* One that answers for another hash has not answered; the next one is asked, and then the first one's answer is late. */
static void J2_the_newest_replaces_the_older(void) {
    struct mesh_error error = {0};
    struct mesh_address first = make_authority(&one, "other");
    EXPECT(mesh_node_load_source(one.handle, "junk", 4, "slow", 200, &error) == MESH_TIMED_OUT);
    await(&one, first, "seen", "slow:4");
    struct mesh_address second = make_authority(&one, "agree");
    await(&one, second, "seen", "slow:4");
    EXPECT(load(&one, &greeting_one, &error) == MESH_OK);
    EXPECT(strcmp(node_ask(&one, first, "now"), "MESH_OK") == 0); /* its host does not know that it is late */
    end(&one, first);
    EXPECT(load(&one, &greeting_two, &error) == MESH_OK);
    end(&one, second);
}

/* What the Authority makes of it is what runs, and its name is that of the original. */
static void J2_it_may_decrypt(struct bundle *secret) {
    struct mesh_address authority = make_authority(&one, "decrypt");
    secret->bytes = greeting_one.bytes + 1;
    secret->data = malloc(secret->bytes);
    EXPECT(secret->data);
    memcpy(secret->data, "k", 1);
    memcpy((char *)secret->data + 1, greeting_one.data, greeting_one.bytes);
    (void)mesh_source_hash(secret->data, secret->bytes, secret->hash);
    EXPECT(load(&one, secret, NULL) == MESH_OK);
    struct mesh_address actor = make(&one, "source.plain", secret->hash, NULL);
    EXPECT(strcmp(node_ask(&one, actor, "who"), "one one") == 0);
    end(&one, actor);
    end(&one, authority);
}

/* ---- two nodes ---- */

static void J4_a_member_fetches_what_it_needs(const struct bundle *secret) {
    EXPECT(!has(&two, greeting_one.hash));
    struct mesh_address actor = make(&one, "source.plain", greeting_one.hash, "two");
    EXPECT(strcmp(node_ask(&one, actor, "who"), "one two") == 0);
    EXPECT(has(&two, greeting_one.hash));
    struct mesh_address other = make(&one, "source.plain", secret->hash, "two"), child;
    EXPECT(strcmp(node_ask(&one, other, "who"), "one two") == 0);
    EXPECT(mesh_address_parse(node_ask(&one, other, "create source.light"), &child) == MESH_OK);
    EXPECT(strcmp(node_ask(&one, child, "who"), "one two") == 0);
    end(&two, other);
    end(&two, actor);
}

/* The member has an Authority: that sees the original bytes, not what the leader's made of them. */
static void J4_an_authority_of_its_own_sees_the_original(const struct bundle *secret) {
    char seen[40];
    struct mesh_error error;
    struct mesh_address address, authority = make_authority(&two, "refuse");
    EXPECT(mesh_node_unload_source(two.handle, secret->hash, WAIT_MS, &error) == MESH_OK);
    EXPECT(!has(&one, secret->hash) && !has(&two, secret->hash));
    struct mesh_address first = make_authority(&one, "decrypt");
    EXPECT(load(&one, secret, &error) == MESH_OK);
    EXPECT(create(&one, "source.plain", secret->hash, "two", &address, &error) == MESH_UNKNOWN_SOURCE);
    EXPECT(strstr(error.text, "not signed by anybody"));
    (void)snprintf(seen, sizeof seen, "greeting:%zu", secret->bytes);
    EXPECT(strstr(node_ask(&two, authority, "seen"), seen));
    end(&two, authority);
    end(&one, first);
}

/* ---- unloading, watching ---- */

static void J5_nobody_begins_what_is_unloaded(void) {
    struct mesh_error error;
    struct mesh_address address, child;
    struct mesh_address here = make(&one, "source.light", greeting_one.hash, NULL);
    struct mesh_address there = make(&one, "source.plain", greeting_one.hash, "two");
    EXPECT(mesh_node_unload_source(one.handle, greeting_one.hash, WAIT_MS, &error) == MESH_OK);
    EXPECT(create(&one, "source.plain", greeting_one.hash, NULL, &address, &error) == MESH_UNKNOWN_SOURCE);
    EXPECT(create(&one, "source.plain", greeting_one.hash, "two", &address, &error) == MESH_UNKNOWN_SOURCE);
    EXPECT(create(&two, "source.plain", greeting_one.hash, NULL, &address, &error) == MESH_UNKNOWN_SOURCE);
    EXPECT(strcmp(node_ask(&one, here, "who"), "one one") == 0 && strcmp(node_ask(&one, there, "who"), "one two") == 0);
    EXPECT(mesh_address_parse(node_ask(&one, here, "create source.light"), &child) == MESH_OK);
    await(&one, here, "ended", "is not loaded");
    EXPECT(mesh_address_parse(node_ask(&one, there, "create source.plain"), &child) == MESH_OK);
    await(&one, there, "ended", "is not loaded");
    end(&one, here);
    end(&two, there);
    EXPECT(mesh_node_unload_source(one.handle, mesh_source_hash("", 0, (char[MESH_SOURCE_HASH_TEXT]){0}), WAIT_MS,
                                   &error) == MESH_NOT_FOUND);
    EXPECT(mesh_node_unload_source(one.handle, "no hash", WAIT_MS, &error) == MESH_INVALID_ARGUMENT);
}

/* It is started anew, since that is still the same actor. */
static void J5_running_actors_live_on(void) {
    struct mesh_address actor, authority = make_authority(&one, "agree");
    struct mesh_create_options options = {.source = greeting_one.hash, .on_failure = MESH_RESTART};
    struct mesh_message *answer = NULL;
    EXPECT(load(&one, &greeting_one, NULL) == MESH_OK);
    EXPECT(mesh_node_create(one.handle, "source.plain", &options, &actor, NULL) == MESH_OK);
    EXPECT(mesh_node_unload_source(one.handle, greeting_one.hash, WAIT_MS, NULL) == MESH_OK);
    EXPECT(mesh_tell(one.handle, actor, MESH_TEXT, "crash", 6) == MESH_OK);
    EXPECT(mesh_listen(one.handle, WAIT_MS, &answer) == MESH_OK && mesh_message_kind(answer) == MESH_POISON);
    mesh_message_release(&answer);
    EXPECT(strcmp(node_ask(&one, actor, "who"), "one one") == 0);
    end(&one, actor);
    end(&one, authority);
}

static void J5_who_was_not_reached_is_named(void) {
    struct mesh_error error = {0};
    struct mesh_address address, authority = make_authority(&one, "agree");
    EXPECT(load(&one, &greeting_one, NULL) == MESH_OK);
    end(&one, make(&one, "source.plain", greeting_one.hash, NULL));
    end(&two, make(&one, "source.plain", greeting_one.hash, "two"));
    (void)node_signal(&two, SIGSTOP);
    EXPECT(mesh_node_unload_source(one.handle, greeting_one.hash, WAIT_MS, &error) == MESH_PARTIAL);
    EXPECT(strstr(error.text, "two"));
    (void)node_signal(&two, SIGCONT);
    long until_ms = node_now_ms() + WAIT_MS;
    while (has(&two, greeting_one.hash)) {
        EXPECT(node_now_ms() < until_ms);
        node_pause();
    }
    (void)node_await_members(&one, 2, WAIT_MS);
    EXPECT(create(&two, "source.plain", greeting_one.hash, NULL, &address, &error) == MESH_UNKNOWN_SOURCE);
    end(&one, authority);
}

static void J6_watchers_hear_of_each_change(void) {
    struct mesh_address watcher, authority = make_authority(&one, "agree");
    struct mesh_message *answer = NULL;
    char seen[80], unload[80];
    EXPECT(load(&one, &greeting_two, NULL) == MESH_OK);
    EXPECT(mesh_node_create(one.handle, "test.watcher", NULL, &watcher, NULL) == MESH_OK);
    EXPECT(strcmp(node_ask(&one, watcher, "watch"), "MESH_OK") == 0);
    (void)snprintf(seen, sizeof seen, "+%.8s:greeting", greeting_two.hash);
    await(&one, watcher, "seen", seen);
    EXPECT(strcmp(node_ask(&one, watcher, "watch"), "MESH_OK") == 0);
    EXPECT(mesh_ask(one.handle, watcher, "bundle", greeting_one.data, greeting_one.bytes, WAIT_MS, &answer) == MESH_OK);
    EXPECT(strcmp(mesh_message_text(answer), "MESH_OK") == 0);
    mesh_message_release(&answer);
    (void)snprintf(seen, sizeof seen, "+%.8s:by an actor", greeting_one.hash);
    await(&one, watcher, "seen", seen);
    (void)snprintf(unload, sizeof unload, "unload %s", greeting_one.hash);
    EXPECT(strcmp(node_ask(&one, watcher, unload), "MESH_OK") == 0);
    (void)snprintf(seen, sizeof seen, "-%.8s:by an actor", greeting_one.hash);
    await(&one, watcher, "seen", seen);
    size_t words = 0;
    for (const char *word = node_ask(&one, watcher, "seen"); (word = strchr(word, ':')); word++) {
        words++;
    }
    EXPECT(words == 4); /* two were there */
    end(&one, watcher);
    end(&one, authority);
}

int main(void) {
    struct bundle secret;
    mesh_host_enter(types);
    nodes_init(types);
    greeting_one = pack("one");
    greeting_two = pack("two");
    EXPECT(strcmp(greeting_one.hash, greeting_two.hash) != 0);
    node_start(&one, "one", NULL);
    J2_without_an_authority_nothing_is_loaded();
    struct mesh_address authority = make_authority(&one, "agree");
    J1_J3_a_loaded_source_brings_types();
    K1_the_status_shows_sources();
    J7_equal_names_do_not_touch_each_other();
    J1_what_was_judged_cannot_be_changed();
    J1_bad_bundles_are_refused();
    end(&one, authority);
    J2_the_authority_has_the_last_word();
    J2_the_newest_replaces_the_older();
    J2_it_may_decrypt(&secret);
    node_start(&two, "two", &one);
    (void)node_await_members(&one, 2, WAIT_MS);
    J4_a_member_fetches_what_it_needs(&secret);
    J4_an_authority_of_its_own_sees_the_original(&secret);
    J5_nobody_begins_what_is_unloaded();
    J5_running_actors_live_on();
    J6_watchers_hear_of_each_change();
    J5_who_was_not_reached_is_named();
    node_stop(&two);
    node_stop(&one);
    mesh_source_free(&greeting_one.data);
    mesh_source_free(&greeting_two.data);
    free(secret.data);
    return 0;
}
