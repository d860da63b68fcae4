import gc
import os
import subprocess
import sys
from copy import deepcopy
from functools import cache as cached
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.data.dataset import DataSet, Images

from .warm import Warm

# pytest runs a process per core: with more threads each they wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(1)
FIRST = {"model": "micro_mbconv", "data": "fractals", "recipe": "quick_v1"}
SMALL = ["data.train_images=256", "data.val_images=64", "data.test_images=100", "recipe.batch_size=32"]


def pytest_collection_finish():
    gc.freeze()  # torch and all else that is loaded by now need not be looked through again and again


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A cache folder for generated data, shared by all tests and by no user."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def warm(cache):
    """An interpreter that has loaded torch already, to fork commands from."""
    made = Warm(environment(cache))
    yield made
    made.close()


@pytest.fixture
def cli(tmp_path, tmp_path_factory, cache, warm):
    """Call the real command line on a small data set, in an empty folder. Returns the finished process.

    fresh: start Python from nothing, instead of forking one that has loaded torch."""
    output = tmp_path_factory.mktemp("output")

    def call(*overrides, cwd=tmp_path, small=True, check=True, fresh=False):
        arguments = ["scaling_study", *overrides, *(SMALL if small else [])]
        if fresh:
            result = subprocess.run(
                [sys.executable, "-m", *arguments],
                cwd=cwd,
                env=environment(cache),
                capture_output=True,
                text=True,
                timeout=200,
                check=False,
            )
        else:
            result = warm.run(arguments, cwd, output)
        if check:
            assert result.returncode == 0, result.stdout + result.stderr
        return result

    return call


@pytest.fixture
def start(tmp_path_factory, warm):
    """Start the command line in a folder and a process group of its own; what it writes is in the file ``output``."""

    def call(cwd, *overrides):
        output = tmp_path_factory.mktemp("output") / "output"
        return warm.start(["scaling_study", *overrides, *SMALL], cwd, output)

    return call


def environment(cache):
    return os.environ | {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(Path(__file__).parents[1])}


@pytest.fixture
def config():
    """A checked configuration from overrides, as the command line would make it, but for the first embedded set and its
    baseline, whose numbers the tests know."""

    def make(*overrides):
        given = {override.partition("=")[0] for override in overrides}
        first = [f"{group}={name}" for group, name in FIRST.items() if group not in given]
        if any(set("$~") & set(override) for override in overrides):  # which depend on the environment
            return parsed.__wrapped__(*first, *overrides)
        return deepcopy(parsed(*first, *overrides))

    return make


@cached
def parsed(*overrides):
    """The configuration of overrides. Hydra takes a quarter of a second for one, and tests ask for the same ones."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return parse(compose("config", overrides=list(overrides)))


@pytest.fixture
def toy_data():
    """Four classes of 12x12 images that differ in which quarter is bright: learnt within an epoch or two."""

    def make(n=256, seed=0):
        generator = torch.Generator().manual_seed(seed)
        labels = torch.arange(n) % 4
        images = torch.randint(0, 100, (n, 1, 12, 12), generator=generator, dtype=torch.uint8)
        for i, label in enumerate(labels.tolist()):
            row, column = 6 * (label // 2), 6 * (label % 2)
            images[i, :, row : row + 6, column : column + 6] += 100
        return Images(images, labels)

    return DataSet(classes=4, train=make(256, 0), val=make(64, 1), test=make(64, 2))
