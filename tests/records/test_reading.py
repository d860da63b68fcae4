import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import scaling_study
from scaling_study.analysis.isocompute import isocompute
from scaling_study.analysis.shape_tables import shapes
from scaling_study.errors import StudyError
from scaling_study.records.costs import TABLES, add_rows, load_table
from scaling_study.records.reading import ANALYZED, analyzed
from scaling_study.records.store import RunFolder
from scaling_study.records.tables import EPOCH_COLUMNS, run_table, write_tables

from ..analysis.synthetic import shape_study
from ..analysis.test_isocompute import compute_study, valley

RESULTS = Path(__file__).parents[2] / "results"
STUDY = RESULTS / "fractals-reference"
DAMAGE = {
    "another separator": lambda content: content.replace(b",", b";"),
    "zero bytes": lambda content: b"",
    "half": lambda content: content[: len(content) // 2].rstrip(b"\n"),
    "half a row": lambda content: content[: content.rindex(b",", 0, len(content) // 2)] + b"\n",
    "a missing column": lambda content: content.replace(b"run_id,", b"run,", 1),
    "another encoding": lambda content: content.decode().encode("utf-16"),
    "random bytes": lambda content: bytes(range(256)) * 20,
}


@pytest.fixture
def copied(tmp_path):
    """A study of tables alone."""
    for name in ("runs", "history"):
        for suffix in ("csv", "parquet"):
            shutil.copy(STUDY / f"{name}.{suffix}", tmp_path)
    return tmp_path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.suffix != ".lock"}


def damaged(path, how):
    content = DAMAGE[how](path.read_bytes())
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", ["runs", "history"])
def test_a_damaged_csv_costs_no_row_and_is_set_aside(copied, name, how):
    content = damaged(copied / f"{name}.csv", how)
    with pytest.warns(UserWarning, match=rf"{name}\.csv cannot be read \(.*\); the other format counts"):
        write_tables(copied)
    assert (copied / f"{name}.csv.damaged").read_bytes() == content
    kept = {"runs": scaling_study.load_runs, "history": scaling_study.load_history}[name](copied / f"{name}.csv")
    assert len(kept) == len(pd.read_parquet(STUDY / f"{name}.parquet"))


@pytest.mark.parametrize("how", ["zero bytes", "half", "random bytes"])
def test_a_damaged_parquet_is_set_aside(copied, how):
    content = damaged(copied / "runs.parquet", how)
    (copied / "runs.parquet.damaged").write_text("taken")
    with pytest.warns(UserWarning, match=r"runs\.parquet cannot be read"):
        assert len(write_tables(copied)) == 63
    assert (copied / "runs.parquet.damaged2").read_bytes() == content
    assert (copied / "runs.parquet.damaged").read_text() == "taken"


@pytest.mark.parametrize("name", ["runs", "history"])
def test_what_no_format_holds_is_refused_and_nothing_written(copied, name):
    damaged(copied / f"{name}.csv", "another separator")
    (copied / f"{name}.parquet").unlink()
    (copied / f"{name}.parquet").mkdir()
    before = contents(copied)
    with pytest.raises(
        StudyError, match=rf"{name}\.csv is not a table of {name}: it lacks .*; move it away or mend it"
    ):
        write_tables(copied)
    assert contents(copied) == before


def test_rows_that_one_format_lacks_count(copied):
    lines = (STUDY / "runs.csv").read_text().splitlines(keepends=True)
    (copied / "runs.csv").write_text("".join(lines[:-5]))
    with pytest.warns(UserWarning, match="differ in their rows"):
        assert len(write_tables(copied)) == 63
    assert len(scaling_study.load_runs(copied / "runs.csv")) == 63


def test_a_number_that_the_other_format_has_counts(copied):
    text = (STUDY / "runs.csv").read_text()
    run = scaling_study.load_runs(STUDY).iloc[5]
    line = next(line for line in text.splitlines() if line.startswith(run.run_id))
    (copied / "runs.csv").write_text(text.replace(line, line.replace(f",{float(run.top1)!r},", ",?,", 1)))
    with pytest.warns(UserWarning, match="1 values of column top1 are no numbers"):
        runs = write_tables(copied)
    assert runs.set_index("run_id").top1[run.run_id] == run.top1
    assert scaling_study.load_runs(copied / "runs.csv").top1.notna().all()


def test_text_that_looks_like_numbers_or_nothing_reads_as_text(tmp_path):
    values = {"study": "007", "model": "NA", "method": "None", "device": "nan", "git_commit": "12345e678901"}
    table = run_table([{"run_id": "1e5", "status": "done", "flops": 2**60 + 1, "top1": 0.1 + 0.2, **values}])
    table.to_csv(tmp_path / "runs.csv", index=False)
    table.to_parquet(tmp_path / "runs.parquet", index=False)
    read = [scaling_study.load_runs(tmp_path / f"runs.{suffix}") for suffix in ("csv", "parquet")]
    for frame in read:
        pd.testing.assert_frame_equal(frame, table, check_exact=True)
    assert read[0].loc[0, list(values)].to_dict() == values


def test_text_that_utf8_cannot_hold_is_written_escaped(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "a")
    folder.write_record({"run_id": "a", "status": "failed", "error": "caf\udce91.jpg"})
    assert write_tables(tmp_path).error[0] == r"caf\udce91.jpg"
    assert scaling_study.load_runs(tmp_path / "runs.parquet").error[0] == r"caf\udce91.jpg"


@pytest.mark.parametrize("name", ["record.json", "history.csv"])
def test_a_finished_run_keeps_its_row_when_its_record_is_damaged(tmp_path, name):
    folders = [RunFolder(tmp_path / "runs" / name) for name in ("a", "b")]
    for folder in folders:
        folder.write_history([{"epoch": 1} | dict.fromkeys(list(EPOCH_COLUMNS)[2:], 0.5)])
        record = {"run_id": folder.path.name, "status": "done", "epochs": 1, "top1": 80.25}
        folder.write_record(record)
    assert write_tables(tmp_path).record.tolist() == ["folder", "folder"]
    content = (folders[0].path / name).read_text()
    (folders[0].path / name).write_text("{")
    for _ in range(2):
        with pytest.warns(UserWarning, match="no usable record of a; the tables keep"):
            runs = write_tables(tmp_path)
        assert runs.record.tolist() == ["damaged", "folder"]
        assert runs.top1.tolist() == [80.25, 80.25]
        assert scaling_study.load_history(tmp_path).run_id.tolist().count("a") == 1
    (folders[0].path / name).write_text(content)
    assert write_tables(tmp_path).record.tolist() == ["folder", "folder"]


def test_a_parquet_that_fails_leaves_the_old_one_and_no_other_file(copied, monkeypatch):
    def fail(frame, path, **_):
        path.write_bytes(b"PAR1")
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(OSError, match="no space"):
        write_tables(copied)
    assert not list(copied.glob("*.tmp")) + list(copied.glob(".*.tmp"))
    assert (copied / "runs.parquet").read_bytes() == (STUDY / "runs.parquet").read_bytes()


@cache
def example(name):
    """A table of that name: of a committed study, or made from a synthetic one where none has it."""
    if path := next(RESULTS.glob(f"*/{name}.csv"), None):
        return path.read_bytes()
    if name == "isocompute":
        return isocompute(compute_study(valley()[0]), draws=50).to_csv(index=False).encode()
    statements, curves, _ = shapes(shape_study(np.random.default_rng(0)), draws=100)
    return {"shape": statements, "shape_curves": curves}[name].to_csv(index=False).encode()


@pytest.mark.parametrize("how", ["zero bytes", "half", "another separator", "another encoding"])
@pytest.mark.parametrize("name", ["costs", "latencies", *ANALYZED])
def test_a_damaged_side_table_is_refused_by_name(tmp_path, name, how):
    path = tmp_path / f"{name}.csv"
    path.write_bytes(example(name))
    damaged(path, how)
    with pytest.raises(StudyError, match=rf"{name}\.csv is not a table of {name}: [^\n]*$"):
        analyzed(path) if name in ANALYZED else load_table(tmp_path, name)


@pytest.mark.parametrize(("name", "column"), [("costs", "flops"), ("latencies", "seconds_median")])
def test_text_among_numbers_of_a_side_table_is_refused_and_not_overwritten(tmp_path, name, column):
    path = tmp_path / f"{name}.csv"
    frame = pd.read_csv(STUDY / f"{name}.csv").astype({column: "object"})
    frame.loc[0, column] = "many"
    frame.to_csv(path, index=False)
    content = path.read_bytes()
    with pytest.raises(StudyError, match=f"column {column} holds 1 values that are no numbers"):
        add_rows(tmp_path, name, [{"variant_id": "a"}], ["variant_id"])
    assert path.read_bytes() == content


def test_infinity_stays_in_a_side_table_and_a_fraction_of_an_image_is_refused(tmp_path):
    row = {"model": "m", "loss": float("inf"), "images": 2**60 + 1, "top1": float("nan")}
    for _ in range(2):
        table = add_rows(tmp_path, "evaluations", [row], ["model"])
    assert table.loss.tolist() == [float("inf")]
    assert load_table(tmp_path, "evaluations").images.tolist() == [2**60 + 1]
    path = tmp_path / "evaluations.csv"
    path.write_text(path.read_text().replace(str(2**60 + 1), "3.5"))
    with pytest.raises(StudyError, match="column images holds 1 values"):
        load_table(tmp_path, "evaluations")


@pytest.mark.parametrize("name", ANALYZED)
def test_text_among_numbers_of_an_analysed_table_is_named(tmp_path, name):
    path = tmp_path / f"{name}.csv"
    path.write_bytes(example(name))
    frame = pd.read_csv(path)
    column = "n" if "n" in frame else "accuracy"
    frame = frame.astype({column: "object"})
    frame.loc[0, column] = "many"
    frame.to_csv(path, index=False)
    with pytest.raises(StudyError, match=f"column {column} holds text"):
        analyzed(path)


def test_a_column_of_text_where_numbers_belong_is_refused(copied):
    frame = pd.read_csv(copied / "runs.csv").assign(top1="high")
    frame.to_csv(copied / "runs.csv", index=False)
    with pytest.raises(StudyError, match="column top1 holds no numbers"):
        scaling_study.load_runs(copied / "runs.csv")


@pytest.mark.parametrize(
    "study", sorted(path for path in RESULTS.iterdir() if path.is_dir()), ids=lambda path: path.name
)
def test_committed_tables_read_and_are_the_same_in_both_formats(study):
    for name in ("runs", "history"):
        if (study / f"{name}.csv").exists():
            load = getattr(scaling_study, f"load_{name}")
            tables = [load(study / f"{name}.{suffix}") for suffix in ("csv", "parquet")]
            pd.testing.assert_frame_equal(*tables, check_exact=True)
            assert len(tables[0]) == len(pd.read_csv(study / f"{name}.csv"))
    for name in TABLES:
        if (study / f"{name}.csv").exists():
            assert len(load_table(study, name)) == len(pd.read_csv(study / f"{name}.csv"))
    for name in ANALYZED:
        if (study / f"{name}.csv").exists():
            pd.testing.assert_frame_equal(analyzed(study / f"{name}.csv"), pd.read_csv(study / f"{name}.csv"))


def test_rewriting_keeps_every_value(copied):
    write_tables(copied)
    for name, key in (("runs", ["run_id"]), ("history", ["run_id", "epoch"])):
        old, new = (pd.read_csv(folder / f"{name}.csv").sort_values(key) for folder in (STUDY, copied))
        pd.testing.assert_frame_equal(
            new[list(old)].reset_index(drop=True), old.reset_index(drop=True), check_exact=True, check_dtype=False
        )


@pytest.mark.parametrize("both", [True, False])
def test_a_csv_with_text_for_a_number_is_copied_aside_unless_the_parquet_has_the_number(copied, both):
    path = copied / "runs.csv"
    table = pd.read_csv(path, dtype="string", keep_default_na=False)
    table.loc[0, "top1"] = "0.8l"
    path.write_text(table.to_csv(index=False))
    content = path.read_bytes()
    if not both:
        (copied / "runs.parquet").unlink()
    with pytest.warns(UserWarning, match="column top1 are no numbers") as caught:
        write_tables(copied)
    aside = copied / "runs.csv.damaged"
    assert aside.exists() != both
    assert any("kept as runs.csv.damaged" in str(warning.message) for warning in caught) != both
    if not both:
        assert aside.read_bytes() == content
        write_tables(copied)  # the table is whole now
        assert not (copied / "runs.csv.damaged2").exists()
