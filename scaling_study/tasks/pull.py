"""task=pull: a study from a data set of the Hugging Face Hub."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scaling_study.errors import ConfigError
from scaling_study.records.store import require_writable
from scaling_study.sharing.arrival import arrange, check, files_of, put, require_no_loss
from scaling_study.sharing.files import FIGURES, megabytes, runs_with_weights, to_take

if TYPE_CHECKING:
    from scaling_study.config.schema import Config, Hub
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Download the study beside its place, check it, and move it there where nothing that is here would be lost."""
    from scaling_study.sharing.client import Repository

    config = jobs[0].config
    repository = Repository(str(config.hub.repo), config.hub.revision)
    commit, sizes = repository.listing()
    names = to_take(sizes, config.hub.weights)
    require_study(config.hub, names)
    results = Path(config.results_dir)
    require_writable(results)
    with tempfile.TemporaryDirectory(prefix=f".{config.study}.", dir=results) as beside:
        download, arrived = Path(beside) / "download", Path(beside) / "study"
        repository.download(names, commit, download)
        arrange(download, names, arrived)
        count, size = len(names), megabytes(files_of(arrived))
        new = taken_in(config, arrived)
    print(
        f"From: {repository.url} at commit {commit[:7]}: {count} files, {size:.1f} MB, {new or 'none'} of them new here"
    )
    print(f"Study: {config.study_dir}")
    if any(name.startswith(f"{FIGURES}/") for name in names):
        print(f"Figures: {config.study_plots_dir}")
    return 0


def require_study(hub: Hub, names: Collection[str]) -> None:
    """Raise ConfigError where the repository has nothing of what is asked for."""
    if not {*names} & {"runs.csv", "runs.parquet", "costs.csv"}:
        raise ConfigError("hub.repo", hub.repo, "this data set holds no table of runs or costs, so it is no study")
    if hub.weights and not runs_with_weights(names):
        raise ConfigError("hub.weights", True, f"{hub.repo} holds no weights")


def taken_in(config: Config, arrived: Path) -> int:
    """Move what arrived to where it belongs. Returns how many files are new here."""
    check(arrived)
    plots, drawn = config.study_plots_dir, arrived.with_name(FIGURES)
    if (arrived / FIGURES).is_dir():
        (arrived / FIGURES).rename(drawn)
    figures = {plots / file.name: file for file in drawn.glob("*")}
    tables = {config.study_dir / file.relative_to(arrived): file for file in files_of(arrived)}
    require_no_loss(config.study, config.study_dir, arrived, figures | tables)
    if figures:
        require_writable(plots)
    return put(arrived, config.study_dir, figures)
