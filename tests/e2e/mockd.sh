#!/usr/bin/env bash
# The daemon as a process: its story of a free account, its tables, its
# command line, its end.
# shellcheck source=tests/common.sh
. tests/common.sh

# $status, $tmp/body and $tmp/head are the answer.
call() { # METHOD PATH [BODY] [KEY]
    status=$(curl -s -m 10 -X "$1" -o "$tmp/body" -D "$tmp/head" \
        -w '%{http_code}' -H "Authorization: Bearer ${4:-sk-test}" \
        ${3:+-d "$3"} "$url$2")
}

body() { grep -qF -- "$1" "$tmp/body"; }
head_has() { tr -d '\r' <"$tmp/head" | grep -qix -- "$1"; }
eq() { [ "$1" = "$2" ]; }
field() { grep -o "\"$1\":[^,}]*" "$tmp/body" | head -1 | cut -d: -f2; }

# soon NAME COMMAND...: it succeeds, within 10 s on a machine at rest.
soon() {
    local name=$1
    shift
    for _ in $(seq 500); do
        "$@" && break
        sleep 0.02
    done
    ok "$name" "$@"
}

# decided N: so many requests have been decided since the start.
has_decided() {
    call GET /mock/state
    [ "$(field decisions)" = "$1" ]
}
decided() { soon "$1 requests have come" has_decided "$1"; }

chat='{"model":"gpt-4","messages":[{"role":"user","content":"Hello"}]}'

# A free account's four requests, on a clock that stands still.
start --table seed --tier free --latency none --speed 0
for i in 1 2 3; do
    call POST /v1/chat/completions "$chat"
    ok "request $i is answered" eq "$status" 200
done
call POST /v1/chat/completions "$chat"
ok "the fourth is refused" eq "$status" 429
ok "in the words of the API" body 'on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing."'
ok "retry-after" head_has 'retry-after: 20'
ok "retry-after-ms" head_has 'retry-after-ms: 20000'
ok "the day's limit" head_has 'x-ratelimit-limit-requests: 200'
ok "the day's remaining" head_has 'x-ratelimit-remaining-requests: 197'
ok "the day's reset" head_has 'x-ratelimit-reset-requests: 21m36s'
call GET '/mock/orgs?model=gpt-4&tokens=3'
ok "the exact wait" eq "$(field exact_wait_ns)" 20000000000
ok "the hint" eq "$(field hint_ms)" 20000
now=$(field now)
call POST /mock/clock "{\"to\":\"$((now + 20000000000 - 1000000))\"}"
ok "the clock is set" eq "$(field now)" $((now + 19999000000))
call POST /v1/chat/completions "$chat"
ok "refused 1 ms before the exact wait" eq "$status" 429
call POST /mock/clock "{\"to\":\"$((now + 19999999999))\"}"
call POST /v1/chat/completions "$chat"
ok "refused 1 ns before the exact wait" eq "$status" 429
call POST /mock/clock "{\"to\":\"$((now + 20000000000 + 1000000))\"}"
call POST /v1/chat/completions "$chat"
ok "admitted at the hint and 1 ms" eq "$status" 200
call GET /v1/models/gpt-4
ok "no limit headers without a limit" eq "$(grep -ci ratelimit "$tmp/head")" 0
call GET /healthz
ok "it is healthy" eq "$status" 200
call POST /v1/chat/completions '{"model":"gpt-4",'
ok "broken JSON is a 400" eq "$status" 400
call POST /v1/nowhere '{}'
ok "an unknown path" body 'Invalid URL (POST /v1/nowhere)'
call DELETE /v1/chat/completions
ok "another method is a 405" eq "$status" 405
call POST /v1/chat/completions "$chat" sk-bad.key.of.some.length
ok "a malformed key is masked" body 'provided: sk-bad.k'
ok "... and not shown" eq "$(grep -c 'some.len' "$tmp/body")" 0

