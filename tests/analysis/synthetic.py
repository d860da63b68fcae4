"""Run tables with known truth."""

from functools import cache

import numpy as np
import pandas as pd

METHODS = ("compound", "depth", "width", "resolution", "fast")


def run_rows(method, costs, errors, rng, *, seeds=3, sd=0.3, **columns):
    """Rows of one method: an error (percent) per cost, ``seeds`` runs each with normal noise of ``sd`` points.

    The first cost is the baseline's."""
    errors = np.repeat(np.asarray(errors, dtype=float), seeds)
    frame = settings_of(method, tuple(map(float, costs)), seeds).assign(**columns)
    frame.insert(0, "top1", 100 - errors + sd * rng.standard_normal(len(errors)))
    return frame


@cache
def settings_of(method, costs, seeds):
    """What a simulation repeats hundreds of times with other noise: all columns but accuracy."""
    costs = np.repeat(costs, seeds)
    frame = pd.DataFrame({"seed": np.tile(np.arange(seeds), len(costs) // seeds)})
    first = costs == costs[0]
    frame = frame.assign(status="done", model="net", epochs=2, data="toy", recipe="quick", classes=200)
    frame = frame.assign(method=np.where(first, "baseline", method), depth=1.0, width=1.0, resolution=1.0)
    if method in ("depth", "width", "resolution"):
        frame[method] = costs**0.5
    else:
        frame = frame.assign(
            **{axis: costs**share for axis, share in (("depth", 0.4), ("width", 0.3), ("resolution", 0.1))}
        )
    for cost in ("flops", "params", "activations", "activation_bytes"):
        frame[cost] = 1e6 * costs
    frame["train_seconds"] = 10 * costs
    return frame.assign(run_id=[f"{method}-{cost:g}-{seed}" for cost, seed in zip(costs, frame.seed, strict=True)])


def floor_curve(costs, e=20.0, b=15.0, c=0.7):
    return e + b * np.asarray(costs, dtype=float) ** -c


def matched_study(rng, *, gap=0.0, sd=0.3, budgets=(2, 4, 8, 16), seeds=3, methods=METHODS):
    """All methods at the same budgets, equally good but for compound, which is ``gap`` points better."""
    costs = np.r_[1, budgets]
    better = [gap * (costs > 1) * (method == "compound") for method in methods]
    errors = np.repeat(floor_curve(costs) - better, seeds)
    settings, kept = matched_settings(budgets, seeds, methods)
    frame = settings.copy()
    frame.insert(0, "top1", (100 - errors + sd * rng.standard_normal(len(errors)))[kept])
    return frame


@cache
def matched_settings(budgets, seeds, methods):
    """(all columns of a matched study but accuracy, which rows of its methods' tables they are: one baseline)."""
    frame = pd.concat([settings_of(method, (1.0, *budgets), seeds) for method in methods], ignore_index=True)
    frame["flops_target"] = np.where(frame.method == "baseline", np.nan, frame.flops / 1e6)
    kept = ((frame.method != "baseline") | (frame.index < seeds)).to_numpy()
    return frame[kept].reset_index(drop=True), kept


def many_studies(studies):
    """One table of many studies, which the analysis keeps apart by model: net000, net001 and so on."""
    return pd.concat([runs.assign(model=f"net{n:03}") for n, runs in enumerate(studies)], ignore_index=True)


def grid_study(rng, grid, best, *, slope=8.0, seeds=3, sd=0.3):
    """A search: validation accuracy falls with the distance of a triple's logarithms from those of ``best``."""
    rows = []
    for triple in grid:
        distance = np.linalg.norm(np.log(triple) - np.log(best))
        axes = dict(zip(("depth", "width", "resolution"), map(float, triple), strict=True))
        for seed in range(seeds):
            row = {"status": "done", "model": "net", "epochs": 2, "method": "compound", "seed": seed} | axes
            accuracy = 80 - slope * distance + sd * rng.standard_normal()
            rows.append(row | {"val_top1": accuracy, "top1": accuracy, "flops": 2e6, "flops_ratio": 2.0})
    return pd.DataFrame(rows)


def surface_study(rng, exponents=(0.1, 0.5, 0.3), interaction=0.0, *, seeds=3, sd=0.3, levels=(1.0, 1.5, 2.0)):
    """A full grid of coefficients with log error linear in their logarithms but for depth times width."""
    rows = []
    for n, (depth, width, resolution) in enumerate(np.array(np.meshgrid(levels, levels, levels)).reshape(3, -1).T):
        logs = np.log([depth, width, resolution])
        error = 30 * np.exp(-np.dot(exponents, logs) - interaction * logs[0] * logs[1])
        for seed in range(seeds):
            row = {"status": "done", "model": "net", "epochs": 2, "method": "custom" if n else "baseline", "seed": seed}
            row |= {"depth": depth, "width": width, "resolution": resolution}
            row |= {"flops": 1e6 * depth * width**2 * resolution**2, "classes": 200}
            rows.append(row | {"top1": 100 - error + sd * rng.standard_normal()})
    return pd.DataFrame(rows)


STAR = ((0.5, 1), (1.5, 1), (2, 1), (2.5, 1), (0.5, 1.4), (1.5, 0.8), (2, 0.7), (2.5, 0.63), (1, 0.7), (1, 0.85))
STAR = (*STAR, (1, 1.2), (1, 1.4), (1, 1))


def shape_study(rng, best=(0.0, 0.0), bend=(0.06, 0.25, 0.05), *, seeds=3, sd=0.5, shared=0.0, off=0.0, slope=-0.25):
    """Shapes of equal cost with a quadratic log error of log2 depth and resolution: least at ``best``, by ``bend``, its
    coefficients of both squares and the product; flops up to a share ``off`` from the baseline's, which errors follow
    with ``slope``; noise of single runs ``sd``, and ``shared`` by the shapes of a seed, points."""
    effects, rows = shared * rng.standard_normal(seeds), []
    for depth, resolution in STAR:
        method = "baseline" if depth == resolution == 1 else "custom"
        flops = 1.0 if method == "baseline" else 1 + off * rng.uniform(-1, 1)
        u, v = np.log2((depth, resolution)) - best
        error = 25 * np.exp(np.dot(bend, (u**2, v**2, u * v)) + slope * np.log(flops))
        width = (flops / depth) ** 0.5 / resolution
        row = {"status": "done", "model": "net", "epochs": 2, "method": method, "classes": 200}
        row |= {"depth": float(depth), "width": width, "resolution": float(resolution)}
        row |= {"resolution_px": round(100 * resolution), "flops": 1e6 * flops, "flops_ratio": flops}
        row |= {"flops_target": np.nan if method == "baseline" else 1.0}
        for seed in range(seeds):
            accuracy = 100 - error + effects[seed] + sd * rng.standard_normal()
            rows.append(row | {"seed": seed, "val_top1": accuracy, "top1": accuracy})
    return pd.DataFrame(rows)
