"""task=recommend: the best coefficients under a budget, by a study's response surface."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd

from scaling_study.data import size_of
from scaling_study.errors import ConfigError, StudyError
from scaling_study.measure.flops import count_flops
from scaling_study.models import FAMILIES, count_layers
from scaling_study.records.costs import add_rows, require_readable
from scaling_study.records.store import require_writable
from scaling_study.records.variant import Variant
from scaling_study.scaling.coefficients import AXES, Coefficients
from scaling_study.tasks import analyze

COUNTS = ("flops", "weights", "activations")
STEPS = 24  # coefficients per axis that are tried, evenly on a log scale over the trained range
TRIES = 40  # networks that are measured at most before giving up


def run(jobs):
    """Predict, measure, print and keep the recommendation in the study's recommendations.csv."""
    job = jobs[0]
    config = job.config
    [(limit, budget)] = [(name, value) for name, value in vars(config.budget).items() if value is not None]
    folder = analyze.study_dir(config)
    require_readable(folder, analyze.RECOMMENDATIONS)
    surface = surface_of(config)
    require_writable(folder)
    best = recommend(job, surface, limit, budget)
    best["runs_before"] = count_runs(analyze.load(config), config, best)
    row = {"model": config.model.name, "epochs": config.recipe.epochs, "limit": limit, "budget": budget} | best
    keep(folder, row)
    print(told(row, surface, config))
    return 0


def surface_of(config):
    """The response surface of the configured model and length of training. Raises StudyError when there is none."""
    from scaling_study.analysis.surface import surfaces  # loads scipy, which takes half a second

    runs = analyze.load(config)
    if runs.empty:
        raise StudyError(f"study={config.study}: there is no finished run to learn from")
    made, refused = surfaces(runs)
    key = (config.model.name, config.recipe.epochs)
    if key not in made:
        known = ", ".join(f"{model} for {epochs:g} epochs" for model, epochs in [*made, *refused]) or "nothing"
        reason = refused.get(key, f"it holds runs of {known}, not of {key[0]} for {key[1]} epochs")
        raise StudyError(f"study={config.study}: no response surface, {reason}")
    return made[key]


def count_runs(runs, config, best):
    """Finished runs of the study with the coefficients of ``best``."""
    same = (runs.status == "done") & (runs.model == config.model.name) & (runs.epochs == config.recipe.epochs)
    for axis in AXES:
        same &= np.isclose(runs[axis].astype(float), best[axis])
    return int(same.sum())


def recommend(job, surface, limit, budget):
    """The candidate of the highest lower confidence bound whose built network keeps to the budget, with predictions.

    The bound and not the prediction is maximised, so that a candidate is not chosen for how little is known of it.
    Raises ConfigError when no candidate keeps to the budget.
    """
    candidates = candidates_of(job, surface)
    measure = measurer(job, limit)
    baseline = measure(Coefficients())
    if limit == "flops":  # known already, by arithmetic
        found = candidates.assign(built=candidates.flops)[candidates.flops <= budget]
        least = candidates.flops.min()
    else:
        found, least = measured(candidates, surface, budget, lambda row: measure(Coefficients(*row)) / baseline)
    if found.empty:
        message = f"no network within the trained range keeps to it; the nearest has {least:.3g}"
        raise ConfigError(f"budget.{limit}", budget, message)
    best = found.loc[found.low.idxmax()]
    return best.to_dict() | {"extrapolated": bool(best.leverage > surface.leverage)}


def candidates_of(job, surface):
    """A frame with a row per network: coefficients with two decimals within the trained ranges, predictions, and COUNTS
    by arithmetic as multiples of the baseline's. Of coefficients that build the same network, the worst predicted stay.
    """
    model, data, size = job.run.model, job.config.data, size_of(job.run.data)
    grids = [sorted(set(np.geomspace(*surface.ranges[axis], STEPS).round(2))) for axis in AXES]
    least = FAMILIES[model.family].resolution_min
    grids[2] = [value for value in grids[2] if round(data.resolution * value) >= least]
    grid = np.array(list(itertools.product(*grids)))
    pixels = [round(data.resolution * resolution) for resolution in grid[:, 2]]
    counts = [
        count_layers(model, Coefficients(*row), resolution_px=px, **size) for row, px in zip(grid, pixels, strict=True)
    ]
    baseline = count_layers(model, Coefficients(), resolution_px=data.resolution, **size)
    frame = pd.DataFrame(grid, columns=list(AXES)).assign(resolution_px=pixels)
    frame[list(COUNTS)] = np.array(counts) / baseline
    frame = pd.concat([frame, surface.predict(grid)], axis=1).sort_values("low", ascending=False)
    return frame.drop_duplicates([*COUNTS, "resolution_px"], keep="last", ignore_index=True)


