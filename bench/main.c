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
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define THROUGHPUT(label, bytes, least, hoped)                                                                         \
    {                                                                                                                  \
        .rows = {{label, "messages/s", least, hoped}}, .more_is_better = true, .payload_bytes = (bytes),               \
        .mesh = throughput_mesh, .baseline = throughput_baseline                                                       \
    }

static const struct bench_measurement measurements[] = {
    THROUGHPUT("throughput-64", 64, 1.0, 1.5),
    THROUGHPUT("throughput-1k", 1024, 0.8, 1.2),
    THROUGHPUT("throughput-64k", 64 * 1024, 0.8, 1.0),
    {.rows = {{"fanin-16", "messages/s", 1.0, 1.5}},
     .more_is_better = true,
     .payload_bytes = 64,
     .mesh = fanin_mesh,
     .baseline = fanin_baseline},
    {.rows = {{"tcp-throughput", "messages/s", 0.8, 1.2}},
     .more_is_better = true,
     .payload_bytes = 64,
     .tcp = true,
     .mesh = tcp_mesh,
     .baseline = throughput_baseline},
    {.rows = {{"curve-throughput", "messages/s", 0.8, 1.0}},
     .more_is_better = true,
     .payload_bytes = 64,
     .tcp = true,
     .curve = true,
     .mesh = tcp_mesh,
     .baseline = throughput_baseline},
    {.rows = {{"routed-throughput", "messages/s", 0.4, 0.6}},
     .more_is_better = true,
     .payload_bytes = 64,
     .mesh = tcp_routed,
     .baseline = tcp_mesh},
    {.rows = {{"routed-latency-p50", "us", 2.5, 2.0}},
     .payload_bytes = 64,
     .mesh = latency_routed,
     .baseline = latency_direct},
    {.rows = {{"latency-p50", "us", 1.3, 1.1}, {"latency-p99", "us", 1.3, 1.1}},
     .payload_bytes = 64,
     .mesh = latency_mesh,
     .baseline = latency_baseline},
    {.rows = {{"rate-latency-p99", "us", 1.5, 1.2}}, .payload_bytes = 64, .mesh = rate_mesh, .baseline = rate_baseline},
    {.rows = {{"create-process", "us", 2.0, 1.3}}, .mesh = create_mesh, .baseline = create_baseline},
    {.rows = {{"chain-250", "s", 5, 5}}, .mesh = chain_mesh},
    {.rows = {{"burst-100", "s", 3, 3}}, .mesh = burst_mesh},
    {.rows = {{"members-500", "ns", 1.5, 1.1}, {"members-500-traffic", "messages", 1.5, 1.1}},
     .mesh = members_many,
     .baseline = members_few},
    {.rows = {{"light-roundtrip", "ns", 1000, 200}}, .mesh = light_roundtrip_mesh},
    {.rows = {{"light-spawn", "ns", 2000, 300}, {"rss-light", "bytes", 2048, 512}},
     .runs_max = BENCH_ONCE,
     .mesh = light_spawn_mesh},
    {.rows = {{"rss-meshd", "MB", 3, 2}, {"rss-host", "MB", 1, 0.6}}, .runs_max = BENCH_ONCE, .mesh = memory_mesh},
    {.rows = {{"idle-cpu", "%", 0.5, 0.1}}, .runs_max = BENCH_ONCE, .mesh = idle_mesh},
};

enum { MEASUREMENTS = sizeof measurements / sizeof *measurements };

struct arguments {
    bool quick, json, curve;
    size_t runs, soak_s;
    char **names;
    size_t names_count;
};

static const struct argp_option options[] = {
    {"quick", 'q', NULL, 0, "Fewer and shorter runs: done within a minute", 0},
    {"json", 'j', NULL, 0, "One JSON object per row instead of a table", 0},
    {"runs", 'n', "N", 0, "Pairs of runs per measurement, 1 to 31 (default 7, quick 3)", 0},
    {"curve", 'c', NULL, 0, "Instead: throughput, latency and creation beside 1, 10, 100 and 1000 idle actors", 0},
    {"soak", 's', "SECONDS", OPTION_ARG_OPTIONAL, "Instead: memory under load, by default for 300 seconds", 0},
    {0},
};

enum { SOAK_S = 300, SOAK_LEAST_S = 3, SOAK_MOST_S = 24 * 3600 };

