/* Unit tests of the file of a node's key (S7B).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/node_key.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/mesh-key-XXXXXX";
static char path[64];
static struct node_key key;
static struct mesh_error error;

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/key", directory);
    cr_assert_eq(node_key_draw(&key, &error), MESH_OK);
}

static void end(void) {
    (void)unlink(path);
    cr_assert_eq(rmdir(directory), 0, "nothing is left beside the file");
}

TestSuite(node_key, .init = begin, .fini = end);

Test(node_key, S7B_a_key_is_read_as_it_was_written) {
    struct node_key found;
    struct stat file;
    cr_assert_eq(node_key_write(&key, path, false, &error), MESH_OK, "%s", error.text);
    cr_assert_eq(stat(path, &file), 0);
    cr_assert_eq(file.st_mode & 07777, 0600);
    cr_assert_eq(node_key_read(&found, path, &error), MESH_OK, "%s", error.text);
    cr_assert_eq(memcmp(&found, &key, sizeof key), 0);
}

Test(node_key, S7B_a_key_is_replaced_on_demand_only) {
    struct node_key other, found;
    cr_assert_eq(node_key_draw(&other, &error), MESH_OK);
    cr_assert_str_neq(other.text, key.text);
    cr_assert_eq(node_key_write(&key, path, false, &error), MESH_OK);
    cr_assert_eq(node_key_write(&other, path, false, &error), MESH_EXISTS);
    cr_assert(strstr(error.text, path) && strstr(error.text, "--force"), "%s", error.text);
    cr_assert_eq(node_key_read(&found, path, &error), MESH_OK);
    cr_assert_str_eq(found.text, key.text);
    cr_assert_eq(node_key_write(&other, path, true, &error), MESH_OK);
    cr_assert_eq(node_key_read(&found, path, &error), MESH_OK);
    cr_assert_str_eq(found.text, other.text);
}

Test(node_key, S7B_a_key_that_others_may_read_is_refused) {
    struct node_key found;
    cr_assert_eq(node_key_write(&key, path, false, &error), MESH_OK);
    cr_assert_eq(chmod(path, 0400), 0);
    cr_assert_eq(node_key_read(&found, path, &error), MESH_OK);
    static const mode_t open_modes[] = {0640, 0604, 0620, 0700};
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        cr_assert_eq(chmod(path, open_modes[i]), 0);
        cr_assert_eq(node_key_read(&found, path, &error), MESH_PERMISSION_DENIED, "%o", open_modes[i]);
        cr_assert(strstr(error.text, "chmod 600"), "%s", error.text);
    }
}

Test(node_key, S7B_a_key_of_another_user_is_read_in_the_run_directory_of_that_one_only) {
    struct node_key found;
    const uid_t other = 4711;
    cr_assert_eq(node_key_write(&key, path, false, &error), MESH_OK);
    cr_assert_eq(node_key_read_of(&found, path, other, &error), MESH_PERMISSION_DENIED);
    if (geteuid() != 0) {
        cr_skip_test("only root can give a file away");
    }
    cr_assert_eq(chown(path, other, (gid_t)-1), 0);
    cr_assert_eq(node_key_read(&found, path, &error), MESH_PERMISSION_DENIED);
    cr_assert_eq(node_key_read_of(&found, path, other, &error), MESH_OK);
}

static void write_text(const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, 0600) == 0);
}

Test(node_key, S7B_what_is_no_key_is_refused_by_name) {
    static const char digits[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct node_key found;
    char twice[200];
    (void)snprintf(twice, sizeof twice, "%s\n%s\n", digits, digits);
    const char *const wrong[] = {"", "# nothing\n", "hello\n", digits + 1, twice};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_text(wrong[i]);
        cr_assert_eq(node_key_read(&found, path, &error), MESH_INVALID_ARGUMENT, "%s", wrong[i]);
        cr_assert(strstr(error.text, "mesh keygen"), "%s", error.text);
    }
    write_text(digits);
    cr_assert_eq(node_key_read(&found, path, &error), MESH_OK);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(node_key_read(&found, path, &error), MESH_NOT_FOUND);
    cr_assert_eq(node_key_read(&found, directory, &error), MESH_PERMISSION_DENIED, "a directory is no key");
}
