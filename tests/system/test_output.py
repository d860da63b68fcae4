"""Output that nobody can read costs no file and changes no exit status."""

import io
import os
import subprocess
import sys

import pytest

from scaling_study.system.output import Discarding

from ..conftest import SMALL, environment

needs_dev_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux's device that is always full")


@needs_dev_full
def test_a_stream_goes_nowhere_from_its_first_failure_on():
    with open("/dev/full", "w", buffering=1) as full:
        stream = Discarding(full)
        stream.write("first line\n")
        stream.write("second line\n")
        stream.flush()
        assert os.path.realpath(f"/proc/self/fd/{full.fileno()}") == os.devnull


def test_a_closed_stream_is_replaced():
    closed = io.StringIO()
    closed.close()
    stream = Discarding(closed)
    assert stream.write("text") == 4
    stream.write("more")
    stream.flush()
    stream.stream.close()


@pytest.fixture
def shell(tmp_path, cache):
    """Run a shell command in which STUDY is the command line, and SMALL makes its data set small."""

    def call(command):
        command = command.replace("STUDY", f"'{sys.executable}' -m scaling_study")
        command = command.replace("SMALL", " ".join([*SMALL, "recipe.epochs=1"]))
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"],
            cwd=tmp_path, env=environment(cache), capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip

    return call


@needs_dev_full
@pytest.mark.slow
@pytest.mark.parametrize("where", ["2>/dev/full | head -n 1", ">&- 2>&-"])
def test_a_sweep_writes_its_files_without_output(shell, tmp_path, where):
    result = shell(f"STUDY -m SMALL scaling.width=1,1.4 study=s workers=2 {where}")
    assert result.returncode == 0, result.stderr
    assert {"runs.csv", "history.csv"} <= {path.name for path in (tmp_path / "results/s").iterdir()}
    assert (tmp_path / "plots/s/methods.png").exists()


@needs_dev_full
def test_a_refusal_is_told_by_the_exit_status_alone(shell):
    result = shell("STUDY SMALL scaling.width=1e9 2>/dev/full")
    assert result.returncode == 1
