#!/usr/bin/env bash
# tierlab run: streams are collected into what a whole answer would have been,
# also when they break; and several providers make one pool.
# shellcheck source=tests/common.sh
. tests/common.sh

export OPENAI_API_KEY=sk-mock-a-1
run() { "$tierlab" run -y "$@" 2>"$tmp/err"; }

# requests FIELDS RESPONSES_FIELDS: one of each kind that can stream.
requests() {
    local tool='"tools": [{"type": "function", "function": {"name": "weather",
        "parameters": {"type": "object", "properties": {"city":
        {"type": "string"}}, "required": ["city"]}}}]'
    local chat='{"custom_id": "%s", "url": "/v1/chat/completions", "body":
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}],
        %s %s}}'
    {
        # shellcheck disable=SC2059
        printf "$chat\\0" whole '"max_tokens": 30' "$1" \
            three '"n": 3, "max_tokens": 20' "$1" \
            tool "$tool, \"tool_choice\": \"required\"" "$1"
        printf '{"custom_id": "text", "url": "/v1/completions", "body":
            {"model": "gpt-3.5-turbo-instruct", "prompt": "x",
            "max_tokens": 30 %s}}\0' "$1"
        printf '{"custom_id": "response", "url": "/v1/responses", "body":
            {"model": "gpt-4o-mini", "input": "x",
            "max_output_tokens": 30 %s}}\0' "$2"
    } | tr '\n\0' ' \n'
}
# What answers say, without what each of them has of its own.
said() {
    sort "$1" | grep -oE '"(custom_id|object|text|content|arguments|name|finish_reason|status|total_tokens)": ?("([^"\\]|\\.)*"|[0-9]+)' |
        sed 's/": /":/' | sort
}
requests '' '' >"$tmp/whole.jsonl"
requests ', "stream": true, "stream_options": {"include_usage": true}' \
    ', "stream": true' >"$tmp/stream.jsonl"
for kind in whole stream; do
    start --no-limits --latency none --start 2026-01-01
    # The daemon's words follow the order in which it is asked.
    OPENAI_BASE_URL=$url/v1 run "$tmp/$kind.jsonl" -o "$tmp/$kind.out" \
        --set client.limits=none --set client.cap=1
    is "$kind (exit code)" 0 $?
    sed -n 's/.*429; \([0-9]*\) tokens.*/\1/p' "$tmp/err" >"$tmp/$kind.tokens"
done
is 'a stream makes the same answer' "$(said "$tmp/whole.out")" \
    "$(said "$tmp/stream.out")"
is 'and is counted as one' "$(cat "$tmp/whole.tokens")" \
    "$(cat "$tmp/stream.tokens")"
is 'no event is left' 0 "$(grep -c 'chunk\|data:' "$tmp/stream.out")"

# A stream that is cut is tried again.
for i in $(seq 30); do
    echo '{"model": "gpt-4o-mini", "messages": [], "stream": true}' |
        sed "s/\[\]/[{\"role\": \"user\", \"content\": \"$i\"}]/"
done >"$tmp/thirty.jsonl"
echo '{"cut_stream": 0.3}' >"$tmp/faults.json"
start --no-limits --latency none --faults "$tmp/faults.json"
OPENAI_BASE_URL=$url/v1 run "$tmp/thirty.jsonl" -o "$tmp/thirty.out" \
    --set client.retry.base=10ms
is 'cut streams are tried again' '0 30' "$? $(wc -l <"$tmp/thirty.out")"
is 'each is whole' 30 "$(grep -c '"finish_reason":"stop"' "$tmp/thirty.out")"
ok 'and may have been carried out' grep -qE 'sent twice: [1-9]' "$tmp/err"

# OpenAI and Azure in one pool: deployments by their own names, api-key.
printf '%s\n' '@as_of 2026-01' '@source providers Made for this test' \
    '@tier tier1 0 0 -' 'gpt-4o tier1 - 20 - - - - - -' \
    'west-4o tier1 - 20 - - - - - -' >"$tmp/table.tsv"
start --table "$tmp/table.tsv" --latency none
other=$pid other_url=$url
pid=''
start --table "$tmp/table.tsv" --latency none --dialect azure
trap 'stop; kill "$other"; rm -rf "$tmp"' EXIT
export KEY_A=sk-mock-a-1 KEY_B=sk-mock-b-1 KEY_C=sk-mock-c-1
cat >"$tmp/accounts.json" <<JSON
{"endpoints": [{"name": "openai", "base_url": "$other_url/v1"},
  {"name": "west", "base_url": "$url", "dialect": "azure",
   "api_version": "2024-10-21"},
  {"name": "east", "base_url": "$url/openai", "dialect": "azure"}],
 "accounts": [
  {"name": "a", "endpoint": "openai", "key_env": "KEY_A",
   "limits": {"gpt-4o": {"rpm": 20}}},
  {"name": "b", "endpoint": "west", "key_env": "KEY_B",
   "models": {"gpt-4o": "west-4o"}, "limits": {"gpt-4o": {"rpm": 20}}},
  {"name": "c", "endpoint": "east", "key_env": "KEY_C",
   "models": {"gpt-4o": "west-4o"}, "limits": {"gpt-4o": {"rpm": 20}}}]}
JSON
for i in $(seq 60); do
    echo '{"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}'
done >"$tmp/sixty.jsonl"
run "$tmp/sixty.jsonl" -o "$tmp/sixty.out" --accounts "$tmp/accounts.json"
is 'all three are used at once' '0 60' "$? $(wc -l <"$tmp/sixty.out")"
is 'without a refusal' 1 "$(grep -c ' 0 of them 429' "$tmp/err")"
is 'OpenAI answered twenty' 20 "$(curl -s "$other_url/mock/state" |
    grep -o '"decisions":[0-9]*' | cut -d: -f2)"
is 'Azure its deployment forty times' 40 "$(grep -c '"model":"west-4o"' \
    "$tmp/sixty.out")"

# A refusal in Azure's words is waited for; who names no deployment of a model
# does not serve it.
cat >"$tmp/accounts.json" <<JSON
{"endpoints": [{"name": "west", "base_url": "$url", "dialect": "azure",
   "api_version": "2024-10-21"}],
 "accounts": [{"name": "b", "key_env": "KEY_B",
   "models": {"gpt-4o": "west-4o"}}]}
JSON
{
    head -n 1 "$tmp/sixty.jsonl"
    echo '{"model": "gpt-4o-mini", "messages": []}'
} >"$tmp/two.jsonl"
run "$tmp/two.jsonl" -o "$tmp/two.out" --accounts "$tmp/accounts.json"
is 'no deployment' '1 1' "$? $(grep -c 'no organisation has access to gpt-4o-mini' \
    "$tmp/two.out.errors.jsonl")"
is 'the other waits, and is answered' 1 "$(wc -l <"$tmp/two.out")"
is 'after a refusal' 1 "$(grep -c ' 1 of them 429' "$tmp/err")"
finish
