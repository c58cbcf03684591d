/* mesh source pack, load, unload, list: actor code that arrives at run time.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "cli/json.h"
#include "cli/line.h"
#include "cli/text.h"
#include <errno.h>
#include <mesh/source.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 120000 };

static const struct argp_option pack_options[] = {
    {"out", 'o', "FILE", 0, "Where the bundle goes; needed", 0},
    {0},
};

static const struct argp_option load_options[] = {
    {"info", 'i', "TEXT", 0, "What is shown of it (default: the file's name)", 0},
    {0},
};

static error_t parse_text(int key, char *text, struct argp_state *state) {
    const char **own = state->input;
    if (key != 'o' && key != 'i') {
        return ARGP_ERR_UNKNOWN;
    }
    *own = text;
    return 0;
}

static const struct cli_syntax pack_syntax = {
    .doc = "Makes a bundle of shared objects, of one or several architectures, and prints its hash. Of each "
           "architecture the last one is the module; those before it are libraries that it needs.",
    .words = "OBJECT...",
    .words_min = 1,
    .words_max = CLI_WORDS,
    .missing = "which shared objects? Their names are missing",
    .options = pack_options,
    .parse = parse_text,
    .no_node = true,
};

static const struct cli_syntax load_syntax = {
    .doc = "Loads a bundle at the node, whose Source Authority has to agree, and prints its hash, by which actors of "
           "it are created.",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .missing = "which bundle? `mesh source pack` makes one",
    .options = load_options,
    .parse = parse_text,
};

static const struct cli_syntax unload_syntax = {
    .doc = "Has no member of the convention create actors of the source any more; those that run live on. It fails "
           "when members are not reached, and names them; they are told as soon as they are.",
    .words = "HASH",
    .words_min = 1,
    .words_max = 1,
    .missing = "which source? `mesh source list` shows their hashes",
};

static const struct cli_syntax list_syntax = {
    .doc = "Shows the loadable sources that the node has.",
};

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int print_hash(const struct cli_line *line, const void *data, size_t bytes) {
    char hash[MESH_SOURCE_HASH_TEXT];
    (void)mesh_source_hash(data, bytes, hash);
    if (line->json) {
        return cli_print_json(json_pack("{s:s}", "hash", hash));
    }
    return cli_printed(printf("%s\n", hash) > 0);
}

/* ---- bundles ---- */

static int write_file(const char *path, const void *data, size_t bytes) {
    FILE *file = fopen(path, "wbe");
    bool written = file && fwrite(data, 1, bytes, file) == bytes;
    written = file && fclose(file) == 0 && written;
    return written ? CLI_DONE : cli_fail_with(MESH_IO, "%s: %s", path, strerror(errno));
}

int cmd_source_pack(int argc, char **argv) {
    struct cli_line line = {0};
    const char *out = NULL;
    struct mesh_error error;
    void *data = NULL;
    size_t bytes;
    cli_parse(&pack_syntax, argc, argv, &line, &out);
    if (!out) {
        (void)fprintf(stderr, "%s: where to? Give --out FILE\n", argv[0]);
        return CLI_USAGE;
    }
    if (mesh_source_pack(line.words, line.words_count, &data, &bytes, &error) != MESH_OK) {
        return cli_fail(&error);
    }
    int code = write_file(out, data, bytes);
    code = code == CLI_DONE ? print_hash(&line, data, bytes) : code;
    mesh_source_free(&data);
    return code;
}

/* The bytes are the caller's; NULL with errno. One byte more than a source may have is enough to see that it is too large. */
static void *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rbe");
    char *data = file ? malloc(MESH_SOURCE_BYTES + 1) : NULL;
    *bytes = data ? fread(data, 1, MESH_SOURCE_BYTES + 1, file) : 0;
    if (data && ferror(file)) {
        free(data);
        data = NULL;
    }
    if (file) {
        (void)fclose(file);
    }
    return data;
}

int cmd_source_load(int argc, char **argv) {
    struct cli_line line = {0};
    const char *info = NULL;
    struct mesh_error error;
    struct mesh_node *node;
    size_t bytes;
    cli_parse(&load_syntax, argc, argv, &line, &info);
    void *data = read_file(line.words[0], &bytes);
    if (!data) {
        return cli_fail_with(MESH_IO, "%s: %s", line.words[0], strerror(errno));
    }
    int code = cli_attach(&line, &node);
    if (code == CLI_DONE) {
        info = info ? info : last_part(line.words[0]);
        enum mesh_status status = mesh_node_load_source(node, data, bytes, info, WAIT_MS, &error);
        mesh_node_detach(&node);
        code = status == MESH_OK ? print_hash(&line, data, bytes) : cli_fail(&error);
    }
    free(data);
    return code;
}

int cmd_source_unload(int argc, char **argv) {
    struct cli_line line = {0};
    struct mesh_error error;
    struct mesh_node *node;
    cli_parse(&unload_syntax, argc, argv, &line, NULL);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = mesh_node_unload_source(node, line.words[0], WAIT_MS, &error);
    mesh_node_detach(&node);
    if (status != MESH_OK) {
        return cli_fail(&error);
    }
    return line.json ? cli_print_json(json_pack("{s:s}", "unloaded", line.words[0])) : CLI_DONE;
}

/* ---- the list ---- */

static int print_table(const struct mesh_node_report *node) {
    static const struct cli_column columns[] = {
        {"HASH", false}, {"STATE", false}, {"BYTES", true}, {"PROCESSES", true}, {"INFO", false}};
    struct cli_table table = CLI_TABLE(columns);
    for (size_t i = 0; i < node->sources_count; i++) {
        const struct mesh_source_report *source = &node->sources[i];
        cli_cell(&table, "%s", source->hash);
        cli_cell(&table, "%s", source->state);
        cli_cell(&table, "%llu", (unsigned long long)source->bytes);
        cli_cell(&table, "%llu", (unsigned long long)source->processes);
        cli_cell(&table, "%s", source->info);
    }
    bool well = cli_print_table(&table, 0);
    if (mesh_address_is_none(node->source_authority)) {
        well = puts("This node has no Source Authority, so it loads nothing.") > 0 && well;
    }
    return cli_printed(well);
}

static int print_json(const struct mesh_node_report *node) {
    return cli_print_json(json_pack("{s:o, s:o, s:o}", "node", cli_json_text(node->name), "authority",
                                    cli_json_address(node->source_authority), "sources", cli_json_sources(node)));
}

int cmd_source_list(int argc, char **argv) {
    struct cli_line line = {0};
    struct mesh_error error;
    struct mesh_node *node;
    struct mesh_report *report = NULL;
    cli_parse(&list_syntax, argc, argv, &line, NULL);
    int code = cli_attach(&line, &node);
    if (code != CLI_DONE) {
        return code;
    }
    enum mesh_status status = mesh_node_report(node, false, CLI_REPORT_MS, &report, &error);
    mesh_node_detach(&node);
    code = status != MESH_OK ? cli_fail(&error)
           : line.json       ? print_json(&report->nodes[0])
                             : print_table(&report->nodes[0]);
    mesh_report_release(&report);
    return code;
}
