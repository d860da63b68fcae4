"""Seconds of all figures and of the page of a synthetic study of 10,000 runs: python -m benchmarks.figures"""

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.analysis import study
from scaling_study.analysis.study import analyze
from scaling_study.figures import of_analysis, of_runs
from scaling_study.figures.printed import save
from scaling_study.literature import published
from scaling_study.records.columns import EPOCH_COLUMNS, RUN_COLUMNS
from scaling_study.records.costs import load_table
from scaling_study.report.page.html import render
from scaling_study.report.page.rows import page_rows
from scaling_study.report.page.sections import section
from scaling_study.report.page.values import Page

EPOCHS = 10
STUDIES = ((20, 500), (200, 50), (3333, 3))  # variants and seeds of each


def runs_of(variants, seeds):
    """The run table of ``study``, with every column."""
    runs = study(variants, seeds).assign(data="toy", recipe="quick", study="benchmark", resolution_px=20, epochs=EPOCHS)
    runs = runs.assign(run_id=[f"run{n}" for n in range(len(runs))], last_tenth_gain=0.1, flops_ratio=runs.cost)
    runs.loc[runs.index < seeds, ["method", "depth", "width", "resolution"]] = ["baseline", 1.0, 1.0, 1.0]
    return (
        runs.astype({"flops": int, "params": int, "activations": int, "activation_bytes": int})
        .reindex(columns=list(RUN_COLUMNS))
        .astype(RUN_COLUMNS)
    )


def history_of(runs):
    rows = runs[["run_id"]].loc[runs.index.repeat(EPOCHS)].reset_index(drop=True)
    epoch = np.tile(np.arange(1, EPOCHS + 1), len(runs))
    rows = rows.assign(
        epoch=epoch, train_loss=3.0 / epoch, val_top1=np.repeat(runs.top1, EPOCHS).array * epoch / EPOCHS
    )
    return rows.reindex(columns=list(EPOCH_COLUMNS)).astype(EPOCH_COLUMNS)


def now():
    return time.perf_counter(), time.process_time()


def seconds(what, start, end):
    """Seconds, and those of the processor, which other work on the machine hardly changes."""
    real, processor = (round(after - before, 1) for before, after in zip(start, end, strict=True))
    return {f"{what}_seconds": real, f"{what}_cpu_seconds": processor}


def measure(variants, seeds, folder):
    runs = runs_of(variants, seeds)
    history = history_of(runs)
    nothing = load_table(folder, "costs"), load_table(folder, "latencies")
    start = now()
    analysis = analyze(runs, *nothing, published(torchvision=False))
    analyzed = now()
    figures = {}
    for name, draw in (of_runs(runs, history) | of_analysis(analysis.tables, runs, *nothing)).items():
        if (chart := draw()) is not None:
            _, svg = save(chart, folder / name, ["png", "svg"])
            figures[name] = svg, chart
    drawn = now()
    part = section("benchmark", analysis, pd.DataFrame(), figures, "flops")
    page = render(Page("benchmark", [part], page_rows(runs, folder), history))
    written = now()
    (folder / "report.html").write_text(page, encoding="utf-8")
    return {
        "figures": len(figures),
        **seconds("analysis", start, analyzed),
        **seconds("figures", analyzed, drawn),
        **seconds("page", drawn, written),
        "page_mb": round(len(page.encode()) / 1e6, 1),
    }


def main():
    report = {}
    for variants, seeds in STUDIES:
        with tempfile.TemporaryDirectory() as folder:
            report[f"{variants} variants x {seeds} seeds"] = measure(variants, seeds, Path(folder))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
