#!/usr/bin/env bash
# tierlab run: a file of requests goes through the pool to a server on
# loopback, is interrupted, goes on, and every request has one answer.
# shellcheck source=tests/common.sh
. tests/common.sh

# serve ARGUMENT...: a daemon, and its base URL.
serve() {
    start "$@"
    export OPENAI_BASE_URL=$url/v1
}
export OPENAI_API_KEY=sk-mock-a-1

# batch N [FIELDS]: N requests in the Batch format.
batch() {
    for i in $(seq "$1"); do
        echo "{\"custom_id\": \"q$i\", \"method\": \"POST\", \"url\":" \
            "\"/v1/chat/completions\", \"body\": {\"model\":" \
            "\"gpt-3.5-turbo\", \"messages\": [{\"role\": \"user\"," \
            "\"content\": \"say $i\"}], \"max_tokens\": 20${2:-}}}"
    done
}
count() { grep -c "$1" "$2"; }
ids() { grep -ho '"custom_id":"[^"]*"' "$@" | sort | uniq | wc -l; }
run() { "$tierlab" run -y "$@" 2>"$tmp/err"; }
there() { [ -e "$1" ] && echo yes || echo no; }
# soon COMMAND...: waits until it succeeds, a minute at most.
soon() {
    for _ in $(seq 1200); do
        "$@" && return
        sleep 0.05
    done
}
decided() { # N: so many have come to the server
    [ "$(curl -s "$url/mock/state" | grep -o '"decisions":[0-9]*' |
        cut -d: -f2)" -ge "$1" ]
}

# Limits are learned: 1200 a minute let a burst of 1200 and 20 a second through.
printf '%s\n' '@as_of 2026-01' '@source run Made for this test' \
    '@tier tier1 0 0 -' 'gpt-3.5-turbo tier1 - 1200 - 100000 - - - -' \
    'text-embedding-ada-002 tier1 - 100 - 100000 - - - -' >"$tmp/limits.tsv"
serve --table "$tmp/limits.tsv" --latency 50ms
batch 150 >"$tmp/in.jsonl"
echo '{"model": "text-embedding-ada-002", "input": "plain"}' >>"$tmp/in.jsonl"
run "$tmp/in.jsonl" -o "$tmp/out.jsonl"
is 'all succeed' 0 $?
is 'an answer each' 151 "$(ids "$tmp/out.jsonl")"
is 'all are 200' 151 "$(count '"status_code":200' "$tmp/out.jsonl")"
is 'a plain body too' 1 "$(count '"custom_id":"request-151"' "$tmp/out.jsonl")"
is 'the answer is whole' 1 \
    "$(grep '"q7"' "$tmp/out.jsonl" | grep -c '"finish_reason":"length"')"
is 'with its id' 151 "$(count '"request_id":"req_' "$tmp/out.jsonl")"
is 'tokens and money are counted' 1 \
    "$(grep -cE " 429; [1-9][0-9]+ tokens, [\$]0\.[0-9]+$" "$tmp/err")"
is 'no other file is left' 'in.jsonl out.jsonl' "$(cd "$tmp" && echo *.jsonl*)"
"$tierlab" run -q -y - -o - <"$tmp/in.jsonl" >"$tmp/piped" 2>"$tmp/err"
is 'from a pipe to standard output' '0 151' "$? $(ids "$tmp/piped")"

# Interrupted it lets end what is in flight; interrupted twice it does not.
batch 120 >"$tmp/in.jsonl"
"$tierlab" run -y "$tmp/in.jsonl" -o "$tmp/cut.jsonl" --set client.cap=2 \
    2>"$tmp/err" &
child=$!
soon test -s "$tmp/cut.jsonl"
kill -INT $child
wait $child
is 'interrupted' 130 $?
before=$(wc -l <"$tmp/cut.jsonl")
is 'it tells how to go on' 1 \
    "$(grep -c -- "interrupted; $((120 - before)) .*--resume" "$tmp/err")"
sent=$(curl -s "$url/mock/state" | grep -o '"decisions":[0-9]*' | cut -d: -f2)
is 'what was in flight is there' "$sent" $((302 + before))
is 'some were answered, not all' yes "$([ "$before" -gt 0 ] &&
    [ "$before" -lt 120 ] && echo yes)"
printf '{"id":"batch_req_9","custom' >>"$tmp/cut.jsonl" # a line that broke off
run "$tmp/in.jsonl" -o "$tmp/cut.jsonl" --resume
is 'the rest' 0 $?
is 'an answer each, once' '120 120' \
    "$(ids "$tmp/cut.jsonl") $(wc -l <"$tmp/cut.jsonl")"
