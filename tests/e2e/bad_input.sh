#!/usr/bin/env bash
# Broken scenarios, tables, results and command lines: each ends with the
# right exit code, one clear message on stderr, nothing on stdout, and
# nothing written.
# shellcheck source=tests/common.sh
. tests/common.sh

# refused NAME WORDS COMMAND...: exit code 2, and the message holds WORDS.
refused() {
    local name=$1 words=$2 code
    shift 2
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    code=$?
    if [ "$code" -ne 2 ]; then
        echo "$name: exit code $code"
    elif [ -s "$tmp/out" ]; then
        echo "$name: something on stdout"
    elif [ "$(grep -c '^tierlab' "$tmp/err")" -ne 1 ]; then
        echo "$name: not one message"
    elif ! grep -qF -- "$words" "$tmp/err"; then
        echo "$name: no '$words' in the message"
    elif [ -e "$tmp/written" ]; then
        echo "$name: something was written"
    else
        passed=$((passed + 1))
        return
    fi
    sed 's/^/    /' "$tmp/err"
    failed=$((failed + 1))
}

# scenario NAME WORDS JSON
scenario() {
    printf '%s' "$3" >"$tmp/s.json"
    refused "sim: $1" "$2" "$tierlab" sim "$tmp/s.json"
    refused "bench: $1" "$2" "$tierlab" bench "$tmp/s.json" -o "$tmp/written"
}

work='"workload": {"model": "gpt-4o", "arrivals": {"batch": 1}}'

scenario 'empty' 's.json' ''
scenario 'not JSON' 's.json:2:' '{
"name": tierlab}'
scenario 'cut off' 's.json' '{"name": "x"'
scenario 'bytes after the end' 's.json' "{$work} x"
scenario 'a key twice' 'twice' "{\"seed\": 1, \"seed\": 2, $work}"
scenario 'a list' 'object' '[1, 2]'
scenario 'too deep' 's.json' "$(printf '[%.0s' $(seq 100))"
scenario 'broken UTF-8' 's.json' "$(printf '{"name": "\377"}')"
scenario 'an unknown key' 'client.stratgy' \
    "{\"client\": {\"stratgy\": \"headroom\"}, $work}"
scenario 'the nearest key' 'strategy' \
    "{\"client\": {\"stratgy\": \"headroom\"}, $work}"
scenario 'an unknown strategy' 'round_robin' \
    "{\"client\": {\"strategy\": \"round_robbin\"}, $work}"
scenario 'a wrong type' 'client.cap' "{\"client\": {\"cap\": [1]}, $work}"
scenario 'out of range' 'client.cap' "{\"client\": {\"cap\": -3}, $work}"
scenario 'a wrong unit' 'duration' "{\"duration\": \"10 parsecs\", $work}"
scenario 'an unknown table' 'provider.table' \
    "{\"provider\": {\"table\": \"sede\"}, $work}"
scenario 'an unknown tier' 'provider.organisations[0].tier' \
    "{\"provider\": {\"organisations\": [{\"name\": \"a\", \"tier\": \
\"gold\"}]}, $work}"
scenario 'a tier that the table lacks' 'tier2' \
    "{\"provider\": {\"table\": \"seed\", \"organisations\": [{\"name\": \
\"a\", \"tier\": \"tier2\"}]}, $work}"
scenario 'an unknown model' 'workload.model' \
    '{"workload": {"model": "gpt-4p", "arrivals": {"batch": 1}}}'
scenario 'no arrivals' 'workload.arrivals' '{"workload": {"model": "gpt-4o"}}'
scenario 'no such trace' 'none.csv' \
    '{"workload": {"model": "gpt-4o", "arrivals": {"trace": "none.csv"}}}'
scenario 'no end' 'duration' \
    '{"workload": {"model": "gpt-4o", "arrivals": {"poisson": "5/m"}}}'
scenario 'a price of no model' 'provider.prices.gpt-4p' \
    "{\"provider\": {\"prices\": {\"gpt-4p\": {}}}, $work}"

printf 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 x,1,2\n' \
    >"$tmp/trace.csv"
scenario 'a broken trace' 'trace.csv:2:' \
    '{"workload": {"model": "gpt-4o", "arrivals": {"trace": "trace.csv"}}}'
printf 'model tier rpm\nno table at all\n' >"$tmp/table.tsv"
scenario 'a broken table' 'table.tsv' \
    "{\"provider\": {\"table\": \"table.tsv\"}, $work}"

# experiment NAME WORDS JSON: what only an experiment looks at.
experiment() {
    printf '%s' "$3" >"$tmp/s.json"
    refused "bench: $1" "$2" "$tierlab" bench "$tmp/s.json" -o "$tmp/written"
}
experiment 'no list' 'vary' "{\"vary\": {\"client.cap\": 5}, $work}"
experiment 'an empty list' 'vary' "{\"vary\": {\"client.cap\": []}, $work}"
experiment 'a path to nowhere' 'client.capp' \
    "{\"vary\": {\"client.capp\": [5]}, $work}"
experiment 'a bad value in a list' 'client.cap' \
    "{\"vary\": {\"client.cap\": [1, 2, 0]}, $work}"
experiment 'a varied seed' 'seed' "{\"vary\": {\"seed\": [1, 2]}, $work}"
experiment 'too many runs' 'runs' \
    "{\"replications\": 600000, \"vary\": {\"client.cap\": [1, 2]}, $work}"

