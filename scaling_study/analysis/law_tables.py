"""What the law says of scaling, as tables: which axis pays, up to where, and which direction is best at a budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.directions import Best, Scale, simplex
from scaling_study.analysis.ensemble import TAILS
from scaling_study.analysis.law import Law, fit_law
from scaling_study.analysis.observations import Observations, studies, usable
from scaling_study.analysis.surface import Surface, fit_surface
from scaling_study.scaling.coefficients import AXES

NO_CEILING = 0.05  # a remaining error whose interval reaches below this share of the baseline's is as good as none
BEYOND = 2  # budgets go up to this multiple of the largest trained
PATH_POINTS = 25
LEAD = "lead of the best direction"
LAW_COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "cost": "string",
    "quantity": "string",  # see ``quantities``
    "axis": "string",
    "budget": "float64",  # multiple of the baseline's cost
    "value": "float64",
    "low": "float64",  # 95% interval
    "high": "float64",
    "extrapolated": "boolean",  # beyond what was trained
    "status": "string",
}
CURVE_COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "cost": "string",
    "path": "string",  # an axis alone, or best: the best direction of each budget
    "budget": "float64",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "accuracy": "float64",  # percent, by the law
    "low": "float64",
    "high": "float64",
    "extrapolated": "boolean",
    "ceiling": "float64",  # accuracy that the axis alone never exceeds, where it is identifiable
    "ceiling_low": "float64",
    "ceiling_high": "float64",
}
MAP_COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "cost": "string",
    "budget": "float64",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "share_depth": "float64",  # of the logarithm of the budget; width takes what depth and resolution leave
    "share_resolution": "float64",
    "accuracy": "float64",
    "extrapolated": "boolean",
    "best": "boolean",
}


def law_tables(
    runs: pd.DataFrame, draws: int = 1000, response: str = "top1", cost: str = "flops"
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[str]]:
    """(statements, curves, map, notes): frames with LAW_COLUMNS, CURVE_COLUMNS and MAP_COLUMNS of every part of a study
    that has a law, and a line for each that has none."""
    frame, _ = usable(runs, response)
    frame = frame[frame.stage_depth.isna()]
    rows: tuple[list, list, list] = ([], [], [])
    notes = []
    for (model, epochs), observations in studies(frame, response).items():
        law = fit_law(observations, draws)
        if not isinstance(law, Law):
            notes.append(f"{model}: no law of the axes, {law}")
            continue
        if fixed := [axis for axis in AXES if axis not in law.axes]:
            notes.append(f"{model}: the law does not depend on {' and '.join(fixed)}, which never varied")
        scale = Scale(law, observations, cost)
        notes += disagreements(scale, observations, model)
        key = {"model": model, "epochs": epochs, "cost": cost}
        for table, part in zip(rows, (quantities(scale), paths(scale), shapes(scale)), strict=True):
            table.extend(key | row for row in part)
    kinds = (LAW_COLUMNS, CURVE_COLUMNS, MAP_COLUMNS)
    tables = [pd.DataFrame(part, columns=list(kind)).astype(kind) for part, kind in zip(rows, kinds, strict=True)]
    return tables[0], tables[1], tables[2], notes


def disagreements(scale: Scale, observations: Observations, model: str) -> Iterator[str]:
    """A line where the law misses the baseline by more than its interval, since its gains start there, and one where
    the law and the quadratic surface, each with its interval, exclude each other at the best direction or an axis alone
    of a budget that was trained."""
    predicted = scale.law.predict(np.ones((1, 3))).iloc[0]
    for place in observations.where("baseline", baseline=False)[:1]:
        measured = observations.means[place]
        if not predicted.low <= measured <= predicted.high:
            yield (
                f"{model}: the law predicts {predicted.top1:.2f} ({predicted.low:.2f} to {predicted.high:.2f}) for the "
                f"baseline, which was measured at {measured:.2f}, so its gains at the baseline may be off by as much"
            )
    surface = fit_surface(observations)
    if not isinstance(surface, Surface):
        return
    law, places, names = scale.law, [], []
    for budget in budgets_of(scale):
        for name in ("the best direction", *law.axes):
            one = scale.best(budget).coefficients[None] if name not in law.axes else scale.alone(name, budget)
            if not law.outside(one)[0]:
                places.append(one[0])
                names.append(f"{name} at {budget:g} times the cost")
    if not places:
        return
    by_law, by_surface = law.predict(places), surface.predict(np.array(places))
    apart = (by_law.low > by_surface.high) | (by_law.high < by_surface.low)
    if apart.any():
        where = "; ".join(name for name, differs in zip(names, apart, strict=True) if differs)
        yield f"{model}: the law and the quadratic surface disagree by more than their intervals: {where}"


def budgets_of(scale: Scale) -> list[float]:
    """Powers of two up to BEYOND times the largest trained, at least 2."""
    last = max(int(np.floor(np.log2(scale.largest * BEYOND) + 1e-9)), 1)
    return [2.0**n for n in range(1, last + 1)]


def quantities(scale: Scale) -> Iterator[dict[str, Any]]:
    """Rows of LAW_COLUMNS: share left and exponent of each axis (f and p of the law), ceiling, gain of the first
    doubling, shape at equal cost and its gain, and for each budget the best direction, its accuracy, that of each axis
    alone, and the lead of the best direction over the best axis alone."""
    law = scale.law
    for place, axis in enumerate(law.axes):
        for name, column in (("share left", 1 + place), ("exponent", 1 + len(law.axes) + place)):
            yield statement(name, law.theta[0, column], law.samples[:, column], axis=axis)
        yield ceiling_of(law, axis)
        ends = np.vstack([np.ones(3), scale.alone(axis, 2.0)])
        yield difference("gain of the first doubling", law, ends[:1], ends[1:], axis=axis, budget=2.0)
    shape = scale.best_shape()
    yield from coefficient_rows("shape at equal cost", law, shape, 1.0)
    yield difference("gain of that shape", law, np.ones((1, 3)), shape.coefficients[None], budget=1.0)
    for budget in budgets_of(scale):
        yield from at_budget(scale, budget)


def at_budget(scale: Scale, budget: float) -> Iterator[dict[str, Any]]:
    law, best = scale.law, scale.best(budget)
    outside = bool(law.outside(best.coefficients[None])[0])
    yield from coefficient_rows("best direction", law, best, budget)
    common = {"budget": budget, "extrapolated": outside, "status": "estimated"}
    yield {
        "quantity": "accuracy of the best direction",
        "value": best.top1,
        "low": best.low,
        "high": best.high,
    } | common
    single = {axis: scale.alone(axis, budget) for axis in law.axes}
    for axis, coefficients in single.items():
        row = law.predict(coefficients).iloc[0]
        yield {"quantity": "accuracy of the axis alone", "axis": axis, "budget": budget, "value": row.top1} | {
            "low": row.low,
            "high": row.high,
            "extrapolated": bool(row.extrapolated),
            "status": "estimated",
        }
    first = min(single, key=lambda axis: law.errors(single[axis])[0])
    lead = difference(LEAD, law, single[first], best.coefficients[None], axis=first, budget=budget)
    yield lead | {"extrapolated": outside or lead["extrapolated"]}


def statement(name: str, value: float, samples: np.ndarray, **columns: Any) -> dict[str, Any]:
    low, high = np.nanquantile(samples, TAILS)
    row = {"quantity": name, "value": float(value), "low": min(low, value), "high": max(high, value)}
    return row | {"status": "estimated"} | columns


def ceiling_of(law: Law, axis: str) -> dict[str, Any]:
    """The accuracy that an axis alone never exceeds; not identifiable where its interval reaches as good as none."""
    value, *samples = law.ceilings(axis)
    row = statement("ceiling", value, np.array(samples), axis=axis)
    baseline = law.errors(np.ones((1, 3)))[0]
    return row | {"status": "estimated" if 100 - row["high"] > NO_CEILING * baseline else "not identifiable"}


def difference(name: str, law: Law, one: np.ndarray, other: np.ndarray, **columns: Any) -> dict[str, Any]:
    """Points of accuracy by which ``other`` (1, 3) is better than ``one``."""
    value = law.errors(one)[0] - law.errors(other)[0]
    samples = (law.errors(one, samples=True) - law.errors(other, samples=True))[:, 0]
    outside = bool(law.outside(one)[0] or law.outside(other)[0])
    return statement(name, value, samples, extrapolated=outside, **columns)


def coefficient_rows(name: str, law: Law, best: Best, budget: float) -> Iterator[dict[str, Any]]:
    outside = bool(law.outside(best.coefficients[None])[0])
    for axis in law.axes:
        n = AXES.index(axis)
        row = {"value": best.coefficients[n], "low": best.coefficients_low[n], "high": best.coefficients_high[n]}
        yield {"quantity": name, "axis": axis, "budget": budget, "extrapolated": outside, "status": "estimated"} | row


def paths(scale: Scale) -> Iterator[dict[str, Any]]:
    """Rows of CURVE_COLUMNS: along each axis alone and along the best direction."""
    law = scale.law
    budgets = np.geomspace(1, max(scale.largest * BEYOND, 2), PATH_POINTS)
    for path in (*law.axes, "best"):
        if path == "best":
            places = np.vstack([np.ones(3), *(scale.best(budget).coefficients for budget in budgets[1:])])
            limit: dict[str, float] = {}
        else:
            places = np.vstack([scale.alone(path, budget) if budget > 1 else np.ones((1, 3)) for budget in budgets])
            found = ceiling_of(law, path)
            known = found["status"] == "estimated"
            limit = (
                {"ceiling": found["value"], "ceiling_low": found["low"], "ceiling_high": found["high"]} if known else {}
            )
        predicted = law.predict(places)
        for budget, place, row in zip(budgets, places, predicted.itertuples(), strict=True):
            values = {"accuracy": row.top1, "low": row.low, "high": row.high, "extrapolated": bool(row.extrapolated)}
            yield {"path": path, "budget": budget} | dict(zip(AXES, place, strict=True)) | values | limit


def shapes(scale: Scale) -> Iterator[dict[str, Any]]:
    """Rows of MAP_COLUMNS at the largest power of two that was trained; none unless all three axes varied."""
    if len(scale.law.axes) < len(AXES) or scale.largest < 2:
        return
    budget = 2.0 ** np.floor(np.log2(scale.largest) + 1e-9)
    shares = simplex(len(AXES))
    places = scale.coefficients(budget, shares)
    error, outside = scale.law.errors(places), scale.law.outside(places)
    for n, (share, place) in enumerate(zip(shares, places, strict=True)):
        row = dict(zip(AXES, place, strict=True)) | {"share_depth": share[0], "share_resolution": share[2]}
        row |= {"accuracy": 100 - error[n], "extrapolated": bool(outside[n]), "best": n == error.argmin()}
        yield {"budget": budget} | row