def measured(candidates, surface, budget, measure):
    """(the first candidate, in order of its lower bound, that keeps to the budget, as a frame; the least cost seen).

    Which ones are worth measuring a power law of their COUNTS tells, through the baseline and networks in the middle of
    the trained range of each axis and of several; every network measured since makes it better. After TRIES it is
    given up.
    """
    logs = np.log(candidates[list(COUNTS)].to_numpy())
    coefficients = candidates[list(AXES)].to_numpy()
    middle = [np.sqrt(least * most) for least, most in surface.ranges.values()]
    corners = np.log(list(itertools.product(*((1.0, value) for value in middle))))[1:]
    near = {int(np.abs(np.log(coefficients) - corner).sum(axis=1).argmin()) for corner in corners}
    known = {place: measure(coefficients[place]) for place in near}
    for _ in range(TRIES):
        places = list(known)
        exponents = np.linalg.lstsq(logs[places], np.log(list(known.values())), rcond=None)[0]
        promising = np.exp(logs @ exponents) <= budget
        promising[[place for place in places if known[place] > budget]] = False
        if not promising.any():
            break
        place = int(promising.argmax())  # they are in order of the lower bound
        if place not in known:
            known[place] = measure(coefficients[place])
        if known[place] <= budget:
            return candidates.loc[[place]].assign(built=known[place]), known[place]
    return candidates[:0], min(known.values())


def measurer(job, limit):
    """A function from Coefficients to the cost of the built network."""
    size = size_of(job.run.data)

    def pixels(coefficients):
        return round(job.config.data.resolution * coefficients.resolution)

    def flops(coefficients):
        return count_flops(job.run.model, coefficients, resolution_px=pixels(coefficients), **size)

    def counted(coefficients):
        from scaling_study.measure.costs import variant_complexity

        return getattr(variant_complexity(job.run.model, variant(coefficients), **size), limit)

    def latency(coefficients):
        from scaling_study.tasks.latency import seconds_of_one_image

        return seconds_of_one_image(replace(job, run=replace(job.run, variant=variant(coefficients))))

    def variant(coefficients):
        return Variant("custom", None, coefficients, pixels(coefficients), None)

    return {"flops": flops, "latency": latency}.get(limit, counted)


def keep(folder, row):
    """Add the recommendation to the study's table, in place of an earlier one of the same limit and budget."""
    add_rows(folder, analyze.RECOMMENDATIONS, [row], ["model", "epochs", "limit", "budget"])


def told(row, surface, config):
    axes = " ".join(f"scaling.{axis}={row[axis]:g}" for axis in AXES)
    lines = [
        f"{row['model']} within {row['budget']:g} times the baseline's {row['limit']}: depth {row['depth']:g}, "
        f"width {row['width']:g}, resolution {row['resolution']:g} ({row['resolution_px']:g} px), "
        f"built {row['built']:.2f} times.",
        f"Predicted top-1 {row['top1']:.2f}%, mean {row['low']:.2f} to {row['high']:.2f}, one run "
        f"{row['run_low']:.2f} to {row['run_high']:.2f} (surface: {surface.kind}, "
        f"{int(surface.results.nobs)} variants; errors of left-out variants are "
        f"{100 * np.expm1(surface.leave_one_out):.0f}% off).",
    ]
    if row["extrapolated"]:
        lines.append("It lies farther out than any trained variant: an extrapolation.")
    lines.append(f"To confirm it: python -m scaling_study study={config.study} {axes}; then task=analyze again.")
    return "\n".join(lines)
