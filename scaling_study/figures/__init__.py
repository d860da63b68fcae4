"""Figures: a run table in, a matplotlib Figure out."""

from scaling_study.figures.saturation import methods_together, one_panel_per_axis

FIGURES = {"axes": one_panel_per_axis, "methods": methods_together}


def save(figure, stem, formats):
    """Write ``figure`` as ``<stem>.<format>`` for each format; returns the paths. SVG output is reproducible."""
    import matplotlib

    stem.parent.mkdir(parents=True, exist_ok=True)
    files = [stem.with_suffix(f".{kind}") for kind in formats]
    with matplotlib.rc_context({"svg.hashsalt": "scaling_study", "svg.fonttype": "none"}):
        for file in files:
            figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files
