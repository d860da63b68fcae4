"""Benchmarks of how convolutional networks scale with depth, width and resolution."""

import warnings

# timm compiles a few of its functions on import, in a way that newer torch warns of; nothing a user could act on.
warnings.filterwarnings("ignore", message=r"`torch\.jit\.script", category=FutureWarning)

__all__ = ["load_history", "load_runs"]


def __getattr__(name):
    if name in __all__:  # on first use, so that the command line does not wait for pandas
        from scaling_study.records import tables

        return getattr(tables, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
