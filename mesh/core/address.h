/* What the words of an address mean; everybody else treats them as opaque (B1).
 *
 *   node   incarnation of the admin of the node whose process minted it, so that no restart repeats one (B4)
 *   local  slot << 40 | number: the slot that the admin leased to the minting process, 0 for its own, and that
 *          process's count; number 0 is the process's own endpoint. The numbers from ADDRESS_LOCAL on are of light
 *          actors that live in the very process that minted them: no admin has them on record (A4)
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_ADDRESS_H
#define MESH_CORE_ADDRESS_H

#include <mesh/address.h>

#define ADDRESS_SLOT_MAX 0xffffffu                /* 24 bits */
#define ADDRESS_NUMBER_MAX UINT64_C(0xffffffffff) /* 40 bits */
#define ADDRESS_LOCAL UINT64_C(0x8000000000)      /* the highest of them */

/* The address of `number` in `slot` of `node`. CHECKs that both fit and that the node is not 0. */
struct mesh_address address_make(uint64_t node, uint32_t slot, uint64_t number);

static inline uint32_t address_slot(struct mesh_address a) {
    return (uint32_t)(a.local >> 40);
}

static inline uint64_t address_number(struct mesh_address a) {
    return a.local & ADDRESS_NUMBER_MAX;
}

/* Whether it lives, if it does, in the process that minted it. */
static inline bool address_is_local(struct mesh_address a) {
    return (a.local & ADDRESS_LOCAL) != 0;
}

/* The endpoint of the process that holds the slot in which `a` was minted. */
static inline struct mesh_address address_process(struct mesh_address a) {
    return (struct mesh_address){a.node, a.local & ~ADDRESS_NUMBER_MAX};
}

/* The admin of the node in which `a` was minted: its home. */
static inline struct mesh_address address_home(struct mesh_address a) {
    return (struct mesh_address){a.node, 0};
}

/* Where the next address of a slot comes from. */
struct address_mint {
    uint64_t node, next, last;
    uint32_t slot;
};

static inline struct address_mint address_mint_init(uint64_t node, uint32_t slot) {
    return (struct address_mint){.node = node, .next = 1, .last = ADDRESS_LOCAL - 1, .slot = slot};
}

/* The same for what stays in the process. */
static inline struct address_mint address_mint_init_local(uint64_t node, uint32_t slot) {
    return (struct address_mint){.node = node, .next = ADDRESS_LOCAL, .last = ADDRESS_NUMBER_MAX, .slot = slot};
}

/* A fresh address (B2, B4). MESH_FULL when the slot has minted its last number. */
MESH_MUST_USE enum mesh_status address_mint(struct address_mint *mint, struct mesh_address *out);

#endif
