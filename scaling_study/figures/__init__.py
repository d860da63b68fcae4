"""Figures: tables in, a matplotlib Figure out."""

from functools import partial

from scaling_study.figures import family
from scaling_study.figures.saturation import methods_together, one_panel_per_axis, studies

RUN_FIGURES = {"axes": one_panel_per_axis, "methods": methods_together}
FAMILY_FIGURES = {
    "accuracy_flops": partial(family.accuracy, column="flops"),
    "accuracy_params": partial(family.accuracy, column="params"),
}


def of_runs(runs):
    """{name: Figure} of a run table, a set per model that was scaled; empty when no run is done."""
    parts = studies(runs)
    figures = {}
    for model, rows in parts.items():
        for name, draw in RUN_FIGURES.items():
            figures[name if len(parts) == 1 else f"{name}-{model}"] = draw(rows, model)
    return figures


def of_costs(costs, latencies, published):
    """{name: Figure} of what the cost and latency tables allow: those of the family need two published models."""
    figures = {}
    known = set(published.built_as.dropna()) & set(family.baselines(costs).model)
    if len(known) > 1:
        figures |= {name: draw(costs, published) for name, draw in FAMILY_FIGURES.items()}
        figures["memory"] = family.memory(costs, published)
        if latencies.variant_id.isin(family.baselines(costs).variant_id).any():
            figures["latency"] = family.latency(costs, latencies, published)
    if (costs.method.isin(family.AXES) & costs.flops_target.isna()).any():
        figures["cost_curves"] = family.cost_curves(costs)
    return figures


def save(figure, stem, formats):
    """Write ``figure`` as ``<stem>.<format>`` for each format; returns the paths. SVG output is reproducible."""
    import matplotlib

    stem.parent.mkdir(parents=True, exist_ok=True)
    files = [stem.with_name(f"{stem.name}.{kind}") for kind in formats]
    with matplotlib.rc_context({"svg.hashsalt": "scaling_study", "svg.fonttype": "none"}):
        for file in files:
            figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files
