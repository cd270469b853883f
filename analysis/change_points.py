"""Where a series of nights changed for good: ranks, autocorrelation, false discoveries.

For every cut of a segment the rank sums of its sides are compared (Pettitt 1979), each cut scaled by
its own variance; the largest is judged by the law of the maximum (Csorgo & Horvath 1997, eq.
1.3.26). Nights that resemble their neighbours count for less: the variance is inflated by
(1 + r) / (1 - r), r the lag-1 autocorrelation left after the step (Zwiers & von Storch 1995). Accepted
cuts are cut again; what remains must hold between its neighbours, and be 2 % at least. Windows of 90
nights are searched beside the whole: where a series went up and came down again, what one cut leaves
looks like autocorrelation, and hides both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import stats

kShortest = 3  # nights of a segment: fewer are an outlier
kSmallest = 0.02  # ratio - 1
kRate = 0.01  # false discoveries among the cuts of a round
kWindow, kStride = 90, 45  # nights: short enough to hold one change, long enough to prove it
kLoud = 3.5  # an uncorrected |z| below which no cut among hundreds of series is ever accepted
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
    columns: NDArray[np.int64]  # of the segment's nights, ascending
    at: int  # the first of the right side, in columns
    first: int
    last: int
    effect: float
    p: float


def find(logs: stats.Array, breaks: list[int] = [], rate: float = kRate) -> list[list[ChangePoint]]:
    """Change points of each row of a matrix series x nights of log medians (NaN = absent).

    `breaks` are columns where an epoch begins: a step there is the machine's, and is not sought.
    """
    bounds = {0, *breaks} - {logs.shape[1]}
    accepted: dict[int, set[int]] = {}
    rows = list(range(logs.shape[0]))
    while rows:
        cuts, tests = _search(logs, rows, accepted, bounds)
        best: dict[int, _Cut] = {}
        for cut in _discovered(cuts, tests, rate):
            column = int(cut.columns[cut.at])
            if column not in accepted.get(cut.row, set()):
                best[cut.row] = min(best.get(cut.row, cut), cut, key=lambda c: c.p)
        for row, cut in best.items():
            accepted.setdefault(row, set()).add(int(cut.columns[cut.at]))
        rows = list(best)
    found: list[list[ChangePoint]] = [[] for _ in range(logs.shape[0])]
    for row, columns in accepted.items():
        found[row] = _between_neighbours(logs[row], row, sorted(columns), bounds, rate)
    return found


def _search(
    logs: stats.Array, rows: list[int], accepted: dict[int, set[int]], bounds: set[int]
) -> tuple[list[_Cut], int]:
    """The best cut of every segment and window that is loud enough to be looked at, and of how many."""
    by_edges: dict[tuple[int, ...], list[int]] = {}
    for row in rows:
        edges = tuple(sorted({*bounds, *accepted.get(row, ()), logs.shape[1]}))
        by_edges.setdefault(edges, []).append(row)
    cuts, tests = [], 0
    for edges, mine in by_edges.items():
        for start, end in zip(edges, edges[1:]):
            for window in _windows(start, end):
                tests += len(mine)
                loud = _loudness(logs[np.ix_(mine, window)]) >= kLoud
                cuts += [_best_cut(logs[row], row, window) for row, l in zip(mine, loud) if l]
    return [cut for cut in cuts if cut], tests


def _windows(start: int, end: int) -> list[NDArray[np.int64]]:
    """The segment, and windows along it where it is long."""
    found = [np.arange(start, end)]
    if end - start > kWindow:
        starts = {*range(start, end - kWindow, kStride), end - kWindow}
        found += [np.arange(at, at + kWindow) for at in sorted(starts)]
    return found


def _loudness(values: stats.Array) -> stats.Array:
    """The largest |z| over all cuts, a row each: by ranks, absent nights in the middle, ties in order.

    Only to pass over the quiet ones quickly: no less than what _best_cut would find, ties apart.
    """
    n = values.shape[1]
    if n < 2 * kShortest:
        return np.zeros(values.shape[0])
    filled = np.where(np.isnan(values), stats.column_medians(values)[:, None], values)
    ranks = np.argsort(np.argsort(filled, axis=1, kind="stable"), axis=1)
    left = np.arange(kShortest, n - kShortest + 1)
    sums = np.cumsum(ranks - (n - 1) / 2, axis=1)[:, left - 1]
    return np.max(np.abs(sums) / np.sqrt(left * (n - left) * (n + 1) / 12), axis=1)


def _discovered(cuts: list[_Cut], tests: int, rate: float) -> list[_Cut]:
    """Those that pass at this false-discovery rate; tests that were too quiet to look at count as p = 1."""
    p = np.ones(max(tests, len(cuts)))
    p[: len(cuts)] = [1.0 if math.isnan(cut.p) else cut.p for cut in cuts]
    return [cut for cut, q in zip(cuts, stats.false_discovery(p)) if q <= rate]


def _best_cut(series: stats.Array, row: int, columns: NDArray[np.int64]) -> _Cut | None:
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

    A series strays by its distance from the median of its 15 nights before or its 15 after, whichever
    is nearer (within an epoch), in its own usual distances; a night is noisy when half of the series stray by more than
    `limit` times their usual. Below ten series nothing is judged.
    """
    chosen = logs[:: max(1, logs.shape[0] // 300)]  # a sample says it as well
    if chosen.shape[0] < 10:
        return []
    rest = np.full(chosen.shape, np.nan)
    for part in np.split(np.arange(logs.shape[1]), sorted(set(breaks) - {0})):
        for column in part:
            sides = (
                part[(part >= column - 15) & (part < column)],
                part[(part > column) & (part <= column + 15)],
            )
            apart = [
                chosen[:, column] - stats.column_medians(chosen[:, s]) for s in sides if s.size
            ]
            rest[:, column] = np.min(np.abs(apart), axis=0) if apart else np.nan
    usual = stats.column_medians(rest)
    with np.errstate(invalid="ignore", divide="ignore"):
        strayed = stats.column_medians((rest / usual[:, None]).T)
    return [int(c) for c in np.flatnonzero(strayed > limit)]
