"""Times from elsewhere: what they match, what is refused, and that they stand beside those measured here."""

import pandas as pd
import pytest

from scaling_study.analysis.latency import in_setting, most_timed, setting_words, with_latency
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.imported_times import doubtful, read_times, rows_of
from scaling_study.records.costs import SETTING, add_rows, load_latencies

KEY = ["variant_id", "workload", "batch_size", *SETTING, "runtime_version"]


@pytest.fixture
def costs():
    names = {"small": ("a", 32, 4e8), "large": ("a", 64, 2e9), "other": ("b", 32, 5e8)}
    columns = ["variant_id", "model", "resolution_px", "flops"]
    rows = [(name, model, px, int(flops)) for name, (model, px, flops) in names.items()]
    return pd.DataFrame(rows, columns=columns).assign(family="f", method="baseline")


@pytest.fixture
def take_in(costs, tmp_path):
    def call(*lines, head="model,resolution_px,runtime,seconds,device"):
        path = tmp_path / "times.csv"
        path.write_text("\n".join([head, *lines]), encoding="utf-8")
        return rows_of(read_times(path), costs, "s", path)

    return call


def test_rows_are_matched_by_model_and_resolution_or_by_variant(take_in):
    rows = take_in("a,64,tflite,0.02,phone", "b,,tflite,0.03,phone")
    assert [(row["variant_id"], row["seconds_median"], row["resolution_px"]) for row in rows] == [
        ("large", 0.02, 64),
        ("other", 0.03, 32),
    ]
    [row] = take_in(
        "small, tflite, 0.04, phone, 4, 8", head="variant_id, runtime, seconds, device, threads, batch_size"
    )
    assert (row["variant_id"], row["threads"], row["images_per_second"]) == ("small", 4, 200)
    assert row["source"] == "imported"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["c,32,t,0.1,p"], "line 2: model=c resolution_px=32 is none of the sweep's variants"),
        (["a,,t,0.1,p"], "line 2: model=a is 2 of the sweep's variants, small and large among them; give variant_id"),
        (["a,32,t,0.1,p", "a,32,t,0.2,p"], "line 3: the same as line 2, for small on p"),
        (["a,32,t,0,p"], "line 2: seconds=0 must be a number above 0"),
        (["a,32,t,fast,p"], "line 2: seconds=fast must be a number above 0"),
        (["a,32.5,t,0.1,p"], "line 2: resolution_px=32.5 must be a whole number above 0"),
        (["a,32,t,0.1,"], "line 2: device is empty"),
        (["a,32,t,1e9,p"], "line 2: seconds=1e[+]09 would be 0.4 multiply-adds per second: is it in seconds"),
        (["a,32,t,1e-12,p"], "line 2: .* multiply-adds per second: is it in seconds"),
        (["c,1,t,1,p"] * 7, "nothing was imported; (line.*){5}; and 2 more$"),
    ],
)
def test_lines_that_cannot_be_right_are_named(take_in, lines, message):
    with pytest.raises(StudyError, match=message):
        take_in(*lines)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("model,runtime,latency_ms,device", "column latency_ms is in another unit; give seconds instead"),
        ("model,runtime,time (us),device", r"column time \(us\) is in another unit"),
        ("runtime,device", "lacks variant_id or model, seconds; it has runtime, device"),
        ("model,runtime,seconds,device", "has no rows"),
    ],
)
def test_columns_that_cannot_be_right_are_named(take_in, head, message):
    with pytest.raises(StudyError, match=message):
        take_in(head=head)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudyError, match="cannot be read as CSV"):
        read_times(tmp_path / "none.csv")


def test_quartiles_must_lie_around_the_median(take_in):
    head = "model,resolution_px,runtime,seconds,device,seconds_p25,seconds_p75"
    with pytest.raises(StudyError, match=r"seconds=0.1 must lie from seconds_p25=0.2 to seconds_p75=0.3"):
        take_in("a,32,t,0.1,p,0.2,0.3", head=head)


def test_times_that_look_like_milliseconds_are_doubted(take_in, costs):
    assert list(doubtful(take_in("a,32,t,0.02,p"), costs)) == []
    [line] = doubtful(take_in("a,32,t,20,p", "b,32,t,0.02,p"), costs)
    assert line.startswith("1 of 2 times are below 100 million multiply-adds per second, as small in 20 seconds on p")


def test_importing_again_replaces_the_same_setting_alone(take_in, tmp_path):
    """Though threads and precision are missing in it."""
    for seconds in (0.1, 0.2):
        add_rows(tmp_path, "latencies", take_in(f"a,32,t,{seconds},p"), KEY)
    add_rows(tmp_path, "latencies", take_in("a,32,u,0.3,p", "b,32,u,0.3,p"), KEY)
    table = load_latencies(tmp_path)
    assert table.seconds_median.tolist() == [0.2, 0.3, 0.3]
    assert most_timed(table).runtime.tolist() == ["u", "u"]
    assert in_setting(table, table.iloc[0][SETTING]).seconds_median.tolist() == [0.2]
    assert setting_words(table.iloc[0]) == "p, t"


def test_latencies_of_runs_are_those_of_the_runtime_that_is_asked_for(take_in, costs, tmp_path):
    network = {"depth": 1.0, "width": 1.0, "resolution": 1.0, "channels": 1, "classes": 10, "stage_depth": None}
    costs = costs.assign(**network)
    runs = costs[costs.variant_id == "small"].drop(columns="variant_id")
    add_rows(tmp_path, "latencies", take_in("a,32,t,0.1,p", "a,32,u,0.3,p", "b,32,u,0.3,p"), KEY)
    latencies = load_latencies(tmp_path)
    assert with_latency(runs, costs, latencies).latency_seconds.tolist() == [0.3]
    assert with_latency(runs, costs, latencies, "t").latency_seconds.tolist() == [0.1]
    with pytest.raises(ConfigError, match=r"^analysis\.runtime=v: must be a runtime of the study's latencies: t, u$"):
        with_latency(runs, costs, latencies, "v")
