import pytest
import torch

from scaling_study.models import FAMILIES
from scaling_study.training.loop import train
from scaling_study.training.session import Session

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("precision", ["auto", "fp32", "fp16"])
@pytest.mark.parametrize("compile_", [False, True])
def test_training_on_a_gpu_learns(toy_data, config, precision, compile_):
    recipe = config(
        "recipe=standard",
        "recipe.epochs=8",
        "recipe.flip=false",
        "recipe.batch_size=32",
        f"recipe.precision={precision}",
    ).recipe
    recipe.compile, recipe.ema_decay = compile_, 0.9
    network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1)
    trained = train(network, toy_data, recipe, seed=0, resolution=12, device=torch.device("cuda"))
    assert trained.metrics["top1"] > 90
    assert trained.precision == {"auto": "bf16"}.get(precision, precision)


@pytest.fixture
def gpu():
    return torch.device("cuda")


def session(data, recipe, device, **options):
    network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1)
    return Session(network, data, recipe, resolution=12, device=device, **options)


def test_cuda_graphs_give_the_same_training(toy_data, config, gpu):
    recipe = config("recipe.epochs=8", "recipe.batch_size=32", "recipe.precision=fp32").recipe
    metrics = []
    for graphs in (False, True):
        torch.manual_seed(0)
        network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1)
        trained = train(network, toy_data, recipe, seed=0, resolution=12, device=gpu, cuda_graphs=graphs)
        metrics.append(trained.metrics)
    assert metrics[0]["top1"] > 90
    assert metrics[1]["loss"] == pytest.approx(metrics[0]["loss"], rel=0.1)


def test_a_batch_that_does_not_fit_is_taken_in_parts(toy_data, config, gpu):
    recipe = config("recipe.batch_size=256", "recipe.compile=false").recipe
    free, total = torch.cuda.mem_get_info(gpu)
    made = session(toy_data, recipe, gpu)
    inputs = torch.rand(256, 1, 256, 256, device=gpu).to(memory_format=torch.channels_last)
    labels = torch.zeros(256, dtype=torch.int64, device=gpu)
    torch.cuda.set_per_process_memory_fraction((total - free + 2e9) / total, gpu)
    try:
        with pytest.warns(UserWarning, match="memory ran out"):
            made.step(inputs, labels)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, gpu)
    assert made.micro_batch_size < 256


def test_a_state_within_an_epoch_holds_the_gpus_generator(toy_data, config, gpu):
    recipe = config("recipe=standard", "recipe.epochs=1", "recipe.warmup_epochs=0.5", "recipe.batch_size=32").recipe
    states = []
    train(
        FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=4, channels=1, dropout=0.2), toy_data, recipe,
        seed=0, resolution=12, device=gpu, every_steps=3, on_state=lambda state, history: states.append(state),
    )  # fmt: skip
    generators = states[0]["position"]["generators"][0]
    assert {"cuda", "own", "torch", "numpy", "python"} <= set(generators)
