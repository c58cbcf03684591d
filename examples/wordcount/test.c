/* Tests the word count without a node: the test is the client. One mapper is lost with a chunk in its hands, and each chunk
 * still counts once; then the node can host no mappers any more, and the job ends with a word why. */
#include "actors.h"
#include "say.h"
#include "wordcount.pb-c.h"
#include <mesh/test.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mesh_type *const types[] = {&coordinator_type, &mapper_type, &reducer_type, NULL};
static struct mesh_test *test;
static struct mesh_address coordinator;

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static void tell(const ProtobufCMessage *message) {
    struct mesh_packed packed;
    expect(mesh_protobuf_pack(&packed, message) == MESH_OK, "it is packed");
    expect(mesh_test_tell(test, coordinator, packed.type, packed.data, packed.bytes) == MESH_OK,
           message->descriptor->name);
    mesh_protobuf_release(&packed);
}

static void send_chunk(uint64_t number, const char *text) {
    Wordcount__Chunk chunk = WORDCOUNT__CHUNK__INIT;
    chunk.number = number;
    chunk.text.data = (uint8_t *)(uintptr_t)text;
    chunk.text.len = strlen(text);
    tell(&chunk.base);
}

/* The next message of that type; others, of progress, are passed over. */
static ProtobufCMessage *await(const ProtobufCMessageDescriptor *type) {
    ProtobufCMessage *body = NULL;
    while (!body) {
        struct mesh_message *message;
        expect(mesh_test_listen(test, 10000, &message) == MESH_OK, type->name);
        body = mesh_protobuf_unpack(message, type);
        mesh_message_release(&message);
    }
    return body;
}

/* One that has handled a chunk. */
static struct mesh_address find_mapper(void) {
    struct mesh_settlement settlement;
    while (mesh_test_settled(test, &settlement)) {
        if (mesh_address_equal(settlement.sender, coordinator) &&
            strcmp(settlement.type, wordcount__chunk__descriptor.name) == 0) {
            return settlement.target;
        }
    }
    expect(false, "a mapper has a chunk");
    return coordinator;
}

static void begin(void) {
    char client[MESH_ADDRESS_TEXT_BYTES];
    Wordcount__Job job = WORDCOUNT__JOB__INIT;
    job.mappers = 2;
    job.top = 2;
    job.client = (char *)(uintptr_t)mesh_address_print(mesh_test_address(test), client);
    expect(mesh_test_create(test, "wordcount-coordinator", NULL, &coordinator, NULL) == MESH_OK, "a coordinator");
    tell(&job.base);
}

static void count(void) {
    begin();
    send_chunk(0, "to be or not");
    mesh_test_run(test);
    struct mesh_address mapper = find_mapper();
    expect(mesh_test_crash_in_handler(test, mapper, SIGKILL) == MESH_OK, "a mapper can be killed");
    for (uint64_t number = 1; number < 10; number++) {
        send_chunk(number, "to be");
    }
    Wordcount__End end = WORDCOUNT__END__INIT;
    end.chunks = 10;
    tell(&end.base);
    Wordcount__Result *result = (Wordcount__Result *)await(&wordcount__result__descriptor);
    expect(!mesh_test_lives(test, mapper), "the mapper was lost");
    expect(result->words == 22 && result->distinct == 4, "each chunk counts once");
    expect(result->n_top == 2 && strcmp(result->top[0]->word, "be") == 0 && result->top[0]->count == 10,
           "the first word");
    expect(result->n_shares == 1 && strcmp(result->shares[0]->node, "test") == 0 && result->shares[0]->words == 22,
           "shares");
    wordcount__result__free_unpacked(result, NULL);
}

static void lose_all_mappers(void) {
    begin();
    mesh_test_run(test);
    expect(mesh_test_set_capability(test, "mapper", NULL) == MESH_OK, "the node hosts no mappers any more");
    Wordcount__Failed *failed = (Wordcount__Failed *)await(&wordcount__failed__descriptor);
    expect(strstr(failed->text, "mapper is required and is not there"), failed->text);
    wordcount__failed__free_unpacked(failed, NULL);
}

int main(void) {
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_set_capability(test, "mapper", "true") == MESH_OK, "the node hosts mappers");
    expect(mesh_test_set_capability(test, "reducer", "true") == MESH_OK, "and the reducer");
    count();
    lose_all_mappers();
    mesh_test_destroy(&test);
    return 0;
}