# A month of tokens under the name of a minute's, as a free account without a
# payment method had it (2025-04-15).
cat >"$tmp/month.tsv" <<'END'
@as_of 2025-04-15
@source seen openai-dotnet#404
@tier free 0 0 100
@tier tier1 5 0 100
gpt-4o-mini free  - 3 200 100000/30d - - - -
gpt-4o-mini tier1 - 500 - 200000 - - - -
END
# prompt TOKENS: a file with a request of so many.
prompt() {
    printf '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"%s"}]}' \
        "$(head -c $((4 * ($1 - 2))) /dev/zero | tr '\0' x)" >"$tmp/$1"
    echo "@$tmp/$1"
}
start --table "$tmp/month.tsv" --tier free --latency none --speed 0
call POST /v1/chat/completions "$(prompt 96749)"
ok "a month's tokens are taken" eq "$status" 200
ok "... and come back in a month" head_has 'x-ratelimit-reset-tokens: 696h35m34.08s'
call POST /v1/chat/completions "$(prompt 19126)"
ok "... refused in the words that were seen" body 'on tokens per min (TPM): Limit 100000, Used 96749, Requested 19126. Please try again in 114h18m0s.'
ok "... and retry-after" head_has 'retry-after: 411480'
call POST /mock/clock '{"advance": "114h18m1ms"}'
call POST /v1/chat/completions "$(prompt 19126)"
ok "... admitted after that time" eq "$status" 200
call GET /mock/orgs
call POST /mock/orgs "{\"organisation\": $(field name), \"tier\": \"tier1\"}"
call POST /v1/chat/completions "$(prompt 119126)"
ok "... and a new tier's minute begins unused" head_has 'x-ratelimit-remaining-tokens: 80874'

# The same as a project's share, in the words of its time and of 2023.
cat >"$tmp/share.json" <<'END'
{"table": "none", "latency": "none", "organisations": [{"name": "a",
 "projects": [{"name": "p", "limits": {"gpt-4o-mini": {
     "rpm": "1k", "tpm": "100000/30d"}}}]}]}
END
in_p() {
    status=$(curl -s -m 10 -o "$tmp/body" -D "$tmp/head" -w '%{http_code}' \
        -H 'Authorization: Bearer sk-mock-a-1' -H 'OpenAI-Project: p' \
        -d "$1" "$url/v1/chat/completions")
}
for era in now 2023; do
    start --config "$tmp/share.json" --speed 0 --era $era
    in_p "$(prompt 96749)"
    ok "a project's month is taken" eq "$status" 200
    [ $era = 2023 ] || ok "... and shown" \
        head_has 'x-ratelimit-reset-project-tokens: 696h35m34.08s'
    in_p "$(prompt 19126)"
    if [ $era = now ]; then
        ok "... refused" body 'on tokens per min (TPM): Limit 100000, Used 96749, Requested 19126. Please try again in 114h18m0s.'
    else
        ok "... refused as in 2023, with the wait of a token of 30 days" \
            body 'on tokens per min. Limit: 100000 / min. Please try again in 25.92s.'
    fi
    call POST /mock/clock '{"advance": "114h18m1ms"}'
    in_p "$(prompt 19126)"
    ok "... admitted after its time" eq "$status" 200
done

# Replies wait for the clock, and are sent on the way.
start --table seed --tier tier1 --latency 10s --speed 0
curl -s -m 10 -o "$tmp/later" -H 'Authorization: Bearer sk-test' -d "$chat" \
    "$url/v1/chat/completions" &
later=$!
call POST /mock/clock '{"advance":"9.999s","after_requests":1}'
ok "the clock waits for the request" eq "$(field decisions)" 1
call GET /mock/state
ok "the reply is not sent early" eq "$(field in_flight)" 1
call POST /mock/clock '{"advance":"1ms"}'
wait "$later"
ok "the reply is sent in time" grep -q chat.completion "$tmp/later"

# The seed's tables, cell by cell.
cat >"$tmp/all.json" <<'END'
{"table": "seed", "latency": "none", "organisations": [
  {"name": "free", "tier": "free"}, {"name": "tier1", "tier": "tier1"},
  {"name": "tier4", "tier": "tier4"}, {"name": "tier5", "tier": "tier5"}]}
