#!/usr/bin/env bash
# A strategy of one's own: loaded, named, the same for the same seed, and what
# is said of files that are none.
# shellcheck source=tests/common.sh
. tests/common.sh

demo=bench/scenarios/demo.json
cp "$build/tests/example_strategy.so" "$tmp/mine.so"

# sim OUT OPTION...: every attempt of five minutes of the demo.
sim() {
    local out=$1
    shift
    "$tierlab" sim -q $demo --set duration=5m --requests "$out" "$@"
}

# same A B: whether the files are.
same() {
    if cmp -s "$tmp/$1" "$tmp/$2"; then echo yes; else echo no; fi
}

sim "$tmp/mine1" --strategy "$tmp/mine.so"
is 'it runs (exit code)' 0 $?
sim "$tmp/mine2" --strategy "$tmp/mine.so"
sim "$tmp/headroom" --strategy headroom
sim "$tmp/default"
is 'it sends requests' yes "$([ "$(wc -l <"$tmp/mine1")" -gt 300 ] && echo yes)"
is 'the same seed gives the same bytes' yes "$(same mine1 mine2)"
is 'it is not headroom' no "$(same mine1 headroom)"
is 'a name is taken as well' yes "$(same headroom default)"
is 'it is named' 1 "$("$tierlab" sim $demo --set duration=1m \
    --strategy "$tmp/mine.so" 2>/dev/null | grep -c ' longest_idle,')"
is 'from the current folder' 1 "$(tool=$PWD/$tierlab here=$PWD
    [ "${tierlab#/}" = "$tierlab" ] || tool=$tierlab
    cd "$tmp" && "$tool" sim "$here/$demo" --set duration=1m \
        --strategy mine.so 2>/dev/null | grep -c ' longest_idle,')"

# Organisations of one kind take turns, also of requests at one instant.
cat >"$tmp/turns.json" <<'END'
{"provider": {"organisations": [{"name": "o", "tier": "tier1", "count": 7}]},
 "workload": {"model": "gpt-4o", "arrivals": {"batch": 21}}}
END
"$tierlab" sim -q "$tmp/turns.json" --strategy "$tmp/mine.so" \
    --requests "$tmp/turns"
is 'every organisation has its turn' '3 3 3 3 3 3 3 ' \
    "$(tail -n +2 "$tmp/turns" | cut -d, -f3 | sort | uniq -c |
        awk '{printf "%d ", $1}')"

# In an experiment it is one more of the strategies that vary.
run() {
    "$tierlab" bench -q --no-figures --replications 2 $demo -o "$@" \
        --set 'vary={"client.strategy": ["headroom", "round_robin"]}' \
        --set duration=5m --strategy "$tmp/mine.so"
    is "the experiment $* (exit code)" 0 $?
}
run "$tmp/one" --threads 1
run "$tmp/two" --threads 2
for n in one two; do
    grep -v '"kind":"wall"' "$tmp/$n/results.jsonl" >"$tmp/bytes_$n"
done
is 'the same bytes for 1 and 2 threads' yes "$(same bytes_one bytes_two)"
head -n 1 "$tmp/bytes_one" >"$tmp/head"
is 'the head names strategy and file' 1 "$(grep -cF \
    '"strategy":{"name":"longest_idle","file":"mine.so"}' "$tmp/head")"
is 'and not where it lies' 0 "$(grep -cF "$tmp" "$tmp/head")"
is 'two runs are of it' 2 "$(grep '"kind":"run"' "$tmp/bytes_one" |
    grep -cF '{"client.strategy":"longest_idle"}')"
is 'four are of the others' 4 "$(grep '"kind":"run"' "$tmp/bytes_one" |
    grep -cE '[{]"client.strategy":"(headroom|round_robin)"')"
"$tierlab" bench -q --no-figures --replications 1 --set vary='{}' $demo \
    --set duration=1m --strategy "$tmp/mine.so" -o "$tmp/alone"
is 'where none varies it is the one' 1 "$(head -n 1 \
    "$tmp/alone/results.jsonl" | grep -cF '"strategy":"longest_idle"')"
