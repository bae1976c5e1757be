#!/usr/bin/env bash
# The same seed gives the same bytes, whatever compiler and flags: runs of
# scenarios against tests/golden/*.json, and the stories of tests/stories, event
# by event, against tests/golden/*.txt.  GOLDEN=update (`make golden`) writes
# them anew; then `git diff` tells what a change did.
set -u
tierlab=${BUILD:-build}/tierlab
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# same FILE NAME: $work/out against what is wanted.
same() {
    if [ "${GOLDEN:-}" = update ] && [ -s "$work/out" ]; then
        cp "$work/out" "$1"
    fi
    if [ -s "$work/out" ] && diff "$1" "$work/out"; then
        passed=$((passed + 1))
        return
    fi
    echo "failed: $2"
    cat "$work/err"
    failed=$((failed + 1))
}

# golden NAME ARGUMENT...: a run, but for the figures that are of the machine.
golden() {
    local name=$1
    shift
    "$tierlab" sim --json "$@" 2>"$work/err" |
        sed 's/,"version":"[^"]*"//; s/,"wall_s":[^,}]*//; s/,"/,\n"/g' \
            >"$work/out"
    same "tests/golden/$name.json" "$name"
}

# story NAME: its events.
story() {
    "$tierlab" sim --trace "tests/stories/$1.json" 2>"$work/err" |
        grep '^[0-9]' >"$work/out"
    same "tests/golden/$1.txt" "$1"
}

golden the-seed bench/scenarios/the-seed.json
golden one-key bench/scenarios/keys-against-organisations.json
golden demo-known bench/scenarios/demo.json --set client.cap=12
golden demo-blind bench/scenarios/demo.json --set client.limits='"none"' \
    --seed 5
golden upgrade tests/stories/upgrade.json

for story in rotation cool-down exhaustion recovery upgrade hedging; do
    story "$story"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
