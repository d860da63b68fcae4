import pytest

from scaling_study.config.paths import expanded
from scaling_study.errors import ConfigError


def test_home_and_variables_are_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("SCRATCH", "/scratch")
    assert expanded("data.root", "~/images") == "/home/somebody/images"
    assert expanded("data.root", "$SCRATCH/images") == "/scratch/images"
    assert expanded("data.root", "${SCRATCH}/a b") == "/scratch/a b"
    assert expanded("data.root", "a~/b") == "a~/b"
    assert expanded("data.root", None) is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "must be a path"),
        (" ", "must be a path"),
        ("$NOT_SET_ANYWHERE/x", r"the variable \$NOT_SET_ANYWHERE is not set"),
        ("~nobody_of_that_name/x", "there is no home folder ~nobody_of_that_name"),
    ],
)
def test_what_cannot_be_expanded_is_named(path, message):
    with pytest.raises(ConfigError, match=rf"^results_dir=.*: {message}$"):
        expanded("results_dir", path)


def test_all_paths_of_a_config_are_expanded(config, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    made = config(
        "results_dir='~/r'", "plots_dir=$HOME/p", "data.root='~'", "evaluate.run='~/run'", "evaluate.weights=hub"
    )
    assert (made.results_dir, made.plots_dir, made.data.root) == (
        "/home/somebody/r",
        "/home/somebody/p",
        "/home/somebody",
    )
    assert (made.evaluate.run, made.evaluate.weights) == ("/home/somebody/run", "hub")
