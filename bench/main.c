/* mesh-bench: how fast the mesh is, as ratios to raw libzmq measured in the same run.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "bench/bench.h"
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bench_measurement throughput_64 = {.rows = {{"throughput-64", 1.0, 1.5}},
                                                       .unit = "messages/s",
                                                       .more_is_better = true,
                                                       .payload_bytes = 64,
                                                       .mesh = throughput_mesh,
                                                       .baseline = throughput_baseline};
static const struct bench_measurement throughput_1k = {.rows = {{"throughput-1k", 0.8, 1.2}},
                                                       .unit = "messages/s",
                                                       .more_is_better = true,
                                                       .payload_bytes = 1024,
                                                       .mesh = throughput_mesh,
                                                       .baseline = throughput_baseline};
static const struct bench_measurement throughput_64k = {.rows = {{"throughput-64k", 0.8, 1.0}},
                                                        .unit = "messages/s",
                                                        .more_is_better = true,
                                                        .payload_bytes = 64 * 1024,
                                                        .mesh = throughput_mesh,
                                                        .baseline = throughput_baseline};
static const struct bench_measurement latency = {.rows = {{"latency-p50", 1.3, 1.1}, {"latency-p99", 1.3, 1.1}},
                                                 .unit = "us",
                                                 .payload_bytes = 64,
                                                 .mesh = latency_mesh,
                                                 .baseline = latency_baseline};

const struct bench_measurement *const bench_measurements[] = {&throughput_64, &throughput_1k, &throughput_64k, &latency,
                                                              NULL};

struct arguments {
    bool quick, json;
    size_t runs;
    char **names;
    size_t names_count;
};

static const struct argp_option options[] = {
    {"quick", 'q', NULL, 0, "Fewer and shorter runs: done within a minute", 0},
    {"json", 'j', NULL, 0, "One JSON object per row instead of a table", 0},
    {"runs", 'n', "N", 0, "Pairs of runs per measurement, 1 to 31 (default 7, quick 3)", 0},
    {0},
};

static bool name_is_known(const char *name) {
    for (size_t m = 0; bench_measurements[m]; m++) {
        for (size_t r = 0; r < BENCH_VALUES && bench_measurements[m]->rows[r].name; r++) {
            if (strcmp(name, bench_measurements[m]->rows[r].name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static size_t parse_runs(const char *text, struct argp_state *state) {
    char *end;
    errno = 0;
    unsigned long runs = strtoul(text, &end, 10);
    if (errno || *end || runs < 1 || runs > BENCH_RUNS_MAX) {
        argp_error(state, "--runs takes a whole number from 1 to %d, not '%s'", BENCH_RUNS_MAX, text);
    }
    return runs;
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
    struct arguments *arguments = state->input;
    switch (key) {
    case 'q':
        arguments->quick = true;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case 'n':
        arguments->runs = parse_runs(text, state);
        return 0;
    case ARGP_KEY_ARG:
        if (!name_is_known(text)) {
            argp_error(state, "there is no row '%s'; a run without names measures and lists all of them", text);
        }
        return ARGP_ERR_UNKNOWN; /* all names come together in ARGP_KEY_ARGS */
    case ARGP_KEY_ARGS:
        arguments->names = state->argv + state->next;
        arguments->names_count = (size_t)(state->argc - state->next);
        for (size_t i = 0; i < arguments->names_count; i++) {
            if (!name_is_known(arguments->names[i])) {
                argp_error(state, "there is no row '%s'; a run without names measures and lists all of them",
                           arguments->names[i]);
            }
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_wanted(const struct arguments *arguments, const char *name) {
    for (size_t i = 0; i < arguments->names_count; i++) {
        if (strcmp(name, arguments->names[i]) == 0) {
            return true;
        }
    }
    return arguments->names_count == 0;
}

struct series {
    double mesh[BENCH_RUNS_MAX], baseline[BENCH_RUNS_MAX], ratio[BENCH_RUNS_MAX];
};

static double middle(const double *values, size_t count) {
    double sorted[BENCH_RUNS_MAX];
    memcpy(sorted, values, count * sizeof *values);
    return bench_percentile(sorted, count, 0.5);
}

static double share(const double *values, size_t count, double at) {
    double sorted[BENCH_RUNS_MAX];
    memcpy(sorted, values, count * sizeof *values);
    return bench_percentile(sorted, count, at);
}

static const char *verdict(const struct bench_measurement *of, const struct bench_row *row, double ratio) {
    bool must = of->more_is_better ? ratio >= row->must : ratio <= row->must;
    bool aim = of->more_is_better ? ratio >= row->aim : ratio <= row->aim;
    return aim ? "aim" : must ? "must" : "short";
}

static void print_table_row(const struct bench_measurement *of, const struct bench_row *row,
                            const struct series *series, size_t runs) {
    double ratio = middle(series->ratio, runs);
    printf("%-16s %12.0f %12.0f  %-10s %6.2f  (%.2f to %.2f)  must %.2f  aim %.2f  %s\n", row->name,
           middle(series->mesh, runs), middle(series->baseline, runs), of->unit, ratio, share(series->ratio, runs, 0),
           share(series->ratio, runs, 1), row->must, row->aim, verdict(of, row, ratio));
    fflush(stdout);
}

static json_t *spread(const double *values, size_t runs) {
    return json_pack("{s:f, s:f, s:f}", "min", share(values, runs, 0), "median", middle(values, runs), "max",
                     share(values, runs, 1));
}

static bool print_json_row(const struct bench_measurement *of, const struct bench_row *row, const struct series *series,
                           size_t runs) {
    double ratio = middle(series->ratio, runs);
    json_t *object =
        json_pack("{s:s, s:f, s:f, s:f, s:s, s:I, s:o, s:o, s:o, s:f, s:f, s:s}", "name", row->name, "mesh",
                  middle(series->mesh, runs), "baseline", middle(series->baseline, runs), "ratio", ratio, "unit",
                  of->unit, "runs", (json_int_t)runs, "mesh_spread", spread(series->mesh, runs), "baseline_spread",
                  spread(series->baseline, runs), "ratio_spread", spread(series->ratio, runs), "must", row->must, "aim",
                  row->aim, "verdict", verdict(of, row, ratio));
    bool well = object && json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6)) == 0;
    json_decref(object);
    printf("\n");
    fflush(stdout);
    return well;
}

