"""task=push: a study's tables, figures and, if asked for, weights to a data set of the Hugging Face Hub."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scaling_study.errors import ConfigError, StudyError
from scaling_study.records.costs import load_table, require_readable
from scaling_study.records.tables import TABLES
from scaling_study.sharing.files import CARD, local_paths, megabytes, outdated, runs_with_weights, to_send
from scaling_study.tasks import analyze

if TYPE_CHECKING:
    from scaling_study.config.schema import Config
    from scaling_study.planning.jobs import Job
    from scaling_study.report.summary_opening import Opening


def run(jobs: Sequence[Job]) -> int:
    """Send the study as one commit, and print what was sent and where it is."""
    from scaling_study.sharing.card import Shared, card
    from scaling_study.sharing.client import Repository

    config = jobs[0].config
    folder, hub = config.study_dir, config.hub
    require_readable(folder, "costs", "latencies")
    tried = analyze.load(config)
    files = without_local_paths(to_send(folder, config.study_plots_dir, hub.weights))
    require_study(config, files)
    repository = Repository(str(hub.repo))
    repository.require_login()
    repository.prepare(hub.private)
    there = repository.listing()
    removed = outdated(there.sizes, files)
    opening, runs = answers(config, tried)
    shared = Shared(config.study, repository.name, opening, runs, load_table(folder, "costs"), list(files), hub.license)
    commit = repository.send({CARD: card(shared).encode(), **files}, removed, f"Study {config.study}")
    what = f"{len(files)} files and the card, {megabytes([*files.values()]):.1f} MB"
    print(f"Files: {', '.join(name for name in files if '/' not in name)}")
    print(f"Sent: {what}, commit {commit[:7]}" if commit != there.commit else f"Nothing new: {what}, are there already")
    if removed:
        print(f"Removed, and kept in the data set's history: {', '.join(removed)}")
    print(f"Data set: {repository.url} ({'private' if hub.private else 'public'})")
    return 0


def require_study(config: Config, files: Mapping[str, Path]) -> None:
    """Raise StudyError or ConfigError where there is nothing of what is to be sent."""
    if not files.keys() & {"runs.csv", "runs.parquet", "costs.csv"}:
        raise StudyError(f"study={config.study}: there is no table of runs or costs in {config.study_dir} to send")
    if config.hub.weights and not runs_with_weights(files):
        message = f"no finished run of study={config.study} kept its weights; train with checkpoint.keep=true"
        raise ConfigError("hub.weights", True, message)


def without_local_paths(files: Mapping[str, Path]) -> dict[str, Path]:
    """The files without tables that name paths of this machine, each told in a warning; the tables of runs, without
    which there is no study, are kept with a warning."""
    kept = dict(files)
    for name, path in files.items():
        if "/" in name or path.suffix not in (".csv", ".parquet") or not (found := local_paths(path)):
            continue
        column, example = next(iter(found.items()))
        where = f"{name}: column {column} holds paths of this machine ({example})"
        if path.stem in TABLES:
            print(f"warning: {where}, and is sent as it is", file=sys.stderr)
        else:
            print(f"warning: {where}, so the file is not sent", file=sys.stderr)
            del kept[name]
    return kept


def answers(config: Config, tried: pd.DataFrame) -> tuple[Opening | None, pd.DataFrame]:
    """(opening of the summary, rows that were analyzed); None and no rows where there is nothing to analyze."""
    from scaling_study.report.summary_opening import opening

    try:
        _, analysis = analyze.analyze(config, tried)
    except StudyError:
        return None, pd.DataFrame()
    return opening(analysis, config.cost), analysis.runs
