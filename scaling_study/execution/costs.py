"""What variants cost, counted once and kept in a study's cost table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed

from scaling_study.data import size_of
from scaling_study.planning.identity import digest, model_settings
from scaling_study.planning.jobs import Job
from scaling_study.records.costs import add_rows, load_table, require_readable
from scaling_study.records.store import require_writable
from scaling_study.system.processes import end_with
from scaling_study.system.progress import counter
from scaling_study.system.workers import count_workers

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.measure.complexity import Complexity

VARIANTS_PER_PROCESS = 12  # a process starts, and loads torch, in the time that so many take to count


def versions() -> dict[str, str]:
    names = {"torch_version": "torch", "timm_version": "timm", "package_version": "scaling_study"}
    return {column: version(name) for column, name in names.items()}


def variants(jobs: Sequence[Job]) -> dict[str, Job]:
    """{variant_id: job}: the jobs of a sweep without those that differ only in what costs do not depend on."""
    return {variant_id(job): job for job in jobs}


def variant_id(job: Job) -> str:
    """The cost table's name of a variant: model, rule and input size, and eight digits of what determines its cost."""
    model, variant, size = job.run.model, job.run.variant, size_of(job.run.data)
    settings = {
        "model": model_settings(model),
        **variant.settings,
        "size": [size["channels"], variant.resolution_px, size["classes"]],
    }
    return f"{model.name}-{variant.label}-{variant.resolution_px}px-{digest(settings)}"


def counted(jobs: Sequence[Job]) -> pd.DataFrame:
    """The rows of the cost table for ``jobs``, in order of flops; those that are missing are counted and written."""
    folder, wanted = jobs[0].config.study_dir, variants(jobs)
    require_readable(folder, "costs", "cost_parts")
    require_writable(folder)
    table = load_table(folder, "costs")
    current = table[(table[list(versions())] == versions()).all(axis=1)]
    missing = {name: job for name, job in wanted.items() if name not in set(current.variant_id)}
    for (name, _), (cost, row) in zip(counter(missing, "counting"), costs_of(missing), strict=True):
        add_rows(folder, "cost_parts", [{"variant_id": name, **asdict(part)} for part in cost.parts], ["variant_id"])
        table = add_rows(folder, "costs", [row], ["variant_id"])
    return table[table.variant_id.isin(wanted)].sort_values(["flops", "variant_id"], ignore_index=True)


def costs_of(jobs: Mapping[str, Job]) -> Iterator[tuple[Complexity, dict[str, Any]]]:
    """What ``cost_of`` gives for each of ``jobs``, in their order; many are counted by ``workers`` processes."""
    if not jobs:
        return iter(())
    config = next(iter(jobs.values())).config
    processes = min(count_workers(config.workers, "cpu"), max(1, len(jobs) // VARIANTS_PER_PROCESS))
    pool = Parallel(processes, return_as="generator", initializer=end_with, initargs=(os.getpid(),))
    return pool(delayed(cost_of)(name, job) for name, job in jobs.items())


def cost_of(name: str, job: Job) -> tuple[Complexity, dict[str, Any]]:
    """(Complexity, row of the cost table) of a job's variant."""
    from scaling_study.measure.costs import cost_columns, variant_complexity  # loads torch, which takes seconds

    run, size = job.run, size_of(job.run.data)
    cost = variant_complexity(run.model, run.variant, **size)
    columns = cost_columns(cost, run.model, baseline_px=run.data.resolution, **size)
    identity: dict[str, Any] = {
        "variant_id": name,
        "study": job.config.study,
        "source": "measured",
        "model": run.model.name,
    }
    identity |= {"family": run.model.family, "small_stem": run.model.small_stem}
    identity |= {"depthwise_flops": cost.depthwise_flops, "traffic_bytes": cost.traffic_bytes}
    return cost, identity | run.columns | size | columns | versions()
