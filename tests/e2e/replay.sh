#!/usr/bin/env bash
# An independent truth: ten random scenarios, whose attempts tests/replay.py
# replays through buckets of its own.  And that it sees what is wrong: a
# request that goes too early, and one that goes too late.
# shellcheck source=tests/common.sh
. tests/common.sh

if ! command -v python3 >/dev/null; then
    skip 10 'no python3'
    finish
    exit
fi

# check SEED DIR: prints the line of the replay, and why if it is a bad one
check() {
    python3 tests/replay.py check "$1" "$2"
}

for seed in 1 2 3 4 5 6 7 8 9 10; do
    dir=$tmp/$seed
    mkdir "$dir"
    python3 tests/replay.py make "$seed" "$dir"
    "$tierlab" sim -q "$dir/scenario.json" --requests "$dir/attempts.csv"
    is "seed $seed runs" 0 $?
    check "$seed" "$dir"
    is "seed $seed replayed" 0 $?
done

# moved NAME NS: the attempt in the middle of scenario 1 goes that much later
moved() {
    mkdir "$tmp/$1"
    awk -F, -v OFS=, -v ns="$2" '
        NR == 1000 { $6 = sprintf("%.0f", $6 + ns) } { print }' \
        "$tmp/1/attempts.csv" >"$tmp/$1/attempts.csv"
    check 1 "$tmp/$1" >"$tmp/out"
    is "$1 is seen" 1 $?
}
moved early -1000
moved late 1000

finish
