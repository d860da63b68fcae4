"""The analysis of a study in words: Markdown from its tables."""

import numpy as np
import pandas as pd

from scaling_study.analysis.surface import AXES
from scaling_study.analysis.times import TIMES

CONTEXT = ("model", "epochs", "device")  # said once where it is the same for all
UNITS = ((1e9, " G"), (1e6, " M"), (1e3, " k"), (1.0, ""))
UNIT_OF = {"activation_bytes": "B", "train_seconds": " s", "latency_seconds": " s"}
COST_NAMES = {
    "flops": "multiply-adds",
    "params": "parameters",
    "activations": "activations",
    "activation_bytes": "training memory",
    "train_seconds": "training time",
    "latency_seconds": "latency",
}


def summary(study, analysis, recommendations):
    """Markdown of an Analysis; ``recommendations``: the study's table of task=recommend, empty if there is none."""
    tables = analysis.tables
    writers = {
        "fits": saturation_part,
        "comparisons": comparison_part,
        "leaders": leader_part,
        "frontier": frontier_part,
        "search": search_part,
        "surface": surface_part,
        "regime": regime_part,
        "time_fits": time_part,
        "published_comparisons": published_part,
    }
    lines = [f"# {study}", "", *data_part(analysis)]
    for name, write in writers.items():
        if name in tables:
            lines += ["", *write(tables[name])]
    if len(recommendations):
        lines += ["", *recommendation_part(recommendations, analysis.runs)]
    return "\n".join(lines) + "\n"


def data_part(analysis):
    runs = analysis.runs
    if len(runs):
        seeds = runs.groupby(["model", "epochs", "method", *AXES], dropna=False).seed.nunique()
        models = ", ".join(dict.fromkeys(runs.model))
        epochs = ", ".join(f"{count:g}" for count in sorted(set(runs.epochs.dropna().astype(float))))
        yield f"{len(runs)} finished runs of {len(seeds)} variants of {models}, {epochs} epochs, {spread(seeds)} each."
    else:
        yield "No finished runs."
    yield "Intervals are 95%; accuracies are top-1 on the test split in percent."
    if analysis.notes:
        yield ""
        yield from (f"- {note}" for note in analysis.notes)


def spread(counts):
    low, high = counts.min(), counts.max()
    return f"{low} seed{'s' if low > 1 else ''}" if low == high else f"{low} to {high} seeds"


def saturation_part(fits):
    yield "## Does accuracy saturate?"
    yield ""
    flops = fits[fits.cost == "flops"]
    chosen = flops[flops.chosen]
    if len(chosen):
        yield (
            "The curve of each method by multiply-adds, in the form that predicted the largest costs best without "
            f"having seen them. A doubling that brings less than {fits.threshold.max():g} points is saturation. "
            "Intervals hold for that form; other forms and costs are in fits.csv."
        )
        yield ""
        yield from table([saturation_row(row) for row in chosen.itertuples()])
    key = ["model", "epochs", "method"]
    judged = set(chosen[key].itertuples(index=False, name=None))
    few = [row for row in flops.drop_duplicates(key).itertuples() if (row.model, row.epochs, row.method) not in judged]
    if few:
        names = ", ".join(dict.fromkeys(f"{row.model} {row.method} ({row.points})" for row in few))
        yield from [""] * bool(len(chosen))
        yield f"Too few points to choose a curve by points it has not seen: {names}."


def saturation_row(row):
    return {
        **named(row),
        "form": row.form,
        "status": no_trend(row) if row.shape == "flat" else f"{row.status}, {row.shape}",
        "last doubling brought": interval(row.last_gain, row.last_gain_low, row.last_gain_high, "{:+.2f}"),
        "saturates at": saturation_words(row),
        "accuracy without end": asymptote_words(row),
    }


def named(row):
    return {"model": row.model, "epochs": row.epochs, "method": row.method}


def no_trend(row):
    return "no trend" if pd.isna(row.trend_p) else f"no clear trend (p = {row.trend_p:.2g})"


