"""task=tables: rebuild a study's tables from its run records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scaling_study.records.tables import rebuild
from scaling_study.report import terminal

if TYPE_CHECKING:
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Write the tables and print a line per variant. Raises StudyError when there is no such study."""
    config = jobs[0].config
    print(terminal.variants(rebuild(config.study_dir)))
    print(terminal.places(config))
    return 0
