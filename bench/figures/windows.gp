# How far each organisation has used its scarcest window, over time.
set border 0
unset grid
set tics scale 0
set rmargin at screen x(0.895)
set tmargin at screen y(0.845)
set bmargin at screen y(0.13)
set style fill solid 1 noborder
set palette defined (0 '#EAF2F8', 94.9 '#0072B2', 95 '#D55E00', 100 '#D55E00')
set cbrange [0:100]
set format cb '%g %%'
set cbtics 20 scale 0
set colorbox user origin screen x(0.915), y(0.13) \
    size screen x(0.93) - x(0.915), y(0.845) - y(0.13) noborder
plot data skip 1 using (($1 + $2) / 2):3:1:2:($3 - 0.44):($3 + 0.44):4 \
        with boxxyerror fc palette fs solid 1 noborder