"$tierlab" bench -q --no-figures --on mock --speed 400 --replications 1 \
    --set vary='{}' --set duration=1m $demo --strategy "$tmp/mine.so" \
    -o "$tmp/mock"
is 'against the mock server (exit code)' 0 $?
is 'and it is named there' 1 "$(head -n 1 "$tmp/mock/results.jsonl" |
    grep -cF '"file":"mine.so"')"

# object NAME CODE: a shared object of that text.
object() {
    printf '#include "limiter/strategy.h"\n%s\n' "$2" >"$tmp/$1.c"
    cc -shared -fPIC -I. -o "$tmp/$1.so" "$tmp/$1.c" ||
        is "$1.so is made" 1 0
}

# refused NAME WORDS ARGUMENT [OPTION...]: exit code 2 and one message, before
# anything is written.
refused() {
    local name=$1 words=$2 code command
    shift 2
    for command in sim "bench -o $tmp/written"; do
        # shellcheck disable=SC2086
        "$tierlab" $command $demo --strategy "$@" >"$tmp/out" 2>"$tmp/err"
        code=$?
        is "$name (exit code)" 2 $code
        is "$name (messages)" 1 "$(grep -c '^tierlab' "$tmp/err")"
        is "$name (words)" 1 "$(grep -cF -- "$words" "$tmp/err")"
        is "$name (written)" '' "$(cat "$tmp/out")$(ls "$tmp/written" 2>&-)"
    done
}

symbol='const struct lim_strategy lim_plugin_strategy'
score='static void score(const void *s, const struct lim_view *v,
                          int64_t out[LIM_BLOCK])
{ (void)s; (void)v; (void)out; }'
object empty 'int lim_plugin;'
object old "$score $symbol = { .name = \"old\", .abi = 1, .score = score };"
object dumb "$symbol = { .name = \"dumb\", .abi = LIM_STRATEGY_ABI };"
object crowd "$symbol = { .name = \"crowd\", .abi = LIM_STRATEGY_ABI,
    .samples = 9 };"
object unnamed "$score $symbol = { .abi = LIM_STRATEGY_ABI, .score = score };"
object shout "$score $symbol = { .name = \"Mine!\",
    .abi = LIM_STRATEGY_ABI, .score = score };"
object double "$score $symbol = { .name = \"headroom\",
    .abi = LIM_STRATEGY_ABI, .score = score };"
object needy "void lim_none(void); $score
$symbol = { .name = \"needy\", .abi = LIM_STRATEGY_ABI, .score = score };
void f(void) { lim_none(); }"
mkfifo "$tmp/pipe.so"

refused 'no file' 'none.so: No such file' "$tmp/none.so"
refused 'no file, no slash' 'none.so: No such file' none.so
refused 'a folder' 'not a file' "$tmp/"
refused 'a pipe' 'not a file' "$tmp/pipe.so"
refused 'a text' 'cannot be loaded' ./$demo
refused 'no symbol' 'does not define lim_plugin_strategy' "$tmp/empty.so"
abi=$(sed -n 's/^#define LIM_STRATEGY_ABI //p' limiter/strategy.h)
refused 'another ABI' \
    "old.so: made for strategies of ABI 1, wanted is ABI $abi" "$tmp/old.so"
refused 'no score' "'dumb' has no score" "$tmp/dumb.so"
refused 'too many samples' "'crowd' compares too many samples" "$tmp/crowd.so"
refused 'no name' 'unnamed.so: its strategy has no name' "$tmp/unnamed.so"
refused 'a name that is none' 'shout.so: its strategy' "$tmp/shout.so"
refused 'a name that is taken' "built-in strategy 'headroom'" "$tmp/double.so"
refused 'something is missing' 'lim_none' "$tmp/needy.so"
refused 'a name that nobody has' 'round_robin' round_robbin
refused 'no place for it' '--strategy has no place' "$tmp/mine.so" \
    --set 'vary={"client": [{}]}'

# Only a command line loads code; a scenario may come from anywhere.
"$tierlab" sim $demo --set client.strategy="$tmp/mine.so" >"$tmp/out" 2>&1
is 'a scenario loads none (exit code)' 2 $?
is 'and says who does' 1 "$(grep -cF -- 'only --strategy loads one' "$tmp/out")"

finish
