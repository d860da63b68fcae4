"""Runs that make the best learning rate of a network more certain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_study.analysis.allocation import Design, one_by_one
from scaling_study.analysis.rates import best_rates

DRAWS = 400  # of the noise, the same for all numbers of runs that are compared


def rate_design(rates: np.ndarray, means: np.ndarray, counts: np.ndarray, sd: float, core_seconds: float) -> Design:
    """The design for the logarithm of a network's best learning rate.

    rates: (n,) ascending, as trained; means, counts: of the runs of each, percent; sd: of a single run. Candidates are
    the trained rates and those halfway between the best and its neighbors, column ``learning_rate``. The predicted
    variance is that of ``best_rates`` itself, over draws of the noise, where the truth is the parabola through the best
    and its neighbors. Where the best is at an end, the one candidate lies as far beyond it, with as many runs
    as the other rates have: until then there is no answer.
    """
    logs, place = np.log(rates), int(means.argmax())
    if place in (0, len(logs) - 1):
        near = 1 if place == 0 else -2
        beyond = float(np.exp(2 * logs[place] - logs[near]))
        table = pd.DataFrame({"learning_rate": [beyond], "core_seconds": core_seconds})
        wanted = int(counts.max())
        return Design(table, lambda more: sd**2 / min(more[0], wanted) if more[0] else np.inf, one_by_one(1))
    window = slice(place - 1, place + 2)
    parabola = np.polyfit(logs[window], means[window], 2)
    between = (logs[window][1:] + logs[window][:-1]) / 2
    all_logs = np.r_[logs, between]
    truth = np.r_[means, np.polyval(parabola, between)]
    order = all_logs.argsort()
    before = np.r_[counts, 0, 0][order]
    all_logs, truth = all_logs[order], truth[order]
    noise = sd * np.random.default_rng(0).standard_normal((DRAWS, len(truth)))

    def variance(more: np.ndarray) -> float:
        total = before + more
        kept = total > 0
        sets = truth[kept] + noise[:, kept] / np.sqrt(total[kept])
        return float(best_rates(all_logs[kept], sets)[0].var())

    table = pd.DataFrame({"learning_rate": np.exp(all_logs), "core_seconds": core_seconds})
    return Design(table, variance, one_by_one(len(table)))
