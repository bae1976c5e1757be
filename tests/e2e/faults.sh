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

# same FAULT STREAM
same() {
    cat >"$tmp/s.json" <<JSON
{"name": "fault", "seed": 3, "duration": "30s", "drain": true,
 "provider": {"table": "official-2024-mid", "organisations": [{"name": "o",
  "tier": "tier2"}], "faults": {"$1": 0.2, "timeout_after": "20s"}},
 "workload": {"model": "gpt-4o", "stream": $2,
  "arrivals": {"poisson": "200/m"}}}
JSON
    "$tierlab" bench -q --json --no-figures -o "$tmp/sim-$1-$2" "$tmp/s.json" \
        >"$tmp/sim"
    "$tierlab" bench -q --json --no-figures -o "$tmp/mock-$1-$2" --on mock \
        --speed 30 "$tmp/s.json" >"$tmp/mock"
    if [ -n "$(figures "$tmp/sim")" ] &&
        [ "$(figures "$tmp/sim")" = "$(figures "$tmp/mock")" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1, stream $2: $(figures "$tmp/sim") | $(figures "$tmp/mock")"
    fi
}

for fault in http_429 http_503 slow_down http_500 timeout reset \
    reset_in_head reset_after_head cut_stream malformed no_headers \
    lying_headers clock_skew; do
    same $fault true
done
for fault in http_500 timeout reset cut_stream malformed wrong_length; do
    same $fault false
done

finish
