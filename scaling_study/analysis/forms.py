"""Curves of test error against cost, each fitted to many sets of points at once.

Errors are in percent. The cost ``x`` is relative to the smallest of the curve, so ``b`` is what lies above the floor
there. ``fit`` takes errors (sets, points), their standard errors (points,) and the error of guessing, and returns
parameters (sets, parameters) and whether each set ran into a bound; ``error`` takes parameters and costs (points,) and
returns (sets, points).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

EXPONENTS = np.geomspace(0.02, 5, 121)  # c that are tried for the floor; the best is then refined between neighbours
TINY = 1e-3  # percent; an error of 0 has no logarithm


@dataclass(frozen=True)
class Form:
    name: str
    equation: str
    parameters: tuple[str, ...]
    fit: Callable
    error: Callable


def fit_power(x: np.ndarray, errors: np.ndarray, sigma: np.ndarray, chance: float) -> tuple[Any, Any]:
    """Linear in logarithms."""
    theta = log_polynomial(x, errors, sigma, degree=1)
    return np.stack([np.exp(theta[:, 0]), -theta[:, 1]], axis=1), np.zeros(len(errors), dtype=bool)


def power(theta: np.ndarray, x: np.ndarray, chance: float) -> np.ndarray:
    b, c = columns(theta)
    return b * x**-c


def fit_turning(x: np.ndarray, errors: np.ndarray, sigma: np.ndarray, chance: float) -> tuple[Any, Any]:
    return log_polynomial(x, errors, sigma, degree=2), np.zeros(len(errors), dtype=bool)


def turning(theta: np.ndarray, x: np.ndarray, chance: float) -> np.ndarray:
    p0, p1, p2 = columns(theta)
    logs = np.log(x)
    return np.exp(np.minimum(p0 + p1 * logs + p2 * logs**2, 50.0))


def log_polynomial(x: np.ndarray, errors: np.ndarray, sigma: np.ndarray, degree: int) -> Any:
    """Weighted least squares of log error on powers of log cost: (sets, degree + 1), the constant first."""
    errors = np.maximum(errors, TINY)
    weight = errors.mean(axis=0) / sigma  # the standard error of a logarithm is relative
    design = np.vander(np.log(x), degree + 1, increasing=True) * weight[:, None]
    return np.linalg.lstsq(design, (np.log(errors) * weight).T, rcond=None)[0].T


def fit_floor(x: np.ndarray, errors: np.ndarray, sigma: np.ndarray, chance: float) -> tuple[Any, Any]:
    """Variable projection: e and b are linear and not negative, c is the best of a grid, refined by a parabola."""
    squares = projected(x, errors, sigma, EXPONENTS[None])[1]
    best = squares.argmin(axis=1)
    inner = best.clip(1, len(EXPONENTS) - 2)
    low, middle, high = (squares[np.arange(len(errors)), inner + step] for step in (-1, 0, 1))
    bend = low - 2 * middle + high
    shift = np.where(bend > 0, (low - high) / np.where(bend > 0, 2 * bend, 1), 0).clip(-1, 1)
    logs = np.log(EXPONENTS)
    c = np.exp(logs[inner] + shift * (logs[1] - logs[0]))
    c = np.where(best == inner, c, EXPONENTS[best])
    (e, b), _ = projected(x, errors, sigma, c[:, None])
    e, b = e[:, 0], b[:, 0]
    return np.stack([e, b, c], axis=1), (best != inner) | (e <= 0) | (b <= 0)


def projected(x: np.ndarray, errors: np.ndarray, sigma: np.ndarray, c: Any) -> Any:
    """((e, b), sum of weighted squares), each (sets, exponents), of the best e and b, neither negative, for exponents
    ``c``: (sets, exponents), or (1, exponents) to try the same on all."""
    weight = sigma**-2
    u = x ** -c[..., None]
    s1, s2, s0 = u @ weight, u**2 @ weight, weight.sum()
    t0, total = (errors @ weight)[:, None], (errors**2 @ weight)[:, None]
    t1 = (u @ (errors * weight)[..., None])[..., 0]
    determinant = s0 * s2 - s1**2
    e = (s2 * t0 - s1 * t1) / determinant
    b = (s0 * t1 - s1 * t0) / determinant
    no_floor, flat = (e < 0) | ~np.isfinite(e), b < 0
    e = np.where(no_floor, 0, np.where(flat, t0 / s0, e))
    b = np.where(flat & ~no_floor, 0, np.where(no_floor, np.maximum(t1 / s2, 0), b))
    return (e, b), total - 2 * (e * t0 + b * t1) + e**2 * s0 + 2 * e * b * s1 + b**2 * s2


def floor(theta: np.ndarray, x: np.ndarray, chance: float) -> np.ndarray:
    e, b, c = columns(theta)
    return e + b * x**-c


def fit_m4(x: np.ndarray, errors: np.ndarray, sigma: np.ndarray, chance: float, start: Any = None) -> tuple[Any, Any]:
    """Levenberg-Marquardt from the floor's solution with a = 0 and from larger a, all sets together."""
    if start is not None:
        theta, _ = least_squares_m4(x, errors, sigma, chance, np.tile(start, (len(errors), 1)))
        return theta, at_bound_m4(theta)
    simple, _ = fit_floor(x, errors, sigma, chance)
    theta = np.column_stack([np.tile(simple, (len(STARTS_A), 1)), np.repeat(STARTS_A, len(errors))])
    theta[:, 1] *= max(chance - errors.max(), 1.0) ** -theta[:, 3]
    theta, squares = least_squares_m4(x, np.tile(errors, (len(STARTS_A), 1)), sigma, chance, theta)
    best = squares.reshape(len(STARTS_A), -1).argmin(axis=0) * len(errors) + np.arange(len(errors))
    return theta[best], at_bound_m4(theta[best])


