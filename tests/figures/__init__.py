from scaling_study.figures.printed import figure_of


def drawn(drawings):
    """{name: Figure} of {name: drawing}."""
    return {name: figure_of(chart) for name, draw in drawings.items() if (chart := draw()) is not None}
