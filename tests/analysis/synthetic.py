"""Run tables with known truth."""

import numpy as np
import pandas as pd

METHODS = ("compound", "depth", "width", "resolution", "fast")


def run_rows(method, costs, errors, rng, *, seeds=3, sd=0.3, **columns):
    """Rows of one method: an error (percent) per cost, ``seeds`` runs each with normal noise of ``sd`` points.

    The first cost is the baseline's."""
    costs, errors = (np.repeat(np.asarray(values, dtype=float), seeds) for values in (costs, errors))
    n = len(costs)
    frame = pd.DataFrame(
        {"top1": 100 - errors + sd * rng.standard_normal(n), "seed": np.tile(np.arange(seeds), n // seeds)}
    )
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
    return frame.assign(
        run_id=[f"{method}-{cost:g}-{seed}" for cost, seed in zip(costs, frame.seed, strict=True)], **columns
    )


def floor_curve(costs, e=20.0, b=15.0, c=0.7):
    return e + b * np.asarray(costs, dtype=float) ** -c


def matched_study(rng, *, gap=0.0, sd=0.3, budgets=(2, 4, 8, 16), seeds=3, methods=METHODS):
    """All methods at the same budgets, equally good but for compound, which is ``gap`` points better."""
    costs, parts = np.r_[1, budgets], []
    for n, method in enumerate(methods):
        better = gap * (costs > 1) * (method == "compound")
        rows = run_rows(method, costs, floor_curve(costs) - better, rng, seeds=seeds, sd=sd)
        rows["flops_target"] = np.where(rows.method == "baseline", np.nan, rows.flops / 1e6)
        parts.append(rows if n == 0 else rows[rows.method != "baseline"])
    return pd.concat(parts, ignore_index=True)


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
