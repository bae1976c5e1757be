#!/usr/bin/env bash
# A server that stands still for a tenth of a run, one second of ten (or
# STALL_S=2 of 20, as in `make study`): an open loop, whose times begin when a
# request was due, tells it as arithmetic does; a closed loop beside it hides
# it, for its users do not come while they wait.
# Measures real time.
# shellcheck source=tests/common.sh
. tests/common.sh

stall=${STALL_S:-1}
export OPENAI_API_KEY=sk-mock-org-1
# scenario NAME ARRIVALS
scenario() {
    cat >"$tmp/$1.json" <<JSON
{"name": "$1", "duration": "$((10 * stall))s",
 "provider": {"table": "none", "latency": "none"},
 "workload": {"model": "gpt-4o", "prompt_tokens": 20, "completion_tokens": 10,
  "arrivals": $2}}
JSON
}
# figure NAME PATH
figure() {
    grep '"kind":"run"' "$tmp/$1/results.jsonl" |
        sed 's/.*"latency_ms":{//; s/}.*//; s/.*"'"$2"'":\([^,]*\).*/\1/'
}
# near NAME FOUND WANTED
near() {
    ok "$1: $2 ms, about $3" \
        awk -v x="$2" -v y="$3" 'BEGIN { exit !(x > y - 150 && x < y + 150) }'
}

# play: both loops; took_ms is for how long the server stood still.
play() {
    local loop began
    rm -rf "$tmp/open" "$tmp/closed"
    late_begin
    for loop in open closed; do
        "$tierlab" bench -q --no-figures -o "$tmp/$loop" --on "$url/v1" \
            "$tmp/$loop.json" 2>"$tmp/$loop.err" &
        eval "$loop=\$!"
    done
    sleep 4
    kill -STOP "$pid"
    began=${EPOCHREALTIME/[.,]/}
    sleep "$stall"
    kill -CONT "$pid"
    took_ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
    wait "${open:?}"
    is 'the open loop runs' 0 $?
    wait "${closed:?}"
    is 'the closed loop runs' 0 $?
    late_end
}

# A tenth of the requests waits, for 0 to the stall, each as likely.
judge() {
    near 'p95 of the open loop' "$(figure open p95)" $((took_ms / 2))
    near 'p99' "$(figure open p99)" $((9 * took_ms / 10))
    near 'the longest' "$(figure open max)" $took_ms
    near 'the closed loop has seen it, too' "$(figure closed max)" $took_ms
    near '... and its p99 does not show it' "$(figure closed p99)" 0
}

scenario open '{"gamma": {"rate": "60/s", "cv": 0.05}}'
scenario closed '{"closed": {"users": 4, "think": "20ms"}}'
start --no-limits --latency none
# A machine that stands still makes stalls of its own: then again, once or twice.
for round in 1 2 3; do
    good=$passed bad=$failed
    play
    judge
    if [ "$failed" -eq "$bad" ] || [ "$quiet" = yes ]; then
        break
    fi
    passed=$good failed=$bad
    echo "void: the machine was $late"
    [ "$round" -lt 3 ] || skip 5 'in none of 3 runs was the machine quiet'
done
finish
