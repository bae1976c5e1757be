#!/usr/bin/env bash
# Runs the unit tests and every tests/e2e/*.sh, or the scripts named, one
# after the other:  tests/run.sh BUILD [SCRIPT...]
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
passed=0 failed=0 skipped=0

# run NAME COMMAND...
run() {
    local name=$1 log=$logs/${1##*/}.log began=$SECONDS status line
    shift
    timeout -k 5 "$limit_s" "$@" >"$log" 2>&1 </dev/null
    status=$?
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
    printf '%-32s %s (%d s)\n' "$name" "$line" $((SECONDS - began))
}

mkdir -p "$logs"
if [ $# -eq 0 ]; then
    run unit "$build/tests/unit"
    set -- tests/e2e/*.sh
fi
for script; do
    if [ -e "$script" ]; then
        run "$script" bash "$script"
    fi
done

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
