#!/usr/bin/env bash
# The tool as its users meet it: what scenarios come to, that the same seed
# gives the same bytes, and exit codes.
# shellcheck source=tests/common.sh
. tests/common.sh

scenarios=bench/scenarios

# ends NAME CODE COMMAND...: the command ends with that exit code.
ends() {
    local name=$1 code=$2
    shift 2
    "$@" >"$tmp/out" 2>"$tmp/err"
    is "$name (exit code)" "$code" $?
}

# figure KEY: a number of the summary on standard input.
figure() {
    grep -oE "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2
}

# The seed document's example, in virtual time.
is 'the seed takes 40 s' 40 \
    "$("$tierlab" sim $scenarios/the-seed.json --json | figure makespan_s)"
# What ends at one instant has one order, or another that is asked for.
for n in none 1 1 2; do
    args=()
    [ "$n" = none ] || args=(--shuffle-ties "$n")
    "$tierlab" sim -q --trace $scenarios/the-seed.json "${args[@]}" \
        2>/dev/null | cksum
done >"$tmp/orders"
is 'a shuffle of ties is another order, of its seed' '3 orders' \
    "$(sort -u "$tmp/orders" | wc -l) orders"
is '... the same each time' same \
    "$(awk 'NR == 2 { a = $0 } NR == 3 && $0 == a { print "same" }' \
        "$tmp/orders")"
is '... and takes as long' 40 \
    "$("$tierlab" sim $scenarios/the-seed.json --json --shuffle-ties 3 |
        figure makespan_s)"
is 'the same from standard input' 40 \
    "$("$tierlab" sim - --json <$scenarios/the-seed.json | figure makespan_s)"
is 'a wider cap is faster' 10 \
    "$("$tierlab" sim $scenarios/the-seed.json --set client.cap=100 --json |
        figure makespan_s)"

# A free gpt-4 organisation, 250 requests: three at once, then one each 20 s;
# the 209th at 4,120 s, the 210th at 4,320 s, then one each 432 s.
cat >"$tmp/free.json" <<'JSON'
{"provider": {"table": "seed", "latency": "1s",
  "organisations": [{"name": "free", "tier": "free"}]},
 "workload": {"model": "gpt-4", "arrivals": {"batch": 250},
  "prompt_tokens": 100, "completion_tokens": 10}}
JSON
"$tierlab" sim -q "$tmp/free.json" --requests "$tmp/free.csv"
is 'the minute, and then the day' \
    '0 0 0 20 40 4100 4120 4320 4752 5184 21600' \
    "$(tail -n +2 "$tmp/free.csv" | cut -d, -f6 | sort -n |
        awk '{ t[NR] = $1 / 1e9 } END {
            n = split("1 2 3 4 5 208 209 210 211 212 251", at, " ")
            for (i = 1; i < n; i++) printf "%s ", t[at[i]]
            print t[250] }')"

# Whatever the client does, a request comes, asks and takes what it would.
for strategy in headroom random; do
    "$tierlab" sim -q $scenarios/mixed-pool.json --set duration=2m \
        --strategy $strategy --requests "$tmp/$strategy.csv"
    awk -F, 'NR > 1 && $2 == 0 { print $1, $4, $5, $10, $7 - $6 }' \
        "$tmp/$strategy.csv" | sort >"$tmp/$strategy.drawn"
done
is 'two strategies send in another order' 1 "$(cmp -s "$tmp/headroom.csv" \
    "$tmp/random.csv"; echo $?)"
is '... what was drawn alike' same "$(cmp -s "$tmp/headroom.drawn" \
    "$tmp/random.drawn" && [ -s "$tmp/random.drawn" ] && echo same)"

# Keys of one organisation share its limits; organisations do not.
ends 'rotation runs' 0 "$tierlab" bench -q --no-figures \
    $scenarios/keys-against-organisations.json -o "$tmp/keys"
is 'one key, ten keys, ten organisations' '182 182 1820 ' \
    "$(grep '"kind":"run"' "$tmp/keys/results.jsonl" |
        grep -oE '"succeeded":[0-9]+' | cut -d: -f2 | tr '\n' ' ')"