def saturation_words(row):
    if row.saturation_status in ("not identifiable", "too few points"):
        return row.saturation_status
    if row.saturation_status == "beyond reach":
        return f"not within reach (from {number(row.saturation_low)})"
    first = row.saturation_cost <= row.unit * (1 + 1e-9)
    words = "the baseline or before" if first else number(row.saturation_cost)
    if pd.isna(row.saturation_low):
        return f"{words} (no interval)"
    words += f" ({number(row.saturation_low)} to {number(row.saturation_high)})"
    return words + (", extrapolated" if row.saturation_status == "extrapolated" else "")


def asymptote_words(row):
    if row.asymptote_status == "estimated":
        return interval(row.asymptote, row.asymptote_low, row.asymptote_high, "{:.1f}")
    if pd.isna(row.asymptote_low):
        return row.asymptote_status if pd.isna(row.asymptote) else f"{row.asymptote:.1f} ({row.asymptote_status})"
    return f"not identifiable (at least {row.asymptote_low:.1f})"


def comparison_part(comparisons):
    yield "## Compound against the other methods at equal cost"
    yield ""
    yield (
        "Points of accuracy by which compound is ahead, intervals from the scatter over seeds. Matched: the two "
        "variants of one budget; interpolated: along the other method's curve. Verdicts are corrected for all "
        "comparisons of the same cost (Holm)."
    )
    yield ""
    flops = comparisons[(comparisons.cost == "flops") & (comparisons.basis != "none")]
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "multiply-adds": number(row.cost_value),
                "against": row.other,
                "basis": row.basis,
                "difference": interval(row.difference, row.low, row.high, "{:+.2f}"),
                "n": row.n,
                "verdict": row.verdict,
            }
            for row in flops.itertuples()
        ]
    )
    apart = comparisons[comparisons.basis == "none"]
    if len(apart):
        yield ""
        yield f"{len(apart)} more pairs have no common cost: the other method was not trained around it."
    yield ""
    yield "By each cost, number of verdicts (better / not distinguishable / worse):"
    yield ""
    for cost, rows in comparisons[comparisons.basis != "none"].groupby("cost", sort=False):
        counts = [f"{other} {tally(part)}" for other, part in rows.groupby("other", sort=False)]
        yield f"- {COST_NAMES[cost]}: {', '.join(counts)}"


def tally(part):
    words = ("better", "not distinguishable", "worse")
    counts = [(part.verdict == word).sum() for word in words]
    return " / ".join(map(str, counts)) if sum(counts) else "no verdict"


def leader_part(leaders):
    yield "## Does the best method depend on the cost that is held equal?"
    yield ""
    yield "At the largest cost that every method reaches, with the others that cannot be told from the best:"
    several = leaders.epochs.nunique() > 1
    for (model, epochs), rows in leaders.groupby(["model", "epochs"], dropna=False):
        name = f"{model}, {epochs} epochs" if several else model
        yield ""
        for cost, part in rows.groupby("cost", sort=False):
            at = f"{number(part.cost_value.iloc[0])}{UNIT_OF.get(cost, '')}"
            field = ", ".join(sorted([part.method.iloc[0], *part.other]))
            yield f"- {name}, {COST_NAMES[cost]} ({at}): {part.method.iloc[0]} of {field}, {doubt(part)}"
        yield ""
        yield f"{name}: {winners(rows)}"


def doubt(part):
    """How sure the best of one cost is."""
    if (part.difference.abs() < 1e-9).any():
        return f"tied with {' and '.join(part.other[part.difference.abs() < 1e-9])}"
    if part.p.isna().all():
        return "without an interval for want of seeds that differ"
    equal = part.other[part.verdict != "better"].tolist()
    return f"not distinguishable from {' and '.join(equal)}" if equal else "better than every other"


def winners(rows):
    """Whether the best method changes with the cost, among costs by which as many methods as possible are compared."""
    parts = [part for _, part in rows.groupby("cost", sort=False)]
    full = [part for part in parts if len(part) == max(map(len, parts))]
    names = list(dict.fromkeys(part.method.iloc[0] for part in full))
    if pd.concat(full).p.isna().all():
        return f"the means put {' or '.join(names)} in front; without intervals nothing follows from that."
    if len(names) == 1:
        return f"{names[0]} is in front by each of {len(full)} costs."
    could = [{part.method.iloc[0], *part.other[part.verdict != "better"]} for part in full]
    if shared := sorted(set.intersection(*could)):
        return (
            f"the means put {' or '.join(names)} in front, depending on the cost, but {' and '.join(shared)} cannot be "
            "told from the best by any of them."
        )
    return f"**which cost is held equal changes the winner** ({', '.join(names)})."


