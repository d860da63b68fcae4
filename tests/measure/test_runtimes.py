"""Networks on the runtimes that they are deployed on give what torch gives."""

import logging
import shutil
import weakref

import pytest
import torch

from scaling_study.config.ranges import RUNTIMES
from scaling_study.data import size_of
from scaling_study.errors import ConfigError, StudyError
from scaling_study.measure import exporting, runtimes
from scaling_study.measure.latency import timings
from scaling_study.measure.quantization import of_use
from scaling_study.models import FAMILIES, build_network
from scaling_study.planning.identity import run_of

EXPORTED = ["onnxruntime", "openvino"]


def micro():
    torch.manual_seed(0)
    network = FAMILIES["micro_mbconv"].build(depths=[1] * 4, width=1, classes=10, channels=1)
    return network.to(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def network():
    return exporting.for_comparison(micro(), batch_of(8))


@pytest.fixture(scope="module")
def model(network):
    return exporting.exported(network, batch_of(2))


def batch_of(count):
    images = torch.rand(count, 1, 14, 14, generator=torch.Generator().manual_seed(count))
    return images.to(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_network_gives_torchs_outputs_for_batches_of_any_size(network, model, monkeypatch, name):
    pytest.importorskip(name)
    monkeypatch.setattr(runtimes, "exported", lambda *_: model)
    prepared = runtimes.prepared(name, network, batch_of(2), threads=1)
    assert 0 <= prepared.difference < 1e-5
    for count in (1, 5):
        images = batch_of(count)
        with torch.inference_mode():
            expected = network(images)
        found = torch.as_tensor(prepared.runtime.run(prepared.runtime.inputs(images)))
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", EXPORTED)
def test_wrong_export_is_refused(network, model, monkeypatch, name):
    pytest.importorskip(name)
    monkeypatch.setattr(runtimes, "exported", lambda *_: model)
    other = exporting.for_comparison(micro(), 2 * batch_of(8))  # with other statistics
    with pytest.raises(StudyError, match=r"outputs differ from torch's by [\d.e+-]+ of the largest"):
        runtimes.prepared(name, other, batch_of(2), threads=1)


# NNCF changes torch in the process that imports it, so OpenVINO is not among the default tests.
@pytest.mark.parametrize("name", ["onnxruntime", pytest.param("openvino", marks=pytest.mark.slow)])
def test_network_in_8_bits_gives_nearly_torchs_outputs(network, model, monkeypatch, name):
    pytest.importorskip(name)
    monkeypatch.setattr(runtimes, "exported", lambda *_: model)
    prepared = runtimes.prepared(name, network, batch_of(8), threads=1, precision="int8")
    assert 1e-3 < prepared.difference < 0.5
    assert prepared.model == model
    assert torch.as_tensor(prepared.runtime.run(prepared.runtime.inputs(batch_of(3)))).shape == (3, 10)


def test_memory_of_the_network_in_fp32_is_not_there_when_that_in_8_bits_is_loaded(network, model, monkeypatch):
    pytest.importorskip("onnxruntime")
    before, load = [], runtimes.on_runtime

    def loaded(*given):
        assert [one() for one in before] == [None] * len(before)
        found, start = load(*given)
        before.append(weakref.ref(found))
        return found, start

    monkeypatch.setattr(runtimes, "exported", lambda *_: model)
    monkeypatch.setattr(runtimes, "on_runtime", loaded)
    runtimes.prepared("onnxruntime", network, batch_of(8), threads=1, precision="int8")
    assert len(before) == 2


def test_wrong_export_is_refused_in_every_precision(network, model, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(runtimes, "exported", lambda *_: model)
    other = exporting.for_comparison(micro(), 2 * batch_of(8))
    with pytest.raises(StudyError, match="outputs differ from torch's"):
        runtimes.prepared("onnxruntime", other, batch_of(8), threads=1, precision="int8")


def test_what_a_runtime_does_not_compute_is_named(monkeypatch):
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    for supported, reason in ((True, ""), (False, "this processor has no bf16 arithmetic")):
        monkeypatch.setattr(runtimes, "has_bf16", lambda supported=supported: supported)
        assert {runtimes.hindrance(name, "bf16", cpu) for name in ("eager", "compile", "openvino")} == {reason}
    assert runtimes.hindrance("eager", "bf16", cuda) == ""
    assert runtimes.hindrance("onnxruntime", "bf16", cpu) == "onnxruntime on cpu takes fp32 and int8"
    assert runtimes.hindrance("openvino", "fp32", cuda) == "openvino on cuda takes no precision"
    assert runtimes.hindrance("openvino", "int8", cpu) == ""
    monkeypatch.setattr(runtimes, "find_spec", lambda package: None)
    assert "needs nncf: pip install 'scaling_study[openvino]'" in runtimes.hindrance("openvino", "int8", cpu)


def test_outputs_that_are_no_numbers_are_refused(network, model, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(runtimes, "exported", lambda *_: model)
    with pytest.raises(StudyError, match="differ from torch's by nan"):
        runtimes.prepared("onnxruntime", network, batch_of(2) * torch.nan, threads=1)


def test_no_block_hides_behind_a_factor_of_zero_and_images_stay_apart():
    fresh, compared = micro(), exporting.for_comparison(micro(), batch_of(8))
    factors = [
        [(m.weight == 0).any().item() for m in n.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for n in (fresh, compared)
    ]
    assert any(factors[0])
    assert not any(factors[1])
    assert {m.momentum for m in compared.modules() if isinstance(m, torch.nn.BatchNorm2d)} == {0.1}
    with torch.inference_mode():
        one, other = compared(batch_of(2))
    assert (one - other).abs().max() > 0.05 * one.abs().max()


def test_layers_without_batch_norm_are_reached_too():
    """ConvNeXt multiplies every block by 1e-6."""
    network = FAMILIES["convnext_tiny"].build(depths=[0.1] * 4, width=0.25, classes=10, channels=1)
    images = exporting.images_for_comparison(1, 32)
    exporting.for_comparison(network, images)
    factors = [values for name, values in network.named_parameters() if name.endswith("gamma")]
    assert factors
    assert all(values.min() >= 0.05 for values in factors)


def test_every_runtime_that_the_key_takes_is_there():
    assert tuple(runtimes.PACKAGES) == RUNTIMES


def test_version_is_that_of_the_package():
    assert runtimes.version_of("eager") == runtimes.version_of("compile")
    assert torch.__version__.startswith(runtimes.version_of("eager").partition("+")[0])


@pytest.mark.parametrize(("name", "extra"), [("onnxruntime", "onnx"), ("openvino", "openvino")])
def test_runtime_that_is_not_installed_is_named_with_its_extra(monkeypatch, name, extra):
    monkeypatch.setattr(runtimes, "find_spec", lambda package: None)
    message = rf"^latency\.runtime={name}: needs onnx, onnxscript, {name}: .*scaling_study\[{extra}\]"
    with pytest.raises(ConfigError, match=message):
        runtimes.version_of(name)


@pytest.mark.parametrize("value", ["[]", "[tvm]", "[eager,eager]"])
def test_key_takes_known_runtimes_once(config, value):
    with pytest.raises(
        ConfigError, match=r"^latency\.runtime=.*: must be a list of eager, compile, onnxruntime, openvino"
    ):
        config(f"latency.runtime={value}")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_network_gives_torchs_outputs(network):
    prepared = runtimes.prepared("compile", network, batch_of(2), threads=1)
    assert prepared.difference < 1e-5


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_what_is_compiled_to_be_compared_is_timed(network):
    prepared = runtimes.prepared("compile", network, batch_of(2), threads=1)
    size = {"channels": 1, "resolution": 14, "classes": 10, "device": torch.device("cpu"), "precision": "fp32"}
    optimizer = torch.optim.SGD(network.parameters())
    with torch.compiler.set_stance("fail_on_recompile"):
        given = size | {"threads": 1, "seconds": 0.01, "batch_size_max": 1, "image_bytes": 1}
        assert len(list(timings(network, optimizer, runtime=prepared.runtime, **given))) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *("micro_mbconv_v2", "efficientnet_b0", "mobilenetv1", "mobilenetv2", "resnet50", "densenet169"),
        *("efficientnetv2_b0", "tinynet_e", "mobilenetv3_large", "ghostnet_100", "resnetrs50", "regnety_004"),
        *("convnext_tiny",),
    ],
)
def test_scaled_network_of_every_family_is_exported_as_built(config, monkeypatch, name):
    data = [] if name.startswith("micro") else ["data=imagenet_size", "data.resolution=64"]
    run = run_of(config(f"model={name}", *data, "scaling.depth=1.4", "scaling.width=1.2", "scaling.resolution=1.3"))
    px, size = run.variant.resolution_px, size_of(run.data)
    images = exporting.images_for_comparison(size["channels"], px)
    network = build_network(run.model, run.variant.coefficients, resolution_px=px, **size)
    network, images = exporting.for_comparison(network, images), images[:2]
    with torch.inference_mode():
        outputs, exact = network(images), network.double()(images.double())
    assert (outputs - exact).abs().max() < 0.25 * runtimes.DIFFERENCE_MAX * exact.abs().max()  # by rounding alone
    network.float()
    pytest.importorskip("onnxscript")
    model = exporting.exported(network, images)
    monkeypatch.setattr(runtimes, "exported", lambda *_: model)
    for runtime in filter(pytest.importorskip, EXPORTED):
        assert runtimes.prepared(runtime, network, images, threads=1).difference < runtimes.DIFFERENCE_MAX


def test_advice_that_does_not_apply_is_not_printed():
    """As ONNX Runtime's tool gives it for DenseNets; anything else that it says is."""
    said = ["Please consider pre-processing before quantization", "Axis 1 is out-of-range for weight 'n.weight'", "?"]
    records = [logging.LogRecord("root", logging.WARNING, "", 0, text, None, None) for text in said]
    assert [of_use(record) for record in records] == [False, False, True]
