"""Micro-batches, memory that runs out, states within an epoch, recipes."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from timm.layers import freeze_batch_norm_2d
from torch import nn

from scaling_study.data.images import load_data
from scaling_study.models import FAMILIES
from scaling_study.scaling.coefficients import Coefficients, compound
from scaling_study.training import checkpoint
from scaling_study.training.evaluation import evaluate
from scaling_study.training.loop import train
from scaling_study.training.rates import learning_rate
from scaling_study.training.recipe import make_ema, make_optimizer, make_schedule, with_batch_norm
from scaling_study.training.regularization import augmentation_of, regularized
from scaling_study.training.session import Session

from ..data.folders import make_folder

CPU = torch.device("cpu")


@pytest.fixture
def recipe(config):
    return replace(config("recipe=standard").recipe, epochs=2, batch_size=32, warmup_epochs=0.5)


def network(channels=1, classes=4):
    torch.manual_seed(0)
    structure = {"depths": [1] * 4, "width": 1, "classes": classes, "channels": channels}
    return FAMILIES["micro_mbconv"].build(drop_path_rate=0.1, dropout=0.1, **structure)


def gradients(data, recipe, size):
    """Of one step without anything random, as one vector."""
    session = Session(freeze_batch_norm_2d(network()), data, recipe, resolution=12, device=CPU, micro_batch_size=size)
    session.network.eval()
    session.step.accumulate(session.batches.prepare(data.train.images[:32]), data.train.labels[:32])
    return torch.cat([p.grad.flatten() for p in session.network.parameters()]), session


@pytest.mark.parametrize("size", [16, 7])
def test_micro_batches_give_the_gradients_of_the_batch(toy_data, recipe, size):
    whole, _ = gradients(toy_data, recipe, None)
    parts, session = gradients(toy_data, recipe, size)
    assert session.step.micro_batch_size == size
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-6)


class Small(nn.Module):
    """Has memory for few images at a time."""

    def __init__(self, most, error):
        super().__init__()
        self.most, self.error, self.linear = most, error, nn.Linear(144, 4)

    def forward(self, images):
        if len(images) > self.most:
            raise self.error
        return self.linear(images.flatten(1))


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory: x")],
)
def test_out_of_memory_halves_the_micro_batch_and_keeps_the_batch(toy_data, recipe, error):
    torch.manual_seed(0)
    small = Small(10, error)
    roomy = Small(999, error)
    roomy.load_state_dict(small.state_dict())
    plain = replace(recipe, flip=False, shift=0.0, rotate=0.0)
    small_data = replace(toy_data, val=toy_data.val[:8], test=toy_data.test[:8])
    options = {"seed": 0, "resolution": 12, "device": CPU}
    roomy_trained = train(roomy, small_data, plain, **options)
    with pytest.warns(UserWarning, match="memory ran out; going on with") as told:
        trained = train(small, small_data, plain, **options)
    assert [str(w.message).split()[6] for w in told] == ["16", "8"]
    assert (trained.micro_batch_size, roomy_trained.micro_batch_size) == (8, 32)
    assert trained.history[-1]["train_loss"] == pytest.approx(roomy_trained.history[-1]["train_loss"], rel=1e-4)


def test_evaluation_takes_a_batch_in_parts_too(toy_data):
    small, roomy = Small(10, torch.OutOfMemoryError("out")), Small(999, None)
    roomy.load_state_dict(small.state_dict())
    batches = [(toy_data.val.images.float(), toy_data.val.labels)]
    assert evaluate(small, batches, "fp32", CPU) == pytest.approx(evaluate(roomy, batches, "fp32", CPU), rel=1e-5)


def test_memory_that_a_single_image_exceeds_is_an_error(toy_data, recipe):
    with pytest.warns(UserWarning, match="memory"), pytest.raises(torch.OutOfMemoryError):
        train(Small(0, torch.OutOfMemoryError("out")), toy_data, recipe, seed=0, resolution=12, device=CPU)


@pytest.fixture
def files(config, tmp_path):
    """A data set that is read from files, by one process beside this one."""
    made = config(
        "data=imagefolder", f"data.root={make_folder(tmp_path / 'set', train=22)}", "data.val_images=6",
        "data.resolution=16", "recipe.batch_size=8",
    )  # fmt: skip
    return load_data(made.data)


MIXED = {"mixup": 0.2, "cutmix": 1.0, "random_erasing": 0.5, "flip": True}
SLOW = pytest.mark.slow
STOPS = [("memory", 1), pytest.param("memory", 7, marks=SLOW), pytest.param("files", 2, marks=SLOW), ("files", 9)]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "stop"), STOPS)
def test_going_on_within_an_epoch_equals_not_stopping(request, recipe, tmp_path, kind, stop):
    """stop: the number of the state at which training is killed, of states every 3 steps and at the end of epochs."""
    name, size = ("toy_data", 12) if kind == "memory" else ("files", 16)
    data = request.getfixturevalue(name)
    mixed = replace(recipe, **MIXED, batch_size=16 if kind == "memory" else 8, epochs=3)
    if kind == "files":
        mixed = replace(mixed, shift=0.0, rotate=0.0)
    options = {"seed": 5, "resolution": size, "device": CPU, "every_steps": 3}
    if kind == "files":
        options["auto_augment"] = "rand-m9-mstd0.5"

    def fit(**more):
        return train(network(data.channels, data.classes), data, mixed, **options, **more)

    class Killed(Exception):
        pass

    seen = []

    def keep(state, history):
        checkpoint.save(tmp_path / "c.pt", state)
        seen.append(state["position"] and state["position"]["step"])
        if len(seen) == stop:
            raise Killed

    whole = fit()
    with pytest.raises(Killed):
        fit(on_state=keep)
    torch.manual_seed(99)  # nothing may depend on the generators' states
    resumed = fit(state=checkpoint.load(tmp_path / "c.pt"))
    assert resumed.metrics == whole.metrics
    columns = ("epoch", "train_loss", "val_loss", "learning_rate")
    assert [[row[c] for c in columns] for row in resumed.history] == [
        [row[c] for c in columns] for row in whole.history
    ]


def test_states_come_every_so_many_steps_and_after_epochs(toy_data, recipe):
    positions = []
    train(
        network(), toy_data, recipe, seed=0, resolution=12, device=CPU, every_steps=3,
        on_state=lambda state, history: positions.append((len(history), (state["position"] or {}).get("step"))),
    )  # fmt: skip
    assert positions == [(0, 3), (0, 6), (1, None), (1, 3), (1, 6), (2, None)]  # 8 steps an epoch


def test_waiting_for_data_is_measured(toy_data, recipe):
    trained = train(network(), toy_data, recipe, seed=0, resolution=12, device=CPU)
    assert 0 < trained.data_wait_fraction < 0.9
    waits = [row["data_wait_seconds"] for row in trained.history]
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(trained.data_wait_fraction * trained.train_seconds)


def test_the_efficientnet_recipe_is_the_papers(config):
    """Section 5.2 of the paper, and the released code where that is silent."""
    made = config("recipe=efficientnet", "model=efficientnet_b0", "task=cost", "data=imagenet_size").recipe
    assert learning_rate(made) == pytest.approx(0.128)
    assert learning_rate(replace(made, batch_size=4096)) == pytest.approx(0.256)
    layers = with_batch_norm(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), made.batch_norm_momentum, 1e-3)
    assert (layers[1].momentum, layers[1].eps) == (0.01, 1e-3)
    optimizer = make_optimizer(layers, made)
    assert type(optimizer).__name__ == "RMSpropTF"
    group = max(optimizer.param_groups, key=lambda group: group["weight_decay"])
    assert (group["alpha"], group["momentum"], group["eps"], group["weight_decay"]) == (0.9, 0.9, 0.001, 1e-5)
    assert {group["weight_decay"] for group in optimizer.param_groups} == {0, 1e-5}
    schedule = make_schedule(optimizer, made, steps_per_epoch=10)
    rates = {}
    for step in (0, 25, 50, 71, 72, 95, 96, 3499):
        schedule.step_update(step)
        rates[step] = optimizer.param_groups[0]["lr"]
    assert rates[0] < rates[25] < rates[50]  # five epochs of warm-up
    for step, decays in ((71, 2), (72, 3), (95, 3), (96, 4), (3499, 145)):
        assert rates[step] == pytest.approx(0.128 * 0.97**decays)
    ema = make_ema(layers, made)
    assert ema.decay == 0.9999
    for step in (100, 1000, 50_000):  # TensorFlow's warm-up
        assert ema.get_decay(step) == pytest.approx((1 + step) / (10 + step), rel=0.02)
    assert ema.get_decay(100_000) == 0.9999
    assert (made.label_smoothing, made.epochs, made.batch_size) == (0.1, 350, 2048)


def test_the_resnet_recipe(config):
    made = config("recipe=resnet", "task=cost", "data=imagenet_size").recipe
    optimizer = make_optimizer(nn.Linear(2, 2), replace(made, batch_size=512))
    assert type(optimizer).__name__ == "SGD"
    assert optimizer.param_groups[0]["nesterov"]
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.2)


def test_regularization_grows_by_the_rule(config):
    """Linearly with phi, so that B7, whose phi is 7, gets the paper's 0.5."""
    made = config("recipe=efficientnet", "model=efficientnet_b0", "task=cost", "data=imagenet_size")
    rates = [regularized(made.model, made.recipe, compound(phi, 1.2, 1.1, 1.15)).dropout for phi in range(8)]
    assert rates[0] == made.model.dropout == 0.2
    assert rates[7] == pytest.approx(0.5, abs=0.02)
    step = 0.043 * math.log2(1.2 * 1.1**2 * 1.15**2)
    assert [b - a for a, b in pairwise(rates)] == pytest.approx([step] * 7)
    wide, deep = (
        regularized(made.model, made.recipe, c).dropout for c in (Coefficients(width=2), Coefficients(depth=4))
    )
    assert wide == deep == pytest.approx(0.286)
    assert regularized(made.model, made.recipe, Coefficients(width=0.01)).dropout == 0
    assert regularized(made.model, made.recipe, Coefficients(width=3)).drop_path_rate == 0.2
    growing = replace(made.recipe, auto_augment_growth=0.6, drop_path_growth=0.05)
    assert augmentation_of(growing, Coefficients(depth=8)) == "rand-m10-mstd0.5"
    assert augmentation_of(growing, Coefficients(width=0.5)) == "rand-m8-mstd0.5"
    assert augmentation_of(made.recipe, Coefficients(depth=8)) == "rand-m9-mstd0.5"
    assert regularized(made.model, growing, Coefficients(depth=8)).drop_path_rate == pytest.approx(0.35)
    other = config("model=densenet169", "data.resolution=32").model
    assert regularized(other, growing, Coefficients(depth=8)).drop_path_rate == 0
