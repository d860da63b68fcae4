"""How far curves are off beyond their data, and how often their intervals hold, on synthetic studies with known truth;
JSON on stdout: python benchmarks/extrapolation.py [studies of each kind]

A study has 5 to 8 variants over 8 to 32 times the smallest cost, 2 to 5 seeds of 0.2 to 1 points (or one run each, off
by 1%). The truth is a power law, one with a floor, M4, or a broken power law whose slope changes within the trained
range.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd

from scaling_study.analysis.comparisons import last_doubling
from scaling_study.analysis.curves import points_of
from scaling_study.analysis.forms import FORMS
from scaling_study.analysis.observations import observe, usable
from scaling_study.analysis.saturation import STEPS_PER_DOUBLING, saturation, settled

CHANCE = 99.5  # percent of errors that guessing makes
THRESHOLD = 0.5  # points per doubling below which accuracy is saturated
BEYOND = np.array([2.0, 4.0, 8.0])


def power(rng):
    b, c = rng.uniform(20, 70), rng.uniform(0.1, 0.8)
    return lambda x: b * x**-c


def floor(rng):
    e, b, c = rng.uniform(2, 30), rng.uniform(5, 50), rng.uniform(0.2, 1.2)
    return lambda x: e + b * x**-c


def m4(rng):
    e, c, a = rng.uniform(1, 25), rng.uniform(0.3, 1.2), rng.uniform(0.2, 1.5)
    first = rng.uniform(e + 15, 92)
    theta = np.array([[e, (first - e) / (CHANCE - first) ** a, c, a]])
    return lambda x: FORMS["m4"].error(theta, x, CHANCE)[0]


def broken(rng):
    """Caballero et al. (2023), one break."""
    e, b, c = rng.choice([0.0, rng.uniform(0, 15)]), rng.uniform(20, 70), rng.uniform(0.1, 0.8)
    change, at, width = rng.uniform(-0.9 * c, 0.6), np.exp(rng.uniform(np.log(1.5), np.log(6))), rng.uniform(0.3, 1)
    turned = lambda x: (1 + (x / at) ** (1 / width)) ** (-change * width)  # noqa: E731
    return lambda x: e + b * x**-c * turned(x) / turned(1.0)


def truth_of(kind, rng):
    """A curve that begins below guessing and falls by 3 points at least over 16 times the cost."""
    while True:
        curve = kind(rng)
        first, last = curve(np.array([1.0, 16.0]))
        if first < 95 and first - last > 3:
            return curve


def study(rng, curve, one_run):
    """(costs relative to the smallest, run table)."""
    n, span = rng.integers(5, 9), rng.choice([8, 16, 32])
    costs = np.sort(np.geomspace(1, span, n) * np.exp(0.1 * rng.standard_normal(n)))
    costs = costs / costs[0]
    seeds = 1 if one_run else rng.integers(2, 6)
    noise = 0.01 * curve(costs)[:, None] if one_run else rng.uniform(0.2, 1.0)
    errors = curve(costs)[:, None] + noise * rng.standard_normal((n, seeds))
    frame = pd.DataFrame({"top1": (100 - errors).clip(0, 100).ravel(), "seed": np.tile(np.arange(seeds), n)})
    frame = frame.assign(status="done", model="net", epochs=2, depth=1.0, resolution=1.0)
    frame["width"], frame["flops"] = np.sqrt(costs).repeat(seeds), 1e6 * costs.repeat(seeds)
    return costs, frame.assign(method=np.where(frame.width == 1, "baseline", "width"))


def judged(rng, kind, number, one_run):
    """What one study tells: a dict of numbers, empty where it finds no rising trend."""
    curve = truth_of(kind, rng)
    costs, frame = study(rng, curve, one_run)
    observations = observe(usable(frame)[0])
    result = saturation(points_of(observations, "width", "flops", CHANCE), THRESHOLD, draws=600, seed=number)
    if result.shape != "rising":
        return {}
    far = costs[-1] * BEYOND
    band = result.fit.predict(1e6 * far)
    inside = (band.low <= curve(far)) & (curve(far) <= band.high)
    grid = 2 ** np.arange(0, np.log2(costs[-1]) + 6, 1 / STEPS_PER_DOUBLING)
    cost = 1e6 * settled(curve(grid)[None], grid, THRESHOLD)[0]
    gain = float(np.diff(-curve(costs[-1] / np.array([2.0, 1.0])))[0])
    low, high = last_doubling(observations, "width", "flops").interval()
    return {
        **{f"band_{times:g}x": held for times, held in zip(BEYOND, inside, strict=True)},
        **{f"square_{times:g}x": v**2 for times, v in zip(BEYOND, np.log(band.error / curve(far)), strict=True)},
        "saturation_cost": result.saturation.low * 0.999 <= cost <= result.saturation.high * 1.001,
        "last_doubling": np.nan if one_run else low <= gain <= high,
    }


def rates(kind, count, one_run=False):
    rng = np.random.default_rng(3)
    rows = pd.DataFrame([judged(rng, kind, number, one_run) for number in range(count)])
    found = rows.dropna(how="all")
    means = found.astype(float).mean()
    squares = [name for name in means.index if name.startswith("square")]
    report = {"coverage": means.drop(squares).dropna().round(3).to_dict()}
    errors = np.sqrt(means[squares]).round(3)
    return report | {
        "rms_log_error": {name.removeprefix("square_"): value for name, value in errors.items()},
        "rising": round(len(found) / count, 3),
    }


if __name__ == "__main__":
    warnings.simplefilter("error")
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    report = {}
    for kind in (power, floor, m4, broken):
        report[kind.__name__] = {"seeds": rates(kind, studies), "one run": rates(kind, studies, one_run=True)}
    print(json.dumps(report, indent=1))
