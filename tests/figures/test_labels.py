"""Texts beside points cover neither each other nor a legend, in any figure of the committed studies."""

from matplotlib.figure import Figure

from scaling_study.figures.labels import extent, name_points


def boxes(figure):
    """For each axes of the figure: (axes, boxes of the texts inside it and of its legend)."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        found = [(text.get_text(), extent(text)) for text in axes.texts]
        if legend := axes.get_legend():
            found.append(("legend", legend.get_window_extent()))
        yield axes, found


def outer_texts(figure):
    """(text, box) of titles, axis labels and tick labels of the figure; invisible and empty ones left out."""
    figure.draw_without_rendering()
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            texts += [tick.label1 for tick in ticks if tick.label1.get_visible()]
    return [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]


def test_a_text_without_room_on_the_right_goes_beside_its_error_bar():
    axes = Figure(figsize=(4, 3)).add_subplot()
    axes.errorbar([0, 1], [0, 1], yerr=[[0.5, 0.5]] * 2)
    axes.set_xlim(0, 1.1)
    name_points(axes, [(1, 1, "w=2.06", "below right", None)])
    (text,) = axes.texts
    left, right = extent(text).intervalx
    bar, _ = axes.transData.transform((1, 1))
    assert not left <= bar <= right
