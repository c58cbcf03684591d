/* Unit tests of the resolver: what is looked up, what comes back, and that nobody waits.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/resolver.h"
#include <criterion/criterion.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 10000 };

static struct resolver *resolver;
static sem_t begun, go_on;
static atomic_uint looked_up;

/* Hosts have the address 10.0.0.N, by how often anybody was looked up; "slow" waits for the test, "nobody" is not there. */
static int look_up(const char *host, char address[TRANSPORT_ENDPOINT_BYTES]) {
    unsigned count = atomic_fetch_add(&looked_up, 1) + 1;
    if (strcmp(host, "slow") == 0) {
        (void)sem_post(&begun);
        (void)sem_wait(&go_on);
    }
    (void)snprintf(address, TRANSPORT_ENDPOINT_BYTES, "10.0.0.%u", count);
    return strcmp(host, "nobody") == 0 ? EAI_NONAME : 0;
}

static void begin(void) {
    cr_assert_eq(sem_init(&begun, 0, 0), 0);
    cr_assert_eq(sem_init(&go_on, 0, 0), 0);
    cr_assert_eq(resolver_new(&resolver, look_up), MESH_OK);
}

static void end(void) {
    resolver_destroy(&resolver);
    resolver_destroy(&resolver);
}

TestSuite(resolver, .init = begin, .fini = end);

static struct resolver_answer answer(void) {
    struct resolver_answer out;
    struct pollfd ready = {.fd = resolver_descriptor(resolver), .events = POLLIN};
    while (!resolver_answer(resolver, &out)) {
        cr_assert_eq(poll(&ready, 1, WAIT_MS), 1);
    }
    return out;
}

static struct resolver_answer ask(const char *endpoint) {
    cr_assert_eq(resolver_ask(resolver, endpoint), MESH_OK);
    return answer();
}

Test(resolver, S9B_only_names_are_looked_up) {
    cr_assert(resolver_is_needed("tcp://alpha:1900"));
    cr_assert(resolver_is_needed("tcp://10-0-0-1.example.org:1900"));
    cr_assert(resolver_is_needed("tcp://1and1.example:1900"));
    cr_assert_not(resolver_is_needed("tcp://10.0.0.1:1900"));
    cr_assert_not(resolver_is_needed("tcp://[::1]:1900"));
    cr_assert_not(resolver_is_needed("tcp://*:1900"));
    cr_assert_not(resolver_is_needed("ipc:///run/alpha:1"));
    cr_assert_not(resolver_is_needed(""));
}

Test(resolver, S9B_a_name_is_looked_up_each_time) {
    struct resolver_answer first = ask("tcp://alpha:1900"), second = ask("tcp://alpha:1900");
    cr_assert_str_eq(first.endpoint, "tcp://alpha:1900");
    cr_assert_str_eq(first.numeric, "tcp://10.0.0.1:1900");
    cr_assert_str_eq(second.numeric, "tcp://10.0.0.2:1900");
    cr_assert_null(first.failure);
}

Test(resolver, S9B_a_name_that_nobody_has_is_told) {
    cr_assert_str_eq(ask("tcp://nobody:1900").failure, gai_strerror(EAI_NONAME));
    cr_assert_null(ask("tcp://alpha:1900").failure);
}

Test(resolver, S9B_nobody_waits_for_a_slow_name) {
    cr_assert_eq(resolver_ask(resolver, "tcp://slow:1900"), MESH_OK);
    cr_assert_eq(sem_wait(&begun), 0);
    cr_assert_eq(resolver_ask(resolver, "tcp://alpha:1900"), MESH_OK);
    cr_assert_eq(resolver_ask(resolver, "tcp://alpha:1900"), MESH_OK, "asked for once");
    struct resolver_answer none;
    cr_assert_not(resolver_answer(resolver, &none));
    cr_assert_eq(sem_post(&go_on), 0);
    cr_assert_str_eq(answer().endpoint, "tcp://slow:1900");
    cr_assert_str_eq(answer().endpoint, "tcp://alpha:1900");
    cr_assert_not(resolver_answer(resolver, &none));
    cr_assert_eq(atomic_load(&looked_up), 2);
}

Test(resolver, S9B_its_end_waits_for_no_look_up) {
    cr_assert_eq(resolver_ask(resolver, "tcp://slow:1900"), MESH_OK);
    cr_assert_eq(sem_wait(&begun), 0);
    resolver_destroy(&resolver);
    cr_assert_eq(sem_post(&go_on), 0);
}

Test(resolver, S9B_the_system_is_asked) {
    resolver_destroy(&resolver);
    cr_assert_eq(resolver_new(&resolver, NULL), MESH_OK);
    cr_assert_str_eq(ask("tcp://localhost:1900").numeric, "tcp://127.0.0.1:1900");
}
