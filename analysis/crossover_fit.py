"""T of every hybrid of a run: from records to costs per block, to crossing.py, to the rows of
summary.json.

A hybrid's two sides are itself with everything through the queue (`path` queue) and everything
through shared memory (`path` shm); `auto` is checked against them. The value of a block, path and
size is the median over its launches, and the two sides are compared only at one level of the
canary.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import crossing
import local_fit
import stats
import steadiness
from record import Key, Record, freeze, group
from records import Run

kDescriptorBytes = 16  # transports/frame.hpp: sizeof(FrameDescriptor)
kFree = ("message_bytes", "path", "threshold_bytes", "access")
kSides = ("queue", "shm")
kTolerance = 0.03  # METHOD: worse than the better part means by more than 3 % beyond the interval
Value = Callable[[Record], float]
METRICS: dict[str, dict[str, Value]] = {
    "ask": {
        "p50": lambda r: r.p50_ns,
        "p99": lambda r: r.percentile(99, "round_trip_ns")[0],
        "cpu_ns": lambda r: r.cpu_ns_per_message,
    },
    "pour": {"ns_per_message": lambda r: r.p50_ns},
}
# Where a queue's cost may break: POSIX atomicity and default capacity of a pipe (pipe(7)).
PIPE_LIMITS = (4096.0, 65536.0)
LIMITS = {"pipe": PIPE_LIMITS, "fifo": PIPE_LIMITS}


@dataclass(frozen=True)
class Costs:
    """One hybrid under one condition: y[path][block, size] in ns of one metric; NaN = not
    measured.
    """

    axes: dict[str, Any]
    metric: str
    sizes: stats.Array
    y: dict[str, stats.Array]
    records: list[Record] = field(repr=False)
    left_out: int = 0  # values whose two sides ran at different levels of the canary


@dataclass(frozen=True)
class AutoCheck:
    """The hybrid with its measured T against its better part: ratio per size (1 = equal; larger is
    worse).

    `worse` lists the sizes, in bytes, where it is slower by more than 3 % beyond the interval, with
    at least one neighbour that is too; empty when the promise holds. `judged` is False below six
    blocks.
    """

    sizes: tuple[float, ...]
    ratio: tuple[stats.Interval, ...]
    worse: tuple[float, ...]
    judged: bool


@dataclass(frozen=True)
class Finding:
    """The answer for one hybrid, condition and metric: T without a model, the formula behind it,
    auto's check.
    """

    costs: Costs
    answer: crossing.Crossover
    fit: local_fit.LocalFit
    auto: AutoCheck | None

    @property
    def queue(self) -> str:
        """The queue a hybrid is made of, as the transport of that name."""
        return str(self.costs.axes["transport"]).removeprefix("hybrid_")


def of_run(run: Run) -> list[Finding]:
    """The findings of a loaded run, computed once however many figures ask for them."""
    if "findings" not in run.memo:
        run.memo["findings"] = findings(run.records, run.environment)
    return run.memo["findings"]


def findings(
    records: Iterable[Record],
    environment: dict[str, Any] | None = None,
    resamples: int = stats.kResamples,
) -> list[Finding]:
    """One finding per hybrid, condition and metric of the experiment `crossover`; [] without
    both sides.
    """
    caches = cache_sizes(environment or {})
    return [_find(costs, caches, resamples) for costs in all_costs(records)]


def _find(costs: Costs, caches: list[float], resamples: int) -> Finding:
    y_q, y_h = costs.y["queue"], costs.y["shm"]
    answer = crossing.crossover(costs.sizes, y_q, y_h, resamples)
    queue = str(costs.axes["transport"]).removeprefix("hybrid_")
    fit = local_fit.LocalFit("no single crossing to explain")
    if answer.T_bytes is not None:
        breaks = [*LIMITS.get(queue, ()), *caches]
        bounds = (answer.lo, answer.hi)
        args = (answer.T_bytes, bounds, kDescriptorBytes, breaks, resamples)
        fit = local_fit.explain(costs.sizes, y_q, y_h, *args)
    return Finding(costs, answer, fit, check_auto(costs) if "auto" in costs.y else None)


def all_costs(records: Iterable[Record], metrics: Iterable[str] | None = None) -> Iterator[Costs]:
    """Costs of both sides by hybrid, condition and metric (all, or those named), in a fixed
    order.
    """
    usable = [r for r in records if _usable(r)]
    conditions = group(usable, lambda r: (freeze(r.case, kFree), _metric_key(r)))
    for key in sorted(conditions, key=repr):
        members = conditions[key]
        for access in sorted({str(r.case.get("access")) for r in members if _path(r) == "shm"}):
            # access belongs to shared memory: a queue only copies, so its copies serve both
            sides = [r for r in members if r.case.get("access") == access]
            if not any(_path(r) == "queue" for r in sides):
                sides += [r for r in members if _path(r) == "queue"]
            axes = {**dict(key[0]), "access": access}
            for name, value in METRICS[axes["pattern"]].items():
                costs = _costs(axes, name, sides, value) if not metrics or name in metrics else None
                if costs is not None:
                    yield costs


def _usable(record: Record) -> bool:
    known = record.case.get("path") in (*kSides, "auto") and record.case["pattern"] in METRICS
    return record.ok and record.experiment == "crossover" and known and record.message_bytes > 0


def _path(record: Record) -> str:
    return str(record.case["path"])


def _metric_key(record: Record) -> Key:
    """What must be equal on both sides; copies differ by path, bytes are the axis."""
    return freeze(record.metric, ("copies", "asked_bytes", "answered_bytes"))


def _costs(axes: dict[str, Any], metric: str, records: list[Record], value: Value) -> Costs | None:
    """The arrays of one metric; None when no size has it on both sides."""
    found: dict[tuple[str, int, int], dict[int | None, list[float]]] = {}
    levels = steadiness.canary_levels(
        [v for r in records for v in steadiness.canary_readings(r.raw.get("canary"))]
    )
    for record in records:
        number = value(record)
        if number > 0:  # NaN is not
            cell = found.setdefault((_path(record), record.block, record.message_bytes), {})
            cell.setdefault(_level(record, levels), []).append(number)
    blocks = sorted({block for _, block, _ in found})
    sizes = sorted({size for _, _, size in found})
    paths = {path for path, _, _ in found}
    y = {path: np.full((len(blocks), len(sizes)), np.nan) for path in paths}
    left_out = 0
    for i, block in enumerate(blocks):
        for k, size in enumerate(sizes):
            cells = {p: found[p, block, size] for p in paths if (p, block, size) in found}
            level = _common_level(cells)
            left_out += level is None and all(side in cells for side in kSides)
            for path, cell in cells.items():
                if level in cell and level is not None:
                    y[path][i, k] = stats.median_interval(cell[level]).value
    if not all(s in y for s in kSides) or np.all(np.isnan(y["queue"] + y["shm"])):
        return None
    return Costs(axes, metric, np.array(sizes, dtype=float), y, records, left_out)


def _level(record: Record, levels: list[float]) -> int | None:
    """The canary's level a record ran at; 0 with one level or no canary, None where it moved."""
    readings = steadiness.canary_readings(record.raw.get("canary"))
    if len(levels) < 2 or not readings:
        return 0
    return steadiness.canary_label(*readings, levels)


