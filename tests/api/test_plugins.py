"""Networks and images of a user's own, from the working directory, from an entry point, from an installed wheel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scaling_study as ss
from scaling_study.errors import ConfigError
from scaling_study.planning.identity import run_of
from scaling_study.system import plugins

from ..conftest import environment

ROOT = Path(__file__).parents[2]
OWN = ["model=custom", "model.builder=mine:build", "data=custom", "data.loader=mine:load", "data.val_images=60"]
OWN += ["data.resolution=16", "recipe.batch_size=32", "recipe.epochs=2"]
BAD = """
from torch import nn

def raises(depth, **size):
    raise ValueError("depth must be 1")

def number(**size):
    return 3

def too_many(classes, **size):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(classes + 1))

def nothing():
    return None

def floats():
    import numpy
    return 2 * [(numpy.zeros((4, 1, 8, 8)), numpy.zeros(4, int))]
"""


@pytest.fixture
def mine(tmp_path):
    """The file of a user's own network and images in the working directory."""
    shutil.copy(ROOT / "tests" / "plugins.py", tmp_path / "mine.py")
    (tmp_path / "bad.py").write_text(BAD)
    return tmp_path / "mine.py"


@pytest.mark.slow
def test_a_sweep_trains_in_workers_and_budgets_are_solved(cli, mine, tmp_path):
    cli("-m", "scaling.width=1,2", *OWN, small=False)
    runs = ss.load_runs(tmp_path / "results" / "custom-custom-quick")
    assert runs.status.tolist() == ["done"] * 2
    assert set(runs.classes) == {3}
    cli("-m", "scaling.method=width", "scaling.flops=2,4", "task=cost", *OWN, small=False)
    costs = ss.load_costs(tmp_path / "results" / "custom-custom-quick")
    assert costs.flops_ratio.tolist() == pytest.approx([2, 4], rel=0.15)


@pytest.mark.slow
def test_changed_code_is_another_run_and_not_mixed_into_the_study(cli, mine, tmp_path):
    cli(*OWN, small=False)
    before = ss.load_runs(tmp_path / "results" / "custom-custom-quick").run_id[0]
    mine.write_text(mine.read_text() + "# changed\n")
    result = cli(*OWN, small=False, check=False)
    assert result.stderr.startswith("error: model.builder=mine:build: its code has changed since study=")
    cli(*OWN, "study=new", small=False)
    assert ss.load_runs(tmp_path / "results" / "new").run_id[0] != before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["model=custom"], "model.builder=None: model=custom needs the function"),
        (["model=custom", "model.builder=nowhere:build"],
         "model.builder=nowhere:build: cannot be imported (ModuleNotFoundError"),
        (["model=custom", "model.builder=bad:none"], "model.builder=bad:none: cannot be imported (AttributeError"),
        (["model=custom", "model.builder=x"], "model.builder=x: must be MODULE:FUNCTION, or an entry point"),
        (["model=custom", "model.builder=bad:raises"], "model.builder=bad:raises: raised ValueError for (depth=1.0"),
        (["model=custom", "model.builder=bad:number"], "model.builder=bad:number: must return a torch.nn.Module"),
        (["model=custom", "model.builder=bad:too_many"],
         "model.builder=bad:too_many: its network must give (2, 100) numbers"),
        (["model=custom", "model.builder=mine:build", "model.dropout=0.1"], "model.dropout=0.1: must be 0 with"),
        (["model.builder=mine:build"], "model.builder: the chosen model= has no builder to set; model=custom has it"),
        (["data=custom"], "data.loader=None: data=custom needs the function"),
        (["data=custom", "data.loader=bad:nothing"], "data.loader=bad:nothing: must return ((images, labels)"),
        (["data=custom", "data.loader=bad:floats"], "data.loader=bad:floats: must return ((images, labels)"),
        (["data.loader=mine:load"], "data.loader: the chosen data= has no loader to set; data=custom has it"),
    ],
)  # fmt: skip
def test_a_bad_function_is_one_line_before_any_work(cli, mine, tmp_path, given, message):
    result = cli(*given, small=False, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {message}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_entry_points_are_names(tmp_path, monkeypatch, mine):
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[scaling_study.models]\ntheirnet = mine:build\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = plugins.load_plugin("model.builder", "scaling_study.models", "theirnet")
    assert found.function.__name__ == "build"
    with pytest.raises(ConfigError, match=r"model\.builder=other: must be .* \(theirnet\)"):
        plugins.load_plugin("model.builder", "scaling_study.models", "other")


def test_two_builders_of_one_file_are_two_runs(config, mine, monkeypatch):
    monkeypatch.chdir(mine.parent)
    monkeypatch.syspath_prepend(mine.parent)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    mine.write_text(mine.read_text() + "\n\ndef wider(width, **size):\n    return build(width=2 * width, **size)\n")
    ids = {run_of(config("model=custom", f"model.builder=mine:{name}")).run_id for name in ("build", "wider")}
    assert len(ids) == 2


@pytest.mark.slow
def test_an_installed_wheel_runs_a_sweep_elsewhere(tmp_path, cache, mine):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path / "wheel", ROOT], check=True, timeout=300)
    [wheel] = (tmp_path / "wheel").glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", tmp_path / "site", wheel], check=True, timeout=300)
    given = environment(cache) | {"PYTHONPATH": str(tmp_path / "site")}
    script = tmp_path / "site" / "bin" / "scaling-study"
    command = [sys.executable, script, "-m", "scaling.width=1,2", *OWN, "study=wheel"]
    subprocess.run(command, cwd=mine.parent, env=given, check=True, timeout=200)
    runs = ss.load_runs(tmp_path / "results" / "wheel")
    assert runs.status.tolist() == ["done"] * 2
    code = "import scaling_study; print(scaling_study.__file__)"
    where = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=mine.parent, env=given)
    assert Path(where.strip()).parents[1] == tmp_path / "site"
    assert os.path.exists(tmp_path / "site" / "scaling_study" / "py.typed")
