# Lines over numbers: band, bound, line, and the value that stands apart.
# The labels at the lines' ends are set by the caller.
plot \
    for [s = 1:series] data skip 1 every ::first[s]::last[s] \
        using 3:(at_least(column(mean + 1) / unit, low)) \
        :(column(mean + 2) / unit) \
        with filledcurves fc rgb colour[pick(s)], \
    for [s = 1:bounds] data skip 1 every ::first[s]::ends[s] \
        using 3:(column(bound) / unit) \
        with lines dt 2 lw 1.6 lc rgb (bounds > 1 ? colour[pick(s)] : grey), \
    for [s = 1:series] data skip 1 every ::last[s]::ends[s] \
        using 3:(column(mean) / unit) \
        with lines dt 3 lw 1.6 lc rgb colour[pick(s)], \
    for [s = 1:series] data skip 1 every ::ends[s]::ends[s] \
        using 3:(last[s] < ends[s] ? column(mean) / unit : NaN) \
        :(at_least(column(mean + 1) / unit, low)):(column(mean + 2) / unit) \
        with yerrorbars lw 1.4 pt 0 lc rgb colour[pick(s)], \
    for [s = 1:series] data skip 1 every ::first[s]::last[s] \
        using 3:(column(mean) / unit) \
        with lines lw breadth(s, series) lc rgb colour[pick(s)], \
    for [s = 1:series] data skip 1 every ::first[s]::ends[s] \
        using 3:(column(mean) / unit) \
        with points pt mark[pick(s)] ps 0.85 lc rgb colour[pick(s)]