is 'what was answered is not sent again' $((120 - before)) \
    "$(sed -n 's/^to send: \([0-9]*\) .*/\1/p' "$tmp/err")"
"$tierlab" run "$tmp/in.jsonl" -o "$tmp/cut.jsonl" --resume </dev/null \
    2>"$tmp/err"
is 'nothing left needs no yes' 0 $?
serve --no-limits --latency 3s
"$tierlab" run -y "$tmp/in.jsonl" -o "$tmp/twice.jsonl" 2>"$tmp/err" &
child=$!
soon decided 1
kill -INT $child
soon grep -q '^interrupted: waiting for 1 answers (again' "$tmp/err"
kill -INT $child
wait $child
is 'twice' 130 $?
serve --no-limits --latency none
run "$tmp/in.jsonl" -o "$tmp/twice.jsonl" --resume --max-requests 50
is 'what was cut off may have been carried out' 1 \
    "$(grep -c '; 1 were sent, and what became of them is not' "$tmp/err")"
run "$tmp/in.jsonl" -o "$tmp/twice.jsonl" --resume
is 'and was sent again' 'answered already: 50' "$(grep answered "$tmp/err")"

# What failed for good has a file of its own, with the last answer.
serve --table "$tmp/limits.tsv" --latency 50ms
{
    batch 2
    echo '{"model": "gpt-3.5-turbo", "messages": 5}'
    echo '{"model": "no-such-model", "messages": []}'
} >"$tmp/bad.jsonl"
run "$tmp/bad.jsonl" -o "$tmp/bad.out"
is 'some failed' 1 $?
errors=$tmp/bad.out.errors.jsonl
is 'the good ones are there' '2 2' "$(count '"status_code":200' \
    "$tmp/bad.out") $(wc -l <"$tmp/bad.out")"
is 'a 400 is the last answer' 1 \
    "$(count '"status_code":400.*"error":null' "$errors")"
