/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/catalogue.h"

#include "mesh/runtime/module.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, MODULES_MAX = 4096 };

/* In the order of enum mesh_comparison. */
static const char *const comparisons[] = {"present", "equal", "unequal", "less", "most",
                                          "greater", "least", "in",      "told"};

enum { COMPARISONS = sizeof comparisons / sizeof *comparisons };

/* ---- reading ---- */

static void parse_comparison(struct catalogue_line *parsed, const char *word) {
    for (int i = 0; i < COMPARISONS; i++) {
        if (strcmp(comparisons[i], word) == 0) {
            parsed->fact = CATALOGUE_REQUIRES;
            parsed->comparison = (enum mesh_comparison)i;
        }
    }
}

struct catalogue_line catalogue_parse(char *line) {
    char *rest = line;
    char *word = strsep(&rest, "\t");
    char *name = strsep(&rest, "\t");
    struct catalogue_line parsed = {.fact = CATALOGUE_MALFORMED, .name = name ? name : "", .value = rest ? rest : ""};
    if (strcmp(word, "end") == 0) {
        parsed.fact = CATALOGUE_END;
    } else if (!name) {
        return parsed;
    } else if (strcmp(word, "module") == 0) {
        parsed.fact = CATALOGUE_MODULE;
    } else if (strcmp(word, "type") == 0) {
        parsed.fact = CATALOGUE_TYPE;
    } else if (strcmp(word, "failed") == 0) {
        parsed.fact = CATALOGUE_FAILED;
    } else if (strcmp(word, "requires") == 0 && rest) {
        char *comparison = strsep(&rest, "\t");
        parsed.value = rest ? rest : "";
        parse_comparison(&parsed, comparison);
    }
    return parsed;
}

/* ---- writing ---- */

/* Lines that are written together or not at all: those of a module whose loading crashes must not stand there half. */
struct page {
    char *text;
    size_t bytes, room;
};

static void page_add(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void page_add(struct page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(page->text + page->bytes, page->room - page->bytes, format, arguments);
    va_end(arguments);
    if (more > 0 && page->bytes + (size_t)more < page->room) {
        page->bytes += (size_t)more;
    }
}

static int write_all(int fd, const char *text, size_t bytes) {
    while (bytes > 0) {
        ssize_t written = write(fd, text, bytes);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        text += written > 0 ? written : 0;
        bytes -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

static void add_failed(struct page *page, const char *path, const char *text) {
    page->bytes = 0;
    page_add(page, "failed\t%s\t", path);
    for (const char *c = text; *c; c++) {
        page_add(page, "%c", *c == '\n' || *c == '\t' ? ' ' : *c);
    }
    page_add(page, "\n");
}

static void add_type(struct page *page, const struct mesh_type *type) {
    page_add(page, "type\t%s%s\n", type->name, type->light ? "\tlight" : "");
    for (size_t i = 0; i < type->requirements_count; i++) {
        const struct mesh_requirement *requirement = &type->requirements[i];
        bool compares = requirement->comparison != MESH_PRESENT;
        page_add(page, "requires\t%s\t%s%s%s\n", requirement->name, comparisons[requirement->comparison],
                 compares ? "\t" : "", compares ? requirement->value : "");
    }
}

void catalogue_print_type(char *text, size_t room, const struct mesh_type *type) {
    struct page page = {.text = text, .room = room};
    text[0] = 0;
    add_type(&page, type);
}

/* In the child, which the module may crash, stop or fill with threads. */
static void write_module(struct page *page, const char *path, int output) {
    const struct mesh_type *const *types = NULL;
    struct mesh_error error;
    (void)alarm(CATALOGUE_MODULE_MS / 1000);
    if (module_load(&types, path, &error) != MESH_OK) {
        add_failed(page, path, error.text);
    } else {
        page_add(page, "module\t%s\n", path);
        for (size_t i = 0; types[i]; i++) {
            add_type(page, types[i]);
        }
    }
    _exit(write_all(output, page->text, page->bytes) == 0 ? 0 : 1);
}

static int catalogue_module(struct page *page, const char *path, int output) {
    page->bytes = 0;
    pid_t child = fork();
    if (child == 0) {
        write_module(page, path, output);
    }
    int ended = 0;
    if (child > 0) {
        while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
        }
    }
    if (child > 0 && WIFEXITED(ended) && WEXITSTATUS(ended) <= 1) {
        return WEXITSTATUS(ended);
    }
    char text[256];
    if (child < 0) {
        (void)snprintf(text, sizeof text, "no process could be made to load it: %s", strerror(errno));
    } else if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGALRM) {
        (void)snprintf(text, sizeof text, "loading it took more than %d s", CATALOGUE_MODULE_MS / 1000);
    } else if (WIFSIGNALED(ended)) {
        (void)snprintf(text, sizeof text, "loading it ended by SIG%s", sigabbrev_np(WTERMSIG(ended)));
    } else {
        (void)snprintf(text, sizeof text, "loading it ended the process with code %d", WEXITSTATUS(ended));
    }
    add_failed(page, path, text);
    return write_all(output, page->text, page->bytes) == 0 ? 0 : 1;
}

static int is_module(const struct dirent *entry) {
    size_t bytes = strlen(entry->d_name);
    return bytes > 3 && strcmp(entry->d_name + bytes - 3, ".so") == 0 && !strpbrk(entry->d_name, "\t\n");
}

static int catalogue_directory(struct page *page, const char *directory, int output, size_t *modules) {
    struct dirent **names = NULL;
    int count = scandir(directory, &names, is_module, alphasort);
    if (count < 0) {
        char text[256];
        (void)snprintf(text, sizeof text, "the directory of modules cannot be read: %s", strerror(errno));
        add_failed(page, directory, text);
        return write_all(output, page->text, page->bytes) == 0 ? 0 : 1;
    }
    int code = 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];
        bool fits = snprintf(path, sizeof path, "%s/%s", directory, names[i]->d_name) < PATH_BYTES;
        if (fits && code == 0 && (*modules)++ < MODULES_MAX) {
            code = catalogue_module(page, path, output);
        }
        free(names[i]);
    }
    free(names);
    return code;
}

int catalogue_main(const char *module_path, int output) {
    struct page page = {.text = malloc(CATALOGUE_BYTES), .room = CATALOGUE_BYTES};
    char *path = strdup(module_path);
    int code = page.text && path ? 0 : 1;
    size_t modules = 0;
    char *rest = path;
    for (char *directory = NULL; code == 0 && (directory = strsep(&rest, ":"));) {
        if (*directory) {
            code = catalogue_directory(&page, directory, output, &modules);
        }
    }
    if (code == 0) {
        code = write_all(output, "end\n", 4) == 0 ? 0 : 1;
    }
    free(path);
    free(page.text);
    return code;
}

int catalogue_source(const char *directory, int output) {
    struct page page = {.text = malloc(CATALOGUE_BYTES), .room = CATALOGUE_BYTES};
    int code = page.text ? catalogue_module(&page, directory, output) : 1;
    if (code == 0) {
        code = write_all(output, "end\n", 4) == 0 ? 0 : 1;
    }
    free(page.text);
    return code;
}
