"""Whole commands from Python, as in a notebook."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from scaling_study.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd


def run(*arguments: str) -> pd.DataFrame:
    """Run a command of ``python -m scaling_study`` in this process and return the run table of its study.

    arguments: as on the command line, one string each. Training uses worker processes, as on the command line.
    Raises ConfigError and StudyError where the command prints a line and fails; where runs failed, StudyError names
    them after the tables are written. Returns an empty frame for a task without runs.

    >>> import scaling_study as ss
    >>> runs = ss.run("scaling.width=1.4", "recipe.epochs=1", "data.train_images=256", "data.test_images=100")
    method depth width ...
    >>> runs.run_id.str.contains("width-1.4-seed0").tolist()
    [True]
    """
    import pandas as pd

    from scaling_study.cli import execute
    from scaling_study.records.tables import has_tables, load_runs

    with warnings.catch_warnings():
        status, config = execute(list(arguments))
    if config is None:
        return pd.DataFrame()
    runs = load_runs(config.study_dir) if has_tables(config.study_dir) else pd.DataFrame()
    if status:
        raise StudyError(f"study={config.study}: the command ended with status {status}{failed_runs(runs)}")
    return runs


def failed_runs(runs: pd.DataFrame) -> str:
    """The failed runs of a table with their errors, in words; nothing where there are none."""
    rows = runs[runs.status == "failed"] if len(runs) else runs
    return "".join(f"; {row.run_id}: {row.error_type}: {row.error}" for row in rows.itertuples())
