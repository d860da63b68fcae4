"""How error falls with the length of training and with the number of training images, beside the size of the network.

Log error is the sum of a constant of each network and a line in the logarithm of each of the two. Networks enter as
they are and not by a law of their axes, so that the exponents depend on no form of it; the law itself is fitted for
each length of training by itself (``law``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.curves import ERROR_MIN, widening
from scaling_study.analysis.law import relative_noise, resampled
from scaling_study.analysis.law_tables import LAW_COLUMNS, statement
from scaling_study.analysis.noise import moderated
from scaling_study.analysis.observations import Observations, noisy, usable
from scaling_study.analysis.settings import equal_settings
from scaling_study.analysis.surface import SPARE
from scaling_study.records.columns import VARIANT

TRAINING_AXES = ("epochs", "train_images")
VALUES_MIN = 3  # of an axis, below which a power of it is not fitted
EXPONENT, AT_EQUAL_LENGTH, GROWTH = (
    "exponent of training",
    "exponent at equal images seen",
    "change of that exponent per doubling of multiply-adds",
)


def training_axes(runs: pd.DataFrame, response: str = "top1", draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Rows of LAW_COLUMNS, whose ``epochs`` is missing as they are of all lengths: error falls as epochs, or training
    images, to the power -value, on average over the trained range and at the mean logarithm of the sizes.

    An axis of TRAINING_AXES counts where networks were trained at VALUES_MIN values of it or more; beside its exponent
    stands how that changes with the size, where enough was trained. Where both count, the exponent of images is at
    equal epochs, and one more row has it at equal images seen (new images instead of repetitions). Intervals are from
    a bootstrap over seeds, wider by how far the lines miss the means, or with one seed from that scatter alone.

    Measured coverage of the 95% intervals of the average slope, where the truth is such lines or a sum of power laws of
    size, epochs and images, or of size and images seen, with noise of 0.3 to 1 points: 0.94 to 1.00 with 3 seeds, 0.89
    to 1.00 with one, which tells nothing of how the noise differs (tests/analysis/test_training_axes.py).
    """
    if not {"model", "method", response, "epochs"} <= {*runs.columns} or runs.empty:
        return as_frame([])
    rows: list[dict[str, Any]] = []
    for model, part in of_all_images(runs, response).groupby("model"):
        rows += [{"model": model, "cost": "flops"} | row for row in of_model(part, response, draws, seed)]
    return as_frame(rows)


def of_all_images(runs: pd.DataFrame, response: str) -> pd.DataFrame:
    """Usable runs of the most frequent settings, of every number of training images."""
    runs = runs.reset_index(drop=True)
    images = runs.train_images if "train_images" in runs else pd.Series(np.nan, index=runs.index)
    kept = equal_settings(runs.drop(columns="train_images", errors="ignore"))[0]
    parts = kept.groupby(images[kept.index], dropna=False)
    return pd.concat([usable(part, response)[0].assign(train_images=count) for count, part in parts])


def of_model(frame: pd.DataFrame, response: str, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one model."""
    axes = [axis for axis in TRAINING_AXES if frame[axis].nunique() >= VALUES_MIN]
    frame = frame.dropna(subset=[*axes, "flops"])
    if not axes or frame.empty:
        return
    keys = frame.groupby([*VARIANT, *TRAINING_AXES], dropna=False)
    cells = keys.size().index.to_frame(index=False)
    values = frame.groupby([keys.ngroup(), "seed"])[response].mean().unstack().to_numpy(dtype=float)
    observed = Observations(cells, values, moderated(values), moderated(values, blocks=True))
    design, names = design_of(cells, axes)
    if not names:
        return
    targets, sigma = np.log(np.maximum(100 - observed.means, ERROR_MIN)), relative_noise(observed)
    # Without weights: where the lines miss, these would make the slope that of the runs with the least noise.
    missed = targets - design @ np.linalg.lstsq(design, targets, rcond=None)[0]
    spare = len(design) - design.shape[1]
    misfit = float(np.sqrt(((missed / sigma) ** 2).sum() / spare))
    own = max(misfit, 1.0) if noisy(observed) else misfit * widening(spare)
    sets = resampled(observed, targets, own * sigma, draws, np.random.default_rng(seed))
    found = -np.linalg.lstsq(design, np.vstack([targets, sets]).T, rcond=None)[0][-len(names) :]
    for (quantity, axis), samples in zip(names, found, strict=True):
        yield statement(quantity, samples[0], samples[1:], axis=axis)
    if names[:2] == [(EXPONENT, axis) for axis in TRAINING_AXES]:
        more = found[1] - found[0]
        yield statement(AT_EQUAL_LENGTH, more[0], more[1:], axis="train_images")


def design_of(cells: pd.DataFrame, axes: list[str]) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """((cells, terms): a constant of each network, then the terms that are named; (quantity, axis) of these): of
    the axes and their changes with size, or the exponents alone, or none, as far as the cells can tell them apart with
    SPARE left over."""
    network = cells.groupby(VARIANT, dropna=False).ngroup().to_numpy()
    constants = (network[:, None] == np.unique(network)).astype(float)
    logs = np.log(cells[axes].to_numpy(dtype=float))
    logs = logs - logs.mean(axis=0)
    size = np.log2(cells.flops.to_numpy(dtype=float))
    plain = [(EXPONENT, axis) for axis in axes]
    grown = [*plain, *((GROWTH, axis) for axis in axes)]
    crossed = np.column_stack([logs, logs * (size - size.mean())[:, None]])
    for names, terms in ((grown, crossed), (plain, logs)):
        design = np.column_stack([constants, terms])
        if len(design) >= design.shape[1] + SPARE and np.linalg.matrix_rank(design) == design.shape[1]:
            return design, names
    return constants, []


def as_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(LAW_COLUMNS)).astype(LAW_COLUMNS)