static bool name_is_known(const char *name) {
    for (size_t m = 0; m < MEASUREMENTS; m++) {
        for (size_t r = 0; r < BENCH_VALUES && measurements[m].rows[r].name; r++) {
            if (strcmp(name, measurements[m].rows[r].name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static size_t parse_number(const char *text, size_t least, size_t most, const char *name, struct argp_state *state) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno || *end || number < least || number > most) {
        argp_error(state, "%s takes a whole number from %zu to %zu, not '%s'", name, least, most, text);
    }
    return number;
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
        arguments->runs = parse_number(text, 1, BENCH_RUNS_MAX, "--runs", state);
        return 0;
    case 'c':
        arguments->curve = true;
        return 0;
    case 's':
        arguments->soak_s = text ? parse_number(text, SOAK_LEAST_S, SOAK_MOST_S, "--soak", state) : SOAK_S;
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
    double value = middle(of->baseline ? series->ratio : series->mesh, runs);
    const double *shown = of->baseline ? series->ratio : series->mesh;
    printf("%-20s %12.6g", row->name, middle(series->mesh, runs));
    if (of->baseline) {
        printf(" %12.6g  %-10s %6.2f", middle(series->baseline, runs), row->unit, value);
    } else {
        printf(" %12s  %-10s %6s", "-", row->unit, "-");
    }
    printf("  (%.3g to %.3g)  must %.4g  aim %.4g  %s\n", share(shown, runs, 0), share(shown, runs, 1), row->must,
           row->aim, verdict(of, row, value));
    fflush(stdout);
}

static json_t *spread(const double *values, size_t runs) {
    return json_pack("{s:f, s:f, s:f}", "min", share(values, runs, 0), "median", middle(values, runs), "max",
                     share(values, runs, 1));
}

/* A row without a baseline has null where that would stand, and its marks are of the value itself. */
static bool print_json_row(const struct bench_measurement *of, const struct bench_row *row, const struct series *series,
                           size_t runs) {
    double value = middle(of->baseline ? series->ratio : series->mesh, runs);
    const char *word = verdict(of, row, value);
    json_t *object = json_pack("{s:s, s:f, s:s, s:I, s:o, s:f, s:f, s:s, s:b}", "name", row->name, "mesh",
                               middle(series->mesh, runs), "unit", row->unit, "runs", (json_int_t)runs, "mesh_spread",
                               spread(series->mesh, runs), "must", row->must, "aim", row->aim, "verdict", word, "met",
                               strcmp(word, "short") != 0);
    bool well = object != NULL;
    json_t *none = json_null();
    well = well && json_object_set_new(object, "baseline",
                                       of->baseline ? json_real(middle(series->baseline, runs)) : none) == 0;
    well = well && json_object_set_new(object, "ratio", of->baseline ? json_real(value) : none) == 0;
    if (of->baseline) {
        well = well && json_object_set_new(object, "baseline_spread", spread(series->baseline, runs)) == 0 &&
               json_object_set_new(object, "ratio_spread", spread(series->ratio, runs)) == 0;
    }
    well = well && json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6)) == 0;
    json_decref(object);
    printf("\n");
    fflush(stdout);
    return well;
}

static bool run_once(struct bench *bench, const struct bench_measurement *of, struct series series[BENCH_VALUES],
                     size_t run) {
    double mesh[BENCH_VALUES] = {0}, baseline[BENCH_VALUES] = {0};
    if (!of->mesh(bench, of, mesh) || (of->baseline && !of->baseline(bench, of, baseline))) {
        return false;
    }
    for (size_t r = 0; r < BENCH_VALUES && of->rows[r].name; r++) {
        series[r].mesh[run] = mesh[r];
        series[r].baseline[run] = baseline[r];
        series[r].ratio[run] = of->baseline ? mesh[r] / baseline[r] : 0;
    }
    return true;
}

static bool run_measurement(struct bench *bench, const struct bench_measurement *of,
                            const struct arguments *arguments) {
    struct series series[BENCH_VALUES] = {0};
    size_t runs = of->runs_max && of->runs_max < arguments->runs ? of->runs_max : arguments->runs;
    for (size_t run = 0; run < runs; run++) {
        if (!run_once(bench, of, series, run)) {
            return false;
        }
    }
    bool well = true;
    for (size_t r = 0; r < BENCH_VALUES && of->rows[r].name; r++) {
        if (is_wanted(arguments, of->rows[r].name)) {
            if (arguments->json) {
                well = print_json_row(of, &of->rows[r], &series[r], runs) && well;
            } else {
                print_table_row(of, &of->rows[r], &series[r], runs);
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
    if (arguments->curve) {
        return bench_curve(bench, arguments->json);
    }
    if (arguments->soak_s > 0) {
        return bench_soak(bench, arguments->soak_s, arguments->json);
    }
    if (!arguments->json) {
        printf("%-20s %12s %12s  %-10s %6s\n", "row", "mesh", "raw libzmq", "unit", "ratio");
    }
    for (size_t m = 0; m < MEASUREMENTS; m++) {
        if (measurement_is_wanted(&measurements[m], arguments) &&
            !run_measurement(bench, &measurements[m], arguments)) {
            return false;
        }
    }
    return true;
}

/* The node's configuration: the benchmark's own module, and no tcp, which nothing here needs. */
static bool write_config(const char *path) {
    FILE *file = fopen(path, "w");
    bool well = file && fputs("node = bench\nbind = none\nmodule_path = " BENCH_MODULES "\n", file) >= 0;
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
    struct mesh_node_options node_options = {.run_directory = run_directory, .config = config};
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

/* A program that talks to a thousand processes has sockets for each. */
static void want_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv) {
    (void)setenv("MESH_MESHD", BENCH_MESHD, 0); /* the one that was built with it, unless told otherwise */
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "[ROW...]",
                              .doc = "Measures the mesh beside raw libzmq, in turn, and prints the ratios."};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    want_descriptors();
    if (arguments.runs == 0) {
        arguments.runs = arguments.quick ? 3 : 7;
    }
    return with_own_node(&arguments) ? 0 : 1;
}
