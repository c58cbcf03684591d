/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/spawn_word.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const facts[] = {"type", "requires", "end"};

static bool is_fact(const char *packet) {
    size_t bytes = strcspn(packet, "\t");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (strlen(facts[i]) == bytes && memcmp(facts[i], packet, bytes) == 0) {
            return !strchr(packet, '\n');
        }
    }
    return false;
}

/* A whole number of decimal digits. */
static bool read_number(const char *text, uint64_t most, uint64_t *out) {
    char *end;
    if (!text || !isdigit((unsigned char)*text)) {
        return false;
    }
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *end == 0 && errno == 0 && *out <= most;
}

struct spawn_word spawn_word_parse(char *packet) {
    struct spawn_word word = {.kind = SPAWN_NONSENSE, .text = ""};
    if (is_fact(packet)) {
        return (struct spawn_word){.kind = SPAWN_FACT, .text = packet};
    }
    char *rest = packet;
    const char *name = strsep(&rest, "\t");
    const char *first = strsep(&rest, "\t");
    uint64_t number = 0, second = 0;
    if (!read_number(first, UINT64_MAX, &number)) {
        return word;
    }
    if (strcmp(name, "spawner") == 0) {
        word.kind = number == SPAWN_VERSION && !rest ? SPAWN_HELLO : SPAWN_NONSENSE;
        return word;
    }
    word.incarnation = number;
    if (strcmp(name, "born") == 0 && read_number(rest, INT32_MAX, &second)) {
        word.kind = SPAWN_BORN;
        word.pid = (long)second;
    } else if (strcmp(name, "refused") == 0 && read_number(strsep(&rest, "\t"), MESH_INTERNAL, &second) && second &&
               rest) {
        word.kind = SPAWN_REFUSED;
        word.status = (enum mesh_status)second;
        word.text = rest;
    }
    return word;
}
