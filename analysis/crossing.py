"""T without a model: from which payload size does shared memory beat the queue?

D_j(s) = ln y_queue - ln y_shm in block j at size s; above zero shared memory is faster. Medians of
D over blocks are made monotone (PAV) on ln s inside a bracket holding one sign change, and T is
where that fit crosses zero; the interval comes from resampled blocks. No cost model enters, so
breaks at caches and capacities do no harm. Formulas and rules: METHOD section 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

import stats

Array = stats.Array

kUndecided, kQueue, kShm = "undecided", "queue", "shm"


@dataclass(frozen=True)
class Crossing:
    """One change of the faster path: T in bytes with its interval (bounds may be infinite; None
    below 6 blocks).

    `rising`: the queue wins below and shared memory above. `between`: the last size decided for the
    one path and the first decided for the other, in bytes. `in_range`: share of resamples that
    cross inside the bracket, or None.
    """

    T_bytes: float
    lo: float | None
    hi: float | None
    rising: bool
    between: tuple[float, float]
    in_range: float | None


@dataclass(frozen=True)
class Crossover:
    """The answer for one case: `ok` (T_bytes, lo, hi), `none` (winner) or `several` (crossings;
    T_bytes None).

    `dominance` names the faster path per size, undecided everywhere below 6 blocks, `difference` is D per size with its interval
    (natural log), and `note` says in words what limits the answer; empty when nothing does.
    """

    status: str
    T_bytes: float | None
    lo: float | None
    hi: float | None
    p_in_range: float | None
    crossings: tuple[Crossing, ...]
    winner: str | None
    sizes: tuple[float, ...]
    dominance: tuple[str, ...]
    difference: tuple[stats.Interval, ...]
    blocks: int
    note: str

    @property
    def judged(self) -> bool:
        """Whether there are blocks enough for intervals; without them T is where to look, no answer."""
        return self.blocks >= stats.kMinLaunches


def crossover(
    sizes_bytes: ArrayLike,
    y_queue: ArrayLike,
    y_shm: ArrayLike,
    resamples: int = stats.kResamples,
    seed: int = 1,
) -> Crossover:
    """T from costs y[block, size] of both paths (any unit, the same on both; NaN = not measured).

    Sizes are payload bytes > 0, ascending and distinct; sizes no block measured on both paths are
    left out. Raises ValueError when the shapes disagree or nothing was measured on both paths.
    """
    sizes, D = _differences(sizes_bytes, y_queue, y_shm)
    difference = tuple(stats.median_interval(column) for column in D.T)
    signs = np.array([_sign(column, middle, len(D)) for column, middle in zip(D.T, difference)])
    changes = sign_changes(signs, shortest_run=1 if len(D) >= stats.kMinLaunches else 2)
    found, finite = [], np.zeros(resamples, dtype=bool)
    for bracket in changes or [Bracket(0, 0, len(sizes) - 1, len(sizes) - 1, True)]:
        crossing, crosses = _locate(sizes, D, bracket, resamples, seed)
        finite |= crosses
        if changes:
            found.append(crossing)
    return _answer(sizes, D, difference, signs, found, finite)


def _answer(
    sizes: Array,
    D: Array,
    difference: tuple[stats.Interval, ...],
    signs: NDArray[np.int64],
    found: list[Crossing],
    finite: NDArray[np.bool_],
) -> Crossover:
    blocks = len(D)
    few = blocks < stats.kMinLaunches
    status = "none" if not found else "ok" if len(found) == 1 else "several"
    only = found[0] if len(found) == 1 else None
    note = f"no interval: {blocks} blocks, {stats.kMinLaunches} needed" if few else ""
    return Crossover(
        status=status,
        T_bytes=only.T_bytes if only else None,
        lo=only.lo if only else None,
        hi=only.hi if only else None,
        p_in_range=None if few else float(finite.mean()),
        crossings=tuple(found),
        winner=_winner(signs) if status == "none" else None,
        sizes=tuple(map(float, sizes)),
        dominance=tuple(
            kUndecided if few else {-1: kQueue, 0: kUndecided, 1: kShm}[int(sign)] for sign in signs
        ),
        difference=difference,
        blocks=blocks,
        note=note,
    )


def _differences(
    sizes_bytes: ArrayLike, y_queue: ArrayLike, y_shm: ArrayLike
) -> tuple[Array, Array]:
    """Sizes measured on both paths, and D[block, size]; blocks without any such size are
    dropped.
    """
    sizes = np.asarray(sizes_bytes, dtype=float)
    D = np.atleast_2d(stats.log_ratio(y_queue, y_shm))
    if sizes.ndim != 1 or D.shape[1] != sizes.size:
        raise ValueError(f"crossover: {sizes.size} sizes, costs of shape {D.shape}")
    if np.any(sizes <= 0) or np.any(np.diff(sizes) <= 0):
        raise ValueError("crossover: sizes must be positive and ascending")
    here = ~np.isnan(D)
    if not here.any():
        raise ValueError("crossover: no size was measured on both paths")
    return sizes[here.any(axis=0)], D[np.ix_(here.any(axis=1), here.any(axis=0))]


def _sign(column: Array, middle: stats.Interval, blocks: int) -> int:
    """+1 where shared memory is faster, -1 where the queue is, 0 undecided.

    By the interval of D; in a run of fewer than six blocks, where no interval exists, by all blocks
    agreeing.
    """
    if middle.lo is not None and middle.hi is not None:
        return int(middle.lo > 0) - int(middle.hi < 0)
    if blocks >= stats.kMinLaunches:
        return 0
    present = column[~np.isnan(column)]
    return int(np.all(present > 0)) - int(np.all(present < 0))


@dataclass(frozen=True)
class Bracket:
    """Indices of sizes around one sign change: first..last is the bracket, before and after the
    sizes that decide.
    """

    first: int
    before: int
    after: int
    last: int
    rising: bool


def sign_changes(signs: ArrayLike, shortest_run: int = 1) -> list[Bracket]:
    """One bracket for each change between -1 and +1, undecided (0) sizes being passed over.

    A bracket reaches from the first decided size of the run before the change to the last of the
    run after it: it holds exactly one change, and because its ends are decided the isotonic fit of
    the medians always crosses inside. Runs of fewer than `shortest_run` decided sizes do not count.
    """
    decided = np.asarray(signs, dtype=int)
    runs: list[list[int]] = []
    for index in np.flatnonzero(decided):
        if runs and decided[runs[-1][0]] == decided[index]:
            runs[-1].append(int(index))
        else:
            runs.append([int(index)])
    runs = [run for run in runs if len(run) >= shortest_run]
    merged: list[list[int]] = []
    for run in runs:
        if merged and decided[merged[-1][0]] == decided[run[0]]:
            merged[-1].extend(run)
        else:
            merged.append(list(run))
    return [
        Bracket(
            first=left[0],
            before=left[-1],
            after=right[0],
            last=right[-1],
            rising=bool(decided[right[0]] > 0),
        )
        for left, right in zip(merged, merged[1:])
    ]


def _locate(
    sizes: Array, D: Array, bracket: Bracket, resamples: int, seed: int
) -> tuple[Crossing, NDArray[np.bool_]]:
    """The crossing of one bracket, and which resamples cross inside it."""
    part = slice(bracket.first, bracket.last + 1)
    logs = np.log(sizes[part])
    rising = D[:, part] if bracket.rising else -D[:, part]
    point = math.exp(zero_crossings(logs, *_medians(rising[None]))[0])
    between = (float(sizes[bracket.before]), float(sizes[bracket.after]))
    if len(D) < stats.kMinLaunches:
        return Crossing(point, None, None, bracket.rising, between, None), np.zeros(resamples, bool)
    picks = stats.block_resamples(len(D), resamples, seed)
    with np.errstate(over="ignore"):
        drawn = np.exp(zero_crossings(logs, *_medians(rising[picks])))
    low, high = stats.nearest_rank_interval(np.where(drawn == 0, -np.inf, drawn))
    crosses = np.isfinite(drawn) & (drawn > 0)
    low, high = min(low, point), max(high, point)
    return Crossing(point, low, high, bracket.rising, between, float(crosses.mean())), crosses


def _medians(samples: Array) -> tuple[Array, Array]:
    """Medians over blocks of samples[resample, block, size], and how many blocks each rests on."""
    present = np.count_nonzero(~np.isnan(samples), axis=1)
    return stats.column_medians(np.swapaxes(samples, 1, 2)), present


def zero_crossings(log_sizes: Array, D: Array, weights: ArrayLike) -> Array:
    """Where the isotonic fit of each row of D crosses zero upwards, as ln bytes; -inf or inf if it
    does not.

    Equal to interpolating stats.isotonic(D, weights) linearly in ln s, without fitting all of it:
    the sizes where the fit is below zero end at the least cumulative sum of weight x D; the pool
    ending there is the largest mean of sums ending there, and the one after it the smallest mean of
    sums beginning there (min-max formula of isotonic regression, Robertson, Wright & Dykstra 1988,
    section 1.4). Weight 0, or D NaN, means not measured. -inf: the fit is above zero already at the
    smallest size.
    """
    weight = np.where(np.isnan(D), 0.0, np.asarray(weights, dtype=float))
    sums = np.cumsum(np.where(weight > 0, weight * np.nan_to_num(D), 0.0), axis=1)
    mass = np.cumsum(weight, axis=1)
    rows = np.arange(len(D))
    measured, index = weight > 0, np.arange(D.shape[1])
    cut = np.argmin(sums, axis=1)[:, None]
    left = np.where(measured & (index <= cut), index, -1).max(axis=1)
    right = np.where(measured & (index > cut), index, D.shape[1]).min(axis=1)
    none_left = (left < 0) | (sums[rows, cut[:, 0]] >= 0)
    none_right = right >= D.shape[1]
    left, right = np.clip(left, 0, None), np.clip(right, None, D.shape[1] - 1)
    zero = np.zeros((len(D), 1))
    sums_before, mass_before = np.hstack([zero, sums[:, :-1]]), np.hstack([zero, mass[:, :-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        ending = (sums[rows, left][:, None] - sums_before) / (
            mass[rows, left][:, None] - mass_before
        )
        begun = (sums - sums_before[rows, right][:, None]) / (
            mass - mass_before[rows, right][:, None]
        )
    below = np.where(measured & (index <= left[:, None]), ending, -np.inf).max(axis=1)
    above = np.where(measured & (index >= right[:, None]), begun, np.inf).min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(below / (below - above), 0, 1)
    at = log_sizes[left] + share * (log_sizes[right] - log_sizes[left])
    return np.where(none_right, np.inf, np.where(none_left, -np.inf, at))


def _winner(signs: NDArray[np.int64]) -> str:
    # Both signs and no crossing: too few blocks or sizes to call it one, and no path wins everywhere.
    if np.any(signs > 0) and np.any(signs < 0):
        return kUndecided
    return kShm if np.any(signs > 0) else kQueue if np.any(signs < 0) else kUndecided


def best_threshold(answer: Crossover) -> float:
    """The payload (bytes) up to which the queue should carry messages: 0, T, or inf; for the
    hybrid's `auto`.

    With one rising crossing it is T. Otherwise the candidate (0, every rising crossing, inf) whose
    choice costs least in sum of D over the measured sizes, whatever the verdict: the least regret.
    """
    sizes = np.array(answer.sizes)
    D = np.array([middle.value for middle in answer.difference])
    candidates = [0.0, *(c.T_bytes for c in answer.crossings if c.rising), math.inf]
    if answer.status == "ok" and answer.crossings[0].rising:
        return candidates[1]
    return min(candidates, key=lambda T: float(np.sum(D[sizes <= T])))


def refine_sizes(T_bytes: float, count: int = 8) -> list[int]:
    """`count` whole sizes, log-spaced in [T/2, 2T] (bytes), without repeats and at least 1."""
    if not (math.isfinite(T_bytes) and T_bytes > 0):
        return []
    wanted = np.exp(np.linspace(math.log(T_bytes / 2), math.log(T_bytes * 2), count))
    return sorted({max(1, int(round(size))) for size in wanted})
