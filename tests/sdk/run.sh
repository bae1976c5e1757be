#!/usr/bin/env bash
# Real clients against the daemon:  tests/sdk/run.sh BUILD [race]
#
# Installs what package-lock.json pins below BUILD/sdk and runs *.test.mjs,
# load.sh and a short race.mjs there; with `race` that alone, at full length.
# Without npm or its registry all is skipped, unless MUST is
# set, as it is in CI.
set -u

build=$(realpath "${1:?usage: tests/sdk/run.sh BUILD [race]}")
only=${2:-}
here=$(dirname "$(realpath "$0")")
room=$build/sdk
passed=0 failed=0 skipped=0

finish() {
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}

# missing WHAT
missing() {
    echo "skipped: $1"
    if [ "${MUST:-}" ]; then failed=1; else skipped=1; fi
    finish
}

packages() {
    cmp -s "$here/package-lock.json" "$room/installed" && return
    command -v npm >/dev/null || missing "npm is not here"
    rm -rf "$room/node_modules" "$room/installed"
    cp "$here/package.json" "$here/package-lock.json" "$room"
    (cd "$room" && npm ci --ignore-scripts --no-audit --no-fund \
        --fetch-retries=1 --loglevel=error) || missing "npm ci failed"
    cp "$here/package-lock.json" "$room/installed"
}

# The SDK wants a newer Node than some systems have.
find_node() {
    for node in node "$room"/node_modules/node-linux-*/bin/node; do
        "$node" -e 'process.exit(+(parseInt(process.versions.node) < 22))' \
            2>/dev/null && return
    done
    missing "no Node for this machine"
}

# add LINE: its numbers, 'N passed, N failed, N skipped'
add() {
    # shellcheck disable=SC2086
    set -- ${1:-0 passed, 1 failed}
    passed=$((passed + $1))
    failed=$((failed + $3))
    skipped=$((skipped + ${5:-0}))
}

mkdir -p "$room"
packages
find_node
# A module's imports are looked for from where it is.
cp "$here"/*.mjs "$room"
run_race() {
    BUILD=$build timeout -k 5 600 "$node" "$room/race.mjs" "$@" \
        >"$room/race" 2>&1
    cat "$room/race"
    add "$(grep -E '^[0-9]+ passed, ' "$room/race" | tail -n 1)"
}
if [ "$only" = race ]; then
    run_race full
    finish
fi
echo "Node $("$node" --version), $(sed -n \
    's/.*"\(openai\)": "\(.*\)".*/\1 \2/p' "$here/package.json")"
BUILD=$build timeout -k 5 300 "$node" --test --test-reporter=tap \
    --test-timeout=120000 "$room"/*.test.mjs >"$room/log" 2>&1 ||
    grep -vE '^ *(ok|---|\.\.\.|duration_ms|type)' "$room/log"
# What a test prints; a newer Node escapes the sign in front of it.
sed -nE 's/^# (\\?# )?((seed|differences).*)/# \2/p' "$room/log"
add "$(awk '/^# pass/ {p = $3} /^# fail/ {f = $3} /^# cancelled/ {c = $3}
    END {if (p + f + c) print p + 0, "passed,", f + c, "failed"}' "$room/log")"
BUILD=$build bash "$here/load.sh" >"$room/load" 2>&1
cat "$room/load"
add "$(grep -E '^[0-9]+ passed, ' "$room/load" | tail -n 1)"
run_race
finish