# One seed, one result: whatever the threads, again and again.
for n in 1 2; do
    ends "the experiment with $n threads" 0 "$tierlab" bench -q --no-figures \
        --threads $n --replications 3 --set duration=5m $scenarios/demo.json \
        -o "$tmp/threads$n"
    grep -v '"kind":"wall"' "$tmp/threads$n/results.jsonl" >"$tmp/bytes$n"
done
ends 'the same bytes for 1 and 2 threads' 0 \
    cmp "$tmp/bytes1" "$tmp/bytes2"
is 'and one line that may differ' 1 \
    "$(grep -c '"kind":"wall"' "$tmp/threads1/results.jsonl")"
"$tierlab" sim $scenarios/demo.json --json -q 2>/dev/null |
    sed 's/"wall_s".*//' >"$tmp/sim1"
"$tierlab" sim $scenarios/demo.json --json -q 2>/dev/null |
    sed 's/"wall_s".*//' >"$tmp/sim2"
ends 'the same bytes for one run' 0 cmp "$tmp/sim1" "$tmp/sim2"
"$tierlab" sim $scenarios/demo.json --json -q --seed 2 2>/dev/null |
    sed 's/"wall_s".*//' >"$tmp/sim3"
ends 'another seed is another run' 1 cmp -s "$tmp/sim1" "$tmp/sim3"

# sim says what it passes over.
"$tierlab" sim $scenarios/demo.json >/dev/null 2>"$tmp/err"
is 'vary and replications are said to be ignored' 2 \
    "$(grep -c 'is ignored' "$tmp/err")"

# Every attempt is a row, and every event a line.
"$tierlab" sim $scenarios/the-seed.json -q --requests "$tmp/requests.csv"
is 'a row an attempt, and a heading' 101 "$(wc -l <"$tmp/requests.csv")"
is 'the last is done at 40 s' 40000000000 \
    "$(tail -n 1 "$tmp/requests.csv" | cut -d, -f7)"
is 'events are told' 100 \
    "$("$tierlab" sim $scenarios/the-seed.json -q --trace |
        grep -c ' arrives ')"

# Thresholds.
ends 'a threshold that is met' 0 "$tierlab" bench -q --no-figures \
    $scenarios/the-seed.json -o "$tmp/met" --check 'makespan_s<=40' \
    --check 'http_429<0.1%'
ends 'a threshold that is missed' 3 "$tierlab" bench -q --no-figures \
    $scenarios/the-seed.json -o "$tmp/missed" --check 'latency_ms.p95<20s'
is 'it says which' 1 "$(grep -c 'missed: latency_ms.p95<20s' "$tmp/err")"
ends 'an existing folder is not touched' 2 "$tierlab" bench -q \
    $scenarios/the-seed.json -o "$tmp/met"

# Ranked, with the differences of equal seeds.
ends 'a ranking' 0 "$tierlab" bench $scenarios/demo.json -o "$tmp/ranked" \
    --replications 3 --rank goodput_rpm \
    --set 'vary={"client.cap": [1, 24], "client.strategy": ["headroom"]}'
is 'the better comes first' 24 "$(grep -A 2 '^Ranked by goodput_rpm, largest' \
    "$tmp/out" | awk 'END { print $1 }')"
is 'the worse is told apart' '1 - ±' "$(tail -n 1 "$tmp/out" |
    sed -E 's/ *headroom +[0-9.]+ +-[0-9.]+ ±[0-9.]+ *$/ - ±/; s/^ *//')"
is 'the report has it' 1 \
    "$(grep -c '<caption><span>Ranked by goodput_rpm' "$tmp/ranked/report.html")"
ends 'a ranking by nothing' 2 "$tierlab" bench $scenarios/demo.json \
    -o "$tmp/unranked" --rank goodput
is 'it says that there is none' 1 \
    "$(grep -c "'goodput': the summary has no figure" "$tmp/err")"

