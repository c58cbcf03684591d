/* Nodes with nothing but a sources core each, the first of which leads: their programs, Authorities and watchers are played here, on virtual
 * time. Messages travel packed and in order. What happens is told as lines.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef TESTS_SCENARIO_SOURCES_WORLD_H
#define TESTS_SCENARIO_SOURCES_WORLD_H

#include "convention/core/sources.h"
#include "mesh/base/time.h"
#include "mesh/core/address.h"
#include "mesh/core/bundle.h"
#include <criterion/criterion.h>

enum { NODES = 3, FIRST = 100, PROGRAM = 1, AUTHORITY = 2, OTHER = 3, TOLD_BYTES = 4096, OBJECT_BYTES = 200 * 1024 };

/* What an Authority does with what comes; to wait is to say nothing. */
enum policy { AGREE, REFUSE, WAIT, MAKE_PLAIN };

struct node {
    struct sources *sources;
    struct members members;
    enum policy policy;
    enum mesh_status reading;  /* what comes of UNPACK */
    struct mesh_address asked; /* the process that was asked last to judge */
    uint64_t question, load;   /* the last ones */
    bool cut;                  /* what is for it, or from it, stays where it is */
    bool deaf;                 /* its program does not send what is wanted of it */
    char told[TOLD_BYTES];
};

extern struct node nodes[NODES];
extern uint64_t now_ns;
extern uint8_t hash[SOURCE_HASH_BYTES]; /* of the source that all is about */
extern size_t content_bytes, parts;     /* of that source; that were sent */

/* What was told since the last look. */
void expect(size_t at, const char *wanted);

void begin(void);
void begin_accepting(enum sources_accept accept);
void finish(void);

struct mesh_address process_of(size_t at, uint32_t slot);
void post(struct mesh_address from, struct mesh_address to, const struct control *control);
void say(struct mesh_address from, uint64_t id, struct control_source said);
struct control_source about(enum control_source_what what);
void step(size_t at, struct sources_event event);
void tell_read(size_t at);
/* Until nothing is under way but what cannot come. */
void settle(void);
void pass(uint64_t span_ns);
void meet(size_t at, size_t other);
void lose(size_t at, size_t other);
void lead(size_t at, uint64_t leader);

void authority(size_t at, uint32_t slot, bool on);
void watch(size_t at, bool on);
void load(size_t at, uint64_t id);
void unload(size_t at, uint64_t id);
/* A loaded source at a node, by an Authority that agrees. */
void have(size_t at);
struct sources_answer create_with(size_t at, struct control_create create, uint64_t admin, uint64_t token);
/* One that the leader passes on, from a node that has the source. */
struct sources_answer create(size_t at, size_t from, uint64_t token);

#endif
