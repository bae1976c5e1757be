#!/usr/bin/env bash
# tierlab run over TLS, to a server whose certificate is, or is not, trusted;
# and by a proxy of the environment.
# shellcheck source=tests/common.sh
. tests/common.sh

export OPENAI_API_KEY=sk-mock-a-1
run() { "$tierlab" run -y "$@" --set client.cap=1 2>"$tmp/err"; }
for i in 1 2 3; do
    echo '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content":' \
        "\"$i\"}]}"
done >"$tmp/in.jsonl"
decisions() {
    curl -s "$url/mock/state" | grep -o '"decisions":[0-9]*' | cut -d: -f2
}

# The daemon is the proxy: it takes absolute targets, and answers for anybody.
start --no-limits --latency none
proxy=$url
env http_proxy="$proxy" OPENAI_BASE_URL=http://nowhere.invalid/v1 \
    "$tierlab" run -y "$tmp/in.jsonl" -o "$tmp/proxy.out" 2>"$tmp/err"
is 'by a proxy' '0 3' "$? $(wc -l <"$tmp/proxy.out")"
env http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 OPENAI_BASE_URL="$url/v1" \
    "$tierlab" run -y "$tmp/in.jsonl" -o "$tmp/none.out" 2>"$tmp/err"
is 'not where no_proxy says so' '0 3' "$? $(wc -l <"$tmp/none.out")"

if ! command -v openssl >/dev/null; then
    skip 6 'openssl is not here'
    finish
    exit
fi
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/key.pem" \
    -out "$tmp/cert.pem" -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>/dev/null

# A port that was free a moment ago.
start --no-limits --latency none
port=${url##*:}
start --no-limits --latency none

# tls COUNT: carries as many connections to the daemon, one after the other.
carrier=''
tls() {
    local to=${url##*:}
    untls
    # shellcheck disable=SC2094
    {
        exec 3<>"/dev/tcp/127.0.0.1/$to"
        exec openssl s_server -quiet -accept "127.0.0.1:$port" -naccept "$1" \
            -cert "$tmp/cert.pem" -key "$tmp/key.pem" <&3 >&3 2>/dev/null
    } &
    carrier=$!
    for _ in $(seq 50); do
        grep -qi ":$(printf %04X "$port") .* 0A " /proc/net/tcp && break
        sleep 0.05
    done
}
untls() {
    [ -z "$carrier" ] || { kill "$carrier" && wait "$carrier"; } 2>/dev/null
    carrier=''
}
trap 'untls; stop; rm -rf "$tmp"' EXIT
export OPENAI_BASE_URL=https://localhost:$port/v1

tls 1
run "$tmp/in.jsonl" -o "$tmp/bad.out" --set client.retry.max=0
is 'a certificate that nobody vouches for' 1 $?
ok 'is told' grep -q '"no_answer","message":"SSL' "$tmp/bad.out.errors.jsonl"
is 'and nothing was sent' 0 "$(decisions)"
tls 1
run "$tmp/in.jsonl" -o "$tmp/good.out" --cacert "$tmp/cert.pem"
is 'one that --cacert vouches for' '0 3' "$? $(wc -l <"$tmp/good.out")"
tls 1
OPENAI_BASE_URL=https://127.0.0.1:$port/v1 run "$tmp/in.jsonl" \
    -o "$tmp/name.out" --cacert "$tmp/cert.pem" --set client.retry.max=0
is 'of another name' 1 $?
run "$tmp/in.jsonl" -o "$tmp/odd.out" --cacert "$tmp/none.pem"
is 'authorities that are not there' 2 $?
finish
