"""Analyzes of a run table, DataFrame in, DataFrame out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from scaling_study.analysis.observations import ALL_COSTS, COSTS

if TYPE_CHECKING:
    import pandas as pd

    from scaling_study.analysis.law import Law
    from scaling_study.analysis.surface import Surface


T = TypeVar("T")


class FittedCurves(NamedTuple):
    """fits: a row per method, cost and form, with what follows of saturation; gains: what each doubling of the cost
    brings; curves: the average of forms with its intervals."""

    fits: pd.DataFrame
    gains: pd.DataFrame
    curves: pd.DataFrame


class Directions(NamedTuple):
    """statements: a row per quantity, axis and budget, with ``attrs["notes"]`` on what has no law; curves: accuracy
    along each axis and along the best direction; map: accuracy at one cost over the shares of the axes."""

    statements: pd.DataFrame
    curves: pd.DataFrame
    map: pd.DataFrame


class Shapes(NamedTuple):
    """statements: a row per quantity, see the column ``what``, with ``attrs["notes"]`` on what could not be analyzed;
    curves: accuracy along each pair of axes that are traded against each other."""

    statements: pd.DataFrame
    curves: pd.DataFrame


class Rates(NamedTuple):
    """best: the best learning rate or weight decay of each network, and how it depends on size, see the column
    ``what``; curves: accuracy of each network at every rate above 0 that was tried."""

    best: pd.DataFrame
    curves: pd.DataFrame


def fit_curves(
    runs: pd.DataFrame,
    costs: Sequence[str] = COSTS,
    *,
    threshold: float = 0.5,
    draws: int = 1000,
    response: str = "top1",
) -> FittedCurves:
    """Fit error against cost for each method of each model and length of training.

    runs: a run table as from ``load_runs``; costs: its columns; threshold: points of accuracy, a curve saturates where
    doubling its cost brings less; draws: of the bootstrap over seeds; response: the column of accuracies in percent.
    Raises ValueError when a needed column is absent.

    >>> import scaling_study as ss
    >>> fits, gains, curves = ss.fit_curves(ss.load_runs("results/fractals-reference"), ["flops"], draws=50)
    >>> fits[fits.chosen].method.tolist()
    ['width', 'depth', 'resolution', 'compound']
    """
    from scaling_study.analysis.fits import fits

    return FittedCurves(*fits(runs, costs, threshold=threshold, draws=draws, response=response))


def compare(
    runs: pd.DataFrame, costs: Sequence[str] = COSTS, *, reference: str = "compound", response: str = "top1"
) -> pd.DataFrame:
    """Compare the method ``reference`` with every other at equal cost, by each of ``costs``.

    Returns a row per comparison: difference in points with its 95% interval (t, on common seeds), and a verdict
    corrected by Holm for all comparisons of one model, length of training and cost. ``attrs["notes"]`` of the frame
    lists what was left out. Raises ValueError when a needed column is absent.

    >>> import scaling_study as ss
    >>> differences = ss.compare(ss.load_runs("results/fractals-reference"), ["flops"])
    >>> sorted(differences.other.unique())
    ['depth', 'resolution', 'width']
    """
    from scaling_study.analysis.comparisons import compare as comparisons

    frame, notes = comparisons(runs, costs, reference=reference, response=response)
    frame.attrs["notes"] = list(notes)
    return frame


def leads(
    tables: Mapping[str, pd.DataFrame],
    flops: float,
    *,
    against: str | None = None,
    reference: str = "compound",
    response: str = "top1",
) -> pd.DataFrame:
    """How far the method ``reference`` is ahead of every other at ``flops`` times the baseline's multiply-adds, in
    several studies, and how much farther than in the study ``against``, by default the first. It shows whether a
    finding depends on the baseline, or on the data. ``attrs["notes"]`` of the frame lists what was left out.

    tables: {name: run table}, studies of one model and length of training that share no runs. Intervals are 95%, each
    for itself; those of changes are Welch's. Raises ValueError where a study does not hold what is compared.

    >>> import scaling_study as ss
    >>> names = {"20 pixels": "fractals_v2-matched", "24 pixels": "fractals_v2-matched_24px"}
    >>> table = ss.leads({name: ss.load_runs(f"results/{study}") for name, study in names.items()}, flops=4)
    >>> table.study.unique().tolist()
    ['20 pixels', '24 pixels']
    """
    from scaling_study.analysis.leads import leads as tabulate

    return tabulate(tables, flops, against=against, reference=reference, response=response)


def accuracies(runs: pd.DataFrame, *, response: str = "top1") -> pd.DataFrame:
    """Mean accuracy of every variant with half of its 95% interval, and which of those at one budget is best, as far as
    that can be told from the second.

    >>> import scaling_study as ss
    >>> table = ss.accuracies(ss.load_runs("results/fractals_v2-power"))
    >>> table.loc[table.best, ["method", "n"]].values.tolist()
    [['compound', 28]]
    """
    from scaling_study.analysis.accuracies import accuracies as tabulate

    return tabulate(runs, response)


def frontier(
    runs: pd.DataFrame, costs: Sequence[str] = ALL_COSTS, *, draws: int = 1000, seed: int = 0, response: str = "top1"
) -> pd.DataFrame:
    """Every variant by each of ``costs``, with whether no cheaper variant has a higher mean, and how probable that is.

    Variants are compared within each length of training; by ``train_flops`` those of all lengths together.

    >>> import scaling_study as ss
    >>> table = ss.frontier(ss.load_runs("results/fractals-reference"), ["flops"], draws=50)
    >>> table.sort_values("cost_value").method.iloc[0]
    'baseline'
    """
    from scaling_study.analysis.frontier import frontier as tabulate

    return tabulate(runs, costs, draws=draws, seed=seed, response=response)


def search(runs: pd.DataFrame, *, tolerance: float = 0.1, response: str = "val_top1") -> pd.DataFrame:
    """The triples of a grid search at phi = 1, the best first; empty when the table holds no grid.

    tolerance: of alpha * beta**2 * gamma**2 from 2.

    >>> import scaling_study as ss
    >>> best = ss.search(ss.load_runs("results/fractals-search")).iloc[0]
    >>> f"{best.alpha:g}, {best.beta:g}, {best.gamma:g}"
    '1, 1, 1.4'
    """
    from scaling_study.analysis.search import search as ranked

    return ranked(runs, tolerance=tolerance, response=response)


def regime(runs: pd.DataFrame, *, response: str = "top1") -> pd.DataFrame:
    """Accuracy of depth minus width at equal multiply-adds for each length of training, and how it changes with it.

    >>> import scaling_study as ss
    >>> ss.regime(ss.load_runs("results/fashion_mnist-regime")).effect.unique().tolist()[0]
    'depth minus width'
    """
    from scaling_study.analysis.regime import regime as effects

    return effects(runs, response=response)


def shape(runs: pd.DataFrame, *, draws: int = 1000, response: str = "val_top1") -> Shapes:
    """Whether the baseline is balanced: the best shape of equal multiply-adds, what it gains, and every trained one.

    Of the runs that cost within 10% of the baseline, as of ``+sweep=shape``; both frames are empty without enough.
    draws: of the bootstrap over seeds.

    >>> import scaling_study as ss
    >>> len(ss.shape(ss.load_runs("results/fractals-reference"), draws=100).statements)
    0
    """
    from scaling_study.analysis.shape_tables import shapes

    statements, curves, notes = shapes(runs, response, draws)
    statements.attrs["notes"] = notes
    return Shapes(statements, curves)


def rates(runs: pd.DataFrame, *, draws: int = 1000, response: str = "val_top1") -> Rates:
    """The best learning rate or weight decay of each network that was trained at three or more, and how it moves.

    runs: as of ``+sweep=rate`` and ``+sweep=decay``; both frames are empty without such a network. draws: of the
    bootstrap over seeds.

    >>> import scaling_study as ss
    >>> best = ss.rates(ss.load_runs("results/fashion_mnist-rate"), draws=100).best
    >>> best.value.round(3).unique().tolist(), bool(best.at_edge.all())
    ([0.04], True)
    """
    from scaling_study.analysis.rate_curves import rate_curves
    from scaling_study.analysis.rates import rates as best_rates

    return Rates(best_rates(runs, response, draws), rate_curves(runs, response))


def isocompute(runs: pd.DataFrame, *, draws: int = 1000, response: str = "val_top1") -> pd.DataFrame:
    """The best size and length of training at each level of training compute, and how both grow with compute.

    runs: needs the column ``train_flops``, networks of three sizes or more at a level. Empty without such a level.

    >>> import scaling_study as ss
    >>> ss.isocompute(ss.load_runs("results/fractals-reference")).empty  # every network was trained equally long
    True
    """
    from scaling_study.analysis.isocompute import isocompute as best_sizes

    return best_sizes(runs, response=response, draws=draws)


def surface(
    runs: pd.DataFrame, *, model: str | None = None, epochs: int | None = None, response: str = "top1"
) -> Surface:
    """The regression of log error on the logarithms of depth, width and resolution.

    model, epochs: which part of the table; None where it has one only. Raises ValueError where the choice is open and
    where the runs do not suffice.

    >>> import scaling_study as ss
    >>> sorted(ss.surface(ss.load_runs("results/fractals-reference")).ranges)
    ['depth', 'resolution', 'width']
    """
    from scaling_study.analysis.surface import surfaces

    return only(*surfaces(runs, response=response), model=model, epochs=epochs, what="response surface")


def law(
    runs: pd.DataFrame,
    *,
    model: str | None = None,
    epochs: int | None = None,
    draws: int = 1000,
    response: str = "top1",
) -> Law:
    """The law of test error for depth, width and resolution together, a product in which every axis saturates.

    model, epochs: which part of the table; None where it has one only; draws: of the bootstrap. Raises ValueError where
    the choice is open and where the runs do not suffice.

    >>> import scaling_study as ss
    >>> law = ss.law(ss.load_runs("results/fractals-reference"), draws=100)
    >>> law.axes
    ('depth', 'width', 'resolution')
    """
    from scaling_study.analysis.law import laws

    return only(*laws(runs, draws, response), model=model, epochs=epochs, what="law of the axes")


def directions(runs: pd.DataFrame, *, cost: str = "flops", draws: int = 1000, response: str = "top1") -> Directions:
    """What the law says of scaling: ceilings and gains of the axes, the best shape and the best direction per budget.

    cost: the column of the run table that budgets are multiples of.

    >>> import scaling_study as ss
    >>> said = ss.directions(ss.load_runs("results/fractals-reference"), draws=100).statements
    >>> said[said.quantity == "ceiling"].axis.tolist()
    ['depth', 'width', 'resolution']
    """
    from scaling_study.analysis.law_tables import law_tables

    *tables, notes = law_tables(runs, draws, response, cost)
    tables[0].attrs["notes"] = notes
    return Directions(*tables)


def only(found: dict[Any, T], refused: dict[Any, str], *, model: str | None, epochs: int | None, what: str) -> T:
    """The one part of a study that ``model`` and ``epochs`` leave. Raises ValueError when it is not one, or refused."""
    keys = [key for key in (*found, *refused) if model in (None, key[0]) and epochs in (None, key[1])]
    if len(keys) != 1:
        known = ", ".join(f"model={name!r} epochs={length:g}" for name, length in (*found, *refused)) or "nothing"
        raise ValueError(f"{'give model and epochs' if keys else 'there are no such runs'}; the table has {known}")
    if keys[0] in refused:
        raise ValueError(f"no {what}: {refused[keys[0]]}")
    return found[keys[0]]
