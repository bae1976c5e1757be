# Points over names: a bar for the interval, a dash across for the bound.
set key at screen 0.985, 0.872 right top horizontal Left reverse samplen 0.6 \
    font face.',11.5' tc rgb '#333333'
if (series < 2 || panel > 1 || narrow) { unset key }
plot \
    for [s = 1:bounds] data skip 1 every ::first[s]::ends[s] \
        using ($3 - dash):(column(bound) / unit):(2 * dash):(0) \
        with vectors nohead dt 2 lw 1.6 lc rgb grey notitle, \
    for [s = 1:series] data skip 1 every ::first[s]::ends[s] \
        using 3:(column(mean) / unit) \
        :(at_least(column(mean + 1) / unit, low)):(column(mean + 2) / unit) \
        with yerrorbars lw 1.8 pt 0 lc rgb colour[pick(s)] notitle, \
    for [s = 1:series] data skip 1 every ::first[s]::ends[s] \
        using 3:(column(mean) / unit) \
        with points pt mark[pick(s)] ps 1.3 lc rgb colour[pick(s)] \
        title name[s]
