#!/usr/bin/env bash
# The same scenario in the simulator and against the mock server over HTTP:
#
#     tests/e2e/parity.sh [--full] [--speed X] [CASE...]
#
# A small synthetic scenario always, and the Azure conversation trace in
# TIERLAB_TRACES (default ../shared/traces) where it is there.  With --full all
# of its 58 minutes, 3 minutes of wall time a case at speed 20; else its first
# 6 minutes in 4, so that it is more than a tier-3 organisation may send.
# Cases: small hedged tier3 tier4 blind; without --full tier4 waits for nothing and is
# left out.  Shares are those that the two worlds must agree to in full; the
# short form is more patient with a busy machine and with small numbers.  The
# cases run side by side: they wait most of the time.
#
# What the machine adds is no difference between the worlds.  So a case that does
# not agree is played again, up to four times in all, beside a sleeper that tells
# how late the machine was.  It is apart when two runs on a quiet machine say so,
# or one says so and none agrees.  Where the machine was quiet in none of them
# nothing is known, and the case is skipped.
# Measures real time.
# shellcheck source=tests/common.sh
. tests/common.sh

traces=${TIERLAB_TRACES:-../shared/traces}
trace=$traces/AzureLLMInferenceTrace_conv.csv
full=no speed=20 cases=

while [ $# -gt 0 ]; do
    case $1 in
    --full) full=yes ;;
    --speed) speed=$2 && shift ;;
    *) cases="$cases $1" ;;
    esac
    shift
done
if [ $full = yes ]; then
    cases=${cases:-small hedged tier3 tier4 blind}
else
    cases=${cases:-small hedged tier3 blind}
fi

# Virtual milliseconds by which quantiles and the largest wait may differ: 3 and
# 50 ms on the wall, in short runs with few samples among which to lose a stall.
few_ms=0 stall_ms=0 rounds=4
if [ $full = no ]; then
    few_ms=$(awk -v s="$speed" 'BEGIN { print 3 * s }')
    stall_ms=$(awk -v s="$speed" 'BEGIN { print 50 * s }')
fi

# figure NAME PATH: a figure of the run there.
figure() { summary_figure "$tmp/$1/results.jsonl" "$2"; }

# agree NAME FIGURE A B SHARE SLACK: B within SHARE of A, or within SLACK.
agree() {
    awk -v a="$3" -v b="$4" -v share="$5" -v slack="$6" -v what="$1 $2" '
        BEGIN {
            d = b > a ? b - a : a - b
            big = a > 0 ? a : -a
            number = "^-?[0-9.]+([eE][-+]?[0-9]+)?$"
            good = a ~ number && b ~ number &&
                (d <= share * big || d <= slack)
            off = big == 0 ? 0 : 100 * (b - a) / big
            printf("%s %-24s sim %12.1f  mock %12.1f  %+6.2f %%\n",
                good ? "ok  " : "FAIL", what, a, b, off)
            exit !good
        }'
    count $?
}

count() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
}

# run NAME WORLD ARGUMENT...: $tmp/NAME.json there; its status in NAME-WORLD.end.
run() {
    local to=$tmp/$1-$2
    rm -rf "$to"
    "${first[@]}" "$tierlab" bench "$tmp/$1.json" --on "$2" "${@:3}" --quiet \
        --no-figures -o "$to" >"$to.out" 2>&1
    echo $? >"$to.end"
}

# play NAME...: in real time, side by side.
play() {
    local name children=()
    late_begin
    for name; do
        run "$name" mock --speed "$speed" &
        children+=($!)
    done
    wait "${children[@]}"
    late_end
}

# ran NAME: whether it did, in both worlds.
ran() {
    [ "$(cat "$tmp/$1-sim.end" "$tmp/$1-mock.end" | xargs)" = '0 0' ]
}

# compare NAME FIGURE SHARE SLACK
compare() {
    agree "$1" "$2" "$(figure "$1-sim" "$2")" \
        "$(figure "$1-mock" "$2")" "$3" "$4"
}

# scenario NAME TIER CLIENT: the trace on one organisation.
scenario() {
    local duration='' hurry=1
    [ $full = yes ] || duration='"duration": "4m",' hurry=1.5
    cat >"$tmp/$1.json" <<END
{"name": "$1", $duration
 "provider": {"table": "official-2024-mid",
              "organisations": [{"name": "org", "tier": "$2"}]},
 "client": $3,
 "workload": {"model": "gpt-4o", "max_tokens": 600,
              "arrivals": {"trace": "$(realpath "$trace")", "speed": $hurry}}}
END
}

