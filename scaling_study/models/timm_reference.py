"""Any classifier that timm knows, as it is: a reference beside the scaled networks. Only its input can be scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scaling_study.errors import ConfigError

if TYPE_CHECKING:
    import torch


def build(
    *, name: str, resolution_px: int, classes: int, channels: int, dropout: float = 0.0, drop_path_rate: float = 0.0
) -> torch.nn.Module:
    """``timm.create_model(name)`` without weights; networks of fixed input size are made for ``resolution_px``."""
    import timm

    rates = {"drop_rate": dropout, "drop_path_rate": drop_path_rate}
    options: Any = {key: rate for key, rate in rates.items() if rate}  # not every network takes them
    known: Any = timm.get_pretrained_cfg(name)
    if known.fixed_input_size:
        options["img_size"] = resolution_px
    try:
        return timm.create_model(name, pretrained=False, num_classes=classes, in_chans=channels, **options)
    except TypeError as error:  # for an option that not every network has
        raise ConfigError("model.name", name, f"timm cannot build it with {options}: {error}") from error


def check_name(name: Any) -> None:
    """Raise ConfigError, with the closest names, unless timm has a classifier called ``name``."""
    import timm

    base, _, tag = name.partition(".")
    known = timm.list_models(f"{base}.*", pretrained=True) if tag and timm.is_model(base) else timm.list_models()
    if name in known or (timm.is_model(name) and not tag):
        return
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=5, cutoff=0.5)
    hint = f"; the closest are {', '.join(near)}" if near else "; timm.list_models() lists all"
    raise ConfigError("model.name", name, f"must be the name of a timm classifier{hint}")
