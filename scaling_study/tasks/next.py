"""task=next: the runs that make one answer of a study more certain, within core-minutes, as a sweep file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scaling_study.analysis.allocation import RUNS_MAX, propose
from scaling_study.errors import ConfigError, StudyError
from scaling_study.execution.questions import question_of
from scaling_study.planning.proposed import command_of, job_at, point_of, scaling_keys, sweep_file
from scaling_study.planning.settings import OWN_KEYS, require_same_study, require_setting_of_a_run
from scaling_study.records.store import require_writable, write_text
from scaling_study.tasks import analyze

if TYPE_CHECKING:
    from scaling_study.analysis.allocation import Proposal
    from scaling_study.config.schema import Config
    from scaling_study.execution.questions import Question
    from scaling_study.planning.jobs import Job


def run(jobs: Sequence[Job]) -> int:
    """Propose, print, and write the sweep file."""
    config = jobs[0].config
    if config.next.question == "rate":
        config = replace(config, vary=sorted({*config.vary, "recipe.learning_rate"}))
    runs = analyze.load(config)
    job = replace(jobs[0], config=config)
    require_setting_of_a_run(job)
    require_same_study(job, runs, OWN_KEYS)
    question = question_of(config, runs)
    proposal = chosen(config, question)
    table = pd.DataFrame(runs_of(config, runs, proposal))
    require_writable(config.study_dir)
    path = config.study_dir / "conf" / "sweep" / "next.yaml"
    names = table.network + "-seed" + table.seed.astype(str)
    points = dict(zip(names, table.point, strict=True))
    write_text(path, sweep_file(config, points, comments(question, proposal)))
    print(text_of(table, question, proposal))
    print(f"Sweep: {path}; train it with\n  {command_of(config, path)}")
    return 0


def chosen(config: Config, question: Question) -> Proposal:
    """The best proposal. Raises ConfigError where the budget is too little for any run that tells something, and
    StudyError where none does."""
    minutes = config.next.minutes
    proposal = propose(question.designs, 60 * minutes)
    if proposal.counts.any():
        return proposal
    costs = [cost for design in question.designs for cost in design.costs_of_use()]
    if not costs:
        raise StudyError(f"study={config.study}: no further run would make it more certain; {question.answer}")
    least = f"{min(costs) / 60:.2g} core-minutes are the least that tells something"
    raise ConfigError("next.minutes", minutes, f"is too little for any run; {least}")


def runs_of(config: Config, runs: pd.DataFrame, proposal: Proposal) -> Iterator[dict[str, Any]]:
    """A row for each proposed run, the costliest first: network, point, seed, core_seconds.

    Seeds are those of the study that a network lacks, then new ones, so that networks share them.
    """
    done = runs[runs.status == "done"]
    trained, seeds = set(done.run_id), sorted({int(seed) for seed in done.seed.dropna()})
    table = proposal.design.candidates.assign(count=proposal.counts)
    for row in table[table["count"] > 0].sort_values("core_seconds", ascending=False).to_dict("records"):
        keys, rate = scaling_keys(row), row.get("learning_rate")
        run = job_at(config, keys, 0, rate).run
        network = run.variant.label + ("" if rate is None else f"-rate{rate:g}")
        every = itertools.chain(seeds, itertools.count(max(seeds, default=-1) + 1))
        new = (seed for seed in every if replace(run, seed=seed).run_id not in trained)
        for seed in itertools.islice(new, row["count"]):
            point = point_of(keys, seed, rate)
            yield {"network": network, "point": point, "seed": seed, "core_seconds": row["core_seconds"]}


def comments(question: Question, proposal: Proposal) -> list[str]:
    first = question.answer[0].upper() + question.answer[1:]
    return ["Proposed by task=next.", f"{first}.", f"{errors_of(question, proposal)}."]


def errors_of(question: Question, proposal: Proposal) -> str:
    before = "none yet" if np.isnan(question.before) else f"{question.before:.3g}"
    return f"Standard error, {question.unit}: {before}; predicted with these runs: {proposal.after:.3g}"


def text_of(table: pd.DataFrame, question: Question, proposal: Proposal) -> str:
    """The answer now, a line per network with the seeds that are proposed, and what they are to bring."""
    groups = table.groupby("network", sort=False)
    shown = groups.agg(runs=("seed", "size"), est_core_seconds=("core_seconds", "sum")).reset_index()
    shown.insert(1, "seeds", groups.seed.agg(ranges).to_numpy())
    lines = [question.answer, shown.to_string(index=False, formatters={"est_core_seconds": "{:.0f}".format})]
    runs = f"{len(table)} run{'' if len(table) == 1 else 's'}"
    lines.append(f"{runs}, about {proposal.core_seconds / 60:.1f} core-minutes of training steps")
    if len(table) >= RUNS_MAX:
        lines.append(f"More than {RUNS_MAX} are not proposed at once.")
    return "\n".join([*lines, errors_of(question, proposal)])


def ranges(seeds: pd.Series) -> str:
    """3,5-9 of 3, 5, 6, 7, 8, 9."""
    whole = seeds.sort_values().to_numpy()
    parts = np.split(whole, np.flatnonzero(np.diff(whole) > 1) + 1)
    return ",".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
