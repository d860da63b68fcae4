"""task=train: train the runs of a sweep that are not done, then write tables and figures."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from scaling_study.execution.pool import patched
from scaling_study.execution.prepare import prepare
from scaling_study.execution.progress import Progress
from scaling_study.execution.train import train_job
from scaling_study.records.tables import load_history, write_tables
from scaling_study.report import drawing, terminal
from scaling_study.system.workers import first_of_several, processes_per_run

if TYPE_CHECKING:
    from scaling_study.config.schema import Config
    from scaling_study.execution.command import Command
    from scaling_study.planning.jobs import Job


def run(command: Command) -> int:
    """Train, and return the command's exit status.

    Where several processes train each run together, all of them come here: the first checks, informs the others whether
    there is anything to train, and writes the tables.
    """
    share = sharing(command.config)
    if not first_of_several():
        if share(None):
            command.launch(train_job)
        return 0
    pending = []
    try:
        pending = prepare(command.jobs, command.hydra)
    finally:
        share(bool(pending))
    if pending:
        train(command)
    else:
        print(f"All {len(command.jobs)} runs are done already; nothing to train.")
    return finish(command.jobs)


def sharing(config: Config) -> Callable[[Any], Any]:
    """A function that gives every process the value that the first one calls it with."""
    if processes_per_run() == 1:
        return lambda value: value
    from scaling_study.training.distributed import join

    return join(config.device).agree


def train(command: Command) -> None:
    """Have Hydra's launcher train the runs, with a display of their progress."""
    progress = Progress([(job.folder, job.run.nominal_cost) for job in command.jobs]).start()
    try:
        with patched(command.hydra.launcher._target_, command.points):
            command.launch(train_job)
    finally:
        progress.stop()
        logging.captureWarnings(False)  # a run that trained in this process sends them to its log


def finish(jobs: Sequence[Job]) -> int:
    """Tables, figures and summary of the study from what is on disk; the command's exit status."""
    config = jobs[0].config
    runs = write_tables(config.study_dir)
    mine = runs[runs.run_id.isin([job.run.run_id for job in jobs])]
    print("\n".join([terminal.variants(mine), *terminal.reading(mine, config.recipe.batch_size)]))
    runs = drawing.with_cost(runs, config.study_dir, config.cost)
    plots, history = config.study_plots_dir, load_history(config.study_dir)
    drawn = drawing.draw_runs(runs, plots, history, config.cost, asked=drawing.Asked(formats=config.formats))
    print(terminal.places(config))
    missing = {job.run.run_id for job in jobs} - set(mine.run_id[(mine.status == "done") & (mine.record == "folder")])
    if not missing:
        return drawn.status
    print(terminal.failures(runs, missing), file=sys.stderr)
    return 1
