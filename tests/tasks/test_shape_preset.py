"""The shape of a baseline as a file that the command line takes."""

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir

from scaling_study.analysis.shape_tables import COLUMNS
from scaling_study.config.parsing import parse
from scaling_study.config.paths import CONF
from scaling_study.data import size_of
from scaling_study.measure.flops import count_flops
from scaling_study.models import built_coefficients
from scaling_study.planning.identity import run_of
from scaling_study.records.store import RunFolder
from scaling_study.scaling.coefficients import Coefficients
from scaling_study.tasks.shape_preset import write_shape_presets


def statements(**columns):
    row = dict.fromkeys(COLUMNS) | {"model": "micro_mbconv", "epochs": 2, "what": "preset", "n": 3}
    row |= {"value": 1.0, "low": 0.5, "high": 1.5, "status": "better", "depth": 1.5, "width": 0.9, "resolution": 0.86}
    return pd.DataFrame([row | columns]).astype(COLUMNS)


def cost(config):
    px = config.data.resolution
    return count_flops(config.model, Coefficients(), resolution_px=px, **size_of(config.data))


@pytest.mark.parametrize(
    "multipliers",
    [
        pytest.param([], marks=pytest.mark.slow),
        ["model.depth_multiplier=1.5", "model.width_multiplier=0.5"],
    ],
)
def test_the_preset_is_a_baseline_of_that_shape_that_costs_as_much(config, tmp_path, multipliers):
    earlier = config(*multipliers)
    run = run_of(earlier)
    RunFolder(tmp_path / "s" / "runs" / run.run_id).write_config(run.settings | {"coefficients": {}})
    rows = {"model": "micro_mbconv", "method": "baseline", "status": "done", "small_stem": False, "classes": 200}
    runs = pd.DataFrame([rows | {"resolution_px": 14, "flops": cost(earlier)}])
    [(model, path)] = write_shape_presets(tmp_path / "s", statements(), runs)
    assert model == path.stem == "micro_mbconv"
    lines = path.read_text().splitlines()
    assert lines[0] == "# @package _global_"
    assert lines[2] == "# +1.00 (+0.50 to +1.50) points above the baseline, as predicted."
    overrides = ["model=micro_mbconv", "data=fractals", f"+shape={path.stem}"]
    overrides.append(f"hydra.searchpath=[file://{tmp_path / 's' / 'conf'}]")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        found = parse(compose("config", overrides=overrides))
    assert found.data.resolution == 12
    assert found.model.depth_multiplier == 1.5 * earlier.model.depth_multiplier
    assert cost(found) == pytest.approx(cost(earlier), rel=0.03)
    shape = built_coefficients(earlier.model, Coefficients(1.5, found.model.width_multiplier))
    assert shape[0] == pytest.approx(1.5 if not multipliers else 5 / 3)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"low": -0.5, "status": "not distinguishable"}, "not more than the noise, so the baseline may stay."),
        ({"value": 0.0, "low": np.nan, "high": np.nan, "status": "baseline"}, "no other shape is predicted"),
    ],
)
def test_it_says_where_the_shape_is_not_shown_to_be_better(tmp_path, columns, said):
    runs = pd.DataFrame([{"model": "net", "method": "baseline", "status": "done", "resolution_px": 32}])
    [(_, path)] = write_shape_presets(tmp_path, statements(model="net", **columns), runs)
    text = path.read_text()
    assert said in text
    assert "width_multiplier: 0.9\n" in text  # as the shapes' widths go, where the network is not known
    assert write_shape_presets(tmp_path, None, runs) == []
