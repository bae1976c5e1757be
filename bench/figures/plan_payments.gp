# A bar for each stay at a tier, the darker the higher, the plan's own in full
# colour; what is paid stands above its beginning.
set border 1
unset grid
set tics scale 0
set rmargin at screen x(0.965)
set tmargin at screen y(0.835)
set bmargin at screen y(0.13)
set style fill solid 1 noborder
set palette defined (0 '#E8E8E8', 0.5 '#E8E8E8', 1 '#E3EEF6', 4 '#A9CCE3', 5 '#A9CCE3')
set cbrange [0:5]
unset colorbox
plot data skip 1 using (($1 + $2) / 2):3:1:2:($3 - 0.2):($3 + 0.2):4 \
        with boxxyerror fc palette, \
    data skip 1 using ($5 > 0 ? ($1 + $2) / 2 : NaN):3:1:2:($3 - 0.2):($3 + 0.2) \
        with boxxyerror fc rgb colour[1], \
    data skip 1 using 1:3:($5 > 0 ? '' : strcol(6)) \
        with labels left offset character 0.6, 0 tc rgb '#333333', \
    data skip 1 using 1:3:($5 > 0 ? strcol(6) : '') \
        with labels left offset character 0.6, 0 tc rgb '#FFFFFF', \
    data skip 1 using 1:($3 - 0.2):(strlen(strcol(7)) > 0 ? '▼' : '') \
        with labels center offset character 0, 0.35 tc rgb colour[2], \
    data skip 1 using 1:($3 - 0.2):7 \
        with labels left offset character 0.7, 0.55 tc rgb ink[2]