good=$tmp/good.json
printf '{%s}' "$work" >"$good"
refused 'no command' 'usage' "$tierlab"
refused 'an unknown command' 'did you mean' "$tierlab" simm
refused 'nothing to compare' 'cannot open' "$tierlab" compare a b
refused 'no scenario' 'scenario' "$tierlab" sim
refused 'two scenarios' 'one scenario' "$tierlab" sim "$good" "$good"
refused 'no such file' 'nowhere.json' "$tierlab" sim "$tmp/nowhere.json"
refused 'a folder' "$tmp" "$tierlab" sim "$tmp"
refused 'an unknown option' '--fast' "$tierlab" sim --fast "$good"
refused 'a bad --set' 'path=value' "$tierlab" sim "$good" --set client
refused 'a --set to nowhere' 'client.capp' \
    "$tierlab" sim "$good" --set client.capp=1
refused 'a bad seed' '--seed' "$tierlab" sim "$good" --seed x
refused 'a bad --on' '--on' "$tierlab" bench "$good" --on moon
refused 'a secret in a URL' '--accounts' \
    "$tierlab" bench "$good" --on 'https://u:p@example.org/v1'
refused 'a bad --threads' '--threads' "$tierlab" bench "$good" --threads 0
refused 'a bad --speed' '--speed' \
    "$tierlab" bench "$good" --on mock --speed 0
refused "Azure's dialect over HTTP" 'speaks "openai" alone' \
    "$tierlab" bench "$good" --on mock --set 'provider.dialect="azure"' \
    -o "$tmp/written"
refused 'a warm-up to be found over HTTP' 'give a time' \
    "$tierlab" bench "$good" --on mock --set 'warmup="auto"' --set duration=1m -o "$tmp/written"
refused 'a --speed in the simulator' '--speed' \
    "$tierlab" bench "$good" --speed 9
refused 'a bad threshold' 'latency.p95' \
    "$tierlab" bench "$good" --check 'latency.p95<5' -o "$tmp/written"
refused 'a threshold without a value' 'threshold' \
    "$tierlab" bench "$good" --check 'attempts' -o "$tmp/written"
refused 'an unknown table' 'seed' "$tierlab" tiers --table sede
refused 'an unknown model' 'gpt-4o' "$tierlab" tiers gpt-4oo
refused 'no result' 'nowhere' "$tierlab" plot "$tmp/nowhere"
refused 'an empty result' 'empty' "$tierlab" plot /dev/null
refused 'a scenario for a result' 'head' "$tierlab" plot "$good"
printf '{"kind":"head"}\n' >"$tmp/r.jsonl"
refused 'a head without anything' 'r.jsonl:1:' "$tierlab" plot "$tmp/r.jsonl"

# Results with lines that were changed, and results that do not belong together.
"$tierlab" bench -q --no-figures -o "$tmp/base" --replications 2 \
    --set duration=10s "$good"
result=$tmp/base/results.jsonl
changed() { # NAME WORDS SED
    sed "$3" "$result" >"$tmp/changed.jsonl"
    refused "$1" "$2" "$tierlab" compare "$tmp/base" "$tmp/changed.jsonl"
}
changed 'an infinite figure' 'changed.jsonl:2: summary: a number' \
    '2s/"goodput_rpm":[0-9.]*/"goodput_rpm":1e999/'
changed 'a NaN' "changed.jsonl:2: column" \
    '2s/"goodput_rpm":[0-9.]*/"goodput_rpm":NaN/'
changed 'runs in another order' 'does not belong' '2{h;d};4{G}'
changed 'a run is missing' 'interrupted' '2,3d'
changed 'another duration' 'differ in "duration"' '1s/"10s"/"11s"/'
refused 'an unknown figure' 'no figure' \
    "$tierlab" compare "$tmp/base" "$tmp/base" --metric speed
refused 'less than nothing' '--max-regress' \
    "$tierlab" compare "$tmp/base" "$tmp/base" --max-regress -1%
refused 'no runs' 'replications' \
    "$tierlab" bench "$good" --replications 0 -o "$tmp/written"
"$tierlab" bench -q --no-figures -o "$tmp/once" --set duration=10s "$good"
refused 'chance needs two runs' 'one replication' \
    "$tierlab" compare "$tmp/once" "$tmp/once"

# What not every run has is told.
sed '2s/"p95":[0-9.]*/"p95":null/g' "$result" >"$tmp/changed.jsonl"
"$tierlab" compare "$tmp/base" "$tmp/changed.jsonl" --junit "$tmp/j.xml" \
    >"$tmp/out" 2>"$tmp/err"
is 'a figure that is missing' 0 $?
is '... is named' 1 \
    "$(grep -c 'not every run has it: latency_ms.p95, wait_ms.p95' "$tmp/out")"
is '... and skipped' 2 "$(grep -c '<skipped' "$tmp/j.xml")"

# A full disk is an error; a pipe stays a pipe.
full() { # NAME COMMAND...
    local name=$1
    shift
    "$@" 2>"$tmp/err"
    is "$name" 1 $?
    is '... is told' 1 "$(grep -c 'cannot write' "$tmp/err")"
}
full 'a full standard output' "$tierlab" compare "$tmp/base" "$tmp/base" \
    >/dev/full
full 'a full file' "$tierlab" compare -q "$tmp/base" "$tmp/base" \
    --junit /dev/full
mkfifo "$tmp/pipe"
cat "$tmp/pipe" >"$tmp/out" &
"$tierlab" compare -q "$tmp/base" "$tmp/base" --junit "$tmp/pipe"
is 'a pipe is written to' 0 $?
wait $!
is '... as it is' '1 yes' "$(grep -c '<testsuite' "$tmp/out") $(
    [ -p "$tmp/pipe" ] && echo yes)"

finish
