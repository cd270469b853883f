"""General statistics: one implementation of each, used by every script.

The unit is always a launch or a block, never an iteration: results/README.md says what a launch is,
and a value here is one scalar of one launch. Intervals come from order statistics, which assume no
shape of noise; derived quantities come from a bootstrap over blocks. What is special to one
question lives beside: steadiness.py (modes, warm-up, canary, stopping), comparison.py (two series),
crossing.py and local_fit.py (T).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

kLevel = 0.95
kResamples = 2000
kMinLaunches = 6  # the smallest n for which any order-statistic interval reaches 95 %
kMadToSd = (
    1.4826  # 1 / Phi^-1(3/4): the MAD of a normal sample times this is its standard deviation
)


@dataclass(frozen=True)
class Interval:
    """A value with its interval, all in the unit of the data; lo, hi and coverage are None when
    n is too small.
    """

    value: float
    lo: float | None
    hi: float | None
    coverage: float | None
    n: int

    @property
    def half_width(self) -> float | None:
        """Half the interval's width, in the unit of the data; None where there is no interval."""
        return None if self.lo is None or self.hi is None else (self.hi - self.lo) / 2


@lru_cache(maxsize=None)
def interval_ranks(n: int, level: float = kLevel) -> tuple[int, int, float] | None:
    """Ranks (from 1) of the order statistics bounding a median, and their exact coverage; None if
    there are none.

    The largest j with F(n-j) - F(j-1) >= level, F the distribution function of Bin(n, 1/2): the
    interval [X(j), X(n+1-j)] misses the median only when fewer than j values lie on one side (David
    & Nagaraja, Order Statistics, section 7.1). n = 6 gives (1, 6), 10 gives (2, 9), 20 gives (6,
    15).
    """
    outside, best = 0.0, None
    for j in range(1, n // 2 + 1):
        outside += math.comb(n, j - 1) / 2**n
        if 1 - 2 * outside < level:
            break
        best = (j, n + 1 - j, 1 - 2 * outside)
    return best


def median_interval(values: ArrayLike, level: float = kLevel) -> Interval:
    """Median of the values with its order-statistic interval, in their unit; NaN means absent.

    No interval below six values (at 95 %): lo, hi and coverage are None. Infinite values are legal.
    Raises ValueError when no value is present.
    """
    present = np.asarray(values, dtype=float).ravel()
    present = np.sort(present[~np.isnan(present)])
    if present.size == 0:
        raise ValueError("median_interval: no values")
    ranks = interval_ranks(present.size, level)
    middle = sorted_median(present)
    if ranks is None:
        return Interval(middle, None, None, None, present.size)
    low, high, coverage = ranks
    return Interval(
        middle, float(present[low - 1]), float(present[high - 1]), coverage, present.size
    )


def sorted_median(ordered: Array) -> float:
    """Median of an ascending array; two equal infinities in the middle stay infinite."""
    left, right = ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2]
    return float(left if left == right else (left + right) / 2)