END
start --config "$tmp/all.json"
cells=0
wrong=0
while read -r model tier rpm rpd tpm ipm; do
    call GET "/mock/orgs?model=$model&organisation=$tier"
    for cell in "rpm $rpm" "rpd $rpd" "tpm $tpm" "tpd -" "ipm $ipm"; do
        read -r limit want <<<"$cell"
        got=$(grep -o "\"$limit\":{\"limit\":[0-9]*" "$tmp/body" |
            grep -o '[0-9]*$')
        cells=$((cells + 1))
        [ "${got:--}" = "$want" ] && continue
        wrong=$((wrong + 1))
        echo "  $model $tier $limit: ${got:--}, not $want"
    done
done <<'END'
gpt-4 free 3 200 10000 -
gpt-4 tier1 500 10000 10000 -
gpt-4 tier4 10000 - 300000 -
gpt-4 tier5 10000 - 300000 -
gpt-3.5-turbo free 3 200 20000 -
gpt-3.5-turbo tier1 3500 10000 40000 -
gpt-3.5-turbo tier4 10000 - 1000000 -
gpt-3.5-turbo tier5 10000 - 1000000 -
text-embedding-ada-002 free 3 200 150000 -
text-embedding-ada-002 tier1 500 10000 1000000 -
text-embedding-ada-002 tier4 10000 - 5000000 -
text-embedding-ada-002 tier5 10000 - 5000000 -
whisper-1 free 3 200 - -
whisper-1 tier1 50 - - -
whisper-1 tier4 100 - - -
whisper-1 tier5 100 - - -
tts-1 free 3 200 - -
tts-1 tier1 50 - - -
tts-1 tier4 100 - - -
tts-1 tier5 100 - - -
dall-e-2 free 5 - - -
dall-e-2 tier1 - - - 50
dall-e-2 tier4 - - - 100
dall-e-2 tier5 - - - 100
dall-e-3 free 1 - - -
dall-e-3 tier1 - - - 5
dall-e-3 tier4 - - - 15
dall-e-3 tier5 - - - 15
END
ok "all $cells cells of the seed's tables" eq "$wrong" 0
ok "there are enough of them" eq "$cells" 140

# A configuration's keys; four keys of one organisation share its limits.
echo '{"table": "seed", "latency": "none", "organisations": [
  {"name": "a", "tier": "free", "keys": 4}]}' >"$tmp/keys.json"
input=$tmp/keys.json
start --config -
input=/dev/null
admitted=0
for k in 1 2 3 4; do
    call POST /v1/chat/completions "$chat" "sk-mock-a-$k"
    [ "$status" = 200 ] && admitted=$((admitted + 1))
done
ok "four keys of one organisation get three answers" eq "$admitted" 3
call POST /v1/chat/completions "$chat" sk-mock-a-5
ok "a fifth is not known" eq "$status" 401

# Its end: what waits is answered, then it is gone.
start --table none --latency 500ms --log "$tmp/log"
curl -s -m 10 -o "$tmp/last" -H 'Authorization: Bearer sk-test' -d "$chat" \
    "$url/v1/chat/completions" &
last=$!
decided 1
kill -TERM "$pid"
wait "$pid"
ok "SIGTERM ends it with 0" eq $? 0
pid=
wait "$last"
ok "what waited is answered" grep -q chat.completion "$tmp/last"
ok "the log has it" grep -q '"model":"gpt-4","status":200' "$tmp/log"
ok "the log has no key" eq "$(grep -c sk-test "$tmp/log")" 0
start --table none --latency 60s
curl -s -m 10 -o /dev/null -H 'Authorization: Bearer sk-test' -d "$chat" \
    "$url/v1/chat/completions" &
last=$!
decided 1
kill -TERM "$pid"
soon "it heard the first signal" grep -q 'at another signal' "$tmp/daemon.err"
kill -TERM "$pid"
wait "$pid"
ok "a second signal ends it at once, with 1" eq $? 1
pid=
wait "$last"

# Faults, wordings and dialects from the command line.
echo '{"http_500": 1}' >"$tmp/faults.json"
start --no-limits --latency none --faults "$tmp/faults.json"
call POST /v1/chat/completions "$chat"
ok "a fault of the command line strikes" eq "$status" 500
echo '{"organisations": [{"name": "a"}], "faults": {"http_500": 1}}' \
    >"$tmp/both.json"
