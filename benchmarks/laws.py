"""How often the intervals of the law hold on synthetic studies with known truth; JSON on stdout:
python benchmarks/laws.py [studies of each kind]

Truths: the saturating product, a sum of power laws, a quadratic surface. Designs: a full grid of 27 variants, and a
star (six steps along every axis, four compound networks). Three seeds of 0.2 to 1 points, of whose variance 0, 30 or
60% acts on all variants alike.
"""

import itertools
import json
import sys
import warnings

import numpy as np
import pandas as pd

from scaling_study.analysis.directions import Scale, best_of
from scaling_study.analysis.law import Law, fit_law, mean_interval
from scaling_study.analysis.observations import observe, usable
from scaling_study.analysis.surface import fit_surface
from scaling_study.scaling.coefficients import AXES

SEEDS = 3
BUDGET = 4.0
NEW_RUNS = 5  # of the recommended network
BEYOND = (1.5, 2.0)  # powers of the largest trained coefficient of an axis: 8 and 16 times where runs go up to 4


def grid():
    return np.array(list(itertools.product([1, 1.5, 2], repeat=3)), dtype=float)


def star():
    rows = [np.ones(3)]
    for axis, most in enumerate((4, 2.8, 2.5)):
        for value in np.geomspace(1, most, 7)[1:]:
            rows.append(np.where(np.arange(3) == axis, value, 1.0))
    return np.array([*rows, *(np.array([1.2, 1.1, 1.15]) ** phi for phi in (1, 2, 3, 4))])


def product(rng):
    f, p = rng.uniform(0, 0.8, 3) * (rng.random(3) < 0.7), rng.uniform(0.1, 1.5, 3)
    return lambda x: np.prod(f + (1 - f) * x**-p, axis=1)


def additive(rng):
    shares, p = rng.dirichlet(np.ones(4)), rng.uniform(0.2, 1.5, 3)
    return lambda x: shares[0] + (shares[1:] * x**-p).sum(axis=1)


def quadratic(rng):
    main, squares, crossed = rng.uniform(0.1, 0.7, 3), rng.uniform(0, 0.15, 3), rng.uniform(-0.1, 0.1, 3)

    def error(x):
        logs = np.log(x)
        products = np.stack([logs[:, i] * logs[:, j] for i, j in ((0, 1), (0, 2), (1, 2))], axis=1)
        return np.exp(-(logs @ main) + logs**2 @ squares + products @ crossed)

    return error


def study(rng, error, coefficients, sd, shared):
    """A run table: errors with noise, of whose variance ``shared`` acts on all variants of a seed alike."""
    n = len(coefficients)
    own, common = rng.standard_normal((n, SEEDS)), rng.standard_normal(SEEDS)
    noise = sd * (np.sqrt(1 - shared) * own + np.sqrt(shared) * common)
    frame = pd.DataFrame(coefficients.repeat(SEEDS, axis=0), columns=list(AXES))
    frame = frame.assign(top1=(100 - error[:, None] - noise).clip(0, 100).ravel(), seed=np.tile(np.arange(SEEDS), n))
    frame["flops"] = 1e6 * cost_of(frame[list(AXES)].to_numpy())
    frame["method"] = np.where((frame[list(AXES)] == 1).all(axis=1), "baseline", "custom")
    return frame.assign(status="done", model="net", epochs=2)


def cost_of(coefficients):
    return coefficients[:, 0] * coefficients[:, 1] ** 2 * coefficients[:, 2] ** 2


def candidates(coefficients):
    axes = (np.geomspace(low, high, 12) for low, high in zip(coefficients.min(0), coefficients.max(0), strict=True))
    grid = np.array(list(itertools.product(*axes)))
    return grid[cost_of(grid) <= BUDGET]


def judged(rng, kind, design, shared, number):
    """What one study tells: {name: whether an interval holds, or its width}."""
    worst, truth, coefficients = rng.uniform(15, 50), kind(rng), design()
    error, sd = worst * truth(coefficients), rng.uniform(0.2, 1.0)
    observations = observe(usable(study(rng, error, coefficients, sd, shared))[0])
    law = fit_law(observations, seed=number)
    assert isinstance(law, Law)
    at = law.predict(coefficients)
    surface = fit_surface(observations).predict(coefficients)
    choice = candidates(coefficients)
    best = best_of(law, choice)
    reached = 100 - worst * truth(choice[best.place : best.place + 1])[0]
    lowest = 100 - worst * truth(choice).min()
    [predicted] = law.predict(choice[best.place : best.place + 1]).itertuples()
    corrected = predicted._replace(low=best.low, run_low=predicted.run_low - (predicted.low - best.low))
    low, high = mean_interval(corrected, NEW_RUNS)
    trained = reached + sd * rng.standard_normal(NEW_RUNS).mean()
    scale = Scale(law, observations)
    direction = scale.best(BUDGET)
    single = {axis: scale.alone(axis, BUDGET) for axis in AXES}
    gap = worst * (min(truth(place)[0] for place in single.values()) - truth(direction.coefficients[None])[0])
    found = {
        "at_variants": np.mean((at.low <= 100 - error) & (100 - error <= at.high)),
        "surface_at_variants": np.mean((surface.low <= 100 - error) & (100 - error <= surface.high)),
        "recommended": best.low <= reached <= best.high,
        f"recommended_mean_of_{NEW_RUNS}": low <= trained <= high,
        f"recommended_mean_of_{NEW_RUNS}_width": high - low,
        "recommended_width": best.high - best.low,
        "recommended_behind_best": lowest - reached,
        "direction_no_worse_than_axis": gap > -0.1,
    }
    for power in BEYOND:
        far = 1 + (coefficients.max(axis=0) ** power - 1) * np.eye(len(AXES))  # each axis alone
        there, reach = 100 - worst * truth(far), law.predict(far)
        found[f"beyond_{power}"] = np.mean((reach.low <= there) & (there <= reach.high))
        found[f"beyond_{power}_width"] = np.mean(reach.high - reach.low)
        found[f"beyond_{power}_bias"] = np.mean(reach.top1 - there)
    if kind is product:
        probe = np.array([[1.0, 1, 1]] * 3)
        for place in range(3):
            probe[place, place] = 1e9
        ceilings = 100 - worst * truth(probe)
        held = [np.quantile(law.ceilings(axis)[1:], (0.025, 0.975)) for axis in AXES]
        found["ceilings"] = np.mean([low <= c <= high for c, (low, high) in zip(ceilings, held, strict=True)])
    return found


def rates(kind, design, shared, count):
    rng = np.random.default_rng(5)
    rows = pd.DataFrame([judged(rng, kind, design, shared, number) for number in range(count)])
    return rows.astype(float).mean().round(3).to_dict()


if __name__ == "__main__":
    warnings.simplefilter("error")
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    report = {}
    for kind, design, shared in itertools.product((product, additive, quadratic), (grid, star), (0, 0.3, 0.6)):
        report[f"{kind.__name__}, {design.__name__}, {shared:.0%} shared"] = rates(kind, design, shared, studies)
    print(json.dumps(report, indent=1))
