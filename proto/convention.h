/* The convention's messages, values, capabilities and members as the cores see them: plain structs, all of them views.
 *
 * On the way in they last until the codec's arena is reset; on the way out they borrow from the core that made them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef PROTO_CONVENTION_H
#define PROTO_CONVENTION_H

#include "mesh/base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_NAME_BYTES = 255, /* of a node, of a capability */
    FRAME_ENDPOINT_BYTES = 255,
    FRAME_CAPABILITIES_BYTES = 64 * 1024, /* of all capabilities of one node, packed */
    FRAME_VALUE_BYTES = 16 * 1024,        /* one value of text or bytes */
    FRAME_VALUES = 256,                   /* in one list */
    FRAME_CAPABILITIES = 256,             /* of one node */
    FRAME_REQUIREMENTS = 64,              /* of a type, or of a creator */
    FRAME_REQUIREMENTS_BYTES =
        24 * 1024, /* of these, packed: so they and all capabilities of a node fit into a Check */
    FRAME_REQUIREMENTS_OF_BOTH = 2 * FRAME_REQUIREMENTS,
    FRAME_REFUSED_BY = 1024,
    FRAME_MEMBERS = 1024,
    FRAME_LEADERS = 16,
    FRAME_KEY_BYTES = 32,     /* a public key of CURVE */
    FRAME_PATTERN_BYTES = 64, /* as the name of a node in its configuration */
    FRAME_TRUSTED = 1024,     /* keys in one Trust */
    FRAME_KEYS = 4096,        /* keys in the list of a convention */
};

enum frame_value_kind {
    FRAME_VALUE_NONE,
    FRAME_VALUE_FLAG,
    FRAME_VALUE_INTEGER,
    FRAME_VALUE_REAL,
    FRAME_VALUE_TEXT,
    FRAME_VALUE_DATA,
};

struct frame_value {
    enum frame_value_kind kind;
    bool flag;
    int64_t integer;
    double real;
    struct bytes bytes; /* of TEXT and DATA */
};

struct frame_capability {
    struct bytes name;
    size_t values_count; /* 1, or the items of a list; 0 without `list`: the capability is deleted */
    const struct frame_value *values;
    bool list;
};

/* The wire's numbers, and those of enum mesh_comparison. */
enum frame_comparison {
    FRAME_COMPARE_PRESENT,
    FRAME_COMPARE_EQUAL,
    FRAME_COMPARE_NOT_EQUAL,
    FRAME_COMPARE_LESS,
    FRAME_COMPARE_LESS_OR_EQUAL,
    FRAME_COMPARE_GREATER,
    FRAME_COMPARE_GREATER_OR_EQUAL,
    FRAME_COMPARE_IN,
    FRAME_COMPARE_TOLD,
};

struct frame_requirement {
    struct bytes name;
    enum frame_comparison comparison;
    size_t values_count; /* none for PRESENT, one or more for IN and TOLD, else one */
    const struct frame_value *values;
};

struct frame_member {
    uint64_t incarnation;
    struct bytes name, endpoint;
    size_t capabilities_count;
    const struct frame_capability *capabilities;
    uint32_t actors;
};

/* What the convention's list says of one key: which nodes it stands for, or that it is revoked. Not a view. */
struct frame_trusted {
    uint8_t key[FRAME_KEY_BYTES];
    bool revoked;
    uint64_t stamp;                        /* which of two words on one key is the later one */
    char pattern[FRAME_PATTERN_BYTES + 1]; /* terminated: a node's name, or the beginning of names with a * behind it;
                                              empty when revoked */
};

/* Where the speaker stands in its list of those that may lead, seen from the reader; the wire's numbers. */
enum frame_order {
    FRAME_ORDER_UNKNOWN, /* they are not both in it */
    FRAME_ORDER_BEFORE,
    FRAME_ORDER_BEHIND,
};

struct frame_heartbeat {
    uint64_t epoch; /* of the speaker's roster; 0 for none */
    bool acting;
    enum frame_order order;
};

struct frame_register {
    struct frame_member member;
    bool first_time;
    bool invited;           /* the member knows its leaders by an invitation */
    uint32_t place, places; /* of the reader in the member's list of those that may lead, from 1, and in all of it */
    uint64_t trust;         /* digest of its list of keys */
};

/* A node that a leader was told about. */
struct frame_guest {
    struct bytes endpoint;
    size_t expected_count;
    const struct frame_requirement *expected;
};

struct frame_registered {
    uint64_t epoch, number;
    struct frame_member leader;
    size_t
        members_count; /* the whole roster, leader included, when the registration was a first one; else 0, in part 0 */
    const struct frame_member *members;
    size_t guests_count; /* all of them, beside the whole roster, when the member may lead itself; else 0 */
    const struct frame_guest *guests;
    uint32_t part;  /* of a whole roster that fits into no frame: which this is, from 0, */
    bool more;      /* and whether others follow */
    uint64_t trust; /* as above, of the leader */
};

struct frame_roster {
    uint64_t epoch, number, since; /* all changes after `since`, up to `number` */
    size_t joined_count, left_count;
    const struct frame_member *joined;
    const uint64_t *left;
};

struct frame_deregister {
    struct bytes reason;
    bool dismissed; /* the reader is to go; else the speaker goes */
};

/* Words on keys: all of the speaker's, perhaps in several frames, or what is new in its list (S7H). */
struct frame_trust {
    size_t keys_count;
    const struct frame_trusted *keys;
};

struct frame_invite {
    struct frame_member leader;
    size_t leaders_count; /* endpoints of all that may lead there, in their order; 0: the inviter alone */
    const struct bytes *leaders;
};

#endif