static bool run_measurement(struct bench *bench, const struct bench_measurement *of,
                            const struct arguments *arguments) {
    struct series series[BENCH_VALUES] = {0};
    for (size_t run = 0; run < arguments->runs; run++) {
        double mesh[BENCH_VALUES] = {0}, baseline[BENCH_VALUES] = {0};
        if (!of->mesh(bench, of, mesh) || !of->baseline(bench, of, baseline)) {
            return false;
        }
        for (size_t r = 0; r < BENCH_VALUES && of->rows[r].name; r++) {
            series[r].mesh[run] = mesh[r];
            series[r].baseline[run] = baseline[r];
            series[r].ratio[run] = mesh[r] / baseline[r];
        }
    }
    bool well = true;
    for (size_t r = 0; r < BENCH_VALUES && of->rows[r].name; r++) {
        if (is_wanted(arguments, of->rows[r].name)) {
            if (arguments->json) {
                well = print_json_row(of, &of->rows[r], &series[r], arguments->runs) && well;
            } else {
                print_table_row(of, &of->rows[r], &series[r], arguments->runs);
            }
        }
    }
    return well;
}

static bool measurement_is_wanted(const struct bench_measurement *of, const struct arguments *arguments) {
    for (size_t r = 0; r < BENCH_VALUES && of->rows[r].name; r++) {
        if (is_wanted(arguments, of->rows[r].name)) {
            return true;
        }
    }
    return false;
}

static bool run_all(struct bench *bench, const struct arguments *arguments) {
    if (!arguments->json) {
        printf("%-16s %12s %12s  %-10s %6s\n", "row", "mesh", "raw libzmq", "unit", "ratio");
    }
    for (size_t m = 0; bench_measurements[m]; m++) {
        if (measurement_is_wanted(bench_measurements[m], arguments) &&
            !run_measurement(bench, bench_measurements[m], arguments)) {
            return false;
        }
    }
    return true;
}

/* The node's configuration: no tcp, which nothing here needs. */
static bool write_config(const char *path) {
    FILE *file = fopen(path, "w");
    bool well = file && fputs("node = bench\nbind = none\n", file) >= 0;
    return file && fclose(file) == 0 && well;
}

/* A node of its own in a private directory, so that no other node disturbs or is disturbed. */
static bool with_own_node(const struct arguments *arguments) {
    char directory[] = "/tmp/mesh-bench-XXXXXX";
    if (!mkdtemp(directory)) {
        fprintf(stderr, "mesh-bench: cannot make a directory below /tmp: %s\n", strerror(errno));
        return false;
    }
    char config[64], run_directory[64];
    snprintf(config, sizeof config, "%s/conf", directory);
    snprintf(run_directory, sizeof run_directory, "%s/run", directory);
    struct bench bench = {.quick = arguments->quick};
    struct mesh_node_options node_options = {.run_directory = run_directory, .config = config, .types = bench_types};
    struct mesh_error error;
    bool well = false;
    if (!write_config(config)) {
        fprintf(stderr, "mesh-bench: cannot write %s: %s\n", config, strerror(errno));
    } else if (mesh_node_start(&bench.node, &node_options, &error)) {
        fprintf(stderr, "mesh-bench: %s\n", error.text);
    } else {
        well = run_all(&bench, arguments);
        enum mesh_status status = mesh_node_shutdown(bench.node, 10000);
        mesh_node_detach(&bench.node);
        if (status) {
            fprintf(stderr, "mesh-bench: the node did not end: %s\n", mesh_status_text(status));
            well = false;
        }
    }
    unlink(config);
    if (rmdir(directory)) {
        fprintf(stderr, "mesh-bench: %s is left behind: %s\n", directory, strerror(errno));
        well = false;
    }
    return well;
}

int main(int argc, char **argv) {
    mesh_host_enter(bench_types);
    (void)setenv("MESH_MESHD", BENCH_MESHD, 0); /* the one that was built with it, unless told otherwise */
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "[ROW...]",
                              .doc = "Measures the mesh beside raw libzmq, in turn, and prints the ratios."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.runs == 0) {
        arguments.runs = arguments.quick ? 3 : 7;
    }
    return with_own_node(&arguments) ? 0 : 1;
}
