"""task=plan: what a sweep would train, what it costs and how long it takes, without training."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.config.presets import recipe_changes
from scaling_study.data import size_of
from scaling_study.planning.length import training_flops
from scaling_study.records.compute import train_flops
from scaling_study.report.terminal import enlarged, few_updates, off_target
from scaling_study.scaling.coefficients import AXES, Coefficients
from scaling_study.system.workers import count_workers

if TYPE_CHECKING:
    from scaling_study.config.schema import Config
    from scaling_study.data.dataset import DataSet
    from scaling_study.measure.complexity import Complexity
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Print the table of runs, cheapest first, and a warning where they are short or will not fit into memory."""
    import torch

    from scaling_study.execution.check import check_trainable
    from scaling_study.execution.run import load_for

    config = jobs[0].config
    torch.set_num_threads(config.threads)
    check_trainable(jobs)
    sets: dict[str, Any] = {}  # several where data.train_images varies
    measured: dict[Any, Estimate] = {}
    rows = []
    for job in jobs:
        if (key := repr(job.run.data)) not in sets:
            sets[key] = load_for(job.config, job.run)
        data, batch_size = sets[key], job.run.recipe.batch_size
        variant = (job.run.variant, job.run.model.name, job.run.recipe.epochs, batch_size, key)
        if variant not in measured:
            measured[variant] = estimate(job, data)
        updates = len(data.train) // batch_size * job.run.recipe.epochs
        found = measured[variant]
        compute = train_flops(training_flops(job.run, found.cost.flops, **size_of(job.run.data)), updates, batch_size)
        rows.append(
            row(job, found) | {"updates": updates, "train_flops": compute} | {"native_px": data.native_resolution}
        )
    table = pd.DataFrame(rows).sort_values(["flops", "seed"], ignore_index=True)
    print(render(table))
    print(total(table, config))
    large = dict.fromkeys(found.too_large for found in measured.values() if found.too_large)
    for line in (*large, *few_updates(table.updates.tolist()), *off_target(table), *enlarged(table)):
        print(line, file=sys.stderr)
    return 0


@dataclass(frozen=True)
class Estimate:
    """Of a run. seconds: NaN where it will not fit into memory; too_large: what is said of that, or nothing."""

    cost: Complexity
    peak_bytes: float
    seconds: float
    too_large: str


def estimate(job: Job, data: DataSet) -> Estimate:
    """Counts, memory and time of a run; no training step of one that will not fit is tried."""
    from scaling_study.execution.estimates import complexity_of, run_seconds
    from scaling_study.execution.memory import limit_of, predicted, too_large
    from scaling_study.training.device import choose_device

    config, cost = job.config, complexity_of(job)
    device = choose_device(config.device)
    need, limit = predicted(job, cost, device), limit_of(config, device, count_workers(config.workers, config.device))
    if need.peak_bytes > limit:
        return Estimate(cost, need.peak_bytes, float("nan"), too_large(job.run.variant.label, need, limit))
    return Estimate(cost, need.peak_bytes, run_seconds(job, data, cost.flops), "")


def row(job: Job, found: Estimate) -> dict[str, Any]:
    from scaling_study.measure.flops import count_flops

    run, record = job.run, job.folder.record()
    size = size_of(run.data) | {"resolution_px": run.data.resolution}
    return {
        "run_id": run.run_id,
        **{axis: getattr(run.variant.coefficients, axis) for axis in AXES},
        "resolution_px": run.variant.resolution_px,
        "seed": run.seed,
        "epochs": run.recipe.epochs,
        "settings": recipe_changes(run.recipe),
        "target": run.variant.flops_target,
        "built": found.cost.flops / count_flops(run.model, Coefficients(), **size),
        "flops": found.cost.flops,
        "params": found.cost.params,
        "seconds": found.seconds,
        "peak_bytes": found.peak_bytes,
        "status": record["status"] if record else "waiting",
    }


def render(table: pd.DataFrame) -> str:
    shown = table.assign(Mflops=table.flops / 1e6, kparams=table.params / 1e3, train_Gflops=table.train_flops / 1e9)
    shown = shown.assign(est_MB=table.peak_bytes / 1e6).rename(columns={"seconds": "est_seconds"})
    formats = dict.fromkeys(("depth", "width", "resolution", "built"), "{:.2f}".format)
    formats |= {"Mflops": "{:.3f}".format, "kparams": "{:.1f}".format}
    formats |= dict.fromkeys(("est_MB", "est_seconds", "train_Gflops"), "{:.0f}".format)
    settings = ["settings"] if shown.settings.notna().any() else []
    budgets = ["target", "built"] if shown.target.notna().any() else []
    lengths = shown.epochs.nunique() > 1
    columns = [*shown.columns[:6], *["epochs"] * lengths, *settings, *budgets, "Mflops", "kparams"]
    columns += [*["train_Gflops"] * lengths, "est_MB", "est_seconds", "status"]
    shown["settings"] = shown.settings.fillna("")
    return shown[columns].to_string(index=False, formatters=formats | {"target": "{:g}".format}, na_rep="")


def total(table: pd.DataFrame, config: Config) -> str:
    """One line: what is left, and how long it takes with the workers the launcher would use."""
    left = table[table.status != "done"]
    workers = count_workers(config.workers, config.device)
    seconds = max(left.seconds.sum() / workers, left.seconds.max() if left.seconds.notna().any() else 0)
    unknown = left.seconds.isna().sum()
    without = f", without the {unknown} that will not fit" if unknown else ""
    minutes = f"about {seconds / 60:.1f} minutes with workers={workers}"
    return f"{len(left)} of {len(table)} runs to train, {minutes}{without}"
