"""Families of networks: a baseline each, and how depth and width scale it. Listing them loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import geometric_mean
from typing import TYPE_CHECKING, Any

from scaling_study.models import (
    convnext,
    custom,
    densenet169,
    efficientnet,
    efficientnetv2,
    ghostnet,
    mbconv,
    micro_mbconv,
    micro_mbconv_v2,
    mobilenetv1,
    mobilenetv2,
    mobilenetv3,
    regnety,
    resnet50,
    resnetrs,
    timm_reference,
    tinynet,
)
from scaling_study.models.layers import counts
from scaling_study.scaling.coefficients import Coefficients

if TYPE_CHECKING:
    import torch

    from scaling_study.config.schema import Model
    from scaling_study.models.layers import Layer


@dataclass(frozen=True)
class Family:
    """One entry of the registry.

    build: (depths, width, classes, channels, dropout, drop_path_rate, small_stem) -> torch.nn.Module, all by keyword;
        ``depths`` holds a coefficient per stage.
    stages: how many stages there are to deepen; 0 for a network that cannot be scaled in depth or width.
    resolution_min: smallest input, in pixels, that the strides leave anything of.
    names: values of ``model.name``; None: any, of ``timm`` one that timm knows.
    layers: (depths, width, classes, channels, small_stem) -> the convolutions of that network, for budgets without
        building it; a family without is measured instead, which takes longer.
    stage_sizes: (depths, width) -> (blocks, channels) as built: blocks of each stage, and the channels that the width
        scales, of each stage where stages have their own; with ``layers``.
    series: what ``family=`` calls it together with other families; empty: by its own name.
    stage_depth: whether ``scaling.stage_depth`` is offered.
    drop_path: whether the network has residual branches to drop.
    dropout: whether it has dropout to set.
    """

    build: Callable
    stages: int
    resolution_min: int
    names: tuple[str, ...] | None
    layers: Callable | None = None
    stage_sizes: Callable | None = None
    series: str = ""
    stage_depth: bool = False
    drop_path: bool = True
    dropout: bool = True

    @property
    def axes(self) -> tuple[str, ...]:
        return ("depth", "width", "resolution") if self.stages else ("resolution",)


def mbconv_family(
    architecture: mbconv.Architecture, resolution_min: int, names: tuple[str, ...], **options: Any
) -> Family:
    return Family(
        build=partial(mbconv.build, architecture),
        stages=len(architecture.stages),
        resolution_min=resolution_min,
        layers=partial(mbconv.layers, architecture),
        stage_sizes=partial(mbconv.stage_sizes, architecture),
        names=names,
        **options,
    )


def family_of(module: Any, baseline: Any, series: str, *names: str) -> Family:
    """One of several families of a module, whose functions take its baseline first."""
    return Family(
        build=partial(module.build, baseline),
        stages=4,
        resolution_min=16,
        layers=partial(module.layers, baseline),
        stage_sizes=partial(module.stage_sizes, baseline),
        names=names,
        series=series,
    )


FAMILIES = {
    "micro_mbconv": mbconv_family(micro_mbconv.ARCHITECTURE, resolution_min=8, names=("micro_mbconv",)),
    "micro_mbconv_v2": mbconv_family(micro_mbconv_v2.ARCHITECTURE, resolution_min=8, names=("micro_mbconv_v2",)),
    "efficientnet": mbconv_family(
        efficientnet.ARCHITECTURE,
        resolution_min=16,
        names=tuple(f"efficientnet_b{n}" for n in range(8)),
        stage_depth=True,
    ),
    "efficientnetv2": mbconv_family(
        efficientnetv2.B0, resolution_min=16, names=tuple(f"efficientnetv2_b{n}" for n in range(4))
    ),
    **{
        name: mbconv_family(baseline, resolution_min=16, names=(name,), series="efficientnetv2")
        for name, baseline in efficientnetv2.BASELINES.items()
    },
    "tinynet": mbconv_family(
        tinynet.ARCHITECTURE, resolution_min=16, names=tuple(f"tinynet_{letter}" for letter in "edcba")
    ),
    "mobilenetv1": mbconv_family(mobilenetv1.ARCHITECTURE, resolution_min=16, names=("mobilenetv1",)),
    "mobilenetv2": mbconv_family(mobilenetv2.ARCHITECTURE, resolution_min=16, names=("mobilenetv2",)),
    "mobilenetv3": Family(
        mobilenetv3.build,
        stages=len(mobilenetv3.ARCHITECTURE.stages),
        resolution_min=16,
        layers=mobilenetv3.layers,
        stage_sizes=partial(mbconv.stage_sizes, mobilenetv3.ARCHITECTURE),
        names=("mobilenetv3_large",),
    ),
    "ghostnet": Family(
        ghostnet.build,
        stages=len(ghostnet.STAGES),
        resolution_min=16,
        layers=ghostnet.layers,
        stage_sizes=ghostnet.stage_sizes,
        names=("ghostnet_050", "ghostnet_100", "ghostnet_130"),
        drop_path=False,
    ),
    "resnet50": Family(
        resnet50.build,
        stages=4,
        resolution_min=16,
        layers=resnet50.layers,
        stage_sizes=resnet50.stage_sizes,
        names=("resnet50",),
    ),
    **{name: family_of(resnetrs, blocks, "resnetrs", name) for name, blocks in resnetrs.BASELINES.items()},
    **{name: family_of(regnety, baseline, "regnety", name) for name, baseline in regnety.BASELINES.items()},
    "convnext_tiny": family_of(convnext, convnext.TINY, "convnext", "convnext_tiny"),
    "convnext_small": family_of(
        convnext, convnext.SMALL, "convnext", "convnext_small", "convnext_base", "convnext_large"
    ),
    "densenet169": Family(
        densenet169.build,
        stages=4,
        resolution_min=16,
        layers=densenet169.layers,
        stage_sizes=densenet169.stage_sizes,
        names=("densenet169",),
        drop_path=False,
    ),
    "timm": Family(timm_reference.build, stages=0, resolution_min=1, names=None),
    "custom": Family(custom.build, stages=1, resolution_min=1, names=None, drop_path=False, dropout=False),
}


def names_by_series() -> dict[str, list[str]]:
    """{what ``family=`` may hold: names of its networks, the largest first}."""
    names: dict[str, list[str]] = {}
    for own, family in FAMILIES.items():
        if family.names:
            names.setdefault(family.series or own, []).extend(family.names)
    return {series: found[::-1] for series, found in names.items()}


SERIES = names_by_series()


def depths_of(model: Model, coefficients: Coefficients) -> list[float]:
    """The depth coefficient of each stage, relative to the family's reference network."""
    stages = coefficients.stage_depth or (1.0,) * FAMILIES[model.family].stages
    return [model.depth_multiplier * coefficients.depth * stage for stage in stages]


