#!/usr/bin/env bash
# An experiment that is killed goes on where it stopped, and shards of it come
# to the same as the whole.  What belongs to the wall's clock aside, the result
# files are equal to the byte.
# shellcheck source=tests/common.sh
. tests/common.sh

cat >"$tmp/s.json" <<'JSON'
{"name": "sweep", "seed": 5, "duration": "2h", "replications": 10,
 "provider": {"table": "seed"}, "workload": {"model": "gpt-3.5-turbo",
  "arrivals": {"poisson": "400/m"}, "prompt_tokens": 100},
 "vary": {"client.cap": [5, 10, 20, 40]}}
JSON
bench=("$tierlab" bench -q --no-figures "$tmp/s.json")
same() { cmp <(grep -v '"kind":"wall"' "$1") <(grep -v '"kind":"wall"' "$2"); }

began=${EPOCHREALTIME/[.,]/}
"${bench[@]}" -o "$tmp/whole"
is 'a whole run' 0 $?
took=$((${EPOCHREALTIME/[.,]/} - began)) # in microseconds

# Killed again and again, each time after less than a fifth of what it takes.
kills=0
for round in $(seq 20); do
    "${bench[@]}" --resume -o "$tmp/killed" --threads $((1 + round % 2)) &
    pid=$!
    delay=$((RANDOM * took / 32768 / 5))
    sleep "$(printf '%d.%06d' $((delay / 1000000)) $((delay % 1000000)))"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    if [ $? -eq 137 ]; then
        kills=$((kills + 1))
    fi
done
is 'it was killed' yes "$([ $kills -gt 2 ] && echo yes)"
"${bench[@]}" --resume -o "$tmp/killed"
is 'it ends' 0 $?
is 'the same as undisturbed' '' \
    "$(same "$tmp/whole/results.jsonl" "$tmp/killed/results.jsonl" 2>&1)"
"${bench[@]}" --resume -o "$tmp/killed"
is 'nothing is left to do' 0 $?

# A line that broke off, and an interrupt.
head -c 5000 "$tmp/whole/results.jsonl" >"$tmp/killed/results.jsonl"
"${bench[@]}" --resume -o "$tmp/killed"
is 'from a line that broke off' '' \
    "$(same "$tmp/whole/results.jsonl" "$tmp/killed/results.jsonl" 2>&1)"
"${bench[@]}" -o "$tmp/cut" &
pid=$!
for _ in $(seq 1000); do # an interrupt before it listens is not heard
    [ -s "$tmp/cut/results.jsonl" ] && break
    sleep 0.01
done
kill -INT $pid
wait $pid
is 'an interrupt' 130 $?
"${bench[@]}" --resume -o "$tmp/cut"
is 'goes on after an interrupt' '' \
    "$(same "$tmp/whole/results.jsonl" "$tmp/cut/results.jsonl" 2>&1)"

# Two at a time would spoil it.
head -c 5000 "$tmp/whole/results.jsonl" >"$tmp/killed/results.jsonl"
"${bench[@]}" --resume -o "$tmp/killed" --threads 1 &
pid=$!
sleep 0.05
"${bench[@]}" --resume -o "$tmp/killed" 2>"$tmp/err"
is 'a second one beside it' 2 $?
wait $pid
is 'the first one ends' '' \
    "$(same "$tmp/whole/results.jsonl" "$tmp/killed/results.jsonl" 2>&1)"

# Only the same experiment goes on.
"${bench[@]}" --resume -o "$tmp/whole" --seed 6 2>"$tmp/err"
is 'of another seed' 2 $?
is 'it says so' 1 "$(grep -c 'of another experiment' "$tmp/err")"
"${bench[@]}" -o "$tmp/whole" 2>"$tmp/err"
is 'without --resume' 2 $?
is 'a hint' 1 "$(grep -c -e --resume "$tmp/err")"

