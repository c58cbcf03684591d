/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/text.h"
#include "cli/cli.h"
#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

enum { ESCAPED_BYTES = 4, GAP = 2, LIST_INDENT = 4 };

/* ---- escaping ---- */

/* Marks that turn the direction of writing, and such as take no room, make a text look like another one. */
static bool is_deceptive(wchar_t character) {
    return (character >= 0x200b && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2060 && character <= 0x206f) || character == 0x061c || character == 0xfeff;
}

/* How many bytes the printable character has with which the text begins; 0: what stands there has to be escaped. */
static size_t printable(const char *text, size_t bytes) {
    mbstate_t state = {0};
    wchar_t character;
    size_t length = mbrtowc(&character, text, bytes, &state);
    bool well = length != 0 && length != (size_t)-1 && length != (size_t)-2;
    return well && iswprint((wint_t)character) && !is_deceptive(character) ? length : 0;
}

/* One character, or one byte that is escaped, behind what is in `out`; gives how many bytes of the text that was. */
static size_t escape_one(const char *text, size_t bytes, char *out, size_t *out_bytes) {
    size_t length = printable(text, bytes);
    if (length > 0) {
        memcpy(out, text, length);
        *out_bytes = length;
        return length;
    }
    *out_bytes = (size_t)snprintf(out, ESCAPED_BYTES + 1, "\\x%02x", (unsigned char)*text);
    return 1;
}

const char *cli_escape(const char *text, char *buffer, size_t bytes) {
    char one[MB_LEN_MAX + ESCAPED_BYTES + 1];
    size_t at = 0, left = strlen(text), one_bytes;
    while (left > 0) {
        size_t read = escape_one(text, left, one, &one_bytes);
        if (at + one_bytes >= bytes) {
            break;
        }
        memcpy(buffer + at, one, one_bytes);
        at += one_bytes;
        text += read;
        left -= read;
    }
    buffer[at] = '\0';
    return buffer;
}

bool cli_print_bytes(const void *data, size_t bytes) {
    char one[MB_LEN_MAX + ESCAPED_BYTES + 1];
    const char *text = data;
    size_t one_bytes;
    while (bytes > 0) {
        size_t read = 1;
        if (*text == '\n' || *text == '\t' || *text == '\\') {
            one_bytes = (size_t)snprintf(one, sizeof one, *text == '\\' ? "%c%c" : "%c", *text, *text);
        } else {
            read = escape_one(text, bytes, one, &one_bytes);
        }
        if (fwrite(one, 1, one_bytes, stdout) != one_bytes) {
            return false;
        }
        text += read;
        bytes -= read;
    }
    return true;
}

/* NULL without memory. */
__attribute__((format(printf, 1, 0))) static char *print_escaped(const char *format, va_list arguments) {
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    size_t bytes = length < 0 ? 0 : ESCAPED_BYTES * (size_t)length + 1;
    char *escaped = length < 0 ? NULL : malloc(bytes);
    if (escaped) {
        cli_escape(text, escaped, bytes);
    }
    free(length < 0 ? NULL : text);
    return escaped;
}

