import pandas as pd
import pytest
import torch

from scaling_study.execution.run import train_and_record
from scaling_study.execution.train import opened
from scaling_study.measure.flops import count_flops
from scaling_study.planning.identity import run_of
from scaling_study.records.store import FILES, RunFolder

SMALL = ["data.train_images=96", "data.val_images=32", "data.test_images=32", "recipe.batch_size=32", "recipe.epochs=1"]


@pytest.fixture
def trained(config, cache, tmp_path):
    """Train a small run in a new folder, after ``prepare(folder)``; returns its record."""

    def make(prepare=lambda *_: None, *overrides):
        made = config(*SMALL, f"data.root={cache}", "device=cpu", *overrides)
        run = run_of(made)
        folder = RunFolder(tmp_path / str(len(list(tmp_path.iterdir()))) / run.run_id)
        folder.write_config(run.settings)
        prepare(folder, made, run)
        train_and_record(made, run, folder)
        return folder.record()

    return make


def test_a_record_says_all_there_is_to_say(trained):
    record = trained()
    assert record["status"] == "done"
    assert record["flops"] > 100_000
    assert (record["train_images"], record["val_images"], record["test_images"]) == (96, 32, 32)
    assert record["torch_version"] == torch.__version__
    assert record["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert 0 <= record["top1"] <= record["top5"] <= 100
    assert record["train_gap"] == record["train_top1"] - record["top1"]
    assert record["last_tenth_gain"] is None  # of a single epoch


@pytest.mark.parametrize("broken", [[], ["recipe.learning_rate=1000", "recipe.optimizer=sgd", "recipe.batch_size=4"]])
def test_a_record_holds_the_coefficients_that_the_network_was_built_with(trained, broken):
    scaling = ["scaling.depth=1.2", "scaling.resolution=1.15"]
    record = trained(lambda *_: None, *scaling, *broken, *(["recipe.weight_decay=1000"] if broken else []))
    assert record["status"] == ("failed" if broken else "done")
    assert (record["depth"], record["built_depth"]) == (1.2, 1.5)
    assert (record["resolution"], record["built_resolution"]) == (1.15, 16 / 14)
    assert record["built_width"] == 1


def test_a_run_is_trained_by_the_rates_that_its_record_holds(trained):
    wide = ["scaling.width=2", "recipe.learning_rate=0.02", "recipe.weight_decay=0.1", "recipe.epochs=2"]
    finals = []

    def seen(folder, *_):
        finals.append(folder.path / "history.csv")

    plain = trained(seen, *wide)
    ruled = trained(seen, *wide, "recipe.learning_rate_width=-1", "recipe.weight_decay_width=1")
    columns = ("learning_rate", "weight_decay", "batch_size", "optimizer", "updates")
    assert tuple(plain[column] for column in columns) == (0.02, 0.1, 32, "nadamw", 6)
    assert tuple(ruled[column] for column in columns) == (0.01, 0.2, 32, "nadamw", 6)
    rates = [pd.read_csv(path).learning_rate for path in finals]
    first, last = pd.read_csv(finals[0]).val_top1
    assert plain["last_tenth_gain"] == pytest.approx(0.2 * (last - first))
    assert rates[1].tolist() == pytest.approx((rates[0] / 2).tolist())
    assert plain["loss"] != ruled["loss"]


def test_compute_of_a_run_whose_images_grow_is_that_of_their_sizes(config, trained):
    small = ["recipe.epochs=2", "recipe.resolution_start=0.6"]
    record, plain = trained(lambda *_: None, *small), trained(lambda *_: None, "recipe.epochs=2")
    run = run_of(config(*SMALL, *small))
    size = {"classes": record["classes"], "channels": 1}
    counts = [count_flops(run.model, run.variant.coefficients, resolution_px=px, **size) for px in (8, 14)]
    assert record["flops"] == plain["flops"] == counts[1]
    images = record["updates"] * record["batch_size"]
    assert (record["train_flops"], plain["train_flops"]) == (3 * sum(counts) / 2 * images, 3 * counts[1] * images)
    assert record["settings"].endswith("resolution_start=0.6")
    assert record["loss"] != plain["loss"]


@pytest.mark.parametrize(
    "content", [b"", b"garbage", {"x": 1}, {"parts": {"network": {}}, "history": [], "train_seconds": 0.0}]
)
def test_an_unusable_checkpoint_is_named_and_the_run_redone(trained, content):
    def damage(folder, *_):
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
    record = trained(lambda *_: None, *explosive)
    assert (record["status"], record["error_type"]) == ("failed", "Diverged")
    assert "the training loss became" in record["error"]


@pytest.mark.parametrize("name", ["record.json", "history.csv"])
def test_a_done_run_with_a_damaged_file_is_trained_no_second_time(trained, name):
    """Its kept checkpoint is of the last epoch: the same numbers come of it, and what was damaged is set aside."""
    numbers = ("top1", "loss", "val_loss", "train_seconds")
    seen = {}

    def finished_then_damaged(folder, made, run):
        train_and_record(made, run, folder)
        seen["before"], seen["history"] = folder.record(), folder.history_lines(1)
        path = folder.path / name
        path.write_bytes(path.read_bytes()[:20])
        with pytest.warns(UserWarning, match="cannot be used"):
            assert opened(folder, run)
        assert (folder.path / f"{name}.damaged").stat().st_size == 20
        seen["folder"] = folder

    record = trained(finished_then_damaged, "checkpoint.keep=true")
    assert {key: record[key] for key in numbers} == {key: seen["before"][key] for key in numbers}
    assert seen["folder"].history_lines(1) == seen["history"]


def test_a_checkpoint_in_the_folder_of_another_run_is_not_used(config, tmp_path):
    run = run_of(config(*SMALL))
    folder = RunFolder(tmp_path / run.run_id)
    folder.write_config(run.settings | {"seed": 5})
    folder.checkpoint.write_text("weights")
    (folder.path / "record.json").write_text('{"status": "done", "run_id": "other"}')
    with pytest.warns(UserWarning, match="not the record of this run"):
        assert opened(folder, run)
    assert (folder.path / "checkpoint.pt.damaged").read_text() == "weights"


def test_a_folder_in_the_place_of_a_file_is_set_aside(config, tmp_path):
    run = run_of(config(*SMALL))
    folder = RunFolder(tmp_path / run.run_id)
    for name in FILES:
        (folder.path / name).mkdir(parents=True)
    with pytest.warns(UserWarning, match=r"record\.json"):
        assert opened(folder, run)
    assert sorted(path.name for path in folder.path.iterdir() if path.is_file()) == ["config.yaml", "progress.json"]
