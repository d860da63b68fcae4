import pytest
import torch

from scaling_study.records.identity import run_of
from scaling_study.records.store import RunFolder
from scaling_study.tasks.run import train_and_record

SMALL = ["data.train_images=96", "data.val_images=32", "data.test_images=32", "recipe.batch_size=32", "recipe.epochs=1"]


@pytest.fixture
def trained(config, cache, tmp_path):
    """Train a small run in a new folder, after ``prepare(folder)``; returns its record."""

    def make(prepare=lambda folder: None, *overrides):
        made = config(*SMALL, f"data.root={cache}", "device=cpu", *overrides)
        run = run_of(made)
        folder = RunFolder(tmp_path / str(len(list(tmp_path.iterdir()))) / run.run_id)
        folder.write_config(run.settings)
        prepare(folder)
        train_and_record(made, run, folder)
        return folder.record()

    return make


def test_a_record_says_all_there_is_to_say(trained):
    record = trained()
    assert record["status"] == "done"
    assert record["flops"] > 100_000
    assert (record["train_images"], record["val_images"], record["test_images"]) == (96, 32, 32)
    assert record["torch_version"] == torch.__version__
    assert 0 <= record["top1"] <= record["top5"] <= 100


@pytest.mark.parametrize(
    "content", [b"", b"garbage", {"x": 1}, {"parts": {"network": {}}, "history": [], "train_seconds": 0.0}]
)
def test_an_unusable_checkpoint_is_named_and_the_run_redone(trained, content):
    def damage(folder):
        if isinstance(content, bytes):
            folder.checkpoint.write_bytes(content)
        else:
            torch.save(content, folder.checkpoint)

    with pytest.warns(UserWarning, match=r"checkpoint\.pt"):
        record = trained(damage)
    assert record["status"] == "done"
    whole = trained()
    assert {key: record[key] for key in ("top1", "loss", "val_loss")} == {
        key: whole[key] for key in ("top1", "loss", "val_loss")
    }


def test_what_goes_wrong_is_recorded_with_its_reason(trained):
    explosive = ["recipe.optimizer=sgd", "recipe.learning_rate=1000", "recipe.weight_decay=1000", "recipe.batch_size=4"]
    record = trained(lambda folder: None, *explosive)
    assert (record["status"], record["error_type"]) == ("failed", "Diverged")
    assert "the training loss became" in record["error"]
