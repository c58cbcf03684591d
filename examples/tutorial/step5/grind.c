/* Step 5: a program that hands the mill all numbers of a range at once, and counts the primes: grind FIRST LAST. */
#include <mesh/mesh.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum mesh_status tell_all(struct mesh_node *node, struct mesh_address mill, long first, long last) {
    enum mesh_status status = MESH_OK;
    for (long number = first; number <= last && status == MESH_OK; number++) {
        status = mesh_tell_text(node, mill, "%ld", number);
    }
    return status;
}

/* The answers come in no particular order. What is no text says that a number could not be ground. */
static enum mesh_status count_primes(struct mesh_node *node, long answers, long *primes) {
    enum mesh_status status = MESH_OK;
    for (long i = 0; i < answers && status == MESH_OK; i++) {
        struct mesh_message *answer;
        status = mesh_listen(node, 60000, &answer);
        if (status == MESH_OK) {
            const char *text = mesh_message_text(answer);
            status = text ? MESH_OK : MESH_REFUSED;
            *primes += text && !strchr(text, '*');
        }
        mesh_message_release(&answer);
    }
    return status;
}

int main(int count, char **arguments) {
    long first = count == 3 ? strtol(arguments[1], NULL, 10) : 2;
    long last = count == 3 ? strtol(arguments[2], NULL, 10) : 100, primes = 0;
    struct mesh_create_options options = {.name = "mill"}; /* the one that there is, if there is one */
    struct mesh_node *node;
    struct mesh_address mill;
    struct mesh_error error;
    if (mesh_node_attach(&node, NULL, &error) || mesh_node_create(node, "mill", &options, &mill, &error)) {
        fprintf(stderr, "grind: %s\n", error.text);
        return 1;
    }
    enum mesh_status status = tell_all(node, mill, first, last);
    if (status == MESH_OK) {
        status = count_primes(node, last - first + 1, &primes);
    }
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        fprintf(stderr, "grind: %s\n", mesh_status_text(status));
        return 1;
    }
    printf("%ld primes from %ld to %ld\n", primes, first, last);
    return 0;
}
