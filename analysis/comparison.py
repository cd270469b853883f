"""Two series of launches against each other: the size of the difference, its interval, and a test.

Everything is done on logs, so a result is a ratio; launches are the unit. `paired` is for ABBA
blocks, where launch j of both sides ran side by side; `unpaired` for two runs. scipy is imported
where it is used, because analysis/next.py must answer within two seconds and needs none of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

import stats


@dataclass(frozen=True)
class Comparison:
    """Candidate over baseline: ratio and interval (1 = equal; None below six launches), and
    p-values.

    `p_slower` is one-sided (candidate larger), `p_two_sided` is for a difference either way, both
    by ranks; `p_welch` is Welch's t-test on logs, unpaired only (NaN for pairs).
    """

    ratio: float
    lo: float | None
    hi: float | None
    p_slower: float
    p_two_sided: float
    n: int
    p_welch: float = math.nan

    def exceeds(self, margin: float) -> bool:
        """Whether the whole interval lies beyond a ratio of 1 + margin either way."""
        if self.lo is None or self.hi is None:
            return False
        return self.lo > 1 + margin or self.hi < 1 / (1 + margin)


def paired(baseline: ArrayLike, candidate: ArrayLike) -> Comparison:
    """Median log ratio of paired launches, its order-statistic interval and the Wilcoxon
    signed-rank test.

    Pairs with an absent (NaN) or non-positive side are dropped. Raises ValueError when no pair is
    left.
    """
    ratios = stats.log_ratio(candidate, baseline)
    ratios = ratios[~np.isnan(ratios)]
    middle = stats.median_interval(ratios)
    p_slower, p_faster = signed_rank(ratios)
    low = None if middle.lo is None else math.exp(middle.lo)
    high = None if middle.hi is None else math.exp(middle.hi)
    return Comparison(
        math.exp(middle.value),
        low,
        high,
        p_slower,
        min(1, 2 * min(p_slower, p_faster)),
        ratios.size,
    )


def signed_rank(differences: ArrayLike) -> tuple[float, float]:
    """One-sided p-values (greater than 0, less than 0) of Wilcoxon's signed-rank test; zeros are
    dropped.

    Exact up to 50 differences (scipy). (1, 1) when nothing is left to rank.
    """
    from scipy.stats import wilcoxon

    data = np.asarray(differences, dtype=float)
    data = data[data != 0]
    if data.size == 0:
        return 1.0, 1.0
    greater = wilcoxon(data, alternative="greater").pvalue
    less = wilcoxon(data, alternative="less").pvalue
    return float(greater), float(less)


def unpaired(baseline: ArrayLike, candidate: ArrayLike) -> Comparison:
    """Hodges-Lehmann log ratio of two independent sets of launches, its interval and the
    Mann-Whitney test.

    The estimate is the median of all pairwise log ratios and the interval the one the test inverts
    to (Hollander, Wolfe & Chicken, section 4.3; normal approximation of the rank), so the two
    agree. No interval when either side has fewer than six launches. Raises ValueError when a side
    is empty.
    """
    from scipy.stats import mannwhitneyu

    a, b = (np.asarray(side, dtype=float).ravel() for side in (baseline, candidate))
    a, b = np.log(a[a > 0]), np.log(b[b > 0])  # NaN > 0 is false
    if a.size == 0 or b.size == 0:
        raise ValueError("unpaired: a side has no launches")
    shifts = np.sort((b[:, None] - a[None, :]).ravel())
    ratio = math.exp(stats.sorted_median(shifts))
    p_slower = float(mannwhitneyu(b, a, alternative="greater").pvalue)
    p_two = float(mannwhitneyu(b, a, alternative="two-sided").pvalue)
    n = min(a.size, b.size)
    if n < stats.kMinLaunches:
        return Comparison(ratio, None, None, p_slower, p_two, n)
    spread = 1.959964 * math.sqrt(a.size * b.size * (a.size + b.size + 1) / 12)
    skip = max(int(math.floor(a.size * b.size / 2 - spread)), 1) - 1
    low, high = math.exp(shifts[skip]), math.exp(shifts[shifts.size - 1 - skip])
    return Comparison(ratio, low, high, p_slower, p_two, n, welch(a, b))


def welch(a: stats.Array, b: stats.Array) -> float:
    """Two-sided p-value of Welch's t-test (1947); 1 for equal constants, 0 for different ones."""
    from scipy.special import stdtr

    errors = np.array([a.var(ddof=1) / a.size, b.var(ddof=1) / b.size])
    apart, square = float(b.mean() - a.mean()), float(errors.sum())
    if square == 0:
        return float(apart == 0)
    freedom = square**2 / float(errors[0] ** 2 / (a.size - 1) + errors[1] ** 2 / (b.size - 1))
    return float(2 * stdtr(freedom, -abs(apart) / math.sqrt(square)))


def tells_slower(result: Comparison, margin: float = 0.01, level: float = 0.01) -> bool:
    """The gate's rule for one paired series (METHOD section 7): Wilcoxon p < level, and the
    interval above ln(1 + margin).
    """
    return result.p_slower < level and result.lo is not None and result.lo > 1 + margin


def judge(results: list[Comparison], margin: float = 0.01, rate: float = 0.01) -> list[str]:
    """One word a case: `slower`, `faster`, `suspect`, `same`, or `few` (below six launches a side).

    Confirmed (slower, faster) when the interval lies beyond the margin, ranks differ (p < 0.05),
    and Welch's test passes at this false-discovery rate over all cases. Ranks alone cannot: with
    six launches a side their p is never below 0.002, too much for one case among hundreds; Welch
    alone would trust the shape of the noise. `suspect` has only the first: more launches would
    tell.
    """
    adjusted = stats.false_discovery([result.p_welch for result in results])
    return [_word(result, q, margin, rate) for result, q in zip(results, adjusted)]


def _word(result: Comparison, adjusted: float, margin: float, rate: float) -> str:
    if result.lo is None:
        return "few"
    if not result.exceeds(margin):
        return "same"
    if adjusted > rate or result.p_two_sided >= 0.05:
        return "suspect"
    return "slower" if result.ratio > 1 else "faster"
