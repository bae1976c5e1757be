#!/usr/bin/env bash
# A generator that gets no processor is found out: one processor, which three
# others keep busy, leaves it about a hundredth.  What it measured is then its
# own: thresholds are missed, and nothing is compared.
#     tests/saturated_study.sh BUILD
BUILD=${1:?usage: tests/saturated_study.sh BUILD}
# shellcheck source=tests/common.sh
. tests/common.sh

if ! command -v taskset >/dev/null; then
    skip 5 'no taskset'
    finish
    exit
fi
cat >"$tmp/s.json" <<'JSON'
{"duration": "5s", "replications": 2, "provider": {"table": "none"},
 "workload": {"model": "gpt-4o", "prompt_tokens": 20, "completion_tokens": 10,
  "arrivals": {"poisson": "300/s"}}}
JSON
export OPENAI_API_KEY=sk-mock-org-1
start --no-limits --latency 20ms
# send NAME COMMAND...: runs with a threshold that is always met
send() {
    local name=$1
    shift
    "$@" "$tierlab" bench -q --no-figures "$tmp/s.json" --on "$url/v1" \
        -o "$tmp/$name" --check 'failed<=1000000' 2>"$tmp/$name.err"
}
send free env
is 'with a processor' 0 $?
busy=()
for _ in 1 2 3; do
    taskset -c 0 sh -c 'while :; do :; done' &
    busy+=($!)
done
send capped taskset -c 0 nice -n 19
is 'without' 3 $?
kill "${busy[@]}"
wait "${busy[@]}" 2>/dev/null
is 'it is told' 1 "$(grep -c 'generator was saturated' "$tmp/capped.err")"
is '... and marked' 'false false true true' "$(cat "$tmp"/{free,capped}/*.jsonl |
    grep -o '"saturated":[a-z]*' | cut -d: -f2 | xargs)"
"$tierlab" compare -q "$tmp/free" "$tmp/capped" 2>"$tmp/err"
is 'it is not compared' 2 $?
grep -ho '"lag_ms_max":[0-9.]*' "$tmp"/{free,capped}/*.jsonl | xargs
finish
