"""Whether a series holds still: modes, warm-up, the canary, and when enough launches have been
made.

Values are times (any unit) unless said otherwise, all > 0; shifts are judged on logs, so a
threshold of 2 % means a ratio of 1.02. Rules are METHOD sections 1 and 5; harness/canary_rule
has the canary's in C++, and both are held to results/reference/canary_rule.json.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

import stats

kModesFrom = 20  # launches: below, two clusters of a handful of values mean nothing
kWindowsFrom = 30
kReadings = ("before_ns", "after_ns")


@dataclass(frozen=True)
class Mode:
    """One level of a series: its median (unit of the data), its share of the launches, and which
    they are.
    """

    median: float
    share: float
    members: tuple[int, ...]


def best_cut(ordered: stats.Array) -> tuple[int, float]:
    """Where to cut an ascending (or time-ordered) array in two for the least sum of squares, and
    that sum.
    """
    n = ordered.size
    sizes = np.arange(1, n)
    sums, squares = np.cumsum(ordered), np.cumsum(ordered**2)
    left = squares[:-1] - sums[:-1] ** 2 / sizes
    right = (squares[-1] - squares[:-1]) - (sums[-1] - sums[:-1]) ** 2 / (n - sizes)
    within = left + right
    cut = int(np.argmin(within))
    return cut + 1, float(max(within[cut], 0.0))


def modes(values: ArrayLike) -> list[Mode]:
    """One mode, or two when the launches form two clusters: medians, shares and members, lowest
    first.

    Best two-cluster split of the logs (Fisher 1958), accepted with n >= 20, at least two launches
    on each side, and means apart by more than 5 pooled standard deviations and more than 2 %.
    """
    data = np.asarray(values, dtype=float).ravel()
    whole = [Mode(float(np.median(data)), 1.0, tuple(range(data.size)))]
    if data.size < kModesFrom:
        return whole
    order = np.argsort(data, kind="stable")
    logs = np.log(data[order])
    cut, within = best_cut(logs)
    apart = logs[cut:].mean() - logs[:cut].mean()
    pooled = math.sqrt(within / (data.size - 2))
    if min(cut, data.size - cut) < 2 or apart <= max(5 * pooled, math.log(1.02)):
        return whole
    return [
        Mode(float(np.median(data[part])), part.size / data.size, tuple(sorted(map(int, part))))
        for part in (order[:cut], order[cut:])
    ]


def classify_windows(windows: ArrayLike) -> str:
    """`flat`, `warming` (gets faster), `slowing`, `unsteady`, or `n/a` with fewer than 30 windows
    of a launch.

    The logs, freed of spikes one or two windows long (a timer's tick, and one that falls between
    two), are cut into levels by binary segmentation; a launch is flat while its levels stay within
    2 % of one another, warming or slowing when they only fall or only rise, else unsteady (after
    Barrett et al. 2017, "Virtual machine warmup blows hot and cold", who leave out outliers too).
    """
    data = np.asarray(windows, dtype=float).ravel()
    if data.size < kWindowsFrom or not np.all(data > 0):
        return "n/a"
    [calm], [noise] = _calmed(data[None, :])
    return _class_of(calm, float(noise))


def _class_of(calm: stats.Array, noise: float) -> str:
    """The class of a launch's logs, freed of spikes, by the levels they fall into."""
    levels = np.array(_levels_in_time(calm, noise))
    if levels.max() - levels.min() <= math.log(1.02):
        return "flat"
    steps = np.diff(levels)
    return "warming" if np.all(steps < 0) else "slowing" if np.all(steps > 0) else "unsteady"


def classify_many(launches: Sequence[Sequence[float]]) -> list[str]:
    """classify_windows of every launch, the same answers in a fraction of the time.

    A launch without a first cut is flat; that is seen for all launches of one length at once, and only
    the others are looked at one by one.
    """
    found = ["n/a"] * len(launches)
    by_length: dict[int, list[int]] = {}
    for at, windows in enumerate(launches):
        if len(windows) >= kWindowsFrom:
            by_length.setdefault(len(windows), []).append(at)
    for rows in by_length.values():
        data = np.array([launches[at] for at in rows], dtype=float)
        calm, noise = _calmed(data)
        possible = np.all(data > 0, axis=1)
        for i, (at, uncut) in enumerate(zip(rows, _uncut(calm, noise))):
            if possible[i]:
                found[at] = "flat" if uncut else _class_of(calm[i], float(noise[i]))
    return found


