"""The documentation: its code runs, its commands compose, its links and numbers are right."""

import importlib.util
import json
import re
import shlex
from pathlib import Path

import generate
import matplotlib
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from matplotlib.figure import Figure

import scaling_study as ss
from scaling_study.config.parsing import typed_of
from scaling_study.config.paths import CONF
from scaling_study.config.schema import keys
from scaling_study.data import custom
from scaling_study.execution.command import application, options_of

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "results/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
HAS_SUBMITIT = importlib.util.find_spec("hydra_plugins.hydra_submitit_launcher") is not None


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(name), flags=re.DOTALL | re.MULTILINE)


def commands():
    """(page, command line) of every command of the package in a shell block."""
    for name in NAMES:
        for block in blocks(name, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if "-m scaling_study" in line:
                    yield pytest.param(line, id=f"{name}: {line[:60]}")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory that has the committed tables, and is no place to write them."""
    (tmp_path / "results").symlink_to(ROOT / "results")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(matplotlib, "interactive", lambda *_: None)
    return tmp_path


LONG = ("docs/reference/gallery.md", "docs/how-to/paper_figures.md")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in NAMES if blocks(name, "python")],
)
def test_python_blocks_run_one_after_the_other(name, folder, capsys, monkeypatch):
    namespace, drawn, draw = {}, [], Figure.__init__

    def counted(figure, *given, **named):
        drawn.append(figure)
        draw(figure, *given, **named)

    monkeypatch.setattr(Figure, "__init__", counted)
    for block in blocks(name, "python"):
        drawn.clear()
        exec(compile(block, name, "exec"), namespace)
        assert ("print(" in block) == bool(capsys.readouterr().out.strip())
        assert block.count("ss.plot.") == len(drawn)


@pytest.mark.parametrize("line", commands())
def test_commands_compose(line):
    if "submitit" in line and not HAS_SUBMITIT:
        pytest.skip("needs the extra slurm")
    given = shlex.split(line.partition("-m scaling_study")[2], comments=True)
    if "&&" in given:
        given = given[: given.index("&&")]
    options = options_of(given)
    with application(options) as app:
        composed = app.compose_config(
            "config", options.overrides, run_mode=RunMode.MULTIRUN, validate_sweep_overrides=False
        )
    assert composed.hydra.mode is None or options.multirun or any(text.startswith("+sweep=") for text in given)
    typed_of(composed)


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files(name):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text_of(name)):
        if not target.startswith("http"):
            assert ((ROOT / name).parent / target).exists(), target


def test_generated_pages_are_what_the_code_and_tables_give():
    for path, text in generate.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run python docs/generate.py"
    listed = set(re.findall(r"^\| `([\w.]+)`", text_of("docs/reference/configuration.md"), flags=re.MULTILINE))
    assert set(keys()) - listed <= {"task", "data.name"}


def test_readme_is_short_and_has_the_two_commands():
    lines = text_of("README.md").splitlines()
    assert len(lines) <= 120
    assert lines.count("pip install -e . && python -m scaling_study +sweep=width") == 1
    assert lines.count("pip install -e '.[test]' && pytest") == 1


def test_sweep_and_recipe_of_the_how_to_compose(tmp_path):
    sweep, recipe = blocks("docs/how-to/own_sweep.md", "yaml")
    for file, text in (("sweep/pair.yaml", sweep), ("recipe/long.yaml", recipe)):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text(text)
    overrides = [f"hydra.searchpath=[file://{tmp_path}]", "recipe=long", "+sweep=pair", "scaling.point=deep-and-wide"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        typed = typed_of(compose("config", overrides=overrides))
        assert GlobalHydra.instance().is_initialized()
    assert (typed.scaling.depth, typed.recipe.epochs, typed.recipe.optimizer) == (2, 20, "nadamw")


def test_images_of_the_how_to_are_as_described(folder):
    namespace = {}
    exec(blocks("docs/how-to/own_data.md", "python")[0], namespace)
    train, test = custom.checked("my_sets:load", namespace["load"]())
    assert (len(train), len(test)) == (600, 100)


def test_numbers_of_the_text_are_those_of_the_tables():
    study = ROOT / "results/fashion_mnist-reference"
    row = ss.compare(ss.load_runs(study), ["flops"]).query("other == 'width' and verdict == 'better'").iloc[0]
    text = " ".join(text_of("docs/explanation/results.md").split())
    assert f"{row.difference:.1f} points (" in text
    assert f"{row.low:.1f} to {row.high:.1f})" in text
    assert f"{row.cost_value / 1e6:.1f} " in text
    for name, spread in (("fractals", "2.0"), ("fashion_mnist", "0.2")):
        runs = ss.load_runs(ROOT / f"results/{name}-reference")
        assert f"{runs.groupby(['method', 'flops']).top1.std().mean():.1f}" == spread
    assert "is 2.0 points on average for fractals and 0.2 for Fashion-MNIST" in text
    regime = ss.regime(ss.load_runs(ROOT / "results/fashion_mnist-regime"))
    for row in regime[regime.epochs.notna()].itertuples():
        assert f"{row.points:.2f}" in text
        assert f"({row.low:.2f} to {row.high:.2f})" in text
    search = ss.search(ss.load_runs(ROOT / "results/fractals-search"), tolerance=0.08)
    best, paper = search.iloc[0], search.query("alpha == 1.2 and beta == 1.1 and gamma == 1.15").iloc[0]
    assert f"ranks first on the validation split with {best.accuracy:.1f}%" in text
    assert f"is {paper.behind:.1f} points behind ({paper.low:.1f} to {paper.high:.1f})" in text
    assert f"Of the {len(search)} triples".lower() in text.lower()
    counts = search.verdict.value_counts()
    assert f"None of the {counts['not distinguishable']} others within the budget is distinguishable" in text
    assert f"{counts['over budget']} that were built above 2.2 times are not eligible" in text


def test_numbers_beside_the_paper_are_those_of_the_tables():
    study, text = ROOT / "results/imagenet-family", " ".join(text_of("docs/explanation/counting.md").split())
    fits = pd.read_csv(study / "time_fits.csv").query("family == 'all'")
    for time in ("inference", "train_step"):
        best = fits[fits.time == time].nlargest(1, "correlation").iloc[0]
        interval = f"{best.correlation:.2f}, {best.correlation_low:.2f} to {best.correlation_high:.2f}"
        assert interval in text
    others = pd.read_csv(study / "time_fits.csv").query("family == 'efficientnet' and predictor == 'flops'")
    off = others.query("time == 'inference'").set_index(["runtime", "precision"]).left_out_ratio
    assert f"{off['eager', 'fp32']:.2f} times the latency" in text
    assert (
        f"{off['compile', 'fp32']:.2f} times compiled, {off['onnxruntime', 'fp32']:.2f} times on ONNX Runtime, "
        f"{off['onnxruntime', 'int8']:.2f} there in 8 bits, and {off['openvino', 'fp32']:.2f} on OpenVINO" in text
    )
    seconds = ss.load_latencies(study).query("runtime == 'onnxruntime' and batch_size == 1")
    seconds = seconds.set_index(["model", "precision"]).seconds_median.unstack()
    slower = seconds.int8 / seconds.fp32
    assert f"ResNet-152 takes {slower.resnet152:.2f} times its time in 32 bits, B1 {slower.efficientnet_b1:.2f}" in text
    assert f"Xception consists of them and takes {slower.legacy_xception:.2f} times" in text
    named = {f"efficientnet_b{n}" for n in range(8)} | {"densenet169", "nasnetalarge", "pnasnet5large"}
    assert set(slower[slower > 1].index) == named
    pairs = pd.read_csv(study / "published_comparisons.csv").difference
    assert f"in each of the {len(pairs)} pairs, by {pairs.min():.1f} to {pairs.max():.1f} points" in text
    memory = ss.load_costs(study).set_index("model").query("method == 'baseline'").activation_bytes
    for model in ("efficientnet_b4", "resnet50"):
        assert f"keeps {memory[model] / 1e6:.0f} MB" in text


def test_every_public_name_is_in_the_reference():
    text = text_of("docs/reference/python.md")
    names = [name for name in ss.PUBLIC if name not in ("plot", "interactive")]
    assert [name for name in names if f"scaling_study.{name}\n" not in text] == []
    plot, interactive = text.partition("scaling_study.api.plot")[2].split("scaling_study.api.interactive")
    for listed in (plot, interactive):
        assert [name for name in ss.plot.__all__ if name not in listed] == []


def test_cells_of_the_notebook_run(folder):
    notebook = json.loads(text_of("docs/tutorial/first_study.ipynb"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    namespace = {}
    for cell in cells:
        exec(cell.replace("%matplotlib inline\n", ""), namespace)
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not any(output["output_type"] == "error" for output in outputs)
