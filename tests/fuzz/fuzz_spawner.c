/* Any bytes as what a spawner says, a packet up to each zero: each is a word or nonsense, and types that are taken are found by their names.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "convention/admin/admin_types.h"
#include "mesh/base/bytes.h"
#include "mesh/base/check.h"
#include "mesh/runtime/catalogue.h"
#include "mesh/runtime/spawn_word.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(void *user, const char *text) {
    CHECK(!user && *text);
}

static void read_types(char *facts) {
    struct types *types;
    char *lines = strdup(facts), why[FRAME_TEXT_BYTES];
    CHECK(lines && types_new(&types) == MESH_OK);
    enum mesh_status status = types_read_spawner(types, facts, note, NULL);
    CHECK(status == MESH_OK || (status != MESH_NO_MEMORY && types_count(types) == 0));
    char *rest = lines;
    for (const char *line; status == MESH_OK && (line = strsep(&rest, "\n"));) {
        if (strncmp(line, "type\t", 5) == 0) {
            struct bytes name = bytes_make(line + 5, strcspn(line + 5, "\t"));
            CHECK(types_find(types, name, bytes_make("", 0)));
            CHECK(*types_why_unknown(types, name, why, sizeof why));
        }
    }
    types_destroy(&types);
    free(lines);
}

/* As the admin does: all that comes until the end. */
static void collect(const char *fact, char *facts, size_t *bytes) {
    size_t more = strlen(fact);
    if (*bytes + more + 2 > CATALOGUE_BYTES) {
        return;
    }
    memcpy(facts + *bytes, fact, more);
    *bytes += more;
    facts[(*bytes)++] = '\n';
    facts[*bytes] = 0;
    if (strcmp(fact, "end") == 0) {
        read_types(facts);
        *bytes = 0;
    }
}

/* What was understood is understood again when it is said so. */
static void say_again(const struct spawn_word *word) {
    char packet[SPAWN_BYTES];
    bool born = word->kind == SPAWN_BORN;
    CHECK(born ? word->pid >= 0 : word->status > MESH_OK && word->status <= MESH_INTERNAL);
    if (born) {
        (void)snprintf(packet, sizeof packet, "born\t%" PRIu64 "\t%ld", word->incarnation, word->pid);
    } else {
        (void)snprintf(packet, sizeof packet, "refused\t%" PRIu64 "\t%d\t%s", word->incarnation, word->status,
                       word->text);
    }
    struct spawn_word again = spawn_word_parse(packet);
    CHECK(again.kind == word->kind && again.incarnation == word->incarnation);
    CHECK(again.pid == word->pid && again.status == word->status && strcmp(again.text, word->text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char packet[SPAWN_BYTES], facts[CATALOGUE_BYTES];
    size_t facts_bytes = 0;
    for (size_t at = 0, bytes; at < size; at += bytes + 1) {
        const uint8_t *end = memchr(data + at, 0, size - at);
        bytes = end ? (size_t)(end - data) - at : size - at;
        (void)snprintf(packet, sizeof packet, "%.*s", (int)bytes, (const char *)data + at);
        struct spawn_word word = spawn_word_parse(packet);
        if (word.kind == SPAWN_FACT) {
            collect(word.text, facts, &facts_bytes);
        } else if (word.kind == SPAWN_BORN || word.kind == SPAWN_REFUSED) {
            say_again(&word);
        }
    }
    return 0;
}
