#!/usr/bin/env bash
# The same seed gives the same bytes, whatever compiler and flags: runs of
# scenarios against tests/golden/*.json.  GOLDEN=update (`make golden`) writes
# them anew; then `git diff` tells what a change did to the figures.
set -u
tierlab=${BUILD:-build}/tierlab
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# golden NAME ARGUMENT...: a run, but for the figures that are of the machine.
golden() {
    local want=tests/golden/$1.json name=$1
    shift
    if "$tierlab" sim --json "$@" 2>"$work/err" |
        sed 's/,"version":"[^"]*"//; s/,"wall_s":[^,}]*//; s/,"/,\n"/g' \
            >"$work/out" && [ -s "$work/out" ]; then
        if [ "${GOLDEN:-}" = update ]; then
            cp "$work/out" "$want"
        fi
        if diff "$want" "$work/out"; then
            passed=$((passed + 1))
            return
        fi
    fi
    echo "failed: $name"
    cat "$work/err"
    failed=$((failed + 1))
}

golden the-seed bench/scenarios/the-seed.json
golden one-key bench/scenarios/keys-against-organisations.json
golden demo-known bench/scenarios/demo.json --set client.cap=12
golden demo-blind bench/scenarios/demo.json --set client.limits='"none"' \
    --seed 5

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