def frontier_part(frontier):
    yield "## Pareto frontier by multiply-adds"
    yield ""
    yield "Variants that no cheaper one matches; the probability is the share of bootstrap draws in which that holds."
    yield ""
    rows = frontier[(frontier.cost == "flops") & frontier.pareto]
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "method": row.method,
                "depth, width, resolution": coefficients(row),
                "multiply-adds": number(row.flops),
                "accuracy": interval(row.accuracy, row.low, row.high, "{:.2f}"),
                "n": row.n,
                "probability": "no seeds" if pd.isna(row.probability) else f"{row.probability:.2f}",
            }
            for row in rows.itertuples()
        ]
    )


def search_part(search):
    yield "## Search for alpha, beta and gamma"
    for (model, epochs), rows in search.groupby(["model", "epochs"], dropna=False):
        name = model if search.epochs.nunique() < 2 else f"{model}, {epochs} epochs"
        others = rows[rows.verdict != "best"]
        equal, dear = ((others.verdict == verdict).sum() for verdict in ("not distinguishable", "over budget"))
        yield ""
        if len(others) == len(rows):
            yield f"{name}: every triple was built too dear to be chosen."
        else:
            best = rows.iloc[0]
            yield (
                f"{name}: best on the validation split is alpha, beta, gamma = {triple(best)} with "
                f"{best.accuracy:.2f}% at {ratio(best.flops_ratio)} the baseline's multiply-adds (n = {best.n}). "
                f"{equal} of {len(others)} others cannot be told from it; {dear} were built too dear to be chosen."
            )
        yield ""
        yield from table(
            [
                {
                    "alpha, beta, gamma": triple(row),
                    "built cost": ratio(row.flops_ratio),
                    "validation top-1": f"{row.accuracy:.2f}",
                    "behind": interval(row.behind, row.low, row.high, "{:.2f}"),
                    "verdict": row.verdict,
                }
                for row in rows.itertuples()
            ]
        )


def surface_part(surface):
    yield "## Response surface"
    yield ""
    yield (
        "Log error against the logarithms of the coefficients, over all variants, intervals from their scatter about "
        "it; one percent more of an axis lowers the error by its exponent in percent (where there are squares or "
        "products: at the baseline)."
    )
    yield ""
    yield from table(
        [
            {
                "model": row.model,
                "epochs": row.epochs,
                "terms": row.surface,
                "term": row.term,
                "exponent": interval(row.exponent, row.low, row.high, "{:+.3f}"),
                "error of left-out variants": f"{100 * np.expm1(row.leave_one_out_log_error):.1f}%",
                "n": row.n,
            }
            for row in surface[surface.chosen].itertuples()
        ]
    )


def recommendation_part(recommendations, runs):
    yield "## Recommendations, and whether a run confirms them"
    yield ""
    yield from table(
        [
            {
                "limit": f"{row.limit} <= {row.budget:g}",
                "model": row.model,
                "depth, width, resolution": coefficients(row),
                "built": f"{row.built:.2f}",
                "predicted": interval(row.top1, row.run_low, row.run_high, "{:.2f}"),
                "trained": confirmation(row, runs),
            }
            for row in recommendations.itertuples()
        ]
    )


def confirmation(row, runs):
    """What runs of exactly these coefficients say of the prediction interval."""
    if runs.empty:
        return "not yet"
    same = (runs.model == row.model) & (runs.epochs == row.epochs)
    for axis in AXES:
        same &= np.isclose(runs[axis].astype(float), getattr(row, axis), atol=1e-6)
    if not same.any():
        return "not yet"
    mean, n = runs.top1[same].mean(), int(same.sum())
    if row.runs_before > 0:
        return f"{mean:.2f}% (n = {n}), but it was predicted from these runs"
    inside = row.run_low <= mean <= row.run_high
    return f"{mean:.2f}% (n = {n}): {'confirmed' if inside else 'outside the interval'}"


