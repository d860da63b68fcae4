"""Latency of EfficientNet-B0 on ONNX Runtime as task=latency takes it against a bare loop over InferenceSession.run, in
turn in one process: python benchmarks/runtimes.py"""

import json
import time
from statistics import median

import onnxruntime
import timm
import torch

from scaling_study.measure.exporting import exported, for_comparison, images_for_comparison
from scaling_study.measure.latency import measure
from scaling_study.measure.runtimes import prepared

ROUNDS, SECONDS = 7, 2.0


def bare(session, name, image):
    """Median seconds of a run, over SECONDS."""
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        before = time.perf_counter()
        session.run(None, {name: image})
        times.append(time.perf_counter() - before)
    return median(times)


def main():
    torch.set_num_threads(1)
    images = images_for_comparison(3, 224)
    network = for_comparison(timm.create_model("efficientnet_b0"), images)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported(network, images), options, providers=["CPUExecutionProvider"])
    name, image = session.get_inputs()[0].name, images[:1].numpy()
    runtime = prepared("onnxruntime", network, images, threads=1).runtime
    inputs = runtime.inputs(images[:1])
    settings = {"device": torch.device("cpu"), "threads": 1, "seconds": SECONDS, "start_bytes": None}
    ratios, ours = [], []
    for _ in range(ROUNDS):
        ours.append(measure("inference", lambda: runtime.run(inputs), 1, **settings).seconds_median)
        ratios.append(ours[-1] / bare(session, name, image))
    print(json.dumps({"ratio": round(median(ratios), 3), "rounds": ROUNDS, "seconds_ours": round(median(ours), 4)}))


if __name__ == "__main__":
    main()
