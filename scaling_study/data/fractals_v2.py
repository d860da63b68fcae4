"""The embedded data set, second version: ten look-alikes to a group, finer images, any number of them up to 100,000.

The first had too little left to gain: once a network of half a million multiply-adds had converged, its error was 4%,
and no axis had room to show what it is worth. docs/explanation/embedded_data.md has the rule by which this one was
chosen and what was tried.
"""

from functools import partial

from scaling_study.data import fractals

SPEC = fractals.FractalSpec(
    version=2,
    classes=100,
    classes_per_group=10,
    resolution=80,
    train_images=104_000,  # of which 4,000 for validation
    perturbation=0.25,
    variant_angle=0.25,
    angles=(-0.4, 0.4),
)
load = partial(fractals.load, spec=SPEC)
