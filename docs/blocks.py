"""Generated blocks of the documentation that tell the numbers of committed tables; BLOCKS names them."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import balance
import matched
import pandas as pd
import photographs
import recommended
import rule
from scipy import stats
from statsmodels.stats.power import TTestIndPower

import scaling_study as ss
from scaling_study.records import costs
from scaling_study.tasks import paper

ROOT = Path(__file__).parents[1]
RULE_STUDY, SHAPE_STUDY, RATE_STUDY = "fractals_v2-rule", "fractals_v2-shape", "fractals_v2-rate"
POWER_STUDY, MATCHED_STUDY = "fractals_v2-power", "fractals_v2-matched"
PHOTOGRAPHS, PHOTOGRAPH_SHAPES = "fashion_mnist-matched", "fashion_mnist-shape"
PHOTOGRAPH_RATES = "fashion_mnist-rate"
# Studies with runs that are committed; results/ also holds those of whoever runs the commands here.
COMMITTED = (
    *("fashion_mnist-reference", "fashion_mnist-regime", "fractals-reference", "fractals-search"),
    *(RULE_STUDY, SHAPE_STUDY, RATE_STUDY, POWER_STUDY, *balance.STUDIES.values()),
    *(PHOTOGRAPH_SHAPES, PHOTOGRAPHS, PHOTOGRAPH_RATES),
)


def report_lines() -> list[str]:
    """What ``task=paper study=imagenet-family`` prints."""
    study = ROOT / "results/imagenet-family"
    return [*paper.counts(ss.load_costs(study)), "", *paper.speedups(ss.load_latencies(study))]


def reference_lines() -> list[str]:
    """Test accuracy of every variant of the two reference studies."""
    names = {"fractals": "fractals-reference", "Fashion-MNIST": "fashion_mnist-reference"}
    cells = {title: cells_of(ss.load_runs(ROOT / "results" / name)) for title, name in names.items()}
    header = ["variant", *(f"{title}: {what}" for title in cells for what in ("Mflops", "top-1, mean (range)"))]
    lines = [f"| {' | '.join(header)} |", "| --- " * len(header) + "|"]
    first = next(iter(cells.values()))
    return lines + [
        f"| {' | '.join([name, *(cell for part in cells.values() for cell in part[name])])} |" for name in first
    ]


def rule_lines() -> list[str]:
    """The rule of docs/explanation/embedded_data.md on the study that judges it."""
    return rule.lines(ss.load_runs(ROOT / "results" / RULE_STUDY))


def matched_lines() -> list[str]:
    """The methods at equal multiply-adds, trained with the standard recipe."""
    return matched.lines(ss.load_runs(ROOT / "results" / MATCHED_STUDY))


def balance_lines() -> list[str]:
    """The methods from the other baselines of equal multiply-adds; the leads of compound scaling from all of them."""
    runs = balance.tables()
    _, *others = runs.values()
    parts = [[*matched.table(one), ""] for one in others]
    return [*itertools.chain.from_iterable(parts), *balance.lines(runs)]


def control_lines() -> list[str]:
    """A network without more layers beside compound scaling, from the baseline between the others."""
    return balance.control(balance.tables()[balance.BETWEEN])


def recommended_lines() -> list[str]:
    """What the law recommended, and what runs reached."""
    study = ROOT / "results" / MATCHED_STUDY
    return recommended.lines(costs.load_table(study, "recommendations"), ss.load_runs(study))


def photograph_lines() -> list[str]:
    """The methods at equal multiply-adds on photographs."""
    runs = ss.load_runs(ROOT / "results" / PHOTOGRAPHS)
    lines = [*matched.table(runs, digits=2), "", matched.doublings(runs, digits=2), ""]
    return [*lines, matched.gains(runs, 4.0, 16.0, digits=2)]


def photograph_shape_lines() -> list[str]:
    """Shapes of the baseline's multiply-adds on photographs."""
    return photographs.shapes(ss.load_runs(ROOT / "results" / PHOTOGRAPH_SHAPES))


def photograph_recommendation_lines() -> list[str]:
    """What the law of the photographs recommended, and what runs reached."""
    study = ROOT / "results" / PHOTOGRAPHS
    return recommended.lines(costs.load_table(study, "recommendations"), ss.load_runs(study), digits=2)


def photograph_prediction_lines() -> list[str]:
    """What the law of the runs up to 4 times predicted of larger networks, and what runs reached."""
    study = ROOT / "results" / PHOTOGRAPHS
    return recommended.predicted(costs.load_table(study, "predictions"), ss.load_runs(study))


def photograph_rate_lines() -> list[str]:
    """Learning rates of each network on photographs."""
    study = ROOT / "results" / PHOTOGRAPH_RATES
    return photographs.rates(ss.load_runs(study), own=pd.read_csv(study / "rates.csv").own_rate[0])


