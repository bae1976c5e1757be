#!/usr/bin/env bash
# The daemon's live page in headless Chromium, wide and narrow: its numbers
# and its picture.
# shellcheck source=tests/common.sh
. tests/common.sh


browser=$(command -v chromium || command -v chromium-browser ||
    command -v google-chrome) || {
    skip 1 'no chromium'
    finish
    exit
}
look() { # ARGUMENTS...
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu \
        --hide-scrollbars --user-data-dir="$tmp/profile" \
        --virtual-time-budget=2500 "$@" "$url/" 2>/dev/null
}

cat >"$tmp/config.json" <<'END'
{"table": "seed", "latency": "none", "organisations": [
  {"name": "small", "tier": "free", "spent": "$12.50"},
  {"name": "large", "tier": "tier4", "projects": [
    {"name": "web", "limits": {"gpt-4": {"rpm": 1}}}]}]}
END
start --config "$tmp/config.json" --speed 0
for who in small small small small large large gone; do
    curl -s -m 10 -o /dev/null -H "Authorization: Bearer sk-mock-$who-1" \
        -d '{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}' \
        "$url/v1/chat/completions"
done
for _ in 1 2; do
    curl -s -m 10 -o /dev/null -H 'Authorization: Bearer sk-mock-large-1' \
        -H 'OpenAI-Project: web' -d '{"model":"gpt-4","messages":[
        {"role":"user","content":"Hi"}]}' "$url/v1/chat/completions"
done

look --dump-dom >"$tmp/dom"
has() { grep -qF -- "$1" "$tmp/dom"; }
ok 'it tells what to point a client at' has "base URL $url/v1"
ok 'it counts requests' has '<dt>requests</dt><dd class="">9</dd>'
ok 'it tells what was refused' has '<dt>429</dt><dd class="">2</dd>'
ok 'it shows the day of the small one' has '197 of 200, full in'
ok '... its minute, empty' has '0 of 3, full in 60.0 s'
ok '... and its money' has '12.55 of '
ok '... what it was let through' has '>3 admitted<'
ok 'it shows the large one' has '<h3>large</h3>'
ok '... its admissions' has '>3 admitted<'
ok '... and its project' has '<span>project web</span>'
ok '... with what was refused' has '<td class="">large / web</td>'
ok '... in a window of its own' has '0 of 1, full in 60.0 s'
ok 'it lists the refusal' has 'RPM'
ok 'it lists an unknown key' has '<td class="no">401</td>'
ok 'nothing is loaded from elsewhere' test "$(grep -cE \
    '(src|href)="(https?:)?//' "$tmp/dom")" = 0
for size in 1200,900 390,1400; do
    look --window-size="$size" --screenshot="$tmp/$size.png" >/dev/null
    # a page of one colour would be a few KB
    ok "a picture of $size" test "$(stat -c %s "$tmp/$size.png")" -gt 20000
    ok "... of that width" test "$(od -An -tu1 -j16 -N4 "$tmp/$size.png" |
        awk '{print $3 * 256 + $4}')" = "${size%,*}"
done
[ -z "${PAGE_KEEP:-}" ] || cp "$tmp"/*.png "$PAGE_KEEP"
kill -TERM "$pid"
wait "$pid"
ok 'it ends with 0' test $? = 0
pid=

finish