is 'no access says why' 1 "$(count 'no-such-model. does not exist' "$errors")"
is 'it is told where' 1 "$(grep -c "2 failed (see .*$errors" "$tmp/err")"
run "$tmp/bad.jsonl" -o "$tmp/bad.out" --resume
is 'a 400 stays, the rest is tried again' 1 \
    "$(grep -c 'failed: 2, of which 1 are sent again' "$tmp/err")"
is 'each stands once' '4 4' \
    "$(ids "$tmp/bad.out" "$errors") $(cat "$tmp/bad.out" "$errors" | wc -l)"

# A bad key takes its account out: nobody is left, and nothing is lost.
OPENAI_API_KEY=nonsense run "$tmp/in.jsonl" -o "$tmp/key.out"
is 'a bad key' 1 $?
is 'it says what for' 1 "$(grep -cE \
    'nobody is left .*401: Incorrect.*; 120 .* --resume' "$tmp/err")"
is 'the key is not told' 0 "$(cat "$tmp/key.out" "$tmp/err" | grep -c nonsense)"
run "$tmp/in.jsonl" -o "$tmp/key.out" --resume
is 'with a good one' '0 120' "$? $(ids "$tmp/key.out")"

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
run "$tmp/six.jsonl" -o "$tmp/six.out" --accounts "$tmp/accounts.json"
is 'three each at once' 0 $?
is 'without a wait' yes "$([ $SECONDS -lt 15 ] && echo yes)"
is 'no 429' 6 "$(count '"status_code":200' "$tmp/six.out")"
batch 8 >"$tmp/eight.jsonl"
serve --config "$tmp/provider.json"
run "$tmp/eight.jsonl" -o "$tmp/eight.out" --accounts "$tmp/accounts.json" \
    --max-wait 2s
is 'a wait that is too long' 3 $?
is 'it says what for' 1 "$(grep -cE \
    'longer than --max-wait: waiting for rpm of [ab]; 2 requests' "$tmp/err")"

# Prices of one's own: the accounts file's, else those of the client's provider.
sed 's/^{/{"prices": {"gpt-3.5-turbo": {"input": 100, "output": "100"}},/' \
    "$tmp/accounts.json" >"$tmp/priced.json"
echo '{"provider": {"prices": {"gpt-3.5-turbo": {"output": 50}}}}' \
    >"$tmp/client.json"
costs() { # NAME DOLLARS ARGUMENT...: of six requests of 23 tokens
    local name=$1 usd=$2
    shift 2
    run "$tmp/six.jsonl" --dry-run "$@"
    is "$name" "$usd" "$(sed -n 's/.* at most [$]\([0-9.]*\) .*/\1/p' "$tmp/err")"
}
costs 'the list price' 0.0002 --accounts "$tmp/accounts.json"
costs 'the price of the file' 0.0138 --accounts "$tmp/priced.json"
costs 'the price of the client' 0.0069 --accounts "$tmp/accounts.json" \
    --client "$tmp/client.json"
costs 'that of the file comes first' 0.0138 --accounts "$tmp/priced.json" \
    --client "$tmp/client.json"
sed 's/"input"/"inputs"/' "$tmp/priced.json" >"$tmp/odd.json"
run "$tmp/six.jsonl" --dry-run --accounts "$tmp/odd.json"
is 'an odd price' 2 $?
is 'is told where it stands' 1 \
    "$(grep -c 'odd.json: prices.gpt-3.5-turbo.inputs: unknown' "$tmp/err")"

# Bounds end it, and it goes on.
serve --no-limits --latency none
run "$tmp/in.jsonl" -o "$tmp/few.out" --max-requests 50
is 'no more than 50' '3 50' "$? $(ids "$tmp/few.out")"
is 'it says so' 1 "$(grep -c -- '--max-requests is reached; 70 .*--resume' \
    "$tmp/err")"
# 27 tokens at 1.50 dollars a million are 40.5 micro-dollars at most.
run "$tmp/in.jsonl" -o "$tmp/cheap.out" --max-spend 0.001
is 'money ends it' 3 $?
is 'not all' yes "$([ "$(ids "$tmp/cheap.out")" -lt 120 ] && echo yes)"
spent=$(sed -n 's/.*tokens, \$\([0-9.]*\).*/\1/p' "$tmp/err")
ok "no more than that, $spent" \
    awk -v x="$spent" 'BEGIN { exit !(x > 0 && x <= 0.001) }'

# What cannot be done is told before anything is sent.
refused() {
    local name=$1 words=$2
    shift 2
    rm -f "$tmp/none.out"
    "$tierlab" run "$@" -o "$tmp/none.out" </dev/null >"$tmp/out" 2>"$tmp/err"
    is "$name (exit code)" 2 $?
    is "$name (words)" 1 "$(grep -c -e "$words" "$tmp/err")"
    is "$name (no file)" 'no no' \
        "$(there "$tmp/none.out") $(there "$tmp/none.out.sent")"
}
refused 'no yes' 'say --yes' "$tmp/six.jsonl"
refused 'no such file' 'none.jsonl' "$tmp/none.jsonl" -y
refused 'a folder' 'directory' "$tmp" -y
refused 'an odd wait' '--max-wait soon' "$tmp/six.jsonl" --max-wait soon
bad() {
    printf '%s\n' "$2" >"$tmp/line.jsonl"
    refused "$1" "$3" "$tmp/line.jsonl" -y
}
bad 'broken JSON' '{"model": ' 'line.jsonl:1'
bad 'no model' '{"messages": []}' 'line.jsonl:1: model'
bad 'an id twice' "$(batch 2; batch 1)" 'line.jsonl:3: custom_id.*line 1,'
bad 'an odd stream' '{"model": "m", "input": "x", "stream": true}' 'stream'
bad 'nothing' '' 'no request'
refused 'a price that nobody knows' 'price is not known, so' "$tmp/bad.jsonl" -y \
    --max-spend 1
run "$tmp/six.jsonl" -o "$tmp/six.out"
is 'an output that is there' 2 $?
is 'a hint' 1 "$(grep -c -e --resume "$tmp/err")"
run "$tmp/six.jsonl" -o "$tmp/cut.jsonl" --resume
is 'answers to other requests' 2 $?
is 'are told' 1 "$(grep -c 'answers none of these requests' "$tmp/err")"
is 'and stay' 120 "$(wc -l <"$tmp/cut.jsonl")"

# Hedges: of 20 that take a second half get another attempt, whose answer is
# not waited for; each request has one answer all the same.
serve --no-limits --latency 1s
batch 20 >"$tmp/twenty.jsonl"
run "$tmp/twenty.jsonl" -o "$tmp/twenty.out" \
    --set client.hedge.after=500ms --set client.hedge.budget=0.5
is 'a batch that hedges ends' 0 $?
is 'with one answer each' '20 20' \
    "$(count '"status_code":200' "$tmp/twenty.out") $(ids "$tmp/twenty.out")"
is 'ten went out twice' '"200":30' \
    "$(curl -s "$url/mock/state" | grep -o '"200":[0-9]*')"
finish
