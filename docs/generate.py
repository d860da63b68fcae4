"""Write the generated pages and blocks of the documentation: ``python docs/generate.py``.

Config keys come from the comments of conf/, columns from the comments of the code, numbers from the committed tables. A
block stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import balance
import matched
import pandas as pd
import recommended
import rule
from scipy import stats
from statsmodels.stats.power import TTestIndPower

import scaling_study as ss
from scaling_study.records import columns, costs
from scaling_study.tasks import paper

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?: (?P<value>[^#]*?))?\s*(?:# (?P<comment>.*))?$")
# Files of conf/ by the group that their keys belong to, the fullest of each.
FILES = {
    "": "config.yaml",
    "model": "model/custom.yaml",
    "data": "data/imagefolder.yaml",
    "recipe": "recipe_base.yaml",
    "scaling": "scaling/default.yaml",
}
ELSEWHERE = {"data.loader": "of `data=custom`: MODULE:FUNCTION"}
TABLES = {
    "runs": (columns, "RUN_COLUMNS", "runs.csv: one row per run"),
    "history": (columns, "EPOCH_COLUMNS", "history.csv: one row per run and epoch"),
    "costs": (costs, "COST_COLUMNS", "costs.csv: one row per variant, costs per image"),
    "cost_parts": (costs, "PART_COLUMNS", "cost_parts.csv: one row per variant, stage and kind of operator"),
    "latencies": (costs, "LATENCY_COLUMNS", "latencies.csv: one row per variant, setting, workload and batch size"),
    "evaluations": (costs, "EVALUATION_COLUMNS", "evaluations.csv: one row per network with weights, data and split"),
    "cam": (costs, "CAM_COLUMNS", "cam.csv: one row per network and image of the activation maps"),
    "recommendations": (costs, "RECOMMENDATION_COLUMNS", "recommendations.csv: one row per budget"),
}
RULE_STUDY, SHAPE_STUDY, RATE_STUDY = "fractals_v2-rule", "fractals_v2-shape", "fractals_v2-rate"
POWER_STUDY, MATCHED_STUDY = "fractals_v2-power", "fractals_v2-matched"
# Studies with runs that are committed; results/ also holds those of whoever runs the commands here.
COMMITTED = (
    *("fashion_mnist-reference", "fashion_mnist-regime", "fractals-reference", "fractals-search"),
    *(RULE_STUDY, SHAPE_STUDY, RATE_STUDY, POWER_STUDY, *balance.STUDIES.values()),
)


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


def pages() -> dict[Path, str]:
    """{path: text} of every page that is generated, or has a generated block."""
    found = {
        ROOT / "docs/reference/configuration.md": configuration(),
        ROOT / "docs/reference/columns.md": columns_page(),
    }
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "results/README.md"):
        text = found.get(path) or path.read_text(encoding="utf-8")
        found[path] = re.sub(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", filled, text, flags=re.DOTALL)
    return found


def filled(match: re.Match) -> str:
    blocks = {"report": report_lines, "reference": reference_lines, "commits": commit_lines, "rule": rule_lines}
    blocks |= {"rates": rate_lines, "power": power_lines, "matched": matched_lines, "balance": balance_lines}
    blocks |= {"control": control_lines, "recommended": recommended_lines, "retrained": retrained_lines}
    lines = blocks[match[2]]()
    return f"{match[1]}{chr(10).join(lines)}\n{match[3]}"


def configuration() -> str:
    lines = [
        "# Configuration keys",
        "",
        "Generated from the comments of `conf/`. A value that is not listed is refused.",
        "",
    ]
    for group, file in FILES.items():
        lines += [f"## {group or 'General'}", ""]
        if group:
            lines += [f"Defaults of `conf/{file}`; other choices of `{group}=` have others.", ""]
        lines += ["| key | default | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{key}` | {value and f'`{value}`'} | {comment} |" for key, value, comment in keys_of(group, file)]
        lines.append("")
    return "\n".join(lines)


def keys_of(group: str, file: str) -> Iterator[tuple[str, str, str]]:
    """(key, default, comment) of a file of conf/."""
    parents: list[tuple[int, str]] = []
    text = (ROOT / "conf" / file).read_text(encoding="utf-8")
    for line in text.split("\nhydra:")[0].splitlines():
        if not (found := LINE.match(line)) or found["key"] == "defaults":
            continue
        indent = len(found["indent"])
        parents = [(depth, name) for depth, name in parents if depth < indent]
        key = ".".join([*([group] if group else []), *(name for _, name in parents), found["key"]])
        comment = (found["comment"] or "").replace("|", "\\|")
        if found["value"] in (None, ""):
            parents.append((indent, found["key"]))
        else:
            yield key, found["value"], comment
    if group == "data":
        yield from ((key, "null", comment) for key, comment in ELSEWHERE.items())


def columns_page() -> str:
    lines = ["# Columns", "", "Generated from the code. Units are in the names or comments; accuracies are percent,",
             "losses nats, raw numbers base units.", ""]  # fmt: skip
    for name, (module, constant, title) in TABLES.items():
        lines += [f"## {title}", "", "| column | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{column}` | {kind} | {comment} |" for column, kind, comment in columns_of(module, constant)]
        lines.append("")
        assert name in {"runs", "history", *costs.TABLES}
    return "\n".join(lines)


def columns_of(module: object, constant: str) -> Iterator[tuple[str, str, str]]:
    """(column, pandas type, comment) of a dict of columns in the code."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    body = re.search(rf"^{constant} = {{\n(.*?)^}}", source, flags=re.DOTALL | re.MULTILINE)[1]
    for line in body.splitlines():
        if found := re.match(r'\s+"(\w+)": "(\w+)",(?:\s+# (.*))?$', line):
            yield found[1], found[2], found[3] or MEANINGS.get(found[1], "")


MEANINGS = {
    "run_id": "of the run: what was scaled, the seed, a hash of all settings",
    "study": "name of the study",
    "error": "of a failed run",
    "error_type": "of a failed run",
    "method": "baseline, depth, width, resolution, compound, fast or custom",
    "phi": "of compound scaling",
    "depth": "coefficient, relative to the baseline",
    "width": "coefficient, relative to the baseline",
    "resolution": "coefficient, relative to the baseline",
    "resolution_px": "side of the input in pixels",
    "flops": "multiply-adds of one image",
    "params": "trainable parameters, head included",
    "param_bytes": "their size in memory",
    "activations": "output elements of convolutions and linear layers, one image",
    "activation_bytes": "bytes that autograd keeps for the backward pass, one image",
    "top1": "test accuracy, percent",
    "top5": "test accuracy, percent",
    "loss": "test loss, nats",
    "val_top1": "validation accuracy, percent",
    "val_top5": "validation accuracy, percent",
    "val_loss": "validation loss, nats",
    "train_top1": "on as many training images as there are for validation, without augmentation, percent",
    "train_top5": "the same, percent",
    "train_loss": "the same, nats",
    "train_seconds": "training steps only",
    "images_per_second": "in training",
    "device": "that trained or was timed",
    "threads": "CPU threads of a run",
    "precision": "fp32, bf16 or fp16",
    "git_commit": "of the package's checkout",
    "model": "the baseline network",
    "family": "of the network",
    "data": "the data set",
    "recipe": "the recipe",
    "epochs": "of training",
    "seed": "of the run",
    "variant_id": "name of the variant: model, rule, input size, a hash of what determines its cost",
}


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


if __name__ == "__main__":
    main()
