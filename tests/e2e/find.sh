#!/usr/bin/env bash
# tierlab bench --find: the largest load within thresholds, the best cap.
# shellcheck source=tests/common.sh
. tests/common.sh

cat >"$tmp/s.json" <<'JSON'
{"name": "find", "duration": "10m", "seed": 2,
 "provider": {"table": "seed", "latency": "2s",
  "organisations": [{"name": "a", "tier": "tier1"}]},
 "workload": {"model": "gpt-4", "arrivals": {"poisson": "20/m"},
  "prompt_tokens": 100, "completion_tokens": 50, "max_tokens": 100}}
JSON
find_it() { # NAME CODE ARGUMENT...
    local name=$1 code=$2
    shift 2
    rm -rf "$tmp/found"
    "$tierlab" bench -q --json --no-figures -o "$tmp/found" "$tmp/s.json" \
        --find "$@" >"$tmp/out" 2>"$tmp/err"
    is "$name (exit code)" "$code" $?
}
# value: what was found, in requests a minute
value() { sed -n 's/^{"find":.*"value":"\{0,1\}\([0-9.]*\).*/\1/p' "$tmp/out"; }

# 10,000 tokens a minute and as many at once, 100 each: at most 110 a minute.
find_it 'the largest load' 0 workload.arrivals.poisson \
    --such-that 'wait_ms.p95<1s, http_429<0.1%'
ok "$(value) is below what the limits carry" \
    awk -v x="$(value)" 'BEGIN { exit !(x > 60 && x < 110) }'
is 'what was tried is the evidence' \
    "$(grep -o '"verdict"' "$tmp/out" | wc -l) values, 20 runs" \
    "$(grep -o '"kind":"run".*"replication":0' "$tmp/found/results.jsonl" |
        wc -l) values, $(grep -c '"replication":[0-9]*' <(
            grep '"kind":"run","run":1\?[0-9],' \
                "$tmp/found/results.jsonl")) runs"
cp "$tmp/out" "$tmp/first"
find_it 'again' 0 workload.arrivals.poisson --threads 1 \
    --such-that 'wait_ms.p95<1s, http_429<0.1%'
ok 'any number of threads finds the same' cmp -s "$tmp/out" "$tmp/first"

find_it 'the best cap' 0 client.cap --best goodput_rpm \
    --set workload.arrivals.poisson=100/m --set duration=3m
ok "a cap of $(value) is enough for what the limits carry" \
    awk -v x="$(value)" 'BEGIN { exit !(x >= 2) }'

find_it 'the best of caps and strategies' 0 client.cap,client.strategy \
    --best goodput_rpm --set duration=1m --set workload.arrivals.poisson=100/m \
    --set 'vary={"client.cap":[1,3],"client.strategy":["p2c","headroom"]}'
ok 'both are told' grep -q '"value":{"client.cap":3,"client.strategy":"' "$tmp/out"
is 'all four were tried' 4 "$(grep -o '"verdict"' "$tmp/out" | wc -l)"

find_it 'nothing meets it' 3 workload.arrivals.poisson --such-that \
    'goodput_rpm<0' --set duration=20s
ok 'it says how far it looked' grep -q '"value":null' "$tmp/out"
find_it 'everything meets it' 0 workload.arrivals.poisson --such-that \
    'goodput_rpm<1G' --set workload.arrivals.poisson=2000/m --set duration=1s
ok 'a rate above a million is written as one' grep -q '"2048000/m"' "$tmp/out"

rm -rf "$tmp/found"
"$tierlab" bench -q -o "$tmp/found" "$tmp/s.json" --set duration=100h \
    --find client.strategy --best goodput_rpm >"$tmp/out" 2>"$tmp/err" &
search=$!
sleep 0.3
kill -INT $search
wait $search
is 'an interrupt' 130 $?
ok 'nothing is left of it' test ! -e "$tmp/found"

find_it 'neither nor' 2 client.cap
find_it 'no such figure' 2 client.cap --best speed
find_it 'no such threshold' 2 workload.arrivals.poisson --such-that 'speed<1'
find_it 'not a number' 2 workload.model --such-that 'wait_ms.p95<1s'
find_it 'not with shards' 2 client.cap --best goodput_rpm --shard 1/2
ok 'nothing is left behind' test ! -e "$tmp/found"

# What is there already stays, and only what could be resumed says so.
mkdir "$tmp/there"
into_there() { # NAME TIMES-RESUME-IS-NAMED ARGUMENT...
    local name=$1 times=$2
    shift 2
    "$tierlab" bench -q -o "$tmp/there" "$tmp/s.json" "$@" 2>"$tmp/err"
    is "$name (exit code)" 2 $?
    ok 'another folder is asked for' grep -q 'choose another' "$tmp/err"
    is 'so often --resume is named' "$times" \
        "$(grep -c -e --resume "$tmp/err")"
}
into_there 'a search into a folder' 0 --find client.strategy --best goodput_rpm
into_there 'a precision in a folder' 0 --precision 5%
into_there 'runs into a folder' 1
ok 'nothing was written there' rmdir "$tmp/there"
finish
