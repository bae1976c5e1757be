#!/usr/bin/env bash
# What a build with PGO=1 learns from: short runs of the simulator along its
# ways, one after the other, so that each build learns the same:
#     tests/train.sh BUILD
set -eu
tierlab=${1:?usage: tests/train.sh BUILD}/tierlab
pool=bench/scenarios/mixed-pool.json

# sim SCENARIO [PATH=VALUE...]
sim() {
    local scenario=$1
    shift
    "$tierlab" sim -q --json "$scenario" --set duration=3m "${@/#/--set=}" \
        >/dev/null
}

# names KIND: what `bench --list` has of it
names() {
    "$tierlab" bench --list | awk -v kind="$1" '
        /^[^ ]/ { here = index($0, kind) == 1; next }
        here && $1 ~ /^[a-z]/ { print $1 }'
}

for scenario in bench/scenarios/*.json; do
    case $scenario in
    */azure-*) ;; # their traces need not be here
    */night-batch.json) sim "$scenario" workload.arrivals.batch=2000 ;;
    *) sim "$scenario" ;;
    esac
done
for strategy in $(names strategies); do
    sim $pool client.strategy="$strategy"
done
for queue in $(names queues); do
    sim bench/scenarios/two-tenants.json client.queue="$queue"
done
for discipline in $(names disciplines); do
    sim $pool provider.discipline="$discipline" client.discipline="$discipline"
done

# Most of all the work that is most of a study: few organisations and many, with
# room for what comes and with none; by requests and by tokens (gpt-4 at tier1
# has 500 requests and 10,000 tokens a minute).
for count in 10 100 1000; do
    for size in 5 50; do
        for percent in 60 105; do
            carried=$((count * (size > 10 ? 10000 / (2 * size) : 500)))
            sim $pool \
                provider.organisations="[{\"name\": \"o\", \"tier\": \"tier1\",
                    \"count\": $count}]" \
                workload="{\"model\": \"gpt-4\", \"arrivals\": {\"poisson\":
                    \"$((carried * percent / 100))/m\"}, \"max_tokens\": $size,
                    \"prompt_tokens\": {\"lognormal\": {\"p50\": $size,
                    \"p95\": $((3 * size))}}}" \
                duration="$((20000 * 60 / carried + 1))s"
        done
    done
done