def _calmed(data: stats.Array) -> tuple[stats.Array, stats.Array]:
    """The logs of each row freed of spikes, and the row's noise.

    A running median of five; the first two and the last two have their neighbour's, so that a
    spike at an end counts no more often than one within.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(data)
    steps = np.diff(logs, axis=1)
    middle = np.median(steps, axis=1, keepdims=True)
    sd = stats.kMadToSd * np.median(np.abs(steps - middle), axis=1)
    noise = np.maximum(sd / math.sqrt(2), 0.002)
    n = logs.shape[1] - 4
    calm = np.median(np.stack([logs[:, i : i + n] for i in range(5)]), axis=0)
    return np.pad(calm, ((0, 0), (2, 2)), mode="edge"), noise


def _uncut(calm: stats.Array, noise: stats.Array, shortest: int = 3) -> NDArray[np.bool_]:
    """Which rows have no first cut: what _levels_in_time asks, for a matrix."""
    n = calm.shape[1]
    cuts = np.arange(shortest, n - shortest + 1)
    sums = np.cumsum(calm, axis=1)
    apart = (sums[:, -1:] - sums[:, cuts - 1]) / (n - cuts) - sums[:, cuts - 1] / cuts
    scores = np.abs(apart) / (noise[:, None] * np.sqrt(1 / cuts + 1 / (n - cuts)))
    best = np.argmax(scores, axis=1)[:, None]
    loud = np.take_along_axis(scores, best, 1)[:, 0] > 4
    far = np.abs(np.take_along_axis(apart, best, 1)[:, 0]) > 0.005
    return ~(loud & far)


def _levels_in_time(logs: stats.Array, noise: float, shortest: int = 3) -> list[float]:
    """Means of the segments a time series falls into; a cut needs 4 standard errors and 0.5 %."""
    if logs.size >= 2 * shortest:
        cuts = np.arange(shortest, logs.size - shortest + 1)
        sums = np.cumsum(logs)
        left = sums[cuts - 1] / cuts
        right = (sums[-1] - sums[cuts - 1]) / (logs.size - cuts)
        scores = np.abs(right - left) / (noise * np.sqrt(1 / cuts + 1 / (logs.size - cuts)))
        best = int(np.argmax(scores))
        if scores[best] > 4 and abs(right[best] - left[best]) > 0.005:
            cut = int(cuts[best])
            return _levels_in_time(logs[:cut], noise) + _levels_in_time(logs[cut:], noise)
    return [float(logs.mean())]


def is_unstable(classes: Sequence[str]) -> bool:
    """Whether more than a fifth of a case's launches are not flat; launches without a class
    (`n/a`) do not count.
    """
    judged = [name for name in classes if name != "n/a"]
    return 5 * sum(name != "flat" for name in judged) > len(judged)


def canary_off(value_ns: float, median_ns: float, robust_sd_ns: float) -> bool:
    """The canary's rule, first half: further than 3 robust standard deviations from its median."""
    return abs(value_ns - median_ns) > 3 * robust_sd_ns


def canary_moved(before_ns: float, after_ns: float) -> bool:
    """The canary's rule, second half: moved by more than 15 % (larger over smaller) within a
    case.
    """
    return max(before_ns, after_ns) > 1.15 * min(before_ns, after_ns)


