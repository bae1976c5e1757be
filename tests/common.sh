# What the scripts of tests/e2e share; they run in the project's root:
#
#     # shellcheck source=tests/common.sh
#     . tests/common.sh
#
# Programs below BUILD, a folder $tmp that goes with the script, a daemon that
# does too, what is checked and counted, and `finish` for the last line.
# shellcheck shell=bash disable=SC2034

set -u

build=${BUILD:-build}
tierlab=$build/tierlab
mockd=$build/tierlab-mockd
tmp=$(mktemp -d)
passed=0 failed=0 skipped=0
pid='' url='' sleeper=''
input=/dev/null # of the next daemon

# Ends the daemon, if one runs.
stop() {
    [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null
    pid=''
}
trap 'stop; [ -z "$sleeper" ] || kill "$sleeper"; rm -rf "$tmp"' EXIT

# start ARGUMENT...: a daemon on a free port in place of the one before; sets
# pid and url.  What it says is in $tmp/daemon, and $tmp/daemon.err.
start() {
    stop
    : >"$tmp/daemon" # or what the one before said is read there
    "$mockd" --port 0 "$@" <"$input" >"$tmp/daemon" 2>"$tmp/daemon.err" &
    pid=$!
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$tmp/daemon")
        [ -z "$url" ] || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    echo "the daemon did not listen: $(cat "$tmp/daemon.err")"
    exit 1
}

# ok NAME COMMAND...: the command succeeds.
ok() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok: $name"
        tail -n 5 "$tmp/err" 2>/dev/null
    fi
}

# is NAME WANTED FOUND
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: wanted '$2', found '$3'"
        tail -n 5 "$tmp/err" 2>/dev/null
    fi
}

# summary_figure RESULT PATH [N]: a figure of the summary of its N-th run,
# "latency_ms.p95"; of the first by default.
summary_figure() {
    grep '"kind": *"run"' "$1" | sed -n "${3:-1}{s/.*\"summary\"://p;q;}" |
        tr -d ' ' | awk -v path="$2" '{
            n = split(path, part, ".")
            if (n == 2) {
                sub(".*\"" part[1] "\":{", "")
                sub("}.*", "")
            }
            sub(".*\"" part[n] "\":", "")
            sub("[,}].*", "")
            print
        }'
}

# "${first[@]}" COMMAND...: before other programs, where that is allowed, for
# what happens in real time.
first=()
if chrt -f 1 true 2>/dev/null; then
    first=(chrt -f 1)
fi

# What is measured in real time between `late_begin` and `late_end` is no better
# than the machine was: the latter sets `late`, how late it was, and `quiet`.
# Quiet is less than 0.15 ms on average and 20 at most; four busy loops beside
# it on two processors make 0.5 and 30.  A run that fails its test where it was
# not quiet says nothing, and is played again.
late='' quiet=''
late_begin() {
    "${first[@]}" bash tests/late.sh >"$tmp/late" &
    sleeper=$!
}
late_end() {
    local mean most
    kill "$sleeper"
    wait "$sleeper"
    sleeper=''
    read -r mean most <"$tmp/late"
    late="late by $mean us on average, $most at most"
    quiet=no
    if [ "$mean" -lt 150 ] && [ "$most" -lt 20000 ]; then
        quiet=yes
    fi
}

# skip COUNT WHY
skip() {
    skipped=$((skipped + $1))
    echo "skipped: $2"
}

# The line that tests/run.sh reads; fails if something did.  Comes last.
finish() {
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
}
