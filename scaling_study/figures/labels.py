"""Names beside points, placed so that they do not cover each other."""

from matplotlib.text import Text
from matplotlib.transforms import Bbox

# Offsets in points and alignments that are tried in turn, the right side first.
BELOW_RIGHT, ABOVE_LEFT = ((5, -4), "left", "top"), ((-5, 4), "right", "bottom")
PLACES = (
    BELOW_RIGHT, ((7, 0), "left", "center"), ((5, 4), "left", "bottom"), ((0, -7), "center", "top"), ABOVE_LEFT,
    ((-7, 0), "right", "center"), ((-5, -4), "right", "top"), ((0, 7), "center", "bottom"),
    ((12, -14), "left", "top"), ((12, 14), "left", "bottom"), ((-12, -14), "right", "top"),
    ((0, -16), "center", "top"), ((-8, -24), "center", "top"), ((0, 16), "center", "bottom"),
)  # fmt: skip
MARKER_PIXELS = 5
FAR_POINTS = 8  # from here on a thin line leads from the text to its point


def name_points(axes, points, first=BELOW_RIGHT):
    """Write the texts of ``points``, (x, y, text), each where it meets no other text, no point and no edge.

    Call it last: it lays the figure out, and later changes would move the texts onto each other.
    first: the place that is tried before all others.
    """
    figure = axes.figure
    figure.draw_without_rendering()
    taken = [around(axes.transData.transform((x, y))) for x, y, _ in points] + curves(axes)
    taken += [extent(text) for text in axes.texts]
    if legend := axes.get_legend():
        taken.append(legend.get_window_extent())
    for x, y, text in sorted(points, reverse=True):  # those near the right edge have the least choice
        for offset, horizontal, vertical in (first, *PLACES):
            leader = {"arrowstyle": "-", "linewidth": 0.5} if max(map(abs, offset)) > FAR_POINTS else None
            label = axes.annotate(
                text, (x, y), offset, textcoords="offset points", fontsize=7, ha=horizontal, va=vertical,
                arrowprops=leader,
            )  # fmt: skip
            box = extent(label)
            if axes.bbox.containsx(box.x1) and axes.bbox.containsx(box.x0) and not box.count_overlaps(taken):
                break
            label.remove()
        else:  # nowhere: then at least beside its point
            label = axes.annotate(text, (x, y), first[0], textcoords="offset points", fontsize=7)
        taken.append(extent(label))


def extent(label):
    """Box of the text alone; an annotation's own includes its line."""
    label.get_window_extent()  # moves the text to where its offset puts it
    return Text.get_window_extent(label)


def around(pixel):
    return Bbox.from_bounds(pixel[0] - MARKER_PIXELS, pixel[1] - MARKER_PIXELS, 2 * MARKER_PIXELS, 2 * MARKER_PIXELS)


def curves(axes):
    """Small boxes along the lines that are drawn."""
    drawn = [line for line in axes.lines if line.get_linestyle() != "None"]
    pixels = [axes.transData.transform(line.get_path().interpolated(25).vertices) for line in drawn]
    return [Bbox.from_bounds(x - 1, y - 1, 2, 2) for line in pixels for x, y in line]
