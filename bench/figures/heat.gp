# A cell for each pair, the darker the more, and its number in it.
set border 0
unset grid
set tics scale 0
set rmargin at screen x(0.975)
set tmargin at screen y(0.825)
set palette defined (0 '#EAF2F8', 1 '#0072B2')
set cbrange [least:most]
unset colorbox
dark(v) = v > least + 0.6 * (most - least)
plot data skip 1 using 1:2:($1 - 0.485):($1 + 0.485):($2 - 0.47):($2 + 0.47):3 \
        with boxxyerror fc palette fs solid 1 noborder, \
    data skip 1 using 1:2:(dark($3) ? '' : strcol(4)) \
        with labels rotate by upright * 90 tc rgb '#333333', \
    data skip 1 using 1:2:(dark($3) ? strcol(4) : '') \
        with labels rotate by upright * 90 tc rgb '#FFFFFF'
