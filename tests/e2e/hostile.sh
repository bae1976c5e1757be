#!/usr/bin/env bash
# Hostile clients against the daemon: after each attack it answers a good
# request, and after all of them it holds no more descriptors and memory than
# before.
set -u

build=${BUILD:-build}
hostile=$build/tests/hostile
tmp=$(mktemp -d)
pid='' others=''
passed=0 failed=0
# Freed memory comes back at once, or a leak would not be seen in the noise.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
attacks='truncations framing limits bodies random deaf churn'

stop() {
    local p
    for p in $pid $others; do
        { kill "$p" && wait "$p"; } 2>/dev/null
    done
    pid='' others=''
}
trap 'stop; rm -rf "$tmp"' EXIT

# is NAME WANTED FOUND
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: wanted '$2', found '$3'"
    fi
}

# start NAME DESCRIPTORS ARGUMENT...: the daemon; sets pid and port.
start() {
    local name=$1 most=$2
    shift 2
    (
        ulimit -n "$most"
        exec "$build/tierlab-mockd" --port 0 --no-limits --latency none "$@"
    ) >"$tmp/$name" 2>"$tmp/$name.err" </dev/null &
    pid=$!
    for _ in $(seq 100); do
        port=$(sed -n 's/^listening on .*://p' "$tmp/$name")
        [ -n "$port" ] && return
        sleep 0.05
    done
    echo 'the daemon did not listen'
    exit 1
}

# attack PORT NAME: what was wrong, or "well"
attack() { "$hostile" "$1" "$2" 2>&1 && echo well; }

descriptors() { find "/proc/$pid/fd" -mindepth 1 | wc -l; }
kib() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }

# settled DESCRIPTORS: soon it holds so many; prints how many it holds.
settled() {
    for _ in $(seq 100); do
        [ "$(descriptors)" -eq "$1" ] && break
        sleep 0.05
    done
    descriptors
}

# In the background, since deadlines are long: slow clients, and more of them
# than there are descriptors.
start slow 2000
others=$pid
attack "$port" slow >"$tmp/slow.out" &
slow=$!
start starve 100
others+=" $pid"
attack "$port" starve >"$tmp/starve.out" &
starve=$!

# The first round finds how much memory the daemon needs at its fullest.
start hostile 2000 --log "$tmp/log"
began=$(descriptors)
for round in 1 2; do
    for name in $attacks; do
        is "$name, round $round" well "$(attack "$port" "$name")"
        is "descriptors after $name" "$began" "$(settled "$began")"
    done
    memory+=" $(kib)"
done
read -r before after <<<"$memory"
echo "memory: $before KiB, then $after KiB"
is 'memory does not grow' 0 $((after > before + before / 10 + 1024))
is 'the log is UTF-8' 0 "$(iconv -f UTF-8 -t UTF-8 "$tmp/log" >"$tmp/same"; echo $?)"
kill -TERM "$pid"
wait "$pid"
is 'it ends in good order' 0 $?
is 'and had nothing to say' '' "$(cat "$tmp/hostile.err")"
pid=

# Two threads, one truth: the same for the attacks of crowds.
start two 2000 --threads 2
for name in truncations framing deaf; do
    is "$name, two threads" well "$(attack "$port" "$name")"
done
wait "$slow" "$starve"
is 'slow clients' well "$(cat "$tmp/slow.out")"
is 'no descriptors left' well "$(cat "$tmp/starve.out")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
