"""What a run says of each series of the history: one value a launch, the median of the night.

A series is an experiment, a case, a metric and a value: `p50` (central cost), `p99` (only where its
launch has 100 samples beyond it), `cpu` (CPU time a message) or `calls` (system calls a message);
larger is worse in all of them. Axes at their neutral value are left out of the case, so that a
series survives an axis that is invented later; what `auto` chose is a result, not an axis.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

import stats
import steadiness
from record import Record
from nightly_records import VALUES, NightlyRun, Read
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


def canonical(mapping: dict[str, Any]) -> str:
    """A flat map as text that is equal where the map is."""
    return json.dumps(mapping, sort_keys=True, separators=(",", ":"))


def short_case(case: dict[str, Any], neutral: dict[str, Any]) -> dict[str, Any]:
    """The axes that identify a case."""
    dropped = {"threshold_bytes"} if case.get("path") == "auto" else set()
    return {k: v for k, v in case.items() if neutral.get(k, ...) != v and k not in dropped}


def of_run(night: NightlyRun) -> dict[Name, Night]:
    """Every series that has a value here; an overloaded open loop has none."""
    run = night.run
    groups: dict[tuple[str, str, str], list[Read]] = {}
    for read in night.read:
        record = read.record
        if record.ok and not record.values.get("overloaded"):
            case = canonical(short_case(record.case, run.neutral))
            groups.setdefault((record.experiment, case, canonical(record.metric)), []).append(read)
    levels, found = Levels.of(run), {}
    for (experiment, case, metric), members in groups.items():
        level = levels.main([read.record for read in members])
        members = [read for read in members if levels.level(read.record) == level]
        if not members:
            continue
        unstable = steadiness.is_unstable([read.steady for read in members])
        reading = _level_ns([read.record for read in members])
        for value in VALUES:
            launches = _by_launch(members, value)
            if launches:
                found[Name(experiment, value, case, metric)] = _night(launches, reading, unstable)
    return found


def _by_launch(members: list[Read], value: str) -> dict[int, float]:
    values: dict[int, list[float]] = {}
    for read in members:
        number = read.values[value]
        if number > 0:  # NaN is not
            values.setdefault(read.record.launch_order, []).append(number)
    return {order: float(median(several)) for order, several in values.items()}


def _level_ns(members: list[Record]) -> float | None:
    readings = [r.canary_ns for r in members if not math.isnan(r.canary_ns)]
    return float(median(readings)) if readings else None


def _night(launches: dict[int, float], level_ns: float | None, unstable: bool) -> Night:
    middle = stats.median_interval(list(launches.values()))
    error = stats.median_error([math.log(v) for v in launches.values()])
    return Night(launches, middle.value, middle.lo, middle.hi, error, level_ns, unstable)
