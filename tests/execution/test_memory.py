"""What runs need is known before they are built."""

from types import SimpleNamespace

import pytest
import torch

from scaling_study.errors import ConfigError
from scaling_study.execution import memory
from scaling_study.execution.check import check_trainable
from scaling_study.execution.memory import check_memory
from scaling_study.planning.identity import run_of

CPU = torch.device("cpu")


@pytest.fixture
def job(config):
    def make(*overrides):
        made = config(*overrides)
        return SimpleNamespace(config=made, run=run_of(made))

    return make


def test_both_figures_and_the_key_that_lifts_the_limit_are_named(job):
    with pytest.raises(
        ConfigError,
        match=r"^limits\.memory_gb=auto: width-30000 takes at least \S+ GB for weights and their updates and \S+ GB "
        r"for the activations of 128 images, more than \S+ GB, the memory there is; give more where you mean it$",
    ):
        check_trainable([job("scaling.width=30000", "limits.memory_gb=auto")])
    check_memory([job("scaling.width=30000", "limits.memory_gb=1e9")], CPU)


def test_weights_and_activations_are_counted_with_what_trains_them(job):
    """A run of exactly its estimate passes, one byte less does not."""
    small = job("recipe.batch_size=16", "recipe.ema_decay=0.9")
    weights, activations = memory.counts(small)
    assert weights == pytest.approx(114_550, rel=0.05)
    need = 4 * weights * (1 + 1 + 2 + 1) + 16 * 4 * activations  # gradients, two moments, the average
    check_memory([job(*GIVEN, f"limits.memory_gb={need / 1e9 + 1e-9}")], CPU)
    with pytest.raises(ConfigError, match="GB for the activations of 16 images"):
        check_memory([job(*GIVEN, f"limits.memory_gb={need / 1e9 - 1e-9}")], CPU)


GIVEN = ["recipe.batch_size=16", "recipe.ema_decay=0.9"]


def test_a_smaller_micro_batch_is_offered_where_it_would_fit(job):
    with pytest.raises(ConfigError, match=r"; micro_batch_size=64 may fit$"):
        check_memory([job("limits.memory_gb=0.009")], CPU)
    check_memory([job("limits.memory_gb=0.009", "micro_batch_size=64")], CPU)
    check_memory([job("limits.memory_gb=0.009")], None)  # on a GPU somewhere else it is halved by itself


def test_networks_without_arithmetic_are_counted_from_shapes(job):
    reference = job("model=timm", "model.name=resnet18", "data=cifar10", "data.resolution=32")
    weights, activations = memory.counts(reference)
    assert weights == pytest.approx(11.18e6, rel=0.01)
    assert activations > 0


def test_what_is_not_known_of_another_machine_is_not_refused(job):
    big = [job("scaling.width=30000")]
    check_memory(big, None)
    with pytest.raises(ConfigError, match="the memory there is"):
        check_memory(big, CPU)


def test_a_container_s_limit_counts(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("1000000\n")
    monkeypatch.setattr(memory, "CGROUPS", (str(tmp_path / "memory.max"), str(tmp_path / "nothing")))
    assert memory.memory_of(CPU) == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.memory_of(CPU) > 1_000_000


def test_each_network_is_counted_once(job, monkeypatch):
    jobs = [job(f"scaling.width={1 + n / 10}", f"seed={seed}") for n in range(3) for seed in range(2)]
    counted = []
    monkeypatch.setattr(memory, "counts", lambda job: counted.append(job.run.variant.label) or (1, 1))
    check_memory(jobs, CPU)
    assert counted == [jobs[n].run.variant.label for n in (0, 2, 4)]
