#!/usr/bin/env bash
# Hostile clients against the daemon: after each attack it answers a good
# request, and after all of them it holds no more descriptors and memory than
# before.
# shellcheck source=tests/common.sh
. tests/common.sh

attacks='truncations framing limits bodies random deaf churn'
# Freed memory comes back at once, or a leak would not be seen in the noise.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
others=''

end() {
    local p
    stop
    for p in $others; do
        { kill "$p" && wait "$p"; } 2>/dev/null
    done
    rm -rf "$tmp"
}
trap end EXIT

# serve ARGUMENT...: a daemon without limits and delays
serve() { start --no-limits --latency none "$@"; }

# attack NAME: what was wrong, or "well"
attack() { "$build/tests/hostile" "${url##*:}" "$1" 2>&1 && echo well; }

# beside NAME DESCRIPTORS: attacks in the background, since deadlines are long,
# a daemon of its own that has so many.
beside() {
    local whole=$mockd
    mockd=$tmp/few
    printf '#!/bin/sh\nulimit -n %s\nexec %s "$@"\n' "$2" "$whole" >"$mockd"
    chmod +x "$mockd"
    serve
    mockd=$whole
    others+=" $pid"
    pid=''
    attack "$1" >"$tmp/$1" &
    waits+=" $!"
}

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

# alone: soon the daemon counts no connection but the one that asks; prints
# the connections, and of them those that wait for an answer.
alone() {
    local n
    for _ in $(seq 100); do
        n=$(curl -s -m 10 "$url/mock/state" |
            sed 's/.*"server":{"connections":\([0-9]*\),"waiting":\([0-9]*\).*/\1 \2/')
        [ "$n" = '1 1' ] && break
        sleep 0.05
    done
    echo "$n"
}

# count NAME: one of its metrics
count() {
    curl -s -m 10 "$url/metrics" | sed -n "s/^tierlab_mock_$1 //p"
}

# Slow clients, and more of them than there are descriptors.
waits=''
beside slow 2000
beside starve 100

# The first round finds how much memory the daemon needs at its fullest.  How
# many connections are open at a time is chance: where the second needs more,
# a third tells a fuller moment from a leak, which grows in each.
serve --log "$tmp/log"
began=$(descriptors)
memory=()
attacked() { # ROUND
    for name in $attacks; do
        is "$name, round $1" well "$(attack "$name")"
        is "descriptors after $name" "$began" "$(settled "$began")"
    done
    memory+=("$(kib)")
    # The journal takes no more memory than it had.
    curl -s -m 10 -o /dev/null -X POST "$url/mock/reset"
}
grew() { # FROM TO
    [ "$2" -gt $(($1 + $1 / 10 + 1024)) ]
}
attacked 1
attacked 2
! grew "${memory[@]}" || attacked 3
echo "memory: ${memory[*]} KiB"
is 'memory does not grow' no \
    "$(grew "${memory[@]: -2}" && echo yes || echo no)"
is 'nobody is left' '1 1' "$(alone)"
is 'all were counted' 1 $(($(count connections_total) > 200000))
is '... and what was refused' 1 $(($(count unreadable_total) > 100))
ok 'the log is UTF-8' iconv -f UTF-8 -t UTF-8 -o "$tmp/same" "$tmp/log"
kill -TERM "$pid"
wait "$pid"
is 'it ends in good order' 0 $?
is 'and had nothing to say' '' "$(cat "$tmp/daemon.err")"
pid=''

# Two threads, one truth.
serve --threads 2
for name in truncations framing deaf; do
    is "$name, two threads" well "$(attack "$name")"
done
is 'nobody is left of either' '1 1' "$(alone)"
for p in $waits; do wait "$p"; done
is 'slow clients' well "$(cat "$tmp/slow")"
is 'no descriptors left' well "$(cat "$tmp/starve")"

finish
