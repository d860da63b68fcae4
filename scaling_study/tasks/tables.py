"""task=tables: rebuild a study's tables from its run records."""

from scaling_study.records.tables import rebuild
from scaling_study.report import terminal


def run(jobs):
    """Write the tables and print a line per variant. Raises StudyError when there is no such study."""
    config = jobs[0].config
    print(terminal.variants(rebuild(config.study_dir)))
    print(terminal.places(config))
    return 0