# Two results: equal, worse, of something else.
run() {
    "$tierlab" bench -q --no-figures --set replications=4 --set vary='{}' \
        --set duration=5m $scenarios/mixed-pool.json "$@" 2>"$tmp/err"
}
run -o "$tmp/base"
run -o "$tmp/same"
run -o "$tmp/slow" --set client.cap=3
run -o "$tmp/longer" --set duration=6m
ends 'the same again' 0 "$tierlab" compare "$tmp/base" "$tmp/same"
is 'nothing differs' 1 "$(grep -c '^0 figures worse, 0 better' "$tmp/out")"
ends 'a client that is slower' 4 "$tierlab" compare "$tmp/base" "$tmp/slow" \
    --metric goodput_rpm --junit "$tmp/junit.xml"
is 'goodput is worse' 1 "$(grep -c '^goodput_rpm .* worse$' "$tmp/out")"
is 'the test case fails' 1 "$(grep -c '<failure ' "$tmp/junit.xml")"
ends 'a regress that is allowed' 0 "$tierlab" compare "$tmp/base" \
    "$tmp/slow" --metric goodput_rpm --max-regress 100%
ends 'the other way round' 0 "$tierlab" compare "$tmp/slow" "$tmp/base" \
    --metric goodput_rpm
ends 'unequal scenarios' 2 "$tierlab" compare "$tmp/base" "$tmp/longer"
is 'they are told' 1 "$(grep -c 'differ in "duration"' "$tmp/err")"
ends 'a result that is not there' 2 "$tierlab" compare "$tmp/base" "$tmp/none"

# Interrupted: no pass, and what is there is marked.
"$tierlab" bench -q --no-figures --threads 1 --replications 1000 \
    --set duration=10h $scenarios/demo.json -o "$tmp/cut" 2>/dev/null &
pid=$!
for _ in $(seq 100); do
    [ -n "$(ls "$tmp/cut" 2>/dev/null)" ] && break
    sleep 0.05
done
kill -INT $pid
wait $pid
is 'an interrupted experiment (exit code)' 130 $?
is 'its result says so' 1 \
    "$(grep -c '"kind":"end".*"partial":true' "$tmp/cut/results.jsonl")"

# For machines and people.
ends 'tiers as JSON' 0 "$tierlab" tiers gpt-4 --table seed --json
is 'tiers has the free row' 1 "$(grep -c \
    '"tier":"free","group":"gpt-4","rpm":3,"rpd":200,"tpm":10000,"tpd":null' \
    "$tmp/out")"
ends 'a dated snapshot is its model' 0 "$tierlab" tiers gpt-4-0613 \
    --table seed
ends 'a version' 0 "$tierlab" --version
ends 'help' 0 "$tierlab" --help
for command in sim bench plot tiers; do
    ends "help on $command" 0 "$tierlab" $command --help
done
# On a terminal a long run tells how far it is; what was run counts, as part.
long='{"name": "long", "duration": "3650d", "provider": {"table": "none"},
 "workload": {"model": "m", "arrivals": {"poisson": "100/s"}}}'
echo "$long" >"$tmp/long.json"
timeout 60 script -qec "timeout -s INT 1 $tierlab sim $tmp/long.json" \
    "$tmp/terminal" >"$tmp/out"
is 'progress on a terminal' yes \
    "$(grep -q 'of virtual time, .* left' "$tmp/out" && echo yes)"
is 'an interrupted run is told' yes \
    "$(grep -q 'of virtual time, interrupted' "$tmp/out" && echo yes)"
timeout -s INT 1 "$tierlab" sim "$tmp/long.json" --json >"$tmp/out" 2>"$tmp/err"
is 'no progress elsewhere' '' "$(cat "$tmp/err")"
is 'a part is marked' 1 "$(grep -c '"partial":true' "$tmp/out")"
timeout --preserve-status -s INT 1 "$tierlab" sim "$tmp/long.json" -q
is 'an interrupted run (exit code)' 130 $?

ends 'names' 0 "$tierlab" bench --list
is 'in lines of 80 columns' 0 "$("$tierlab" bench --list | grep -c '.\{81\}')"
is 'strategies are listed' 1 "$(grep -c '^  round_robin ' "$tmp/out")"

finish
