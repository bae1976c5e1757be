#!/usr/bin/env bash
# Runs the unit tests and every tests/e2e/*.sh, or the scripts named:
#
#     tests/run.sh BUILD [SCRIPT...]
#
# As many at once as there are processors (TEST_JOBS), and told in their order.
# Scripts with a line '# Measures real time' start when the others have ended.
#
# Each of them ends with a line 'N passed, N failed' (', N skipped' may
# follow) and exits with 0 if none failed.  What one prints is kept in
# BUILD/tests/logs and shown if it failed.  The last line here sums them up.
set -u

build=${1:?usage: tests/run.sh BUILD [SCRIPT...]}
shift
export BUILD=$build
logs=$build/tests/logs
limit_s=${TEST_LIMIT_S:-150}
jobs=${TEST_JOBS:-$(nproc)}
passed=0 failed=0 skipped=0
names=() # in the order in which they start and are told
told=0   # how many have been

# In the pipe stands a line for each that may start; who ends puts it back.
mkdir -p "$logs"
rm -f "$logs"/*
mkfifo "$logs/places"
exec 3<>"$logs/places"
rm "$logs/places"
for _ in $(seq "$jobs"); do echo >&3; done

# Who still runs ends with this.
end() {
    local running
    mapfile -t running < <(jobs -p)
    [ ${#running[@]} -eq 0 ] || kill "${running[@]}" 2>/dev/null
    wait
}
trap end EXIT
trap 'exit 130' INT TERM

# one LOG COMMAND...: its status and seconds come to LOG.end.
one() {
    local log=$1 began=$SECONDS status child
    shift
    timeout -k 5 "$limit_s" "$@" >"$log" 2>&1 </dev/null 3>&- &
    child=$!
    trap 'kill $child; exit' TERM
    wait $child
    status=$?
    echo "$status $((SECONDS - began))" >"$log.new"
    mv "$log.new" "$log.end"
    echo >&3
}

log_of() { echo "$logs/${1##*/}.log"; }

# tell NAME: how it ended.
tell() {
    local name=$1 log status seconds line
    log=$(log_of "$name")
    read -r status seconds <"$log.end"
    line=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' \
        "$log" | tail -n 1)
    # shellcheck disable=SC2086
    set -- ${line:-0 passed, 0 failed}
    local ok=$1 bad=$3 left=${5:-0}
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ -z "$line" ]; }; then
        bad=1
        if [ "$status" -eq 124 ]; then
            line="${line:-no result}: ended after $limit_s s"
        else
            line="${line:-no result}: exit status $status"
        fi
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    skipped=$((skipped + left))
    if [ "$bad" -ne 0 ]; then
        sed 's/^/    /' "$log"
    elif [ "$left" -ne 0 ]; then
        grep -iE '\bskip' "$log" | grep -v ' passed, ' | sed 's/^/    /'
    fi
    printf '%-32s %s (%d s)\n' "$name" "$line" "$seconds"
}

# Those that have ended, up to the first that has not.
tell_ended() {
    while [ $told -lt ${#names[@]} ] &&
        [ -e "$(log_of "${names[told]}").end" ]; do
        tell "${names[told]}"
        told=$((told + 1))
    done
}

# run NAME COMMAND...: waits for a place.
run() {
    local name=$1
    shift
    read -r <&3
    tell_ended
    names+=("$name")
    one "$(log_of "$name")" "$@" &
}

# scripts FILE...: whatever is there.
scripts() {
    local script
    for script; do
        [ ! -e "$script" ] || run "$script" bash "$script"
    done
    wait
    tell_ended
}

if [ $# -eq 0 ]; then
    run unit "$build/tests/unit"
    set -- tests/e2e/*.sh
fi
mapfile -t timed < <(grep -l '^# Measures real time' "$@" 2>/dev/null)
mapfile -t others < <(grep -L '^# Measures real time' "$@" 2>/dev/null)
scripts "${others[@]}"
scripts "${timed[@]}"

if [ $((passed + failed)) -eq 0 ]; then
    echo "no test ran" >&2
    failed=1
fi
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
