"""Benchmarks of how convolutional networks scale with depth, width and resolution.

>>> import scaling_study as ss
>>> runs = ss.load_runs("results/fractals-reference")
>>> figure = ss.plot.methods(runs)
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling_study.api import interactive as interactive
    from scaling_study.api import plot as plot
    from scaling_study.api.analyses import accuracies as accuracies
    from scaling_study.api.analyses import compare as compare
    from scaling_study.api.analyses import directions as directions
    from scaling_study.api.analyses import fit_curves as fit_curves
    from scaling_study.api.analyses import frontier as frontier
    from scaling_study.api.analyses import isocompute as isocompute
    from scaling_study.api.analyses import law as law
    from scaling_study.api.analyses import leads as leads
    from scaling_study.api.analyses import rates as rates
    from scaling_study.api.analyses import regime as regime
    from scaling_study.api.analyses import search as search
    from scaling_study.api.analyses import shape as shape
    from scaling_study.api.analyses import surface as surface
    from scaling_study.api.commands import run as run
    from scaling_study.api.networks import Cost as Cost
    from scaling_study.api.networks import build as build
    from scaling_study.api.networks import cost as cost
    from scaling_study.errors import ConfigError as ConfigError
    from scaling_study.errors import StudyError as StudyError
    from scaling_study.literature import published as published
    from scaling_study.records.costs import load_costs as load_costs
    from scaling_study.records.costs import load_devices as load_devices
    from scaling_study.records.costs import load_latencies as load_latencies
    from scaling_study.records.tables import load_history as load_history
    from scaling_study.records.tables import load_runs as load_runs

# timm compiles a few of its functions on import, in a way that newer torch warns of; nothing a user could act on.
warnings.filterwarnings("ignore", message=r"`torch\.jit\.script", category=FutureWarning)

# Public names and their modules, loaded on first use: the command line shall not wait for torch and pandas.
PUBLIC = {
    "load_runs": "records.tables",
    "load_history": "records.tables",
    "load_costs": "records.costs",
    "load_devices": "records.costs",
    "load_latencies": "records.costs",
    "published": "literature",
    "build": "api.networks",
    "cost": "api.networks",
    "Cost": "api.networks",
    "run": "api.commands",
    "accuracies": "api.analyses",
    "compare": "api.analyses",
    "directions": "api.analyses",
    "fit_curves": "api.analyses",
    "frontier": "api.analyses",
    "isocompute": "api.analyses",
    "rates": "api.analyses",
    "law": "api.analyses",
    "leads": "api.analyses",
    "regime": "api.analyses",
    "search": "api.analyses",
    "shape": "api.analyses",
    "surface": "api.analyses",
    "plot": "api",
    "interactive": "api",
    "ConfigError": "errors",
    "StudyError": "errors",
}
__all__ = list(PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("plot", "interactive"):  # modules
        return import_module(f"scaling_study.api.{name}")
    return getattr(import_module(f"scaling_study.{PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *PUBLIC]
