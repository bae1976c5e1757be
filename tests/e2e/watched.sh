#!/usr/bin/env bash
# tierlab run, watched: its status file, its metrics, and what it says when the
# disk is full, the reader is gone, the money is spent, or nobody is left.
# shellcheck source=tests/common.sh
. tests/common.sh

export OPENAI_API_KEY=sk-mock-a-1
run() { "$tierlab" run -y "$@" 2>"$tmp/err"; }
# batch N
batch() {
    for i in $(seq "$1"); do
        echo "{\"custom_id\": \"q$i\", \"url\": \"/v1/chat/completions\"," \
            "\"body\": {\"model\": \"gpt-4o-mini\", \"messages\": [{\"role\":" \
            "\"user\", \"content\": \"$i\"}], \"max_tokens\": 20}}"
    done
}
# field FILE NAME: the value of a field, where it stands first.
field() { grep -oE "\"$2\":(\"[^\"]*\"|[^,}]*)" "$1" | head -n 1 | cut -d: -f2-; }
decisions() {
    curl -s "$url/mock/state" | grep -o '"decisions":[0-9]*' | cut -d: -f2
}

# Two organisations with limits that are known: 60 at once and 2 a second.
printf '%s\n' '@as_of 2026-01' '@source watched Made for this test' \
    '@tier tier1 0 0 -' 'gpt-4o-mini tier1 - 60 - 100000 - - - -' \
    >"$tmp/table.tsv"
cat >"$tmp/provider.json" <<'JSON'
{"table": "table.tsv", "latency": "100ms", "organisations": [
 {"name": "a", "tier": "tier1"}, {"name": "b", "tier": "tier1"}]}
JSON
cat >"$tmp/accounts.json" <<'JSON'
{"accounts": [
 {"name": "a", "key_env": "KEY_A",
  "limits": {"gpt-4o-mini": {"rpm": 60, "tpm": 100000}}},
 {"name": "b", "key_env": "KEY_B",
  "limits": {"gpt-4o-mini": {"rpm": 60, "tpm": 100000}}}]}
JSON
export KEY_A=sk-mock-a-1 KEY_B=sk-mock-b-1
start --config "$tmp/provider.json"
export OPENAI_BASE_URL=$url/v1
batch 128 >"$tmp/in.jsonl"
"$tierlab" run -y --accounts "$tmp/accounts.json" "$tmp/in.jsonl" \
    -o "$tmp/out.jsonl" --status "$tmp/status.json" --metrics 0 \
    2>"$tmp/err" &
child=$!
for _ in $(seq 50); do
    grep -q '"succeeded":12[0-4]' "$tmp/status.json" 2>/dev/null && break
    sleep 0.1
done
cp "$tmp/status.json" "$tmp/seen.json"
metrics=$(sed -n 's/^metrics at //p' "$tmp/err")
curl -s "$metrics" >"$tmp/metrics"
is 'nothing but metrics is there' 404 \
    "$(curl -s -o /dev/null -w '%{http_code}' "${metrics%metrics}")"
wait $child
is 'a run that is watched' 0 $?
is 'of all' 128 "$(field "$tmp/seen.json" total)"
ok 'the first 120 at once' [ "$(field "$tmp/seen.json" succeeded)" -ge 120 ]
ok 'the rest by the limits' awk -v x="$(field "$tmp/seen.json" seconds_left)" \
    'BEGIN { exit !(x != "null" && x >= 0 && x < 5) }'
ok 'the belief of each' grep -qE '"name":"b","shut_out":null,"limits":\[\{"model":"gpt-4o-mini","limit":"rpm","max":60,"left":[012]\}' "$tmp/seen.json"
is 'at the end it is done' '"done" 128 0' "$(field "$tmp/status.json" state) \
$(field "$tmp/status.json" succeeded) $(field "$tmp/status.json" left)"
is 'no other file is left' 1 "$(find "$tmp" -name 'status.json*' | wc -l)"
ok 'Prometheus reads' grep -q '^tierlab_run_requests{state="succeeded"} 1[0-9]*$' \
    "$tmp/metrics"
ok 'windows too' grep -q '^tierlab_run_window_limit{organisation="a",model="gpt-4o-mini",limit="rpm"} 60$' "$tmp/metrics"
is 'each family once' '' "$(grep '^# TYPE' "$tmp/metrics" | sort | uniq -d)"

# The money of one is spent, the key of the other is refused: who is left does
# all of it, then nobody is, until one is paid for.
start --config "$tmp/provider.json" --speed 60
export OPENAI_BASE_URL=$url/v1
curl -s "$url/mock/orgs" -d '{"organisation": "a", "spent": "100", "spend_max": "100"}' >/dev/null
batch 20 >"$tmp/in.jsonl"
run --accounts "$tmp/accounts.json" "$tmp/in.jsonl" -o "$tmp/one.out" --speed 60
is 'one is left' '0 20' "$? $(wc -l <"$tmp/one.out")"
export KEY_B=sk-mock-nobody-1
run --accounts "$tmp/accounts.json" "$tmp/in.jsonl" -o "$tmp/none.out" --speed 60
is 'nobody is left' 1 $?
ok 'it says what for' grep -qE 'nobody is left to send with: a: 429: .*quota.*; b: 401: .*; 20 requests are left' "$tmp/err"
is 'keys are not told' 0 "$(grep -c 'sk-mock-[a-z]' "$tmp/err")"
"$tierlab" run -y --accounts "$tmp/accounts.json" "$tmp/in.jsonl" --resume \
    -o "$tmp/none.out" --speed 60 --max-wait 1h --status "$tmp/status.json" \
    2>"$tmp/err" &
