#!/usr/bin/env bash
# tierlab run --dry-run: what would be sent, and for how long; and that a run
# takes about as long.
# Measures real time.
# shellcheck source=tests/common.sh
. tests/common.sh

export KEY_A=sk-mock-a-1
cat >"$tmp/provider.json" <<'JSON'
{"table": "none", "organisations": [{"name": "a", "tier": "tier1"}]}
JSON
printf '@as_of 2026\n@source t Made for a test\n@tier tier1 5 0 -\n%s\n' \
    'gpt-4o-mini tier1 - 600 - - - - - -' >"$tmp/table.tsv"
sed -i 's/"none"/"table.tsv"/' "$tmp/provider.json"
start --config "$tmp/provider.json"
cat >"$tmp/accounts.json" <<JSON
{"endpoints": [{"name": "here", "base_url": "$url/v1"}],
 "accounts": [{"name": "a", "endpoint": "here", "organisation": "a",
  "key_env": "KEY_A", "limits": {"gpt-4o-mini": {"rpm": 600}}}]}
JSON
for i in $(seq 620); do
    printf '{"custom_id": "%s", "method": "POST", "url": %s, "body": %s}\n' \
        "$i" '"/v1/chat/completions"' '{"model": "gpt-4o-mini", "messages":
        [{"role": "user", "content": "hello"}]}' | tr -d '\n'
    echo
done >"$tmp/requests.jsonl"

"$tierlab" run --dry-run --accounts "$tmp/accounts.json" \
    "$tmp/requests.jsonl" 2>"$tmp/err"
is 'a dry run' 0 $?
ok 'it tells how many' grep -q '^to send: 620 requests' "$tmp/err"
forecast=$(sed -n 's/^it will take about \([0-9.]*\) s$/\1/p' "$tmp/err")
ok "at 600 at once and 10 a second, $forecast s" \
    awk -v x="$forecast" 'BEGIN { exit !(x >= 2 && x < 25) }'
# A pool that hedges is foretold with its hedges.  (A long reply is long at the
# other organisation too: the last to end stays the last.)
cat >"$tmp/two.json" <<JSON
{"endpoints": [{"name": "here", "base_url": "$url/v1"}],
 "accounts": [
 {"name": "a", "endpoint": "here", "organisation": "a", "key_env": "KEY_A",
  "limits": {"gpt-4o-mini": {"rpm": 60000}}},
 {"name": "b", "endpoint": "here", "organisation": "b", "key_env": "KEY_A",
  "limits": {"gpt-4o-mini": {"rpm": 60000}}}]}
JSON
echo '{"client": {"hedge": {"after": "6s", "budget": 0.5}}}' >"$tmp/hedge.json"
dry() { # OPTION...: seconds and hedges
    "$tierlab" run --dry-run --accounts "$tmp/two.json" "$@" \
        "$tmp/requests.jsonl" 2>&1 |
        sed -n 's/^it will take about \([0-9.]*\) s\(, with \([0-9]*\) hedges\)*$/\1 \3/p'
}
read -r plain none < <(dry)
read -r hedged hedges < <(dry --client "$tmp/hedge.json")
is 'no hedges' '' "$none"
ok "$hedges hedges: $plain s become $hedged s" awk -v n="$hedges" \
    -v a="$plain" -v b="$hedged" 'BEGIN { exit !(n > 5 && b <= a) }'
is 'nothing was sent' 0 "$(curl -s "$url/mock/state" |
    grep -o '"decisions":[0-9]*' | cut -d: -f2)"

"$tierlab" run -y --accounts "$tmp/accounts.json" -o "$tmp/out.jsonl" \
    "$tmp/requests.jsonl" 2>"$tmp/err"
is 'a run' 0 $?
took=$(sed -n 's/.* in \([0-9.]*\) s and [0-9]* attempts.*/\1/p' "$tmp/err")
ok 'the forecast stands beside the outcome' grep -q '^forecast ' "$tmp/err"
ok "forecast $forecast s, outcome $took s" awk -v a="$forecast" -v b="$took" \
    'BEGIN { exit !(b > 0.8 * a && b < 1.25 * a + 1) }'

echo '{"model": "none-of-these", "messages": []}' >"$tmp/one.jsonl"
OPENAI_API_KEY=sk-mock-a-1 "$tierlab" run --dry-run "$tmp/one.jsonl" 2>"$tmp/err"
ok 'without limits nobody knows' grep -q 'is not known' "$tmp/err"
finish
