"""Several processes that train one run together, over gloo on the CPU."""

import io
import socket
from dataclasses import replace

import pytest
import torch
import torch.multiprocessing
from timm.layers import freeze_batch_norm_2d

from scaling_study.models import FAMILIES
from scaling_study.training.distributed import ALONE, join, world_of_environment
from scaling_study.training.loop import train

CPU = torch.device("cpu")
STEPS = 20


def fit(data, recipe, world, frozen, **options):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1)
    if frozen:
        network = freeze_batch_norm_2d(network)
    return train(network, data, recipe, seed=0, resolution=12, device=CPU, world=world, **options)


def one_of_two(rank, port, results, setting):
    import os

    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    os.environ |= dict(zip(names, (str(rank), str(rank), "2", "2", "127.0.0.1", str(port)), strict=True))
    world = join("cpu")
    data, recipe, frozen = setting
    states = []

    def keep(state, history):
        buffer = io.BytesIO()
        torch.save(state, buffer)
        states.append(buffer.getvalue())

    trained = fit(data, recipe, world, frozen, every_steps=3, on_state=keep)
    results[rank] = [told(trained)]
    if not frozen:  # as if all were killed after step 3 of the second epoch, and the first one's file was left
        state = torch.load(io.BytesIO(world.agree(states[3])), weights_only=True)
        assert state["position"]["step"] == 3
        results[rank] = [told(trained), told(fit(data, recipe, world, frozen, state=state))]
    torch.distributed.destroy_process_group()


def told(trained):
    return trained.metrics, [row["train_loss"] for row in trained.history]


def together(data, recipe, frozen):
    """What each of two processes ``told``; twice where it also went on from a state."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        results = manager.dict()
        torch.multiprocessing.spawn(one_of_two, (port, results, (data, recipe, frozen)), nprocs=2)
        return [results[0], results[1]]


@pytest.mark.slow
def test_two_processes_train_like_one(toy_data, config):
    """Without augmentation, dropout and batch statistics the same loss in each of the first 20 steps, one an epoch."""
    recipe = replace(config().recipe, epochs=STEPS, batch_size=256, warmup_epochs=1.0, learning_rate=0.01)
    alone = fit(toy_data, recipe, ALONE, frozen=True)
    [first], [second] = together(toy_data, recipe, frozen=True)
    assert first == second
    losses = [row["train_loss"] for row in alone.history]
    assert losses[-1] < losses[0]
    assert first[1] == pytest.approx(losses, abs=1e-4)
    assert first[0]["loss"] == pytest.approx(alone.metrics["loss"], abs=1e-3)
    assert first[0]["top1"] == pytest.approx(alone.metrics["top1"], abs=2)


@pytest.mark.slow
def test_two_processes_agree_learn_and_go_on_within_an_epoch_with_everything_on(toy_data, config):
    recipe = replace(config("recipe=standard").recipe, epochs=6, batch_size=32, flip=False, ema_decay=0.9)
    [first, first_resumed], [second, second_resumed] = together(toy_data, recipe, frozen=False)
    assert first == second
    assert first[0]["top1"] > 90
    assert first_resumed == second_resumed == first


def test_one_process_needs_no_group(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert world_of_environment() == ALONE
    assert ALONE.agree(3) == 3
    assert ALONE.gathered("a") == ["a"]
    assert ALONE.total(torch.ones(2)).tolist() == [1, 1]


def test_the_environment_tells_the_world(monkeypatch):
    for name, value in {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    world = world_of_environment()
    assert (world.rank, world.size, world.local_rank, world.local_size) == (5, 8, 1, 4)
    assert not world.first
