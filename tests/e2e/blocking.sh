#!/usr/bin/env bash
# The README's example: 100 requests under a cap of 30 take four rounds.
# shellcheck source=tests/common.sh
. tests/common.sh
example=$build/tests/example_blocking

began=$(date +%s%N)
out=$("$example" 0.05)
took_ms=$((($(date +%s%N) - began) / 1000000))
is 'all are done' '100 done' "$out"
ok "it took $took_ms ms, at least 200" [ "$took_ms" -ge 200 ]
finish
