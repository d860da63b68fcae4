"""The public names: typed, documented, with examples that run, and loaded when they are used."""

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import scaling_study

ROOT = Path(__file__).parents[2]
FUNCTIONS = {name: found for name in scaling_study.PUBLIC if inspect.isfunction(found := getattr(scaling_study, name))}
FUNCTIONS |= {
    f"{module}.{name}": getattr(getattr(scaling_study, module), name)
    for module in ("plot", "interactive")
    for name in scaling_study.plot.__all__
}


def test_importing_it_loads_neither_torch_nor_pandas():
    code = "import sys, scaling_study; print({'torch', 'pandas', 'hydra'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT) == "set()\n"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name == "run" or name.startswith("interactive.") else ())
        for name in FUNCTIONS
    ],
)
def test_public_functions_are_annotated_and_their_examples_run(name, monkeypatch, tmp_path, cache):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.chdir(tmp_path if name == "run" else ROOT)  # which writes
    function = FUNCTIONS[name]
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(given.annotation is not inspect.Parameter.empty for given in signature.parameters.values())
    [found] = doctest.DocTestFinder(recurse=False).find(function, name, globs={})
    assert found.examples
    assert not doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(found).failed


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        scaling_study.nothing  # noqa: B018
    assert set(scaling_study.PUBLIC) <= set(dir(scaling_study))