def structure(model: Model, coefficients: Coefficients) -> dict[str, Any]:
    """What ``build`` and ``layers`` of a family need to know of the variant."""
    return {
        "depths": depths_of(model, coefficients),
        "width": model.width_multiplier * coefficients.width,
        "small_stem": model.small_stem,
    }


def built_coefficients(model: Model, coefficients: Coefficients) -> tuple[float, float] | None:
    """(depth, width) of a variant as built, relative to the unscaled network of ``model``.

    Depth is the ratio of the blocks of all stages, width the geometric mean over the stages of the ratios of their
    channels; of densenet169 it is the ratio of the growth rates. None for a family without ``stage_sizes``.
    """
    sizes = FAMILIES[model.family].stage_sizes
    if sizes is None:
        return None
    (blocks, channels), (baseline_blocks, baseline_channels) = (
        sizes(depths_of(model, each), model.width_multiplier * each.width) for each in (coefficients, Coefficients())
    )
    ratios = [built / baseline for built, baseline in zip(channels, baseline_channels, strict=True)]
    return sum(blocks) / sum(baseline_blocks), geometric_mean(ratios)


def build_network(
    model: Model, coefficients: Coefficients, *, classes: int, channels: int, resolution_px: int
) -> torch.nn.Module:
    """The torch network of a variant, with weights drawn from torch's global generator.

    model: the config group; resolution_px: side of its input, which only networks of fixed input size depend on.
    """
    family = FAMILIES[model.family]
    rates = {"dropout": model.dropout, "drop_path_rate": model.drop_path_rate}
    if model.family == "custom":
        [depth], width = depths_of(model, coefficients), model.width_multiplier * coefficients.width
        size = {"classes": classes, "channels": channels, "resolution_px": resolution_px}
        return custom.build(builder=model.builder, depth=depth, width=width, **size)
    if family.stages:
        return family.build(classes=classes, channels=channels, **rates, **structure(model, coefficients))
    return family.build(name=model.name, resolution_px=resolution_px, classes=classes, channels=channels, **rates)


def list_layers(model: Model, coefficients: Coefficients, *, classes: int = 1, channels: int = 1) -> Iterator[Layer]:
    """The convolutions and linear layers of a variant of a family that has ``layers``, one after the other."""
    layers: Any = FAMILIES[model.family].layers
    return layers(classes=classes, channels=channels, **structure(model, coefficients))


def count_layers(
    model: Model, coefficients: Coefficients, *, classes: int, channels: int, resolution_px: int
) -> tuple[int, int, int]:
    """``layers.counts`` of a variant of a family that has ``layers``."""
    return counts(list_layers(model, coefficients, classes=classes, channels=channels), resolution_px)