def canary_verdict(
    launch: Sequence[tuple[float, float]], readings_ns: ArrayLike, quantum_ns: float = 0.0
) -> str:
    """Whether a launch ran on an undisturbed machine: `clean`, `moved`, `off`; `several` levels or
    `few` readings (< 20) leave it unjudged.

    `launch` holds each case's canary (ns, before and after), `readings_ns` all of the run at its
    placement. `moved`: any case's two; `off`: the launch's median against the run's. The standard
    deviation is at least the resolution of a reading, else a constant history would condemn every
    other value.
    """
    readings = np.asarray(readings_ns, dtype=float).ravel()
    if not len(launch) or readings.size < kModesFrom:
        return "few"
    if len(canary_levels(readings)) > 1:
        return "several"
    if any(canary_moved(*pair) for pair in launch):
        return "moved"
    sd = max(stats.robust_sd(readings), quantum_ns)
    off = canary_off(float(np.median(np.ravel(launch))), float(np.median(readings)), sd)
    return "off" if off else "clean"


def canary_levels(readings_ns: ArrayLike) -> list[float]:
    """The levels (medians, ns, ascending) of a run's canary readings; one level when it holds
    still.

    The best split is accepted when the medians of the two sides lie more than 15 % and 5 robust
    standard deviations apart with at least three readings each; then each side is tried again.
    Fewer than 20 readings: one.
    """
    data = np.sort(np.asarray(readings_ns, dtype=float).ravel())
    data = data[data > 0]
    if data.size == 0:
        return []
    return _split_levels(data) if data.size >= kModesFrom else [float(np.median(data))]


def _split_levels(ordered: stats.Array) -> list[float]:
    if ordered.size >= 6:
        logs = np.log(ordered)
        cut, _ = best_cut(logs)
        low, high = logs[:cut], logs[cut:]
        sd = math.sqrt((stats.robust_sd(low) ** 2 + stats.robust_sd(high) ** 2) / 2)
        if min(low.size, high.size) >= 3:
            if np.median(high) - np.median(low) > max(5 * sd, math.log(1.15)):
                return _split_levels(ordered[:cut]) + _split_levels(ordered[cut:])
    return [float(np.median(ordered))]


def canary_label(before_ns: float, after_ns: float, levels_ns: Sequence[float]) -> int | None:
    """Index of the level a case ran at, or None when the canary moved within it: such a case has
    no level.
    """
    if not levels_ns or canary_moved(before_ns, after_ns):
        return None
    middle = math.log(math.sqrt(before_ns * after_ns))
    return min(range(len(levels_ns)), key=lambda i: abs(math.log(levels_ns[i]) - middle))


@dataclass(frozen=True)
class Stop:
    """Whether to stop, how many launches to add otherwise, and why in words."""

    done: bool
    add: int
    reason: str


def adaptive_stop(
    values: ArrayLike,
    elapsed_s: float = 0.0,
    budget_s: float = math.inf,
    target: float = 0.01,
    start: int = 10,
    add: int = 5,
    most: int = 60,
) -> Stop:
    """Whether a case needs more launches: 10 to start, 5 more until the half width is <= 1 % of the
    median.

    `values` are launch medians; it also stops at 60 launches or when the time budget (seconds) is
    spent.
    """
    data = np.asarray(values, dtype=float).ravel()
    n = int(np.count_nonzero(~np.isnan(data)))
    if elapsed_s >= budget_s:
        return Stop(True, 0, f"time budget of {budget_s:g} s spent after {n} launches")
    if n < start:
        return Stop(False, start - n, f"{n} of the first {start} launches")
    middle = stats.median_interval(data)
    width = middle.half_width
    relative = math.inf if width is None or middle.value == 0 else width / abs(middle.value)
    said = f"half width {100 * relative:.2g} % of the median after {n} launches"
    if relative <= target:
        return Stop(True, 0, f"{said}, at most {100 * target:g} % asked")
    if n >= most:
        return Stop(True, 0, f"{said}, {most} launches are the most")
    return Stop(False, min(add, most - n), f"{said}, more than {100 * target:g} %")


def canary_readings(canary: Any) -> tuple[float, float] | tuple[()]:
    """A record's canary (ns, before and after), or () where either is absent."""
    found = [canary.get(name) if isinstance(canary, dict) else None for name in kReadings]
    return (float(found[0]), float(found[1])) if all(found) else ()
