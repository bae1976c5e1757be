#!/usr/bin/env bash
# What people look at: a report that says what a closed loop would hide, wide,
# on a phone and printed; simulator and mock side by side; a figure of what
# differs, a sketch in text; and the README's recipe for CI, as it stands.
# shellcheck source=tests/common.sh
. tests/common.sh
scenarios=bench/scenarios

has() { # FILE TEXT
    grep -qF -- "$2" "$1"
}

# Two strategies, three caps, simulated, with every figure.
cat >"$tmp/small.json" <<'END'
{"name": "small", "duration": "5m", "replications": 3,
 "provider": {"table": "official-2024-mid",
  "organisations": [{"name": "o", "tier": "tier1", "count": 2}]},
 "workload": {"model": "gpt-4", "arrivals": {"poisson": "30/m"},
  "prompt_tokens": 300, "completion_tokens": 100, "max_tokens": 200},
 "vary": {"client.strategy": ["round_robin", "headroom"],
  "client.cap": [1, 4, "none"]}}
END
"$tierlab" bench -q "$tmp/small.json" -o "$tmp/small" 2>"$tmp/err"
is 'the experiment runs' 0 $?
if command -v gnuplot >/dev/null; then
    for name in throughput latency refusals heat distribution tradeoff utilisation \
        timeline timeline-windows; do
        for ending in .svg .png .csv -narrow.svg; do
            ok "there is $name$ending" test -s "$tmp/small/$name$ending"
        done
    done
    is 'the report has them' 9 "$(grep -c '<figure class="both">' "$tmp/small/report.html")"
    is 'the map has a cell for each variant' 6 \
        "$(tail -n +2 "$tmp/small/heat.csv" | wc -l)"
    "$tierlab" bench -q -o "$tmp/free" --set provider.table=none \
        --replications 1 "$tmp/small.json" 2>"$tmp/err"
    is 'what has no limits is drawn, too' 0 $?
    ok '... without utilisation' test ! -e "$tmp/free/utilisation.svg"
    ok '... without windows' test ! -e "$tmp/free/timeline-windows.svg"
    "$tierlab" bench -q --no-figures --seed 2 "$tmp/small.json" \
        -o "$tmp/other"
    "$tierlab" compare -q "$tmp/small" "$tmp/other" -o "$tmp/differ"
    is 'the comparison is drawn' 0 $?
    ok '... as a figure' test -s "$tmp/differ/difference.svg"
    is '... with a row for each variant' 6 \
        "$(tail -n +2 "$tmp/differ/difference.csv" | cut -d, -f2 | sort -u |
            wc -l)"
    is '... and a panel for each of six figures' 6 \
        "$(tail -n +2 "$tmp/differ/difference.csv" | cut -d, -f8 | sort -u |
            wc -l)"
    "$tierlab" compare -q "$tmp/small" "$tmp/small" -o "$tmp/equal"
    is 'two that are equal are drawn, too' 0 $?
    # More columns than have room for numbers side by side, and long names.
    "$tierlab" bench -q -o "$tmp/many" --replications 1 --set 'vary={
        "client.strategy": ["round_robin", "headroom"], "client.cap": [1, 2, 3,
        4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]}' \
        "$tmp/small.json" 2>"$tmp/err"
    is 'a map of twenty columns' 0 $?
    is '... has a number in each cell' 40 \
        "$(grep -cE '^[0-9]+,[0-1],[0-9.]+,[0-9.]+,' "$tmp/many/heat.csv")"
else
    skip 48 'no gnuplot'
fi
"$tierlab" plot --terminal "$tmp/small" >"$tmp/sketch"
is 'the sketch has a bar for each variant' 6 "$(grep -c '##' "$tmp/sketch")"
ok '... in 80 columns' awk 'length > 80 { exit 1 }' "$tmp/sketch"

# What the count of time hides, and that it does.
ok 'it says whence it counts' has "$tmp/small/report.html" \
    'Counted from when it was sent, as a closed loop counts'
sed 's/{"poisson": "30\/m"}/{"closed": {"users": 4, "think": "1s"}}/' \
    "$tmp/small.json" >"$tmp/closed.json"
"$tierlab" bench -q "$tmp/closed.json" -o "$tmp/closed" 2>"$tmp/err"
ok 'it warns of a closed loop' has "$tmp/closed/report.html" \
    '(coordinated omission)'

