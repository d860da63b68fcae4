"""Run tables and tables of a law with known parameters."""

import numpy as np
import pandas as pd

from scaling_study.analysis.axis_forms import PRODUCT
from scaling_study.analysis.law import Law
from scaling_study.scaling.coefficients import AXES

THETA = [np.log(30.0), 0.6, 0.5, 0.2, 1.0, 1.3, 0.9]
STEPS = 16
SHARES = np.array([(d, w, STEPS - d - w) for d in range(STEPS + 1) for w in range(STEPS + 1 - d)]) / STEPS
COLUMNS = {"model": "net", "epochs": 2, "cost": "flops"}


def a_law(theta=THETA, sd=0.03, most=3.0):
    """The law of ``theta``, with draws of standard deviation ``sd``, of networks up to ``most`` in every axis."""
    low, high = PRODUCT.bounds(len(AXES))
    samples = (theta + sd * np.random.default_rng(0).standard_normal((200, len(theta)))).clip(low, high)
    ranges = dict.fromkeys(AXES, (1.0, most))
    parameters = np.array(theta)[None]
    return Law(AXES, parameters, samples, ranges, 20, 0.01, {}, None, None, "seeds", np.zeros((4, 4)), 1.0)


def shape(shares, budget):
    """(n, 3): depth, width and resolution that take ``shares`` (n, 3) of the logarithm of ``budget``."""
    return np.asarray(budget)[..., None] ** (shares * [1, 0.5, 0.5])


def law_runs(law, *, budgets=(2, 4, 8), seeds=3, sd=0.3):
    """Runs of every axis and of compound at the budgets."""
    rng, rows = np.random.default_rng(1), []
    shares = {"depth": (1, 0, 0), "width": (0, 1, 0), "resolution": (0, 0, 1), "compound": (0.3, 0.4, 0.3)}
    for method, budget in [("baseline", 1), *((method, budget) for method in shares for budget in budgets)]:
        at = shape(np.array(shares.get(method, (0, 0, 0))), budget)
        row = {"status": "done", "model": "net", "epochs": 2, "data": "toy", "recipe": "quick", "method": method}
        row |= dict(zip(AXES, at, strict=True)) | {"flops": 1e6 * budget, "resolution_px": 12, "phi": np.nan}
        noise = sd * rng.standard_normal(seeds)
        rows += [row | {"seed": seed, "top1": 100 - law.errors(at)[0] + noise[seed]} for seed in range(seeds)]
    return pd.DataFrame(rows)


def law_curves(law, most=32.0):
    """As of the analysis: accuracy of each axis and of the best direction over the budget."""
    budgets, parts = np.geomspace(1, most, 25), []
    for n, path in enumerate((*AXES, "best")):
        best = [SHARES[law.errors(shape(SHARES, budget)).argmin()] for budget in budgets]
        at = shape(np.array(best) if path == "best" else np.eye(3)[n], budgets)
        part = law.predict(at)[["top1", "low", "high", "extrapolated"]].rename(columns={"top1": "accuracy"})
        part = part.assign(path=path, budget=budgets, **dict(zip(AXES, at.T, strict=True)))
        known = path != "best" and law.theta[0, 1 + n] > 0
        ends = 100 - np.exp(law.samples[:, 0]) * law.samples[:, 1 + n] if known else [np.nan]
        ceiling = 100 - np.exp(law.theta[0, 0]) * law.theta[0, 1 + n] if known else np.nan
        low, high = np.quantile(ends, [0.025, 0.975])
        parts.append(part.assign(ceiling=ceiling, ceiling_low=low, ceiling_high=high))
    return pd.concat(parts, ignore_index=True).assign(**COLUMNS)


def law_map(law, budget=4.0):
    """As of the analysis: accuracy of every split of one budget."""
    at = shape(SHARES, budget)
    frame = law.predict(at).rename(columns={"top1": "accuracy"})[["accuracy", "extrapolated"]]
    frame = frame.assign(share_depth=SHARES[:, 0], share_resolution=SHARES[:, 2], budget=budget)
    return frame.assign(best=frame.accuracy == frame.accuracy.max(), **dict(zip(AXES, at.T, strict=True)), **COLUMNS)
