# A row for each plan.  Left its cost as a bar, right how long it waits: blue
# meets every objective, grey misses one, orange is too close to call.  Narrow,
# the one stands above the other, and both have the names.
set tmargin at screen y(narrow && panel == 2 ? 0.815 - below : 0.815)
set bmargin at screen y(narrow && panel == 2 ? 0.1 - below : 0.1)
unset grid
set grid x lt 1 lc rgb pale lw 0.7
set xtics nomirror scale 0.4
set style fill solid 1 noborder
array look[4] = ['#9A9A9A', colour[5], colour[1], '#9A9A9A']
if (panel == 1) {
    set lmargin at screen x(left)
    set rmargin at screen narrow ? x(0.9) : middle
    plot data skip 1 using ($2 / 2):1:(0):2:($1 - thick):($1 + thick) \
            with boxxyerror fc rgb '#CFE3F0', \
        data skip 1 using ($3 / 2):1:(0):3:($1 - thick):($1 + thick) \
            with boxxyerror fc rgb colour[1], \
        data skip 1 using 2:1:($2 > 0 && $3 > 0 && $2 > $3 \
            ? sprintf('$%.0f ($%.0f)', $2, $3) : sprintf('$%.0f', $2)) \
            with labels left offset character 0.5, 0 tc rgb '#333333'
} else {
    set lmargin at screen narrow ? x(left) : middle + 0.03
    set rmargin at screen x(0.97)
    if (!narrow) { unset ytics }
    plot for [k = 0:2] data skip 1 using ($4 == k && $5 / unit <= highest \
            ? $5 / unit : NaN):1:($6 / unit) \
            with xerrorbars lw 1.6 pt 7 ps 1.3 lc rgb look[k + 1], \
        for [k = 0:2] data skip 1 using ($4 == k && $5 / unit > highest \
            ? highest : NaN):1 with points pt 7 ps 1.3 lc rgb look[k + 1], \
        data skip 1 using ($4 < 3 ? highest : NaN):1:7 \
            with labels right offset character -1.2, 0 tc rgb grey, \
        data skip 1 using ($4 == 3 ? 0 : NaN):1:7 \
            with labels left offset character 0.8, 0 tc rgb grey
}
