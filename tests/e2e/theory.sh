#!/usr/bin/env bash
# The simulator against queueing theory, in a form of seconds: each scenario of
# bench/scenarios/theory for five hours, 20 times.  `make study` runs 500 hours.
exec env STUDY_HOURS="${STUDY_HOURS:-5}" tests/study.sh "${BUILD:-build}"
