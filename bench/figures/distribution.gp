# Quantiles, each step to the right ten times rarer.
set lmargin at screen x(0.075)
set tmargin at screen y(0.825)
set bmargin at screen y(0.13)
set xlabel 'share of requests that are faster' tc rgb '#333333'
plot for [s = 1:series] data skip 1 \
        using ($1 == s - 1 ? $2 : NaN):($3 / unit) \
        with lines lw breadth(s, series) lc rgb colour[pick(s)], \
    for [s = 1:series] data skip 1 \
        using ($1 == s - 1 ? $2 : NaN):($3 / unit) \
        with points pt mark[pick(s)] ps 0.85 lc rgb colour[pick(s)]
