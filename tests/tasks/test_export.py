"""task=export writes each variant once, and its files run where the manifest says."""

import re

import pytest
import torch

from scaling_study.errors import ConfigError, StudyError
from scaling_study.planning.jobs import job_from
from scaling_study.records.costs import load_table
from scaling_study.tasks import export


@pytest.fixture
def jobs(config, tmp_path):
    given = ["task=export", f"results_dir={tmp_path}", "study=s"]
    return [job_from(config(*given, *point)) for point in ([], ["scaling.width=2", "scaling.method=width"])]


@pytest.mark.slow
def test_files_of_the_manifest_take_images_and_give_logits(jobs, tmp_path, capsys):
    onnxruntime = pytest.importorskip("onnxruntime")
    assert export.run(jobs) == 0
    assert f"2 of 2 networks: {tmp_path}/s/onnx/*.onnx" in capsys.readouterr().out
    manifest = load_table(tmp_path / "s" / "onnx", "manifest")
    costs = load_table(tmp_path / "s", "costs").set_index("variant_id")
    assert manifest.set_index("variant_id").flops.to_dict() == costs.flops.to_dict()
    for row in manifest.itertuples():
        session = onnxruntime.InferenceSession(tmp_path / "s" / "onnx" / row.file)
        images = torch.rand(3, row.channels, row.resolution_px, row.resolution_px).numpy()
        assert session.run(["logits"], {"images": images})[0].shape == (3, row.classes)
        assert row.export_difference < 1e-4
    (tmp_path / "s" / "onnx" / manifest.file[0]).unlink()
    assert export.run(jobs) == 0
    assert capsys.readouterr().err.count("exporting") == 1


def test_a_network_that_cannot_be_exported_is_named_and_the_others_are_written(jobs, monkeypatch, capsys):
    pytest.importorskip("onnxruntime")

    def fail(job, path):
        if job.run.variant.method == "baseline":
            raise StudyError("its outputs differ")
        return 0.0

    monkeypatch.setattr(export, "export_apart", fail)
    assert export.run(jobs) == 1
    printed = capsys.readouterr()
    assert "1 of 2 networks" in printed.out
    assert re.search(r"warning: \S+-baseline-\S+ was not exported: its outputs differ", printed.err)


def test_without_onnx_nothing_is_written(jobs, monkeypatch, tmp_path):
    monkeypatch.setattr("scaling_study.measure.runtimes.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"^task=export: needs onnx, onnxscript, onnxruntime: pip install"):
        export.run(jobs)
    assert list(tmp_path.iterdir()) == []
