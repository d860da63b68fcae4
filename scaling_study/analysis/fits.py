"""Saturation of every method of a study along every cost, as tables."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.comparisons import last_doubling
from scaling_study.analysis.contrasts import Contrast
from scaling_study.analysis.curves import Points, points_of
from scaling_study.analysis.ensemble import TAILS, Ensemble
from scaling_study.analysis.forms import FORMS
from scaling_study.analysis.observations import COSTS, studies, usable
from scaling_study.analysis.saturation import Saturation, saturation

METHODS = ("width", "depth", "resolution", "compound", "fast")
KEYS = {"model": "string", "epochs": "Int64", "method": "string", "cost": "string"}
FIT_COLUMNS = KEYS | {
    "form": "string",  # average, or a key of analysis.forms.FORMS
    "equation": "string",  # of the error in percent; x is the cost relative to ``unit``
    "chosen": "boolean",  # the average, or turning where accuracy falls: all that is stated is of this curve
    "status": "string",  # converged, bound hit, too few points, not identifiable
    "shape": "string",  # rising, falling, flat
    "trend_p": "float64",  # of no dependence on cost; above 0.01 the curve has no statements
    "points": "Int64",
    "runs": "Int64",
    "unit": "float64",
    "parameters": "string",  # name=value, in the order of the equation
    "heldout_log_error": "float64",
    "inflation": "float64",  # scatter about the curve relative to that of the seeds
    "interval_basis": "string",  # seeds, or scatter about the curve where the seeds tell no noise
    "asymptote": "float64",  # accuracy of endless cost, percent; in the chosen row only, as all that follows
    "asymptote_low": "float64",
    "asymptote_high": "float64",
    "asymptote_status": "string",
    "threshold": "float64",  # points per doubling
    "saturation_cost": "float64",
    "saturation_low": "float64",
    "saturation_high": "float64",
    "saturation_status": "string",
    "last_gain": "float64",  # points that the last doubling within the trained range brought, by the curve
    "last_gain_low": "float64",
    "last_gain_high": "float64",
    "measured_gain": "float64",  # the same by the runs at and about both costs alone, without a curve
    "measured_gain_low": "float64",
    "measured_gain_high": "float64",
}
GAIN_COLUMNS = KEYS | {
    "cost_value": "float64",
    "gain": "float64",  # points that doubling this cost brings, by the chosen curve
    "low": "float64",
    "high": "float64",
    "extrapolated": "boolean",  # twice the cost is beyond the largest trained
}
CURVE_COLUMNS = KEYS | {
    "cost_value": "float64",
    "accuracy": "float64",  # percent, by the chosen curve
    "low": "float64",  # confidence band
    "high": "float64",
    "run_low": "float64",  # prediction interval of one run
    "run_high": "float64",
    "extrapolated": "boolean",
}
CURVE_POINTS = 41
BEYOND = 2  # curves are tabulated up to this multiple of the largest trained cost


def fits(
    runs: pd.DataFrame,
    costs: Sequence[str] = COSTS,
    threshold: float = 0.5,
    draws: int = 1000,
    response: str = "top1",
    *,
    only_chosen: bool = False,
) -> tuple[pd.DataFrame, ...]:
    """(fit table, gain table, curve table) with FIT_COLUMNS, GAIN_COLUMNS and CURVE_COLUMNS. only_chosen: the rows of
    the fit table that hold statements, without held-out errors, and nothing else, in half the time."""
    frame, _ = usable(runs, response)
    chance = chance_error(frame)
    tables: tuple[list, list, list] = ([], [], [])
    for (model, epochs), observations in studies(frame, response).items():
        for method in METHODS:
            if not len(observations.where(method, baseline=False)):
                continue
            for cost in costs:
                key = {"model": model, "epochs": epochs, "method": method, "cost": cost}
                points = points_of(observations, method, cost, chance)
                result = saturation(points, threshold, draws)
                measured = last_doubling(observations, method, cost)
                if only_chosen:
                    if result.fit is None:
                        continue
                    tables[0].append(key | {"form": result.chosen, "chosen": True} | statements(result, measured))
                    continue
                for table, rows in zip(
                    tables, (fit_rows(result, measured), gain_rows(result), curve_rows(result)), strict=True
                ):
                    table.extend(key | row for row in rows)
    kinds = (FIT_COLUMNS, GAIN_COLUMNS, CURVE_COLUMNS)
    return tuple(pd.DataFrame(t, columns=list(k)).astype(k) for t, k in zip(tables, kinds, strict=True))


def chance_error(frame: pd.DataFrame) -> float:
    """Percent of errors that guessing makes."""
    classes = frame.classes.max() if "classes" in frame else np.nan
    return 100.0 if pd.isna(classes) else 100 * (1 - 1 / float(classes))


def fit_rows(result: Saturation, measured: Contrast | None) -> Iterator[dict[str, Any]]:
    """A row of the average and one of every form; measured: the last doubling without a curve."""
    if result.fit and result.chosen == "average":
        names = " and ".join(one.form for one in result.fit.averaged)
        one = result.fits["power"]
        yield {
            "form": "average",
            "equation": f"geometric mean of {names}",
            "chosen": True,
            "points": one.n_points,
            "runs": one.n_runs,
            "unit": one.unit,
            "heldout_log_error": result.heldout_log_error,
        } | statements(result, measured)
    for name, one in result.fits.items():
        row = {
            "form": name,
            "equation": FORMS[name].equation,
            "chosen": name == result.chosen,
            "status": one.status,
            "points": one.n_points,
            "runs": one.n_runs,
            "unit": one.unit,
            "parameters": " ".join(f"{key}={value:.6g}" for key, value in one.parameters.items()) if one.ok else None,
            "heldout_log_error": one.heldout_log_error,
            "inflation": one.inflation if result.points.noisy else np.nan,
        }
        yield row | (statements(result, measured) if name == result.chosen else {})


def statements(result: Saturation, measured: Contrast | None) -> dict[str, Any]:
    point, end = result.saturation, result.asymptote
    row = {
        "status": result.status,
        "shape": result.shape,
        "trend_p": result.trend_p,
        "threshold": result.threshold,
        "interval_basis": "seeds" if result.points.noisy else "scatter",
        "asymptote": end.value,
        "asymptote_low": end.low,
        "asymptote_high": end.high,
        "asymptote_status": end.status,
        "saturation_cost": point.value,
        "saturation_low": point.low,
        "saturation_high": point.high,
        "saturation_status": point.status,
    }
    if result.gains is not None and result.fit:
        row |= zip(("last_gain", "last_gain_low", "last_gain_high"), last_gain(result.fit, result.points), strict=True)
    if measured:
        row |= zip(("measured_gain_low", "measured_gain_high"), measured.interval(), strict=True)
        row["measured_gain"] = measured.estimate
    return row


def last_gain(curve: Ensemble, points: Points) -> tuple[float, float, float]:
    """(value, low, high) of the gain from half the largest trained cost to the largest; NaN where less was trained."""
    ends = points.cost[-1] / np.array([2.0, 1.0])
    if ends[0] < points.cost[0] * (1 - 1e-9):
        return np.nan, np.nan, np.nan
    half, whole = curve.errors(ends)
    if not curve.has_interval:
        return half - whole, np.nan, np.nan
    samples = curve.errors(ends, samples=True)
    low, high = np.nanquantile(samples[:, 0] - samples[:, 1], TAILS)
    return half - whole, low, high


def gain_rows(result: Saturation) -> list[dict[str, Any]]:
    if result.gains is None:
        return []
    return result.gains.rename(columns={"cost": "cost_value"}).to_dict("records")


def curve_rows(result: Saturation) -> list[dict[str, Any]]:
    """The chosen curve on an even grid of log cost, beyond the trained costs by no greater factor than they span;
    nothing where no trend was found."""
    if result.gains is None or result.fit is None:
        return []
    cost = result.points.cost
    grid = np.geomspace(cost[0], min(BEYOND, result.horizon, cost[-1] / cost[0]) * cost[-1], CURVE_POINTS)
    predicted = result.fit.predict(grid)
    table = pd.DataFrame({"cost_value": grid, "accuracy": 100 - predicted.error})
    table = table.assign(low=100 - predicted.high, high=100 - predicted.low)
    table = table.assign(run_low=100 - predicted.run_high, run_high=100 - predicted.run_low)
    return table.assign(extrapolated=grid > cost[-1] * (1 + 1e-9)).to_dict("records")
