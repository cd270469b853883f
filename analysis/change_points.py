"""Where a series of nights changed for good: ranks, autocorrelation, false discoveries.

For every cut of a segment the rank sums of its sides are compared (Pettitt 1979), each cut scaled by
its own variance; the largest is judged by the law of the maximum (Csorgo & Horvath 1997, eq.
1.3.26). Nights that resemble their neighbours count for less: the variance is inflated by
(1 + r) / (1 - r), r the lag-1 autocorrelation left after the step (Zwiers & von Storch 1995). Accepted
cuts are cut again; what remains must hold between its neighbours, and be 2 % at least.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

import stats

kShortest = 3  # nights of a segment: fewer are an outlier
kSmallest = 0.02  # ratio - 1
kRate = 0.01  # false discoveries among the cuts of a round
kSureZ2 = 3.84  # chi-square of one degree at 95 %: cuts this near the best are as likely


@dataclass(frozen=True)
class ChangePoint:
    """A step between two nights. Columns count nights of the series' matrix; `first` to `last` is
    where the first changed night lies with 95 %.
    """

    at: int  # the first night of the new level
    first: int
    last: int
    effect: float  # ratio - 1 of the levels
    p: float


@dataclass(frozen=True)
class _Cut:
    row: int
    columns: stats.Array  # of the segment's nights, ascending
    at: int  # the first of the right side, in columns
    first: int
    last: int
    effect: float
    p: float


def find(logs: stats.Array, breaks: list[int] = [], rate: float = kRate) -> list[list[ChangePoint]]:
    """Change points of each row of a matrix series x nights of log medians (NaN = absent).

    `breaks` are columns where an epoch begins: a step there is the machine's, and is not sought.
    """
    whole = np.split(np.arange(logs.shape[1]), sorted(set(breaks) - {0}))
    waiting = [(row, part) for row in range(logs.shape[0]) for part in whole]
    accepted: dict[int, list[int]] = {}
    bounds = {part[0] for part in whole if part.size}
    while waiting:
        cuts = [c for c in (_best_cut(logs[row], row, part) for row, part in waiting) if c]
        waiting = []
        for cut in _discovered(cuts, rate):
            accepted.setdefault(cut.row, []).append(int(cut.columns[cut.at]))
            waiting += [(cut.row, cut.columns[: cut.at]), (cut.row, cut.columns[cut.at :])]
    found: list[list[ChangePoint]] = [[] for _ in range(logs.shape[0])]
    for row, columns in accepted.items():
        found[row] = _between_neighbours(logs[row], row, sorted(columns), bounds, rate)
    return found


def _discovered(cuts: list[_Cut], rate: float) -> list[_Cut]:
    adjusted = stats.false_discovery([cut.p for cut in cuts])
    return [cut for cut, q in zip(cuts, adjusted) if q <= rate]


def _best_cut(series: stats.Array, row: int, columns: stats.Array) -> _Cut | None:
    """The cut of a segment that speaks loudest; None where it is too short or all alike."""
    columns = columns[~np.isnan(series[columns])]
    n = columns.size
    if n < 2 * kShortest:
        return None
    values = series[columns]
    ranks = _ranks(values)
    centred = ranks - (n + 1) / 2
    square = float(np.dot(centred, centred))
    if square == 0:
        return None
    left = np.arange(kShortest, n - kShortest + 1)
    sums = np.cumsum(centred)[left - 1]
    z = np.abs(sums) / np.sqrt(left * (n - left) / (n * (n - 1.0)) * square)
    best = int(np.argmax(z))
    at = int(left[best])
    inflation = _inflation(centred, at)
    effect = math.expm1(float(np.median(values[at:]) - np.median(values[:at])))
    p = maximum_p(float(z[best]) / math.sqrt(inflation), n) if big(effect) else math.nan
    near = left[z**2 >= z[best] ** 2 - kSureZ2 * inflation]
    return _Cut(row, columns, at, int(near[0]), int(near[-1]), effect, p)


def big(effect: float) -> bool:
    """Whether a ratio - 1 is worth a word, either way."""
    return abs(math.log1p(effect)) >= math.log1p(kSmallest)


def _ranks(values: stats.Array) -> stats.Array:
    """Ranks from 1, ties sharing their mean."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=float)


def _inflation(centred: stats.Array, at: int) -> float:
    """Variance inflation by the lag-1 autocorrelation of the ranks within both sides.

    Estimated low on short series, by about (1 + 4 r) / n (Kendall & Stuart): that is put back.
    """
    left, right = centred[:at], centred[at:]
    rest = np.concatenate([left - left.mean(), right - right.mean()])
    square = float(np.dot(rest, rest))
    if square == 0:
        return 1.0
    r = float(np.dot(rest[:-1], rest[1:])) / square
    r = min(max(r + (1 + 4 * r) / rest.size, 0.0), 0.95)
    return (1 + r) / (1 - r)


def maximum_p(z: float, n: int) -> float:
    """P-value of the largest |z| over all cuts of n nights that leave kShortest on both sides."""
    if z <= 1.5:  # the tail formula does not hold there, nor does it matter
        return 1.0
    share = kShortest / n
    span = 2 * math.log((1 - share) / share)
    tail = z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return min(tail * ((1 - 1 / z**2) * span + 4 / z**2), 1.0)


def _between_neighbours(
    series: stats.Array, row: int, columns: list[int], bounds: set[int], rate: float
) -> list[ChangePoint]:
    """The cuts that still hold when only the nights up to the next cuts are looked at."""
    edges = sorted({*bounds, *columns, series.size})
    found = []
    for column in columns:
        here = edges.index(column)
        cut = _best_cut(series, row, np.arange(edges[here - 1], edges[here + 1]))
        if cut and cut.p <= rate:
            at, first, last = (int(cut.columns[i]) for i in (cut.at, cut.first, cut.last))
            found.append(ChangePoint(at, first, last, cut.effect, cut.p))
    return found


def noisy_nights(logs: stats.Array, breaks: list[int] = [], limit: float = 2.0) -> list[int]:
    """Columns of nights on which most series strayed: the machine's doing, not a program's.

    A series strays by its distance from the median of its 15 nights before and after (within an
    epoch), in its own robust standard deviations; a night is noisy when half of the series stray by more than
    `limit` times what normal noise does. Below ten series nothing is judged.
    """
    chosen = logs[:: max(1, logs.shape[0] // 300)]  # a sample says it as well
    if chosen.shape[0] < 10:
        return []
    rest = np.full(chosen.shape, np.nan)
    for part in np.split(np.arange(logs.shape[1]), sorted(set(breaks) - {0})):
        for column in part:
            near = part[(part >= column - 15) & (part <= column + 15)]
            rest[:, column] = chosen[:, column] - stats.column_medians(chosen[:, near])
    usual = stats.kMadToSd * stats.column_medians(np.abs(rest))
    with np.errstate(invalid="ignore", divide="ignore"):
        strayed = stats.kMadToSd * stats.column_medians((np.abs(rest) / usual[:, None]).T)
    return [int(c) for c in np.flatnonzero(strayed > limit)]
