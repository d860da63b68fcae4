"""Every file that a study writes, damaged in every way, before every task that reads it.

Whatever is damaged, a command ends without a traceback, says what it could not read, and leaves all rows and numbers
that could be read before where they were. Commands are forked from an interpreter that has loaded the package.
"""

import csv
import hashlib
import io
import json
import random
import shutil
from itertools import product
from pathlib import Path

import filelock
import pandas as pd
import pytest
import yaml

from .conftest import SMALL, environment
from .warm import Warm

pytestmark = pytest.mark.slow

STUDY = Path("results") / "s"
RUN = "width-1.4-seed0"  # the run whose files are damaged
FIRST = ["data=fractals", "model=micro_mbconv", "recipe=quick_v1"]
SETTINGS = ["study=s", "recipe.epochs=2", "checkpoint.keep=true", "hydra/launcher=basic", *FIRST, *SMALL]
POINTS = "baseline,width-1.4,width-1.8,depth-2,depth-3,resolution-1.3,resolution-1.5,compound-1,compound-2"
WIDTHS = ["-m", "scaling.width=1,1.4", "seed=0,1"]
FAILS = ["scaling.width=30000", "limits.memory_gb=1e9"]  # for want of memory
LATENCY = ["task=latency", "latency.seconds=0.001", "latency.batch_size_max=1"]
MADE_BY = [
    ["+sweep=all", f"scaling.point={POINTS}", "seed=0,1"],
    FAILS,
    [*WIDTHS, "task=cost"],
    [*WIDTHS, *LATENCY],
    ["task=recommend", "budget.flops=1.5"],
    ["-m", "scaling.width=1.1,1.2", "task=predict"],
    ["task=evaluate", f"evaluate.run={RUN}"],
    ["task=analyze", "analysis.draws=100"],
]
TASKS = {
    "train": WIDTHS,
    "tables": ["task=tables"],
    "figures": ["task=figures"],
    "analyze": ["task=analyze", "analysis.draws=100"],
    "paper": ["task=paper"],
    "report": ["task=report", "analysis.draws=100"],
    "recommend": ["task=recommend", "budget.flops=1.4"],
    "predict": ["-m", "scaling.width=1.3,1.4", "task=predict"],  # one network more than the table holds
    "next": ["task=next", "next.flops=1.5", "next.minutes=1"],
    "plan": [*WIDTHS, "task=plan"],
    "cost": ["-m", "scaling.width=1,1.4,1.8", "task=cost"],  # one variant more than the table holds
    "latency": ["-m", "scaling.width=1,1.8", *LATENCY],
    "evaluate": ["task=evaluate", f"evaluate.run={RUN}", "evaluate.split=val"],
}
PRELOADED = [
    "scaling_study.cli",
    "scaling_study.execution.command",
    "scaling_study.execution.run",
    "scaling_study.analysis.study",
    "scaling_study.report.summary",
    "scaling_study.figures",
    "scipy.stats",
    "scipy.optimize",
    "statsmodels.api",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "pyarrow.parquet",
]

# Of analyses that need more runs than the study has: results that come with the source.
EXAMPLES = {"fit_curves": "fractals-reference", "search": "fractals-search", "regime": "fashion_mnist-regime"}