def regime_part(regime):
    yield "## Depth or width: does it depend on the length of training?"
    yield ""
    yield from table(
        [
            {
                "model": row.model,
                "budget": f"{row.flops_target:g}x",
                "epochs": "all" if pd.isna(row.epochs) else row.epochs,
                "effect": row.effect,
                "points": interval(row.points, row.low, row.high, "{:+.2f}"),
                "verdict": row.verdict,
                "n": row.n,
            }
            for row in regime.itertuples()
        ]
    )


def time_part(times):
    yield "## Which count predicts time"
    yield ""
    shown = times[times.status == "estimated"]
    if shown.empty:
        yield "Too few networks were timed."
        return
    devices = dict.fromkeys(device_of(row) for row in shown.itertuples())
    yield (
        "Log time against each count, over all networks and within families; intervals from the scatter about the "
        f"line. {'; '.join(devices)}."
    )
    yield ""
    yield from (f"- {line}" for line in best_predictors(shown))
    yield ""
    yield from table(
        [
            {
                "device": device_of(row),
                "time": TIMES[row.time],
                "networks": f"{row.family} ({row.n})",
                "count": COST_NAMES[row.predictor],
                "correlation": interval(row.correlation, row.correlation_low, row.correlation_high, "{:.2f}"),
                "exponent": interval(row.exponent, row.exponent_low, row.exponent_high, "{:.2f}"),
            }
            for row in shown.itertuples()
        ]
    )


def best_predictors(fits):
    """For each time and group of networks, the count of the highest correlation, and those that may do as well."""
    for (device, time, family), rows in fits.groupby(["device", "time", "family"], sort=False):
        best = rows.loc[rows.correlation.idxmax()]
        rivals = rows[(rows.correlation_high > best.correlation_low) & (rows.predictor != best.predictor)]
        names = " and ".join(COST_NAMES[name] for name in rivals.predictor)
        where = "all networks" if family == "all" else family
        place = f" on {device}" if fits.device.nunique() > 1 else ""
        tail = f"; the intervals of {names} overlap its own" if names else ", clear of the others' intervals"
        best_of = f"{COST_NAMES[best.predictor]} correlate best ({best.correlation:.2f})"
        yield f"{TIMES[time]}, {where}{place}: {best_of}{tail}"


def device_of(row):
    return f"{row.device}, CPU threads: {row.threads}, {row.precision}"


def published_part(comparisons):
    yield "## The paper's own Tables 3 and 7"
    yield ""
    yield "One training each, so every difference stands without an interval: nobody can say from them what chance did."
    yield ""
    yield from table(
        [
            {
                "table": row.model,
                "against": row.other,
                "multiply-adds": number(row.cost_value),
                "compound ahead by": "" if pd.isna(row.difference) else f"{row.difference:+.1f}",
                "basis": row.basis,
                "verdict": row.verdict,
            }
            for row in comparisons.itertuples()
        ]
    )


def table(rows):
    """Lines of a Markdown table from dicts; columns of CONTEXT only where they differ between rows."""
    if not rows:
        yield "Nothing to show."
        return
    names = [name for name in rows[0] if name not in CONTEXT or len({str(row[name]) for row in rows}) > 1]
    yield "| " + " | ".join(names) + " |"
    yield "| " + " | ".join("---" for _ in names) + " |"
    for row in rows:
        yield "| " + " | ".join(str(row[name]) for name in names) + " |"


def number(value):
    """1234567 as 1.23 M."""
    if not np.isfinite(value):
        return "beyond reach"
    scale, unit = next((unit for unit in UNITS if abs(value) >= unit[0]), UNITS[-1])
    return f"{value / scale:.3g}{unit}"


def interval(value, low, high, form):
    if pd.isna(value):
        return "none"
    if pd.isna(low):
        return f"{form.format(value)} (no interval)"
    return f"{form.format(value)} ({form.format(low)} to {form.format(high)})"


def ratio(value):
    return "unknown times" if pd.isna(value) else f"{value:.2f} times"


def coefficients(row):
    return f"{row.depth:.3g}, {row.width:.3g}, {row.resolution:.3g}"


def triple(row):
    return f"{row.alpha:g}, {row.beta:g}, {row.gamma:g}"
