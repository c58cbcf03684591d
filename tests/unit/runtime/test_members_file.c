/* The members file: replaced as a whole, private, and left as it was when that fails.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/members_file.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/mesh-test-members-XXXXXX";
static char path[64], beside[72];
static struct trust list;
static struct mesh_error error;

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/members", directory);
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    trust_init(&list, 1000);
}

static void end(void) {
    trust_fini(&list);
    (void)unlink(path);
    (void)unlink(beside);
    (void)rmdir(directory);
}

TestSuite(members_file, .init = begin, .fini = end);

static void allow(uint16_t number) {
    struct frame_trusted word = {.key = {(uint8_t)(number >> 8), (uint8_t)number}, .pattern = "a", .stamp = number};
    bool changed;
    cr_assert_eq(trust_merge(&list, &word, &changed), MESH_OK);
}

static void tell(void *context, unsigned line, const char *mistake) {
    (void)mistake;
    *(unsigned *)context = line;
}

/* The digest of the list on disk. */
static uint64_t digest_there(void) {
    struct trust there;
    unsigned line = 0;
    trust_init(&there, 1000);
    cr_assert_eq(members_file_read(&there, path, tell, &line, &error), MESH_OK, "%s", error.text);
    uint64_t digest = there.digest;
    trust_fini(&there);
    return digest;
}

Test(members_file, S7G_a_list_comes_back_from_its_file_which_is_private) {
    struct stat found;
    allow(1);
    allow(2);
    cr_assert_eq(members_file_write(&list, path, &error), MESH_OK, "%s", error.text);
    cr_assert_eq(digest_there(), list.digest);
    cr_assert_eq(stat(path, &found), 0);
    cr_assert_eq(found.st_mode & 07777, 0600);
    cr_assert_neq(access(beside, F_OK), 0, "nothing is left beside it");
}

Test(members_file, S7G_a_new_list_replaces_the_file_not_its_bytes) {
    char elsewhere[80];
    allow(1);
    cr_assert_eq(members_file_write(&list, path, &error), MESH_OK);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s.old", path);
    cr_assert_eq(link(path, elsewhere), 0);
    uint64_t before = list.digest;
    allow(2);
    cr_assert_eq(symlink(elsewhere, beside), 0, "what a stranger put there is not written through");
    cr_assert_eq(members_file_write(&list, path, &error), MESH_OK);
    cr_assert_eq(digest_there(), list.digest);
    cr_assert_eq(rename(elsewhere, path), 0);
    cr_assert_eq(digest_there(), before, "who had opened the old one still reads all of it");
}

/* A limit on the size of files fails a write as a full disk does: after a part of it. */
Test(members_file, S7G_a_full_disk_leaves_the_old_file) {
    allow(1);
    cr_assert_eq(members_file_write(&list, path, &error), MESH_OK);
    uint64_t before = list.digest;
    for (uint16_t i = 2; i < 900; i++) {
        allow(i);
    }
    struct rlimit room = {16 * 1024, RLIM_INFINITY};
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
    enum mesh_status status = members_file_write(&list, path, &error);
    room.rlim_cur = RLIM_INFINITY;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
    cr_assert_eq(status, MESH_IO);
    cr_assert_not_null(strstr(error.text, "cannot write the members file"), "%s", error.text);
    cr_assert_eq(digest_there(), before);
    cr_assert_neq(access(beside, F_OK), 0, "the part is removed");
}

Test(members_file, S7G_what_cannot_be_read_says_why) {
    unsigned line = 0;
    cr_assert_eq(members_file_read(&list, path, tell, &line, &error), MESH_NOT_FOUND);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs("# nothing\nallow 12 a\n", file), 0);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(members_file_read(&list, path, tell, &line, &error), MESH_INVALID_ARGUMENT);
    cr_assert_eq(line, 2);
    cr_assert_eq(truncate(path, TRUST_TEXT_BYTES + 1), 0);
    cr_assert_eq(members_file_read(&list, path, tell, &line, &error), MESH_TOO_LARGE);
}
