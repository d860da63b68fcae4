def drawn(drawings):
    """{name: Figure} of {name: drawing}."""
    return {name: figure for name, draw in drawings.items() if (figure := draw()) is not None}
