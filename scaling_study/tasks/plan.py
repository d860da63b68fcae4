"""task=plan: what a sweep would train, what it costs and how long it takes, without training."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.config.presets import recipe_changes
from scaling_study.data import size_of
from scaling_study.planning.length import training_flops
from scaling_study.records.compute import train_flops
from scaling_study.report.terminal import few_updates, off_target
from scaling_study.scaling.coefficients import AXES, Coefficients

if TYPE_CHECKING:
    from scaling_study.config.schema import Config
    from scaling_study.measure.complexity import Complexity
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Print the table of runs, cheapest first, and a warning where they are short."""
    import torch

    from scaling_study.execution.check import check_trainable
    from scaling_study.execution.estimates import measure
    from scaling_study.execution.run import load_for

    torch.set_num_threads(jobs[0].config.threads)
    check_trainable(jobs)
    sets: dict[str, Any] = {}  # several where data.train_images varies
    measured = {}
    rows = []
    for job in jobs:
        if (key := repr(job.run.data)) not in sets:
            sets[key] = load_for(job.config, job.run)
        data, batch_size = sets[key], job.run.recipe.batch_size
        variant = (job.run.variant, job.run.model.name, job.run.recipe.epochs, batch_size, key)
        if variant not in measured:
            measured[variant] = measure(job, data)
        updates = len(data.train) // batch_size * job.run.recipe.epochs
        cost, seconds = measured[variant]
        compute = train_flops(training_flops(job.run, cost.flops, **size_of(job.run.data)), updates, batch_size)
        rows.append(row(job, cost, seconds) | {"updates": updates, "train_flops": compute})
    table = pd.DataFrame(rows).sort_values(["flops", "seed"], ignore_index=True)
    print(render(table))
    print(total(table, jobs[0].config))
    for line in (*few_updates(table.updates.tolist()), *off_target(table)):
        print(line, file=sys.stderr)
    return 0


def row(job: Job, cost: Complexity, seconds: float) -> dict[str, Any]:
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
        "built": cost.flops / count_flops(run.model, Coefficients(), **size),
        "flops": cost.flops,
        "params": cost.params,
        "seconds": seconds,
        "status": record["status"] if record else "waiting",
    }


def render(table: pd.DataFrame) -> str:
    shown = table.assign(Mflops=table.flops / 1e6, kparams=table.params / 1e3, train_Gflops=table.train_flops / 1e9)
    shown = shown.rename(columns={"seconds": "est_seconds"})
    formats = dict.fromkeys(("depth", "width", "resolution", "built"), "{:.2f}".format)
    formats |= {"Mflops": "{:.3f}".format, "kparams": "{:.1f}".format, "est_seconds": "{:.0f}".format}
    formats |= {"train_Gflops": "{:.0f}".format}
    settings = ["settings"] if shown.settings.notna().any() else []
    budgets = ["target", "built"] if shown.target.notna().any() else []
    lengths = shown.epochs.nunique() > 1
    columns = [*shown.columns[:6], *["epochs"] * lengths, *settings, *budgets, "Mflops", "kparams"]
    columns += [*["train_Gflops"] * lengths, "est_seconds", "status"]
    shown["settings"] = shown.settings.fillna("")
    return shown[columns].to_string(index=False, formatters=formats | {"target": "{:g}".format}, na_rep="")


def total(table: pd.DataFrame, config: Config) -> str:
    """One line: what is left, and how long it takes with the workers the launcher would use."""
    from scaling_study.system.workers import count_workers

    left = table[table.status != "done"]
    workers = count_workers(config.workers, config.device)
    seconds = max(left.seconds.sum() / workers, left.seconds.max() if len(left) else 0)
    return f"{len(left)} of {len(table)} runs to train, about {seconds / 60:.1f} minutes with workers={workers}"
