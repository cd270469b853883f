"""The formula behind T: straight lines fitted near the crossing, inside one regime.

queue path    C_q(s) = a_q + b_q s hybrid path   C_h(s) = A_h + b_s s,     A_h = a_q + b_q d + a_s
equal at      T = (a_s + b_q d) / (b_q - b_s) = (A_h - a_q) / (b_q - b_s)

It explains the headline of crossing.py and never replaces it: costs have breaks at capacities and
caches, and a line through a break is wrong everywhere. So sizes are taken from [T/8, 8T] only, and
only up to the nearest break on either side. METHOD section 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Iterable

import numpy as np
from numpy.typing import ArrayLike

import stats

Array = stats.Array

kReach = 8.0  # sizes from T/kReach to T*kReach
kHuber = 1.345  # 95 % efficient on normal noise (Huber 1964)
kFewestSizes = 4  # two parameters and something left to disagree
kNoticeable = 1e-3  # relative misfit below which a break is of no interest
kAgreement = 0.8  # share of resamples that must find the same break


@dataclass(frozen=True)
class LocalFit:
    """The explained crossing; costs in the unit of y (ns), slopes in that per byte, sizes in bytes.

    `status` is `ok` or says why there is no fit (then the numbers are None). `regime` is the range
    of sizes used, open below and closed above when a break bounds it; `breaks` are those the data
    itself showed. Intervals are None below six blocks. `fieller` is None when unbounded: the slopes
    are not distinguishable. `mismatch` is True when model and headline each lie outside the other's
    interval and differ by more than 10 %; None when that cannot be judged.
    """

    status: str
    a_q: float | None = None
    b_q: float | None = None
    A_h: float | None = None
    b_s: float | None = None
    a_s: float | None = None
    d: float | None = None
    T_bytes: float | None = None
    lo: float | None = None
    hi: float | None = None
    fieller: tuple[float, float] | None = None
    regime: tuple[float, float] | None = None
    breaks: tuple[float, ...] = ()
    sizes: tuple[float, ...] = ()
    mismatch: bool | None = None
    note: str = ""


def explain(
    sizes_bytes: ArrayLike,
    y_queue: ArrayLike,
    y_shm: ArrayLike,
    T_bytes: float,
    T_interval: tuple[float | None, float | None] = (None, None),
    descriptor_bytes: float = 0.0,
    breaks_bytes: Iterable[float] = (),
    resamples: int = stats.kResamples,
    seed: int = 1,
) -> LocalFit:
    """Fit both paths around a model-free T and say whether the formula agrees with it.

    y[block, size] are costs (ns; NaN = absent), `breaks_bytes` declared limits and cache sizes: the
    largest size still inside the lower regime. A fit that cannot be made is a status, not an error.
    """
    sizes = np.asarray(sizes_bytes, dtype=float)
    y_q = np.atleast_2d(np.asarray(y_queue, dtype=float))
    y_h = np.atleast_2d(np.asarray(y_shm, dtype=float))
    if not (math.isfinite(T_bytes) and T_bytes > 0):
        return LocalFit("no crossing to explain")
    picks = np.vstack([np.arange(len(y_q)), stats.block_resamples(len(y_q), resamples, seed)])
    Q, H, fit = _within_breaks(sizes, y_q, y_h, picks, T_bytes, breaks_bytes)
    if fit.status != "ok":
        return fit
    solved = _solve(np.array(fit.sizes), Q, H, T_bytes, descriptor_bytes, len(y_q))
    fit = replace(solved, regime=fit.regime, breaks=fit.breaks, sizes=fit.sizes)
    return _judge(fit, T_bytes, T_interval)


def _within_breaks(
    sizes: Array,
    y_q: Array,
    y_h: Array,
    picks: Array,
    T_bytes: float,
    breaks_bytes: Iterable[float],
) -> tuple[Array, Array, LocalFit]:
    """Medians of both paths per resample in the regime around T, narrowed while the data show
    breaks.
    """
    low, high = regime(T_bytes, breaks_bytes)
    use = _inside(sizes, low, high) & _measured(y_q, y_h)
    found: list[float] = []
    while True:
        if np.count_nonzero(use) < kFewestSizes:
            said = f"only {np.count_nonzero(use)} sizes between the breaks around T"
            return y_q, y_h, LocalFit(said, regime=(low, high), breaks=tuple(found))
        Q = stats.column_medians(np.swapaxes(y_q[:, use][picks], 1, 2))
        H = stats.column_medians(np.swapaxes(y_h[:, use][picks], 1, 2))
        fresh = {agreed_break(sizes[use], paths) for paths in (Q, H)} - {None, *found}
        narrow = regime(T_bytes, [low, high, *fresh])
        kept = use & _inside(sizes, *narrow)
        if not fresh or np.count_nonzero(kept) < kFewestSizes or kept.sum() == use.sum():
            facts = {"breaks": tuple(found), "sizes": tuple(map(float, sizes[use]))}
            return Q, H, LocalFit("ok", regime=(low, high), **facts)
        found.extend(sorted(fresh))
        (low, high), use = narrow, kept


def regime(T_bytes: float, breaks_bytes: Iterable[float]) -> tuple[float, float]:
    """The range around T, in bytes, without a break: [T/8, 8T] cut at the nearest break on
    either side.
    """
    breaks = [b for b in breaks_bytes if b > 0]
    below = max([T_bytes / kReach, *(b for b in breaks if b < T_bytes)])
    above = min([T_bytes * kReach, *(b for b in breaks if b >= T_bytes)])
    return below, above


def _inside(sizes: Array, low: float, high: float) -> Array:
    return (sizes > low) & (sizes <= high)


def _measured(y_q: Array, y_h: Array) -> Array:
    return (~np.isnan(y_q)).any(axis=0) & (~np.isnan(y_h)).any(axis=0)


def huber_lines(sizes: Array, costs: Array, rounds: int = 12) -> tuple[Array, Array]:
    """Intercept and slope (per byte) of each row of costs[row, size], by Huber on relative
    residuals.

    Iteratively reweighted least squares (Holland & Welsch 1977): weight 1/fit^2 makes a residual
    relative, and beyond 1.345 robust standard deviations it counts linearly. NaN costs have no
    weight.
    """
    unit = float(np.mean(sizes))  # keeps the normal equations well conditioned
    x = sizes / unit
    y = np.nan_to_num(costs, nan=1.0)
    here = np.where(np.isnan(costs), 0.0, 1.0)
    weight = here / y**2
    for _ in range(rounds):
        w, wx, wy = weight.sum(1), (weight * x).sum(1), (weight * y).sum(1)
        wxx, wxy = (weight * x * x).sum(1), (weight * x * y).sum(1)
        det = w * wxx - wx * wx
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (w * wxy - wx * wy) / det
            intercept = (wy - slope * wx) / w
        line = intercept[:, None] + slope[:, None] * x
        scale = np.where(line > 0.05 * y, line, 0.05 * y)
        residual = np.abs(y - line) / scale
        spread = stats.kMadToSd * stats.column_medians(np.where(here > 0, residual, np.nan))
        limit = kHuber * np.maximum(spread, 1e-9)[:, None]
        weight = here * np.minimum(1, limit / np.maximum(residual, 1e-300)) / scale**2
    return intercept, slope / unit


def agreed_break(sizes: Array, costs: Array, shortest: int = 4) -> float | None:
    """A break that segmented regression finds in costs[0] and, within one size, in >= 80 % of the
    other rows.

    Bytes of the last size of the lower segment; None without one. Per row two lines (five
    parameters) must beat one (two) by BIC on relative residuals, each segment having at least four
    sizes.
    """
    m = sizes.size
    cuts = np.arange(shortest, m - shortest + 1)
    if cuts.size == 0:
        return None
    sums = _prefix_sums(sizes, costs)
    whole = _misfit(sums, np.array([0]), np.array([m]))
    split = _misfit(sums, np.zeros_like(cuts), cuts) + _misfit(sums, cuts, np.full_like(cuts, m))
    floor = m * kNoticeable**2
    bic_one = m * np.log((whole[:, 0] + floor) / m) + 2 * math.log(m)
    bic_two = m * np.log((split + floor) / m) + 5 * math.log(m)
    best = np.argmin(bic_two, axis=1)
    wins = bic_two[np.arange(len(costs)), best] < bic_one
    if not wins[0]:
        return None
    agree = wins[1:] & (np.abs(best[1:] - best[0]) <= 1)
    return float(sizes[cuts[best[0]] - 1]) if agree.mean() >= kAgreement else None


def _prefix_sums(sizes: Array, costs: Array) -> Array:
    """Cumulative sums[moment, row, size] of w, wx, wxx, wy, wxy, wyy with w = 1/y^2: relative
    residuals.
    """
    x = sizes / np.mean(sizes)
    y = np.nan_to_num(costs, nan=1.0)
    w = np.where(np.isnan(costs), 0.0, 1 / y**2)
    moments = np.stack([w, w * x, w * x * x, w * y, w * x * y, w * y * y])
    return np.concatenate([np.zeros((*moments.shape[:2], 1)), np.cumsum(moments, axis=2)], axis=2)


def _misfit(sums: Array, begin: Array, end: Array) -> Array:
    """Relative sum of squares around the least-squares line of sizes[begin:end], per row and
    segment.
    """
    w, wx, wxx, wy, wxy, wyy = sums[:, :, end] - sums[:, :, begin]
    det = w * wxx - wx * wx
    safe = np.where(det > 1e-12 * w * wxx, det, np.inf)
    slope = (w * wxy - wx * wy) / safe
    middle = wyy - wy * wy / np.maximum(w, 1e-300)
    return np.maximum(middle - slope * (wxy - wx * wy / np.maximum(w, 1e-300)), 0)


def _solve(sizes: Array, Q: Array, H: Array, T: float, d: float, blocks: int) -> LocalFit:
    """Both lines and their crossing; row 0 of Q and H holds the medians, the others the
    resamples.
    """
    a_q, b_q = huber_lines(sizes, Q)
    A_h, b_s = huber_lines(sizes, H)
    top, bottom = A_h - a_q, b_q - b_s
    with np.errstate(divide="ignore", invalid="ignore"):
        where = np.where(bottom > 0, np.where(top > 0, top / bottom, -np.inf), np.inf)
    fit = LocalFit(
        "ok",
        a_q=float(a_q[0]),
        b_q=float(b_q[0]),
        A_h=float(A_h[0]),
        b_s=float(b_s[0]),
        a_s=float(A_h[0] - a_q[0] - b_q[0] * d),
        d=d,
        T_bytes=float(where[0]),
    )
    if blocks < stats.kMinLaunches:
        return replace(fit, note=f"no interval: {blocks} blocks, {stats.kMinLaunches} needed")
    low, high = stats.nearest_rank_interval(where[1:])
    spread = np.cov(np.stack([top[1:], bottom[1:]])) * blocks / (blocks - 1)
    bounds = fieller(float(top[0]), float(bottom[0]), spread, blocks - 1)
    note = "" if bounds else "slopes not distinguishable"
    if min(fit.b_q or 0, fit.b_s or 0) < 0:
        note = "; ".join(
            filter(None, [note, "a slope below zero: no cost, the formula does not hold"])
        )
    return replace(fit, lo=low, hi=high, fieller=bounds, note=note)


def fieller(
    top: float, bottom: float, covariance: ArrayLike, freedom: int
) -> tuple[float, float] | None:
    """95 % interval of top / bottom, two normal estimates with this 2 x 2 covariance; None when
    unbounded.

    All t with (top - t bottom)^2 <= q^2 Var(top - t bottom), q Student's quantile (Fieller 1954).
    Unbounded when the denominator is not significantly different from zero.
    """
    from scipy.special import stdtrit

    (vtt, vtb), (_, vbb) = np.asarray(covariance, dtype=float)
    square = float(stdtrit(freedom, 0.975)) ** 2
    a = bottom**2 - square * vbb
    b = top * bottom - square * vtb
    c = top**2 - square * vtt
    if a <= 0:
        return None
    root = math.sqrt(max(b * b - a * c, 0.0))
    return (b - root) / a, (b + root) / a


def _judge(fit: LocalFit, T: float, interval: tuple[float | None, float | None]) -> LocalFit:
    """Compare the model's T with the headline's."""
    low, high = interval
    if fit.T_bytes is None or None in (low, high, fit.lo, fit.hi):
        return fit
    outside = not (low <= fit.T_bytes <= high) and not (fit.lo <= T <= fit.hi)
    meets = math.isfinite(fit.T_bytes) and fit.T_bytes > 0
    far = not meets or abs(math.log(fit.T_bytes / T)) > math.log(1.1)
    note = fit.note
    if outside and far and fit.regime and not fit.regime[0] <= fit.T_bytes <= fit.regime[1]:
        note = "; ".join(filter(None, [note, "the costs jump across each other at a break"]))
    return replace(fit, mismatch=bool(outside and far), note=note)
