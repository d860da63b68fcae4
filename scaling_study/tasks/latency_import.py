"""task=latency with latency.import: times that were measured elsewhere become rows of the latency table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scaling_study.analysis.latency import setting_words
from scaling_study.execution.costs import counted
from scaling_study.execution.imported_times import doubtful, read_times, rows_of
from scaling_study.records.costs import SETTING, add_rows, require_readable

if TYPE_CHECKING:
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Add the times of the file ``latency.import`` to the table, all or none, in place of those of the same setting."""
    config = jobs[0].config
    require_readable(config.study_dir, "latencies")
    path = Path(str(config.latency.import_))
    times = read_times(path)
    costs = counted(jobs)
    rows = rows_of(times, costs, config.study, path)
    add_rows(config.study_dir, "latencies", rows, ["variant_id", "workload", "batch_size", *SETTING, "runtime_version"])
    shown = pd.Series([setting_words(row) for row in rows]).value_counts(sort=False)
    for words, number in shown.items():
        print(f"{number} times: {words}")
    print(f"Table: {config.study_dir / 'latencies.csv'}")
    for line in doubtful(rows, costs):
        print(f"warning: {line}", file=sys.stderr)
    return 0
