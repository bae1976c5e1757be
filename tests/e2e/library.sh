#!/usr/bin/env bash
# The library as a product: what the shared one exports and needs, and that
# limiter(3) names every function and has an example that runs.
# shellcheck source=tests/common.sh
. tests/common.sh
LC_ALL=C
export LC_ALL

manual=limiter/limiter.3

# The newest: another version may have been built there before.
shared=$(find "$build" -maxdepth 1 -name 'liblimiter.so.*' -printf '%T@ %p\n' |
    sort -n | tail -n 1 | cut -d' ' -f2-)
version=${shared##*/liblimiter.so.}
dynamic() {
    readelf -d "$shared" | sed -nE "s/.*\\($1\\).*\\[(.*)\\]/\\1/p"
}
is 'the name that programs look for' "liblimiter.so.${version%.*}" \
    "$(dynamic SONAME)"
is 'it needs libc alone' '' "$(dynamic NEEDED |
    grep -vE '^(libc|libpthread|libasan|libubsan|libtsan)\.so\.')"

# What is exported stands in a public header and in the manual.
words() { tr -cs 'A-Za-z0-9_' '\n' | grep '^lim_' | sort -u; }
mapfile -t public < <(sed -n 's/^#include "\(.*\)"/\1/p' limiter/limiter.h)
nm -D --defined-only "$shared" | awk '$2 != "A" {print $3}' |
    grep -vE '^(_*(a|ub|t)san|__odr_asan|_init$|_fini$)' | sort >"$tmp/exports"
cat "${public[@]}" | words >"$tmp/headers"
words <$manual >"$tmp/manual"
is 'it exports something' yes \
    "$([ "$(wc -l <"$tmp/exports")" -gt 50 ] && echo yes)"
is 'and nothing that is not declared' '' \
    "$(comm -23 "$tmp/exports" "$tmp/headers" | tr '\n' ' ')"
# These are called by functions in the headers of meters and windows alone.
is 'the manual has all of it' '' "$(comm -23 "$tmp/exports" "$tmp/manual" |
    grep -vE '^lim_(meter_other_|rate_(span|units)_wide$)' | tr '\n' ' ')"
is 'and nothing else' '' "$(comm -13 "$tmp/headers" "$tmp/manual" |
    grep -vx 'lim_plugin_strategy' | tr '\n' ' ')"
is 'each public header is in the manual' '' "$(for header in "${public[@]}"; do
    grep -qF ".It In $header" $manual || echo "$header"
done)"

# What can be chosen by name says where it is from and where it fails.
bare=
for file in limiter/{strategies,caps,queues,backoffs,disciplines}/*.c; do
    sed '/\*\//q' "$file" >"$tmp/head"
    grep -qi 'source:' "$tmp/head" && grep -qi 'pitfall' "$tmp/head" ||
        bare="$bare $file"
done
is 'each has a source and a pitfall' '' "$bare"

# The example of the manual is tests/example_limiter.c, to the letter.
awk '/^\.Ed/ {on = 0} on {print} /^\.Bd -literal/ {on = 1}' $manual |
    sed 's/\\e/\\/g' >"$tmp/example.c"
cmp "$tmp/example.c" tests/example_limiter.c
is 'the example of the manual' 0 $?
"$build/tests/example_limiter" >"$tmp/out"
is 'it runs (exit code)' 0 $?
is 'and does all requests' '11 succeeded' "$(tail -n 1 "$tmp/out")"
is 'each once, and the refused one again' '11 1 ' \
    "$(for n in 0 1; do grep -c "attempt $n goes" "$tmp/out"; done |
        tr '\n' ' ')"
is 'as many at once as the limits allow' 9 "$(grep -c '^ 0 s:' "$tmp/out")"

finish
