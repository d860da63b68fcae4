"""task=figures: draw a study's figures from its tables."""

from pathlib import Path

from scaling_study.errors import StudyError
from scaling_study.records.tables import load_runs

FORMATS = ("png", "svg")


def draw(config):
    """Draw every figure that the run table has the rows for; returns the files written."""
    runs = load_runs(Path(config.results_dir) / config.study)
    if not (runs.status == "done").any():
        return []
    from scaling_study.figures import FIGURES, save

    folder = Path(config.plots_dir) / config.study
    return [file for name, figure in FIGURES.items() for file in save(figure(runs), folder / name, FORMATS)]


def run(jobs):
    config = jobs[0].config
    try:
        files = draw(config)
    except FileNotFoundError as error:
        raise StudyError(f"study={config.study}: there is no table {error.filename}") from error
    if not files:
        raise StudyError(f"study={config.study}: no run is done, so there is nothing to draw")
    print("\n".join(map(str, files)))
    return 0
