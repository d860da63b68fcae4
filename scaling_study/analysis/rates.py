"""The best learning rate and weight decay of each network, what the recipe's own costs, and how the best moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.curves import widening
from scaling_study.analysis.observations import STUDY, built, numbers, usable
from scaling_study.analysis.rate_rules import ends, predicted, rule
from scaling_study.analysis.settings import without
from scaling_study.records.columns import BUILT, VARIANT
from scaling_study.scaling.coefficients import AXES
from scaling_study.training.rates import RATES

RATES_MIN = 3  # rates that a parabola needs
COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "recipe": "string",
    "settings": "string",  # what all these runs change in the recipe, beside the rate
    "rate": "string",  # learning_rate or weight_decay
    "what": "string",  # best rate of a variant; exponent of it with an axis; rule: what is kept of the exponents
    "method": "string",  # of a variant; axis of an exponent; baseline: the rule's rate there
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "stage_depth": "string",
    "flops_target": "float64",
    "rates": "Int64",  # that were trained
    "n": "Int64",  # seeds, the fewest of a rate
    "value": "float64",
    "low": "float64",  # 95% interval, NaN without a second seed
    "high": "float64",
    "at_edge": "boolean",  # the best trained rate is the least or the greatest, so the best may lie beyond
    "own_rate": "float64",  # of the recipe
    "loss": "float64",  # points of validation top-1 that the own rate is below the best
    "loss_low": "float64",
    "loss_high": "float64",
    "predicted": "float64",  # by the rule that is fitted without the variant
    "ratio": "float64",  # of the best to the predicted; its interval is that of the best, for the prediction as it is
    "ratio_low": "float64",
    "ratio_high": "float64",
}
SHARED = ["model", "epochs", "recipe", "settings", "rate"]  # columns that are the same in all rows of one part
NETWORK = [name for name in VARIANT if name in COLUMNS and name not in SHARED]


def rates(runs: pd.DataFrame, response: str = "val_top1", draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Best learning rates and weight decays, and their exponents: a frame with COLUMNS, empty unless a variant was
    trained at RATES_MIN.

    Of runs that differ in that rate alone; where a study varies both, each is analyzed at the most frequent settings of
    all else, those of the recipe where several are equally frequent. The best rate is the top of a parabola in its
    logarithm through the best trained rate and its two neighbors (at the ends: that rate itself). Intervals are from a
    bootstrap over seeds with the noise of all variants and rates pooled. Exponents are by least squares of the
    logarithm of the best rate on those of the built coefficients, over variants whose best is not at an edge.
    Measured coverage of the 95% intervals on synthetic studies of +sweep=rate (three sets of exponents, 2 and 3 seeds,
    noise of 0.15 to 0.8 points, 150 each): best rates and ratios 94 to 96%, exponents 95 to 96%.
    """
    rows = [
        common | row
        for part, common in parts(runs, response)
        for row in of_part(part, common["rate"], response, draws, seed)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def parts(runs: pd.DataFrame, response: str) -> Iterator[tuple[pd.DataFrame, dict[str, Any]]]:
    """(usable runs, what their rows share: SHARED) of each rate, model and length of training."""
    for rate in RATES:
        frame = varied(runs, rate, response)
        for key, part in frame.groupby(STUDY, dropna=False) if len(frame) else ():
            common = dict(zip(STUDY, key, strict=True)) | {"rate": rate}
            yield part, common | {name: shared(part, name) for name in ("recipe", "settings")}


def varied(runs: pd.DataFrame, rate: str, response: str) -> pd.DataFrame:
    """Usable runs of variants that were trained at RATES_MIN, equal in all other settings, which ``settings`` then
    holds; ``own``: whether the rate is the recipe's. A rate of 0 has no logarithm and does not count."""
    if not {"settings", rate, response} <= {*runs.columns}:
        return runs[:0]
    settings = runs.settings.fillna("")
    others = settings.map(lambda text: without(text, rate))
    frame = runs.assign(settings=others, own=others == settings, **{rate: numbers(runs[rate])})
    frame = frame[frame[rate] > 0].reset_index(drop=True)
    keys = [name for name in (*VARIANT, "epochs", "settings") if name in frame]
    frame = frame[frame.groupby(keys, dropna=False)[rate].transform("nunique") >= RATES_MIN]
    return usable(frame, response)[0] if len(frame) else frame


def shared(part: pd.DataFrame, name: str) -> Any:
    """The value of the column that all rows have; missing where they differ, or have none."""
    values = part[name].dropna().unique() if name in part else np.array([])
    return values[0] if len(values) == 1 and values[0] else pd.NA


def of_part(part: pd.DataFrame, rate: str, response: str, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one model and length of training."""
    noise, df = noise_of(part, response, rate)
    rng = np.random.default_rng(seed)
    rows, tops, coefficients = [], [], []
    for _, variant in part.groupby(VARIANT, dropna=False):
        table = variant.groupby(rate)[response].agg(["mean", "count"])
        if len(table) < RATES_MIN:
            continue
        means, spread = table["mean"].to_numpy(), noise / np.sqrt(table["count"].to_numpy())
        samples = np.empty((0, len(means)))
        if noise > 0:
            samples = means + spread * widening(df) * rng.standard_normal((draws, len(means)))
        row, top = of_variant(variant, rate, means, samples)
        rows.append(row | {"n": table["count"].min()})
        tops.append(top)
        averaged = variant[[name for name in (*AXES, *BUILT) if name in variant]].astype(float).mean()
        coefficients.append(built(averaged.to_frame().T)[0])
    if rows:
        yield from with_rule(rows, np.log(coefficients), np.array(tops))


def of_variant(variant: pd.DataFrame, rate: str, means: np.ndarray, samples: np.ndarray) -> tuple[dict, np.ndarray]:
    """(row, logarithms of the best rate as estimated and in bootstrap draws); means: accuracies at the variant's rates
    in ascending order; samples: (draws, rates)."""
    logs = np.log(np.sort(variant[rate].unique().astype(float)))
    top, highest, edge = (values[0] for values in best_rates(logs, means[None]))
    drawn, heights, _ = best_rates(logs, samples)
    first = variant.iloc[0]
    row = {"what": "best rate"} | {name: first.get(name) for name in NETWORK}
    row |= {"rates": len(logs), "value": np.exp(top), "at_edge": bool(edge)}
    row |= ends(np.exp(drawn), np.exp(top), "low", "high")
    if variant.own.any():
        own = variant.loc[variant.own, rate].iloc[0]
        near = int(np.abs(logs - np.log(own)).argmin())
        row |= {"own_rate": own, "loss": highest - means[near]}
        row |= ends(heights - samples[:, near], row["loss"], "loss_low", "loss_high")
    return row, np.r_[top, drawn]


def noise_of(part: pd.DataFrame, response: str, rate: str = "learning_rate") -> tuple[float, int]:
    """(standard deviation of a run about the mean of its variant and rate, pooled, NaN without a second seed; its
    degrees of freedom)."""
    cells = part.groupby([*VARIANT, rate], dropna=False)[response].agg(["count", "var"])
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


def with_rule(rows: list[dict[str, Any]], logs: np.ndarray, tops: np.ndarray) -> Iterator[dict[str, Any]]:
    """The rows with what the rule through the other variants predicts, then a row for each exponent and for what the
    rule keeps; logs: (variants, 3), logarithms of coefficients; tops: (variants, 1 + draws), of the best rates."""
    inner = np.array([not row["at_edge"] for row in rows])
    for row, expected in zip(rows, np.exp(predicted(logs, tops, inner)), strict=True):
        row["predicted"] = expected
        if not row["at_edge"]:
            row |= {"ratio": row["value"] / expected}
            row |= {f"ratio_{end}": row[end] / expected for end in ("low", "high")}
        yield row
    whole = rule(logs[inner], tops[inner])
    if whole is None:
        return
    for axis, draws in whole.exponents.items():
        yield {"what": "exponent", "method": AXES[axis], "value": draws[0]} | ends(draws[1:], draws[0], "low", "high")
    yield {"what": "rule", "method": "baseline", "value": np.exp(whole.start)}
    for axis, power in whole.kept.items():
        yield {"what": "rule", "method": AXES[axis], "value": power}
