# What is asked over time, as steps: the mean of an interval and the fullest of
# its minutes; and the limit.
set lmargin at screen x(0.095)
set rmargin at screen x(0.975)
set style fill solid 1 noborder
plot data skip 1 using 1:(column(mean + 1)) with fillsteps fc rgb '#CFE3F0', \
    data skip 1 using 1:(column(mean)) with steps lw 2 lc rgb colour[1], \
    capacity with lines dt 2 lw 2 lc rgb colour[2]
