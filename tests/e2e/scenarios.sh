#!/usr/bin/env bash
# What the scenarios that come with tierlab say of themselves holds, in a short
# form where they are long.
# shellcheck source=tests/common.sh
. tests/common.sh

# run NAME ARGUMENT...: one replication of each variant
run() {
    local name=$1
    shift
    "$tierlab" bench -q --no-figures -o "$tmp/$name" --replications 1 \
        "bench/scenarios/$name.json" "$@" 2>"$tmp/err"
    is "$name runs" 0 $?
    result=$tmp/$name/results.jsonl
}
# figure VARIANT PATH: of the summary, "wait_ms.p95"
figure() {
    summary_figure "$result" "$2" "$1"
}
# that NAME CONDITION: of numbers, as awk has it
that() { ok "$1 ($2)" awk "BEGIN { exit !($2) }"; }

run free-cluster
one=$(figure 1 goodput_rpm)
that 'ten organisations do the work of ten' "$(figure 7 goodput_rpm) > 9.9 * $one"
that 'five that of five' "$(figure 5 goodput_rpm) > 4.95 * $one"
that 'no strategy does more' \
    "$(figure 8 goodput_rpm) <= 1.01 * $(figure 7 goodput_rpm)"

run keys-against-organisations
one=$(figure 1 goodput_rpm)
that 'ten keys gain nothing' "$(figure 2 goodput_rpm) == $one"
that 'ten organisations do' "$(figure 3 goodput_rpm) > 9 * $one"

run first-weeks
that 'who learns gives up far less' \
    "$(figure 1 expired) > 2 * $(figure 2 expired)"
that 'nobody does more than the limits allow' "$(figure 2 efficiency) <= 1"

run diurnal-week --set duration=2d
that 'one organisation lets wait for minutes' "$(figure 1 wait_ms.p95) > 60000"
that 'though much of it is to spare' "$(figure 1 pool.tpm) < 0.7"
that 'two never do' "$(figure 2 wait_ms.p95) < 1000"

run night-batch --set workload.arrivals.batch=10000
that 'each tier takes half as long' \
    "$(figure 3 makespan_s) < 0.55 * $(figure 1 makespan_s)"
that 'a cap changes nothing where tokens bind' \
    "$(figure 1 makespan_s) == $(figure 2 makespan_s)"

run images
that 'who knows is never refused' "$(figure 1 http_429) == 0"
that 'the blind one is, and gives up' \
    "$(figure 2 http_429) > 100 && $(figure 2 failed) > 0"
that 'five at once, then five a minute' "$(figure 1 makespan_s) == 552"

run two-tenants
that 'fair shares are fairer' \
    "$(figure 2 fairness.tenants) > 0.1 + $(figure 1 fairness.tenants)"
that 'and cost nothing' "$(figure 2 succeeded) >= $(figure 1 succeeded)"

run retry-storm --set duration=5m
run unknown-discipline --set duration=5m

# Variants: five providers for each client, in the order of both lists.
run assumed-discipline
worst() { # CLIENT PATH PATH: the ratios of both of its five, rising
    local i from=$((5 * $1 + 1))
    for ((i = from; i < from + 5; i++)); do
        awk "BEGIN { print $(figure $i "$2") / $(figure $i "$3") }"
    done | sort -g
}
for i in 1 7 13 19 25; do
    that "who assumes what is true is never refused, $i" \
        "$(figure $i http_429) == 0"
done
for i in 1 7 19 25; do
    that "and gets nearly all through, $i" \
        "$(figure $i goodput_rpm) > 0.95 * $(figure 1 goodput_rpm)"
done
that 'fixed windows come all at once, and let wait' \
    "$(figure 13 wait_ms.p95) > 25000 && \
     $(figure 13 goodput_rpm) > 0.85 * $(figure 1 goodput_rpm)"
bucket=$(worst 0 http_429 attempts | tail -n 1)
log=$(worst 3 http_429 attempts | tail -n 1)
counter=$(worst 4 http_429 attempts | tail -n 1)
that 'a bucket is the worst guess' "$bucket > 0.4"
that 'a sliding counter the best' "$counter < $log && $counter < 0.25"
that 'which loses no throughput anywhere' \
    "$(worst 4 goodput_rpm duration_s | head -n 1) > \
     0.95 * $(figure 1 goodput_rpm) / $(figure 1 duration_s)"

# Variants: no hedge, after p95, after p50; with room, and without.
run hedging
that 'a hedge takes the tail off' \
    "$(figure 2 latency_ms.p99) < 0.65 * $(figure 1 latency_ms.p99)"
that 'for one attempt in twenty' \
    "$(figure 2 hedges) > 0.04 * $(figure 2 requests) && \
     $(figure 2 hedges) <= 0.05 * $(figure 2 requests)"
that 'more of them take more' \
    "$(figure 3 latency_ms.p95) < 0.65 * $(figure 1 latency_ms.p95)"
that 'where the limits bind they are paid by all' \
    "$(figure 5 latency_ms.p50) > $(figure 4 latency_ms.p50) && \
     $(figure 5 latency_ms.p99) > $(figure 4 latency_ms.p99)"
that 'but refused is nobody' "$(figure 5 http_429) + $(figure 6 http_429) == 0"
finish
