"""Analyses of run tables."""

import pytest

from scaling_study.analysis.study import analyze
from scaling_study.literature import published
from scaling_study.records.costs import load_table


@pytest.fixture(scope="module")
def analysis_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("none")
    empty = load_table(folder, "costs"), load_table(folder, "latencies")

    def made(runs, *tables):
        return analyze(runs, *(tables or empty), published(torchvision=False), draws=100)

    return made
