"""What a run says of each series of the history: one value a launch, the median of the night.

A series is an experiment, a case, a metric and a value: `p50` (central cost), `p99` (only where its
launch has 100 samples beyond it), `cpu` (CPU time a message) or `calls` (system calls a message);
larger is worse in all of them. Axes at their neutral value are left out of the case, so that a
series survives an axis that is invented later; what `auto` chose is a result, not an axis.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

import stats
import steadiness
from record import Record
from records import Run
from series import Levels


class Name(NamedTuple):
    """What makes a series; case and metric as canonical JSON."""

    experiment: str
    value: str
    case: str
    metric: str


@dataclass(frozen=True)
class Night:
    """One series in one run; times in ns (calls: a count). `error` is of the log median."""

    launches: dict[int, float]  # launch order -> value
    median: float
    lo: float | None
    hi: float | None
    error: float | None
    level_ns: float | None  # of the canary, where its launches had one
    unstable: bool


def _p99(record: Record) -> float:
    value, reliability = record.percentile(99)
    return value if reliability == "ok" else math.nan


VALUES: dict[str, Callable[[Record], float]] = {
    "p50": lambda r: r.p50_ns,
    "p99": _p99,
    "cpu": lambda r: r.cpu_ns_per_message,
    "calls": lambda r: float(r.values.get("system_calls_per_message", math.nan)),
}


def canonical(mapping: dict[str, Any]) -> str:
    """A flat map as text that is equal where the map is."""
    return json.dumps(mapping, sort_keys=True, separators=(",", ":"))


def short_case(case: dict[str, Any], neutral: dict[str, Any]) -> dict[str, Any]:
    """The axes that identify a case."""
    dropped = {"threshold_bytes"} if case.get("path") == "auto" else set()
    return {k: v for k, v in case.items() if neutral.get(k, ...) != v and k not in dropped}


def of_run(run: Run) -> dict[Name, Night]:
    """Every series that has a value here; an overloaded open loop has none."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in run.records:
        if record.ok and not record.values.get("overloaded"):
            case = canonical(short_case(record.case, run.neutral))
            groups.setdefault((record.experiment, case, canonical(record.metric)), []).append(
                record
            )
    levels, found = Levels.of(run), {}
    for (experiment, case, metric), members in groups.items():
        level = levels.main(members)
        members = [r for r in members if levels.level(r) == level]
        if not members:
            continue
        unstable = steadiness.is_unstable([levels.steadiness(r) for r in members])
        reading = _level_ns(members)
        for value, of in VALUES.items():
            launches = _by_launch(members, of)
            if launches:
                name = Name(experiment, value, case, metric)
                found[name] = _night(launches, reading, unstable)
    return found


def _by_launch(members: list[Record], of: Callable[[Record], float]) -> dict[int, float]:
    values: dict[int, list[float]] = {}
    for record in members:
        value = of(record)
        if value > 0:  # NaN is not
            values.setdefault(record.launch_order, []).append(value)
    return {order: float(median(several)) for order, several in values.items()}


def _level_ns(members: list[Record]) -> float | None:
    readings = [r.canary_ns for r in members if not math.isnan(r.canary_ns)]
    return float(median(readings)) if readings else None


def _night(launches: dict[int, float], level_ns: float | None, unstable: bool) -> Night:
    middle = stats.median_interval(list(launches.values()))
    error = stats.median_error([math.log(v) for v in launches.values()])
    return Night(launches, middle.value, middle.lo, middle.hi, error, level_ns, unstable)
