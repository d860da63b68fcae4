"""How often outliers are found, and clean runs taken for them, on synthetic studies; JSON on stdout."""

import json
import sys

import numpy as np

from scaling_study.analysis.outliers import outliers

VARIANTS, SEEDS = 20, 3
CASES = {"equal noise": {}, "tenfold noise": {"growth": 10.0}, "shared seeds": {"shared": 0.6}}


def study(rng, growth=1.0, shared=0.0):
    """(variants, seeds) accuracies: a saturating curve; noise of 0.3 points at the best, ``growth`` times that at the
    worst variant; shared: of the variance, the part that a seed does to all variants alike."""
    means = 90 - 30 * np.exp(-np.linspace(0, 4, VARIANTS))
    sd = 0.3 * growth ** np.linspace(1, 0, VARIANTS)
    own = rng.standard_normal((VARIANTS, SEEDS)) * np.sqrt(1 - shared)
    return means[:, None] + sd[:, None] * (own + np.sqrt(shared) * rng.standard_normal(SEEDS))


def rates(count):
    rng = np.random.default_rng(0)
    found = {}
    for name, options in {
        "equal noise": {},
        "tenfold noise": {"growth": 10.0},
        "shared seeds": {"shared": 0.6},
    }.items():
        alarms = hits = 0
        for _ in range(count):
            values = study(rng, **options)
            alarms += outliers(values, 10.0).any()
            row, column = rng.integers(VARIANTS), rng.integers(SEEDS)
            values[row, column] = 10.0
            result = outliers(values, 10.0)
            hits += bool(result[row, column]) and (result > 0).sum() == 1
        found[name] = {"false_alarms": alarms / count, "diverged_run_found_alone": hits / count}
    return found


if __name__ == "__main__":
    print(json.dumps(rates(int(sys.argv[1]) if len(sys.argv) > 1 else 2000), indent=1))