# Files below the study's folder, and the tasks that read or replace them.
OF_RUNS = ("train", "tables", "figures", "analyze")
FILES = {
    "runs/RUN/record.json": (*OF_RUNS, "plan"),
    "runs/RUN/history.csv": (*OF_RUNS, "plan"),
    "runs/RUN/config.yaml": ("train", "evaluate"),
    "runs/RUN/checkpoint.pt": ("train", "evaluate"),
    "runs/RUN/progress.json": ("train", "report"),
    "runs.csv": (*OF_RUNS, "recommend", "predict", "next"),
    "runs.parquet": OF_RUNS,
    "history.csv": OF_RUNS,
    "history.parquet": OF_RUNS,
    "costs.csv": ("cost", "latency", "figures", "analyze", "paper"),
    "cost_parts.csv": ("cost",),
    "latencies.csv": ("latency", "figures", "analyze", "paper"),
    "evaluations.csv": ("evaluate",),
    "recommendations.csv": ("recommend", "analyze"),
    "predictions.csv": ("predict", "analyze"),
    **{f"{name}.csv": ("figures", "analyze") for name in ("comparisons", "frontier", "time_fits")},
    **{f"{name}.csv": ("figures",) for name in EXAMPLES},
    **{f"{name}.csv": ("analyze",) for name in ("fits", "leaders", "surface")},
    "summary.md": ("analyze",),
    "hydra/multirun.yaml": ("train",),
    "../../plots/s/methods.png": ("figures",),
    "../../plots/s/frontier.svg": ("analyze",),
}
TABLES = ("runs.csv", "runs.parquet", "history.csv", "history.parquet")  # two formats of two tables
OF_TABLES_ALONE = ("tables", "figures", "analyze", "recommend", "predict", "next")  # that need no run folders
GROWING = (
    "costs",
    "cost_parts",
    "latencies",
    "evaluations",
    "recommendations",
    "predictions",
)  # rows are added, none made anew
UNREAD = ("runs/RUN/progress.json", "hydra/multirun.yaml")  # by anything that a result depends on
REPLACED = ("hydra/multirun.yaml", "summary.md", "../../plots/s/methods.png", "../../plots/s/frontier.svg")
NUMBERS = {"runs": ["flops", "params", "top1", "loss", "train_loss"], "history": ["train_loss", "val_loss", "val_top1"]}
KEYS = {"runs": ["run_id"], "history": ["run_id", "epoch"]}


# Ways of damage: what becomes of the file at ``path``.


def zero(path):
    path.write_bytes(b"")


def half(path):
    """Cut in the midst of a line; a table that ends with a whole row is one that nobody can tell from a whole one."""
    content = path.read_bytes()
    middle = len(content) // 2
    if path.suffix == ".csv":
        middle = (content.rfind(b"\n", 0, middle) + content.find(b"\n", middle)) // 2
    path.write_bytes(content[:middle])


def noise(path):
    path.write_bytes(random.Random(path.name).randbytes(path.stat().st_size))


def utf16(path):
    """Another encoding; of a file that is no text, its bytes taken for text."""
    path.write_text(path.read_bytes().decode("latin-1"), encoding="utf-16")


def directory(path):
    path.unlink()
    path.mkdir()


