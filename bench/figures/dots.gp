# A row for each name; the series lie a little apart, so that none is hidden.
set rmargin at screen x(0.975)
set tmargin at screen y(0.815)
set bmargin at screen y(0.13)
set grid x lt 1 lc rgb pale lw 0.7
set key at screen 0.985, 0.862 right top horizontal Left reverse samplen 0.6 \
    font face.',11.5' tc rgb '#333333'
if (narrow) { unset key }
apart(s) = series < 2 ? 0 : (series < 3 ? 0.3 : 0.5) * ((s - 1) / (series - 1.0) - 0.5)
plot for [s = 1:series] data skip 1 \
        using ($2 == s - 1 ? $3 : NaN):($1 + apart(s)) \
        with points pt mark[pick(s)] ps 1 lc rgb colour[pick(s)] \
        title name[s]
