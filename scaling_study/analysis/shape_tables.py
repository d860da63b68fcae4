"""Whether the baseline's shape is balanced: the best shape of equal cost, what it gains, and each trained one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import contrast, dunnett
from scaling_study.analysis.observations import STUDY, Observations, built, observe, usable
from scaling_study.analysis.shape import (
    DOUBLING,
    PAIRS,
    Band,
    Plane,
    band_of,
    ends,
    fit_plane,
    hessians,
    optimism,
)
from scaling_study.analysis.surface import SPARE
from scaling_study.records.columns import BUILT
from scaling_study.scaling.coefficients import AXES

EQUAL = 0.1  # share by which the flops of shapes of equal cost may lie above or below the baseline's
CURVE_POINTS = 33
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "what": "string",  # optimum, gain, loss of a doubling, pair optimum, trained, preset
    "axis": "string",  # or the pair that is traded, the first one's multiplier in pair optimum
    "value": "float64",  # multiplier; gain, loss and trained: points of validation top-1
    "low": "float64",  # 95% interval; gain and preset: for all shapes together; trained: for all trained ones together
    "high": "float64",
    "status": "string",  # optimum, pair optimum: inside, edge; loss: convex, concave, open; others: a verdict
    "edge_share": "float64",  # of the bootstrap draws whose optimum is at the edge of the trained shapes
    "depth": "float64",  # coefficients as built; preset: depth as asked for
    "width": "float64",
    "resolution": "float64",
    "flops_ratio": "float64",  # of a trained shape, to the baseline
    "accuracy": "float64",  # of a trained shape, validation top-1, mean over seeds, percent
    "sd": "float64",  # over its seeds
    "n": "Int64",  # seeds, the fewest of a shape
}
CURVE_COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "pair": "string",
    "multiplier": "float64",  # of the pair's first axis
    "accuracy": "float64",  # percent, by the surface
    "low": "float64",
    "high": "float64",
}


def shapes(
    runs: pd.DataFrame, response: str = "val_top1", draws: int = 1000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """(statements, curves, notes) on the shapes that cost what the baseline does: frames with COLUMNS and
    CURVE_COLUMNS, empty without them, and a line for each part of a study that has a few shapes but not enough.

    By the validation split throughout, since a shape is picked. Networks that are built alike count as one.
    """
    rows: tuple[list, list] = ([], [])
    notes: list[str] = []
    if runs.empty or response not in runs:
        return as_frames(rows, notes)
    frame, _ = usable(runs, response)
    frame = frame[frame.stage_depth.isna()]
    for (model, epochs), part in frame.groupby(STUDY, dropna=False):
        part = of_equal_cost(part)
        if part.empty:
            continue
        observations = observe(part, response)
        baseline = int(np.flatnonzero(observations.variants.method == "baseline")[0])
        plane = fit_plane(observations, baseline, draws, seed)
        if not isinstance(plane, Plane):
            if len(observations.variants) > SPARE:
                notes.append(f"{model}: no surface over the shapes of equal cost, {plane}")
            continue
        key = {"model": model, "epochs": epochs}
        asked = part.groupby("depth").asked_depth.first()
        rows[0].extend(key | row for row in statements(plane, observations, baseline, asked))
        rows[1].extend(key | row for row in curves(plane))
    return as_frames(rows, notes)


def as_frames(rows: tuple[list, list], notes: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    kinds = (COLUMNS, CURVE_COLUMNS)
    statements, curves = (pd.DataFrame(r, columns=list(k)).astype(k) for r, k in zip(rows, kinds, strict=True))
    return statements, curves, notes


def of_equal_cost(part: pd.DataFrame) -> pd.DataFrame:
    """The runs of one model and length of training whose flops are within EQUAL of the baseline's, with coefficients as
    built in place of those asked for, so that networks that are built alike are one variant; empty without a baseline.
    Column ``asked_depth``: the coefficient that was asked for."""
    baseline = part[part.method == "baseline"].flops.median()
    near = part[(part.flops / baseline).between(1 - EQUAL, 1 + EQUAL)]
    if near.empty or not baseline > 0:
        return part[:0]
    shape = built(near).round(6)
    asked = near.depth
    near = near.assign(**dict(zip(AXES, shape.T, strict=True)), **dict(zip(BUILT, shape.T, strict=True)))
    own = (near.method == "baseline").to_numpy() | (shape == 1).all(axis=1)
    if not own.any():  # baselines of several costs, whose median none has
        return part[:0]
    method = np.where(own, "baseline", "custom")
    return near.assign(method=method, asked_depth=asked, flops_target=np.nan, resolution_px=pd.NA)


def statements(plane: Plane, observations: Observations, baseline: int, asked: pd.Series) -> Iterator[dict[str, Any]]:
    """Rows of COLUMNS. asked: {depth as built: the coefficient that was asked for}.

    Measured coverage (13 shapes, 2 to 5 seeds, with and without noise that the shapes of a seed share, 200 studies
    each, a single run's noise 2% to 6% of the error): optimum 0.95 to 0.99, losses and optima of pairs 0.94 to 0.98.
    """
    n = {"n": int(observations.counts.min())}
    band = band_of(plane)
    yield from (row | n for row in optimum(plane, band))
    yield from (row | n for row in losses(plane))
    yield from (row | n for row in pair_optima(plane))
    yield from (row | n for row in preset(plane, band, asked))
    yield from trained(observations, baseline)


def optimum(plane: Plane, band: Band) -> Iterator[dict[str, Any]]:
    """The shape of the least error, with its gain over the baseline less what picking it adds."""
    point, inside = plane.best(plane.theta)
    drawn, drawn_inside = plane.best(plane.samples)
    coefficients, samples = plane.coefficients(point)[0], plane.coefficients(drawn)
    status = {"status": "inside" if inside[0] else "edge", "edge_share": float(1 - drawn_inside.mean())}
    for axis, value, draws in zip(AXES, coefficients, samples.T, strict=True):
        low, high = ends(float(value), draws)
        yield {"what": "optimum", "axis": axis, "value": value, "low": low, "high": high} | status
    if not np.linalg.norm(point[0]) > 1e-9:
        return
    yield {"what": "gain"} | gain(plane, band, point) | named(coefficients)


def gain(plane: Plane, band: Band, point: np.ndarray) -> dict[str, Any]:
    """Columns of what a shape (1, 2) that was picked for its gain gains, less what picking it adds."""
    [value], [low], [high] = band.at(point)
    if np.isfinite(low):
        value = np.clip(value - optimism(plane), low, high)
    return {"value": value, "low": low, "high": high, "status": verdict(low, high)}


def named(coefficients: np.ndarray) -> dict[str, float]:
    return dict(zip(AXES, map(float, coefficients), strict=True))


def verdict(low: float, high: float) -> str:
    if np.isnan(low):
        return "no interval"
    return "better" if low > 0 else "worse" if high < 0 else "not distinguishable"


def losses(plane: Plane) -> Iterator[dict[str, Any]]:
    """Points lost where an axis gets twice its share of the cost of the best shape, or half, and the other pays."""
    for pair, direction in PAIRS.items():
        step = DOUBLING[pair] * np.array(direction)
        values = []
        for theta in (plane.theta, plane.samples):
            bend = np.einsum("i,sij,j->s", step, hessians(theta), step) / 2
            values.append(plane.own_errors(plane.best(theta)[0], theta) * np.expm1(bend.clip(-20, 5)))
        value = float(values[0][0])
        low, high = ends(value, values[1])
        words = "convex" if low > 0 else "concave" if high < 0 else "open"
        yield {"what": "loss of a doubling", "axis": pair, "value": value, "low": low, "high": high, "status": words}


def pair_optima(plane: Plane) -> Iterator[dict[str, Any]]:
    """The best multiplier of a pair's first axis where only that pair is traded, from the baseline on."""
    for pair, direction in PAIRS.items():
        way = np.array(direction)
        low, high = plane.reach(way)
        found = []
        for theta in (plane.theta, plane.samples):
            slope, bend = theta[:, 1:3] @ way, np.einsum("i,sij,j->s", way, hessians(theta), way)
            top = -slope / np.where(bend > 0, bend, 1.0)
            inside = (bend > 0) & (top > low) & (top < high)
            side = np.where(slope * (high - low) + bend * (high**2 - low**2) / 2 < 0, high, low)  # of the lower end
            found.append((2.0 ** np.where(inside, top, side), inside))
        (value, inside), (drawn, drawn_inside) = found
        least, most = ends(float(value[0]), drawn)
        row = {"what": "pair optimum", "axis": pair, "value": value[0], "low": least, "high": most}
        yield row | {"status": "inside" if inside[0] else "edge", "edge_share": float(1 - drawn_inside.mean())}


def preset(plane: Plane, band: Band, asked: pd.Series) -> Iterator[dict[str, Any]]:
    """The best shape of a trained depth, since depth comes in whole blocks. asked: {depth as built: as asked for}."""
    points = np.vstack([slice_at(plane, u) for u in np.unique(plane.trained[:, 0])])
    point = points[plane.errors(points, plane.theta).argmin(axis=1)]
    shape = named(plane.coefficients(point)[0])
    shape["depth"] = float(asked.iloc[np.abs(asked.index.to_numpy(dtype=float) - shape["depth"]).argmin()])
    own = {"value": 0.0, "status": "baseline"}
    yield {"what": "preset"} | shape | (gain(plane, band, point) if np.linalg.norm(point) > 1e-9 else own)


def slice_at(plane: Plane, u: float) -> np.ndarray:
    """(n, 2): points of one depth within the hull, the trained ones of that depth among them."""
    sides = np.linspace(plane.trained[:, 1].min(), plane.trained[:, 1].max(), 4 * CURVE_POINTS)
    points = np.column_stack([np.full(len(sides), u), sides])
    return np.vstack([points[plane.contains(points)], plane.trained[plane.trained[:, 0] == u]])


def trained(observations: Observations, baseline: int) -> Iterator[dict[str, Any]]:
    """Every trained shape, the best first, against the baseline, with intervals that hold for all of them together
    (Dunnett 1955): the greatest t of all differences, which share the baseline, is within them. Measured where all are
    equally good: any is called better in 1.5 to 3.5% of 200 studies each. As trained: flops are not made equal."""
    variants, coefficients = observations.variants, built(observations.variants)
    flops, counts = variants.flops.to_numpy(dtype=float), observations.counts
    others = [i for i in np.argsort(-observations.means) if i != baseline]
    results = {i: contrast(observations, {int(i): 1.0, baseline: -1.0}) for i in others}
    known = [result for result in results.values() if result.standard_error > 0]
    critical = dunnett(counts[others], int(counts[baseline]), min(result.df for result in known)) if known else np.nan
    sd = pd.DataFrame(observations.values).std(axis=1)
    for i in [*others, baseline]:
        row = {"what": "trained", "flops_ratio": flops[i] / flops[baseline], "n": counts[i], "sd": sd[i]}
        row |= named(coefficients[i]) | {"accuracy": observations.means[i]}
        if i == baseline:
            yield row | {"axis": "baseline", "value": 0.0, "status": "baseline"}
            continue
        result = results[i]
        half = critical * result.standard_error
        low, high = result.estimate - half, result.estimate + half
        row |= {"axis": pair_of(np.log2(coefficients[i][[0, 2]])), "value": result.estimate}
        yield row | {"low": low, "high": high, "status": verdict(low, high)}


def pair_of(point: np.ndarray) -> str:
    """The pair in whose direction a shape lies from the baseline, nearly."""
    lengths = {}
    for pair, direction in PAIRS.items():
        way = np.array(direction) / np.linalg.norm(direction)
        lengths[pair] = float(np.linalg.norm(point - (point @ way) * way))
    return min(lengths, key=lambda pair: lengths[pair])


def curves(plane: Plane) -> Iterator[dict[str, Any]]:
    """Rows of CURVE_COLUMNS: accuracy through the baseline along each pair, within the trained shapes."""
    for pair, direction in PAIRS.items():
        steps = np.linspace(*plane.reach(np.array(direction)), CURVE_POINTS)
        points = steps[:, None] * np.array(direction)
        accuracy = 100 - plane.errors(points, plane.theta)[0]
        draws = 100 - plane.errors(points, plane.samples)
        for step, value, column in zip(steps, accuracy, draws.T, strict=True):
            low, high = ends(float(value), column)
            yield {"pair": pair, "multiplier": 2.0**step, "accuracy": value, "low": low, "high": high}
