import pytest
import torch

from scaling_study.errors import ConfigError
from scaling_study.measure.precision import autocast
from scaling_study.training.device import choose_device, choose_precision, claimed, describe

CPU = torch.device("cpu")


def test_auto_takes_what_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cpu") == CPU


def test_cuda_without_a_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="device=cuda: no CUDA device"):
        choose_device("cuda")


def test_auto_precision_is_full_on_the_cpu_and_half_on_a_gpu(monkeypatch):
    assert choose_precision("auto", CPU) == "fp32"
    assert choose_precision("bf16", CPU) == "bf16"
    for supported, precision in ((True, "bf16"), (False, "fp16")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda supported=supported: supported)
        assert choose_precision("auto", torch.device("cuda")) == precision


@pytest.mark.parametrize(("precision", "enabled"), [("fp32", False), ("bf16", True)])
def test_autocast_is_on_for_half_precision_only(precision, enabled):
    with autocast(precision, CPU):
        assert torch.is_autocast_enabled("cpu") == enabled


def test_several_gpus_are_given_out_one_by_one(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    cuda = torch.device("cuda")
    with claimed(cuda) as first, claimed(cuda) as second:
        assert {first.index, second.index} == {0, 1}
    with claimed(cuda) as again:
        assert again.index == 0
    with claimed(CPU) as device:
        assert device == CPU


def test_the_cpu_has_a_name():
    assert describe(CPU)
