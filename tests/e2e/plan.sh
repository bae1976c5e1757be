#!/usr/bin/env bash
# tierlab plan as its users type it: a scenario, a trace, what can not be had.
# shellcheck source=tests/common.sh
. tests/common.sh

# plan NAME CODE ARGUMENT...
plan() {
    local name=$1 code=$2
    shift 2
    "$tierlab" plan -q "$@" >"$tmp/out" 2>"$tmp/err"
    is "$name (exit code)" "$code" $?
}
says() { is "$1" 1 "$(grep -cE -- "$1" "$tmp/out")"; }
complains() { is "$1" 1 "$(grep -cF -- "$1" "$tmp/err")"; }

plan 'the shipped question' 0 bench/scenarios/plan.json \
    --set duration=3h --set provider.start=2026-01-05T09:00:00Z
says '^Cheapest: 1 organisation at tier.* meets wait_ms.p95<2s and http_429<0.5%'
says 'used most'
says 'strategy headroom .* a cap of [0-9]+ in flight is enough'
says '^  1 organisation now at tier1:'
says '^    today: pay [$]245.00, then at tier4'
says '^    day 9: pay [$]750.00, then at tier5'
says 'with a fifth more load: met'
says '^A spreadsheet .* would say: 1 of tier2.*tokens cost more than the tier'
says 'of tier1: too little tpm'
says '^  Model gpt-4o[.] Steady .median minute.: [0-9]+ requests and [0-9]+ tokens'
says 'outgrown after (more than )?[0-9.]+ months at 10 % a month'

plan 'as JSON' 0 bench/scenarios/plan.json --json --set duration=1h
says '^[{]"demand":.*"feasible":true,"options":\[[{]"tiers":[{]"tier[45]":1[}]'
"$tierlab" plan -q bench/scenarios/plan.json --json --set duration=1h \
    --threads 1 >"$tmp/one"
ok 'any number of threads comes to the same' cmp -s "$tmp/out" "$tmp/one"

plan 'with a report' 0 bench/scenarios/plan.json --set duration=1h \
    --such-that 'latency_ms.p95<1m' -o "$tmp/report"
page=$tmp/report/report.html
ok 'the figures of all plans stand beside it' test -s "$tmp/report/plan.json"
for words in 'Cheapest: 1 organisation at tier' '&lt;2s, http_429&lt;0.5% and' \
    'latency_ms.p95&lt;1m' "today: pay \$245.00, then at tier4" 'sheet: 1 of' \
    'Model gpt-4o. Steady (median minute):' 'with</th>' 'twice as bursty' \
    'tierlab plan scenario.json' 'of tier1: '; do
    ok "the report says $words" grep -qF -- "$words" "$page"
done
is 'it needs nothing else' 0 "$(grep -cE '<script|(src|href)="?http' "$page")"
if command -v gnuplot >/dev/null; then
    for name in demand cost payments; do
        for ending in .svg .png .csv -narrow.svg; do
            ok "there is $name$ending" test -s "$tmp/report/$name$ending"
        done
    done
    is 'the report has them' 3 "$(grep -c '<figure' "$page")"
    is 'an hour has sixty minutes, and an end' 61 \
        "$(tail -n +2 "$tmp/report/demand.csv" | wc -l)"
    is 'of 245 dollars today, and 750 later' '245 750' \
        "$(grep 'of tier5' "$tmp/report/payments.csv" | tail -n 2 |
            sed 's/^.*[$]\([0-9]*\),.*/\1/' | tr '\n' ' ' | sed 's/ $//')"
    is 'each plan has its cost' 0 \
        "$(tail -n +2 "$tmp/report/cost.csv" | grep -cvE '^[0-9]+,[0-9.]+,')"
else
    skip 16 'no gnuplot'
fi
browser=$(command -v chromium || command -v chromium-browser ||
    command -v google-chrome)
