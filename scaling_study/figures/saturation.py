"""Accuracy against cost, in the spirit of Figures 3 and 8 of Tan & Le (2019)."""

import pandas as pd
from matplotlib.figure import Figure

from scaling_study.figures.labels import BELOW_RIGHT, name_points
from scaling_study.figures.metrics import METRICS
from scaling_study.records.columns import VARIANT

# Okabe-Ito colours, chosen to differ in lightness too, and a marker each: methods stay apart in greyscale.
STYLES = {
    "width": {"color": "#0072B2", "marker": "o"},
    "depth": {"color": "#D55E00", "marker": "s"},
    "resolution": {"color": "#009E73", "marker": "^"},
    "compound": {"color": "#000000", "marker": "D"},
    "fast": {"color": "#E69F00", "marker": "P"},
    "custom": {"color": "#CC79A7", "marker": "v"},
}
SYMBOLS = {"depth": "d", "width": "w", "resolution": "r", "compound": "φ"}
REFERENCE = {"color": "#56B4E9", "marker": "X", "markersize": 8, "markeredgecolor": "black", "linestyle": "none"}


def studies(runs):
    """{(model, epochs): its finished runs, with the baselines of models that were not scaled as references}."""
    done = runs[runs.status == "done"]
    scaled = done.model[done.method != "baseline"].unique()
    models = scaled if len(scaled) else done.model.value_counts().index[:1]
    return {
        (model, epochs): rows[(rows.model == model) | ~rows.model.isin(models)]
        for model in models
        for epochs, rows in done.groupby("epochs", dropna=False)
        if (rows.model == model).any()
    }


def variants(runs, y):
    """Mean, least and greatest of column ``y`` over the seeds of each finished variant.

    Returns a frame with the columns of VARIANT, phi, n, mean, low and high, sorted by flops.
    """
    done = runs[runs.status == "done"]
    known = [column for column in VARIANT if column in done]  # of tables that were not read from a study
    groups = done.groupby(known, as_index=False, dropna=False)
    return groups.agg(
        phi=("phi", "first"),
        n=(y, "size"),
        mean=(y, "mean"),
        low=(y, "min"),
        high=(y, "max"),
    ).sort_values("flops", ignore_index=True)


def curve(table, method):
    """The points of one method with the baseline, where it starts, in front."""
    return pd.concat([table[table.method == "baseline"], table[table.method == method]]).sort_values("flops")


def draw_curve(axes, points, method, x, **options):
    """Mean as line and markers, range over seeds as bars."""
    cost = points.flops / x.scale
    error = [points["mean"] - points.low, points.high - points["mean"]]
    axes.errorbar(cost, points["mean"], yerror(error), capsize=3, markersize=5, **STYLES[method], **options)


def mark_references(axes, table, x):
    """Other models, unscaled. Returns their names with their places, to be written when all else is drawn."""
    for n, point in enumerate(table.itertuples()):
        error = [[point.mean - point.low], [point.high - point.mean]]
        label = "reference" if n == 0 else None
        axes.errorbar([point.flops / x.scale], [point.mean], error, capsize=3, label=label, **REFERENCE)
    points = [
        (point.flops / x.scale, point.mean, f"{point.model}, {point.resolution_px} px") for point in table.itertuples()
    ]
    return [(*point, BELOW_RIGHT) for point in points]


def yerror(error):
    return [side.to_numpy(dtype=float) for side in error]


def mark_baseline(axes, table, x):
    baseline = table[table.method == "baseline"]
    axes.plot(
        baseline.flops / x.scale, baseline["mean"], linestyle="none", marker="*", markersize=14, color="white",
        markeredgecolor="black", zorder=5, label="baseline",
    )  # fmt: skip


def seeds_note(table):
    """What the bars mean, with n."""
    counts = sorted(set(table.n))
    n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"n = {n} seed{'' if counts == [1] else 's'} per point" + ("" if counts == [1] else ", mean and range")


def about(runs, model):
    """Data set, baseline, recipe and length of training of the runs, for the title."""
    data, recipe = (" and ".join(sorted(set(runs[column].dropna()))) for column in ("data", "recipe"))
    return f"{data}, {trained(model, runs)}, {recipe}"


def trained(model, rows):
    """The model and for how long it was trained, where the rows know that."""
    epochs = sorted(set(rows.epochs.dropna()))
    lengths = " and ".join(f"{count:g}" for count in epochs)
    return f"{model}, {lengths} epoch{'s' if epochs != [1] else ''}" if epochs else model


def one_panel_per_axis(runs, model):
    """Accuracy against flops with one panel per axis, points labelled with their coefficient (as Figure 3)."""
    table, y = variants(runs[runs.model == model], "top1"), METRICS["top1"]
    x = METRICS["flops"].for_values(table.flops)
    present = [axis for axis in ("width", "depth", "resolution") if (table.method == axis).any()]
    names = present or ["baseline"]
    figure = Figure(figsize=(4.2 * len(names), 4.0), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for panel, axis in zip(panels, names, strict=True):
        if axis != "baseline":
            points = curve(table, axis)
            draw_curve(panel, points, axis, x)
            for point in points.itertuples():  # below and to the right, where a rising curve leaves room
                place = (point.flops / x.scale, point.low)
                label = f"{SYMBOLS[axis]}={getattr(point, axis):g}"
                panel.annotate(label, place, xytext=(5, -12), textcoords="offset points", fontsize=8)
            panel.set_title(f"{axis} only")
        mark_baseline(panel, table, x)
        panel.set_xlabel(x.title)
        panel.margins(x=0.14, y=0.12)
        panel.set_xlim(left=0)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel(y.title)
    panels[-1].legend(loc="lower right", frameon=False)
    figure.suptitle(f"{about(runs, model)}; {seeds_note(table)}", fontsize=10)
    return figure


def methods_together(runs, model):
    """Accuracy against flops (log scale) with a curve per method, all from the baseline (as Figure 8)."""
    everything, y = variants(runs, "top1"), METRICS["top1"]
    table = everything[everything.model == model]
    x = METRICS["flops"].for_values(table.flops)
    figure = Figure(figsize=(7.0, 4.8), layout="constrained")
    axes = figure.subplots()
    for method in [m for m in STYLES if (table.method == m).any()]:
        label = f"{method} ({SYMBOLS[method]})" if method in SYMBOLS else method
        line = {"linestyle": "none"} if method == "custom" else {}
        draw_curve(axes, table[table.method == method] if method == "custom" else curve(table, method), method, x,
                   label=label, **line)  # fmt: skip
    mark_baseline(axes, table, x)
    names = mark_references(axes, everything[everything.model != model], x)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(f"{x.title}, log scale")
    axes.set_ylabel(y.title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    axes.set_title(f"{about(runs, model)}; {seeds_note(table)}", fontsize=10)
    name_points(axes, names)
    return figure