bool cli_is_utf8(void) {
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- tables ---- */

static char **next_cell(struct cli_table *table) {
    if (table->cells_count == table->cells_max) {
        size_t more = table->cells_max ? 2 * table->cells_max : 64;
        char **cells = realloc(table->cells, more * sizeof *cells);
        if (!cells) {
            return NULL;
        }
        table->cells = cells;
        table->cells_max = more;
    }
    return &table->cells[table->cells_count];
}

void cli_cell(struct cli_table *table, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *escaped = print_escaped(format, arguments);
    va_end(arguments);
    char **cell = escaped ? next_cell(table) : NULL;
    if (cell) {
        *cell = escaped;
        table->cells_count++;
    } else {
        free(escaped);
        table->failed = true;
    }
}

/* In columns of the terminal; what has no width of its own is as wide as it is long. */
static size_t width_of(const char *text) {
    wchar_t wide[CLI_TEXT_BYTES];
    size_t length = mbstowcs(wide, text, CLI_TEXT_BYTES);
    int width = length < CLI_TEXT_BYTES ? wcswidth(wide, length) : -1;
    return width < 0 ? strlen(text) : (size_t)width;
}

/* ---- lists ---- */

/* Endless where there is none. */
static size_t terminal_width(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : SIZE_MAX;
}

struct cli_list cli_list(const char *title) {
    int printed = printf("%s", title);
    return (struct cli_list){.width = terminal_width(), .at = printed > 0 ? (size_t)printed : 0};
}

/* Behind it there is to be room for the sign that may follow. */
void cli_list_add(struct cli_list *list, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = print_escaped(format, arguments);
    va_end(arguments);
    size_t width = text ? width_of(text) : 0;
    bool breaks = list->count > 0 && list->at + 3 + width > list->width;
    printf("%s%s%*s%s", list->count > 0 ? ";" : "", breaks ? "\n" : "", breaks ? LIST_INDENT : 1, "",
           text ? text : "?");
    list->at = (breaks ? LIST_INDENT : list->at + (list->count > 0) + 1) + width;
    list->count++;
    free(text);
}

void cli_list_end(const struct cli_list *list) {
    printf("%s\n", list->count > 0 ? "" : " none");
}

/* ---- printing tables ---- */

/* Of a column. */
struct layout {
    size_t width;
    size_t line_indent; /* it begins a line, behind so many spaces; 0: it does not */
};

static size_t width_of_column(const struct cli_table *table, size_t column) {
    size_t width = strlen(table->columns[column].title);
    for (size_t i = column; i < table->cells_count; i += table->columns_count) {
        size_t cell = width_of(table->cells[i]);
        width = cell > width ? cell : width;
    }
    return width;
}

/* Behind the last text of a line stands no space: what fills a column waits in `spaces` for the next one. */
static void print_cell(const struct cli_table *table, size_t column, const struct layout *layout, const char *text,
                       size_t *spaces) {
    size_t fill = layout->width - width_of(text);
    bool right = table->columns[column].right;
    if (layout->line_indent > 0) {
        putchar('\n');
        *spaces = layout->line_indent;
    }
    *spaces += right ? fill : 0;
    if (*text != '\0') {
        printf("%*s%s", (int)*spaces, "", text);
        *spaces = 0;
    }
    *spaces += (right ? 0 : fill) + GAP;
    if (column + 1 == table->columns_count) {
        putchar('\n');
    }
}

/* Rows that are wider than the terminal have several lines. */
static void lay_out(const struct cli_table *table, struct layout *layouts, size_t indent) {
    size_t at = indent, most = terminal_width();
    for (size_t i = 0; i < table->columns_count; i++) {
        layouts[i].width = width_of_column(table, i);
        if (i > 0 && at + layouts[i].width > most) {
            layouts[i].line_indent = at = indent + LIST_INDENT;
        }
        at += layouts[i].width + GAP;
    }
}

void cli_drop_table(struct cli_table *table) {
    for (size_t i = 0; i < table->cells_count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
}

bool cli_print_table(struct cli_table *table, size_t indent) {
    size_t count = table->columns_count;
    struct layout *layouts = calloc(count, sizeof *layouts);
    bool well = layouts && !table->failed;
    if (well) {
        lay_out(table, layouts, indent);
    }
    size_t spaces = 0;
    for (size_t i = 0; well && i < count + table->cells_count; i++) {
        spaces = i % count == 0 ? indent : spaces;
        print_cell(table, i % count, &layouts[i % count], i < count ? table->columns[i].title : table->cells[i - count],
                   &spaces);
    }
    if (!well) {
        fprintf(stderr, "mesh: %s\n", mesh_status_text(MESH_NO_MEMORY));
    }
    cli_drop_table(table);
    free(layouts);
    return well;
}

int cli_printed(bool well) {
    return fflush(stdout) == 0 && !ferror(stdout) && well ? CLI_DONE : CLI_FAILED;
}
