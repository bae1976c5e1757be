# All variants in grey; what no other beats in both, in blue.
set lmargin at screen x(0.075)
set rmargin at screen x(0.975)
set tmargin at screen y(0.825)
set bmargin at screen y(0.13)
plot data skip 1 using 1:($3 == 0 ? $2 / unit : NaN) \
        with points pt 7 ps 0.8 lc rgb '#9A9A9A', \
    data skip 1 using ($3 > 0 ? $1 : NaN):($2 / unit) \
        with points pt 7 ps 1.2 lc rgb colour[1]
