#!/usr/bin/env bash
# The examples of the manual pages, taken out of the pages, run as they stand
# there, but for the port: a free one in place of the usual.
# shellcheck source=tests/common.sh
. tests/common.sh

# examples PAGE: its commands, one a line.
examples() {
    awk '
        /^\.Sh/ { inside = /EXAMPLES/ }
        !inside { next }
        /^\.Dl \$ / { sub(/^\.Dl \$ /, ""); print; next }
        /^\.Bd/ { literal = 1; line = ""; next }
        /^\.Ed/ { literal = 0; print line; next }
        literal { sub(/^ +/, ""); line = line (line == "" ? "" : " ") $0 }
    ' "$1"
}

# A folder to run in, which has the files that the pages take for granted, and
# the programs on the way to them.
lay_out() {
    local root=$PWD programs
    programs=$(cd "$build" && pwd)
    mkdir "$tmp/bin" "$tmp/here"
    ln -s "$programs/tierlab" "$tmp/bin/tierlab"
    printf '#!/bin/sh\necho $$ >%s\nexec %s --port 0 "$@"\n' "$tmp/pid" \
        "$programs/tierlab-mockd" >"$tmp/bin/tierlab-mockd"
    chmod +x "$tmp/bin/tierlab-mockd"
    ln -s "$root/bench" "$tmp/here/bench"
    cat >"$tmp/here/scenario.json" <<'END'
{"duration": "20s", "replications": 10,
 "provider": {"table": "none", "latency": "100ms"},
 "client": {"cap": 30}, "workload": {"model": "gpt-4",
 "arrivals": {"poisson": "600/m"}}}
END
    (cd "$tmp/here" && "$programs/tierlab" bench -q scenario.json -o base) \
        >"$tmp/base"
    export PATH=$tmp/bin:$PATH
}

# runs COMMAND
runs() {
    (cd "$tmp/here" && bash -c "$1") >"$tmp/out" 2>"$tmp/err" </dev/null &&
        return
    cat "$tmp/err"
    return 1
}

# serves COMMAND: it says where it listens, answers there, and ends as asked.
serves() {
    local shell code
    rm -f "$tmp/out" "$tmp/pid"
    runs "$1" &
    shell=$!
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$tmp/out" 2>/dev/null)
        [ -z "$url" ] || break
        sleep 0.05
    done
    code=$(curl -s -m 10 -o "$tmp/body" -w '%{http_code}' "$url/healthz")
    kill -TERM "$(cat "$tmp/pid")" && wait "$shell" && [ "$code" = 200 ]
}

# The example of a configuration is one.
configured() {
    awk '/^\.Sh/ { inside = /CONFIGURATION/ }
        inside && /^\.Ed/ { exit }
        literal { print }
        inside && /^\.Bd/ { literal = 1 }' mockserver/tierlab-mockd.1 \
        >"$tmp/here/page.json"
    grep -q organisations "$tmp/here/page.json" &&
        serves 'tierlab-mockd --config page.json'
}

lay_out
mapfile -t daemons < <(examples mockserver/tierlab-mockd.1)
mapfile -t commands < <(examples bench/tierlab.1)
is 'the pages have examples' 1 $((${#daemons[@]} >= 3 && ${#commands[@]} >= 5))
for command in "${daemons[@]}"; do
    ok "$command" serves "$command"
done
ok 'the configuration of the page' configured
for command in "${commands[@]}"; do
    case $command in
    *' -S a,b,c '* | *' shard-'*) echo "several machines: $command" ;;
    *) ok "$command" runs "$command" ;;
    esac
done

finish
