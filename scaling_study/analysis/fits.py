"""Saturation of every method of a study along every cost, as tables."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.curves import points_of
from scaling_study.analysis.observations import COSTS, studies, usable
from scaling_study.analysis.saturation import saturation

METHODS = ("width", "depth", "resolution", "compound", "fast")
KEYS = {"model": "string", "epochs": "Int64", "method": "string", "cost": "string"}
FIT_COLUMNS = KEYS | {
    "form": "string",  # a key of analysis.forms.FORMS
    "equation": "string",  # of the error in percent; x is the cost relative to ``unit``
    "chosen": "boolean",  # predicted the held-out largest costs best
    "status": "string",  # converged, bound hit, too few points, not identifiable
    "shape": "string",  # rising, falling, flat
    "trend_p": "float64",  # of no dependence on cost; above 0.01 the curve has no statements
    "points": "Int64",
    "runs": "Int64",
    "unit": "float64",
    "parameters": "string",  # name=value, in the order of the equation
    "heldout_log_error": "float64",
    "inflation": "float64",  # scatter about the curve relative to that of the seeds
    "asymptote": "float64",  # accuracy of endless cost, percent; of the chosen form's row only, as all that follows
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
    runs: pd.DataFrame, costs: Sequence[str] = COSTS, threshold: float = 0.5, draws: int = 1000, response: str = "top1"
) -> tuple[pd.DataFrame, ...]:
    """(fit table, gain table, curve table) with FIT_COLUMNS, GAIN_COLUMNS and CURVE_COLUMNS."""
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
                for table, rows in zip(tables, (fit_rows, gain_rows, curve_rows), strict=True):
                    table.extend(key | row for row in rows(result))
    kinds = (FIT_COLUMNS, GAIN_COLUMNS, CURVE_COLUMNS)
    return tuple(pd.DataFrame(t, columns=list(k)).astype(k) for t, k in zip(tables, kinds, strict=True))


def chance_error(frame: pd.DataFrame) -> float:
    """Percent of errors that guessing makes."""
    classes = frame.classes.max() if "classes" in frame else np.nan
    return 100.0 if pd.isna(classes) else 100 * (1 - 1 / float(classes))


def fit_rows(result: Any) -> Iterator[dict[str, Any]]:
    from scaling_study.analysis.forms import FORMS

    for name, made in result.fits.items():
        chosen = name == result.chosen
        row = {
            "form": name,
            "equation": FORMS[name].equation,
            "chosen": chosen,
            "status": made.status,
            "points": made.n_points,
            "runs": made.n_runs,
            "unit": made.unit,
            "parameters": " ".join(f"{key}={value:.6g}" for key, value in made.parameters.items()) if made.ok else None,
            "heldout_log_error": made.heldout_log_error,
            "inflation": made.inflation,
        }
        yield row | (statements(result) if chosen else {})


def statements(result: Any) -> dict[str, Any]:
    point, end = result.saturation, result.asymptote
    row = {
        "status": result.status,
        "shape": result.shape,
        "trend_p": result.trend_p,
        "threshold": result.threshold,
        "asymptote": end.value,
        "asymptote_low": end.low,
        "asymptote_high": end.high,
        "asymptote_status": end.status,
        "saturation_cost": point.value,
        "saturation_low": point.low,
        "saturation_high": point.high,
        "saturation_status": point.status,
    }
    if result.gains is not None:
        last = last_gain(result)
        row |= {"last_gain": last[0], "last_gain_low": last[1], "last_gain_high": last[2]}
    return row


def last_gain(result: Any) -> tuple[float, float, float]:
    """(value, low, high) of the gain from half the largest trained cost to the largest."""
    ends = result.points.cost[-1] / np.array([2.0, 1.0])
    half, whole = result.fit.errors(ends)
    if not len(result.fit.samples):
        return half - whole, np.nan, np.nan
    samples = result.fit.errors(ends, samples=True)
    low, high = np.quantile(samples[:, 0] - samples[:, 1], ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return half - whole, low, high


def gain_rows(result: Any) -> list[dict[str, Any]]:
    if result.gains is None:
        return []
    return result.gains.rename(columns={"cost": "cost_value"}).to_dict("records")


def curve_rows(result: Any) -> list[dict[str, Any]]:
    """The chosen curve on an even grid of log cost; nothing where no trend was found."""
    if result.gains is None:
        return []
    cost = result.points.cost
    grid = np.geomspace(cost[0], BEYOND * cost[-1], CURVE_POINTS)
    predicted = result.fit.predict(grid)
    table = pd.DataFrame({"cost_value": grid, "accuracy": 100 - predicted.error})
    table = table.assign(low=100 - predicted.high, high=100 - predicted.low)
    table = table.assign(run_low=100 - predicted.run_high, run_high=100 - predicted.run_low)
    return table.assign(extrapolated=grid > cost[-1]).to_dict("records")
