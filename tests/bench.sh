#!/usr/bin/env bash
# Runs the benchmarks:  tests/bench.sh BUILD
# Each prints lines "name TAB value TAB unit"; here they become a table and
# BUILD/bench.tsv, with the machine beside each.
set -u
build=${1:?usage: tests/bench.sh BUILD}
cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
machine="$(nproc) x ${cpu:-$(uname -m)}"
out=$build/bench.tsv

{
    "$build/tests/bench_core" &&
        "$build/tests/bench_pick" &&
        "$build/tests/bench_window" &&
        "$build/tests/bench_sim" &&
        "$build/tests/bench_runs" "$build" &&
        tests/bench_http.sh "$build" &&
        tests/bench_load.sh "$build"
} >"$out.lines" || exit 1
awk -F'\t' -v OFS='\t' -v machine="$machine" '
    BEGIN { print "name", "value", "unit", "machine" }
    { print $1, $2, $3, machine }' "$out.lines" >"$out"
rm "$out.lines"
awk -F'\t' 'NR > 1 { printf "%-56s %10s %s\n", $1, $2, $3 }' "$out"
echo "$machine; written to $out" >&2
