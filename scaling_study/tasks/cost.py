"""task=cost: what the variants of a sweep cost, without training or memory for weights."""

from scaling_study.execution.costs import counted
from scaling_study.report import terminal


def run(jobs):
    """Count, tabulate and print; what the study's cost table holds already is not counted again."""
    table = counted(jobs)
    print(terminal.costs(table))
    study_dir = jobs[0].config.study_dir
    print(f"Tables: {study_dir / 'costs.csv'}, {study_dir / 'cost_parts.csv'}")
    return 0
