import pytest
import torch

from scaling_study.models import FAMILIES
from scaling_study.training.loop import train

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
