#!/usr/bin/env bash
# `make layers` fails when an arrow is broken: a bad file is laid into a copy
# of the sources, or compiled into a copy of the archives.
set -u
build=$(cd "${BUILD:-build}" && pwd)
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# A copy of the sources and of the archives.
mkdir "$work/tree" "$work/build"
cp -r limiter sim mockserver bench "$work/tree"
cp "$build"/lib*.a "$work/build"

# verdict EXPECTED-STATUS DESCRIPTION: what it says comes to $work/out.
verdict() {
    (cd "$work/tree" && "$root/tests/layers.sh" "$work/build") \
        >"$work/out" 2>&1
    local status=$?
    if [ "$status" -eq "$1" ]; then
        passed=$((passed + 1))
    else
        echo "failed: $2 (exit status $status)"
        cat "$work/out"
        failed=$((failed + 1))
    fi
}

# says WORDS DESCRIPTION
says() {
    if grep -qF -- "$1" "$work/out"; then
        passed=$((passed + 1))
    else
        echo "failed: $2: not in:"
        cat "$work/out"
        failed=$((failed + 1))
    fi
}

# What is laid into the copies, and the words that have to tell of it.
words=() what=()

# source_line FILE LINE WORDS
source_line() {
    echo "$2" >>"$work/tree/$1"
    words+=("$1: $3")
    what+=("$2 in $1")
}

# code LIBRARY TEXT WORDS
code() {
    local name=bad${#words[@]}
    printf '%s\n' "$2" >"$work/$name.c"
    cc -w -c -o "$work/$name.o" "$work/$name.c" &&
        ar r "$work/build/lib$1.a" "$work/$name.o" 2>/dev/null
    words+=("$3")
    what+=("$2 in $1")
}

verdict 0 'the tree as it is'
says 'holds' 'the tree as it is'

source_line limiter/window.c '#include "sim/world.h"' '"sim/world.h"'
verdict 1 'one line in one file'
source_line limiter/pool.h '# include <time.h>' '<time.h>'
source_line limiter/window.c '#include "pool.h"' '"pool.h"'
source_line sim/world.c '#include "mockserver/loop.h"' '"mockserver/loop.h"'
source_line sim/world.h '#include <pthread.h>' '<pthread.h>'
source_line mockserver/loop.c '#include "bench/path.h"' '"bench/path.h"'
source_line mockserver/loop.h '#include <curl/curl.h>' '<curl/curl.h>'

code limiter '#include <time.h>
long lim_t(void) { struct timespec t; return clock_gettime(0, &t); }' \
    'limiter may not call clock_gettime'
code limiter 'void sim_world_new(void);
void lim_x(void) { sim_world_new(); }' \
    'limiter may not call sim_world_new'
code limiter 'int helper(void) { return 1; }' 'limiter may not export helper'
code limiter 'int lim_count;int printf(const char *, ...);
void lim_y(void) { printf("%d", lim_count); }' 'may not call printf'
code sim 'int rand(void); int sim_r(void) { return rand(); }' \
    'may not call rand'
code sim 'int mock_x(void); int sim_m(void) { return mock_x(); }' \
    'may not call mock_x'
code mockserver 'int sim_y(void) { return 1; }' \
    'mockserver may not export sim_y'
code bench 'int table(void) { return 1; }' 'bench may not export table'

verdict 1 'all of it at once'
for i in "${!words[@]}"; do
    says "${words[i]}" "${what[i]}"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
