/* Writes the samples of the wire as corpora of the fuzz targets codec and control: fuzz-write-corpus DIRECTORY.
 *
 * What lies in the tree was written by it; a change of the wire calls for another run.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/support/wire_samples.h"
#include <stdio.h>
#include <stdlib.h>

enum { PATH_BYTES = 4096 };

static FILE *create(const char *directory, const char *target, size_t number) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s/sample-%02zu", directory, target, number);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

/* The form that fuzz_codec.c reads: sizes of the external payloads, these, and the first part. */
static void write_frame(FILE *file, struct codec *codec, const struct frame *frame) {
    static uint8_t packed[FRAME_PACKED_BYTES];
    struct codec_image image;
    if (codec_prepare(codec, frame, &image) != MESH_OK) {
        exit(EXIT_FAILURE);
    }
    codec_pack(codec, packed);
    fputc((int)image.parts_count, file);
    for (size_t i = 0; i < image.parts_count; i++) {
        fputc((int)image.parts[i]->bytes.size, file);
    }
    for (size_t i = 0; i < image.parts_count; i++) {
        fwrite(image.parts[i]->bytes.data, 1, image.parts[i]->bytes.size, file);
    }
    fwrite(packed, 1, image.bytes, file);
}

int main(int count, char **arguments) {
    struct codec *codec;
    struct bytes packed;
    if (count != 2 || codec_new(&codec) != MESH_OK) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < WIRE_FRAMES; i++) {
        FILE *file = create(arguments[1], "codec", i);
        write_frame(file, codec, &wire_frames[i]);
        fclose(file);
    }
    for (size_t i = 0; i < WIRE_CONTROLS; i++) {
        FILE *file = create(arguments[1], "control", i);
        if (control_encode(codec, &wire_controls[i], &packed) == MESH_OK) {
            fwrite(packed.data, 1, packed.size, file);
        }
        fclose(file);
    }
    codec_destroy(&codec);
    return EXIT_SUCCESS;
}