# few NAME: refusals are at most 0.1 % of the attempts.
few() {
    awk -v n="$(figure "$1-mock" http_429)" -v what="$1 http_429" \
        -v all="$(figure "$1-mock" attempts)" 'BEGIN {
            good = n ~ /^[0-9]+$/ && all > 0 && n <= 0.001 * all
            printf("%s %-24s mock %d of %d attempts (%.3f %%)\n",
                good ? "ok  " : "FAIL", what, n, all, all > 0 ? 100 * n / all : 0)
            exit !good
        }'
    count $?
}

# make CASE: its scenario.
make() {
    case $1 in
    small)
        cat >"$tmp/small.json" <<'END'
{"name": "small", "duration": "2m", "seed": 3,
 "provider": {"table": "official-2024-mid",
              "organisations": [{"name": "o", "tier": "tier1", "count": 3,
                                 "keys": 2}],
              "latency": {"exponential": {"mean": "1s"}}},
 "client": {"cap": 30, "strategy": "round_robin"},
 "workload": {"model": "gpt-4o", "arrivals": {"poisson": "150/m"},
              "prompt_tokens": 200, "max_tokens": 300}}
END
        ;;
    hedged)
        cat >"$tmp/hedged.json" <<'END'
{"name": "hedged", "duration": "2m", "seed": 3,
 "provider": {"table": "official-2024-mid",
              "organisations": [{"name": "o", "tier": "tier1", "count": 3}],
              "latency": {"exponential": {"mean": "2s"}}},
 "client": {"hedge": {"after": "3s", "budget": 0.3}},
 "workload": {"model": "gpt-4o", "arrivals": {"poisson": "150/m"},
              "prompt_tokens": 200, "max_tokens": 300}}
END
        ;;
    blind) scenario blind tier3 '{"limits": "none", "retry": {"max": 6}}' ;;
    *) scenario "$1" "$1" '{"limits": "known"}' ;;
    esac
}

small() {
    compare small requests 0 0
    compare small attempts 0.02 2
    compare small succeeded 0.02 2
    compare small latency_ms.p50 0.03 "$few_ms"
    compare small latency_ms.p95 0.03 "$few_ms"
    # Whatever was written holds no key.
    if grep -rE 'sk-mock|Bearer' "$tmp"/small-*; then
        count 1
    else
        count 0
    fi
}

hedged() {
    compare hedged requests 0 0
    compare hedged hedges 0.03 2
    compare hedged attempts 0.02 2
    compare hedged succeeded 0.02 2
    compare hedged latency_ms.p50 0.03 "$few_ms"
    compare hedged latency_ms.p95 0.03 "$few_ms"
}

paced() {
    compare "$1" requests 0 0
    compare "$1" latency_ms.p50 0.03 "$few_ms"
    compare "$1" latency_ms.p95 0.03 "$few_ms"
    compare "$1" wait_ms.max 0.03 "$stall_ms"
    few "$1"
}

blind() {
    compare blind requests 0 0
    # Each retry is drawn anew at another instant: the count is chaotic.
    compare blind http_429 "$([ $full = yes ] && echo 0.05 || echo 0.15)" 5
    compare blind succeeded 0.03 5
}

there=
for c in $cases; do
    case $c in
    small | hedged | tier3 | tier4 | blind) ;;
    *) echo "no such case: $c" && exit 2 ;;
    esac
    if [ "$c" != small ] && [ "$c" != hedged ] && [ ! -r "$trace" ]; then
        skip 1 "$c: no $trace"
    else
        there="$there $c"
        make "$c"
        run "$c" sim
    fi
done

# look CASE: what the runs say.
look() {
    ran "$1" || { cat "$tmp/$1"-*.out && count 1 && return; }
    case $1 in
    tier3 | tier4) paced "$1" ;;
    *) "$1" ;;
    esac
}

# judge CASE: looks, and sets `verdict`: over, apart (on a quiet machine), void.
judge() {
    local good=$passed bad=$failed
    look "$1" >"$tmp/told"
    verdict=over
    if [ "$failed" -gt "$bad" ] && ran "$1"; then
        passed=$good failed=$bad
        verdict=void
        [ $quiet = no ] || verdict=apart
        echo "$1: $verdict, the machine was $late" >>"$tmp/told"
    fi
    cat "$tmp/told"
}

declare -A apart
left=$there
for _ in $(seq $rounds); do
    [ -n "$left" ] || break
    # shellcheck disable=SC2086
    play $left
    now=$left left=
    for c in $now; do
        judge "$c"
        [ $verdict != apart ] || apart[$c]=$((${apart[$c]:-0} + 1))
        if [ $verdict = over ]; then
            unset "apart[$c]"
        elif [ "${apart[$c]:-0}" -lt 2 ]; then
            left="$left $c"
        fi
    done
done
for c in $there; do
    [ -z "${apart[$c]:-}" ] || count 1
done
for c in $left; do
    [ -n "${apart[$c]:-}" ] ||
        skip 1 "$c: in none of $rounds runs was the machine quiet"
done
finish
