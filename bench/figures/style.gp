# The look of every figure.  Colours: Okabe and Ito's, which people with any
# kind of colour vision tell apart; for text the light ones are darkened.
set encoding utf8
set decimalsign '.'
set datafile separator ','
array colour[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', \
                   '#E69F00', '#56B4E9', '#000000', '#8C6D1F']
array ink[8] = ['#005F96', '#B34700', '#00755A', '#A8487F', \
                '#996900', '#1F77A8', '#000000', '#6B5317']
array mark[8] = [7, 5, 9, 13, 6, 4, 8, 12]
grey = '#595959'
pale = '#D9D9D9'
pick(i) = 1 + (i - 1) % 8
# Lines that lie on each other stay visible: the first is the broadest.
breadth(i, n) = n < 2 ? 2.4 : 5.6 - 3.8 * (i - 1) / (n - 1.0)
at_least(x, least) = x < least ? least : x
unset key
set border 3 lc rgb grey lw 1
set tics nomirror out scale 0.5 tc rgb '#333333'
set grid y lt 1 lc rgb pale lw 0.7
set style fill transparent solid 0.16 noborder
set errorbars 0.6
