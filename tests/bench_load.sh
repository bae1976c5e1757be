#!/usr/bin/env bash
# tierlab-mockd under load: many who wait, clients that ignore every 429, and
# the same request with more and more in its window; the daemon on one core,
# the client on the other:  tests/bench_load.sh BUILD
export BUILD=${1:?usage: tests/bench_load.sh BUILD}
# shellcheck source=tests/common.sh
. tests/common.sh
set -o pipefail

round_s=1 connections=64
turns_rate=6000 # of each of the daemons that take turns
kept=''

# table LIMIT: requests a minute, as a file of that name.
table() {
    cat >"$tmp/$1" <<TABLE
@as_of 2026-01
@source made Made for this benchmark
@tier tier1 0 0 1000000000
gpt-4o tier1 - $1 - 1000000000000000 - - - -
TABLE
}

# serve ARGUMENT...: on the first core, where there are two.
serve() {
    start "$@"
    [ "$(nproc)" -eq 1 ] || taskset -cp 0 "$pid" >"$tmp/pinned"
}

client() {
    if [ "$(nproc)" -eq 1 ]; then
        "$@"
    else
        taskset -c 1 "$@"
    fi
}

# waits MODE ARGUMENT...
waits() {
    local mode=$1
    shift
    serve "$@"
    client "$build/tests/bench_wait" "${url##*:}" "$pid" "$mode" || exit 1
}

cpu_ns() { cut -d' ' -f1 "/proc/$pid/schedstat"; }
kib() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }

# press: closed loops that ignore every answer, for a round.  Sets us (CPU an
# answer), rate (answers a second) and refused (of them, a second).
press() {
    local before after
    before=$(cpu_ns)
    client wrk -t1 -c$connections -d${round_s}s -s "$tmp/chat.lua" \
        "$url/v1/chat/completions" >"$tmp/wrk" || exit 1
    after=$(cpu_ns)
    if grep 'Socket errors' "$tmp/wrk" >&2; then
        exit 1
    fi
    read -r us rate refused < <(awk -v ns=$((after - before)) \
        -v s=$round_s '
        / requests in / { n = $1 }
        /Non-2xx/ { bad = $NF }
        END { printf "%.3f %.0f %.0f\n", ns / 1e3 / n, n / s, bad / s }' \
        "$tmp/wrk")
}

# Twice what the limit lets through comes, or nothing gets through.
overload() {
    local plain_us before after
    serve --table "$tmp/1000000000000" --tier tier1 --latency none
    press
    press
    plain_us=$us plain=$rate
    table $((plain / 2)) # a minute of its clock is a second
    serve --table "$tmp/$((plain / 2))" --tier tier1 --latency none --speed 60
    press
    before=$(kib)
    press
    press
    after=$(kib)
    printf 'requests under no limit\t%s\t1/s\n' "$plain"
    printf 'requests under no limit, CPU\t%s\tus\n' "$plain_us"
    printf '2 times overload: answers\t%s\t1/s\n' "$rate"
    printf '2 times overload: 429s\t%s\t1/s\n' "$refused"
    printf '2 times overload: CPU an answer\t%s\tus\n' "$us"
    printf '2 times overload: memory that came\t%s\tKiB\n' $((after - before))
    table 3
    serve --table "$tmp/3" --tier tier1 --latency none
    press
    press
    printf 'all refused: 429s\t%s\t1/s\n' "$refused"
    printf 'all refused: CPU an answer\t%s\tus\n' "$us"
}

# keep HELD: the daemon that was started last goes on beside the next ones.
keep() {
    kept+=" $pid"
    standing+=("$1,${url##*:},$pid")
    pid=''
}

release() {
    local p
    for p in $kept; do
        { kill "$p" && wait "$p"; } 2>/dev/null
    done
    kept=''
}
trap 'release; stop; rm -rf "$tmp"' EXIT

# windows DISCIPLINE: a daemon for each number of requests in the window, whose
# clock runs so fast that a minute of it holds that number at the rate at which
# it is asked.
windows() {
    local held standing=()
    for held in 500 5000 10000 30000; do
        serve --table "$tmp/1000000000000" --tier tier1 --latency none \
            --discipline "$1" --speed $((60 * turns_rate / held))
        keep "$held"
    done
    client "$build/tests/bench_turns" "$1" $turns_rate \
        "${standing[@]}" || exit 1
    release
}

cat >"$tmp/streams.json" <<'JSON'
{"table": "none", "latency": {"ttft": "500ms", "per_token": "20ms"},
 "organisations": [{"name": "a"}]}
JSON
waits waiting --no-limits --latency 3s
waits idle --no-limits --latency none
waits streams --config "$tmp/streams.json"
table 1000000000000
for discipline in bucket quantised fixed sliding-log sliding-counter; do
    windows "$discipline"
done

if ! command -v wrk >/dev/null; then
    echo 'bench: no wrk, so overload is not measured: apt-get install wrk' >&2
    exit 0
fi
cat >"$tmp/chat.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer sk-mock-bench-1"
wrk.body = '{"model": "gpt-4o", "messages": [{"role": "user", "content": ' ..
    '"Say this is a test."}], "max_tokens": 64}'
LUA
overload
