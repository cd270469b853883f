"""Pair the cases of two runs, and refuse those that must not be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import comparison
import steadiness
from record import Key, Record, by_launch, freeze, group
from records import Run

VALUES: dict[str, Callable[[Record], float]] = {
    "p50": lambda r: r.p50_ns,
    "p99": lambda r: r.percentile(99)[0],
    "cpu_ns": lambda r: r.cpu_ns_per_message,
}


class Refused(Exception):
    """Why two runs must not be compared, in one line naming what differs."""


@dataclass(frozen=True)
class Pair:
    """One case measured by both runs."""

    experiment: str
    case: dict[str, Any]
    result: comparison.Comparison
    unstable: bool

    def name(self, axes: Iterable[str]) -> str:
        """The case by these axes."""
        words = [f"{a}={self.case[a]}" for a in axes if a in self.case and a != "transport"]
        return " ".join([self.experiment, str(self.case["transport"]), *words])


def varied(pairs: list[Pair]) -> list[str]:
    """The axes in which the pairs differ: what a name must say."""
    axes = list(dict.fromkeys(axis for pair in pairs for axis in pair.case))
    return [axis for axis in axes if len({repr(pair.case.get(axis)) for pair in pairs}) > 1]


def check_same_place(a: Run, b: Run, across_epoch: bool) -> None:
    """Raise Refused, naming the fields, unless machine and (if not permitted) epoch are the
    same.
    """
    for part in ("machine", "epoch"):
        ours, theirs = a.environment.get(part) or {}, b.environment.get(part) or {}
        for run, side in ((a, ours), (b, theirs)):
            if not isinstance(side, dict) or not side.get("key"):
                raise Refused(f"{run.path}: environment.json has no {part} key: not comparable")
        if ours["key"] == theirs["key"] or (part == "epoch" and across_epoch):
            continue
        names = sorted(k for k in {*ours, *theirs} - {"key"} if ours.get(k) != theirs.get(k))
        hint = " (--across-epoch permits it)" if part == "epoch" else ""
        raise Refused(f"{part} differs: {', '.join(names) or 'key'}{hint}")


def pair_up(
    a: Run, b: Run, value: str, only: Iterable[str] = ()
) -> tuple[list[Pair], tuple[int, int]]:
    """The common cases compared, and how many cases only A and only B have.

    Raises Refused when a common case was measured by another metric, or `only` names an unknown
    axis or value.
    """
    wanted = [_filter(text) for text in only]
    for run in (a, b):  # an axis that one of them did not have yet stood at its neutral value
        run.complete({**a.neutral, **b.neutral})
    sides = [_cases(run, wanted) for run in (a, b)]
    if wanted and not any(sides):
        raise Refused(f"--only {' '.join(only)}: no such cases in either run")
    pairs = []
    for key in [key for key in sides[0] if key in sides[1]]:
        ours, theirs = sides[0][key], sides[1][key]
        _check_metric(key, ours, theirs)
        pair = _compare(key, ours, theirs, VALUES[value])
        pairs += [pair] if pair else []
    return pairs, (len(sides[0].keys() - sides[1].keys()), len(sides[1].keys() - sides[0].keys()))


def _filter(text: str) -> tuple[str, str]:
    axis, equals, value = text.partition("=")
    if not equals:
        raise Refused(f"--only {text}: expected AXIS=VALUE")
    return axis, value


def _cases(run: Run, wanted: list[tuple[str, str]]) -> dict[tuple[str, Key], list[Record]]:
    """Usable records by experiment and case; an overloaded open loop has no latency to compare."""
    usable = [
        record
        for record in run.records
        if record.ok
        and not record.values.get("overloaded")
        and all(str(record.case.get(axis)) == value for axis, value in wanted)
    ]
    return group(usable, _key)


def _key(record: Record) -> tuple[str, Key]:
    without = ("threshold_bytes",) if record.case.get("path") == "auto" else ()
    return record.experiment, freeze(record.case, without)


def _check_metric(key: tuple[str, Key], ours: list[Record], theirs: list[Record]) -> None:
    """One metric on both sides, or Refused with the first field that differs."""
    first = ours[0].metric
    for record in [*ours, *theirs]:
        for field in sorted({*first, *record.metric}):
            if first.get(field) != record.metric.get(field):
                case = dict(key[1])
                raise Refused(
                    f"metric differs at {key[0]} {case['transport']} {case['message_bytes']} B: "
                    f"{field} {first.get(field)} against {record.metric.get(field)}"
                    f" ({record.where})"
                )


def _compare(
    key: tuple[str, Key],
    ours: list[Record],
    theirs: list[Record],
    value: Callable[[Record], float],
) -> Pair | None:
    """The case's comparison at the canary level both runs saw most; None without values on a
    side.
    """
    sides = _same_level(ours, theirs)
    launches = [[v for v in by_launch(side, value) if v > 0] for side in sides]
    if not all(launches):
        return None
    classes = [[steadiness.classify_windows(r.windows_ns) for r in side] for side in sides]
    shaky = any(steadiness.is_unstable(side) for side in classes)
    return Pair(key[0], dict(key[1]), comparison.unpaired(*launches), shaky)


def _same_level(ours: list[Record], theirs: list[Record]) -> list[list[Record]]:
    """Both sides' records at one level of the canary; all of them where it has one level."""
    readings = [steadiness.canary_readings(r.raw.get("canary")) for r in [*ours, *theirs]]
    levels = steadiness.canary_levels([v for pair in readings for v in pair])
    if len(levels) < 2:
        return [ours, theirs]
    label = [steadiness.canary_label(*pair, levels) if pair else None for pair in readings]
    split = len(ours)
    most = max(
        range(len(levels)), key=lambda l: min(label[:split].count(l), label[split:].count(l))
    )
    kept = [r for r, at in zip([*ours, *theirs], label) if at == most]
    return [[r for r in side if any(r is k for k in kept)] for side in (ours, theirs)]
