#!/usr/bin/env bash
# What goes to a URL is said before and bounded while it goes; and a generator
# that is at its end is found out.
# shellcheck source=tests/common.sh
. tests/common.sh

cat >"$tmp/s.json" <<'JSON'
{"name": "url", "provider": {"table": "official-2024-mid", "latency": "10ms"},
 "client": {"cap": 2}, "workload": {"model": "gpt-4o",
 "arrivals": {"batch": 20}, "prompt_tokens": 100, "completion_tokens": 100,
 "max_tokens": 200}, "replications": 2}
JSON
export OPENAI_API_KEY=sk-mock-org-1
send() { # NAME CODE ARGUMENT...
    local name=$1 code=$2
    shift 2
    rm -rf "$tmp/out"
    "$tierlab" bench -q --no-figures -o "$tmp/out" "$tmp/s.json" "$@" \
        >"$tmp/said" 2>"$tmp/err" </dev/null
    is "$name (exit code)" "$code" $?
}
says() { is "it says: $1" 1 "$(grep -cF -- "$1" "$tmp/err")"; }
asked() {
    curl -s "$url/mock/state" | grep -o '"decisions":[0-9]*' | cut -d: -f2
}

start --table official-2024-mid --latency 10ms
send 'on this machine nobody is asked' 0 --on "$url/v1"
says "to $url/v1: about 40 requests and 12000 tokens in 2 runs"
says "about \$0.05"
is 'so many came' 40 "$(asked)"

start --table official-2024-mid --latency 10ms
send 'no more than so many' 3 --on "$url/v1" --max-requests 7
says '--max-requests or --max-spend allows is used up'
is 'seven came' 7 "$(asked)"
ok 'the result is partial' grep -q '"partial":true' "$tmp/out/results.jsonl"

# $0.00125 a request, two at a time.
start --table official-2024-mid --latency 10ms
send 'no more than so much' 3 --on "$url/v1" --max-spend 0.01
ok "$(asked) requests came, not far beyond 8" [ "$(asked)" -le 10 ]
stop

send 'elsewhere somebody has to agree' 2 --on http://mock.invalid/v1
says 'about 40 requests and 12000 tokens'
says 'in a script say --yes'
ok 'and nothing is written' test ! -e "$tmp/out"
send 'a bad count' 2 --on http://mock.invalid/v1 --max-requests some
says '--max-requests takes a count'
send 'bad money' 2 --on http://mock.invalid/v1 --max-spend much
says '--max-spend takes money'
send 'not for the simulator' 2 --max-requests 5
says 'are for a URL'

# Far more than one thread can send.
sed -i 's/"batch": 20/"poisson": "60000\/m"/; s/^{/{"duration": "20s", /
    s/"official-2024-mid"/"none"/; s/"cap": 2/"cap": "none"/' "$tmp/s.json"
send 'a saturated generator' 3 --on mock --speed 200 --check 'failed<=1000000'
says 'missed: the generator was saturated'
cp -r "$tmp/out" "$tmp/base"
"$tierlab" compare -q "$tmp/base" "$tmp/out" >"$tmp/said" 2>"$tmp/err"
is 'is not compared' 2 $?
says 'by a generator that was saturated'
finish
