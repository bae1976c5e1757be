#!/usr/bin/env bash
# Drawn scenarios in simulator and mock server, nanosecond by nanosecond
# (tests/lockstep.c).  LOCKSTEP_SEEDS tells how many; make study takes more.
set -u
build=${BUILD:-build}
exec "$build/tests/lockstep" "$build/tierlab-mockd" 1 "${LOCKSTEP_SEEDS:-200}"
