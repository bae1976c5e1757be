#!/usr/bin/env bash
# The rule of the layers, bench -> mockserver -> sim -> limiter -> libc, as a
# program: includes against the arrows, what the core calls against lists of
# what it may call, exports against the folder's prefix.
#
#     tests/layers.sh BUILD        in the root of the project, after a build
set -u
LC_ALL=C
export LC_ALL

build=${1:?usage: tests/layers.sh BUILD}
broken=0

report() {
    printf 'layers: %s\n' "$*" >&2
    broken=1
}

pure='<(assert|ctype|errno|inttypes|limits|math|stdalign|stdarg|stdbool|stddef|stdint|stdio|stdlib|string)[.]h>'
threads='<(pthread|time)[.]h>'

# includes FOLDER ALLOWED [FORBIDDEN]: every include of the folder's files,
# written "FILE: <x.h>", must match the one pattern and not the other.
includes() {
    local line
    while IFS= read -r line; do
        report "not to be included there: $line"
    done < <(find "$1" -name '*.[ch]' -print0 | sort -z |
        xargs -0r grep -HE '^[[:space:]]*#[[:space:]]*include' |
        sed 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/: /' |
        grep -vE "^limiter/blocking\.c: $threads" |
        awk -v yes=": ($2)" -v no=": (${3:-$})" '$0 !~ yes || $0 ~ no')
}

check_includes() {
    includes limiter "\"limiter/|$pure"
    includes sim "\"(limiter|sim)/|$pure"
    includes mockserver '"(limiter|sim|mockserver)/|<' '<(curl|CUnit)/'
    includes bench '"(limiter|sim|mockserver|bench)/|<' '<CUnit/'
}

# What the compiler itself may call, with hardening and sanitizers too.
compiler='_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__[a-z]+_chk|__(u?div|u?divmod|u?mod|mul|float|float_?un|fix|fixuns)[dtsx][dtsifx]+[0-9]?'
compiler+='|__(a|ub|t|m|l)san_.*|__sanitizer_.*|__gcov_.*|__sancov_.*|__start___sancov.*|__stop___sancov.*|__tls_get_addr'
# What picks the clone of a function for this processor: limiter/row.h.
compiler+='|__cpu_(model|features2|indicator_init)'

libc='mem(chr|cmp|cpy|move|set)'
libc+='|str(chr|cmp|cpy|cspn|len|ncasecmp|ncmp|nlen|pbrk|rchr|spn|str)|strcasecmp'
libc+='|strto(d|l|ll|ul|ull|imax|umax)|(__isoc[0-9]+_)?strto(d|l|ll|ul|ull)'
libc+='|malloc|calloc|realloc|free|qsort|bsearch|v?snprintf|__assert_fail|abort'
libc+='|__ctype_b_loc|__ctype_tolower_loc|__ctype_toupper_loc|is(alnum|alpha|digit|space|upper|xdigit)|to(lower|upper)|__errno_location'

libm='ceil|exp|exp2|expm1|fabs|floor|fma|fmax|fmin|frexp|ldexp|llround|log|log1p|log2|lround|nearbyint|pow|rint|round|sqrt|trunc'

locks='pthread_(cond_(destroy|init|signal|timedwait|wait)|condattr_(destroy|init|setclock)|mutex_(destroy|init|lock|unlock)|mutexattr_(destroy|init|settype)|setcancelstate)|clock_gettime'

# calls FILE: the symbols that a relocatable object leaves open.
calls() { nm -u "$1" | awk '{print $NF}' | sort -u; }

# may_call NAME OBJECT PATTERN
may_call() {
    local symbol
    while IFS= read -r symbol; do
        report "$1 may not call $symbol"
    done < <(calls "$2" | grep -vxE "$compiler|$3")
}

# whole OUT ARCHIVE...: one object of all that the archives hold.
whole() {
    local out=$1
    shift
    ld -r -o "$out" --whole-archive "$@" || report "cannot join $*"
}

check_calls() {
    local d=$build/layers
    rm -rf "$d"
    mkdir -p "$d/blocking"
    cp "$build/liblimiter.a" "$d/core.a"
    ar d "$d/core.a" blocking.o
    (cd "$d/blocking" && ar x ../../liblimiter.a blocking.o)
    whole "$d/limiter.o" "$d/core.a"
    whole "$d/both.o" "$build/libsim.a" "$d/core.a"
    may_call limiter "$d/limiter.o" "$libc"
    may_call 'limiter/blocking' "$d/blocking/blocking.o" \
        "$libc|$locks|lim_[a-z0-9_]+"
    may_call 'sim (or limiter)' "$d/both.o" "$libc|$libm"
}

# exports FOLDER ARCHIVE PREFIX
exports() {
    local symbol
    while IFS= read -r symbol; do
        report "$1 may not export $symbol"
    done < <(nm -g --defined-only "$2" | awk 'NF == 3 {print $3}' | sort -u |
        grep -vE "^(${3}_|text_${1}_|__?(odr_)?asan|__sancov|__start_|__stop_)")
}

for library in limiter sim mockserver bench; do
    if [ ! -s "$build/lib$library.a" ]; then
        echo "layers: $build/lib$library.a is not built" >&2
        exit 2
    fi
done
check_includes
check_calls
exports limiter "$build/liblimiter.a" lim
exports sim "$build/libsim.a" sim
exports mockserver "$build/libmockserver.a" mock
exports bench "$build/libbench.a" bench
if [ "$broken" -eq 0 ]; then
    echo 'layers: bench -> mockserver -> sim -> limiter -> libc holds'
fi
exit "$broken"
