#!/usr/bin/env bash
# tierlab run: a file of requests goes through the pool to a server on
# loopback, is interrupted, goes on, and every request has one answer.
set -u

build=${BUILD:-build}
tierlab=$build/tierlab
tmp=$(mktemp -d)
mockd=
stop() {
    if [ -n "$mockd" ]; then
        kill "$mockd" && wait "$mockd"
    fi 2>/dev/null
    mockd=
}
trap 'stop; rm -rf "$tmp"' EXIT
passed=0 failed=0

# is NAME WANTED FOUND
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: wanted '$2', found '$3'"
    fi
}

# serve ARGUMENT...: a daemon, and its base URL.
serve() {
    stop
    : >"$tmp/mockd"
    "$build/tierlab-mockd" --port 0 "$@" >"$tmp/mockd" &
    mockd=$!
    for _ in $(seq 100); do
        grep -q listening "$tmp/mockd" && break
        sleep 0.05
    done
    OPENAI_BASE_URL=$(sed -n 's/^listening on //p' "$tmp/mockd")/v1
    export OPENAI_BASE_URL
}
export OPENAI_API_KEY=sk-mock-a-1

# batch N: N requests in the Batch format.
batch() {
    for i in $(seq "$1"); do
        echo "{\"custom_id\": \"q$i\", \"method\": \"POST\", \"url\":" \
            "\"/v1/chat/completions\", \"body\": {\"model\":" \
            "\"gpt-3.5-turbo\", \"messages\": [{\"role\": \"user\"," \
            "\"content\": \"say $i\"}], \"max_tokens\": 20}}"
    done
}
count() { grep -c "$1" "$2"; }
ids() { grep -o '"custom_id":"[^"]*"' "$1" | sort | uniq | wc -l; }

# Limits are learned: 60 a minute let a burst of 60 and one a second through.
printf '%s\n' '@as_of 2026-01' '@source run Made for this test' \
    '@tier tier1 0 0 -' 'gpt-3.5-turbo tier1 - 1200 - 100000 - - - -' \
    'text-embedding-ada-002 tier1 - 100 - 100000 - - - -' >"$tmp/limits.tsv"
serve --table "$tmp/limits.tsv" --latency 50ms
batch 150 >"$tmp/in.jsonl"
echo '{"model": "text-embedding-ada-002", "input": "plain"}' >>"$tmp/in.jsonl"
"$tierlab" run -q -y "$tmp/in.jsonl" -o "$tmp/out.jsonl"
is 'all succeed' 0 $?
is 'an answer each' 151 "$(ids "$tmp/out.jsonl")"
is 'all are 200' 151 "$(count '"status_code":200' "$tmp/out.jsonl")"
is 'a plain body too' 1 "$(count '"custom_id":"request-151"' "$tmp/out.jsonl")"
is 'the answer is whole' 1 \
    "$(grep '"q7"' "$tmp/out.jsonl" | grep -c '"finish_reason":"length"')"

# Interrupted and killed, it goes on; nothing is asked twice that has an answer.
batch 120 >"$tmp/in.jsonl"
"$tierlab" run -q -y "$tmp/in.jsonl" -o "$tmp/cut.jsonl" --set client.cap=2 &
pid=$!
sleep 0.5
kill -INT $pid
wait $pid
is 'interrupted' 130 $?
before=$(wc -l <"$tmp/cut.jsonl")
"$tierlab" run -q -y "$tmp/in.jsonl" -o "$tmp/cut.jsonl" --resume \
    --set client.cap=2 &
pid=$!
sleep 0.5
kill -KILL $pid
wait $pid 2>/dev/null
printf '{"id":"batch_req_9","custom' >>"$tmp/cut.jsonl" # a line that broke off
is 'some were answered, not all' yes "$([ "$before" -gt 0 ] &&
    [ "$before" -lt 120 ] && echo yes)"
"$tierlab" run -y "$tmp/in.jsonl" -o "$tmp/cut.jsonl" --resume 2>"$tmp/err"
is 'the rest' 0 $?
is 'an answer each, once' '120 120' \
    "$(ids "$tmp/cut.jsonl") $(wc -l <"$tmp/cut.jsonl")"
