"""ImageNet classifiers: published accuracy, latency and memory against cost, in the spirit of Figures 1 and 5 of
Tan & Le (2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from scaling_study.analysis.latency import most_timed, setting_words
from scaling_study.figures.aggregation import wrapped
from scaling_study.figures.labels import ABOVE_LEFT, BELOW_RIGHT, name_points
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import CATEGORIES, GRID, HOLLOW, LABEL_SIZE, LINES, POINTS, TITLE_SIZE
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


FAMILY, OTHERS = (look | {"markersize": 6} for look in CATEGORIES[:2])
RATIOS = ("flops", "params", "activations", "activation_bytes")


def baselines(costs: pd.DataFrame) -> pd.DataFrame:
    """Unscaled rows of the cost table with the network's own stem, one per model."""
    standard = ~costs.small_stem.fillna(False).astype(bool)
    return costs[(costs.method == "baseline") & standard].drop_duplicates("model", keep="last")


def table2(costs: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """The paper's Table 2 with ``flops`` and ``params`` replaced by the measured ones of ``costs`` where the model is
    built here, as the column ``measured`` shows."""
    paper = published[published.table == "Table 2"].copy()
    mine = baselines(costs).set_index("model")
    paper["measured"] = paper.built_as.isin(mine.index)
    for column in ("flops", "params"):
        paper[column] = paper.built_as.map(mine[column].astype(float)).fillna(paper[column])
    return paper


ACCURACIES = "Accuracies: Tan & Le 2019, Table 2, one training each"


def accuracy(costs: pd.DataFrame, published: pd.DataFrame, column: str) -> Figure:
    """Published top-1 against the cost ``column``, flops or params."""
    return accuracy_against(table2(costs, published), column, ACCURACIES)


def accuracy_by_latency(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame) -> Figure:
    """Published top-1 against the median seconds of one image, of the networks that were timed in the setting with the
    most of them."""
    rows = timed(costs, latencies)
    points = table2(costs, published)
    points["latency_seconds"] = points.built_as.map(rows.set_index("model").seconds_median)
    return accuracy_against(points, "latency_seconds", f"{setting_words(rows.iloc[0])}\n{ACCURACIES}")


def accuracy_against(points: pd.DataFrame, column: str, title: str) -> Figure:
    """Top-1 against the cost ``column``, log scale: EfficientNet as a line, the rest as points."""
    points = points.dropna(subset=[column])
    x = METRICS[column].for_values(points[column])
    figure, axes = panel(f"{x.title}, log scale", "ImageNet top-1 accuracy, published (%)")
    family = points[points.model.str.startswith("EfficientNet")].sort_values(column)
    axes.plot(family[column] / x.scale, family.top1, color=FAMILY["color"])
    others = points[~points.model.isin(family.model)]
    for group, name, style in ((family, "EfficientNet", FAMILY), (others, "others", OTHERS)):
        for measured, fill, label in ((True, {}, "measured"), (False, HOLLOW, "as printed")):
            rows = group[group.measured == measured]
            if len(rows):
                look = style | POINTS | fill
                axes.plot(rows[column] / x.scale, rows.top1, label=f"{name}, cost {label}", **look)
    axes.legend(frameon=False, loc="lower right")
    axes.set_title(title, fontsize=TITLE_SIZE)
    names = points.model.str.replace("EfficientNet-", "")
    places = points.model.isin(family.model).map({True: ABOVE_LEFT, False: BELOW_RIGHT})
    name_points(axes, list(zip(points[column] / x.scale, points.top1, names, places, strict=True)))
    return figure


def memory(costs: pd.DataFrame, published: pd.DataFrame) -> Figure:
    """Bytes that training keeps per image against flops."""
    rows = baselines(costs)
    title = "Counted on the networks, 32-bit, without checkpointing"
    return against_flops(rows, rows.flops, "activation_bytes", printed=printed_names(published), title=title)


def latency(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame) -> Figure:
    """Median seconds of one image against flops, quartiles as bars, for the setting with the most models."""
    rows = timed(costs, latencies)
    flops = rows.variant_id.map(costs.set_index("variant_id").flops)
    repeats = f"; median and quartiles of {rows.repeats.min()} to {rows.repeats.max()} repetitions"
    title = setting_words(rows.iloc[0]) + (repeats if rows.repeats.notna().all() else "; repetitions are not known")
    bars = (rows.seconds_median - rows.seconds_p25, rows.seconds_p75 - rows.seconds_median)
    bars = tuple(bar.fillna(0) for bar in bars)  # of imported times
    return against_flops(rows, flops, "seconds_median", printed=printed_names(published), title=title, bars=bars)


def timed(costs: pd.DataFrame, latencies: pd.DataFrame) -> pd.DataFrame:
    """Rows of the latency table of one image, one per unscaled model, in the setting with the most of them."""
    single = latencies[(latencies.workload == "inference") & (latencies.batch_size == 1)]
    single = single[single.variant_id.isin(baselines(costs).variant_id)]
    return most_timed(single).drop_duplicates("model", keep="last") if len(single) else single


def printed_names(published: pd.DataFrame) -> dict[str, str]:
    """{model: its name in the paper's Table 2}, EfficientNet's shortened."""
    paper = published[(published.table == "Table 2") & published.built_as.notna()].set_index("built_as")
    return paper.model.str.replace("EfficientNet-", "").to_dict()


def against_flops(
    rows: pd.DataFrame, flops: pd.Series, column: str, *, printed: dict[str, str], title: str, bars: Any = None
) -> Figure:
    x, y = METRICS["flops"].for_values(flops), METRICS[column].for_values(rows[column])
    figure, axes = panel(f"{x.title}, log scale", f"{y.title}, log scale")
    axes.set_yscale("log")
    own = rows.family == "efficientnet"
    texts = []
    groups = ((own, FAMILY, "EfficientNet", ABOVE_LEFT), (~own, OTHERS | POINTS, "others", BELOW_RIGHT))
    for mine, style, label, place in groups:
        part = rows[mine].assign(x=flops[mine] / x.scale).sort_values("x")
        error = None if bars is None else [(bar[mine] / y.scale).loc[part.index].astype(float) for bar in bars]
        axes.errorbar(
            part.x.astype(float), part[column].astype(float) / y.scale, error, capsize=3, label=label, **style
        )
        names = part.model.map(lambda model: printed.get(model, model))
        points = zip(part.x.astype(float), part[column].astype(float) / y.scale, names, strict=True)
        texts += [(*point, place) for point in points]
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(lambda *_: "")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(frameon=False, loc="lower right")
    axes.set_title(wrapped(title), fontsize=TITLE_SIZE)
    name_points(axes, texts)
    return figure


def along_axes(costs: pd.DataFrame) -> pd.DataFrame:
    """Rows along one axis, of models that have their baseline in the table."""
    scaled = costs.method.isin(AXES) & costs.flops_target.isna()
    return costs[scaled & costs.model.isin(baselines(costs).model)]


def cost_curves(costs: pd.DataFrame) -> Figure:
    """How flops, params, activations and memory grow along each axis alone, relative to the baseline, log-log."""
    scaled = along_axes(costs)
    model = scaled.model.value_counts().index[0]
    base = baselines(costs).set_index("model").loc[model]
    present = [axis for axis in AXES if ((scaled.model == model) & (scaled.method == axis)).any()]
    figure = Figure(figsize=(4.0 * len(present), 4.0), layout="constrained")
    panels = figure.subplots(1, len(present), sharey=True, squeeze=False)[0]
    for axes, axis in zip(panels, present, strict=True):
        rows = scaled[(scaled.model == model) & (scaled.method == axis)].sort_values(axis)
        for column, style, line in zip(RATIOS, CATEGORIES, LINES, strict=False):
            ratio = [1.0, *(rows[column] / base[column])]
            axes.plot([1.0, *rows[axis]], ratio, label=METRICS[column].label, markersize=5, linestyle=line, **style)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.xaxis.set_major_locator(LogLocator(base=2, subs=(1, 1.5)))
        for ticks in (axes.xaxis, axes.yaxis):
            ticks.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel(f"{axis} coefficient, log scale")
        axes.grid(**GRID)
    panels[0].set_ylabel("cost relative to the baseline, log scale")
    panels[0].legend(frameon=False, fontsize=LABEL_SIZE)
    figure.suptitle(f"{model} from {base.resolution_px} pixels, counted on the networks as built", fontsize=TITLE_SIZE)
    return figure


def panel(xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.5, 5.2), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axes.xaxis.set_minor_formatter(lambda *_: "")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.margins(x=0.1)
    axes.grid(**GRID)
    return figure, axes