STARTS_A = (0.05, 0.5, 2.0)
EXPONENT_MIN, EXPONENT_MAX, A_MIN, A_MAX = 0.01, 8.0, 0.01, 8.0
ITERATIONS = 30
SETTLED = 1e-8  # relative gain below which a step is the last


def at_bound_m4(theta: np.ndarray) -> bool:
    e, _, c, a = theta.T
    return (e <= 0) | (c <= EXPONENT_MIN) | (c >= EXPONENT_MAX) | (a >= A_MAX)


def least_squares_m4(x: np.ndarray, errors: np.ndarray, sigma: np.ndarray, chance: float, theta: np.ndarray) -> Any:
    """(parameters, weighted sum of squares) from the start ``theta`` (sets, 4); b is moved by its logarithm."""
    most = np.minimum(errors.max(axis=1), chance) * 0.999  # the floor lies below every error and below guessing

    def bounded(theta: np.ndarray) -> Any:
        e, b, c, a = theta.T
        return np.stack(
            [
                np.clip(e, 0, most),
                np.clip(b, 1e-9, 1e9),
                np.clip(c, EXPONENT_MIN, EXPONENT_MAX),
                np.clip(a, A_MIN, A_MAX),
            ],
            axis=1,
        )

    theta = bounded(theta)
    residual = (errors - m4(theta, x, chance)) / sigma
    squares, damping = (residual**2).sum(axis=1), np.full(len(errors), 1e-2)
    for _ in range(ITERATIONS):
        gradient = gradient_m4(theta, x, chance) / sigma[None, :, None]
        normal = np.einsum("spi,spj->sij", gradient, gradient)
        scale = np.einsum("sii->si", normal) + 1e-9
        normal += (damping[:, None] * scale)[:, :, None] * np.eye(4)
        step = np.linalg.solve(normal, np.einsum("spi,sp->si", gradient, residual)[..., None])[..., 0]
        moved = theta.copy()
        moved[:, [0, 2, 3]] += step[:, [0, 2, 3]]
        moved[:, 1] *= np.exp(np.clip(step[:, 1], -3, 3))
        moved = bounded(moved)
        new = (errors - m4(moved, x, chance)) / sigma
        gain = squares - (new**2).sum(axis=1)
        better = gain > 0
        settled = np.where(better, gain < SETTLED * squares, damping > 1e2)
        theta = np.where(better[:, None], moved, theta)
        residual = np.where(better[:, None], new, residual)
        squares = (residual**2).sum(axis=1)
        damping = np.where(better, damping / 4, damping * 4).clip(1e-9, 1e9)
        if settled.all():
            break
    return theta, squares


def gradient_m4(theta: np.ndarray, x: np.ndarray, chance: float) -> np.ndarray:
    """Derivatives of the error by e, log b, c and a: (sets, points, 4), from the implicit equation."""
    e, _, _, a = columns(theta)
    y = m4(theta, x, chance)
    above, below = np.maximum(y - e, 1e-9), np.maximum(chance - y, 1e-9)
    slope = 1 / above + a / below
    parts = (1 / above, np.ones_like(y), np.broadcast_to(-np.log(x), y.shape), np.log(below))
    return np.stack([part / slope for part in parts], axis=-1)


def m4(theta: np.ndarray, x: np.ndarray, chance: float) -> np.ndarray:
    """The error y with log(y - e) - a log(chance - y) = log b - c log x, by Newton's method on the logit of y."""
    e, b, c, a = columns(theta)
    span = chance - e
    target = np.log(b) - c * np.log(x) - (1 - a) * np.log(span)
    t = np.where(target < 0, target, target / a)
    for _ in range(8):
        value = -np.logaddexp(0, -t) + a * np.logaddexp(0, t)
        share = expit(t)
        t = t - (value - target) / (1 - share + a * share)
    return e + span * expit(t)


def columns(theta: np.ndarray) -> Any:
    """Parameters as arrays (sets, 1)."""
    return (theta[:, i, None] for i in range(theta.shape[1]))


FORMS = {
    form.name: form
    for form in (
        Form("power", "b x^-c", ("b", "c"), fit_power, power),
        Form("floor", "e + b x^-c", ("e", "b", "c"), fit_floor, floor),
        Form("turning", "exp(p0 + p1 ln x + p2 ln^2 x)", ("p0", "p1", "p2"), fit_turning, turning),
        Form("m4", "(y - e)/(e0 - y)^a = b x^-c", ("e", "b", "c", "a"), fit_m4, m4),
    )
}
