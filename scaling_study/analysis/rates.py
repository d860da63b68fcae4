"""The best learning rate of each network, what the recipe's own rate costs it, and how the best moves with size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.curves import widening
from scaling_study.analysis.ensemble import TAILS
from scaling_study.analysis.observations import STUDY, built, usable
from scaling_study.analysis.settings import equal_settings
from scaling_study.records.columns import BUILT, VARIANT
from scaling_study.scaling.coefficients import AXES

RATES_MIN = 3  # rates that a parabola needs
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "what": "string",  # best rate of a variant, or exponent of the best rate with an axis
    "method": "string",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "rates": "Int64",  # learning rates that were trained
    "n": "Int64",  # seeds, the fewest of a rate
    "value": "float64",
    "low": "float64",  # 95% interval, NaN without a second seed
    "high": "float64",
    "at_edge": "boolean",  # the best trained rate is the least or the greatest, so the best may lie beyond
    "own_rate": "float64",  # of the most frequent settings
    "loss": "float64",  # points of validation top-1 that the own rate is below the best
    "loss_low": "float64",
    "loss_high": "float64",
}


def rates(runs: pd.DataFrame, response: str = "val_top1", draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Best learning rates and their exponents: a frame with COLUMNS, empty unless a variant was trained at RATES_MIN.

    Of runs that differ in the learning rate alone. The best rate is the top of a parabola in its logarithm through the
    best trained rate and its two neighbors (at the ends: that rate itself). Intervals are from a bootstrap over seeds
    with the noise of all variants and rates pooled. Exponents are by least squares of the logarithm of the best rate on
    those of the built coefficients, over variants whose best is not at an edge.
    """
    if not {"settings", "learning_rate", response} <= {*runs.columns} or runs.empty:
        return as_frame([])
    rows: list[dict[str, Any]] = []
    alone = runs[runs.settings.fillna("").map(only_rate)].reset_index(drop=True)
    if alone.empty:
        return as_frame([])
    own = equal_settings(alone)[0].groupby("model").settings.first().fillna("")
    frame = usable(alone.assign(changed=alone.settings.fillna(""), settings=None), response)[0]
    for (model, epochs), part in frame.dropna(subset=["learning_rate"]).groupby(STUDY, dropna=False):
        found = of_part(part.assign(own=part.changed == own.get(model, "")), response, draws, seed)
        rows += [{"model": model, "epochs": epochs} | row for row in found]
    return as_frame(rows)


def only_rate(settings: str) -> bool:
    return all(change.startswith("learning_rate=") for change in settings.split())


def of_part(part: pd.DataFrame, response: str, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one model and length of training; column ``own``: whether a run has the most frequent settings."""
    noise, df = noise_of(part, response)
    rng = np.random.default_rng(seed)
    tops, coefficients = [], []
    for _, variant in part.groupby(VARIANT, dropna=False):
        table = variant.groupby("learning_rate")[response].agg(["mean", "count"])
        if len(table) < RATES_MIN:
            continue
        logs, means = np.log(table.index.to_numpy(dtype=float)), table["mean"].to_numpy()
        spread = noise / np.sqrt(table["count"].to_numpy()) * (widening(df) if df else 1.0)
        samples = means + spread * rng.standard_normal((draws, len(means))) if noise > 0 else np.empty((0, len(means)))
        top, highest, edge = (values[0] for values in best_rates(logs, means[None]))
        drawn, heights, _ = best_rates(logs, samples)
        first = variant.iloc[0]
        row = {"what": "best rate", "method": first.method} | {axis: first[axis] for axis in AXES}
        row |= {"rates": len(table), "n": table["count"].min(), "value": np.exp(top), "at_edge": bool(edge)}
        row |= ends(np.exp(drawn), np.exp(top), "low", "high")
        if variant.own.any():
            own = variant.learning_rate[variant.own].iloc[0]
            near = int(np.abs(logs - np.log(own)).argmin())
            row |= {"own_rate": own, "loss": highest - means[near]}
            row |= ends(heights - samples[:, near], row["loss"], "loss_low", "loss_high")
        yield row
        if not edge:
            tops.append(np.r_[top, drawn])
            averaged = variant[[name for name in (*AXES, *BUILT) if name in variant]].astype(float).mean()
            coefficients.append(built(averaged.to_frame().T)[0])
    yield from exponents(np.array(coefficients), np.array(tops))


def noise_of(part: pd.DataFrame, response: str) -> tuple[float, int]:
    """(standard deviation of a run about the mean of its variant and rate, pooled, NaN without a second seed; its
    degrees of freedom)."""
    cells = part.groupby([*VARIANT, "learning_rate"], dropna=False)[response].agg(["count", "var"])
    df = int((cells["count"] - 1).sum())
    return float(np.sqrt((cells["var"] * (cells["count"] - 1)).sum() / df)) if df else np.nan, df


def best_rates(logs: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(logarithm of the best rate, the accuracy there, whether it is at an edge), each (sets,); logs: (rates,); means:
    (sets, rates)."""
    place = means.argmax(axis=1)
    edge = (place == 0) | (place == len(logs) - 1)
    middle = place.clip(1, len(logs) - 2)
    rows = np.arange(len(means))
    x0, x1, x2 = (logs[middle + step] for step in (-1, 0, 1))
    y0, y1, y2 = (means[rows, middle + step] for step in (-1, 0, 1))
    rise, fall = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
    bend = (fall - rise) / (x2 - x0)
    safe = np.where(bend < 0, bend, -1.0)
    top = ((x0 + x1) / 2 - rise / (2 * safe)).clip(x0, x2)
    height = y0 + (top - x0) * (rise + safe * (top - x1))
    return np.where(edge, logs[place], top), np.where(edge, means[rows, place], np.maximum(height, y1)), edge


def exponents(coefficients: np.ndarray, tops: np.ndarray) -> Iterator[dict[str, Any]]:
    """A row for each axis that varied; coefficients: (variants, 3); tops: (variants, 1 + draws), logarithms of the best
    rates."""
    if len(tops) < 2:
        return
    moved = [n for n in range(len(AXES)) if np.ptp(coefficients[:, n]) > 0]
    design = np.column_stack([np.ones(len(tops)), np.log(coefficients[:, moved])])
    if len(tops) < design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return
    found = np.linalg.lstsq(design, tops, rcond=None)[0]
    for n, values in zip(moved, found[1:], strict=True):
        yield {"what": "exponent", "method": AXES[n], "value": values[0]} | ends(values[1:], values[0], "low", "high")


def ends(samples: np.ndarray, value: float, low: str, high: str) -> dict[str, float]:
    if not len(samples):
        return {low: np.nan, high: np.nan}
    least, most = np.quantile(samples, TAILS)
    return {low: min(float(least), float(value)), high: max(float(most), float(value))}


def as_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
