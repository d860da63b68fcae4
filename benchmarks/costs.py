"""How long budgets and counts take: python benchmarks/costs.py"""

import json
import subprocess
import sys
import tempfile
import time

import torch
from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis
from hydra import compose, initialize_config_dir

from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.measure.complexity import complexity, shapes_only
from scaling_study.models import build_network
from scaling_study.planning.variant import variant_of
from scaling_study.scaling.coefficients import Coefficients

MODELS = ("efficientnet_b0", "resnet50", "mobilenetv2", "micro_mbconv")
METHODS = ("depth", "width", "resolution", "compound", "fast")
COUNTED = ("efficientnet_b0", "efficientnet_b4", "resnet50")


def config(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return parse(compose("config", overrides=["data=imagenet_size", *overrides]))


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def solving():
    """Seconds per budget, the slowest of all methods at 2, 4 and 8 times the baseline."""
    made = {
        model: [
            config(f"model={model}", f"scaling.method={method}", f"scaling.flops={target}")
            for method in METHODS
            for target in (2, 4, 8)
        ]
        for model in MODELS
    }
    return {
        model: max(seconds(lambda point=point: variant_of(point)) for point in points) for model, points in made.items()
    }


def counting(model):
    """Seconds for flops and activations: ours from shapes with activation bytes, fvcore's on tensors without."""
    made = config(f"model={model}").model
    size = {"classes": 1000, "channels": 3, "resolution_px": made.resolution}

    def build():
        return build_network(made, Coefficients(), **size)

    def ours():
        complexity(shapes_only(build), channels=3, resolution=made.resolution)

    def fvcores():
        network, image = build().eval(), torch.zeros(1, 3, made.resolution, made.resolution)
        FlopCountAnalysis(network, image).unsupported_ops_warnings(False).total()
        ActivationCountAnalysis(network, image).unsupported_ops_warnings(False).total()

    ours(), fvcores()  # warm up: imports
    return {"ours": seconds(ours), "fvcore": seconds(fvcores)}


def counting_100(workers):
    """Seconds of task=cost for EfficientNet-B0 in ten depths and ten widths, the start of the command included."""
    depths, widths = "1,1.2,1.4,1.6,1.8,2,2.2,2.6,3,3.6", "1,1.1,1.2,1.3,1.4,1.5,1.6,1.8,2,2.2"
    keys = ["model=efficientnet_b0", "data=imagenet_size", "scaling.method=custom", f"workers={workers}"]
    keys += [f"scaling.depth={depths}", f"scaling.width={widths}"]
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, "-m", "scaling_study", "-m", "task=cost", f"results_dir={folder}", *keys]
        return seconds(lambda: subprocess.run(call, check=True, capture_output=True))


if __name__ == "__main__":
    torch.set_num_threads(1)
    result = {"solver_seconds_slowest": solving(), "count_seconds": {model: counting(model) for model in COUNTED}}
    result["count_100_seconds"] = {workers: counting_100(workers) for workers in (1, "auto")}
    print(json.dumps(result, indent=1))
