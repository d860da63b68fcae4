"""Texts beside points cover neither each other nor a legend, in any figure of the committed studies."""

import itertools

import pytest

from scaling_study.figures import of_costs, of_runs
from scaling_study.figures.labels import extent
from scaling_study.literature import published
from scaling_study.records.costs import load_table

from .test_saturation import STUDIES, load_runs


def boxes(figure):
    figure.draw_without_rendering()
    for axes in figure.axes:
        found = [(text.get_text(), extent(text)) for text in axes.texts]
        if legend := axes.get_legend():
            found.append(("legend", legend.get_window_extent()))
        yield axes, found


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_no_text_covers_another(study):
    drawings = of_runs(load_runs(study)) | of_costs(
        *(load_table(study, name) for name in ("costs", "latencies")), published(torchvision=False)
    )
    labelled = 0
    for name, draw in drawings.items():
        for axes, found in boxes(draw()):
            labelled += len(found)
            covered = [(a, b) for (a, one), (b, other) in itertools.combinations(found, 2) if one.overlaps(other)]
            assert not covered, (name, axes.get_title())
    assert labelled > 1