if [ -n "$browser" ]; then
    {
        echo '<iframe id="p" width="390" height="800" srcdoc="'
        sed 's/&/\&amp;/g; s/"/\&quot;/g' "$page"
        cat <<'END'
"></iframe><script>p.onload = () => {
  const d = p.contentDocument
  document.title = "wide " + d.documentElement.scrollWidth + ", cut off " +
    [...d.querySelectorAll("figure svg")].filter((f) =>
      f.getClientRects().length > 0 &&
      f.parentElement.scrollWidth > f.parentElement.clientWidth).length
}</script>
END
    } >"$tmp/phone.html"
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$tmp/profile" --virtual-time-budget=2500 --dump-dom \
        "file://$tmp/phone.html" >"$tmp/dom" 2>/dev/null
    is 'on a phone nothing sticks out' 'wide 390, cut off 0' \
        "$(grep -oE 'wide [0-9]+, cut off [0-9]+' "$tmp/dom" | head -n 1)"
else
    skip 1 'no chromium'
fi
sed 's/.*,"scenario":\(.*\)}$/\1/' "$tmp/report/plan.json" >"$tmp/again.json"
"$tierlab" plan -q --json "$tmp/again.json" >"$tmp/again"
ok 'its scenario tells the same again' cmp -s "$tmp/again" \
    "$tmp/report/plan.json"
plan 'a folder that is there' 2 bench/scenarios/plan.json -o "$tmp/report"
complains 'exists; choose another folder'

{
    echo TIMESTAMP,ContextTokens,GeneratedTokens
    for minute in $(seq 10 29); do
        for second in 10 20 30 40; do
            echo "2023-11-16 18:$minute:$second.0000000,900,100"
        done
    done
} >"$tmp/trace.csv"
plan 'a trace alone' 0 --trace "$tmp/trace.csv" --model gpt-4o-mini
says 'Steady .median minute.: 4 requests and 3600 tokens a minute[.] Peak .*: 4 '
says '^Cheapest: 1 organisation at tier1'
says 'with twice as bursty: met'

# 500,000 tokens a minute: tier 2 has 450,000, and each at tier 1 30,000 more.
cat >"$tmp/two.json" <<'JSON'
{"duration": "10m", "provider": {"table": "official-2024-mid",
  "prices": {"gpt-4o": {"input": 0, "output": 0}}},
 "workload": {"model": "gpt-4o", "arrivals": {"poisson": "100/m"},
  "prompt_tokens": 4900, "max_tokens": 100},
 "plan": {"have": [{"tier": "tier2"}]}}
JSON
plan 'two tiers where that is cheaper' 0 "$tmp/two.json"
says '^Cheapest: 1 organisation at tier2 and [2-9] at tier1 meet .*, from today on'
says '^  1 organisation now at tier2: nothing to pay$'
says '^  [2-9] new organisations:$'
says '^  1 of tier2 [+] [1-8] of tier1: '
plan 'as JSON too' 0 "$tmp/two.json" --json
says '"options":\[[{]"tiers":[{]"tier2":1,"tier1":[2-9][}],"organisations":'

plan 'nothing is enough' 3 bench/scenarios/plan.json --set duration=1h \
    --max-tier tier1 --max-organisations 1
says '^No plan meets .* 1 organisation at tier1, meets .* at [0-9.]+ % of the load; '
says '; spend prevents more'
plan 'too late' 0 bench/scenarios/plan.json --set duration=1h \
    --max-organisations 1 --by-day 3 --max-tier tier5
says 'of tier5: can be had from day 9 only, not by day 3'
plan 'too dear' 3 bench/scenarios/plan.json --set duration=1h --budget 10
says 'of tier5: [$][0-9.]+ is above the budget'
plan 'too dear, and of long requests' 3 bench/scenarios/plan.json --budget 10
says ', can not take the largest request: it is above their tpm[.]$'

plan 'nothing to plan for' 2
complains 'give a scenario, or --trace and --model'
plan 'no model' 2 --trace "$tmp/trace.csv"
complains '--trace and --model go together'
plan 'no such objective' 2 bench/scenarios/plan.json --such-that 'speed<1'
complains 'speed'
plan 'no such tier' 2 bench/scenarios/plan.json --max-tier gold
complains '"gold" is not a tier'
plan 'no such file' 2 "$tmp/none.json"
complains 'none.json'
finish
