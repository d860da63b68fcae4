"""How much the runs that task=next proposes tell, on synthetic studies with known truth; JSON on stdout:
python benchmarks/next_runs.py [studies of each kind]

Each study is grown twice with the same core-minutes: by the proposed runs, and by one more seed of every variant in
turn (of a rate study: of every rate). Reported are root mean square errors of the answer before and after, and the
ratio of the two after; below 1 the proposal is better. ``predicted``: the standard error that the proposal promised.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd

from scaling_study.analysis.allocation import propose
from scaling_study.analysis.candidates import trained
from scaling_study.analysis.directions import Scale, simplex
from scaling_study.analysis.law import Law, fit_law
from scaling_study.analysis.next_comparison import compared, comparison_designs
from scaling_study.analysis.next_direction import best_shares, direction_design
from scaling_study.analysis.next_rate import rate_design
from scaling_study.analysis.observations import observe, usable
from scaling_study.analysis.rates import best_rates
from scaling_study.scaling.coefficients import AXES, Coefficients

COLUMNS = ["method", "phi", *AXES, "stage_depth", "flops_target", "flops"]
SEEDS = 3
TRIPLE = np.array([1.2, 1.1, 1.15]) ** (1 / np.log2(1.2 * 1.1**2 * 1.15**2))  # whose cost is exactly 2
RATES = np.array([0.00375, 0.0075, 0.015, 0.03, 0.06])


def variant(method, coefficients, target=np.nan):
    """A row of a variant that is built as asked for."""
    coefficients = np.asarray(coefficients, dtype=float)
    phi = np.log2(cost_of(coefficients)) if method == "compound" else np.nan
    row = {"method": method, "phi": phi, **dict(zip(AXES, coefficients, strict=True)), "stage_depth": None}
    return row | {"flops_target": target, "flops": 1e6 * cost_of(coefficients)}


def cost_of(coefficients):
    return Coefficients(*coefficients).nominal_flops


def at(method, multiple, target):
    """A variant of a method at a multiple of the baseline's flops; target: whether as its budget."""
    share = {"depth": (1, 0, 0), "width": (0, 0.5, 0), "resolution": (0, 0, 0.5), "compound": np.log2(TRIPLE)}[method]
    return variant(method, multiple ** np.array(share), multiple if target else np.nan)


def rows(variants, seeds, truth, rng, *, sd):
    """A run table: ``seeds[i]`` of variant i; truth: error in percent at coefficients (n, 3); sd: of a run relative to
    its error."""
    frame = pd.DataFrame([row | {"seed": seed} for row, own in zip(variants, seeds, strict=True) for seed in own])
    error = truth(frame[list(AXES)].to_numpy(dtype=float))
    frame["top1"] = 100 - error * (1 + sd * rng.standard_normal(len(frame)))
    frame["train_seconds"] = 5 + 15 * frame.flops / 1e6
    return frame.assign(status="done", model="net", epochs=2, flops_ratio=frame.flops / 1e6)


def count(row):
    """Flops of a proposed network, completed to a row as it would be trained."""
    if pd.notna(row["flops_target"]):
        return 1e6 * row["flops_target"]
    return 1e6 * cost_of([row[axis] for axis in AXES])


def proposed(table, counts):
    """(variants, seeds) of the runs that a proposal adds."""
    chosen = table.assign(count=counts)[counts > 0]
    variants = [row if pd.isna(row["flops_target"]) else at(row["method"], row["flops_target"], True)
                for row in chosen.to_dict("records")]  # fmt: skip
    return [{name: row[name] for name in COLUMNS} for row in variants], chosen["count"].tolist()


def grown(runs, variants, counts, truth, rng, *, sd):
    """The run table with so many more runs of each variant, seeds as task=next gives them."""
    if not sum(counts):
        return runs
    seeds = []
    for row, more in zip(variants, counts, strict=True):
        same = (runs.method == row["method"]) & np.isclose(runs[list(AXES)], [row[axis] for axis in AXES]).all(axis=1)
        used = set(runs.seed[same])
        seeds.append([seed for seed in range(len(used) + more) if seed not in used][:more])
    return pd.concat([runs, rows(variants, seeds, truth, rng, sd=sd)], ignore_index=True)


