/* The linker's --wrap puts these in the place of the allocator's.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/scarce.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void __real_free(void *block);

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);

static struct {
    bool scarce, refused;
    size_t before, left;
} memory;
static size_t blocks;

void scarce_begin(size_t before, size_t count) {
    memory.scarce = true;
    memory.refused = false;
    memory.before = before;
    memory.left = count;
}

bool scarce_end(void) {
    memory.scarce = false;
    return memory.refused;
}

size_t scarce_blocks(void) {
    return blocks;
}

static bool refuse(void) {
    if (!memory.scarce) {
        return false;
    }
    if (memory.before > 0) {
        memory.before--;
        return false;
    }
    if (memory.left == 0) {
        return false;
    }
    memory.left--;
    return memory.refused = true;
}

static void *count(void *block) {
    blocks += block != NULL;
    return block;
}

void *__wrap_malloc(size_t bytes) {
    return refuse() ? NULL : count(__real_malloc(bytes));
}

void *__wrap_calloc(size_t many, size_t bytes) {
    return refuse() ? NULL : count(__real_calloc(many, bytes));
}

void *__wrap_realloc(void *block, size_t bytes) {
    if (refuse()) {
        return NULL;
    }
    return block ? __real_realloc(block, bytes) : count(__real_realloc(NULL, bytes));
}

void __wrap_free(void *block) {
    blocks -= block != NULL;
    __real_free(block);
}
