# A row for each variant; better in blue, worse in orange, else grey.
set tmargin at screen 0.815
set bmargin at screen 0.13
set grid x lt 1 lc rgb pale lw 0.7
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 1.2 lc rgb grey
set label 3 unit_name at graph 0, graph 1 offset 0, character 0.9 \
    font face.sprintf(',%g', heading) tc rgb grey
plot for [c = 0:2] data skip 1 \
        using ($1 == panel - 1 && $6 == c ? $3 : NaN):2:4:5 \
        with xerrorbars lw 1.6 pt 7 ps 1 \
        lc rgb (c == 0 ? '#9A9A9A' : colour[c])
