"""What runs need is known before they are built."""

import re
from types import SimpleNamespace

import pytest
import torch

from scaling_study.errors import ConfigError
from scaling_study.execution import estimates, memory
from scaling_study.execution.check import check_trainable
from scaling_study.execution.estimates import complexity_of
from scaling_study.execution.memory import check_memory
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import job_from
from scaling_study.tasks import plan

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


def need(job, *overrides):
    made = job(*overrides)
    return memory.predicted(made, complexity_of(made), CPU)


def test_the_prediction_grows_with_weights_their_states_and_the_images(job):
    small = need(job, "recipe.batch_size=16")
    assert need(job, "recipe.batch_size=32").peak_bytes - small.peak_bytes == pytest.approx(16 * small.image_bytes)
    assert need(job, "recipe.batch_size=32", "micro_batch_size=16").peak_bytes == small.peak_bytes
    assert need(job, "recipe.batch_size=16", "recipe.ema_decay=0.9").peak_bytes > small.peak_bytes
    assert small.fixed_bytes > memory.FIXED_BYTES


@pytest.mark.parametrize("limit", [1e8, 1.5e8, 3e8, 1e9])
def test_the_micro_batch_that_is_offered_is_the_largest_power_of_two_that_fits(job, limit):
    found = need(job, "recipe.batch_size=4096")
    images = found.fitting(limit)
    assert found.at(images) <= limit < found.at(2 * images)
    assert images & (images - 1) == 0


def test_no_micro_batch_fits_where_the_weights_alone_do_not(job):
    found = need(job)
    assert found.fitting(found.fixed_bytes * 0.9) == 0
    assert memory.too_large("width-2", found, 1e7).endswith(
        "more than the 0.01 GB that a run may take here; no micro-batch fits"
    )
    assert re.search(r"micro_batch_size=\d+ would take \S+ GB$", memory.too_large("a", found, 1.1 * found.fixed_bytes))


def test_workers_share_the_machine_and_a_limit_that_is_given_is_of_each(job, monkeypatch):
    monkeypatch.setattr(memory, "memory_of", lambda _: 12e9)
    assert memory.limit_of(job().config, CPU, workers=4) == 3e9
    assert memory.limit_of(job("limits.memory_gb=2").config, CPU, workers=4) == 2e9


@pytest.mark.slow
def test_the_plan_names_what_will_not_fit_and_times_the_others(job, capsys, monkeypatch):
    """Between what is refused, the least a run takes, and what it is predicted to take."""
    small, large = need(job, "recipe.batch_size=32").peak_bytes, need(job).peak_bytes
    limits = ["workers=1", f"limits.memory_gb={(small + large) / 2e9}"]
    jobs = [job_from(job(*given, *limits).config) for given in ([], ["recipe.batch_size=32"])]
    timed = []
    monkeypatch.setattr(estimates, "run_seconds", lambda job, *_: timed.append(job.run.recipe.batch_size) or 1.0)
    assert plan.run(jobs) == 0
    printed = capsys.readouterr()
    assert re.search(r"^warning: baseline will take about \S+ GB with 128 images at a time, .* GB$", printed.err, re.M)
    assert timed == [32]
    assert "2 of 2 runs to train" in printed.out
    assert "without the 1 that will not fit" in printed.out
