"""task=cost: what the variants of a sweep cost, without training or memory for weights."""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from scaling_study.data import size_of
from scaling_study.records.costs import add_rows, load_table, require_readable
from scaling_study.records.identity import digest, model_settings
from scaling_study.records.store import require_writable
from scaling_study.tasks import terminal
from scaling_study.tasks.progress import counter


def versions():
    names = {"torch_version": "torch", "timm_version": "timm", "package_version": "scaling_study"}
    return {column: version(name) for column, name in names.items()}


def variants(jobs):
    """{variant_id: job}: the jobs of a sweep without those that differ only in what costs do not depend on."""
    return {variant_id(job): job for job in jobs}


def variant_id(job):
    """The cost table's name of a variant: model, rule and input size, and eight digits of what determines its cost."""
    model, variant, size = job.run.model, job.run.variant, size_of(job.run.data)
    settings = {
        "model": model_settings(model),
        **variant.settings,
        "size": [size["channels"], variant.resolution_px, size["classes"]],
    }
    return f"{model.name}-{variant.label}-{variant.resolution_px}px-{digest(settings)}"


def run(jobs):
    """Count, tabulate and print; what the study's cost table holds already is not counted again."""
    table = counted(jobs)
    print(terminal.costs(table))
    print(f"Tables: {study_dir(jobs) / 'costs.csv'}, {study_dir(jobs) / 'cost_parts.csv'}")
    return 0


def study_dir(jobs):
    config = jobs[0].config
    return Path(config.results_dir) / config.study


def counted(jobs):
    """The rows of the cost table for ``jobs``, in order of flops; those that are missing are counted and written."""
    folder, wanted = study_dir(jobs), variants(jobs)
    require_readable(folder, "costs", "cost_parts")
    require_writable(folder)
    table = load_table(folder, "costs")
    current = table[(table[list(versions())] == versions()).all(axis=1)]
    for name, job in counter({k: job for k, job in wanted.items() if k not in set(current.variant_id)}, "counting"):
        cost, row = cost_of(name, job)
        add_rows(folder, "cost_parts", [{"variant_id": name, **asdict(part)} for part in cost.parts], ["variant_id"])
        table = add_rows(folder, "costs", [row], ["variant_id"])
    return table[table.variant_id.isin(wanted)].sort_values(["flops", "variant_id"], ignore_index=True)


def cost_of(name, job):
    """(Complexity, row of the cost table) of a job's variant."""
    from scaling_study.measure.costs import cost_columns, variant_complexity  # loads torch, which takes seconds

    run, size = job.run, size_of(job.run.data)
    cost = variant_complexity(run.model, run.variant, **size)
    columns = cost_columns(cost, run.model, baseline_px=run.data.resolution, **size)
    identity = {"variant_id": name, "study": job.config.study, "source": "measured", "model": run.model.name}
    identity |= {"family": run.model.family, "small_stem": run.model.small_stem}
    return cost, identity | run.variant.columns | size | columns | versions()
