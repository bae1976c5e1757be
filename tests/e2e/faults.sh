#!/usr/bin/env bash
# Every fault comes to the same in virtual time and on the wire, streamed or
# not: as many requests done, attempts, 429s, 5xx and dollars.
# shellcheck source=tests/common.sh
. tests/common.sh

# figures FILE: what is compared.
figures() {
    for name in requests succeeded failed attempts http_429 http_5xx \
        spend_usd; do
        sed -n "s/.*\"$name\":{\"mean\":\([^,]*\),.*/$name \1/p" "$1"
    done | xargs
}

# both FAULT STREAM: the figures of both worlds, in $tmp/FAULT-STREAM.{sim,mock}
both() {
    local at=$tmp/$1-$2
    cat >"$at.json" <<JSON
{"name": "fault", "seed": 3, "duration": "30s", "drain": true,
 "provider": {"table": "official-2024-mid", "organisations": [{"name": "o",
  "tier": "tier2"}], "faults": {"$1": 0.2, "timeout_after": "20s"}},
 "workload": {"model": "gpt-4o", "stream": $2,
  "arrivals": {"poisson": "200/m"}}}
JSON
    "$tierlab" bench -q --json --no-figures -o "$at-sim" "$at.json" \
        >"$at.out"
    figures "$at.out" >"$at.sim"
    "$tierlab" bench -q --json --no-figures -o "$at-mock" --on mock \
        --speed 30 "$at.json" >"$at.out"
    figures "$at.out" >"$at.mock"
}

streamed='http_429 http_503 slow_down http_500 timeout reset reset_in_head
    reset_after_head cut_stream malformed no_headers lying_headers clock_skew'
whole='http_500 timeout reset cut_stream malformed wrong_length'

# They wait most of the time: six at once.
at_once=0
all=''
for stream in true false; do
    [ $stream = true ] && faults=$streamed || faults=$whole
    for fault in $faults; do
        both "$fault" $stream &
        all+=" $fault-$stream"
        at_once=$((at_once + 1))
        if [ $at_once -eq 6 ]; then
            wait
            at_once=0
        fi
    done
done
wait
for one in $all; do
    is "$one comes to the same" "$(cat "$tmp/$one.sim")" \
        "$(cat "$tmp/$one.mock")"
    ok "... and to something" test -s "$tmp/$one.sim"
done
finish
