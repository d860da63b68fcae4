"""task=tables: rebuild a study's tables from its run records."""

from pathlib import Path

from scaling_study.errors import StudyError
from scaling_study.records.tables import write_tables
from scaling_study.tasks import report


def write(config):
    """Write the tables of the study that ``config`` names and return the run table."""
    return write_tables(Path(config.results_dir) / config.study)


def run(jobs):
    config = jobs[0].config
    study_dir = Path(config.results_dir) / config.study
    if not study_dir.is_dir():
        raise StudyError(f"study={config.study}: there is no folder {study_dir}")
    print(report.variants(write(config)))
    print(report.places(config))
    return 0
