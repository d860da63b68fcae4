"""task=cam, from training to the table and the figure."""

import pytest
from matplotlib.image import imread

from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.run import train_and_record
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import Job, folder_of
from scaling_study.records.costs import load_table
from scaling_study.tasks import cam
from scaling_study.training import checkpoint

from ..data.folders import make_folder


@pytest.fixture
def job(config, tmp_path):
    root = make_folder(tmp_path / "set")

    def make(*overrides):
        small = [f"data.root={root}", "data.val_images=6", "data.resolution=16", "data.loader_workers=0", "device=cpu"]
        small += [
            "recipe.batch_size=8",
            "recipe.epochs=1",
            f"results_dir={tmp_path}",
            f"plots_dir={tmp_path / 'plots'}",
        ]
        made = config("data=imagefolder", "study=s", *small, *overrides)
        run = run_of(made)
        return Job(made, run, folder_of(made, run))

    return make


def trained(job):
    job.folder.write_config(job.run.settings)
    record = train_and_record(job.config, job.run, job.folder)
    assert record["status"] == "done", record
    return job.folder


@pytest.mark.slow
def test_kept_runs_are_shown_on_the_same_images(job, cli, tmp_path):
    baseline = job("checkpoint.keep=true")
    for made in (baseline, job("checkpoint.keep=true", "scaling.resolution=1.5")):
        trained(made)
    data = baseline.config.data
    given = [f"data.root={data.root}", f"data.val_images={data.val_images}", f"data.resolution={data.resolution}"]
    given += ["task=cam", "data=imagefolder", "model=micro_mbconv", "study=s", "results_dir=.", "formats=[png,svg]"]
    shown = cli(*given, "cam.images=30", small=False)
    assert shown.stdout.splitlines()[-3:] == ["s/cam.csv", "plots/s/cam.png", "plots/s/cam.svg"]
    assert "arning" not in shown.stderr
    table = load_table(tmp_path / "s", "cam")
    assert table.method.tolist() == ["baseline"] * 3 + ["resolution"] * 3
    assert table.resolution_px.tolist() == [16] * 3 + [24] * 3
    assert table.image[:3].tolist() == table.image[3:].tolist()
    assert sorted(table.true_class[:3]) == sorted(table.true_class[3:]) == ["ant", "bee", "cat"]
    assert table.probability.between(0, 1).all()
    assert (table.true_probability <= table.probability).all()
    assert (table.right == (table.true_class == table.predicted_class)).all()
    assert table.half_area.dropna().between(0, 0.5).all()
    assert table.flops_multiple[0] == 1
    figure = imread(tmp_path / "plots/s/cam.png")
    assert figure.shape[1] > 500
    assert len({tuple(pixel) for pixel in figure[::5, ::5].reshape(-1, 4)}) > 100  # maps in color
    assert "ant (" in (tmp_path / "plots/s/cam.svg").read_text()
    assert cam.run([job("task=cam", "cam.images=2", "formats=[png]")]) == 0
    assert len(load_table(tmp_path / "s", "cam")) == 4  # made anew


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "other", "settings"])
@pytest.mark.filterwarnings("ignore:.*has no names of classes", "ignore:.*config.yaml cannot be used")
def test_weights_that_cannot_be_used_are_named_and_the_others_shown(job, tmp_path, capsys, damage):
    trained(job("checkpoint.keep=true"))
    wide = trained(job("checkpoint.keep=true", "scaling.width=1.4"))
    if damage == "settings":
        (wide.path / "config.yaml").write_text("damaged")
    elif damage == "cut":
        wide.checkpoint.write_bytes(wide.checkpoint.read_bytes()[:5000])
    else:
        checkpoint.save(wide.checkpoint, {"parts": {"network": {"a": 1}}})
    assert cam.run([job("task=cam", "formats=[png]")]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(lines) == 1
    assert lines[0].startswith(f"warning: {wide.path.name} is left out (")
    assert set(load_table(tmp_path / "s", "cam").method) == {"baseline"}
    assert (tmp_path / "plots/s/cam.png").is_file()


@pytest.mark.slow
def test_what_cannot_be_shown_is_told(job):
    def refused(kind, message, *overrides):
        with pytest.raises(kind, match=message):
            cam.run([job("task=cam", *overrides)])

    refused(StudyError, "^study=s: there is no folder ")
    trained(job())
    keep = r"train with checkpoint\.keep=true and a study=NAME of its own"
    refused(StudyError, f"^study=s: no finished run kept its weights; {keep}")
    trained(job("checkpoint.keep=true", "scaling.width=1.4"))
    refused(StudyError, f"^study=s: no run of the baseline kept its weights; {keep}")
    baseline = trained(job("checkpoint.keep=true", "seed=1"))
    refused(
        ConfigError, r"^cam\.flops=16: no network with weights is within 25% of it; there are 1\.\d\d$", "cam.flops=16"
    )
    refused(ConfigError, r"^model\.name=resnet50: study=s kept weights of micro_mbconv; give model=", "model=resnet50")
    for folder in baseline.path.parent.iterdir():
        (folder / "checkpoint.pt").write_text("damaged")
    refused(StudyError, "^study=s: the weights of no network can be used$")


def test_a_baseline_alone_is_not_compared(job):
    trained(job("checkpoint.keep=true"))
    with pytest.raises(StudyError, match="of a scaled network no run kept its weights; train with"):
        cam.run([job("task=cam")])
