"""The installed script: its help, and completion in bash."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from scaling_study.config.paths import CONF

from ..conftest import environment

COMPLETE = r"""
eval "$(scaling-study -sc install=bash)"
for line in "scaling-study recipe=" "scaling-study recipe.ep" "scaling-study +sweep=wi"; do
  COMP_LINE="$line"; COMP_POINT=${#line}; COMP_WORDS=($line); COMP_CWORD=1
  hydra_bash_completion
  echo "${COMPREPLY[@]}"
done
"""


@pytest.fixture
def script(tmp_path, cache):
    """The environment in which the script is on the path, as pip would have put it there."""
    file = tmp_path / "bin" / "scaling-study"
    file.parent.mkdir()
    file.write_text(f"#!{sys.executable}\nfrom scaling_study.cli import main\nmain()\n")
    file.chmod(0o755)
    return environment(cache) | {"PATH": f"{file.parent}{os.pathsep}{os.environ['PATH']}"}


def test_help_names_every_task_sweep_and_choice(script, tmp_path):
    text = subprocess.check_output(["scaling-study", "--help"], env=script, cwd=tmp_path, text=True)
    tasks, sweeps = (re.search(rf"\n{part}\n(.*?)\n\n", text, re.DOTALL)[1] for part in ("Tasks", "Sweeps"))
    named = {line.split()[0] for line in tasks.splitlines()}
    assert named == {path.stem for path in (CONF / "task").glob("*.yaml")}
    named = {name.rstrip(",") for line in sweeps.splitlines() for name in re.split(r"\s{2,}", line.strip())[0].split()}
    assert named == {path.stem for path in (CONF / "sweep").glob("*.yaml")}
    assert "recipe: efficientnet, quick, quick_v1, resnet, standard, standard_v1\n" in text
    assert text.count("    scaling-study ") + text.count("  scaling-study ") >= 5
    assert list(tmp_path.iterdir()) == [tmp_path / "bin"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_groups_keys_and_sweeps(script, tmp_path):
    lines = subprocess.check_output(["bash", "-c", COMPLETE], env=script, cwd=tmp_path, text=True).splitlines()
    assert lines == [
        "recipe=efficientnet recipe=quick recipe=quick_v1 recipe=resnet recipe=standard recipe=standard_v1",
        "recipe.epochs=",
        "+sweep=width",
    ]