def retrained_lines() -> list[str]:
    """Randomly chosen runs of the studies, and the same runs trained again by benchmarks/retrain.py."""
    rows = ["| run | study | device | top-1 | again | with | |", "| --- " * 7 + "|"]
    table = pd.read_csv(ROOT / "results/retrained.csv")
    for row in table.itertuples():
        verdict = "the same" if (row.top1, row.val_top1) == (row.top1_again, row.val_top1_again) else "not the same"
        cells = [f"`{row.run_id}`", f"`{row.study}`", row.device, f"{row.top1:.2f}", f"{row.top1_again:.2f}"]
        rows.append(f"| {' | '.join([*cells, row.cpu_capability_again, verdict])} |")
    return rows


def rate_lines() -> list[str]:
    """The best learning rate of each network, as rates.csv has it."""
    table = pd.read_csv(ROOT / "results" / RATE_STUDY / "rates.csv")
    lines = [
        "| network | best learning rate | lost at 0.04, points | predicted without it | best / predicted |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in table[table.what == "best rate"].itertuples():
        best = f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})"
        ratio = f"{row.ratio:.2f} ({row.ratio_low:.2f} to {row.ratio_high:.2f})"
        loss = f"{row.loss:.2f} ({row.loss_low:.2f} to {row.loss_high:.2f})"
        name = row.method if row.method in ("baseline", "compound") else f"{row.method} {getattr(row, row.method):g}"
        lines.append(f"| {name} | {best} | {loss} | {row.predicted:.3f} | {ratio} |")
    return lines


def power_lines() -> list[str]:
    """Two methods at the same multiply-adds over many seeds, and how many detect half a point."""
    runs = ss.load_runs(ROOT / "results" / POWER_STUDY)
    runs = runs[runs.status == "done"]
    lines = ["| method | Mflops | seeds | top-1 | standard deviation |", "| --- | --- | --- | --- | --- |"]
    for method, rows in runs.groupby("method"):
        flops = rows.flops.iloc[0] / 1e6
        lines.append(f"| {method} | {flops:.2f} | {len(rows)} | {rows.top1.mean():.2f} | {rows.top1.std():.2f} |")
    one, other = (runs[runs.method == method].top1 for method in ("compound", "width"))
    result = stats.ttest_ind(one, other, equal_var=False)
    low, high = result.confidence_interval()
    spread = math.sqrt((one.var() + other.var()) / 2)
    least = math.ceil(TTestIndPower().solve_power(effect_size=0.5 / spread, power=0.8, alpha=0.05))
    seconds = runs.train_seconds.min()  # the other runs shared their core with other work
    hours = 2 * least * seconds / 3600
    lines += [
        "",
        f"Compound minus width: {one.mean() - other.mean():+.2f} points ({low:+.2f} to {high:+.2f}), an "
        f"interval of ±{(high - low) / 2:.2f}. With this scatter, {least} seeds of each detect a true difference of "
        f"0.5 points with a power of 80%. At {seconds:.0f} s, the fastest run, that is {hours:.1f} core-hours.",
    ]
    return lines


def cells_of(runs: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """{variant: (Mflops, mean and range of top-1 in percent)}, by method and cost."""
    order = {method: n for n, method in enumerate(("baseline", "width", "depth", "resolution", "compound"))}
    runs = runs.assign(order=runs.method.map(order), name=[name_of(row) for row in runs.itertuples()])
    groups = runs[runs.status == "done"].groupby(["order", "flops", "name"], sort=True).top1
    return {
        name: (f"{flops / 1e6:.2f}", f"{values.mean():.1f} ({values.min():.1f} to {values.max():.1f})")
        for (_, flops, name), values in groups
    }


def name_of(row) -> str:
    if row.method == "baseline":
        return "baseline"
    return f"compound phi={row.phi:g}" if row.method == "compound" else f"{row.method} {getattr(row, row.method):g}"


def commit_lines() -> list[str]:
    """Runs of each committed study, and the commits of the code that trained them."""
    lines = ["| study | runs | package commits |", "| --- | --- | --- |"]
    for study in COMMITTED:
        runs = ss.load_runs(ROOT / "results" / study)
        commits = ", ".join(f"`{commit}`" for commit in sorted(set(runs.git_commit.dropna())))
        lines.append(f"| `{study}` | {len(runs)} | {commits} |")
    return lines


BLOCKS = {
    "report": report_lines,
    "reference": reference_lines,
    "commits": commit_lines,
    "rule": rule_lines,
    "rates": rate_lines,
    "power": power_lines,
    "matched": matched_lines,
    "balance": balance_lines,
    "control": control_lines,
    "recommended": recommended_lines,
    "retrained": retrained_lines,
    "photographs": photograph_lines,
    "photograph_shapes": photograph_shape_lines,
    "photograph_recommendations": photograph_recommendation_lines,
    "photograph_predictions": photograph_prediction_lines,
    "photograph_rates": photograph_rate_lines,
}