def types(path):
    """The right structure, with values of other types: text and null for numbers, numbers and lists for dicts."""
    if path.suffix == ".json":
        wrong = {"fraction": "half", "top1": "high", "loss": {"value": 1}, "epochs": None, "flops": [1], "seed": "none"}
        content = json.loads(path.read_text())
        path.write_text(json.dumps(content | {key: value for key, value in wrong.items() if key in content}))
    elif path.suffix == ".yaml":
        wrong = {"model": "micro_mbconv", "data": [1, 2], "recipe": None, "coefficients": 3, "hydra": "x"}
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | wrong))
    elif path.suffix == ".csv":
        rows = list(csv.reader(io.StringIO(path.read_text())))
        rows[1] = [text if column in NAMES else "many" for column, text in zip(rows[0], rows[1], strict=True)]
        path.write_text("".join(",".join(f'"{value}"' for value in row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        wrong = dict.fromkeys([name for name in ("top1", "train_loss", "epoch", "flops") if name in frame], "many")
        frame.assign(**wrong).to_parquet(path, index=False)
    elif path.suffix == ".pt":
        resaved(
            path, lambda state: {key: None if isinstance(value, int | float) else [] for key, value in state.items()}
        )
    else:
        path.write_text("12\n")


def structure(path):
    """Readable, but of another structure: a list for a dict, ; for , between the columns, columns that are missing."""
    if path.suffix in (".json", ".yaml"):
        path.write_text('["a", 1, null]\n')
    elif path.suffix == ".csv":
        path.write_text(path.read_text().replace(",", ";"))
    elif path.suffix == ".parquet":
        pd.read_parquet(path).iloc[:1, :2].to_parquet(path, index=False)
    elif path.suffix == ".pt":
        resaved(path, lambda state: [1, 2])
    else:
        path.write_text("- a\n")


# Columns of text, which any text fits.
NAMES = {
    *("run_id", "study", "source", "status", "error_type", "error", "method", "stage_depth", "model", "family"),
    *("data", "recipe", "device", "precision", "python_version", "torch_version", "timm_version", "package_version"),
    *("git_commit", "finished_at", "variant_id", "stage", "operator", "workload", "measured_at", "weights", "root"),
    *("split", "evaluated_at", "published_citation", "limit", "cost", "other", "verdict", "term", "surface", "form"),
}
DAMAGES = {
    "zero": zero,
    "half": half,
    "noise": noise,
    "utf16": utf16,
    "types": types,
    "structure": structure,
    "directory": directory,
}


def resaved(path, change):
    import torch

    torch.save(change(torch.load(path, weights_only=True)), path)


def combinations():
    """(file, damage, task, whether the study has run folders) of each test."""
    for (file, tasks), damage in product(FILES.items(), DAMAGES):
        for task in tasks if damage != "structure" or file not in REPLACED else ():
            yield pytest.param((file, damage, task, True), id=f"{file.replace('/RUN/', '/')}-{damage}-{task}")
    for file, damage, task in product(TABLES, DAMAGES, OF_TABLES_ALONE):
        if file.startswith("runs") or task not in ("recommend", "predict", "next"):  # which read no epochs
            yield pytest.param((file, damage, task, False), id=f"{file}-alone-{damage}-{task}")


COMBINATIONS = list(combinations())


@pytest.fixture(scope="session")
def loaded(cache):
    """An interpreter that has loaded the package too, to fork commands from."""
    made = Warm(environment(cache), PRELOADED)
    yield made
    made.close()


@pytest.fixture
def command(loaded, tmp_path_factory):
    """Call the command line on the study below a folder. Returns the finished process."""
    output = tmp_path_factory.mktemp("output")

    def call(folder, overrides):
        run = next((folder / STUDY / "runs").glob(f"{RUN}-*"), None)
        overrides = [text.replace(f"={RUN}", f"={run and run.relative_to(folder)}") for text in overrides]
        return loaded.run(["scaling_study", *overrides, *SETTINGS], folder, output)

    return call


@pytest.fixture
def study(command, tmp_path_factory, worker_id):
    """A folder with the study, whole, made once for all processes of the tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "whole"
    with filelock.FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            make(folder, command)
            (folder / "made").touch()
    return folder


def make(folder, command):
    folder.mkdir()
    for overrides in MADE_BY:
        result = command(folder, overrides)
        assert result.returncode == int(overrides == FAILS), result.stdout + result.stderr
    for checkpoint in set(folder.rglob("checkpoint.pt")) - set(run_folder(folder / STUDY).iterdir()):
        checkpoint.unlink()  # hundreds of copies are made
    run_folder(folder / STUDY).joinpath("progress.json").write_text('{"fraction": 0.5}')


def run_folder(study_dir):
    [path] = (study_dir / "runs").glob(f"{RUN}-*")
    return path


def original(study, folder, path):
    """The file that ``path`` in ``folder`` is a copy of."""
    if (source := EXAMPLES.get(path.stem)) is not None:
        return Path(__file__).parents[1] / "results" / source / path.name
    return study / path.relative_to(folder)


def copied(study, folder, file, task, has_runs):
    """Copy the study into a folder, in the state in which the task reads the file."""
    shutil.copytree(study, folder, dirs_exist_ok=True)
    if Path(file).stem in EXAMPLES:
        shutil.copy(original(study, folder, folder / STUDY / file), folder / STUDY)
    if not has_runs:
        shutil.rmtree(folder / STUDY / "runs")
        return
    run = run_folder(folder / STUDY)
    if file.endswith(("checkpoint.pt", "progress.json")):
        if task != "evaluate":  # a run that was interrupted
            (run / "record.json").unlink()
    else:
        (run / "progress.json").unlink()


@pytest.fixture
def folder(tmp_path):
    """An empty folder, gone after the test: pytest would keep those of hundreds."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    ("task", "has_runs"), [*((task, True) for task in TASKS), *((task, False) for task in OF_TABLES_ALONE)]
)
def test_nothing_is_wrong_with_the_study_itself(study, command, folder, task, has_runs):
    copied(study, folder, "runs.csv", task, has_runs)
    result = command(folder, TASKS[task])
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warning" not in result.stderr
    assert all(complete(study, folder, folder / STUDY / name) for name in TABLES)


def test_enough_is_tried():
    assert len(COMBINATIONS) >= 300


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_a_damaged_file_costs_nothing_else(study, command, folder, combination):
    file, damage, task, has_runs = combination
    copied(study, folder, file, task, has_runs)
    path = (folder / STUDY / file).resolve()
    if "RUN" in file:
        path = run_folder(folder / STUDY) / path.name
    DAMAGES[damage](path)
    content = path.read_bytes() if path.is_file() else b""
    before = contents(folder)
    result = command(folder, TASKS[task])
    after = contents(folder)
    found = [*ill_ended(result, path.name), *lost_rows(study, folder, (path, content), before, after)]
    found += [f"{other.relative_to(folder)} was changed" for other in changed_runs(path, before, after)]
    found += [f"{other.relative_to(folder)} is left behind" for other in after if other.suffix == ".tmp"]
    unread = file in UNREAD or (file in REPLACED and damage != "directory")
    mended = path.suffix in (".csv", ".parquet") and complete(study, folder, path)
    if result.returncode == 0 and not (unread or mended or said(path.name, result)):
        found.append(f"{path.name} could not be read, at least in part, and nothing says so")
    assert not found, "\n".join([*found, "", result.stdout[-2000:], result.stderr[-6000:]])


def contents(folder):
    """{path: digest, or None for a folder} of all below a folder but lock files and logs."""
    paths = [path for path in folder.rglob("*") if path.suffix not in (".lock", ".log")]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None for path in paths}


def ill_ended(result, name):
    """What is wrong with how a command ended; name: of the damaged file."""
    lines = (result.stdout + result.stderr).splitlines()
    if any("Traceback" in line for line in lines):
        yield f"traceback: {next(line for line in reversed(lines) if line.strip())}"
    elif result.returncode not in (0, 1):
        yield f"exit status {result.returncode}"
    elif result.returncode and not any(line.startswith("error: ") for line in lines) and not said(name, result):
        yield "it failed, and no line says why"


def said(name, result):
    """Whether a warning or an error names the file."""
    return any(name in line for line in result.stderr.splitlines() if line.startswith(("warning: ", "error: ")))


def lost_rows(study, folder, damaged, before, after):
    """Tables that lack rows, or hold other numbers, which could be read before; damaged: (path, its bytes)."""
    for name in TABLES:
        path = folder / STUDY / name
        if after.get(path, b"") != before[path] and not complete(study, folder, path):
            yield f"{name}: rows or numbers were lost"
    for name in GROWING:
        path = folder / STUDY / f"{name}.csv"
        aside = path == damaged[0] and (before[path] in after.values() or kept(study, folder, *damaged))
        if not (aside or complete(study, folder, path)):
            yield f"{path.name}: what could be read is lost, or what could not be was overwritten"


def complete(study, folder, path):
    """Whether a table holds all that it held in the whole study."""
    whole, name = original(study, folder, path), path.stem
    if name in NUMBERS:
        columns = KEYS[name] + NUMBERS[name]
        try:
            expected, found = (rows_of(read(table)[columns]) for table in (whole, path))
        except (OSError, ValueError, KeyError):
            return False
        return sorted(map(repr, expected)) == sorted(map(repr, found))
    try:
        found = parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False
    return all(holds(found, row) for row in parsed(whole.read_text()))


def read(path):
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)


def rows_of(frame):
    return [tuple(None if pd.isna(value) else number(value) for value in row) for row in frame.itertuples(index=False)]


def kept(study, folder, path, content):
    """Whether those rows of a damaged table's ``content`` that are whole are in the table now, and there were any."""
    if not content:
        return True
    try:
        rows = [
            row for row in parsed(content.decode()) if holds(parsed(original(study, folder, path).read_text()), row)
        ]
        return bool(rows) and all(holds(parsed(path.read_text()), row) for row in rows)
    except (OSError, UnicodeDecodeError):
        return False


def parsed(text):
    """The rows of a CSV as dicts, its numbers as such."""
    rows = csv.DictReader(io.StringIO(text.replace("\0", "")))
    return [{key: number(value) for key, value in row.items() if key} for row in rows]


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return text


def holds(rows, row):
    """Whether one of the rows has all values of ``row``."""
    return any(all(other.get(key) == value for key, value in row.items()) for other in rows)


def changed_runs(damaged, before, after):
    """Files of runs, but for the run of the damaged file, that are not what they were."""
    for path, content in before.items():
        if "runs" in path.parts and path.parent != damaged.parent and after.get(path, b"") != content:
            yield path
