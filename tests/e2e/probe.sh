#!/usr/bin/env bash
# tierlab probe: what the headers of a server on loopback show is what its
# tiers are, and what it writes is what `tierlab run` takes.
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
    "$build/tierlab-mockd" --port 0 --latency none "$@" >"$tmp/mockd" &
    mockd=$!
    for _ in $(seq 100); do
        grep -q listening "$tmp/mockd" && break
        sleep 0.05
    done
    OPENAI_BASE_URL=$(sed -n 's/^listening on //p' "$tmp/mockd")/v1
    export OPENAI_BASE_URL
}
export OPENAI_API_KEY=sk-mock-a-1
tier_of() { awk -v m="$1" '$2 == m { print $9 }' "$tmp/out"; }

for tier in tier1 tier2 tier3 tier4 tier5; do
    serve --table official-2024-mid --tier $tier
    "$tierlab" probe -y -t official-2024-mid --model gpt-4o >"$tmp/out" \
        2>"$tmp/err"
    is "$tier (exit code)" 0 $?
    is "$tier is found" $tier "$(tier_of gpt-4o)"
done
is 'what it costs is told' 1 "$(grep -c '^1 requests' "$tmp/err")"

# Several organisations and models; a day's limit hides the minute's, which
# the table knows.
cat >"$tmp/provider.json" <<'JSON'
{"table": "official-2024-mid", "organisations": [
 {"name": "a", "tier": "tier1"}, {"name": "b", "tier": "tier4"}]}
JSON
cat >"$tmp/accounts.json" <<'JSON'
{"accounts": [{"name": "a", "key_file": "key-a"},
 {"name": "b", "key_file": "key-b"}]}
JSON
echo sk-mock-a-1 >"$tmp/key-a"
echo sk-mock-b-1 >"$tmp/key-b"
serve --config "$tmp/provider.json"
"$tierlab" probe -y --accounts "$tmp/accounts.json" -t official-2024-mid \
    --model gpt-3.5-turbo --model gpt-4o -o "$tmp/found.json" >"$tmp/out" 2>&1
is 'two organisations' 0 $?
is 'the hidden limit is written' 1 "$(tr -d ' \t\n' <"$tmp/found.json" |
    grep -c '"gpt-3.5-turbo":{"rpm":3500,"rpd":10000,"tpm":60000}')"
is 'their tiers' 'tier1 tier4' "$(grep -o '"tier[0-9]"' "$tmp/found.json" |
    tr -d '"' | xargs)"
is 'no key is written' 0 "$(grep -c sk-mock "$tmp/found.json")"
echo '{"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}' \
    >"$tmp/in.jsonl"
"$tierlab" run -y "$tmp/in.jsonl" -o "$tmp/ran.jsonl" \
    --accounts "$tmp/found.json" 2>"$tmp/err"
is 'what it wrote is taken' 0 $?
is 'its limits are known' 1 "$(grep -c 'limits known' "$tmp/err")"

# Limits that no table has, and answers that show none.
printf '%s\n' '@as_of 2026-01' '@source probe Made for this test' \
    '@tier tier1 0 0 -' 'gpt-4o tier1 - 77 - 1234 - - - -' >"$tmp/odd.tsv"
serve --table "$tmp/odd.tsv"
"$tierlab" probe -y --model gpt-4o >"$tmp/out" 2>&1
is 'odd limits' '77 1234 -' "$(awk '$2 == "gpt-4o" { print $4, $6, $9 }' "$tmp/out")"
"$tierlab" probe -y --model no-such-model >"$tmp/out" 2>&1
is 'a model that is not there' 1 $?
is 'the answer is told' 1 "$(grep -c '404 .*does not exist' "$tmp/out")"
OPENAI_API_KEY=nonsense "$tierlab" probe -y --model gpt-4o >"$tmp/out" 2>&1
is 'a bad key' 1 $?
is 'the key is not told' 0 "$(grep -c nonsense "$tmp/out")"
serve --no-limits
"$tierlab" probe -y --model gpt-4o >"$tmp/out" 2>&1
is 'no headers' 1 $?
stop
"$tierlab" probe -y --model gpt-4o >"$tmp/out" 2>&1
is 'nobody there' 1 $?
"$tierlab" probe --model gpt-4o </dev/null >"$tmp/out" 2>&1
is 'no yes' 2 $?

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
