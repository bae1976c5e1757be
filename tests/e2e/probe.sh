#!/usr/bin/env bash
# tierlab probe: what the headers of a server on loopback show is what its
# tiers are, and what it writes is what `tierlab run` takes.
# shellcheck source=tests/common.sh
. tests/common.sh

# serve ARGUMENT...: a daemon, and its base URL.
serve() {
    start --latency none "$@"
    export OPENAI_BASE_URL=$url/v1
}
export OPENAI_API_KEY=sk-mock-a-1
probe() { "$tierlab" probe -y "$@" >"$tmp/out" 2>"$tmp/err"; }
tier_of() { awk -v m="$1" '$2 == m { print $9 }' "$tmp/out"; }
flat() { tr -d ' \t\n' <"$1"; }

for tier in tier1 tier2 tier3 tier4 tier5; do
    serve --table official-2024-mid --tier $tier
    probe -t official-2024-mid --model gpt-4o
    is "$tier (exit code)" 0 $?
    is "$tier is found" $tier "$(tier_of gpt-4o)"
done
serve --table seed --tier free
probe -t seed --model gpt-3.5-turbo
is 'free is found' free "$(tier_of gpt-3.5-turbo)"
is 'what it costs is told' 1 "$(grep -c '^1 request of' "$tmp/err")"

# Several organisations and models; a day's limit hides the minute's, which
# the table knows.  Each account of an organisation is asked.
cat >"$tmp/provider.json" <<'JSON'
{"table": "official-2024-mid", "organisations": [
 {"name": "a", "tier": "tier1", "keys": 2}, {"name": "b", "tier": "tier4"}]}
JSON
cat >"$tmp/accounts.json" <<'JSON'
{"accounts": [{"name": "a-one", "organisation": "a", "key_file": "key-a"},
 {"name": "b", "key_file": "key-b", "tier": "tier2"},
 {"name": "a-two", "organisation": "a", "key_file": "key-c"}]}
JSON
echo sk-mock-a-1 >"$tmp/key-a"
echo sk-mock-b-1 >"$tmp/key-b"
echo sk-mock-a-2 >"$tmp/key-c"
serve --config "$tmp/provider.json"
probe --accounts "$tmp/accounts.json" -t official-2024-mid \
    --model gpt-3.5-turbo --model gpt-4o -o "$tmp/found.json"
is 'three accounts' 0 $?
is 'each was asked' 'a-one a-one a-two a-two b b' \
    "$(awk 'NR > 1 { print $1 }' "$tmp/out" | sort | xargs)"
is 'the hidden limit is written' 2 "$(flat "$tmp/found.json" |
    grep -o '"gpt-3.5-turbo":{"rpm":3500,"rpd":10000,"tpm":60000}' | wc -l)"
is 'their tiers' 'tier1 tier4 tier1' "$(grep -o '"tier[0-9]"' "$tmp/found.json" |
    tr -d '"' | xargs)"
is 'another than the file says' 2 "$(grep -c 'the file says tier2' "$tmp/out")"
is 'no key is written' 0 "$(grep -c sk-mock "$tmp/found.json")"
echo '{"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}' \
    >"$tmp/in.jsonl"
"$tierlab" run -y "$tmp/in.jsonl" -o "$tmp/ran.jsonl" \
    --accounts "$tmp/found.json" 2>"$tmp/err"
is 'what it wrote is taken' 0 $?
is 'its limits are known' 1 "$(grep -c 'limits known' "$tmp/err")"
echo sk-mock-nobody-1 >"$tmp/key-c"
probe --accounts "$tmp/accounts.json" --model gpt-4o
is 'one key of two is bad' '1 401' "$? $(awk '$1 == "a-two" { print $3 }' "$tmp/out")"

# An upgrade: by a payment, and under way, when it holds for one model alone.
serve --table official-2024-mid --tier tier1
probe -t official-2024-mid --model gpt-4o
org=$(curl -s "$url/mock/orgs" | grep -o '"name":"[^"]*"' | head -n 1 | cut -d'"' -f4)
curl -s "$url/mock/orgs" -d "{\"organisation\": \"$org\", \"tier\": \"tier2\"}" \
    >/dev/null
probe -t official-2024-mid --model gpt-4o
is 'after an upgrade' tier2 "$(tier_of gpt-4o)"
printf '%s\n' '@as_of 2026-01' '@source probe Made for this test' \
    '@tier tier1 0 0 -' 'gpt-4o tier1 - 5000 - 450000 - - - -' \
    'gpt-4 tier1 - 500 10000 10000 - - - -' >"$tmp/half.tsv"
serve --table "$tmp/half.tsv"
probe -t official-2024-mid --model gpt-4o --model gpt-4 -o "$tmp/half.json"
is 'one is there, the other is not' 'tier2 tier1' \
    "$(tier_of gpt-4o) $(tier_of gpt-4)"
is 'the lower one holds for the rest' '"tier1"' \
    "$(flat "$tmp/half.json" | grep -o '"tier":"[^"]*"' | cut -d: -f2)"
is 'each has its limits' 1 "$(flat "$tmp/half.json" |
    grep -c '"gpt-4o":{"rpm":5000,"tpm":450000}')"

# Limits that no table has, and answers that show none.
printf '%s\n' '@as_of 2026-01' '@source probe Made for this test' \
    '@tier tier1 0 0 -' 'gpt-4o tier1 - 77 - 30000 - - - -' >"$tmp/odd.tsv"
serve --table "$tmp/odd.tsv"
probe --model gpt-4o
is 'odd limits' '77 30000 -' "$(awk '$2 == "gpt-4o" { print $4, $6, $9 }' "$tmp/out")"
is 'what differs is told' 1 "$(grep -c 'nearest tier1, which has rpm 500$' "$tmp/out")"
probe --model no-such-model
is 'a model that is not there' 1 $?
is 'the answer is told' 1 "$(grep -c '404 .*does not exist' "$tmp/out")"
OPENAI_API_KEY=nonsense probe --model gpt-4o
is 'a bad key' 1 $?
is 'the key is not told' 0 "$(cat "$tmp/out" "$tmp/err" | grep -c nonsense)"
echo '{"no_headers": 1}' >"$tmp/faults.json"
serve --faults "$tmp/faults.json"
probe --model gpt-4o -o "$tmp/bare.json"
is 'no headers' 1 $?
is 'are told' 1 "$(grep -c '200 .*shows no limit' "$tmp/out")"
is 'and nothing is made up' 0 "$(grep -c rpm "$tmp/bare.json")"
stop
probe --model gpt-4o
is 'nobody there' 1 $?
"$tierlab" probe --model gpt-4o </dev/null >"$tmp/out" 2>&1
is 'no yes' 2 $?
finish
