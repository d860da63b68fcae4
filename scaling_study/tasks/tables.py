"""task=tables: rebuild a study's tables from its run records."""

from pathlib import Path

from scaling_study.errors import StudyError
from scaling_study.records.tables import write_tables
from scaling_study.tasks import terminal


def rebuild(config):
    """Write the tables of the study that ``config`` names and return the run table.

    Raises StudyError when there is no such study.
    """
    study_dir = Path(config.results_dir) / config.study
    if not study_dir.is_dir():
        raise StudyError(f"study={config.study}: there is no folder {study_dir}")
    return write_tables(study_dir)


def run(jobs):
    config = jobs[0].config
    print(terminal.variants(rebuild(config)))
    print(terminal.places(config))
    return 0
