"""From functions that give a Chart to functions that give it drawn."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from scaling_study.figures.chart import Chart

P = ParamSpec("P")
Drawn = TypeVar("Drawn")


def rendered(chart: Callable[P, Chart], draw: Callable[[Chart], Drawn], module: str, gives: str) -> Callable[P, Drawn]:
    """``chart``, with its parameters and its documentation, as a function of the public ``module`` that draws what it
    gives. gives: annotation of the result."""

    @wraps(chart)
    def function(*given: P.args, **named: P.kwargs) -> Drawn:
        return draw(chart(*given, **named))

    function.__module__ = module
    function.__doc__ = (chart.__doc__ or "").replace("ss.plot.", f"ss.{module.rpartition('.')[2]}.")
    function.__annotations__ = chart.__annotations__ | {"return": gives}
    signature = inspect.signature(chart).replace(return_annotation=gives)
    function.__signature__ = signature  # type: ignore[attr-defined]  # else it would be that of chart
    return function