def column_medians(values: Array) -> Array:
    """Median along the last axis, NaN meaning absent; NaN where every value is absent.

    Much faster than numpy.nanmedian on many short rows, which is what a bootstrap asks for.
    """
    ordered = np.sort(values, axis=-1)  # NaN sorts last
    present = np.count_nonzero(~np.isnan(ordered), axis=-1)
    last = np.maximum(present - 1, 0)
    low = np.take_along_axis(ordered, (last // 2)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, ((last + 1) // 2)[..., None], axis=-1)[..., 0]
    return (low + high) / 2


def nearest_rank(values: ArrayLike, q: float) -> float:
    """The q-quantile (0 < q <= 1) by nearest rank: an element of the data, so infinities are legal.

    Rank ceil(q n), from 1 (Hyndman & Fan 1996, definition 1). Raises ValueError on no values or q
    out of range.
    """
    ordered = np.sort(np.asarray(values, dtype=float).ravel())
    if ordered.size == 0 or not 0 < q <= 1:
        raise ValueError(f"nearest_rank: {ordered.size} values, q = {q}")
    return float(ordered[max(math.ceil(q * ordered.size - 1e-9), 1) - 1])


def nearest_rank_interval(values: ArrayLike, level: float = kLevel) -> tuple[float, float]:
    """Central interval of bootstrap values, equally many left out at both ends; bounds may be
    infinite.
    """
    ordered = np.sort(np.asarray(values, dtype=float).ravel())
    skip = max(math.ceil((1 - level) / 2 * ordered.size - 1e-9), 1) - 1
    return float(ordered[skip]), float(ordered[ordered.size - 1 - skip])


def block_resamples(blocks: int, resamples: int = kResamples, seed: int = 1) -> NDArray[np.int64]:
    """Indices of `resamples` bootstrap samples of whole blocks, one per row; the same seed gives
    the same rows.
    """
    return np.random.default_rng(seed).integers(0, blocks, size=(resamples, blocks))


def bootstrap_median(values: ArrayLike, resamples: int = kResamples, seed: int = 1) -> Interval:
    """Median over blocks with a bootstrap interval, in the unit of the data; no interval below six
    blocks.

    For quantities derived from several medians; for a plain median prefer median_interval, which is
    exact.
    """
    present = np.asarray(values, dtype=float).ravel()
    present = present[~np.isnan(present)]
    if present.size == 0:
        raise ValueError("bootstrap_median: no values")
    middle = sorted_median(np.sort(present))
    if present.size < kMinLaunches:
        return Interval(middle, None, None, None, present.size)
    medians = column_medians(present[block_resamples(present.size, resamples, seed)])
    low, high = nearest_rank_interval(medians)
    return Interval(middle, low, high, kLevel, present.size)


def robust_sd(values: ArrayLike) -> float:
    """Standard deviation estimated as 1.4826 x median absolute deviation; 0 for constant data."""
    data = np.asarray(values, dtype=float).ravel()
    return float(kMadToSd * np.median(np.abs(data - np.median(data))))


def percentile_reliability(count: int, q: float) -> str:
    """`ok`, `low` or `n/a`: how far the q-quantile of one launch of `count` samples can be trusted.

    Judged by the samples expected beyond it: 100 or more `ok`, 10 or more `low`. p99 needs 10,000
    for `ok`.
    """
    beyond = count * (1 - q) + 1e-9
    return "ok" if beyond >= 100 else "low" if beyond >= 10 else "n/a"


def bucket_bounds(index: int) -> tuple[int, int]:
    """Smallest and largest integer (ns) of a histogram bucket; the layout is
    results/README.md's.
    """
    if index < 2048:
        return index, index
    shift = index // 1024 - 1
    low = (index - 1024 * shift) << shift
    return low, low + (1 << shift) - 1


def histogram_percentile(buckets: Sequence[Sequence[int]], q: float) -> float:
    """The q-quantile (0 < q <= 1), in ns, of a log-linear histogram [[index, count], ...], indexes
    ascending.

    Nearest rank; the middle of its bucket, so at most 0.05 % off. Raises ValueError on an empty
    histogram.
    """
    total = sum(count for _, count in buckets)
    if total <= 0 or not 0 < q <= 1:
        raise ValueError(f"histogram_percentile: {total} samples, q = {q}")
    rank, seen = max(math.ceil(q * total - 1e-9), 1), 0
    for index, count in buckets:
        seen += count
        if seen >= rank:
            low, high = bucket_bounds(index)
            return (low + high) / 2
    raise ValueError("histogram_percentile: counts do not add up")


def harmonic_mean(rates: ArrayLike) -> float:
    """Mean of rates (anything per second): the rate of the total work. Raises ValueError unless
    all are > 0.
    """
    data = np.asarray(rates, dtype=float).ravel()
    if data.size == 0 or not np.all(data > 0):
        raise ValueError("harmonic_mean: rates must be positive")
    return float(data.size / np.sum(1 / data))


def jain(shares: ArrayLike) -> float:
    """Jain's fairness index, (Σx)²/(n·Σx²): 1 where all have the same, 1/n where one has all; nan of nothing."""
    x = np.asarray(shares, dtype=float)
    squares = float(np.sum(x * x))
    return float(np.sum(x)) ** 2 / (x.size * squares) if squares > 0 else math.nan


def geometric_mean(ratios: ArrayLike) -> float:
    """Mean of ratios, taken on logs so that x and 1/x cancel. Raises ValueError unless all are >
    0.
    """
    data = np.asarray(ratios, dtype=float).ravel()
    if data.size == 0 or not np.all(data > 0):
        raise ValueError("geometric_mean: ratios must be positive")
    return float(np.exp(np.mean(np.log(data))))


def log_ratio(candidate: ArrayLike, baseline: ArrayLike) -> Array:
    """ln(candidate / baseline), element by element; NaN where either is absent or not positive."""
    top, bottom = np.asarray(candidate, dtype=float), np.asarray(baseline, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(top / bottom)
    return np.where((top > 0) & (bottom > 0), ratio, np.nan)


def isotonic(values: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """The non-decreasing sequence nearest to the values in (weighted) least squares.

    Pool adjacent violators (Ayer et al. 1955): merge neighbours into their mean while they are out
    of order.
    """
    data = np.asarray(values, dtype=float)
    mass = np.ones_like(data) if weights is None else np.asarray(weights, dtype=float)
    pools: list[list[float]] = []  # mean, weight, members
    for value, weight in zip(data, mass):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            mean, total, members = pools.pop()
            last = pools[-1]
            last[0] = (last[0] * last[1] + mean * total) / (last[1] + total)
            last[1] += total
            last[2] += members
    return np.repeat([pool[0] for pool in pools], [int(pool[2]) for pool in pools])


def false_discovery(p_values: ArrayLike) -> Array:
    """Adjusted p-values: reject those <= q to keep the share of false discoveries below q.

    Benjamini & Hochberg 1995, step-up. NaN (no test was possible) stays NaN and does not count as a
    test.
    """
    p = np.asarray(p_values, dtype=float).ravel()
    adjusted = np.full_like(p, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    if tested.size:
        order = tested[np.argsort(p[tested], kind="stable")]
        scaled = p[order] * order.size / np.arange(1, order.size + 1)
        adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return adjusted


def median_error(values: ArrayLike) -> float | None:
    """Standard error of a median, in the unit of the data; None below three values.

    sqrt(pi / 2) times the mean's, the robust standard deviation standing for the spread: exact for
    normal noise, and for heavier tails too wide rather than too narrow.
    """
    data = np.asarray(values, dtype=float).ravel()
    if data.size < 3:
        return None
    return math.sqrt(math.pi / 2) * robust_sd(data) / math.sqrt(data.size)
