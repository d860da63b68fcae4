"""How many seeds tell two methods apart: power of the package's own comparison, by simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.next_comparison import compared, place
from scaling_study.analysis.noise import moderated
from scaling_study.analysis.observations import Observations, noisy

COLUMNS = {
    "seeds": "Int64",  # of every variant that enters the difference
    "runs": "Int64",  # to be added to those that the study has
    "core_seconds": "float64",  # that they take
    "difference": "float64",  # true one, points
    "power": "float64",  # share of studies whose 95% interval is beyond 0 on the right side
    "power_error": "float64",  # standard error of that share, from the number of simulated studies
}


def power(
    observations: Observations,
    core_seconds: np.ndarray,
    methods: tuple[str, str],
    multiple: float,
    differences: Sequence[float],
    *,
    seeds: Sequence[int] = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32),
    studies: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Power to tell two methods apart at ``multiple`` times the baseline's flops: a frame with COLUMNS.

    core_seconds: (variants,) of one run. Each simulated study is this one, with new noise of the same kind and size (a
    seed's own effect on every variant and on all alike), in which the variants that enter the difference have so many
    seeds; it is compared as comparisons do it. A power of 0.80 is thus one of the interval that the study would report.
    That interval alone counts, not the verdict, which is corrected for all comparisons of a study and has less power.
    Raises ValueError where the methods were not both trained around that cost, or no seeds tell the noise.
    """
    places = [place(observations, method, multiple) for method in methods]
    if None in places or not noisy(observations):
        raise ValueError(f"{' and '.join(methods)} at {multiple:g}: not both trained around there with several seeds")
    entering = sorted({int(variant) for weights, _ in places for variant, weight in weights.items() if weight})
    has = observations.counts[entering]
    rows = []
    for number in seeds:
        more = np.maximum(number - has, 0)
        present = ~np.isnan(observations.values)
        wide = np.pad(present, ((0, 0), (0, max(number - present.shape[1], 0))))
        wide[entering] = np.arange(wide.shape[1]) < number
        found = simulated(observations, wide, methods, multiple, studies=studies, seed=seed)
        for true in differences:
            share = float(np.mean(told_apart(found, true)))
            rows.append(
                {"seeds": number, "runs": int(more.sum()), "core_seconds": float(more @ core_seconds[entering])}
                | {"difference": true, "power": share, "power_error": np.sqrt(share * (1 - share) / studies)}
            )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def simulated(
    observations: Observations,
    present: np.ndarray,
    methods: tuple[str, str],
    multiple: float,
    *,
    studies: int,
    seed: int = 0,
) -> np.ndarray:
    """(studies, 3): difference minus its true value, standard error and degrees of freedom in studies whose runs are
    ``present`` (variants, seeds)."""
    total: Any = observations.noise
    own: Any = observations.paired_noise
    shared = np.sqrt(max(total.pooled - own.pooled, 0.0))
    means = observations.means
    rng = np.random.default_rng(seed)
    truth: Any = compared(observations, *methods, multiple)
    found = np.full((studies, 3), np.nan)
    for number in range(studies):
        noise = np.sqrt(own.variance)[:, None] * rng.standard_normal(present.shape)
        noise += shared * rng.standard_normal(present.shape[1])
        values = np.where(present, means[:, None] + noise, np.nan)
        study = Observations(observations.variants, values, moderated(values), moderated(values, blocks=True))
        result: Any = compared(study, *methods, multiple)
        found[number] = result.estimate - truth.estimate, result.standard_error, result.df
    return found


def told_apart(found: np.ndarray, true: float) -> np.ndarray:
    """(studies,): whether the interval of a difference that is truly ``true`` is beyond 0 on its side."""
    off, error, df = found.T
    half = stats.t.ppf((1 + LEVEL) / 2, df) * error
    return np.sign(true) * (true + off) > half


def fewest(table: pd.DataFrame, wanted: float = 0.8) -> pd.DataFrame:
    """Of each difference the row with the fewest seeds whose power is at least ``wanted``; none where all have less."""
    enough = table[table.power >= wanted].sort_values("seeds")
    return enough.groupby("difference", as_index=False).first()[list(COLUMNS)]
