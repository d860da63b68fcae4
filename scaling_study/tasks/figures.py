"""task=figures: draw a study's figures from its tables."""

from pathlib import Path

from scaling_study.errors import StudyError
from scaling_study.tasks import tables

FORMATS = ("png", "svg")


def draw(config, runs):
    """Draw every figure of the run table ``runs``; returns the files written, none when no run is done."""
    if not (runs.status == "done").any():
        return []
    from scaling_study.figures import FIGURES, save

    folder = Path(config.plots_dir) / config.study
    return [file for name, figure in FIGURES.items() for file in save(figure(runs), folder / name, FORMATS)]


def run(jobs):
    config = jobs[0].config
    files = draw(config, tables.rebuild(config))
    if not files:
        raise StudyError(f"study={config.study}: no run is done, so there is nothing to draw")
    print("\n".join(map(str, files)))
    return 0
