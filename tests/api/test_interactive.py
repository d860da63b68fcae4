"""``ss.interactive`` has the functions of ``ss.plot``."""

import inspect

import pytest

import scaling_study as ss


@pytest.mark.parametrize("name", ss.plot.__all__)
def test_the_functions_are_those_of_plot(name):
    plot, interactive = (getattr(module, name) for module in (ss.plot, ss.interactive))
    one, other = map(inspect.signature, (plot, interactive))
    assert one.parameters == other.parameters
    assert (one.return_annotation, other.return_annotation) == ("Figure", "VConcatChart")
    assert plot.__wrapped__ is interactive.__wrapped__  # which gives the Chart that both draw
    assert interactive.__doc__ == plot.__doc__.replace("ss.plot.", "ss.interactive.")
