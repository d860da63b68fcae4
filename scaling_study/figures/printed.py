"""Charts as matplotlib Figures, for print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context, rcParams, rcParamsDefault
from matplotlib.figure import Figure

from scaling_study.figures.chart import Marks
from scaling_study.figures.fitting import fit_labels, letters, put_title
from scaling_study.figures.panels import SCREEN, draw_panel, label_edges, legend_handles, write_texts

if TYPE_CHECKING:
    from scaling_study.figures.chart import Chart, Panel

SETTINGS = {"svg.hashsalt": "scaling_study", "svg.fonttype": "none", "pdf.fonttype": 42}  # beside matplotlib's own
ORDER = ("png", "svg", "pdf")
UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}  # a file is the same whenever it is written
NARROW = 4.6  # inches: in a narrower column, panels stand below each other
LEAST_SHRUNK = 0.7  # of the height: texts are not shrunk as much as a column is
SHARING: dict[str | None, Any] = {"all": True, "line": "col", None: False}


def save(
    chart: Chart, stem: Path, formats: Sequence[str], style: Mapping[str, Any] = SCREEN, width: float | None = None
) -> list[Path]:
    """Write ``chart`` as ``<stem>.<format>`` for each format; returns the paths. style, width: as of ``figure_of``."""
    return write_figure(partial(figure_of, chart, style, width), stem, formats)


def write_figure(draw: Callable[[], Figure], stem: Path, formats: Sequence[str]) -> list[Path]:
    """Write the Figure that ``draw()`` gives as ``<stem>.<format>`` for each format; returns the paths.

    Matplotlib's own settings hold meanwhile, whatever the user's are. The same figure in the same formats gives the
    same bytes: they are written in one order, since each leaves traces in the last digits of the next. PDF files hold
    their fonts.
    """
    defaults: Any = {key: value for key, value in rcParamsDefault.items() if key != "backend"}
    with rc_context(defaults | SETTINGS):
        figure = draw()
        stem.parent.mkdir(parents=True, exist_ok=True)
        files = [stem.with_name(f"{stem.name}.{kind}") for kind in sorted(formats, key=ORDER.index)]
        for file in files:
            figure.savefig(file, dpi=150, metadata=UNDATED.get(file.suffix))
    return files


def figure_of(chart: Chart, style: Mapping[str, Any] = SCREEN, width: float | None = None) -> Figure:
    """``chart`` as a Figure. style: sizes of texts, as SCREEN; width: in inches, of a column of a paper; None: the
    chart's own."""
    with rc_context(dict[Any, Any](style)):
        if width is not None:
            chart = narrowed(chart, width)
        figure = Figure(figsize=chart.size, layout="constrained")
        grid = figure.subplots(
            len(chart.panels),
            len(chart.panels[0]),
            sharex=SHARING[chart.share_x],
            sharey="row" if chart.share_y == "line" else SHARING[chart.share_y],
            width_ratios=chart.widths,
            squeeze=False,
        )
        panels = list(zip(grid.flat, chart.flat, strict=True))
        for axes, panel in panels:
            draw_panel(axes, panel, legend=not chart.legend)
        label_edges(grid, chart)
        put_title(figure, chart.title)
        if chart.legend:
            handles = legend_handles(chart.flat)
            longest = max((len(handle.get_label()) for handle in handles), default=1)
            columns = max(1, int(letters(figure.get_figwidth(), rcParams["legend.fontsize"]) / (longest + 8)))
            figure.legend(handles=handles, frameon=False, loc="outside lower center", ncols=min(len(handles), columns))
        fit_labels(figure)
        for axes, panel in panels:
            write_texts(axes, panel)
        return figure


def narrowed(chart: Chart, width: float) -> Chart:
    """``chart`` in a column of ``width`` inches: panels below each other where it is narrow, and the legend below where
    all panels have the same."""
    if width >= NARROW:
        own_width, own_height = chart.size
        return chart._replace(size=(width, own_height * max(width / own_width, LEAST_SHRUNK)))
    named = max((len(panel.y.texts or ()) for panel in chart.flat), default=0)
    height = max(1.8, 0.9 + 0.16 * named) if named else 0.75 * width
    alike = len({tuple(names(panel)) for panel in chart.flat}) == 1
    below = 0.18 * (len(names(chart.flat[0])) + 1) / 2 if alike else 0.0
    return chart._replace(
        panels=tuple((panel,) for panel in chart.flat),
        size=(width, height * len(chart.flat) + 0.5 + below),
        share_x=None,
        share_y="all" if chart.share_y == "all" else None,
        widths=None,
        legend=chart.legend or alike,
    )


def names(panel: Panel) -> list[str]:
    """Those in the legend."""
    return list(dict.fromkeys(marks.name for marks in panel.marks if isinstance(marks, Marks) and marks.name))