# Three shipped scenarios, simulated and over HTTP, each in one report.
for name in the-seed two-tenants images; do
    for on in sim mock; do
        speed=()
        [ "$on" = sim ] || speed=(--speed 100)
        "$tierlab" bench -q --no-figures --on "$on" "${speed[@]}" \
            --replications 1 --set duration=40s "$scenarios/$name.json" \
            -o "$tmp/$name-$on" 2>"$tmp/err"
        is "$name on $on" 0 $?
    done
    "$tierlab" plot -q "$tmp/$name-sim" "$tmp/$name-mock" -o "$tmp/$name" \
        2>"$tmp/err"
    is "the report of $name" 0 $?
    ok '... has both' has "$tmp/$name/report.html" \
        'Side by side: sim and mock'
done

# The recipe for CI, line by line as the README has it.
mkdir "$tmp/ci"
ln -s "$(cd "$build" && pwd)" "$tmp/ci/build"
cat >"$tmp/ci/scenario.json" <<'END'
{"name": "gate", "duration": "10m", "replications": 10,
 "provider": {"table": "official-2024-mid",
  "organisations": [{"name": "o", "tier": "tier1", "count": 2}]},
 "workload": {"model": "gpt-4o", "arrivals": {"poisson": "60/m"},
  "prompt_tokens": 300, "completion_tokens": 100, "max_tokens": 200}}
END
bench=$(grep -E '^    build/tierlab bench scenario.json -o new' README.md)
compare=$(grep -E '^    build/tierlab compare base new' README.md)
ok 'the README has a recipe' test -n "$bench" -a -n "$compare"
(
    cd "$tmp/ci" || exit 9
    bash -c "${bench/-o new/-o base}" && bash -c "$bench" &&
        bash -c "$compare"
) >"$tmp/out" 2>"$tmp/err"
is 'it passes what is the same' 0 $?
(
    cd "$tmp/ci" && rm -r new &&
        bash -c "${bench/scenario.json/scenario.json --set client.cap=3}"
) >"$tmp/out" 2>"$tmp/err"
is 'a threshold that is missed is told' 3 $?
(cd "$tmp/ci" && bash -c "$compare") >"$tmp/out" 2>"$tmp/err"
is 'what is worse is told' 4 $?

# In a browser: as wide as the window, and on paper.
browser=$(command -v chromium || command -v chromium-browser ||
    command -v google-chrome) || {
    skip 7 'no chromium'
    finish
    exit
}
look() {
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu \
        --hide-scrollbars --user-data-dir="$tmp/profile" "$@" 2>/dev/null
}
page=$tmp/small/report.html
for size in 1200,2400 390,2400; do
    look --window-size="$size" --screenshot="$tmp/$size.png" "file://$page" \
        >/dev/null
    ok "a picture of $size" test "$(stat -c %s "$tmp/$size.png")" -gt 60000
    ok "... of that width" test "$(od -An -tu1 -j16 -N4 "$tmp/$size.png" |
        awk '{print $3 * 256 + $4}')" = "${size%,*}"
done
# A frame of a phone's width: nothing in it is wider, but what scrolls.
{
    echo '<iframe id="p" width="390" height="800" srcdoc="'
    sed 's/&/\&amp;/g; s/"/\&quot;/g' "$page"
    cat <<'END'
"></iframe><script>p.onload = () => {
  const d = p.contentDocument
  const seen = (e) => e.getClientRects().length > 0
  const figures = [...d.querySelectorAll("figure svg")].filter(seen)
  const letters = figures.flatMap((f) => [...f.querySelectorAll("text")])
    .map((t) => t.getBoundingClientRect().height).filter((h) => h > 0)
  document.title = "wide " + d.documentElement.scrollWidth +
    ", figures " + figures.length + ", wider than the page " +
    figures.filter((f) => f.getBoundingClientRect().right > 390 ||
      f.parentElement.scrollWidth > f.parentElement.clientWidth).length +
    ", letters of less than 10 " + letters.filter((h) => h < 10).length
}</script>
END
} >"$tmp/phone.html"
look --virtual-time-budget=2500 --dump-dom "file://$tmp/phone.html" \
    >"$tmp/dom"
is 'on a phone nothing sticks out, and all can be read' \
    'wide 390, figures 9, wider than the page 0, letters of less than 10 0' \
    "$(grep -oE 'wide [0-9]+, fig[^<]*' "$tmp/dom" | head -n 1)"
look --print-to-pdf="$tmp/report.pdf" "file://$page" >/dev/null
ok 'it prints' test "$(stat -c %s "$tmp/report.pdf")" -gt 30000
[ -z "${PAGE_KEEP:-}" ] || cp "$tmp"/*.png "$tmp/report.pdf" "$PAGE_KEEP"
finish
