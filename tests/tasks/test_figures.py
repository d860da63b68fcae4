"""task=figures: the figures and formats that are asked for, the same bytes each time."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from scaling_study.config.ranges import FIGURES
from scaling_study.errors import ConfigError, StudyError
from scaling_study.report.page.sections import kind, text_of
from scaling_study.tasks import figures

RESULTS = Path(__file__).parents[2] / "results"
STUDY = "fractals_v2-power"


@pytest.fixture
def draw(config, tmp_path):
    """Draw a committed study into a new folder, and return the files by name."""
    (tmp_path / STUDY).mkdir()
    for name in ("runs.csv", "comparisons.csv"):
        shutil.copy(RESULTS / STUDY / name, tmp_path / STUDY)

    def call(place, *overrides):
        places = [f"results_dir={tmp_path}", f"plots_dir={tmp_path / place}"]
        made = config("task=figures", f"study={STUDY}", *places, *overrides)
        assert figures.run([SimpleNamespace(config=made)]) == 0
        return {file.name: file for file in (tmp_path / place / STUDY).rglob("*.*")}

    return call


@pytest.mark.slow
def test_only_what_is_asked_for_is_drawn_and_twice_the_same(draw):
    files = draw("one", "figures=[methods,comparisons]", "formats=[png,svg,pdf]")
    assert set(files) == {f"{name}.{kind}" for name in ("methods", "comparisons") for kind in ("png", "svg", "pdf")}
    again = draw("other", "figures=[methods,comparisons]", "formats=[pdf,svg,png]")
    assert {name: file.read_bytes() for name, file in files.items()} == {
        name: file.read_bytes() for name, file in again.items()
    }
    assert b"/CreationDate" not in files["methods.pdf"].read_bytes()


def fonts_of(pdf):
    """{name: whether the file holds its outlines, as TrueType} of every font of a PDF file."""
    objects = dict(re.findall(rb"^(\d+) 0 obj\n(.*?)(?:stream|endobj)", pdf, flags=re.DOTALL | re.MULTILINE))
    fonts = [found for found in objects.values() if re.match(rb"<<\s*/Type\s*/Font\s", found)]
    return {
        re.search(rb"/BaseFont\s*/(\S+)", font)[1].decode(): is_embedded(font, objects)
        for font in fonts
        if not re.search(rb"/Subtype\s*/Type0\b", font)  # which stands for another, its descendant
    }


def is_embedded(font, objects):
    descriptor = re.search(rb"/FontDescriptor\s+(\d+) 0 R", font)
    file = descriptor and re.search(rb"/FontFile2\s+(\d+) 0 R", objects[descriptor[1]])
    return bool(file) and b"/Length" in objects[file[1]]


@pytest.mark.parametrize("paper", [[], ["venue=icml2024", "columns=1"]], ids=["screen", "paper"])
def test_pdf_files_hold_all_their_fonts(draw, paper):
    files = draw("one", "formats=[pdf]", *paper)
    assert {"methods.pdf", "comparisons.pdf"} <= set(files)
    for name, file in files.items():
        fonts = fonts_of(file.read_bytes())
        assert fonts, name
        assert all(fonts.values()), (name, fonts)


@pytest.mark.parametrize("setting", [{"pdf.fonttype": 3}, {"pdf.use14corefonts": True, "font.family": "Helvetica"}])
def test_fonts_that_are_not_held_as_truetype_are_found(setting, tmp_path):
    with rc_context(setting):
        figure = Figure()
        figure.suptitle("methods")
        figure.savefig(tmp_path / "other.pdf")
    fonts = fonts_of((tmp_path / "other.pdf").read_bytes())
    assert fonts
    assert not any(fonts.values())


@pytest.mark.parametrize(("columns", "folder", "points"), [(1, "1column", 234), (2, "2columns", 486)])
def test_figures_of_a_paper_have_its_width_in_a_folder_of_their_own(draw, columns, folder, points):
    files = draw("one", "figures=[methods]", "formats=[pdf]", "venue=icml2024", f"columns={columns}")
    assert files["methods.pdf"].parent.name == f"icml2024-{folder}"
    width = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ", files["methods.pdf"].read_bytes())
    assert float(width[1]) == pytest.approx(points)


def test_venues_and_columns_that_there_are_not_are_refused(config):
    with pytest.raises(ConfigError, match=r"^venue=nature: must be null or one of aaai2024, .*, uai2023$"):
        config("task=figures", "venue=nature")
    with pytest.raises(ConfigError, match=r"^columns=3: must be 1 or 2$"):
        config("task=figures", "venue=icml2024", "columns=3")


def test_figures_that_the_tables_do_not_have_are_named(draw):
    with pytest.raises(StudyError, match=r"its tables hold nothing to draw for figures=\['law'\]; task=analyze may"):
        draw("one", "figures=[law]")


@pytest.mark.parametrize("value", ["[nothing]", "[]", "[law,law]"])
def test_names_that_no_figure_has_are_refused(config, value):
    with pytest.raises(ConfigError, match=r"^figures=.*: must be a list of axes, methods, .*, or null$"):
        config("task=figures", f"figures={value}")


def test_every_figure_has_words_for_who_cannot_see_it():
    assert [name for name in FIGURES if not kind(name)] == []
    assert text_of("law_map-2epochs", kind("law_map-2epochs")) == "The fitted law over two axes (2epochs)."


def test_every_committed_figure_has_a_name_that_can_be_asked_for():
    of_studies = [file for file in RESULTS.parent.glob("plots/*/*.png") if (RESULTS / file.parent.name).is_dir()]
    stems = {file.stem.partition("-")[0] for file in of_studies}
    assert stems
    assert stems <= set(FIGURES)
