#!/usr/bin/env bash
# CPU time of a request: tierlab-mockd (a chat completion with limits, answered
# at once) against nginx's `return 200` with as many headers, in turns in one
# run, under `wrk -t1 -c64`:  tests/bench_http.sh BUILD
set -u
build=${1:?usage: tests/bench_http.sh BUILD}
rounds=9 round_s=1 connections=64

for tool in wrk nginx; do
    if ! command -v $tool >/dev/null; then
        echo "bench: no $tool, so the server is not measured:" \
            "apt-get install wrk nginx-light" >&2
        exit 0
    fi
done

work=$(mktemp -d)
chmod 755 "$work"
nginx_pid='' mock_pid=''
stop() {
    local pid
    for pid in $nginx_pid $mock_pid; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap stop EXIT

# on CORE COMMAND...: pinned, where there is more than one core.
on() {
    local core=$1
    shift
    if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
        exec taskset -c "$core" "$@"
    fi
    exec "$@"
}

listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# wait_for PID COMMAND...: until it succeeds, while the process lives.
wait_for() {
    local pid=$1 i
    shift
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || return 1
        "$@" && return 0
        sleep 0.05
    done
    return 1
}

start_nginx() {
    local try
    for ((try = 0; try < 20; try++)); do
        nginx_port=$((20000 + RANDOM % 20000))
        listens "$nginx_port" && continue
        sed "s|@DIR@|$work|g; s|@PORT@|$nginx_port|" >"$work/nginx.conf" \
            <<'CONF'
daemon off;
worker_processes 1;
pid @DIR@/pid;
error_log @DIR@/error.log crit;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path @DIR@/body;
    proxy_temp_path @DIR@/proxy;
    fastcgi_temp_path @DIR@/fastcgi;
    uwsgi_temp_path @DIR@/uwsgi;
    scgi_temp_path @DIR@/scgi;
    server {
        listen 127.0.0.1:@PORT@;
        default_type application/json;
        add_header x-request-id req_0123456789abcdef0123456789abcdef;
        add_header openai-organization org-0;
        add_header x-ratelimit-limit-requests 500;
        add_header x-ratelimit-limit-tokens 30000;
        add_header x-ratelimit-remaining-requests 499;
        add_header x-ratelimit-remaining-tokens 29900;
        add_header x-ratelimit-reset-requests 120ms;
        add_header x-ratelimit-reset-tokens 200ms;
        location / { return 200 '@BODY@'; }
    }
}
CONF
        sed -i "s|@BODY@|$(printf '%560s' '' | tr ' ' x)|" "$work/nginx.conf"
        on 0 nginx -e "$work/error.log" -p "$work" -c "$work/nginx.conf" &
        nginx_pid=$!
        wait_for "$nginx_pid" listens "$nginx_port" && return 0
        kill "$nginx_pid" 2>/dev/null
        wait "$nginx_pid" 2>/dev/null
    done
    cat "$work/error.log" >&2
    return 1
}

# Limits that are checked at every request and never reached.
start_mock() {
    cat >"$work/wide.tsv" <<'TABLE'
@as_of 2026-01
@source wide Made for this benchmark
@tier tier1 0 0 1000000000
gpt-4o tier1 - 1000000000000 - 1000000000000000 - - - -
TABLE
    on 0 "$build/tierlab-mockd" --table "$work/wide.tsv" --tier tier1 \
        --latency none --port 0 >"$work/mock.out" 2>"$work/mock.err" &
    mock_pid=$!
    wait_for "$mock_pid" grep -q '^listening on ' "$work/mock.out" || {
        cat "$work/mock.err" >&2
        return 1
    }
    mock_url=$(sed -n 's/^listening on //p' "$work/mock.out")
}

cat >"$work/chat.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer sk-mock-bench-1"
wrk.body = '{"model": "gpt-4o", "messages": [{"role": "system", "content": ' ..
    '"You are a helpful assistant."}, {"role": "user", "content": "' ..
    string.rep("Say this is a test. ", 6) .. '"}], "max_tokens": 64, ' ..
    '"temperature": 0.7}'
LUA

# The ns of CPU that a process and its children have used.
cpu_ns() {
    local pid
    for pid in "$1" $(cat "/proc/$1/task/$1/children"); do
        cat "/proc/$pid/schedstat"
    done | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# measure NAME PID URL: appends "CPU-us-a-request requests-a-second".
measure() {
    local before after
    before=$(cpu_ns "$2")
    (on 1 wrk -t1 -c$connections -d${round_s}s -s "$work/chat.lua" "$3") \
        >"$work/wrk.out" || return 1
    after=$(cpu_ns "$2")
    if grep -E 'Non-2xx|Socket errors' "$work/wrk.out" >&2; then
        echo "bench: $1 did not answer all" >&2
        return 1
    fi
    awk -v ns=$((after - before)) '
        / requests in / { n = $1 }
        /^Requests\/sec/ { rate = $2 }
        END { printf "%.3f %.0f\n", ns / 1e3 / n, rate }' \
        "$work/wrk.out" >>"$work/$1"
}

# What neighbours do only adds to a round: the least CPU time and the most
# requests are nearest to what the server needs.
least() { cut -d' ' -f1 "$work/$1" | sort -g | head -n 1; }
most() { cut -d' ' -f2 "$work/$1" | sort -gr | head -n 1; }

start_nginx || { echo 'bench: nginx does not start' >&2; exit 1; }
start_mock || { echo 'bench: tierlab-mockd does not start' >&2; exit 1; }
for ((i = 0; i < rounds; i++)); do
    measure nginx "$nginx_pid" "http://127.0.0.1:$nginx_port/" &&
        measure mock "$mock_pid" "$mock_url/v1/chat/completions" || exit 1
done
nginx_us=$(least nginx)
mock_us=$(least mock)
printf 'HTTP request, nginx return 200, CPU\t%s\tus\n' "$nginx_us"
printf 'HTTP request, tierlab-mockd chat, CPU\t%s\tus\n' "$mock_us"
printf 'speed of tierlab-mockd, share of nginx\t%s\tratio\n' \
    "$(awk -v a="$nginx_us" -v b="$mock_us" 'BEGIN { printf "%.2f", a / b }')"
printf 'HTTP requests, nginx return 200\t%s\t1/s\n' "$(most nginx)"
printf 'HTTP requests, tierlab-mockd chat\t%s\t1/s\n' "$(most mock)"
