#!/usr/bin/env bash
# A run over HTTP as a user starts it: against a mock server that is already
# there, by its URL, with keys from the environment and from an accounts file.
set -u

build=${BUILD:-build}
work=$(mktemp -d)
daemon=
passed=0 failed=0

stop() {
    [ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; } 2>/dev/null
    daemon=
}
trap 'stop; rm -rf "$work"' EXIT

# check NAME COMMAND...
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $name"
        tail -n 3 "$work/err" 2>/dev/null
    fi
}

# start ARGUMENT...: the daemon on a free port; sets url.
start() {
    "$build/tierlab-mockd" --port 0 "$@" >"$work/port" 2>"$work/daemon.err" &
    daemon=$!
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$work/port")/v1
        [ "$url" = /v1 ] || return
        sleep 0.05
    done
    echo "the daemon does not listen"
    exit 1
}

# bench NAME WANTED ARGUMENT...: runs the scenario, wants that exit status.
bench() {
    local name=$1 wanted=$2
    shift 2
    "$build/tierlab" bench "$work/scenario.json" --no-figures \
        -o "$work/$name" "$@" >"$work/$name.out" 2>"$work/err"
    [ $? -eq "$wanted" ]
}

# result NAME PATTERN
result() { grep '"kind":"run"' "$work/$1/results.jsonl" | grep -q "$2"; }

silent() { ! grep -rqE 'sk-|Bearer' "$work"/*.out "$work"/err "$work"/*/; }

cat >"$work/provider.json" <<'END'
{"table": "official-2024-mid", "latency": "50ms",
 "organisations": [{"name": "org", "tier": "tier1", "keys": 2}]}
END
cat >"$work/scenario.json" <<END
{"name": "by-url", "provider": $(cat "$work/provider.json"),
 "client": {"cap": 4}, "workload": {"model": "gpt-4o",
 "arrivals": {"batch": 20}, "prompt_tokens": 20, "completion_tokens": 10,
 "max_tokens": 20}}
END
cat >"$work/accounts.json" <<'END'
{"accounts": [{"name": "a", "organisation": "org", "key_env": "KEY_A"},
              {"name": "b", "organisation": "org", "key_file": "key-b"}]}
END
echo sk-mock-org-2 >"$work/key-b"
export KEY_A=sk-mock-org-1
unset OPENAI_API_KEY OPENAI_ORG_ID OPENAI_PROJECT_ID

start --config "$work/provider.json"
check "a URL needs a key" bench nokey 2 --on "$url"
check "and says so" grep -q OPENAI_API_KEY "$work/err"
check "accounts come from a file" \
    bench file 0 --on "$url" --accounts "$work/accounts.json"
check "all are answered" result file '"succeeded":20,'
export OPENAI_API_KEY=sk-mock-org-1
check "a key comes from the environment" bench environment 0 --on "$url"
check "all are answered" result environment '"succeeded":20,'
export OPENAI_API_KEY=sk-mock-nobody-77777777777777
check "a wrong key fails its requests" bench wrong 0 --on "$url"
check "none is answered" result wrong '"succeeded":0,'
check "nothing holds a key" silent
stop
check "nobody there: the requests fail" bench nobody 0 --on "$url" \
    --set client.retry.max=0
check "none is answered" result nobody '"succeeded":0,'

export OPENAI_API_KEY=sk-mock-org-1
start --config "$work/provider.json" --speed 20
check "a mock server of another speed is refused" bench speed 1 --on "$url"
check "and the speeds are told" grep -q 'speed 20' "$work/err"
check "nothing holds a key" silent

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
