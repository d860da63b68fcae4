"""Which variants no cheaper one matches, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.observations import ALL_COSTS, TRAIN_FLOPS, studies, usable

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


COLUMNS = {
    "epochs": "Int64",
    "cost": "string",
    "cost_value": "float64",
    "model": "string",
    "method": "string",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "flops": "float64",
    "n": "Int64",
    "accuracy": "float64",  # mean over seeds, percent
    "low": "float64",  # 95% interval of the mean
    "high": "float64",
    "pareto": "boolean",  # no variant of at most this cost has a higher mean
    "probability": "float64",  # share of bootstrap draws over seeds in which that holds; missing with one seed
}


def frontier(
    runs: pd.DataFrame, costs: Sequence[str] = ALL_COSTS, draws: int = 1000, seed: int = 0, response: str = "top1"
) -> pd.DataFrame:
    """Every variant by each of ``costs``, all models together, with whether it is Pareto-optimal: COLUMNS.

    Variants are compared within each length of training; by training multiply-adds those of all lengths together.
    """
    frame, _ = usable(runs, response)
    rng = np.random.default_rng(seed)
    variants = [with_draws(key, observations, draws, rng) for key, observations in studies(frame, response).items()]
    lengths: dict[str, list] = {}
    for table, samples in variants:
        lengths.setdefault(str(table.epochs.iloc[0]), []).append((table, samples))
    apart = [cost for cost in costs if cost != TRAIN_FLOPS]
    parts = [part for group in lengths.values() for part in among(group, apart)]
    parts += among(variants, [cost for cost in costs if cost == TRAIN_FLOPS])
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)].astype(COLUMNS) if parts else empty()


def among(variants: list[tuple[pd.DataFrame, np.ndarray]], costs: Sequence[str]) -> list[pd.DataFrame]:
    """Tables by each of ``costs`` of variants that are compared with each other, as ``with_draws`` gives them."""
    if not variants:
        return []
    table = pd.concat([table for table, _ in variants], ignore_index=True)
    samples = np.concatenate([samples for _, samples in variants])
    return [by_cost(table, samples, cost) for cost in costs if table[cost].notna().any()]


def empty() -> pd.DataFrame:
    return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)


def with_draws(
    key: tuple, observations: Observations, draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """(variants with mean, interval and n; their means in each draw, (variants, draws), NaN without noise)."""
    from scipy import stats

    counts, means = observations.counts, observations.means
    noise: Any = observations.noise
    table = observations.variants.assign(model=key[0], epochs=key[1], n=counts, accuracy=means)
    known = noise is not None and noise.pooled > 0
    error = np.sqrt(noise.variance / counts) if known else np.full(len(means), np.nan)
    half = (stats.t.ppf((1 + LEVEL) / 2, noise.df) if known else np.nan) * error
    samples = means[:, None] + error[:, None] * rng.standard_normal((len(means), draws))
    return table.assign(low=(means - half).clip(0, 100), high=(means + half).clip(0, 100)), samples


def by_cost(table: pd.DataFrame, samples: np.ndarray, cost: str) -> pd.DataFrame:
    known = table[cost].notna().to_numpy()
    order = np.argsort(table[cost].to_numpy()[known], kind="stable")
    table, samples = table[known].iloc[order], samples[known][order]
    values = table[cost].to_numpy()
    optimal = undominated(values, samples)
    probability = np.where(np.isnan(samples).any(axis=1), np.nan, optimal.mean(axis=1))
    pareto = undominated(values, table.accuracy.to_numpy()[:, None])[:, 0]
    return table.assign(cost=cost, cost_value=values, pareto=pareto, probability=probability)


def undominated(cost: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """(variants, draws): whether no other variant of at most this cost is more accurate. cost: ascending."""
    best = np.maximum.accumulate(np.nan_to_num(accuracy, nan=-np.inf), axis=0)
    last = np.searchsorted(cost, cost, side="right") - 1  # of those that cost the same
    return accuracy >= best[last]
