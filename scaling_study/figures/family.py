"""ImageNet classifiers: published accuracy, latency and memory against cost, in the spirit of Figures 1 and 5 of
Tan & Le (2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scaling_study.analysis.latency import most_timed, setting_words
from scaling_study.figures.chart import Axis, Chart, Marks, Panel, floats, one_panel
from scaling_study.figures.metrics import METRICS
from scaling_study.figures.style import CATEGORIES, LINES
from scaling_study.scaling.coefficients import AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from scaling_study.figures.style import Style

FAMILY, OTHERS = (look | {"size": 6} for look in CATEGORIES[:2])
SIZE = (7.5, 5.2)  # inches
STEPS = (1, 2, 5)
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


def accuracy(costs: pd.DataFrame, published: pd.DataFrame, column: str) -> Chart:
    """Published top-1 against the cost ``column``, flops or params."""
    return accuracy_against(table2(costs, published), column, ACCURACIES)


def accuracy_by_latency(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame) -> Chart:
    """Published top-1 against the median seconds of one image, of the networks that were timed in the setting with the
    most of them."""
    rows = timed(costs, latencies)
    points = table2(costs, published)
    points["latency_seconds"] = points.built_as.map(rows.set_index("model").seconds_median)
    first = rows.iloc[0]
    source = ACCURACIES + (f"; not of networks in {first.precision}" if first.precision == "int8" else "")
    return accuracy_against(points, "latency_seconds", f"{setting_words(first)}\n{source}")


def accuracy_against(points: pd.DataFrame, column: str, title: str) -> Chart:
    """Top-1 against the cost ``column``, log scale: EfficientNet as a line, the rest as points."""
    points = points.dropna(subset=[column])
    points = points.assign(printed=points.model.str.replace("EfficientNet-", ""))
    x = METRICS[column].for_values(points[column])
    family = points[points.model.str.startswith("EfficientNet")].sort_values(column)
    others = points[~points.model.isin(family.model)]
    marks = [Marks(floats(family[column] / x.scale), floats(family.top1), FAMILY["color"], line="solid")]
    for group, name, look in ((family, "EfficientNet", FAMILY | {"place": "above left"}), (others, "others", OTHERS)):
        for measured, label in ((True, "measured"), (False, "as printed")):
            rows = group[group.measured == measured]
            if len(rows):
                place = floats(rows[column] / x.scale), floats(rows.top1)
                named: Style = {"name": f"{name}, cost {label}", "texts": tuple(rows.printed), "hollow": not measured}
                marks.append(Marks(*place, **named | look))
    y = Axis("ImageNet top-1 accuracy, published (%)")
    return one_panel(title, log_axis(x.title), y, marks, SIZE, legend="lower right")


def log_axis(title: str) -> Axis:
    return Axis(f"{title}, log scale", log=10, steps=STEPS)


def memory(costs: pd.DataFrame, published: pd.DataFrame) -> Chart:
    """Bytes that training keeps per image against flops."""
    rows = baselines(costs)
    title = "Counted on the networks, 32-bit, without checkpointing"
    return against_flops(rows, rows.flops, "activation_bytes", printed=printed_names(published), title=title)


def latency(costs: pd.DataFrame, latencies: pd.DataFrame, published: pd.DataFrame) -> Chart:
    """Median seconds of one image against flops, quartiles as bars, for the setting with the most models."""
    rows = timed(costs, latencies)
    flops = rows.variant_id.map(costs.set_index("variant_id").flops)
    repeats = f"; median and quartiles of {rows.repeats.min()} to {rows.repeats.max()} repetitions"
    title = setting_words(rows.iloc[0]) + (repeats if rows.repeats.notna().all() else "; repetitions are not known")
    ends = ("seconds_p25", "seconds_p75")  # missing for imported times
    return against_flops(rows, flops, "seconds_median", printed=printed_names(published), title=title, ends=ends)


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
    rows: pd.DataFrame, flops: pd.Series, column: str, *, printed: dict[str, str], title: str, ends: Sequence[str] = ()
) -> Chart:
    """``column`` of each network against its flops; ends: columns of the lower and upper end of its interval."""
    x, y = METRICS["flops"].for_values(flops), METRICS[column].for_values(rows[column])
    rows = rows.assign(flops=flops, printed=rows.model.map(lambda model: printed.get(model, model))).sort_values(
        "flops"
    )
    own = rows.family == "efficientnet"
    looks = ((own, "EfficientNet", FAMILY | {"line": "solid", "place": "above left"}), (~own, "others", OTHERS))
    marks = []
    for mine, name, look in looks:
        part = rows[mine]
        bars = tuple(floats(part[end] / y.scale) for end in ends)
        place = floats(part.flops / x.scale), floats(part[column] / y.scale)
        marks.append(Marks(*place, name=name, y_ends=bars or None, texts=tuple(part.printed), **look))  # type: ignore[arg-type]
    return one_panel(title, log_axis(x.title), log_axis(y.title), marks, SIZE, legend="lower right")


def along_axes(costs: pd.DataFrame) -> pd.DataFrame:
    """Rows along one axis, of models that have their baseline in the table."""
    scaled = costs.method.isin(AXES) & costs.flops_target.isna()
    return costs[scaled & costs.model.isin(baselines(costs).model)]


def cost_curves(costs: pd.DataFrame) -> Chart:
    """How flops, params, activations and memory grow along each axis alone, relative to the baseline, log-log."""
    scaled = along_axes(costs)
    model = scaled.model.value_counts().index[0]
    base, scaled = baselines(costs).set_index("model").loc[model], scaled[scaled.model == model]
    present = [axis for axis in AXES if (scaled.method == axis).any()]
    panels = []
    for axis in present:
        rows = scaled[scaled.method == axis].sort_values(axis)
        marks = [
            Marks(
                floats([1.0, *rows[axis]]),
                floats([1.0, *(rows[column] / base[column])]),
                name=METRICS[column].label,
                line=line,
                **look,
            )
            for column, look, line in zip(RATIOS, CATEGORIES, LINES, strict=False)
        ]
        x = Axis(f"{axis} coefficient, log scale", log=2, steps=(1, 1.5))
        y = Axis("cost relative to the baseline, log scale", log=2)
        panels.append(Panel(x, y, tuple(marks), legend="best" if axis == present[0] else None))
    title = f"{model} from {base.resolution_px} pixels, counted on the networks as built"
    return Chart(title, (tuple(panels),), (4.0 * len(panels), 4.0), share_y="all")