def alike(variants, costs, budget):
    """Numbers of seeds that spend the budget on all variants in turn, the cheapest first in the last round."""
    counts, costs = np.zeros(len(variants), dtype=int), np.asarray(costs, dtype=float)
    rounds = int(budget // costs.sum())
    counts += rounds
    left = budget - rounds * costs.sum()
    order = np.argsort(costs)
    counts[order[np.cumsum(costs[order]) <= left]] += 1
    return counts


def observed(runs):
    frame = usable(runs)[0]
    return observe(frame), trained(frame)


def power_law(rng):
    """Error in percent of three saturating axes."""
    worst, f, p = rng.uniform(15, 50), rng.uniform(0, 0.6, 3), rng.uniform(0.2, 1.2, 3)
    return lambda x: worst * np.prod(f + (1 - f) * x**-p, axis=1)


def close_race(rng):
    """The same where no axis is far better than the others at its cost, so that the best direction is in doubt."""
    worst, f = rng.uniform(15, 50), rng.uniform(0.2, 0.6, 3)
    p = rng.uniform(0.3, 0.6) * np.array([1.0, 2.0, 2.0]) * rng.uniform(0.8, 1.25, 3) / (1 - f)
    return lambda x: worst * np.prod(f + (1 - f) * x**-p, axis=1)


def comparison(rng, budgets, minutes):
    """(error before, after, alike, predicted) of compound minus width at 4 times the baseline, in points."""
    truth, sd = power_law(rng), rng.uniform(0.01, 0.05)
    methods = ("compound", "width", "depth", "resolution")
    variants = [variant("baseline", (1, 1, 1)), *(at(method, c, True) for method in methods for c in budgets)]
    one, other = (truth(np.array([[at(m, 4, True)[axis] for axis in AXES]]))[0] for m in ("compound", "width"))
    runs = rows(variants, [range(SEEDS)] * len(variants), truth, rng, sd=sd)
    observations, table = observed(runs)
    proposal = propose(comparison_designs(observations, table, ("compound", "width"), 4.0, count), 60 * minutes)
    new, counts = proposed(proposal.design.candidates, proposal.counts)
    costs = 5 + 15 * np.array([row["flops"] for row in variants]) / 1e6
    found = [runs, grown(runs, new, counts, truth, rng, sd=sd)]
    found.append(grown(runs, variants, alike(variants, costs, proposal.core_seconds), truth, rng, sd=sd))
    answers = [compared(observed(one_of)[0], "compound", "width", 4.0).estimate for one_of in found]
    return [*(answer - (other - one) for answer in answers), proposal.after]


def direction(rng, minutes):
    """The same of the shares of the best direction, root mean square over axes, and how far the error there is above
    the least, in percent of it."""
    truth, sd = close_race(rng), rng.uniform(0.01, 0.05)
    variants = [variant("baseline", (1, 1, 1))]
    variants += [at(method, c, False) for method in AXES for c in (2, 4, 8)]
    variants += [at("compound", c, False) for c in (2, 4, 8)]
    runs = rows(variants, [range(SEEDS)] * len(variants), truth, rng, sd=sd)
    observations, table = observed(runs)
    law = fit_law(observations, 300)
    assert isinstance(law, Law)
    proposal = propose([direction_design(observations, table, law, count)], 60 * minutes)
    new, counts = proposed(proposal.design.candidates, proposal.counts)
    costs = 5 + 15 * np.array([row["flops"] for row in variants]) / 1e6
    found = [grown(runs, new, counts, truth, rng, sd=sd)]
    found.append(grown(runs, variants, alike(variants, costs, proposal.core_seconds), truth, rng, sd=sd))
    fits = [(observations, law)]
    for one in found:
        seen = observed(one)[0]
        fits.append((seen, fit_law(seen, 30)))
    choice = simplex(3)
    errors = truth(Scale(law, observations).coefficients(2.0, choice))
    best = choice[errors.argmin()]
    off, above = [], []
    for seen, fitted in fits:
        shares = best_shares(seen, fitted)
        off.append(np.sqrt(np.mean((shares - best) ** 2)))
        own = truth(Scale(fitted, seen).coefficients(2.0, shares[None]))[0]
        above.append(100 * (own / errors.min() - 1))
    return [*off, proposal.after, *above]


def rate(rng, minutes):
    """The same of the logarithm of the best learning rate."""
    sd, bend, top = rng.uniform(0.2, 0.6), rng.uniform(1, 4), np.log(rng.uniform(0.009, 0.025))
    seconds = rng.uniform(10, 40)

    def accuracy(rates):
        return 80 - bend * (np.log(rates) - top) ** 2

    def mean(rates, counts):
        return accuracy(rates) + sd * rng.standard_normal(len(rates)) / np.sqrt(counts)

    counts = np.full(len(RATES), SEEDS)
    first = mean(RATES, counts)
    proposal = propose([rate_design(RATES, first, counts, sd, seconds)], 60 * minutes)
    found = [(RATES, first)]
    share = np.full(len(RATES), proposal.counts.sum() / len(RATES))
    asked = proposal.design.candidates.learning_rate.to_numpy()
    for rates, more in ((asked, proposal.counts), (RATES, share)):
        total = pd.Series(counts * 1.0, RATES.round(6)).add(pd.Series(more, rates.round(6)), fill_value=0)
        total = total[total > 0]
        own = total.index.to_numpy()
        old = pd.Series(first, RATES.round(6)).reindex(own).fillna(0.0).to_numpy()
        had = pd.Series(counts, RATES.round(6)).reindex(own).fillna(0).to_numpy()
        added = total.to_numpy() - had
        fresh = mean(own, np.maximum(added, 1e-9))
        found.append((own, np.where(added > 0, (old * had + fresh * added) / total.to_numpy(), old)))
    return [*(best_rates(np.log(rates), means[None])[0][0] - top for rates, means in found), proposal.after]


def summary(results):
    table = np.array(results, dtype=float)
    before, after, same, predicted = np.sqrt(np.nanmean(table[:, :4] ** 2, axis=0))
    found = {"before": before, "proposed": after, "alike": same, "ratio": after / same, "predicted": predicted}
    if table.shape[1] > 4:
        above = table[:, 4:].mean(axis=0)
        found |= {"above_best_before": above[0], "above_best_proposed": above[1], "above_best_alike": above[2]}
    return {name: round(float(value), 4) for name, value in found.items()}


CASES = {
    "comparison, both trained at its cost": lambda rng: comparison(rng, (2, 4, 8), 30),
    "comparison, between trained costs": lambda rng: comparison(rng, (2, 8), 30),
    "direction": lambda rng: direction(rng, 60),
    "rate": lambda rng: rate(rng, 10),
}


def simulated(case, studies):
    rng = np.random.default_rng(0)
    return summary([CASES[case](rng) for _ in range(studies)])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(json.dumps({case: simulated(case, studies) for case in CASES}, indent=1))
