"""task=latency: what the variants of a sweep cost, and how long they take on this device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scaling_study.execution import costs as counts
from scaling_study.execution.memory import check_memory
from scaling_study.execution.timing import timings_of
from scaling_study.records.costs import add_rows, load_table, require_readable
from scaling_study.report import terminal
from scaling_study.system.progress import counter

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.measure.latency import Timing
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Measure, tabulate and print; what the study's table holds for this device and these versions stays."""
    import torch

    from scaling_study.execution.check import check_optimizers
    from scaling_study.training.device import choose_device, choose_precision, describe

    config = jobs[0].config
    require_readable(config.study_dir, "latencies")
    device = choose_device(config.device)
    check_memory(jobs, device, images=1)
    check_optimizers(jobs)
    costs = counts.counted(jobs).set_index("variant_id")
    torch.set_num_threads(config.threads)
    setting = {
        "device": describe(device),
        "threads": config.threads,
        "precision": choose_precision(config.recipe.precision, device),
    } | counts.versions()
    folder, wanted = config.study_dir, counts.variants(jobs)
    table = load_table(folder, "latencies")
    done = set(here(table, setting).variant_id)
    for name, job in counter({k: job for k, job in wanted.items() if k not in done}, "timing"):
        rows = [
            row(name, job, timing, setting) for timing in timings_of(job, device, setting, costs.activation_bytes[name])
        ]
        table = add_rows(folder, "latencies", rows, ["variant_id", *setting])
    shown = here(table, setting)
    print(f"{setting['device']}, {setting['threads']} CPU thread(s), {setting['precision']}")
    print(terminal.latencies(shown[shown.variant_id.isin(wanted)], costs))
    print(f"Tables: {folder / 'costs.csv'}, {folder / 'latencies.csv'}")
    return 0


def here(table: pd.DataFrame, setting: dict[str, Any]) -> pd.DataFrame:
    """The rows measured in the same setting."""
    return table[(table[list(setting)] == setting).all(axis=1)]


def row(name: str, job: Job, timing: Timing, setting: dict[str, Any]) -> dict[str, Any]:
    run = job.run
    identity = {"variant_id": name, "study": job.config.study, "source": "measured", "model": run.model.name}
    variant = {"family": run.model.family, "method": run.variant.method, "resolution_px": run.variant.resolution_px}
    now = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    return identity | variant | setting | asdict(timing) | now
