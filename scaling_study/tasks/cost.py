"""task=cost: what the variants of a sweep cost, without training or memory for weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scaling_study.execution.costs import counted
from scaling_study.report import terminal

if TYPE_CHECKING:
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Count, tabulate and print; what the study's cost table holds already is not counted again."""
    table = counted(jobs)
    print(terminal.costs(table))
    study_dir = jobs[0].config.study_dir
    print(f"Tables: {study_dir / 'costs.csv'}, {study_dir / 'cost_parts.csv'}")
    return 0
