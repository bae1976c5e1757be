#!/usr/bin/env bash
# A run over HTTP as a user starts it: against a mock server that is already
# there, by its URL, with keys from the environment and from an accounts file.
# shellcheck source=tests/common.sh
. tests/common.sh

# bench NAME WANTED ARGUMENT...: runs the scenario, wants that exit status.
bench() {
    local name=$1 wanted=$2
    shift 2
    "$tierlab" bench "$tmp/scenario.json" --no-figures \
        -o "$tmp/$name" "$@" >"$tmp/$name.out" 2>"$tmp/err"
    [ $? -eq "$wanted" ]
}

# result NAME PATTERN
result() { grep '"kind":"run"' "$tmp/$1/results.jsonl" | grep -q "$2"; }

silent() { ! grep -rqE 'sk-|Bearer' "$tmp"/*.out "$tmp"/err "$tmp"/*/; }

cat >"$tmp/provider.json" <<'END'
{"table": "official-2024-mid", "latency": "50ms",
 "organisations": [{"name": "org", "tier": "tier1", "keys": 2}]}
END
cat >"$tmp/scenario.json" <<END
{"name": "by-url", "provider": $(cat "$tmp/provider.json"),
 "client": {"cap": 4}, "workload": {"model": "gpt-4o",
 "arrivals": {"batch": 20}, "prompt_tokens": 20, "completion_tokens": 10,
 "max_tokens": 20}}
END
cat >"$tmp/accounts.json" <<'END'
{"accounts": [{"name": "a", "organisation": "org", "key_env": "KEY_A"},
              {"name": "b", "organisation": "org", "key_file": "key-b"}]}
END
echo sk-mock-org-2 >"$tmp/key-b"
export KEY_A=sk-mock-org-1
unset OPENAI_API_KEY OPENAI_ORG_ID OPENAI_PROJECT_ID

start --config "$tmp/provider.json"
ok "a URL needs a key" bench nokey 2 --on "$url/v1"
ok "and says so" grep -q OPENAI_API_KEY "$tmp/err"
ok "accounts come from a file" \
    bench file 0 --on "$url/v1" --accounts "$tmp/accounts.json"
ok "all are answered" result file '"succeeded":20,'
export OPENAI_API_KEY=sk-mock-org-1
ok "a key comes from the environment" bench environment 0 --on "$url/v1"
ok "all are answered" result environment '"succeeded":20,'

# Every model is asked where it answers.
sed 's/"completion_tokens": 10,//; s/"max_tokens": 20/"priority": 0/
     s/"gpt-4o"/"tts-1"/' "$tmp/scenario.json" >"$tmp/speech.json"
spoken() {
    "$tierlab" bench "$tmp/speech.json" --no-figures -o "$tmp/$1" \
        --on "$url/v1" "${@:2}" >"$tmp/$1.out" 2>"$tmp/err"
}
ok "texts are spoken over HTTP" spoken speech
ok "all of them" result speech '"succeeded":20,'
# Images tell of tokens, or do not, in both worlds.
sed 's/"completion_tokens": 10,/"images": 1/; /"max_tokens"/s/.*/}}/
    s/"prompt_tokens": 20/"prompt_tokens": 300/; s/"tier1"/"tier5"/' \
    "$tmp/scenario.json" >"$tmp/images.json"
for model in gpt-image-1 dall-e-3; do
    for on in sim mock; do
        "$tierlab" bench "$tmp/images.json" --no-figures -q --on $on \
            --set provider.table=current --set workload.model=$model \
            --set duration=2s \
            -o "$tmp/$model-$on" >"$tmp/$model-$on.out" 2>"$tmp/err"
        for name in succeeded spend_usd tokens_per_min; do
            summary_figure "$tmp/$model-$on/results.jsonl" $name
        done >"$tmp/$model-$on.figures"
    done
    is "$model comes to the same" "$(xargs <"$tmp/$model-sim.figures")" \
        "$(xargs <"$tmp/$model-mock.figures")"
done
is "gpt-image's of 300 and 1056 tokens" '20 0.84 813600' \
    "$(xargs <"$tmp/gpt-image-1-mock.figures")"
is "DALL-E's of none that is told" '20 0.8 0' \
    "$(xargs <"$tmp/dall-e-3-mock.figures")"
for stream in false true; do
    pro=(--set provider.table=current --set workload.model=gpt-5-pro
        --set "workload.stream=$stream")
    ok "where there is no chat there are responses (stream: $stream)" \
        bench "pro-$stream" 0 --on mock "${pro[@]}"
    ok "all of them" result "pro-$stream" '"succeeded":20,'
    "$tierlab" bench "$tmp/scenario.json" --no-figures -q "${pro[@]}" \
        -o "$tmp/simulated-$stream" 2>"$tmp/err"
    is "at the price that is simulated" \
        "$(summary_figure "$tmp/simulated-$stream/results.jsonl" spend_usd)" \
        "$(summary_figure "$tmp/pro-$stream/results.jsonl" spend_usd)"
done
spoken whisper --set workload.model=whisper-1
ok "files of sound are not sent, and it says so" \
    grep -q "'whisper-1' takes a file of sound" "$tmp/err"

ok "a run may end before its answers" \
    bench early 0 --on mock -q --set provider.latency=30s --set duration=1s
ok "all of them are unfinished" result early '"unfinished":20,'
ok "and with -q nobody speaks of it, the daemon neither" \
    test ! -s "$tmp/err"

# stations FILE: 20 rows in columns as `tierlab sim` has them, each of which was
# due, let go, sent, begun and done in that order.
"$tierlab" sim -q "$tmp/scenario.json" --requests "$tmp/sim.csv"
stations() {
    [ "$(head -n 1 "$1")" = "$(head -n 1 "$tmp/sim.csv")" ] &&
        awk -F , 'NR > 1 {
            rows++
            bad += !($5 <= $11 && $11 <= $6 && $6 < $12 && $12 <= $7)
        }
        END { exit !(rows == 20 && bad == 0) }' "$1"
}
ok "a URL's attempts go to a file" \
    bench rows-url 0 --on "$url/v1" --requests
ok "with every station of each" stations "$tmp/rows-url/requests/0.csv"
ok "the mock server's too" bench rows-mock 0 --on mock --requests
ok "with every station of each" stations "$tmp/rows-mock/requests/0.csv"
ok "as in the simulator" stations "$tmp/sim.csv"
export OPENAI_API_KEY=sk-mock-nobody-77777777777777
ok "a wrong key fails its requests" bench wrong 0 --on "$url/v1"
ok "none is answered" result wrong '"succeeded":0,'
ok "nothing holds a key" silent
stop
ok "nobody there: the requests fail" bench nobody 0 --on "$url/v1" \
    --set client.retry.max=0
ok "none is answered" result nobody '"succeeded":0,'

export OPENAI_API_KEY=sk-mock-org-1
start --config "$tmp/provider.json" --speed 20
ok "a mock server of another speed is refused" bench speed 1 --on "$url/v1"
ok "and the speeds are told" grep -q 'speed 20' "$tmp/err"
ok "nothing holds a key" silent

finish
