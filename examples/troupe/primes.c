/* See primes.h. */
#include "primes.h"
#include <mesh/patterns.h>
#include <string.h>

static bool is_prime(unsigned number) {
    for (unsigned divisor = 2; divisor <= number / divisor; divisor++) {
        if (number % divisor == 0) {
            return false;
        }
    }
    return number > 1;
}

static enum mesh_verdict count(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    (void)state;
    size_t bytes;
    const void *data = mesh_message_data(message, &bytes);
    struct range range;
    unsigned primes = 0;
    if (!mesh_message_is(message, "range")) {
        return MESH_DONE;
    }
    if (bytes != sizeof range) {
        return mesh_fail(self, "a range of %zu bytes", bytes);
    }
    memcpy(&range, data, sizeof range);
    for (unsigned number = range.first; number <= range.last; number++) {
        primes += is_prime(number);
    }
    return mesh_reply_text(self, message, "%u", primes) ? MESH_FAILED : MESH_DONE;
}

static enum mesh_verdict receive(struct mesh_actor *self, const struct mesh_message *message, void *state) {
    return mesh_worker_receive(self, message, state, state, count);
}

const struct mesh_type primes_worker_type = {
    .name = "primes.worker", .state_bytes = sizeof(struct mesh_worker), .receive = receive};
const struct mesh_type primes_type = MESH_TROUPE("primes", .worker = "primes.worker", .max = 4);
