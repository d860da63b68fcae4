"""Variants as ONNX files."""

from __future__ import annotations

from pathlib import Path

from scaling_study.data import size_of
from scaling_study.execution.isolate import answer_of
from scaling_study.execution.network import new_network
from scaling_study.planning.jobs import Job
from scaling_study.records.store import write_bytes


def export_apart(job: Job, path: Path) -> float:
    """Write a variant as the ONNX file ``path``, in a process of its own, and return the largest difference of its
    outputs from torch's, relative to the largest output.

    Raises StudyError with the reason where it cannot be exported or differs by too much; no file is left then.
    """
    return answer_of(export, job, path)


def export(job: Job, path: Path) -> float:
    """``export_apart`` in this process."""
    import torch

    from scaling_study.measure.exporting import for_comparison, images_for_comparison
    from scaling_study.measure.runtimes import prepared

    torch.set_num_threads(job.config.threads)
    images = images_for_comparison(size_of(job.run.data)["channels"], job.run.variant.resolution_px)
    ready = prepared("onnxruntime", for_comparison(new_network(job), images), images, job.config.threads)
    assert ready.model is not None  # which is so for torch.compile alone
    write_bytes(path, ready.model)
    return ready.difference