def _common_level(cells: dict[str, dict[int | None, list[float]]]) -> int | None:
    """The level at which all sides here were measured, the one with most launches; None without."""
    sides = [set(cells[side]) for side in kSides if side in cells]
    shared = set.intersection(*sides) - {None} if sides else set()
    return max(
        sorted(shared), key=lambda l: sum(len(c.get(l, [])) for c in cells.values()), default=None
    )


def check_auto(costs: Costs) -> AutoCheck:
    """Compare `auto` with the better part at each size (the one with the smaller median over
    blocks).
    """
    sides = np.stack([costs.y[side] for side in kSides])
    medians = stats.column_medians(np.swapaxes(sides, 1, 2))
    better = np.where(medians[0] <= medians[1], sides[0], sides[1])
    logs = stats.log_ratio(costs.y["auto"], better)
    here = np.flatnonzero((~np.isnan(logs)).any(axis=0))
    middles = [stats.median_interval(logs[:, k]) for k in here]
    worse = np.array([m.lo is not None and m.lo > math.log1p(kTolerance) for m in middles], bool)
    beside = np.zeros_like(worse)
    beside[1:] |= worse[:-1]
    beside[:-1] |= worse[1:]
    sizes = costs.sizes[here]
    return AutoCheck(
        tuple(map(float, sizes)),
        tuple(_exp(m) for m in middles),
        tuple(map(float, sizes[worse & beside])),
        any(m.lo is not None for m in middles),
    )


def _exp(middle: stats.Interval) -> stats.Interval:
    bounds = [None if v is None else math.exp(v) for v in (middle.value, middle.lo, middle.hi)]
    return stats.Interval(bounds[0], bounds[1], bounds[2], middle.coverage, middle.n)


def cache_sizes(environment: dict[str, Any]) -> list[float]:
    """Cache sizes in bytes, ascending, from the machine's topology line (`L2 2 x 1 MiB`); []
    without one.
    """
    text = str((environment.get("machine") or {}).get("topology", ""))
    units = {"KiB": 1024.0, "MiB": 1024.0**2, "GiB": 1024.0**3}
    return sorted({float(n) * units[u] for n, u in re.findall(r"\d+ x ([\d.]+) ([KMG]iB)", text)})


def queue_limit(costs: Costs) -> float:
    """The largest size (bytes) the queue took where shared memory took larger ones; inf if it
    took them all.
    """
    took = {side: costs.sizes[(~np.isnan(costs.y[side])).any(axis=0)] for side in kSides}
    return math.inf if took["queue"].max() >= took["shm"].max() else float(took["queue"].max())


def auto_threshold(costs: Costs, answer: crossing.Crossover) -> float:
    """The payload (bytes) up to which `auto` should use the queue, never beyond what the queue
    takes.
    """
    return min(crossing.best_threshold(answer), queue_limit(costs))
