/* Gives each file that it is called with to a fuzz target, with any compiler: what a corpus found stays found.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_BYTES_MAX = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads into memory of just the right size, so that a sanitizer sees a read past the end. */
static int replay(const char *path, uint8_t *buffer) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    size_t size = fread(buffer, 1, INPUT_BYTES_MAX, file);
    int failed = ferror(file);
    fclose(file);
    uint8_t *input = malloc(size ? size : 1);
    if (failed || !input) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(input);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < size; i++) {
        input[i] = buffer[i];
    }
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    return EXIT_SUCCESS;
}

int main(int count, char **paths) {
    uint8_t *buffer = malloc(INPUT_BYTES_MAX);
    int status = buffer && count > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 1; i < count && status == EXIT_SUCCESS; i++) {
        status = replay(paths[i], buffer);
    }
    free(buffer);
    return status;
}
