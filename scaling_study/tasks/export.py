"""task=export: the variants of a sweep as ONNX files, to be timed on other devices."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scaling_study.errors import StudyError
from scaling_study.execution.costs import counted, variants, versions
from scaling_study.execution.export import export_apart
from scaling_study.records.costs import add_rows, load_table, require_readable
from scaling_study.system.progress import counter

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.planning.jobs import Job

FOLDER, MANIFEST = "onnx", "manifest"


def run(jobs: Sequence[Job]) -> int:
    """Write what is missing, and a row of the manifest for each file. Exit status 1 where a variant could not be
    exported; the others are."""
    import torch

    from scaling_study.execution.memory import check_memory
    from scaling_study.measure.runtimes import require_installed

    require_installed("onnxruntime", "task", "export")
    folder = jobs[0].config.study_dir / FOLDER
    require_readable(folder, MANIFEST)
    check_memory(jobs, torch.device("cpu"), images=8, training=False)
    costs, wanted, failed = counted(jobs).set_index("variant_id"), variants(jobs), []
    known = load_table(folder, MANIFEST)
    known = known[(known[list(versions())] == versions()).all(axis=1)].set_index("variant_id").file
    missing = {name: job for name, job in wanted.items() if name not in known or not (folder / known[name]).is_file()}
    for name, job in counter(missing, "exporting"):
        try:
            difference = export_apart(job, folder / f"{name}.onnx")
        except StudyError as error:
            failed.append(f"{name} was not exported: {error}")
            continue
        add_rows(folder, MANIFEST, [row(name, costs.loc[name], difference)], ["variant_id"])
    print(f"{len(wanted) - len(failed)} of {len(wanted)} networks: {folder}/*.onnx, listed in {folder / MANIFEST}.csv")
    print("Times measured elsewhere come back with task=latency latency.import=FILE.csv")
    for line in failed:
        print(f"warning: {line}", file=sys.stderr)
    return 1 if failed else 0


def row(name: str, cost: pd.Series, difference: float) -> dict[str, Any]:
    columns = ("model", "family", "method", "channels", "resolution_px", "classes", "flops", "params")
    identity = {"variant_id": name, "file": f"{name}.onnx"} | {column: cost[column] for column in columns}
    return identity | {"export_difference": difference} | versions()
