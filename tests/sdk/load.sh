#!/usr/bin/env bash
# curl, wrk and h2load against the daemon: what they count, it counts.
set -u

build=${BUILD:-build}
work=$(mktemp -d)
daemon=
passed=0 failed=0 skipped=0
chat='{"model":"gpt-4","messages":[{"role":"user","content":"hi"}]}'

stop() {
    [ -z "$daemon" ] || { kill -9 "$daemon" && wait "$daemon"; } 2>/dev/null
    daemon=
}
trap 'stop; rm -rf "$work"' EXIT

# is NAME GOT WANTED
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "failed: $1: $2, not $3"
    fi
}

# start ARGUMENT...: the daemon on a free port; sets url.
start() {
    stop
    "$build/tierlab-mockd" --port 0 --latency none "$@" >"$work/port" &
    daemon=$!
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$work/port")
        [ "$url" = '' ] || return
        sleep 0.05
    done
    echo "the daemon does not listen"
    exit 1
}

# has TOOL: or its tests are skipped, but not where all must be there.
has() {
    command -v "$1" >/dev/null && return
    if [ "${MUST:-}" ]; then
        failed=$((failed + 1))
    else
        skipped=$((skipped + 1))
    fi
    echo "skipped: $1 is not here"
    return 1
}

# status CODE: how often the daemon answered so
status() {
    local n
    n=$(curl -s "$url/mock/state" | grep -o "\"$1\":[0-9]*")
    echo "${n##*:}"
}

printf '%s' "$chat" >"$work/chat.json"
cat >"$work/chat.lua" <<END
wrk.method = "POST"
wrk.body = '$chat'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer sk-test"
END

start --no-limits
urls=()
for _ in $(seq 50); do urls+=("$url/v1/chat/completions"); done
codes=$(curl -s -o /dev/null -w '%{http_code}\n' -d "$chat" \
    -H 'Authorization: Bearer sk-test' "${urls[@]}" 2>"$work/err" |
    grep -c '^200')
is "curl: 50 answers on one connection" "$codes" 50
is "... are counted" "$(status 200)" 50

if has wrk; then
    start --no-limits --threads 2
    wrk -t 1 -c 8 -d 2s -s "$work/chat.lua" "$url/v1/chat/completions" \
        >"$work/wrk"
    grep Requests/sec "$work/wrk"
    is "wrk: no other status, no broken socket" \
        "$(grep -cE 'Non-2xx|Socket errors' "$work/wrk")" 0
    told=$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' "$work/wrk")
    counted=$(status 200)
    # What was on its way at the end was answered to nobody.
    is "... and as many answers as it counts" \
        $((told > 0 && counted >= told && counted <= told + 8)) 1
    start --table seed --tier free --speed 0
    wrk -t 1 -c 8 -d 1s -s "$work/chat.lua" "$url/v1/chat/completions" \
        >"$work/wrk"
    is "wrk: three get through while the clock stands" "$(status 200)" 3
fi

if has h2load; then
    start --no-limits --threads 2
    h2load --h1 -n 5000 -c 10 -d "$work/chat.json" \
        -H 'Authorization: Bearer sk-test' \
        -H 'Content-Type: application/json' \
        "$url/v1/chat/completions" >"$work/h2load"
    is "h2load: all of 5000 are answered" \
        "$(grep -o 'status codes: 5000 2xx' "$work/h2load")" \
        'status codes: 5000 2xx'
    is "... and counted" "$(status 200)" 5000
    start --table seed --tier free --speed 0
    h2load --h1 -n 200 -c 4 -d "$work/chat.json" \
        -H 'Authorization: Bearer sk-test' "$url/v1/chat/completions" \
        >"$work/h2load"
    is "h2load: 3 of 200 while the clock stands" \
        "$(grep -o 'status codes: 3 2xx, 0 3xx, 197 4xx' "$work/h2load")" \
        'status codes: 3 2xx, 0 3xx, 197 4xx'
    is "... and 197 are told to wait" "$(status 429)" 197
fi

if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
