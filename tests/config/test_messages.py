"""Exceptions as lines."""

import os

import pytest
import yaml
from hydra.errors import ConfigCompositionException

from scaling_study.config import arguments
from scaling_study.config.messages import line_of
from scaling_study.errors import ConfigError, StudyError


def raised(function, *given):
    try:
        function(*given)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def chained():
    try:
        raise ConfigError("seed", -1, "must be 0 or more")
    except ConfigError as error:
        raise ConfigCompositionException("Error merging") from error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (StudyError("two\nlines"), "two lines"),
        (ConfigError("seed", "9" * 500, "must be less"), f"seed={'9' * 120}...: must be less"),
        (ConfigError("seed", 10**9999, "must be less"), "seed=a number of thousands of digits: must be less"),
        (raised(chained), "seed=-1: must be 0 or more"),
        (raised(open, "/nowhere/file"), "/nowhere/file: No such file or directory"),
        (raised(os.rename, "/nowhere/a", "/nowhere/b"), "/nowhere/a and /nowhere/b: No such file or directory"),
        (OSError(28, "No space left on device"), "the system: No space left on device"),
        (OSError(), "the system: OSError"),
        (FileNotFoundError(2, "No such file or directory"), "the folder that the command was started in is gone"),
        (raised(yaml.safe_load, "a: b: c"),
         "<unicode string>, line 1: is no YAML (mapping values are not allowed here)"),
        (MemoryError(), "the memory of this machine is not enough"),
        (KeyError("x"), "unexpected KeyError: 'x' (HYDRA_FULL_ERROR=1 shows where)"),
    ],
)  # fmt: skip
def test_an_exception_is_one_line(error, line):
    assert line_of(error) == line


def test_an_endless_line_keeps_both_ends():
    line = line_of(StudyError("a" * 5000 + "b" * 5000))
    assert len(line) < 1010
    assert line.startswith("aaa")
    assert line.endswith("bbb")


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ("results_dir=~/x", "results_dir='~/x'"),
        ("data.root=/a b(c", "data.root='/a b(c'"),
        ("data.root=it's", r"data.root='it\'s'"),
        ("results_dir='~/x'", "results_dir='~/x'"),
        ("results_dir=a,b", "results_dir=a,b"),
        ("scaling.width=1,2", "scaling.width=1,2"),
    ],
)
def test_paths_that_hydra_cannot_read_are_quoted(given, passed):
    assert arguments.checked([given, "seed=1"]) == [passed, "seed=1"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["study=a{b"], r"""study=a\{b: cannot be read; quote the value twice, as in "study='a\{b'","""),
        (["recipe.epochs"], "recipe.epochs: must be key=value"),
        (["--epochs", "3"], "unrecognized arguments: --epochs"),
        (["recipe=null"], "recipe=null: must be one name"),
        (["model=[a,b]"], r"model=\[a,b\]: must be one name"),
        (["scaling.width=interval(1,2)"], r"scaling.width=interval\(1,2\): must be values"),
    ],
)
def test_arguments_that_hydra_cannot_use_are_told_with_a_hint(given, message):
    with pytest.raises((ConfigError, StudyError), match=f"^{message}"):
        arguments.checked(given)
