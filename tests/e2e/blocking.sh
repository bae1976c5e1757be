#!/usr/bin/env bash
# The README's example: 100 requests under a cap of 30 take four rounds.
set -u
example=${BUILD:-build}/tests/example_blocking
passed=0 failed=0

began=$(date +%s%N)
out=$("$example" 0.05)
took_ms=$((($(date +%s%N) - began) / 1000000))
check() {
    if "$@"; then
        passed=$((passed + 1))
    else
        echo "failed: $* (printed: $out)"
        failed=$((failed + 1))
    fi
}

check [ "$out" = "100 done" ]
check [ "$took_ms" -ge 200 ]
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
