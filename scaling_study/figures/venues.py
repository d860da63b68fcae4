"""Widths of columns and sizes of texts that venues ask for, from tueplots."""

from __future__ import annotations

from typing import Any

from tueplots import figsizes, fontsizes

TEXTS = ("axes.labelsize", "axes.titlesize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize")


def venue_style(venue: str, columns: int) -> tuple[dict[str, Any], float]:
    """(settings of matplotlib for the sizes of texts, width in inches) of a figure over ``columns`` columns, 1 or 2.

    venue: as tueplots names it, icml2024 for instance. Where papers have one column, that is the width.
    """
    halves = {1: "half", 2: "full"}
    size = getattr(figsizes, f"{venue}_{halves[columns]}", None) or getattr(figsizes, venue)
    sizes = getattr(fontsizes, venue)()
    style = {key: sizes[key] for key in TEXTS}
    style |= {"figure.titlesize": sizes["axes.titlesize"], "legend.title_fontsize": sizes["legend.fontsize"]}
    return style, float(size()["figure.figsize"][0])
