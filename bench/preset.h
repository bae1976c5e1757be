#ifndef BENCH_PRESET_H
#define BENCH_PRESET_H

#include <stdio.h>

#include "mockserver/json.h"

/*
 * Presets: what named clients do today, as a "client" section each.  The file
 * bench/presets.json, which is built in, maps a name to
 *
 *     "summary"     one line, for --list
 *     "source"      project, version and file that it was taken from
 *     "bugs"        documented defects that it reproduces
 *     "departures"  what is done otherwise here
 *     "client"      a section as in a scenario, without "preset"
 */

/* Returns the file's tree, which the caller frees; NULL: out of memory. */
cJSON *bench_preset_all(void);

/*
 * If `j`, a scenario's "client", has the key "preset", `j` then reads that
 * preset's section, over which go its own keys: those of objects one by one,
 * so that {"retry": {"max": 5}} keeps the preset's back-off; a "cap" takes
 * the place of the whole.  Returns what `j` reads from, which the caller
 * frees after mock_json_close.  Returns NULL and leaves `j` as it is when
 * there is no such key, and when it failed, which is told through `j`: for an
 * unknown name with the nearest one.
 */
cJSON *bench_preset_apply(struct mock_json *j);

/* Prints names and summaries, for `bench --list`. */
void bench_preset_print(FILE *f);

#endif
