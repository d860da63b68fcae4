"""Laws of test error over several axes, each fitted to many sets of variants at once.

``logs`` are logarithms of the built coefficients (n, axes), ``targets`` log errors (sets, n), errors in percent, and
``sigma`` their standard errors, (n,) or (sets, n). ``theta`` are parameters (sets, parameters).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

EXPONENT_MIN, EXPONENT_MAX = -1.0, 6.0
SHARE_MAX = 0.99
SHARES = (0.0, 0.4, 0.8)  # of the error that no more of an axis removes, from which fits of the product start
LOG_MIN, LOG_MAX = np.log(1e-3), np.log(100.0)  # of a part of the error in percent
ITERATIONS = 40
SETTLED = 1e-9  # relative gain below which a step is the last


@dataclass(frozen=True)
class AxisForm:
    """log_error, gradient: of (theta, logs), (sets, n) and (sets, n, parameters); bounds: of the number of axes, the
    least and greatest parameters; starts: of (logs, targets of one set), (starts, parameters); ceiling: of (theta,
    place of an axis), the error in percent that is left when that axis grows without end, (sets,)."""

    name: str
    log_error: Callable
    gradient: Callable
    bounds: Callable
    starts: Callable
    ceiling: Callable


def split(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first parameter (sets, 1), and the two of each axis (sets, 1, axes)."""
    axes = (theta.shape[1] - 1) // 2
    return theta[:, :1], theta[:, None, 1 : 1 + axes], theta[:, None, 1 + axes :]


def product(theta: np.ndarray, logs: np.ndarray) -> np.ndarray:
    first, f, p = split(theta)
    return first + np.log(f + (1 - f) * np.exp(-p * logs)).sum(axis=2)


def product_gradient(theta: np.ndarray, logs: np.ndarray) -> np.ndarray:
    _, f, p = split(theta)
    power = np.exp(-p * logs)
    factor = f + (1 - f) * power
    ones = np.ones((len(theta), len(logs), 1))
    return np.concatenate([ones, (1 - power) / factor, -(1 - f) * logs * power / factor], axis=2)


def product_bounds(axes: int) -> tuple[np.ndarray, np.ndarray]:
    low = np.r_[LOG_MIN, np.zeros(axes), np.full(axes, EXPONENT_MIN)]
    return low, np.r_[2 * LOG_MAX, np.full(axes, SHARE_MAX), np.full(axes, EXPONENT_MAX)]


