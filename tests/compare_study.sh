#!/usr/bin/env bash
# Does `tierlab compare` call a scenario different from itself, and does it see
# a limiter that was made worse on purpose?  tests/compare_study.sh BUILD
#
# Of 2,000 comparisons under other seeds at most 31 may name any figure (1 %
# nominal; a binomial's 99 % bound).  STUDY_PAIRS=100 (with at most 4) makes it
# short.  The limiter is made worse by a patch of a copy: it uses 97 % of what
# it believes is there.
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

# The recipe for CI (README): a baseline, the change, the comparison.
cat >"$work/gate.json" <<'JSON'
{"name": "gate", "duration": "10m", "replications": 10,
 "provider": {"table": "official-2024-mid",
  "organisations": [{"name": "o", "tier": "tier1", "count": 2}]},
 "workload": {"model": "gpt-4o", "arrivals": {"poisson": "400/m"},
  "prompt_tokens": {"lognormal": {"p50": 200, "p95": 900}}}}
JSON
mkdir "$work/copy"
cp -r Makefile limiter sim mockserver bench "$work/copy"
sed -i 's/^    return lim_rate_make(limit, lim_limit/    limit -= limit * 3 \/ 100;\n&/' \
    "$work/copy/limiter/group.c"
cmp -s limiter/group.c "$work/copy/limiter/group.c" &&
    echo 'the patch does not fit any more'
make -s -C "$work/copy" -j"$(nproc)" BUILD=build build/tierlab >"$work/log" 2>&1 ||
    tail "$work/log"
worse=$work/copy/build/tierlab

gate() {
    local dir=$work/$1
    "$tierlab" bench -q --no-figures --threads 1 --seed "$1" -o "$dir-a" \
        "$work/gate.json" &&
        "$worse" bench -q --no-figures --threads 1 --seed "$1" -o "$dir-b" \
            "$work/gate.json" || echo broken
    "$tierlab" compare -q "$dir-a" "$dir-b" --max-regress 1%
    [ $? -eq 4 ] && echo worse
    "$worse" bench -q --no-figures --threads 1 --seed "$1" -o "$dir-c" \
        "$work/gate.json"
    "$tierlab" compare -q "$dir-c" "$dir-a" --max-regress 1%
    [ $? -eq 4 ] && echo the other way
    rm -r "$dir-a" "$dir-b" "$dir-c"
}
export -f gate
export worse
seq 100 | xargs -P "$(nproc)" -I @ bash -c 'gate @' >"$work/out" \
    2>"$work/err"
tail -n 3 "$work/err"
found=$(grep -c '^worse$' "$work/out")
verdict "3 % worse: found in $found of 100 (at least 95)" \
    "$([ "$found" -ge 95 ] && ! grep -qE 'broken|other' "$work/out" && echo yes)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
