import shutil

import pytest
import timm
import torch

from scaling_study.data import classes
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.evaluate import evaluated, published_beside
from scaling_study.execution.run import train_and_record
from scaling_study.planning.identity import run_of
from scaling_study.planning.jobs import Job, folder_of
from scaling_study.records.costs import load_table
from scaling_study.tasks import evaluate
from scaling_study.training import checkpoint

from ..data.folders import make_folder


@pytest.fixture
def job(config, tmp_path):
    root = make_folder(tmp_path / "set")

    def make(*overrides):
        small = [f"data.root={root}", "data.val_images=6", "data.resolution=16", "data.loader_workers=0", "device=cpu"]
        small += ["recipe.batch_size=8", "recipe.epochs=1", f"results_dir={tmp_path}", "study=s"]
        made = config("data=imagefolder", *small, *overrides)
        run = run_of(made)
        return Job(made, run, folder_of(made, run))

    return make


def evaluations(tmp_path):
    return load_table(tmp_path / "s", "evaluations")


@pytest.mark.parametrize("recipe", ["quick", "efficientnet"])
def test_a_kept_run_is_evaluated_as_at_its_end_and_elsewhere(job, tmp_path, recipe, capsys):
    options = [f"recipe={recipe}", "recipe.warmup_epochs=0.5", "scaling.width=1.4", "scaling.resolution=1.5"]
    trained = job(*options, "checkpoint.keep=true")
    trained.folder.write_config(trained.run.settings)
    record = train_and_record(trained.config, trained.run, trained.folder)
    assert record["status"] == "done", record
    given = ["task=evaluate", f"evaluate.run={trained.folder.path}"]
    assert evaluate.run([job(*given), job(*given, "evaluate.split=val"), job(*given, "evaluate.resolution=32")]) == 0
    table = evaluations(tmp_path).set_index(["split", "resolution_px"])
    for split, prefix in (("test", ""), ("val", "val_")):
        for metric in ("top1", "top5", "loss"):
            assert table.loc[(split, 24), metric] == pytest.approx(record[prefix + metric], rel=1e-6)
    assert table.loc[("test", 32)].loss != table.loc[("test", 24)].loss
    assert set(table.source) == {"evaluated"}
    assert set(table.weights) == {str(trained.folder.path)}
    assert "published_top1" not in capsys.readouterr().out
    evaluate.run([job(*given)])
    assert len(evaluations(tmp_path)) == 3  # the same again takes the place of the old row


