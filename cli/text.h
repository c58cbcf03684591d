/* Text for people: nothing that others chose can hurt the terminal, and tables are as wide as what is in them.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLI_TEXT_BYTES = 1024 };

/* The text, or as much of it as finds room, in `buffer`: what is not printable in this locale, or turns the direction of writing, stands as \x and
 * two digits for each byte. */
const char *cli_escape(const char *text, char *buffer, size_t bytes);

/* Prints bytes like that, but for newlines and tabs, which stay, and backslashes, which are doubled, so that all can be read back. False when it
 * fails. */
bool cli_print_bytes(const void *data, size_t bytes);

/* Whether the terminal takes more than ASCII. */
bool cli_is_utf8(void);

struct cli_column {
    const char *title;
    bool right;
};

/* A table in the making; its cells come row by row. */
struct cli_table {
    const struct cli_column *columns;
    size_t columns_count, cells_count, cells_max;
    char **cells;
    bool failed; /* for want of memory */
};

#define CLI_TABLE(columns_of_it)                                                                                       \
    (struct cli_table) {                                                                                               \
        .columns = (columns_of_it), .columns_count = sizeof(columns_of_it) / sizeof *(columns_of_it)                   \
    }

/* The next cell, escaped. */
void cli_cell(struct cli_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints it, each row behind so many spaces, and frees it; false when that failed. Rows that are wider than the terminal are broken between
 * columns. */
bool cli_print_table(struct cli_table *table, size_t indent);
/* Frees it without that. */
void cli_drop_table(struct cli_table *table);

/* A list in the making: behind its title, in lines that fit the terminal; where there is none, in one. */
struct cli_list {
    size_t at, width, count;
};

struct cli_list cli_list(const char *title);
void cli_list_add(struct cli_list *list, const char *format, ...) __attribute__((format(printf, 2, 3))); /* escaped */
void cli_list_end(const struct cli_list *list);

/* The exit code of a command that has printed; all of it is out then, or it has failed. */
int cli_printed(bool well);

#endif
