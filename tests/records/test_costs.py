import pytest

from scaling_study.records.costs import COST_COLUMNS, add_rows, load_table


def row(name, **columns):
    return dict.fromkeys(COST_COLUMNS) | {"variant_id": name, "flops": 2**40} | columns


def test_rows_are_added_replaced_and_typed(tmp_path):
    assert load_table(tmp_path, "costs").empty
    add_rows(tmp_path, "costs", [row("a"), row("b")], ["variant_id"])
    add_rows(tmp_path, "costs", [row("a", flops=3)], ["variant_id"])
    table = load_table(tmp_path, "costs")
    assert table.set_index("variant_id").flops.to_dict() == {"a": 3, "b": 2**40}
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        name: str(kind) for name, kind in COST_COLUMNS.items()
    }


def test_rows_of_another_device_stay(tmp_path):
    def timing(device):
        return {"variant_id": "a", "device": device, "threads": 1, "seconds_median": 0.5}

    add_rows(tmp_path, "latencies", [timing("x"), timing("x")], ["variant_id", "device"])
    add_rows(tmp_path, "latencies", [timing("y")], ["variant_id", "device"])
    assert load_table(tmp_path, "latencies").device.tolist() == ["x", "x", "y"]


def test_another_table_is_refused_and_not_overwritten(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"costs\.csv is not a table of costs"):
        add_rows(tmp_path, "costs", [row("a")], ["variant_id"])
    assert path.read_text() == "a,b\n1,2\n"
