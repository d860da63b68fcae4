"""Does the better axis depend on the length of training? (Bello et al. 2021: depth pays where overfitting can.)"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from scaling_study.analysis.contrasts import LEVEL, contrast, holm
from scaling_study.analysis.noise import moderated
from scaling_study.analysis.observations import Observations, usable

COLUMNS = {
    "model": "string",
    "flops_target": "float64",
    "epochs": "Int64",  # missing in the row of the interaction
    "effect": "string",  # depth minus width, or: per doubling of epochs
    "points": "float64",
    "low": "float64",
    "high": "float64",
    "p_holm": "float64",  # corrected for the lengths of one budget; the change stands alone
    "n": "Int64",
    "verdict": "string",  # depth better, width better, longer training favours ..., not distinguishable, no interval
}
KEYS = ["method", "epochs"]


def regime(runs: pd.DataFrame, response: str = "top1") -> pd.DataFrame:
    """Accuracy of depth minus width at equal flops for each length of training, and how that difference changes when
    training doubles: the interaction, a linear contrast over log2 epochs. A frame with COLUMNS, empty unless both axes
    were trained to one budget for two lengths."""
    frame, _ = usable(runs, response)
    frame = frame[frame.method.isin(["depth", "width"]) & frame.flops_target.notna()]
    rows: list[dict[str, Any]] = []
    for (model, budget), part in frame.groupby(["model", "flops_target"]):
        both = part.groupby("epochs").method.nunique() == 2
        part = part[part.epochs.isin(both.index[both])]
        if part.epochs.nunique() > 1:
            rows += effects(part, response, {"model": model, "flops_target": budget})
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def effects(part: pd.DataFrame, response: str, common: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cells = part.groupby([*KEYS, "seed"])[response].mean().unstack()
    values = cells.to_numpy(dtype=float)
    observed = Observations(
        cells.index.to_frame(index=False), values, moderated(values), moderated(values, blocks=True)
    )
    place = {key: n for n, key in enumerate(cells.index)}
    lengths = sorted(set(cells.index.get_level_values("epochs")))
    pairs = [{place["depth", epochs]: 1.0, place["width", epochs]: -1.0} for epochs in lengths]
    results = [contrast(observed, weights) for weights in pairs]
    for epochs, result, p in zip(lengths, results, holm([result.p for result in results]), strict=True):
        length = {"epochs": epochs, "effect": "depth minus width"}
        yield common | length | row(result, p, ("depth better", "width better"))
    logs = np.log2(np.array(lengths, dtype=float))
    slope = (logs - logs.mean()) / ((logs - logs.mean()) ** 2).sum()
    weights: dict[Any, float] = {}
    for epochs, weight in zip(lengths, slope, strict=True):
        weights |= {place["depth", epochs]: weight, place["width", epochs]: -weight}
    change = contrast(observed, weights)
    words = ("longer training favours depth", "longer training favours width")
    yield common | {"effect": "change per doubling of epochs"} | row(change, change.p, words)


def row(result: Any, p: float, words: Any) -> dict[str, Any]:
    """Columns of a contrast; words: for above and below 0."""
    low, high = result.interval(LEVEL)
    verdict = words[result.estimate < 0] if p <= 1 - LEVEL else "no interval" if np.isnan(p) else "not distinguishable"
    return {"points": result.estimate, "low": low, "high": high, "p_holm": p, "n": result.n, "verdict": verdict}