is 'what was answered is not sent again' yes \
    "$(sed -n 's/^to send: \([0-9]*\) .*/\1/p' "$tmp/err" |
        awk -v b="$before" '{ print $1 <= 120 - b ? "yes" : "no" }')"
"$tierlab" run "$tmp/in.jsonl" -o "$tmp/cut.jsonl" --resume </dev/null \
    2>"$tmp/err"
is 'nothing left needs no yes' 0 $?

# Answers that say no, and organisations that are shut out.
{
    batch 2
    echo '{"model": "gpt-3.5-turbo", "messages": 5}'
    echo '{"model": "no-such-model", "messages": []}'
} >"$tmp/bad.jsonl"
"$tierlab" run -q -y "$tmp/bad.jsonl" -o "$tmp/bad.out"
is 'some failed' 1 $?
is 'the good ones are there' 2 "$(count '"status_code":200' "$tmp/bad.out")"
is 'a 400 is an answer' 1 "$(count '"status_code":400' "$tmp/bad.out")"
is 'no access says why' 1 "$(count 'no-such-model. does not exist' "$tmp/bad.out")"
OPENAI_API_KEY=nonsense "$tierlab" run -q -y "$tmp/in.jsonl" -o "$tmp/key.out"
is 'a bad key' 1 $?
is 'each says so' 120 "$(count 'Incorrect API key' "$tmp/key.out")"
is 'the key is not told' 0 "$(count nonsense "$tmp/key.out")"

# Two accounts with limits that are known, in one pool.
cat >"$tmp/provider.json" <<'JSON'
{"table": "seed", "organisations": [{"name": "a", "tier": "free"},
 {"name": "b", "tier": "free"}], "latency": "10ms"}
JSON
cat >"$tmp/accounts.json" <<JSON
{"accounts": [
 {"name": "a", "key_file": "key-a", "limits": {"gpt-3.5-turbo": {"rpm": 3}}},
 {"name": "b", "key_file": "key-b", "limits": {"gpt-3.5-turbo": {"rpm": 3}}}]}
JSON
echo sk-mock-a-1 >"$tmp/key-a"
echo sk-mock-b-1 >"$tmp/key-b"
serve --config "$tmp/provider.json"
batch 6 >"$tmp/six.jsonl"
SECONDS=0
"$tierlab" run -q -y "$tmp/six.jsonl" -o "$tmp/six.out" \
    --accounts "$tmp/accounts.json"
is 'three each at once' 0 $?
is 'without a wait' yes "$([ $SECONDS -lt 15 ] && echo yes)"
is 'no 429' 6 "$(count '"status_code":200' "$tmp/six.out")"

# What cannot be done is told before anything is sent.
refused() {
    local name=$1 words=$2
    shift 2
    "$tierlab" run "$@" -o "$tmp/none.out" </dev/null >"$tmp/out" 2>"$tmp/err"
    is "$name (exit code)" 2 $?
    is "$name (words)" 1 "$(grep -c -e "$words" "$tmp/err")"
    is "$name (no file)" no "$([ -e "$tmp/none.out" ] && echo yes || echo no)"
}
refused 'no yes' 'say --yes' "$tmp/six.jsonl"
refused 'too many' 'more than --max-requests' "$tmp/six.jsonl" -y \
    --max-requests 5
refused 'too dear' 'more than --max-spend' "$tmp/six.jsonl" -y \
    --max-spend 0.000001
refused 'no such file' 'none.jsonl' "$tmp/none.jsonl" -y
bad() {
    printf '%s\n' "$2" >"$tmp/line.jsonl"
    refused "$1" "$3" "$tmp/line.jsonl" -y
}
bad 'broken JSON' '{"model": ' 'line.jsonl:1'
bad 'no model' '{"messages": []}' 'line.jsonl:1: model'
bad 'an id twice' "$(batch 1; batch 1)" 'line.jsonl:2: custom_id'
bad 'a stream' '{"model": "m", "messages": [], "stream": true}' 'stream'
"$tierlab" run "$tmp/six.jsonl" -y -o "$tmp/six.out" 2>"$tmp/err"
is 'an output that is there' 2 $?
is 'a hint' 1 "$(grep -c -e --resume "$tmp/err")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
