import math
from dataclasses import replace

import pytest
import torch

from scaling_study.models import FAMILIES
from scaling_study.training import checkpoint
from scaling_study.training.epoch import Diverged
from scaling_study.training.loop import train
from scaling_study.training.recipe import make_optimizer, make_schedule

CPU = torch.device("cpu")


@pytest.fixture
def recipe(config):
    return replace(config("recipe=standard").recipe, epochs=3, batch_size=32, warmup_epochs=1.0)


def fit(data, recipe, seed=0, **options):
    torch.manual_seed(seed)
    network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1, drop_path_rate=0.1)
    return train(network, data, recipe, seed=seed, resolution=12, device=CPU, **options)


def test_it_learns(toy_data, recipe):
    trained = fit(toy_data, replace(recipe, epochs=8, ema_decay=0.0, flip=False))
    assert trained.metrics["top1"] > 90  # chance is 25
    assert trained.metrics["top5"] == 100  # of four classes
    assert trained.metrics["loss"] < math.log(4)
    assert [row["epoch"] for row in trained.history] == list(range(1, 9))
    assert trained.precision == "fp32"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_and_another_does_not(toy_data, recipe):
    first, again, other = fit(toy_data, recipe), fit(toy_data, recipe), fit(toy_data, recipe, seed=1)
    assert first.metrics == again.metrics
    assert first.metrics != other.metrics


@pytest.mark.parametrize("stop", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_resuming_equals_not_stopping(toy_data, recipe, tmp_path, stop):
    whole = fit(toy_data, recipe)

    class Stop(Exception):
        pass

    def keep(state, history):
        checkpoint.save(tmp_path / "c.pt", state)
        if len(history) == stop:
            raise Stop

    with pytest.raises(Stop):
        fit(toy_data, recipe, on_state=keep)
    torch.manual_seed(99)  # nothing may depend on the generator's state
    resumed = fit(toy_data, recipe, state=checkpoint.load(tmp_path / "c.pt"))
    assert resumed.metrics == whole.metrics
    times = {"train_seconds": 0, "data_wait_seconds": 0}
    assert [row | times for row in resumed.history] == [row | times for row in whole.history]


def test_a_diverging_loss_is_an_error(toy_data, recipe):
    wild = replace(recipe, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(Diverged, match="epoch 1"):
        fit(toy_data, wild)


def test_progress_is_told_as_a_growing_fraction(toy_data, recipe, monkeypatch):
    monkeypatch.setattr("scaling_study.training.epoch.REPORT_SECONDS", 0)
    told = []
    fit(toy_data, replace(recipe, epochs=2), on_progress=lambda fraction, step, loss: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_schedule_warms_up_and_decays_to_zero(config):
    recipe = replace(config().recipe, epochs=4, warmup_epochs=1.0, learning_rate=1.0)
    optimizer = make_optimizer(torch.nn.Linear(2, 2), recipe)
    schedule = make_schedule(optimizer, recipe, steps_per_epoch=10)
    rates = []
    for step in range(40):
        schedule.step_update(step)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(1.0, abs=0.2)
    assert rates[:10] == sorted(rates[:10])
    assert rates[-1] < 0.01


def test_norms_and_biases_are_not_decayed(config):
    network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1)
    groups = make_optimizer(network, config().recipe).param_groups
    decayed = [p for group in groups if group["weight_decay"] for p in group["params"]]
    assert decayed
    assert all(p.ndim > 1 for p in decayed)


def misfits():
    """(name, change of a state within the second epoch that makes it fit no session)."""
    yield "seconds", lambda state: state | {"train_seconds": None}
    yield "epochs", lambda state: state | {"history": state["history"] * 5}
    yield "history", lambda state: state | {"history": [{"epoch": 1, "val_loss": "low"}]}
    yield "rows", lambda state: state | {"history": [7]}
    yield "none", lambda state: {"parts": {}}
    yield "beyond", lambda state: state | {"position": state["position"] | {"step": 10_000}}
    yield "processes", lambda state: state | {"position": state["position"] | {"processes": [{"total": 1.0}]}}
    yield "parts", lambda state: state | {"parts": [1]}


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in misfits()])
def test_a_state_of_another_shape_is_refused(toy_data, recipe, change):
    states = []

    class Stop(Exception):
        pass

    def keep(state, history):
        states.append(state)
        if state["position"] and history:
            raise Stop

    with pytest.raises(Stop):
        fit(toy_data, recipe, on_state=keep, every_steps=3)
    with pytest.raises(checkpoint.UnusableState):
        fit(toy_data, recipe, state=change(states[-1]))
