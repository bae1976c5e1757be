# Title and finding, once a figure, but for a narrow one, whose page has them
# above; the unit above each panel's axis.
if (panel == 1 && !narrow) {
    set label 1 title at screen 0.016, (finding_goes_on eq '' ? 0.958 : 0.967) \
        font face.(strlen(title) > 66 ? ':Bold,11.5' : ':Bold,15') tc rgb 'black'
    set label 2 finding at screen 0.016, (finding_goes_on eq '' ? 0.905 : 0.92) \
        font face.',11' tc rgb grey
    set label 4 finding_goes_on at screen 0.016, 0.888 font face.',11' tc rgb grey
} else {
    unset label 1
    unset label 2
    unset label 4
}
set label 3 unit_name at graph 0, graph 1 offset 0, character 0.9 \
    font face.',11' tc rgb grey
