#!/usr/bin/env bash
# Workloads from files, and what is known of their figures: traces in each
# public form, sizes that were seen, a wanted precision, a warm-up.
# shellcheck source=tests/common.sh
. tests/common.sh

cat >"$tmp/scenario.json" <<'JSON'
{"provider": {"table": "none", "latency": "1s"},
 "workload": {"model": "m", "arrivals": {"trace": "trace"}}}
JSON
printf '%s\n' 'TIMESTAMP,ContextTokens,GeneratedTokens' \
    '2024-05-10 00:00:00.5+00:00,300,20' \
    '2024-05-10 00:00:03.5+00:00,500,30' >"$tmp/azure"
printf '%s\n' \
    'Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type' \
    '7,GPT-4,300,20,320,API log' '10,GPT-4,500,30,530,API log' >"$tmp/burstgpt"
printf '%s\n' 'arrived_at,num_prefill_tokens,num_decode_tokens' \
    '0.25,300,20' '3.25,500,30' >"$tmp/vidur"
printf '%s\n' \
    '{"timestamp": 100, "input_length": 300, "output_length": 20}' \
    '{"timestamp": 3100, "input_length": 500, "output_length": 30}' \
    >"$tmp/mooncake"
for form in azure burstgpt vidur mooncake; do
    cp "$tmp/$form" "$tmp/trace"
    found=$("$tierlab" sim --json "$tmp/scenario.json" 2>"$tmp/err" |
        grep -oE '"(requests|makespan_s|tokens_per_min)":[0-9]+' | xargs)
    is "$form" 'requests:2 makespan_s:4 tokens_per_min:12750' "$found"
done
echo '{"timestamp": 1}' >>"$tmp/trace"
"$tierlab" sim "$tmp/scenario.json" 2>"$tmp/err"
is 'a bad line (exit code)' 2 $?
is 'a bad line is named' 1 \
    "$(grep -c 'trace:3: "input_length" is missing' "$tmp/err")"

# Sizes: a file seen from here, by --set, and the mean of its tokens.
printf '%s\n' 'prompt,reply' 100,10 300,30 >"$tmp/sizes.csv"
cat >"$tmp/sizes.json" <<'JSON'
{"provider": {"table": "none", "latency": "1s"},
 "workload": {"model": "m", "arrivals": {"batch": 4000},
  "prompt_tokens": {"empirical": "sizes.csv", "column": "prompt"},
  "completion_tokens": {"empirical": "sizes.csv", "column": "reply"}}}
JSON
# Rows have 110 or 330 tokens, never 130 or 310: half of them each.
found=$("$tierlab" sim --json "$tmp/sizes.json" 2>"$tmp/err" |
    grep -oE '"tokens_per_min":[0-9]+' | cut -d: -f2)
is 'the mean of the rows' yes \
    "$([ "$((found / 240000))" -ge 213 ] && [ "$((found / 240000))" -le 227 ] &&
        echo yes)"
"$tierlab" sim -q "$tmp/sizes.json" --requests "$tmp/rows" \
    --set 'provider.latency={"ttft": "1s", "per_token": "1s"}' 2>"$tmp/err"
found=$(awk -F, 'NR > 1 { print $10 ":" ($7 - $6) / 1e9 }' "$tmp/rows" |
    sort -u | xargs)
is 'tokens and seconds, of rows' '100:10 300:30' "$found"
printf '%s\n' 40 40 >"$tmp/forty"
found=$(cd "$tmp" && "$OLDPWD/$tierlab" sim --json sizes.json \
    --set 'workload.prompt_tokens={"empirical": "forty"}' \
    --set workload.completion_tokens=2 2>"$tmp/err" |
    grep -oE '"tokens_per_min":[0-9]+')
is 'a bare list' "tokens_per_min:$((42 * 240000))" "${found//\"/}"

cat >"$tmp/queue.json" <<'JSON'
{"duration": "1h", "client": {"cap": 1}, "vary": {"client.cap": [1, 2]},
 "provider": {"table": "none", "latency": {"exponential": {"mean": "1s"}}},
 "workload": {"model": "m", "arrivals": {"poisson": "30/m"}}}
JSON
for threads in 1 2; do
    "$tierlab" bench --no-figures "$tmp/queue.json" -o "$tmp/p$threads" \
        --precision 3%,latency_ms.mean --threads "$threads" \
        >/dev/null 2>"$tmp/err"
    is "a precision with $threads threads" 0 $?
    grep -v '"kind":"wall"' "$tmp/p$threads/results.jsonl" >"$tmp/r$threads"
done
cmp -s "$tmp/r1" "$tmp/r2"
is 'threads make no difference' 0 $?
is 'it is told' 1 "$(grep -c 'every figure is known to 3 %' "$tmp/err")"
more=$(grep -c '"kind":"run"' "$tmp/r1")
is 'there are more than ten each' yes "$([ "$more" -gt 20 ] && echo yes)"
"$tierlab" bench --no-figures "$tmp/queue.json" -o "$tmp/again" \
    --replications $((more / 2)) >/dev/null 2>"$tmp/err"
is 'they are those of so many replications' \
    "$(grep '"kind":"run"' "$tmp/r1" | cksum)" \
    "$(grep '"kind":"run"' "$tmp/again/results.jsonl" | cksum)"
"$tierlab" bench "$tmp/queue.json" --precision 1%,max=12 --no-figures \
    -o "$tmp/most" 2>"$tmp/err" >/dev/null
is 'the most is told' 1 "$(grep -c 'precision: 12 replications, the most' \
    "$tmp/err")"
"$tierlab" bench "$tmp/queue.json" --precision 2% --resume 2>"$tmp/err"
is 'no precision with --resume' 2 $?

found=$("$tierlab" sim --json "$tmp/queue.json" --set warmup=20m 2>"$tmp/err" |
    grep -oE '"(duration|warmup)_s":[0-9]+' | xargs)
is 'a warm-up' 'duration_s:3600 warmup_s:1200' "$found"
"$tierlab" sim "$tmp/queue.json" --set warmup=auto \
    --set workload.arrivals.poisson=90/m 2>"$tmp/err"
is 'nothing settles: exit code' 2 $?

finish