echo '{"http_503": {"share": 1, "until": "1h"}}' >"$tmp/faults.json"
start --config "$tmp/both.json" --start 2030-01-01 --latency none \
    --faults "$tmp/faults.json"
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "... in place of the configuration's" eq "$status" 503
start --table seed --tier free --latency none --speed 0 --era 2022
for i in 1 2 3 4; do call POST /v1/chat/completions "$chat"; done
ok "the wording of 2022" body 'Limit: 3.000000 / min.'
start --table seed --tier free --latency none --dialect azure
status=$(curl -s -m 10 -o "$tmp/body" -w '%{http_code}' -H 'api-key: sk-test' \
    -d "$chat" "$url/openai/deployments/gpt-4/chat/completions?api-version=2024-10-21")
ok "Azure's paths and keys" eq "$status" 200

# A hand changes tier, money and faults.
cat >"$tmp/paid.json" <<'END'
{"table": "seed", "latency": "none",
 "organisations": [{"name": "a", "tier": "free", "paid": "$0"}]}
END
start --config "$tmp/paid.json" --speed 0
for i in 1 2 3 4; do call POST /v1/chat/completions "$chat" sk-mock-a-1; done
ok "a free account is at its limit" eq "$status" 429
call POST /mock/orgs '{"organisation": "a", "tier": "tier1"}'
ok "its tier is set" eq "$(field tier)" '"tier1"'
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "... and carries more" eq "$status" 200
call POST /mock/orgs '{"organisation": "a", "pay": 5}'
ok "a payment is known" eq "$(field paid_microusd)" 5000000
call POST /mock/orgs '{"organisation": "a", "spent": 7, "spend_max": 7}'
ok "a spend is set" eq "$(field spent_microusd)" 7000000
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "... and the quota is used up" body insufficient_quota
call POST /mock/orgs '{"organisation": "a", "spend_max": null}'
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "the tier's own quota again" eq "$status" 200
for bad in '{"organisation": "b"}' '{"organisation": "a", "tier": "gold"}' \
    '{"organisation": "a", "tier": "tier2", "pay": 1}' '{"tier": "free"}' \
    '{"organisation": "a", "pay": -1}' '{"organisation": "a", "pey": 1}' '['; do
    call POST /mock/orgs "$bad"
    ok "POST /mock/orgs $bad is a 400" eq "$status" 400
done
call GET /mock/orgs
ok "none of them paid" eq "$(field paid_microusd)" 5000000
call POST /mock/faults '{"http_503": {"share": 1, "until": "10s"}}'
ok "a fault is set" body '"fault":"http_503","share":1'
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "... strikes" eq "$status" 503
call POST /mock/faults '{"http_503": 2}'
ok "a wrong one is a 400" eq "$status" 400
call GET /mock/faults
ok "... and changes nothing" body '"fault":"http_503","share":1'
call POST /mock/clock '{"advance": "10s"}'
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "... ends in time" eq "$status" 200
call POST /mock/faults '{"http_500": 1}'
call DELETE /mock/faults
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "... and at a word" eq "$status" 200
call POST /mock/orgs '{"organisation": "a", "tier": "free"}'
call POST /mock/faults '{"http_500": 1}'
call POST /mock/reset
for i in 1 2 3; do call POST /v1/chat/completions "$chat" sk-mock-a-1; done
ok "after a reset windows are full and faults gone" eq "$status" 200
call POST /v1/chat/completions "$chat" sk-mock-a-1
ok "... and limits as they were" eq "$status" 429

# A clock that runs is moved forward, too: tomorrow's requests now.
start --table seed --tier free --latency none
for i in 1 2 3 4; do call POST /v1/chat/completions "$chat"; done
ok "a free account is at its limit" eq "$status" 429
call POST /mock/clock '{"advance": "1d"}'
ok "a running clock is moved" eq "$status" 200
call POST /v1/chat/completions "$chat"
ok "... and windows are full" eq "$status" 200
ok "... the day's, too" head_has 'x-ratelimit-remaining-requests: 199'
start --table none --latency 1h
curl -s -m 10 -o "$tmp/later" -H 'Authorization: Bearer sk-test' -d "$chat" \
    "$url/v1/chat/completions" &