def product_starts(logs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The plain power law of every axis, and with each combination of SHARES."""
    first, *slopes = np.linalg.lstsq(np.column_stack([np.ones(len(logs)), -logs]), targets, rcond=None)[0]
    return np.array(
        [
            [first, *shares, *(slope / (1 - share) for slope, share in zip(slopes, shares, strict=True))]
            for shares in itertools.product(SHARES, repeat=len(slopes))
        ]
    )


def product_ceiling(theta: np.ndarray, place: int) -> np.ndarray:
    return np.exp(theta[:, 0]) * theta[:, 1 + place]


def additive(theta: np.ndarray, logs: np.ndarray) -> np.ndarray:
    return np.log(parts(theta, logs).sum(axis=2))


def parts(theta: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """(sets, n, 1 + axes): the constant part of the error and that of each axis."""
    first, logarithm, p = split(theta)
    own = np.exp(logarithm - p * logs)
    constant = np.broadcast_to(np.exp(first)[:, :, None], (*own.shape[:2], 1))
    return np.concatenate([constant, own], axis=2)


def additive_gradient(theta: np.ndarray, logs: np.ndarray) -> np.ndarray:
    pieces = parts(theta, logs)
    shares = pieces / pieces.sum(axis=2, keepdims=True)
    return np.concatenate([shares, -logs * shares[:, :, 1:]], axis=2)


def additive_bounds(axes: int) -> tuple[np.ndarray, np.ndarray]:
    low = np.r_[np.full(1 + axes, LOG_MIN), np.full(axes, EXPONENT_MIN)]
    return low, np.r_[np.full(1 + axes, LOG_MAX), np.full(axes, EXPONENT_MAX)]


def additive_starts(logs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    worst, axes = targets.max(), logs.shape[1]
    return np.array(
        [
            [worst + np.log(floor), *[worst + np.log((1 - floor) / axes)] * axes, *[exponent] * axes]
            for floor, exponent in itertools.product((0.05, 0.3, 0.7), (0.3, 1.0))
        ]
    )


def additive_ceiling(theta: np.ndarray, place: int) -> np.ndarray:
    pieces = np.exp(theta[:, : 1 + (theta.shape[1] - 1) // 2])
    return pieces.sum(axis=1) - pieces[:, 1 + place]


PRODUCT = AxisForm("product", product, product_gradient, product_bounds, product_starts, product_ceiling)
ADDITIVE = AxisForm("additive", additive, additive_gradient, additive_bounds, additive_starts, additive_ceiling)


def best_fit(form: AxisForm, logs: np.ndarray, targets: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, float]:
    """(parameters (1, parameters), weighted sum of squares) of one set ``targets`` (n,), from all starts."""
    begin = form.starts(logs, targets)
    theta, squares = least_squares(form, logs, np.tile(targets, (len(begin), 1)), sigma, begin)
    best = int(squares.argmin())
    return theta[best : best + 1], float(squares[best])


def least_squares(
    form: AxisForm,
    logs: np.ndarray,
    targets: np.ndarray,
    sigma: np.ndarray,
    theta: np.ndarray,
    *,
    most: int = ITERATIONS,
) -> tuple[np.ndarray, np.ndarray]:
    """(parameters, weighted sum of squares) of each set by Levenberg and Marquardt's method within bounds, in ``most``
    steps at most; ``theta``: where to start."""
    low, high = form.bounds(logs.shape[1])
    theta = theta.clip(low, high)
    weight = np.broadcast_to(1 / sigma, targets.shape)
    residual = (targets - form.log_error(theta, logs)) * weight
    squares, damping = (residual**2).sum(axis=1), np.full(len(theta), 1e-2)
    for _ in range(most):
        slope = form.gradient(theta, logs) * weight[:, :, None]
        pull = (residual[:, None, :] @ slope)[:, 0]
        # A parameter at its bound that is pulled outwards stays there, and the others move as if it were known.
        held = ((theta <= low) & (pull < 0)) | ((theta >= high) & (pull > 0))
        slope, pull = np.where(held[:, None, :], 0.0, slope), np.where(held, 0.0, pull)
        normal = slope.transpose(0, 2, 1) @ slope
        size = np.einsum("sii->si", normal) + 1e-9
        normal += (damping[:, None] * size)[:, :, None] * np.eye(theta.shape[1])
        moved = (theta + np.linalg.solve(normal, pull[..., None])[..., 0]).clip(low, high)
        new = (targets - form.log_error(moved, logs)) * weight
        gain = squares - (new**2).sum(axis=1)
        better = gain > 0
        settled = np.where(better, gain < SETTLED * squares, damping > 1e4)
        theta, residual = np.where(better[:, None], moved, theta), np.where(better[:, None], new, residual)
        squares = (residual**2).sum(axis=1)
        damping = np.where(better, damping / 5, damping * 4).clip(1e-9, 1e9)
        if settled.all():
            break
    return theta, squares


def leave_one_out(form: AxisForm, logs: np.ndarray, targets: np.ndarray, sigma: np.ndarray, theta: np.ndarray) -> float:
    """Root mean square log error of variants predicted from all others: of each, or of a hundred where there are more;
    ``theta``: (1, parameters) of the fit to all."""
    places = np.unique(np.linspace(0, len(targets) - 1, min(len(targets), 100)).round().astype(int))
    each = np.tile(sigma, (len(places), 1))
    each[np.arange(len(places)), places] = 1e6 * sigma.max()  # as good as absent
    begin = np.tile(theta, (len(places), 1))
    found, _ = least_squares(form, logs, np.tile(targets, (len(places), 1)), each, begin, most=15)
    predicted = form.log_error(found, logs[places])[np.arange(len(places)), np.arange(len(places))]
    return float(np.sqrt(np.mean((predicted - targets[places]) ** 2)))
