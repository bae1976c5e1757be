#!/usr/bin/env bash
# Long runs of the simulator against queueing theory:  tests/study.sh BUILD
#
# Each row is a scenario whose answer is known in closed form.  20 replications
# with fixed seeds: the mean must lie within the 99.9 % interval, so a row
# passes always or never.  STUDY_HOURS=20 (default 500) makes it short.
set -u
tierlab=${1:?usage: tests/study.sh BUILD}/tierlab
hours=${STUDY_HOURS:-500}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# t(.9995) / t(.975) at 19 degrees of freedom.
widen=1.855

# theory PROGRAM: a number, with the functions of the oracles.
theory() {
    awk '
    # Mean wait in M/M/c with service of 1 s (Erlang C).
    function erlang_wait(c, load,    k, term, sum) {
        term = 1
        for (k = 0; k < c; k++) { sum += term; term *= load / (k + 1) }
        term *= c / (c - load)
        return term / (sum + term) / (c - load)
    }
    # P(work in M/D/1 <= x), service of 1 s.
    function work_below(x, rho,    k, j, term, sum) {
        for (k = 0; k <= x; k++) {
            term = exp(-rho * (k - x))
            for (j = 1; j <= k; j++) term *= rho * (k - x) / j
            sum += term
        }
        return (1 - rho) * sum
    }
    # Mean wait for a bucket of b that refills 1 a second.
    function bucket_wait(b, rho,    n, i, sum, w, h) {
        n = 400 * (b - 1); h = (b - 1) / n
        for (i = 0; i <= n; i++) {
            w = i == 0 || i == n ? 1 : i % 2 ? 4 : 2
            sum += w * (1 - work_below(i * h, rho))
        }
        return rho / (2 * (1 - rho)) - sum * h / 3
    }
    # Share refused by a bucket of b that refills 1 a second: M/D/1/b.
    function bucket_refused(b, rho,    j, i, a, p, next_p, total) {
        a[0] = exp(-rho)
        for (j = 1; j <= b; j++) a[j] = a[j - 1] * rho / j
        p[0] = total = 1
        for (j = 0; j < b - 1; j++) {
            next_p = p[j] - p[0] * a[j]
            for (i = 1; i <= j; i++) next_p -= p[i] * a[j - i + 1]
            total += p[j + 1] = next_p / a[0]
        }
        return 1 - 1 / (p[0] / total + rho)
    }
    BEGIN { print '"$1"' }'
}

# scenario NAME PROVIDER CLIENT RATE
scenario() {
    cat >"$work/$1.json" <<JSON
{"name": "$1", "duration": "${hours}h", "replications": 20, "seed": 7,
 "provider": {$2}, "client": {"strategy": "round_robin", $3},
 "workload": {"model": "study", "arrivals": {"poisson": "$4/m"}}}
JSON
    "$tierlab" bench "$work/$1.json" -o "$work/$1" --no-figures --json \
        2>"$work/err" >"$work/$1.out" || cat "$work/err"
}

# figure NAME PATTERN: "mean ci95" of the object that follows the pattern.
figure() {
    sed -n "s/.*$2"'{"mean":\([^,]*\),"ci95":\([^,]*\),.*/\1 \2/p' \
        "$work/$1.out"
}

# verdict NAME THEORY MEAN CI95
verdict() {
    if awk -v name="$1" -v t="$2" -v m="${3:-x}" -v c="${4:-0}" \
        -v w=$widen 'BEGIN {
            d = m > t ? m - t : t - m
            printf "%-44s theory %9.5f  found %9.5f +- %.5f\n", name, t, m, c * w
            exit !(c > 0 && d <= c * w)
        }'; then
        passed=$((passed + 1))
    else
        echo "failed: $1"
        failed=$((failed + 1))
    fi
}

wait_row() {
    local m c
    read -r m c <<<"$(figure "$1" '"wait_ms":{"mean":')"
    verdict "$1: mean wait, s" "$2" "$(awk "BEGIN { print ${m:-0} / 1000 }")" \
        "$(awk "BEGIN { print ${c:-0} / 1000 }")"
}

refused_row() {
    local m c n
    read -r m c <<<"$(figure "$1" '"http_429":')"
    read -r n _ <<<"$(figure "$1" '"attempts":')"
    verdict "$1: share refused" "$2" \
        "$(awk "BEGIN { print ${m:-0} / ${n:-1} }")" \
        "$(awk "BEGIN { print ${c:-0} / ${n:-1} }")"
}

printf '%s\n' '@as_of 2026-01' '@source study Made for this study' \
    '@tier tier1 0 0 1000000000' 'study tier1 - 60 - - - - - -' \
    >"$work/60rpm.tsv"
bucket() {
    local share
    share=$(awk "BEGIN { print $1 / 60 }")
    echo "\"table\": \"60rpm.tsv\", \"burst\": $share, \"latency\": \"1ms\""
}

none='"table": "none", "latency":'
scenario M-M-1 "$none {\"exponential\": {\"mean\": \"1s\"}}" '"cap": 1' 48
wait_row M-M-1 "$(theory 'erlang_wait(1, 0.8)')"
scenario M-D-1 "$none \"1s\"" '"cap": 1' 48
wait_row M-D-1 "$(theory '0.8 / (2 * 0.2)')"
scenario M-M-5 "$none {\"exponential\": {\"mean\": \"1s\"}}" '"cap": 5' 240
wait_row M-M-5 "$(theory 'erlang_wait(5, 4)')"
for b in 3 10; do
    scenario waiting-$b "$(bucket $b)" '"limits": "known"' 54
    wait_row waiting-$b "$(theory "bucket_wait($b, 0.9)")"
done
blind='"limits": "none", "retry": {"max": 0}'
scenario refused-3 "$(bucket 3)" "$blind" 54
refused_row refused-3 "$(theory 'bucket_refused(3, 0.9)')"
for b in 10 60; do
    scenario refused-$b "$(bucket $b)" "$blind" 63
    refused_row refused-$b "$(theory "bucket_refused($b, 1.05)")"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
