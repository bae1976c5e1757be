#!/usr/bin/env bash
# Does `tierlab compare` call a scenario different from itself, and does it see
# a limiter that was made worse on purpose?  tests/compare_study.sh BUILD
#
# Of 2,000 comparisons under other seeds at most 31 may name any figure (1 %
# nominal; a binomial's 99 % bound).  STUDY_PAIRS=100 (with at most 4) makes it
# short.  The limiter is made worse by a patch of a copy: it uses 97 % of what
# it believes is there.  Then the README's recipe for CI is run as it stands,
# which has to tell in at least 95 of 100, each run within 20 s of a processor.
set -u
build=${1:?usage: tests/compare_study.sh BUILD}
tierlab=$build/tierlab
pairs=${STUDY_PAIRS:-2000}
most=$((pairs >= 2000 ? 31 : pairs / 25))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

verdict() {
    echo "$1"
    if [ "$2" = yes ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $1"
    fi
}

# Near the limit: waiting, refusals by belief and tails are all there.
cat >"$work/itself.json" <<'JSON'
{"name": "itself", "duration": "10m", "replications": 10,
 "provider": {"table": "official-2024-mid",
  "organisations": [{"name": "o", "tier": "tier1", "count": 2}]},
 "workload": {"model": "gpt-4o", "arrivals": {"gamma": {"rate": "150/m",
  "cv": 2}}, "prompt_tokens": {"lognormal": {"p50": 200, "p95": 900}}}}
JSON

# one SEED: this seed against the next but a million.
one() {
    local dir=$work/$1
    "$tierlab" bench -q --no-figures --threads 1 --seed "$1" -o "$dir-a" \
        "$work/itself.json" &&
        "$tierlab" bench -q --no-figures --threads 1 --seed $(($1 + 1000000)) \
            -o "$dir-b" "$work/itself.json" || echo broken
    "$tierlab" compare --json "$dir-a" "$dir-b" |
        grep -qE '"verdict":"(worse|better)"' && echo different
    rm -r "$dir-a" "$dir-b"
}
export -f one
export work tierlab
seq "$pairs" | xargs -P "$(nproc)" -I @ bash -c 'one @' >"$work/out"
found=$(grep -c different "$work/out")
broken=$(grep -c broken "$work/out")
verdict "itself: $found of $pairs comparisons name a difference (at most $most)" \
    "$([ "$found" -le "$most" ] && [ "$broken" -eq 0 ] && echo yes)"

# More comes than the limits let through; who would wait long is turned away.
cat >"$work/scenario.json" <<'JSON'
{"name": "gate", "duration": "10m", "replications": 10,
 "provider": {"table": "official-2024-mid",
  "organisations": [{"name": "o", "tier": "tier2"}]},
 "client": {"queue": {"name": "fifo", "max": 16}},
 "workload": {"model": "gpt-4o", "arrivals": {"poisson": "2000/m"},
  "prompt_tokens": {"lognormal": {"p50": 200, "p95": 900}}}}
JSON
bench=$(grep -E '^    build/tierlab bench scenario.json -o new' README.md)
compare=$(grep -E '^    build/tierlab compare base new' README.md)
mkdir "$work/copy"
cp -r Makefile limiter sim mockserver bench "$work/copy"
sed -i 's/^    return lim_rate_make(limit,$/    limit -= limit * 3 \/ 100;\n&/' \
    "$work/copy/limiter/group.c"
cmp -s limiter/group.c "$work/copy/limiter/group.c" &&
    echo 'the patch does not fit any more'
make -s -C "$work/copy" -j"$(nproc)" BUILD=build build/tierlab >"$work/log" 2>&1 ||
    tail "$work/log"
build=$(cd "$build" && pwd)

# as WRITTEN LINE: in the folder of a seed, with the programs of `build`; its
# exit status and the seconds of a processor that it took.
as_written() {
    local status
    TIMEFORMAT='%U %S'
    { time bash -c "$2" >/dev/null 2>&1; } 2>took
    status=$?
    awk -v what="$1" -v status=$status '{print what, status, $1 + $2}' took
}

# Yesterday's limiter, today's, which is worse, and one that is as it was.
gate() {
    local dir=$work/gate-$1
    mkdir "$dir" && cd "$dir" || exit
    sed "1s/{/{\"seed\": $1, /" "$work/scenario.json" >scenario.json
    ln -s "$build" build
    as_written bench "${bench/-o new/-o base}"
    as_written bench "$bench"
    as_written same "$compare"
    rm -r new build && ln -s "$work/copy/build" build
    as_written bench "$bench"
    as_written worse "$compare"
    mv base other && mv new base && mv other new
    as_written better "$compare"
    rm -r "$dir"
}
export -f gate as_written
export build bench compare
seq 100 | xargs -P "$(nproc)" -I @ bash -c 'gate @' >"$work/out" \
    2>"$work/err"
tail -n 3 "$work/err"
# that ENDED STATUS: how often
that() { grep -c "^$1 $2 " "$work/out"; }
most_s=$(awk '$3 > most {most = $3} END {print most + 0}' "$work/out")
echo "the longest of $(that bench '[0-9]*') runs took $most_s s of a processor"
verdict "3 % worse: told in $(that worse 4) of 100 (at least 95)" \
    "$([ "$(that worse 4)" -ge 95 ] && echo yes)"
verdict "the same passes in $(that same 0), what is better in $(that better 0)" \
    "$([ "$(that same 0)$(that better 0)" = 100100 ] && echo yes)"
verdict "thresholds hold in $(that bench 0) of 300 runs, each within 20 s" \
    "$([ "$(that bench 0)" = 300 ] &&
        awk -v s="$most_s" 'BEGIN {exit !(s > 0 && s < 20)}' && echo yes)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
