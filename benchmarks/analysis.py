"""Seconds that the analysis of a synthetic study of 10,000 runs takes, by part: python benchmarks/analysis.py"""

import json
import tempfile
import time

import numpy as np
import pandas as pd

from scaling_study.analysis.study import analyze
from scaling_study.literature import published
from scaling_study.records.costs import load_table
from scaling_study.report.summary import summary

METHODS = ("compound", "depth", "width", "resolution", "fast")


def study(variants, seeds):
    """A run table with ``variants`` variants, shared out between the methods, of ``seeds`` seeds each."""
    rng = np.random.default_rng(0)
    cost = np.exp(rng.uniform(0, np.log(16), variants))
    frame = pd.DataFrame({"method": np.resize(METHODS, variants), "cost": cost, "error": 20 + 15 * cost**-0.7})
    frame = frame.loc[frame.index.repeat(seeds)].reset_index(drop=True)
    frame = frame.assign(seed=np.tile(np.arange(seeds), variants), status="done", model="net", epochs=2, classes=200)
    frame = frame.assign(depth=frame.cost**0.3, width=frame.cost**0.25, resolution=frame.cost**0.1)
    for axis in ("depth", "width", "resolution"):
        frame[axis] = np.where(frame.method == axis, frame.cost**0.5, frame[axis])
    for name in ("flops", "params", "activations", "activation_bytes", "train_seconds"):
        frame[name] = 1e6 * frame.cost
    return frame.assign(top1=100 - frame.error + 0.3 * rng.standard_normal(len(frame)), val_top1=50.0)


def main():
    with tempfile.TemporaryDirectory() as folder:
        nothing = load_table(folder, "costs"), load_table(folder, "latencies")
    report = {}
    for variants, seeds in ((20, 500), (200, 50), (3333, 3)):
        runs = study(variants, seeds)
        start = time.perf_counter()
        text = summary("benchmark", analyze(runs, *nothing, published(torchvision=False)), pd.DataFrame())
        seconds = round(time.perf_counter() - start, 1)
        report[f"{variants} variants x {seeds} seeds"] = {
            "runs": len(runs),
            "seconds": seconds,
            "words": len(text.split()),
        }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
