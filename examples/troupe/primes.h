/* Primes: a troupe that is told a "range" and replies how many primes there are in it; its workers do the counting. */
#include <mesh/actor.h>

struct range {
    unsigned first, last;
};

extern const struct mesh_type primes_type, primes_worker_type;
