"""Benchmarks of how convolutional networks scale with depth, width and resolution."""

import warnings

# timm compiles a few of its functions on import, in a way that newer torch warns of; nothing a user could act on.
warnings.filterwarnings("ignore", message=r"`torch\.jit\.script", category=FutureWarning)

__all__ = ["load_history", "load_runs", "published"]


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "published":  # on first use, so that the command line does not wait for pandas
        from scaling_study.literature import published

        return published
    from scaling_study.records import tables

    return getattr(tables, name)
