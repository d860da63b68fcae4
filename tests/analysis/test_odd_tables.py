"""Tables as nobody would wish them: the analysis ends, no part fails, and no accuracy leaves 0 to 100."""

import numpy as np
import pandas as pd
import pytest

from scaling_study.analysis.study import analyze
from scaling_study.literature import published
from scaling_study.records.costs import load_table
from scaling_study.report.summary import summary

PERCENT = {
    "fits": ("asymptote", "asymptote_low", "asymptote_high"),
    "fit_curves": ("accuracy", "low", "high", "run_low", "run_high"),
    "law_curves": ("accuracy", "low", "high", "ceiling", "ceiling_low", "ceiling_high"),
    "law_map": ("accuracy",),
    "frontier": ("accuracy",),
}


def odd_table(rng):
    """A run table of random methods, sizes, seeds, noise and holes."""
    variants = int(rng.integers(1, 25))
    methods = np.array(["baseline", "width", "depth", "resolution", "compound", "fast", "custom"])
    frame = pd.DataFrame({"method": rng.choice(methods, variants)})
    for axis in ("depth", "width", "resolution"):
        levels = rng.choice([1.0, 1.0, 1.2, 1.5, 2.0, 4.0, 0.5], variants)
        frame[axis] = np.where(frame.method.isin([axis, "compound", "fast", "custom"]), levels, 1.0)
    cost = frame.depth * frame.width**2 * frame.resolution**2 * np.exp(rng.choice([0, 0.2]) * rng.normal(size=variants))
    shape = rng.integers(5)
    error = {
        0: 60 * cost ** -rng.uniform(0, 1.5),
        1: rng.uniform(0, 100, variants),
        2: np.full(variants, rng.choice([0.0, 50.0, 100.0])),
        3: 100 - 60 * cost**-0.3,
        4: np.where(cost > 2, 0.001, 99.9),
    }[int(shape)]
    seeds = int(rng.integers(1, 5))
    frame = frame.assign(flops=(1e6 * cost).round(), params=1e4 * cost ** rng.uniform(0, 1), error=error)
    frame = frame.loc[frame.index.repeat(seeds)].reset_index(drop=True)
    noise = rng.choice([0.0, 0.3, 10.0]) * rng.normal(size=len(frame))
    frame["top1"] = (100 - frame.pop("error") + noise).clip(0, 100)
    frame["seed"] = np.tile(np.arange(seeds), variants)
    frame = frame.assign(status="done", model=rng.choice(["one", "two"], len(frame)), epochs=rng.choice([1, 2]))
    frame = frame.assign(classes=rng.choice([2, 200]), val_top1=frame.top1)
    frame = frame[rng.random(len(frame)) > rng.choice([0, 0.3])]
    for column in ("top1", "flops", "params", "width"):
        frame.loc[rng.random(len(frame)) < rng.choice([0, 0, 0.2]), column] = np.nan
    return frame.reset_index(drop=True)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [pytest.param(range(3), id="3"), pytest.param(range(3, 303), id="300")])
@pytest.mark.filterwarnings("error")
def test_odd_tables_are_analyzed(seeds, tmp_path):
    nothing = load_table(tmp_path, "costs"), load_table(tmp_path, "latencies"), published(torchvision=False)
    for seed in seeds:
        runs = odd_table(np.random.default_rng(seed))
        result = analyze(runs, *nothing, draws=60)
        assert result.failed == (), seed
        for name, columns in PERCENT.items():
            if name in result.tables:
                shown = result.tables[name].reindex(columns=list(columns)).astype(float)
                assert (shown.ge(0) & shown.le(100) | shown.isna()).all(axis=None), (seed, name)
        fits = result.tables.get("fits", pd.DataFrame({"chosen": []}))
        for row in fits[fits.chosen.astype(bool)].itertuples():
            for value in ("asymptote", "saturation", "last_gain"):
                middle = getattr(row, "saturation_cost" if value == "saturation" else value)
                low, high = getattr(row, f"{value}_low"), getattr(row, f"{value}_high")
                assert pd.isna(low) or pd.isna(middle) or low <= middle <= high, (seed, row.method, value)
        assert "nan" not in summary("odd", result, pd.DataFrame()).lower(), seed
