#!/usr/bin/env bash
# tierlab run, killed a hundred times at any moment: in the end every request
# stands exactly once in one of its files, and no more were sent twice than it
# said might be.
# shellcheck source=tests/common.sh
. tests/common.sh

kills=${KILLS:-100}
# Six at a time, 15 ms each, and killed within ten answers or so: not all are
# done by then, on a slow machine or a quick one.
requests=$((40 * kills))
export OPENAI_API_KEY=sk-mock-a-1
start --no-limits --latency 15ms
export OPENAI_BASE_URL=$url/v1
for i in $(seq $requests); do
    # Some fail for good.
    [ $((i % 50)) -eq 0 ] && text=5 || text="[{\"role\": \"user\", \"content\": \"$i\"}]"
    echo "{\"custom_id\": \"q$i\", \"method\": \"POST\", \"url\":" \
        "\"/v1/chat/completions\", \"body\": {\"model\": \"gpt-4o-mini\"," \
        "\"messages\": $text}}"
done >"$tmp/in.jsonl"

RANDOM=7
out=$tmp/out.jsonl errors=$tmp/out.errors.jsonl
lost=0 early=0
note_lost() {
    local n
    n=$(sed -n 's/.*; \([0-9]*\) were sent, and what.*/\1/p' "$tmp/err")
    lost=$((lost + ${n:-0}))
}
answers() { cat "$out" "$errors" 2>/dev/null | wc -l; }
# As soon as N more answers stand there, and a random moment of 30 ms later.
until_more() {
    local goal=$(($(answers) + $1)) patience=2000
    while [ "$(answers)" -lt $goal ] && [ $((patience -= 1)) -gt 0 ]; do
        sleep 0.003
    done
    sleep "0.0$((10 + RANDOM % 30))"
}
for _ in $(seq "$kills"); do
    "$tierlab" run -y --resume "$tmp/in.jsonl" -o "$out" \
        --set client.cap=6 --set client.limits=none 2>"$tmp/err" &
    child=$!
    until_more $((RANDOM % 5))
    kill -KILL $child 2>/dev/null || early=$((early + 1))
    wait $child 2>/dev/null
    note_lost
done
done_by_then=$(answers)
ok "killed at work, not at its end: $done_by_then of $requests" \
    [ "$done_by_then" -gt $((12 * kills / 10)) ]
is 'none was at its end before' 0 $early
"$tierlab" run -y --resume "$tmp/in.jsonl" -o "$out" 2>"$tmp/err"
is 'the last one ends, some failed' 1 $?
note_lost

ids() { grep -ho '^{"id":"[^"]*","custom_id":"[^"]*"' "$@"; }
is 'each stands once' "$requests" "$(cat "$out" "$errors" | wc -l)"
is 'and every one does' "$requests" "$(ids "$out" "$errors" | sort -u | wc -l)"
is 'those that failed' $((requests / 50)) "$(wc -l <"$errors")"
is 'nothing else is left' no "$([ -e "$out.sent" ] && echo yes || echo no)"
sent=$(curl -s "$url/mock/state" | grep -o '"decisions":[0-9]*' | cut -d: -f2)
echo "# $done_by_then answers after $kills kills; $sent sent for $requests," \
    "$lost told as perhaps sent twice"
ok "$sent were sent, $lost of them perhaps twice" \
    [ "$sent" -ge "$requests" -a "$sent" -le $((requests + lost)) ]
finish
