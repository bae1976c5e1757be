#!/usr/bin/env bash
# Every scenario that comes with tierlab loads and runs: each combination of
# what it varies, once, for half a minute of virtual time.  And what is said of
# the mixed pool holds: how much of the bound is reached, and with how few 429s.
# shellcheck source=tests/common.sh
. tests/common.sh

# Stands in for traces that are not part of tierlab: a request a second.
{
    echo TIMESTAMP,ContextTokens,GeneratedTokens
    for second in $(seq 10 39); do
        echo "2023-11-16 18:15:$second.0000000,$((10 * second)),100"
    done
} >"$tmp/trace.csv"

for scenario in bench/scenarios/*.json; do
    name=$(basename "$scenario" .json)
    result=$tmp/$name/results.jsonl
    set -- --replications 1 --set duration=30s
    if grep -q '"trace":' "$scenario"; then
        set -- "$@" --set "workload.arrivals.trace=$tmp/trace.csv"
    fi
    "$tierlab" bench -q --no-figures "$scenario" -o "$tmp/$name" "$@" \
        2>"$tmp/err"
    is "$name runs (exit code)" 0 $?
    [ -e "$result" ] || continue
    is "$name: a run for each variant" \
        "$(head -n 1 "$result" | grep -o '"variants":[0-9]*' | cut -d: -f2)" \
        "$(grep -c '^{"kind":"run"' "$result")"
    is "$name: something succeeds in all" 0 \
        "$(grep '^{"kind":"run"' "$result" | grep -c '"succeeded":0,')"
done

# reaches NAME SCENARIO CHECK...: of one strategy, opportunity, over all runs
reaches() {
    local name=$1 scenario=$2
    shift 2
    "$tierlab" bench -q --no-figures "bench/scenarios/$scenario.json" \
        --set 'vary={"client.strategy":["opportunity"]}' \
        --set 'client.queue={"name":"shortest","aging":"1h"}' \
        -o "$tmp/$name" "$@" 2>"$tmp/err"
    is "$name" 0 $?
}

reaches 'limits known: 99 % of the bound' mixed-pool \
    --check 'efficiency>=0.99' --check 'http_429<0.1%'
reaches 'limits learned: 97 % of the bound' mixed-pool-learned \
    --check 'efficiency>=0.97' --check 'http_429<0.5%'

finish
