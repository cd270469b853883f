"""The statistics of the nightly gate (METHOD section 7), for all series at once.

Everything is on logs of a night's medians: 0.02 is 2 %. Stage one asks whether a series left its
last thirty nights; stage two, on pairs measured in the same night, whether the program did it
(comparison.paired). Neither looks at a single earlier night, and neither ranks across nights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

import comparison
import stats
from comparison import Comparison

kNights = 30  # the window that tonight is held against
kFewest = 6  # nights: below, a median absolute deviation says nothing
kZ = 3.0
kEffect = 0.02  # smallest effect worth a re-measurement, as a ratio - 1
kMargin = 0.01  # a confirmed interval lies wholly beyond this ratio - 1
kLevel = 0.01  # one-sided, of the signed-rank test
kBlocks = 10  # ABBA blocks of stage two
kPower = 0.8  # with which the minimum detectable effect is detected


@dataclass(frozen=True)
class StageOne:
    """Per series: distance of tonight from its window in robust standard deviations, and as log
    ratio; the spread used; nights in the window. NaN where there are fewer than kFewest.
    """

    z: stats.Array
    effect: stats.Array
    spread: stats.Array
    nights: NDArray[np.int64]

    def suspects(self, effect: float = kEffect) -> NDArray[np.bool_]:
        """Which series left their window, either way, by more than this ratio - 1."""
        with np.errstate(invalid="ignore"):
            return (np.abs(self.z) > kZ) & (np.abs(self.effect) > math.log1p(effect))


def stage_one(tonight: stats.Array, error: stats.Array, past: stats.Array) -> StageOne:
    """Robust z of tonight's log medians against past nights (series x nights, NaN = absent).

    The median absolute deviation of the window, floored by tonight's own standard error: a window
    that happens to be quiet must not condemn an ordinary night. A constant window (counts) makes any
    difference infinite.
    """
    past = _newest(past, kNights)
    nights = np.count_nonzero(~np.isnan(past), axis=1)
    centre = stats.column_medians(past) if past.shape[1] else np.full(tonight.shape, np.nan)
    spread = np.full(tonight.shape, np.nan)
    if past.shape[1]:
        spread = stats.kMadToSd * stats.column_medians(np.abs(past - centre[:, None]))
    spread = np.fmax(spread, error)
    effect = np.where(nights >= kFewest, tonight - centre, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(effect == 0, 0.0, effect / spread)
    return StageOne(z, effect, spread, nights)


def _newest(past: stats.Array, most: int) -> stats.Array:
    """Each row's last so many nights that it has, the others made absent."""
    from_the_end = np.cumsum(~np.isnan(past)[:, ::-1], axis=1)[:, ::-1]
    return np.where(from_the_end <= most, past, np.nan)


def stage_two(baseline: stats.Array, candidate: stats.Array) -> Comparison:
    """Blocks (rows) of two launches each side, in order of time: candidate over baseline, launch by
    launch.

    A block is A B B A or B A A B: its first launches are neighbours, its second too, and a linear
    drift has opposite signs in the two. Twenty pairs bear five launches that a disturbance struck;
    ten block means would bear one. Raises ValueError when there is no block.
    """
    return comparison.paired(np.ravel(baseline), np.ravel(candidate))


def confirmed(result: Comparison) -> str:
    """`slower`, `faster`, or nothing: the same rule either way."""
    if comparison.tells_slower(result, kMargin, kLevel):
        return "slower"
    p_faster = 1.0 if result.ratio >= 1 else result.p_two_sided / 2
    beyond = result.hi is not None and result.hi < 1 / (1 + kMargin)
    return "faster" if beyond and p_faster < kLevel else ""


@lru_cache(maxsize=None)
def _needed_sd(pairs: int) -> float:
    """How many standard deviations of a pair the effect must exceed the margin by, for kPower.

    The interval's lower end lies above the margin when all but j - 1 of the pairs do, j its rank.
    """
    from scipy.special import betaincinv, ndtri

    ranks = stats.interval_ranks(pairs)
    if ranks is None:
        return math.inf
    above = pairs - ranks[0] + 1
    return float(ndtri(betaincinv(above, pairs - above + 1, kPower)))


def minimum_detectable(
    spread: float, pair_sd: float, effect: float = kEffect, blocks: int = kBlocks
) -> float:
    """The smallest slow-down (ratio - 1) found on its first night in four nights of five.

    `spread` is stage one's, `pair_sd` that of stage two's log ratios; normal noise is assumed, and
    the stages are taken one by one: the larger of what each needs.
    """
    from scipy.special import ndtri

    first = max(math.log1p(effect), kZ * spread) + float(ndtri(kPower)) * spread
    second = math.log1p(kMargin) + _needed_sd(2 * blocks) * pair_sd
    return math.expm1(max(first, second))


def pair_sd_of_error(error: float, launches: int) -> float:
    """Standard deviation of a pair's log ratio, expected from the standard error of a night's median."""
    return math.sqrt(2) * error * math.sqrt(launches) / math.sqrt(math.pi / 2)
