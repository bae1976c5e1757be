#!/usr/bin/env bash
# Runs the benchmarks of a build, and one of the plain build beside it:
#     tests/bench.sh BUILD PLAIN
# Each prints lines "name TAB value TAB unit"; here they become a table and
# PLAIN/bench.tsv, with the machine beside each.
set -u
build=${1:?usage: tests/bench.sh BUILD PLAIN}
plain=${2:?usage: tests/bench.sh BUILD PLAIN}
cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
machine="$(nproc) x ${cpu:-$(uname -m)}"
out=$plain/bench.tsv

{
    "$build/tests/bench_core" &&
        "$build/tests/bench_window" &&
        "$build/tests/bench_sim" &&
        "$plain/tests/bench_sim" 'requests bind, 10, ' |
        sed 's/\t/, without PGO\t/' &&
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