# A disk that fills up: here, a file that may not grow.
full=(bash -c 'trap "" XFSZ; ulimit -f 40; exec "$@"' bash)
"${full[@]}" "${bench[@]}" -o "$tmp/full" 2>"$tmp/err"
is 'a full disk' 1 $?
is 'which file, and why' 1 \
    "$(grep -c "cannot write $tmp/full/results.jsonl: " "$tmp/err")"
is 'and what to do' 1 "$(grep -c 'of 40 runs are in .*--resume' "$tmp/err")"
is 'the runs are whole' yes \
    "$(tail -n 1 "$tmp/full/results.jsonl" | grep -q '}$' &&
        [ "$(grep -c '"kind":"run"' "$tmp/full/results.jsonl")" -gt 0 ] &&
        echo yes)"
"${full[@]}" "${bench[@]}" --resume -o "$tmp/full" 2>"$tmp/err"
is 'it is still full' 1 $?
"${bench[@]}" --resume -o "$tmp/full"
is 'with room it goes on' '' \
    "$(same "$tmp/whole/results.jsonl" "$tmp/full/results.jsonl" 2>&1)"
"${full[@]}" "$tierlab" merge -q -o "$tmp/less" "$tmp/whole" 2>"$tmp/err"
is 'no room to merge' 1 $?
is 'nothing is left of that' no "$([ -e "$tmp/less" ] && echo yes || echo no)"

# Attempts that do not fit, of the third and fourth run.
rows=("${bench[@]}" --replications 2 --requests -o "$tmp/rows" --threads 1
    --set duration=1m --set 'vary={"workload.arrivals.poisson":["100/m","800/m"]}')
"${full[@]}" "${rows[@]}" 2>"$tmp/err"
is 'no room for attempts' 1 $?
is 'which' 1 "$(grep -c "cannot write $tmp/rows/requests/2.csv: " "$tmp/err")"
is 'two runs are there' 1 "$(grep -c ' 2 of 4 runs are in ' "$tmp/err")"
"${rows[@]}" --resume
is 'they are written after all' 4 "$(find "$tmp/rows/requests" -name '?.csv' | wc -l)"
is 'nothing else is' 4 "$(find "$tmp/rows/requests" -type f | wc -l)"
"$tierlab" sim -q "$tmp/s.json" --set duration=1m --requests "$tmp/rows.csv" \
    --set workload.arrivals.poisson=100/m 2>/dev/null
is 'as sim writes them' '' "$(cmp "$tmp/rows.csv" "$tmp/rows/requests/0.csv" 2>&1)"

# Shards, side by side.
if command -v parallel >/dev/null; then
    parallel -j 2 "$tierlab" bench -q --no-figures --threads 1 \
        --shard '{}/3' -o "$tmp/shard-{}" "$tmp/s.json" ::: 1 2 3
else
    echo 'no GNU parallel: the shards are run by xargs' >&2
    printf '%s\n' 1 2 3 | xargs -P 2 -I @ "$tierlab" bench -q --no-figures \
        --threads 1 --shard '@/3' -o "$tmp/shard-@" "$tmp/s.json"
fi
"$tierlab" merge -q -o "$tmp/merged" "$tmp"/shard-{3,1,2}
is 'shards are merged' 0 $?
is 'the same as the whole' '' \
    "$(same "$tmp/whole/results.jsonl" "$tmp/merged/results.jsonl" 2>&1)"
"$tierlab" merge -o "$tmp/less" "$tmp"/shard-{1,3} 2>"$tmp/err"
is 'a shard is missing' 2 $?
is 'which run' 1 "$(grep -c 'run 1 is in none' "$tmp/err")"
is 'nothing is left of it' no "$([ -e "$tmp/less" ] && echo yes || echo no)"
"$tierlab" merge -o "$tmp/less" "$tmp"/shard-{1,2,3,2} 2>"$tmp/err"
is 'a shard twice' 2 $?
"${bench[@]}" --shard 4/3 -o "$tmp/none" 2>/dev/null
is 'no such shard' 2 $?

finish
