# Four panels over one time axis.  Shares of time are drawn as steps: what is
# counted in an interval stands over the whole of it.
array top[4] = [0.825, 0.575, 0.405, 0.235]
array floor[4] = [0.625, 0.455, 0.285, 0.115]
set lmargin at screen x(0.075)
set rmargin at screen x(0.975)
do for [p = 1:4] {
    panel = p
    set tmargin at screen y(top[p])
    set bmargin at screen y(floor[p])
    set yrange [0:highest[p]]
    set ytics step[p]
    if (p > 1) { unset label 1; unset label 2; unset label 4 }
    set label 3 heading[p] at graph 0, graph 1 offset 0, character 0.75 \
        font face.',11' tc rgb grey
    if (p < 4) { set format x ''; unset xlabel } \
    else { set format x '%g'; set xlabel time_name tc rgb '#333333' }
    if (p == 1) {
        plot data skip 1 using 1:2 with fillsteps fc rgb pale \
                fs solid 0.75 noborder, \
            bound_rate with lines dt 2 lw 1.6 lc rgb grey, \
            data skip 1 using 1:3 with steps lw 2.2 lc rgb colour[1]
    }
    if (p == 2) {
        plot data skip 1 using 1:5 with fillsteps fc rgb colour[5] \
                fs transparent solid 0.35 noborder, \
            data skip 1 using 1:5 with steps lw 1.6 lc rgb colour[5]
    }
    if (p == 3) {
        plot data skip 1 using 1:6 with fillsteps fc rgb colour[3] \
                fs transparent solid 0.3 noborder, \
            data skip 1 using 1:6 with steps lw 1.6 lc rgb colour[3]
    }
    if (p == 4) {
        plot data skip 1 using 1:7 with fillsteps fc rgb colour[2] \
                fs solid 0.8 noborder
    }
}
