/* Writes the samples of the wire as corpora of the fuzz targets codec and control, and scripts for delivery:
 * fuzz-write-corpus DIRECTORY.
 *
 * What lies in the tree as sample-NN was written by it; a change of the wire, or of the scripts' bytes, calls for another run.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/fuzz/delivery_events.h"
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

/* ---- scripts ---- */

enum { HERE = 0, THERE = 1, NEAR = 2, PEER = 0, NO_END = 255, ONE = 1, LARGE = 40 };

#define RUN(first, kind, count, size, total, offset)                                                                   \
    SCRIPT_RUN, PEER, THERE, HERE, 1, (first)-1, (first)-1, kind, 0, count, size, NO_END, total, offset, 0
#define HANDLE SCRIPT_TAKE, HERE, SCRIPT_VERDICT, HERE, FRAME_HANDLED
#define SEND(size) SCRIPT_SUBMIT, HERE, THERE, 0, size, NO_END
#define RESOLVED(peer) SCRIPT_RESOLVED, THERE, peer, 0, 0, 0, 0, 0
#define LIVES_AGAIN(peer, life, handled, in_hand) SCRIPT_RESOLVED, THERE, peer, life, 1, 1, handled, in_hand
#define ACK(received, handled) SCRIPT_ACK, PEER, 0, received, handled, 0, 255, 0, 0

/* A small message goes and is handled. */
static const uint8_t script_sent[] = {SCRIPT_OPEN, HERE,        SEND(ONE), RESOLVED(PEER), SCRIPT_PULL, PEER,
                                      ACK(0, 0),   SCRIPT_PULL, PEER};
/* One comes, fails, and is told of until its sender knows. */
static const uint8_t script_failed[] = {SCRIPT_OPEN, HERE,           RUN(1, FRAME_USER, 2, ONE, 0, 0),
                                        SCRIPT_TAKE, HERE,           SCRIPT_VERDICT,
                                        HERE,        FRAME_RETURNED, SCRIPT_PULL,
                                        PEER,        HANDLE};
/* A large one goes in slices; the link breaks, and it expires half way. */
static const uint8_t script_large[] = {
    SCRIPT_OPEN, HERE, SCRIPT_SUBMIT,    HERE, THERE,       0, LARGE,          9,    RESOLVED(PEER),
    SCRIPT_PULL, PEER, SCRIPT_LINK_DOWN, PEER, SCRIPT_TIME, 7, SCRIPT_LINK_UP, PEER, SCRIPT_PULL,
    PEER};
/* A large one comes in slices. */
static const uint8_t script_slices[] = {
    SCRIPT_OPEN, HERE, RUN(1, FRAME_CHUNK, 2, 8, 20, 0), RUN(3, FRAME_USER, 1, 4, 20, 16), HANDLE, SCRIPT_PULL, PEER};
/* Slices that do not fit together; then a message that breaks others off. */
static const uint8_t script_nonsense[] = {SCRIPT_OPEN,
                                          HERE,
                                          RUN(1, FRAME_CHUNK, 1, 8, 255, 0),
                                          RUN(2, FRAME_USER, 1, 4, 20, 16),
                                          RUN(3, FRAME_CHUNK, 1, 8, 60, 0),
                                          RUN(4, FRAME_SKIP, 1, 0, 0, 0),
                                          HANDLE,
                                          SCRIPT_PULL,
                                          PEER};
/* The process is lost, another has the target, and that one is gone. */
static const uint8_t script_lost[] = {SCRIPT_OPEN,
                                      HERE,
                                      SEND(ONE),
                                      SEND(LARGE),
                                      RESOLVED(PEER),
                                      SCRIPT_PULL,
                                      PEER,
                                      SCRIPT_PEER_LOST,
                                      PEER,
                                      RESOLVED(PEER + 1),
                                      SCRIPT_PULL,
                                      PEER + 1,
                                      SCRIPT_GONE,
                                      THERE,
                                      FRAME_EXITED,
                                      1,
                                      1,
                                      1,
                                      2};
/* A sender ends, is given up, and its stream closes. */
static const uint8_t script_ended[] = {SCRIPT_OPEN,  HERE, SEND(ONE),     RESOLVED(PEER), SCRIPT_PULL, PEER,
                                       SCRIPT_CLOSE, HERE, SCRIPT_FORGET, HERE,           SCRIPT_PULL, PEER,
                                       SCRIPT_TIME,  9};
/* Each life of the target has something on record; the answer of an earlier one comes last, and is asked for again. */
static const uint8_t script_lives[] = {SCRIPT_OPEN,
                                       HERE,
                                       SEND(ONE),
                                       SEND(LARGE),
                                       RESOLVED(PEER),
                                       SCRIPT_PULL,
                                       PEER,
                                       SCRIPT_PULL,
                                       PEER,
                                       SCRIPT_PEER_LOST,
                                       PEER,
                                       LIVES_AGAIN(PEER + 1, 2, 1, 2),
                                       SCRIPT_PULL,
                                       PEER + 1,
                                       SCRIPT_PEER_LOST,
                                       PEER + 1,
                                       LIVES_AGAIN(PEER + 2, 1, 0, 0),
                                       LIVES_AGAIN(PEER + 2, 3, 0, 0),
                                       SCRIPT_PULL,
                                       PEER + 2};

/* An actor sends to another one here, ends, and lives again before that is handled. */
static const uint8_t script_reborn[] = {SCRIPT_OPEN,    HERE, SCRIPT_OPEN,  NEAR,   SCRIPT_SUBMIT, HERE,
                                        NEAR,           0,    ONE,          NO_END, SCRIPT_CLOSE,  HERE,
                                        SCRIPT_FORGET,  HERE, SCRIPT_OPEN,  HERE,   SCRIPT_TAKE,   NEAR,
                                        SCRIPT_VERDICT, NEAR, FRAME_HANDLED};

#define SCRIPT(name)                                                                                                   \
    { script_##name, sizeof script_##name }
static const struct bytes scripts[] = {SCRIPT(sent), SCRIPT(failed), SCRIPT(large),  SCRIPT(slices), SCRIPT(nonsense),
                                       SCRIPT(lost), SCRIPT(ended),  SCRIPT(reborn), SCRIPT(lives)};

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
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        FILE *file = create(arguments[1], "delivery", i);
        fwrite(scripts[i].data, 1, scripts[i].size, file);
        fclose(file);
    }
    codec_destroy(&codec);
    return EXIT_SUCCESS;
}
