#!/usr/bin/env bash
# How late the machine is: sleeps 2 ms again and again until it is ended, then
# prints two figures in microseconds: by how much it overslept more than it did
# in half of all cases (bash and the kernel need their time, too), on average
# and at most.  What runs beside it in real time was moved by as much at each of
# its steps.  See `late_begin` in tests/common.sh.
exec 9<> <(:) # nobody writes there: to read is to sleep, without a process
late=()
trap 'printf "%d\n" "${late[@]}" | sort -n | awk "
    { us[NR] = \$1; sum += \$1 }
    END {
        half = us[int((NR + 1) / 2)]
        printf(\"%d %d\n\", sum / NR - half, us[NR] - half)
    }"; exit' TERM
while :; do
    began=${EPOCHREALTIME/[.,]/}
    read -rt 0.002 -u 9
    late+=($((${EPOCHREALTIME/[.,]/} - began - 2000)))
done
