"""The coefficients that networks were built with, for rows of tables and records that earlier versions wrote."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling_study.config.presets import model_preset
from scaling_study.config.ranges import COEFFICIENT
from scaling_study.models import FAMILIES, built_coefficients, list_layers
from scaling_study.models.layers import counts
from scaling_study.records.columns import BUILT
from scaling_study.scaling.coefficients import Coefficients

if TYPE_CHECKING:
    from scaling_study.config.schema import Model

NAMES = {name for family in FAMILIES.values() if family.stage_sizes for name in family.names or ()}
NETWORK = ["model", "family", "depth", "width", "stage_depth", "small_stem", "resolution_px", "classes", "channels"]
CHANNELS = (1, 3)  # of the images of a table of runs, which does not say
LAYERS_MAX = 10_000  # that are counted of a network: a damaged cell may ask for any number


def with_built(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of runs or costs, with what is missing in the columns BUILT filled in as far as its rows tell it."""
    rows = frame[frame[list(BUILT)].isna().any(axis=1)]
    if rows.empty:
        return frame
    known = [depth_and_width(row) for row in tuples(rows, [*NETWORK, "flops"])]
    found = pd.DataFrame(known, columns=list(BUILT[:2]), index=rows.index).assign(built_resolution=ratios(frame, rows))
    return frame.assign(**{column: frame[column].fillna(found[column]) for column in BUILT})


def tuples(frame: pd.DataFrame, columns: list[str]) -> Iterator[Any]:
    """Named tuples of the columns, of absent ones too; None for what is missing."""
    cells = frame.reindex(columns=columns).astype(object)
    return cells.where(cells.notna(), None).itertuples(index=False)


@cache
def depth_and_width(row: Any) -> tuple[float, float]:
    """``built_coefficients`` of a row with the columns NETWORK and flops; NaN where they cannot be known.

    They are known where the model file of that name gives exactly the row's multiply-adds: a run may have had other
    multipliers, and an earlier version another architecture.
    """
    unknown = (math.nan, math.nan)
    network = network_of(row)
    if network is None or None in (row.resolution_px, row.classes, row.flops):
        return unknown
    for channels in CHANNELS if row.channels is None else (row.channels,):
        layers = list_layers(*network, classes=row.classes, channels=channels)
        if counts(islice(layers, LAYERS_MAX), row.resolution_px)[0] == row.flops:
            return built_coefficients(*network) or unknown
    return unknown


def network_of(row: Any) -> tuple[Model, Coefficients] | None:
    """What a row says was built; None where no model file has that name, or a cell is no coefficient."""
    preset = model_preset(row.model) if row.model in NAMES else None
    if preset is None or row.family not in (None, preset.family):
        return None
    try:
        stages = None if row.stage_depth is None else tuple(map(float, row.stage_depth.split()))
    except ValueError:  # a cell of text may hold any
        return None
    whole = stages is None or len(stages) == FAMILIES[preset.family].stages
    if not whole or any(value not in COEFFICIENT for value in (row.depth, row.width, *(stages or ()))):
        return None
    coefficients = Coefficients(row.depth, row.width, stage_depth=stages)
    return replace(preset, small_stem=bool(row.small_stem)), coefficients


def ratios(frame: pd.DataFrame, rows: pd.DataFrame) -> list[float]:
    """The pixels of ``rows`` of a table relative to those of coefficient 1 with the same model and data.

    Where the table has none, the pixels nearest to what the coefficient says are taken. NaN where no pixels, or more
    than one, round to the row's.
    """
    same = ["model", "data"] if "data" in frame else ["model", "channels", "classes"]
    baselines = defaultdict(set)
    for *key, px in tuples(frame[(frame.resolution == 1).fillna(False)], [*same, "resolution_px"]):
        baselines[tuple(key)].add(px)
    values = []
    for *key, px, resolution in tuples(rows, [*same, "resolution_px", "resolution"]):
        fitting = []
        if px is not None and px > 0 and resolution in COEFFICIENT:
            known = baselines.get(tuple(key), {round(px / resolution)}) - {None}
            fitting = [baseline for baseline in known if round(baseline * resolution) == px]
        values.append(px / fitting[0] if len(fitting) == 1 else math.nan)
    return values