child=$!
for _ in $(seq 50); do
    grep -q '"state":"waiting"' "$tmp/status.json" && break
    sleep 0.1
done
ok 'who waits says what for' grep -q '"waits_for":"a: 429: ' "$tmp/status.json"
curl -s "$url/mock/orgs" -d '{"organisation": "a", "spent": "0"}' >/dev/null
wait $child
is 'and goes on when somebody is there' '0 20' "$? $(wc -l <"$tmp/none.out")"
run "$tmp/in.jsonl" -o "$tmp/speed.out"
is 'another speed than the server has' 2 $?

# Limits that are learned grow while it runs: it is another tier by then.
printf '%s\n' '@as_of 2026-01' '@source watched Made for this test' \
    '@tier tier1 0 0 -' '@tier tier2 50 0 -' \
    'gpt-4o-mini tier1 - 60 - - - - - -' \
    'gpt-4o-mini tier2 - 6000 - - - - - -' >"$tmp/tiers.tsv"
sed 's/table.tsv/tiers.tsv/' "$tmp/provider.json" >"$tmp/grows.json"
start --config "$tmp/grows.json" --speed 60
export OPENAI_BASE_URL=$url/v1
batch 500 >"$tmp/many.jsonl"
run "$tmp/many.jsonl" -o "$tmp/grown.out" --speed 60 &
child=$!
for _ in $(seq 100); do
    [ "$(decisions)" -lt 60 ] || break
    sleep 0.05
done
curl -s "$url/mock/orgs" -d '{"organisation": "a", "tier": "tier2"}' >/dev/null
wait $child
is 'an upgrade while it runs' '0 500' "$? $(wc -l <"$tmp/grown.out")"
took=$(sed -n 's/.* in \([0-9.]*\) s and .*/\1/p' "$tmp/err")
ok "is picked up: $took s, not the 440 of its first tier" \
    awk -v x="$took" 'BEGIN { exit !(x < 200) }'

# So do limits that are told.
cat >"$tmp/told.json" <<JSON
{"accounts": [{"name": "a", "key_env": "OPENAI_API_KEY",
  "limits": {"gpt-4o-mini": {"rpm": 60}}}]}
JSON
run "$tmp/many.jsonl" -o "$tmp/told.out" --accounts "$tmp/told.json" --speed 60
is 'with limits that are told' '0 500' "$? $(wc -l <"$tmp/told.out")"
ok 'growth is said' grep -q 'larger limits than the accounts file tells' "$tmp/err"
took=$(sed -n 's/.* in \([0-9.]*\) s and .*/\1/p' "$tmp/err")
ok "and believed: $took s, not the 440 that were told" \
    awk -v x="$took" 'BEGIN { exit !(x < 200) }'

# The disk is full: what is written is whole, and nothing more is sent.
start --no-limits --latency 20ms
export OPENAI_BASE_URL=$url/v1
batch 200 >"$tmp/in.jsonl"
(
    ulimit -f 20
    run "$tmp/in.jsonl" -o "$tmp/full.out" --set client.cap=5
    echo $? >"$tmp/code"
)
is 'a full disk' 1 "$(cat "$tmp/code")"
ok 'is told' grep -q 'answers cannot be written: .*; [0-9]* requests are left' "$tmp/err"
ok 'with what is not there' grep -qE '^tierlab: [1-5] answers? could not be' "$tmp/err"
is 'all that is not there is left' $((200 - $(wc -l <"$tmp/full.out"))) \
    "$(sed -n 's/.*; \([0-9]*\) requests are left: .*/\1/p' "$tmp/err")"
ok 'it stopped at once' [ "$(decisions)" -lt 60 ]
is 'lines are whole' "$(wc -l <"$tmp/full.out")" \
    "$(grep -c '"error":null}$' "$tmp/full.out")"
run "$tmp/in.jsonl" -o "$tmp/full.out" --resume
is 'with room it goes on' '0 200' "$? $(grep -o '"custom_id":"[^"]*"' \
    "$tmp/full.out" | sort -u | wc -l)"
ok 'and tells what is sent twice' grep -qE 'sent twice: [1-5],' "$tmp/err"
run "$tmp/in.jsonl" -o /dev/full --resume
is 'a device is no file to go on with' 2 $?

# The reader goes away.
{
    run "$tmp/in.jsonl" -o - --set client.cap=5
    echo $? >"$tmp/code"
} | head -n 3 >"$tmp/three"
is 'a closed pipe' '1 3' "$(cat "$tmp/code") $(grep -c '"error":null}$' "$tmp/three")"
ok 'is told' grep -q 'cannot be written: Broken pipe' "$tmp/err"

# A body that no limit will ever let through.
printf '{"model": "gpt-4o-mini", "messages": [], "max_tokens": 200000}\n' \
    >>"$tmp/in.jsonl"
start --config "$tmp/provider.json"
export OPENAI_BASE_URL=$url/v1 KEY_B=sk-mock-b-1
tail -n 3 "$tmp/in.jsonl" >"$tmp/three.jsonl"
run --accounts "$tmp/accounts.json" "$tmp/three.jsonl" -o "$tmp/large.out"
is 'a body that never fits' 1 $?
ok 'is told' grep -q '"never_sent","message":"tpm: it asks for 200000, and no organisation takes more than 100000"' "$tmp/large.out.errors.jsonl"
is 'and the others are sent' 2 "$(wc -l <"$tmp/large.out")"
finish
