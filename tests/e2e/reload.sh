#!/usr/bin/env bash
# SIGHUP: the daemon reads its files again while it serves.
# shellcheck source=tests/common.sh
. tests/common.sh

# says NAME WORDS: on standard error, soon
says() {
    for _ in $(seq 100); do
        grep -qF -- "$2" "$tmp/daemon.err" && break
        sleep 0.02
    done
    is "$1" 1 "$(grep -cF -- "$2" "$tmp/daemon.err")"
}

# chat [KEY]: the status
chat() {
    curl -s -m 10 -o "$tmp/body" -w '%{http_code}' \
        -H "Authorization: Bearer ${1:-sk-mock-a-1}" -d '{"model": "gpt-4",
            "messages": [{"role": "user", "content": "Hello"}]}' \
        "$url/v1/chat/completions"
}

# config ORGANISATIONS [MORE]
config() {
    printf '{"table": "seed", "latency": "none", %s\n "organisations": [%s]}' \
        "${2:-}" "$1" >"$tmp/config.json"
}

free='{"name": "a", "tier": "free"}'
for threads in 1 2; do
    config "$free"
    start --config "$tmp/config.json" --threads "$threads"
    is 'three requests a minute' '200 200 200 429' \
        "$(chat) $(chat) $(chat) $(chat)"
    config "$free, {\"name\": \"b\"}" '"faults": {"http_503": 0},'
    kill -HUP "$pid"
    says 'it tells what came' 'read again: organisations added: 1,'
    is 'the newcomer is served, the old one still waits' '200 429' \
        "$(chat sk-mock-b-1) $(chat)"
    config '{"name": "a", "tier": "tier1"}, {"name": "b"}'
    kill -HUP "$pid"
    says 'it tells of a tier' 'moved to another tier: 1'
    is 'a higher tier' 200 "$(chat)"
    printf '{"table": "seed",\n"teir": 1}' >"$tmp/config.json"
    kill -HUP "$pid"
    says 'a bad file is named' "$tmp/config.json: teir: unknown key"
    says 'and nothing changed' 'nothing was changed'
    is 'it serves on' '200 200' "$(chat) $(chat sk-mock-b-1)"
    config '{"name": "a"}'
    kill -HUP "$pid"
    says 'nobody goes' '"b" is gone, and can not go while it serves'
    rm "$tmp/config.json"
    kill -HUP "$pid"
    says 'a file that is gone' "$tmp/config.json: cannot open"
    is 'still it serves' 200 "$(chat)"
    kill -TERM "$pid"
    wait "$pid"
    is 'and ends' 0 $?
    pid=
done

# Faults in a file of their own, without a configuration.
echo '{}' >"$tmp/faults.json"
start --no-limits --latency none --faults "$tmp/faults.json"
is 'no faults' 200 "$(chat)"
echo '{"http_500": 1}' >"$tmp/faults.json"
kill -HUP "$pid"
says 'faults are read again' 'read again'
is 'all fail' 500 "$(chat)"
stop

# Without a file to read, a hang-up ends it.
start --no-limits
kill -HUP "$pid"
wait "$pid" 2>/dev/null
is 'a hang-up' 129 $?
pid=

finish