later=$!
decided 1
call POST /mock/clock '{"advance": "1h"}'
wait "$later"
ok "what is due on the way is answered" grep -q chat.completion "$tmp/later"
start --threads 2
call POST /mock/clock '{"advance": "1h"}'
ok "several clocks are not moved" eq "$status" 409

# The journal.
start --table seed --tier free --latency none --speed 0
for i in 1 2 3 4; do call POST /v1/chat/completions "$chat"; done
call GET '/mock/journal'
ok "the journal has them all" eq "$(grep -c '"number":' "$tmp/body")" 4
ok "... and what refused" body '"model":"gpt-4","limit":"rpm"'
ok "... and no key" eq "$(grep -c sk-test "$tmp/body")" 0
call GET '/mock/journal?since=2&limit=1'
ok "... in parts" eq "$(field number)" 3
call GET '/mock/journal?limit=x'
ok "... by numbers" eq "$status" 400
call GET /
ok "the page is there" head_has 'content-type: text/html; charset=utf-8'

# Metrics: every line of the format, and the right numbers.
start --table seed --tier free --latency none --speed 0
for i in 1 2 3 4; do call POST /v1/chat/completions "$chat"; done
call GET /metrics
ok "metrics are text" head_has 'content-type: text/plain; version=0.0.4; charset=utf-8'
name='tierlab_mock_[a-z_]+'
label='[a-z]+="[^"\\]*"'
ok "each line is of the format" eq "$(grep -Evc "^(# HELP $name .+|# TYPE \
$name (gauge|counter)|$name(\{$label(,$label)*\})? [-+.e0-9]+)\$" \
    "$tmp/body")" 0
ok "each family stands once" eq "$(grep '^# TYPE' "$tmp/body" | sort | uniq -d)" ''
ok "refusals are counted" body 'tierlab_mock_requests_total{status="429"} 1'
ok "limits are told" body 'group="gpt-4",limit="rpd"} 200'
ok "levels are told" body 'group="gpt-4",limit="rpd"} 197'

# Clients that ignore retry-after.
early() { # SPEED ARGUMENTS OF CURL...: four requests, and a fifth after 200 ms
    start --table seed --tier free --latency none --speed "$1" \
        --fail-on-ignored-retry-after
    shift
    for i in 1 2 3 4; do call POST /v1/chat/completions "$chat"; done
    sleep 0.2
    curl -s -m 10 -o "$tmp/body" -H 'Authorization: Bearer sk-test' "$@" \
        -d "$chat" "$url/v1/chat/completions"
    call GET /mock/state
    kill -TERM "$pid"
    wait "$pid"
    early=$?
    pid=
}
early 1
ok "a loop that does not wait is found" eq "$early" 3
ok "... and told of" grep -q '1 requests came before' "$tmp/daemon.err"
ok "... as likely" body '"ignored_retry_after":{"certain":0,"likely":1}'
early 200
ok "one that waits 40 s of 20 is not" eq "$early" 0
start --table seed --tier free --latency none \
    --fail-on-ignored-retry-after
for retry in 0 0 0 0 1; do
    curl -s -m 10 -o "$tmp/body" -H 'Authorization: Bearer sk-test' \
        -H "x-stainless-retry-count: $retry" -d "$chat" "$url/v1/chat/completions"
done
call GET /mock/state
ok "a retry is certain" body '"ignored_retry_after":{"certain":1,"likely":0}'
kill -TERM "$pid"
wait "$pid"
ok "... and the end is 3" eq $? 3
pid=

# Several threads serve one truth, and end together.
start --table seed --tier free --latency none --threads 4
callers=()
for _ in $(seq 40); do
    curl -s -m 10 -o /dev/null -w '%{http_code}\n' -d "$chat" \
        -H 'Authorization: Bearer sk-test' "$url/v1/chat/completions" \
        >>"$tmp/statuses" &
    callers+=($!)
