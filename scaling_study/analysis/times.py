"""Which count predicts time: log time against log flops, params and activations (Dollár et al. 2021, section 3)."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.records.costs import SETTING

PREDICTORS = ("flops", "params", "activations")
TIMES = {"inference": "latency of one image", "train_step": "training step, seconds per image at the fastest batch"}
POINTS_MIN = 4  # the interval of a correlation needs them
COLUMNS = {
    "device": "string",
    "threads": "Int64",
    "precision": "string",
    "runtime": "string",
    "time": "string",  # a key of TIMES
    "family": "string",  # or: all
    "predictor": "string",
    "n": "Int64",  # networks
    "exponent": "float64",  # slope of log time by log predictor
    "exponent_low": "float64",
    "exponent_high": "float64",
    "correlation": "float64",  # of the logarithms
    "correlation_low": "float64",
    "correlation_high": "float64",
    "residual_factor": "float64",  # exp of the residual standard deviation: how far times lie from the line
    "left_out_ratio": "float64",  # geometric mean of time by what the line through all other families predicts
    "left_out_factor": "float64",  # exp of the root mean square of that ratio's logarithm
    "status": "string",  # estimated, too few points, predictor is constant
}


def time_fits(costs: pd.DataFrame, latencies: pd.DataFrame) -> pd.DataFrame:
    """Regressions for every device setting, pooled and within each family: a frame with COLUMNS.

    costs, latencies: the cost and latency tables of a study. ``left_out_*`` of a family are of its networks; of all
    networks, of each when its family is left out. A timm classifier is a family of its own there.
    """
    rows = []
    for setting, table in latencies.groupby(SETTING, dropna=False):
        for time in TIMES:
            points = merged(costs, table, time)
            sizes = points.family.drop(
                index=points.index[points.family == "timm"]
            ).value_counts()  # no family of its own
            families = sorted(sizes.index[(sizes > 1) & (sizes < len(points))])
            errors = {predictor: left_out_errors(points, predictor) for predictor in PREDICTORS}
            for family in ["all", *families]:
                mine = (points.family == family) | (family == "all")
                common = dict(zip(SETTING, setting, strict=True)) | {"time": time, "family": family}
                for predictor in PREDICTORS:
                    missed = errors[predictor][mine]
                    left_out = {
                        "left_out_ratio": np.exp(missed.mean()),
                        "left_out_factor": np.exp(np.sqrt((missed**2).mean())),
                    }
                    rows.append(common | regression(points[mine], predictor) | left_out)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def merged(costs: pd.DataFrame, latencies: pd.DataFrame, time: str) -> pd.DataFrame:
    """One row per network with its counts and ``seconds`` per image."""
    rows = latencies[latencies.workload == time].assign(seconds=lambda t: 1 / t.images_per_second)
    rows = rows[rows.batch_size == 1] if time == "inference" else rows
    seconds = rows.groupby("variant_id").seconds.min().rename("seconds").reset_index()
    return costs.drop_duplicates("variant_id", keep="last").merge(seconds, on="variant_id")


def left_out_errors(points: pd.DataFrame, predictor: str) -> pd.Series:
    """For each network the logarithm of its time by that which the line through the networks of all other families
    predicts; missing where these are fewer than POINTS_MIN or the count is the same in all."""
    families = points.family.where(points.family != "timm", points.variant_id)
    x, y = (np.log(points[column].astype(float)) for column in (predictor, "seconds"))
    errors = pd.Series(np.nan, index=points.index)
    for family in families.unique():
        mine = families == family
        if (~mine).sum() >= POINTS_MIN and np.ptp(x[~mine]) > 1e-9:
            line = stats.linregress(x[~mine], y[~mine])
            errors[mine] = y[mine] - line.intercept - line.slope * x[mine]
    return errors


def regression(points: pd.DataFrame, predictor: str) -> dict[str, Any]:
    x, y = (np.log(points[column].astype(float).to_numpy()) for column in (predictor, "seconds"))
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < POINTS_MIN or np.ptp(x) < 1e-9:
        status = "too few points" if len(x) < POINTS_MIN else "predictor is constant"
        return {"predictor": predictor, "n": len(x), "status": status}
    line, correlation = stats.linregress(x, y), stats.pearsonr(x, y)
    half = stats.t.ppf((1 + LEVEL) / 2, len(x) - 2) * line.stderr
    low, high = correlation.confidence_interval(LEVEL)
    residual = np.sqrt(((y - line.intercept - line.slope * x) ** 2).sum() / (len(x) - 2))
    return {
        "predictor": predictor,
        "n": len(x),
        "exponent": line.slope,
        "exponent_low": line.slope - half,
        "exponent_high": line.slope + half,
        "correlation": correlation.statistic,
        "correlation_low": low,
        "correlation_high": high,
        "residual_factor": np.exp(residual),
        "status": "estimated",
    }
