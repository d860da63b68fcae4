"""Error over shapes that cost what the baseline does: a quadratic surface, and the best shape on it.

Shapes of equal multiply-adds lie in a plane: u = log2 depth and v = log2 resolution, relative to the baseline and as
built; width takes what these two leave. The logarithm of the error is a quadratic function of u and v, plus a slope
times the logarithm of what a shape costs more than the baseline, since layers, channels and pixels are whole numbers.
The design is the star of Alabdulmohsin et al. (2023, arXiv 2305.13035), which trades two axes at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import ConvexHull

from scaling_study.analysis.contrasts import LEVEL
from scaling_study.analysis.curves import ERROR_MIN, widening
from scaling_study.analysis.ensemble import TAILS
from scaling_study.analysis.law import relative_noise, resampled
from scaling_study.analysis.observations import built, noisy
from scaling_study.analysis.surface import SPARE

if TYPE_CHECKING:
    from scaling_study.analysis.observations import Observations


TERMS = 6  # of the quadratic function
# Of log error by log multiply-adds: as good as one more observation. A few percent tell nothing about it; in the two
# reference studies it is -0.47 and -0.06 along compound, -0.85 to 0 along single axes.
SLOPE, SLOPE_SD = -0.25, 0.25
STEPS = 32  # of a side of the plane, and of an edge of the trained shapes
# Directions in the plane in which two axes are traded and the third stays: the first one's multiplier doubles.
PAIRS = {"depth-width": (1.0, 0.0), "depth-resolution": (1.0, -0.5), "resolution-width": (0.0, 1.0)}
DOUBLING = {"depth-width": 1.0, "depth-resolution": 1.0, "resolution-width": 0.5}  # of the cost of the first axis


@dataclass(frozen=True)
class Plane:
    """The surface over one study's shapes.

    theta: (1, TERMS + 1), constant, u, v, u^2, v^2, u v, and the slope by cost; samples: (draws, TERMS + 1) of the
    bootstrap; trained: (n, 2), u and v of the shapes, the baseline (0, 0) among them; equations, border: of their
    convex hull, the former as scipy.spatial.ConvexHull gives them, the latter points on its edges (m, 2); widths:
    (TERMS - 1,), log2 width at the baseline's cost by the same terms without the constant.
    """

    theta: np.ndarray
    samples: np.ndarray
    trained: np.ndarray
    equations: np.ndarray
    border: np.ndarray
    widths: np.ndarray

    def contains(self, points: np.ndarray) -> np.ndarray:
        """(n,): whether points (n, 2) lie within the hull of the trained shapes."""
        return (points @ self.equations[:, :2].T + self.equations[:, 2] <= 1e-9).all(axis=1)

    def errors(self, points: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """(sets, n): error in percent at points (n, 2) by parameters (sets, TERMS + 1), at the baseline's cost."""
        return np.exp(np.minimum(theta[:, :TERMS] @ terms(points).T, np.log(100.0)))

    def own_errors(self, points: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """(sets,): error in percent at a point of each set of parameters; points: (sets, 2)."""
        return np.exp(np.minimum((theta[:, :TERMS] * terms(points)).sum(axis=1), np.log(100.0)))

    def gains(self, points: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """(sets, n): points of accuracy that the shapes are better than the baseline."""
        return self.errors(np.zeros((1, 2)), theta) - self.errors(points, theta)

    def coefficients(self, points: np.ndarray) -> np.ndarray:
        """(n, 3): depth, width and resolution relative to the baseline."""
        return 2.0 ** np.column_stack([points[:, 0], terms(points)[:, 1:] @ self.widths, points[:, 1]])

    def best(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(points (sets, 2) of the least error among the trained shapes and between them, whether each lies inside and
        not at the edge). Where the surface has no least error, or has it outside, the best is at the edge."""
        slopes, hessian = theta[:, 1:3], hessians(theta)
        convex = (hessian[:, 0, 0] > 0) & (np.linalg.det(hessian) > 0)
        safe = np.where(convex[:, None, None], hessian, np.eye(2))
        least = np.linalg.solve(safe, -slopes[:, :, None])[:, :, 0]
        inside = convex & self.contains(least)
        edge = self.border[self.errors(self.border, theta).argmin(axis=1)]
        return np.where(inside[:, None], least, edge), inside

    def reach(self, direction: np.ndarray) -> tuple[float, float]:
        """(least, greatest) multiple of a direction (2,) that lies within the hull."""
        along = self.equations[:, :2] @ direction
        with np.errstate(divide="ignore", invalid="ignore"):
            limits = -self.equations[:, 2] / along
        return float(limits[along < -1e-12].max()), float(limits[along > 1e-12].min())

    def area(self) -> np.ndarray:
        """(n, 2): a grid within the hull and its border, without the baseline."""
        sides = [np.linspace(side.min(), side.max(), STEPS) for side in self.trained.T]
        grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
        points = np.vstack([grid[self.contains(grid)], self.border])
        return points[np.linalg.norm(points, axis=1) > 1e-6]


def hessians(theta: np.ndarray) -> np.ndarray:
    """(sets, 2, 2): second derivatives of log error by u and v."""
    uu, vv, uv = theta[:, 3], theta[:, 4], theta[:, 5]
    return np.stack([np.stack([2 * uu, uv], axis=1), np.stack([uv, 2 * vv], axis=1)], axis=1)


def terms(points: np.ndarray) -> np.ndarray:
    """(n, TERMS) of points (n, 2)."""
    u, v = points.T
    return np.column_stack([np.ones(len(points)), u, v, u**2, v**2, u * v])


def fit_plane(observations: Observations, baseline: int, draws: int = 1000, seed: int = 0) -> Plane | str:
    """The Plane of shapes of equal cost, or in words why there is none. baseline: index of its variant.

    By least squares over variants, weighted by their noise. Draws have other seeds' errors, with what a seed does to
    all shapes alike, wider where the shapes scatter about the surface by more than their seeds.
    """
    logs = np.log2(built(observations.variants))
    points = logs[:, [0, 2]]
    flops = observations.variants.flops.to_numpy(dtype=float)
    cost = np.log(flops / flops[baseline])
    if len(points) < TERMS + SPARE:
        return f"{len(points)} shapes are too few, it takes {TERMS + SPARE}"
    if np.linalg.matrix_rank(rows := terms(points), tol=1e-3) < TERMS:
        return "depth, width and resolution were not all traded against each other"
    targets = np.log(np.maximum(100 - observations.means, ERROR_MIN))
    sigma = relative_noise(observations)
    scale = 1.0 if noisy(observations) else float(np.std(targets)) or 1.0  # of errors whose noise is not known
    known = np.r_[np.zeros(TERMS), 1.0]
    weighted = np.vstack([np.column_stack([rows, cost]) / (scale * sigma)[:, None], known / SLOPE_SD])
    solver = np.linalg.pinv(weighted)

    def fitted(sets: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        return np.column_stack([sets / (scale * sigma), slopes / SLOPE_SD]) @ solver.T

    theta = fitted(targets[None], np.array([SLOPE]))
    df = len(points) - TERMS
    misfit = float(np.sqrt((((targets - np.column_stack([rows, cost]) @ theta[0]) / sigma) ** 2).sum() / df))
    own = max(misfit, 1.0) if noisy(observations) else misfit * widening(df)
    rng = np.random.default_rng(seed)
    sets = resampled(observations, targets, own * sigma, draws, rng)
    hull = ConvexHull(points)
    corners = points[hull.vertices]
    share = np.arange(STEPS)[:, None, None] / STEPS
    return Plane(
        theta,
        fitted(sets, SLOPE + SLOPE_SD * rng.standard_normal(draws)),
        points,
        hull.equations,
        (corners + share * (np.roll(corners, -1, axis=0) - corners)).reshape(-1, 2),
        np.linalg.lstsq(np.column_stack([rows[:, 1:], cost]), logs[:, 1], rcond=None)[0][:-1],
    )


def ends(value: float, samples: np.ndarray) -> tuple[float, float]:
    """The 95% interval of bootstrap draws, which holds the value; NaN where the draws do not differ."""
    if np.ptp(samples) == 0:
        return np.nan, np.nan
    low, high = np.quantile(samples, TAILS)
    return min(float(low), value), max(float(high), value)


@dataclass(frozen=True)
class Band:
    """Intervals of what shapes gain over the baseline that hold for all shapes together, so also for one that was
    picked for its gain. critical: half their width in standard errors.

    Measured (13 shapes, 2 to 5 seeds, flops up to 3% off): where all shapes are equally good, the best is called better
    in 0 to 2% of 200 studies each; where one is best, 0.98 to 1.00 of the intervals hold what the shape that was picked
    gains.
    """

    plane: Plane
    critical: float

    def at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(gain, low, high) in points of accuracy at points (n, 2); NaN ends where the draws do not differ."""
        gain = self.plane.gains(points, self.plane.theta)[0]
        half = self.critical * self.plane.gains(points, self.plane.samples).std(axis=0)
        half = np.where(half > 0, half, np.nan)
        return gain, gain - half, gain + half


def band_of(plane: Plane) -> Band:
    """The Band by the greatest deviation, in standard errors, of each bootstrap draw anywhere between the shapes."""
    points = plane.area()
    draws = plane.gains(points, plane.samples)
    deviations = np.abs(draws - plane.gains(points, plane.theta))
    sd = draws.std(axis=0)
    if not (sd > 0).all():
        return Band(plane, np.nan)
    return Band(plane, float(np.quantile((deviations / sd).max(axis=1), LEVEL)))


def optimism(plane: Plane) -> float:
    """Points by which the best of fits like this one is better by its own fit than by the one it was drawn from."""
    points, _ = plane.best(plane.samples)
    own = plane.own_errors(np.zeros_like(points), plane.samples) - plane.own_errors(points, plane.samples)
    return max(float(np.mean(own - plane.gains(points, plane.theta)[0])), 0.0)