done
wait "${callers[@]}"
ok "four threads admit three of forty" eq "$(grep -c 200 "$tmp/statuses")" 3
ok "... and refuse the others" eq "$(grep -c 429 "$tmp/statuses")" 37
start --no-limits --latency 500ms --threads 4
for i in $(seq 20); do
    curl -s -m 10 -o /dev/null -w '%{http_code}\n' -d "$chat" \
        -H 'Authorization: Bearer sk-test' "$url/v1/chat/completions" &
done >"$tmp/statuses"
decided 20
kill -TERM "$pid"
wait "$pid"
ok "SIGTERM ends four threads with 0" eq $? 0
pid=
wait
ok "each answered what waited" eq "$(grep -c 200 "$tmp/statuses")" 20
start --no-limits --latency 60s --threads 4
for i in $(seq 20); do
    curl -s -m 10 -o /dev/null -d "$chat" \
        -H 'Authorization: Bearer sk-test' "$url/v1/chat/completions" &
done
decided 20
kill -TERM "$pid"
soon "it heard the first signal" grep -q 'at another signal' "$tmp/daemon.err"
kill -TERM "$pid"
wait "$pid"
ok "a second signal ends four threads with 1" eq $? 1
ok "... as the first had said" grep -q 'requests: 20), at another signal' \
    "$tmp/daemon.err"
pid=
wait
echo '{"timeout": 1}' >"$tmp/faults.json"
start --no-limits --faults "$tmp/faults.json"
call GET /healthz
curl -s -m 0.2 -o /dev/null -H 'Authorization: Bearer sk-test' -d "$chat" \
    "$url/v1/chat/completions"
ok "a timeout has no answer" eq $? 28
kill -TERM "$pid"
gone() { ! kill -0 "$pid" 2>/dev/null; }
soon "... and holds up no end" gone

# What it does not take: status and words.
refused() { # STATUS WORDS ARGUMENTS...
    local want=$1 words=$2
    shift 2
    timeout 10 "$mockd" --port 0 "$@" >"$tmp/out" 2>"$tmp/err"
    local got=$?
    ok "$* ends with $want" eq "$got" "$want"
    ok "$* says: $words" grep -qF -- "$words" "$tmp/err"
}
refused 2 'unrecognized option' --tabel seed
refused 2 'did you mean "seed"?' --table sede
refused 2 'table "seed" has no tier "tier2" (it has: free' --table seed --tier tier2
refused 2 '"gold" is not a tier' --tier gold
refused 2 'expected 0 to 65535' --port 70000
refused 2 'expected 0, or 0.001 to 1000000' --speed -1
refused 2 'whole number' --seed x
refused 2 'expected a date' --start tomorrow
refused 2 'neither a duration nor a profile' --latency soon
refused 2 '"fix" is not a discipline (valid: bucket quantised fixed' --discipline fix
echo '{"burst": 0.5}' >"$tmp/burst.json"
refused 2 'windows have no burst' --config "$tmp/burst.json" --discipline fixed
refused 2 'expected 1 to 64' --threads 0
refused 2 'cannot go together' --threads 2 --speed 0
refused 2 'cannot open' --faults "$tmp/none.json"
refused 2 'valid: now 2023 2023-03 2022' --era 1999
refused 2 'valid: openai azure' --dialect aws
echo '{"http_599": 1}' >"$tmp/bad.json"
refused 2 'bad.json: http_599: unknown key' --faults "$tmp/bad.json"
refused 2 'cannot go with --config' --config x --tier free
refused 2 'unexpected argument: x' x
refused 2 'cannot open' --config "$tmp/none.json"
printf '{\n  "table": seed\n}' >"$tmp/bad.json"
refused 2 "bad.json:2: column 12: expected a value, found 's'" --config "$tmp/bad.json"
echo '{"organisations": [{"name": "a", "teir": "free"}]}' >"$tmp/bad.json"
refused 2 'organisations[0].teir: unknown key; did you mean "tier"?' --config "$tmp/bad.json"
refused 1 'cannot listen' --host no.such.host.invalid
refused 1 'No such file' --log "$tmp/no/such/folder"
start
refused 1 'Address already in use' --port "${url##*:}"
stop
ok "--version" grep -q '^tierlab-mockd [0-9]' <("$mockd" --version)
ok "--help" grep -q -- '--table=NAME|FILE' <("$mockd" --help)

finish
