"""Training compute: of a run, for its record and for rows of earlier tables."""

import pandas as pd

PASSES = 3  # a backward pass counts as two forward passes (Kaplan et al. 2020, arXiv 2001.08361, section 2.1)


def train_flops(flops: float, updates: float, batch_size: float) -> float:
    """Multiply-adds of training: PASSES * flops * images seen, which are updates * batch_size.

    flops: multiply-adds of one forward pass of one image, the mean over epochs where images grow. As Hoffmann et al.
    (2022, arXiv 2203.15556, appendix F) count; evaluation, the optimizer's own arithmetic and augmentation are not
    counted.
    """
    return float(PASSES * flops * updates * batch_size)


def with_train_flops(runs: pd.DataFrame) -> pd.DataFrame:
    """The run table with ``train_flops`` filled in where it is missing and flops, updates and batch size are known."""
    known = [runs[name].astype("float64") for name in ("flops", "updates", "batch_size")]
    return runs.assign(train_flops=runs.train_flops.fillna(PASSES * known[0] * known[1] * known[2]))
