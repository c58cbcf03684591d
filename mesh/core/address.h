/* What the words of an address mean; everybody else treats them as opaque (B1).
 *
 *   node   incarnation of the admin of the node whose process minted it, so that no restart repeats one (B4)
 *   local  slot << 40 | number: the slot that the admin leased to the minting process, 0 for its own, and that
 *          process's count; number 0 is the process's own endpoint
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_CORE_ADDRESS_H
#define MESH_CORE_ADDRESS_H

#include <mesh/address.h>

#define ADDRESS_SLOT_MAX 0xffffffu         /* 24 bits */
#define ADDRESS_NUMBER_MAX 0xffffffffffull /* 40 bits */

/* The address of `number` in `slot` of `node`. CHECKs that both fit and that the node is not 0. */
struct mesh_address address_make(uint64_t node, uint32_t slot, uint64_t number);

static inline uint32_t address_slot(struct mesh_address a) {
    return (uint32_t)(a.local >> 40);
}

static inline uint64_t address_number(struct mesh_address a) {
    return a.local & ADDRESS_NUMBER_MAX;
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
    uint64_t node, next;
    uint32_t slot;
};

static inline struct address_mint address_mint_init(uint64_t node, uint32_t slot) {
    return (struct address_mint){.node = node, .next = 1, .slot = slot};
}

/* A fresh address (B2, B4). MESH_FULL when the slot has minted its last number. */
MESH_MUST_USE enum mesh_status address_mint(struct address_mint *mint, struct mesh_address *out);

#endif
