#!/usr/bin/env bash
# Long runs of the simulator against queueing theory:  tests/study.sh BUILD
#
# Each row is a scenario of bench/scenarios/theory whose answer is known in
# closed form.  20 replications with fixed seeds: the mean must lie within the
# 99.9 % interval, so a row passes always or never.  STUDY_HOURS=20 (default
# 500) makes it short.
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
    # Wait in M/G/1 with lognormal service of that median and 95th percentile.
    function lognormal_wait(rate, p50, p95,    s, mean, square) {
        s = log(p95 / p50) / 1.6448536
        mean = p50 * exp(s * s / 2)
        square = p50 * p50 * exp(2 * s * s)
        return rate * square / (2 * (1 - rate * mean))
    }
    # Share lost by c servers without a queue, whatever the service (Erlang B).
    function erlang_loss(c, load,    k, b) {
        b = 1
        for (k = 1; k <= c; k++) b = load * b / (k + load * b)
        return b
    }
    # Mean wait for a bucket of b mean costs that refills one a second, when
    # costs are exponential.
    function exponential_wait(b, rho) {
        return exp(-(1 - rho) * b) / (1 - rho)
    }
    # P(X = k), X Poisson with mean m.
    function poisson(k, m,    i, p) {
        p = -m
        for (i = 1; i <= k; i++) p += log(m / i)
        return exp(p)
    }
    # Share refused by windows of n that begin with the minutes of the clock.
    function fixed_refused(n, m,    k, sum) {
        for (k = n + 1; k < n + 400; k++) sum += (k - n) * poisson(k, m)
        return sum / m
    }
    # Share refused by a log of n that holds refusals too: P(X >= n).
    function busy_log(n, m,    k, sum) {
        sum = 1
        for (k = 0; k < n; k++) sum -= poisson(k, m)
        return sum
    }
    # Requests a second of n users, one server, by exact mean value analysis;
    # service of 1 s, a mean thought of z.
    function closed_rate(n, z,    k, q, r, x) {
        for (k = 1; k <= n; k++) {
            r = 1 + q
            x = k / (z + r)
            q = x * r
        }
        return x
    }
    BEGIN { print '"$1"' }'
}

# scenario NAME [PARAMETER=VALUE]: runs it for that many hours.
scenario() {
    rm -rf "${work:?}/$1"
    "$tierlab" bench "bench/scenarios/theory/$1.json" -o "$work/$1" \
        --set duration="${hours}h" --no-figures --json ${2:+--set "$2"} \
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

# share_row NAME FIGURE OF WORD THEORY: the figure as a share of another.
share_row() {
    local m c n
    read -r m c <<<"$(figure "$1" "\"$2\":")"
    read -r n _ <<<"$(figure "$1" "\"$3\":")"
    verdict "$1: share $4" "$5" "$(awk "BEGIN { print ${m:-0} / ${n:-1} }")" \
        "$(awk "BEGIN { print ${c:-0} / ${n:-1} }")"
}
refused_row() {
    share_row "$1" http_429 attempts refused "$2"
}
expired_row() {
    share_row "$1" expired requests lost "$2"
}
goodput_row() {
    local m c
    read -r m c <<<"$(figure "$1" '"goodput_rpm":')"
    verdict "$1: requests a minute" "$2" "$m" "$c"
}

# wait_of NAME THEORY [PARAMETER=VALUE], refused_of likewise
wait_of() {
    scenario "$1" "${3:-}"
    wait_row "$1" "$(theory "$2")"
}
refused_of() {
    scenario "$1" "${3:-}"
    refused_row "$1" "$(theory "$2")"
}
more=workload.arrivals.poisson=66/m # a minute of 60 is offered 10 % too much

wait_of M-M-1 'erlang_wait(1, 0.8)'
wait_of M-D-1 '0.8 / (2 * 0.2)'
wait_of M-G-1 'lognormal_wait(0.8, 0.6, 2)'
wait_of M-M-5 'erlang_wait(5, 4)'
scenario M-G-16-16
s='log(20 / 6) / 1.6448536'
expired_row M-G-16-16 "$(theory "erlang_loss(16, 98 / 60 * 6 * exp(($s) ^ 2 / 2))")"
scenario closed-loop
goodput_row closed-loop "$(theory '60 * closed_rate(8, 5)')"
wait_of bucket-waits-3 'bucket_wait(3, 0.9)'
wait_of bucket-waits-10 'bucket_wait(10, 0.9)'
refused_of bucket-refuses-3 'bucket_refused(3, 0.9)'
refused_of bucket-refuses-10 'bucket_refused(10, 1.05)'
refused_of bucket-refuses-60 'bucket_refused(60, 1.05)'
wait_of token-bucket-waits 'exponential_wait(15, 0.9)'
refused_of fixed-window 'fixed_refused(60, 54)'
refused_of fixed-window 'fixed_refused(60, 66)' $more
refused_of sliding-log 'erlang_loss(60, 54)'
refused_of sliding-log 'erlang_loss(60, 66)' $more
refused_of sliding-log-counts-refusals 'busy_log(60, 54)'
refused_of sliding-log-counts-refusals 'busy_log(60, 66)' $more

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