def test_weights_of_a_file_are_evaluated(job, tmp_path):
    torch.manual_seed(1)
    network = timm.create_model("resnet18", num_classes=3).eval()
    torch.save({"state_dict": network.state_dict()}, tmp_path / "w.pth")
    given = ["task=evaluate", "model=timm", "model.name=resnet18", f"evaluate.weights={tmp_path / 'w.pth'}"]
    made = job(*given, "data.resolution=32")
    evaluate.run([made])
    row = evaluations(tmp_path).iloc[0]
    assert (row.model, row.weights, row.resolution_px, row.images) == (
        "resnet18", str(tmp_path / "w.pth"), 32, 18,
    )  # fmt: skip
    assert row.crop_fraction == 0.5  # 32 / (32 + 32)
    assert row.root == str(tmp_path / "set")
    from scaling_study.data.file_batches import FileBatches
    from scaling_study.execution.run import load_for

    source = FileBatches(
        load_for(made.config, made.run), made.run.recipe, resolution=32, device=torch.device("cpu"), share=(0, 1)
    )
    ((inputs, labels),) = source.evaluate("val")
    assert len(inputs) == 6
    with torch.no_grad():
        expected = torch.nn.functional.cross_entropy(network(inputs), labels).item()
    source_crop = evaluated(job(*given, "data.resolution=32", "data.crop_fraction=0.5", "evaluate.split=val"))
    assert source_crop["loss"] == pytest.approx(expected, rel=1e-4)  # 32 / (32 + 32)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], "evaluate=None: task=evaluate needs exactly one"),
        (["evaluate.run=/nowhere"], "evaluate.run=/nowhere: must be the folder of a run"),
        (["evaluate.weights=/nowhere.pth"], "evaluate.weights=/nowhere.pth: must be a file of weights, or hub"),
        (["evaluate.weights=TEXT"], "evaluate.weights=.*text: cannot be read"),
        (["evaluate.weights=OTHER"], "other.pth does not fit the network: .*conv_stem"),
        (["evaluate.weights=hub"], "evaluate.weights=hub: timm has no weights for model.name=micro_mbconv"),
        (
            ["evaluate.weights=hub", "model=timm", "model.name=resnet18.a1_in1k"],
            "data.classes=3: the weights of resnet18.a1_in1k know 1000 classes",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_told(job, tmp_path, overrides, message):
    (tmp_path / "text").write_text("no weights")
    torch.save(timm.create_model("resnet18", num_classes=3).state_dict(), tmp_path / "other.pth")
    paths = {"TEXT": str(tmp_path / "text"), "OTHER": str(tmp_path / "other.pth")}
    for name, path in paths.items():
        overrides = [override.replace(name, path) for override in overrides]
    with pytest.raises((ConfigError, StudyError), match=message):
        evaluate.run([job("task=evaluate", *overrides)])


@pytest.fixture
def kept(job):
    """A run of 40 updates on ant, bee and cat, which it can tell apart, with its checkpoint."""
    trained = job("checkpoint.keep=true", "recipe.epochs=10", "recipe.warmup_epochs=0", "recipe.ema_decay=0")
    trained.folder.write_config(trained.run.settings)
    record = train_and_record(trained.config, trained.run, trained.folder)
    assert record["class_names"] == ["ant", "bee", "cat"]
    return trained.folder


@pytest.mark.slow
def test_a_run_is_evaluated_by_the_names_of_its_classes(job, kept, tmp_path):
    """A folder in which labels are other numbers gives the same predictions the same accuracy."""
    given = ["task=evaluate", f"evaluate.run={kept.path}"]
    whole = evaluated(job(*given))
    (tmp_path / "map").write_text("cat\nant\nbee\n")
    assert evaluated(job(*given, f"data.class_map={tmp_path / 'map'}"))["loss"] == pytest.approx(whole["loss"])
    losses = {}
    for name in ("ant", "bee", "cat"):
        part = tmp_path / f"only-{name}"
        for split in ("train", "val"):
            shutil.copytree(tmp_path / "set" / split / name, part / split / name)
        for memory in (False, True):
            made = job(*given, f"data.root={part}", f"data.in_memory={memory}", "data.memory_resolution=32")
            with pytest.warns(UserWarning, match="the data have 1 of the 3 classes that the run knows"):
                row = evaluated(made)
            assert row["classes"] == 3
            losses[name, memory] = row["loss"]
    assert sum(losses[name, False] for name in ("ant", "bee", "cat")) / 3 == pytest.approx(whole["loss"], rel=1e-5)
    assert max(losses.values()) < 0.5  # a wrong label would cost several nats


def test_a_class_that_the_run_does_not_know_is_refused_with_both_lists(job, kept, tmp_path):
    for split in ("train", "val"):
        (tmp_path / "set" / split / "ant").rename(tmp_path / "set" / split / "wasp")
    classes.named.cache_clear()
    message = r"classes of the data \(bee, cat, wasp\) wasp is not among the classes .* \(ant, bee, cat\)$"
    with pytest.raises(StudyError, match=message):
        evaluated(job("task=evaluate", f"evaluate.run={kept.path}"))


@pytest.mark.slow
def test_a_run_that_kept_no_names_is_evaluated_by_numbers_with_a_word(job, kept, tmp_path):
    given = ["task=evaluate", f"evaluate.run={kept.path}"]
    whole = evaluated(job(*given))
    state = checkpoint.load(kept.checkpoint)
    del state["class_names"]
    checkpoint.save(kept.checkpoint, state)
    with pytest.warns(UserWarning, match="has no names of classes: labels are compared as numbers"):
        assert evaluated(job(*given))["loss"] == whole["loss"]
    for split in ("train", "val"):
        shutil.rmtree(tmp_path / "set" / split / "ant")
    classes.named.cache_clear()
    with pytest.warns(UserWarning, match="as numbers"), pytest.raises(StudyError, match="does not fit the network"):
        evaluated(job(*given))


def test_a_run_without_checkpoint_is_told(job):
    trained = job()
    trained.folder.write_config(trained.run.settings)
    train_and_record(trained.config, trained.run, trained.folder)
    with pytest.raises(StudyError, match=r"checkpoint.keep=true"):
        evaluate.run([job("task=evaluate", f"evaluate.run={trained.folder.path}")])


def test_a_hub_that_does_not_answer_is_told(job, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(timm, "create_model", refuse)
    from scaling_study.config.schema import Model
    from scaling_study.training.weights import from_hub

    known = timm.get_pretrained_cfg("resnet18.a1_in1k")
    model = Model("timm", "resnet18.a1_in1k", 1, 1, 224, False, 0, 0)
    with pytest.raises(
        StudyError, match=r"evaluate.weights=hub: resnet18.a1_in1k cannot be downloaded \(no route to host\)"
    ):
        from_hub(model, known, channels=3, classes=1000)


@pytest.mark.parametrize(
    ("name", "top1", "citation"),
    [
        ("efficientnet_b0", 77.1, "Tan"),
        ("resnet50.a1_in1k", 76.0, "Tan"),
        ("tf_efficientnet_b0.aa_in1k", 77.1, "Tan"),
        ("mobilenet_v2", 71.878, "torchvision"),
    ],
)
def test_the_published_accuracy_stands_beside(name, top1, citation):
    beside = published_beside(name, classes=1000)
    assert beside["published_top1"] == pytest.approx(top1)
    assert citation in beside["published_citation"]
    assert published_beside(name, classes=10) == {}
