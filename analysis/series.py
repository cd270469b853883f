"""From records to what is drawn: conditions, series and points, each point a median over launches.

Records of different metrics never share a series, and launches at different canary levels never share a point: the
level most launches of a line ran at makes its points, the others are kept beside them, drawn one by one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import stats
import steadiness
import style
from records import Record, Run, as_number, by_launch, freeze, group

Value = Callable[[Record], float]
LACKING = ("address", "backing", "nodelay")  # where `none` is of transports without the axis
TIMES = {"timer_slack_ns": "slack"}  # as a label says them
BYTES = ("asked_bytes", "answered_bytes")


@dataclass(frozen=True)
class Point:
    """One case: its median over launches with interval, and every launch."""

    x: float
    interval: stats.Interval
    launches: list[float]
    modes: list[steadiness.Mode]
    others: list[float]  # launches at other canary levels
    p99: float
    p99_reliability: str
    cpu_ns: float
    unstable: bool

    @property
    def several_modes(self) -> bool:
        return len(self.modes) > 1


@dataclass(frozen=True)
class Series:
    """One line of a panel."""

    transport: str
    variant: str  # what tells it from the same transport's other lines here
    points: list[Point]
    records: list[Record] = field(repr=False)
    strays: list[tuple[float, float]]  # launches at other canary levels: x and value
    level: str = ""  # of the canary, where it is not the run's usual one

    @property
    def label(self) -> str:
        return " ".join(filter(None, [self.transport, self.variant, self.level]))


class Levels:
    """The canary's levels per placement, which one a record ran at, and whether it held steady."""

    @staticmethod
    def of(run: Run) -> "Levels":
        """A run's, found once."""
        if "levels" not in run.memo:
            run.memo["levels"] = Levels(run)
        return run.memo["levels"]

    def __init__(self, run: Run) -> None:
        self._run, self._classes = run, dict[int, str]()
        self._level_of: dict[int, int | None] = {}
        readings: dict[str, list[float]] = {}
        for record in run.records:
            readings.setdefault(_place(record), []).extend(_canary(record))
        self.of_place = {p: steadiness.canary_levels(r) for p, r in readings.items() if r}
        seen: dict[str, Counter[int]] = {}
        for record in run.records if self._several() else []:
            level = self.level(record)
            if record.ok and level is not None:
                seen.setdefault(_place(record), Counter())[level] += 1
        self._main = {p: min(c, key=lambda l: (-c[l], l)) for p, c in seen.items()}

    def level(self, record: Record) -> int | None:
        """Index of the level, found once; 0 where there is one level or no canary; None where it moved."""
        if id(record) not in self._level_of:
            self._level_of[id(record)] = self._sought(record)
        return self._level_of[id(record)]

    def _sought(self, record: Record) -> int | None:
        levels = self.of_place.get(_place(record), [])
        readings = _canary(record)
        if len(levels) < 2 or len(readings) < 2:
            return 0
        return steadiness.canary_label(readings[0], readings[1], levels)

    def _several(self) -> bool:
        return any(len(levels) > 1 for levels in self.of_place.values())

    def main(self, records: list[Record]) -> int:
        """The level most of these records ran at; where that is a tie, most of the run."""
        seen = Counter(l for l in map(self.level, records) if l is not None)
        usual = self._main.get(_place(records[0]), 0)
        return min(seen, key=lambda l: (-seen[l], l != usual, l)) if seen else usual

    def name(self, place: Record, level: int) -> str:
        """What a label says of a line that is not at the run's usual level; else nothing."""
        if level == self._main.get(_place(place), 0):
            return ""
        return f"@ {style.time_label(self.of_place[_place(place)][level])}"

    def steadiness(self, record: Record) -> str:
        """Its windows' class, judged once: `flat`, `warming`, `slowing`, `unsteady`, `n/a`."""
        if id(record) not in self._classes:
            alike = {id(r): r for r in self._run.of(record.experiment)} | {id(record): record}
            classes = steadiness.classify_many([r.windows_ns for r in alike.values()])
            self._classes |= dict(zip(alike, classes))
        return self._classes[id(record)]

    def words(self) -> list[str]:
        """What a caption must say where the canary has several levels."""
        return [
            f"canary of {place} at {' / '.join(style.time_label(v) for v in levels)}: lines are launches "
            f"at {style.time_label(levels[self._main.get(place, 0)])} or as labelled, crosses at others"
            for place, levels in self.of_place.items()
            if len(levels) > 1
        ]


def _place(record: Record) -> str:
    return str(record.case.get("placement", ""))


def _canary(record: Record) -> list[float]:
    canary = record.raw.get("canary") or {}
    return [canary[k] for k in ("before_ns", "after_ns") if canary.get(k)]


def point(
    records: list[Record], x: float, value: Value, levels: Levels, level: int | None = None
) -> Point | None:
    """One case's point at a level of the canary, its own main one unless told; None without a value there."""
    level_of = {id(r): levels.level(r) for r in records}
    main = levels.main(records) if level is None else level
    mine = [r for r in records if level_of[id(r)] == main]
    launches = by_launch(mine, value)
    if not launches:
        return None
    tails = [r.percentile(99) for r in mine]
    grades = Counter(grade for _, grade in tails)
    p99 = [v for v, _ in tails if not math.isnan(v)]
    cpu = by_launch(mine, lambda r: r.cpu_ns_per_message)
    return Point(
        x=x,
        interval=stats.median_interval(launches),
        launches=launches,
        modes=steadiness.modes(launches) if min(launches) > 0 else [],
        others=by_launch((r for r in records if level_of[id(r)] != main), value),
        p99=stats.median_interval(p99).value if p99 else math.nan,
        p99_reliability=next((g for g in ("n/a", "low", "ok") if grades[g]), "n/a"),
        cpu_ns=stats.median_interval(cpu).value if cpu else math.nan,
        unstable=steadiness.is_unstable([levels.steadiness(r) for r in mine]),
    )


def series(
    records: Iterable[Record],
    levels: Levels,
    x: str = "message_bytes",
    value: Value | None = None,
    varied: set[str] | None = None,
) -> list[Series]:
    """Lines over an axis; the variant says where a line stands on the axes that are `varied`."""
    records = list(records)
    value = value or (lambda r: r.p50_ns)
    free = free_axes(x)
    lines = group(records, lambda r: (freeze(r.case, free), freeze(r.metric, BYTES)))
    varied = varying(records, free) if varied is None else varied
    found = []
    for members in lines.values():
        at = group(members, lambda r: (as_number(r.case[x]), r.case.get("reply_bytes")))
        level = levels.main(members)
        points = [point(rs, k[0], value, levels, level) for k, rs in sorted(at.items())]
        points = [p for p in points if p]
        if points:
            words = (_word(n, members[0].case.get(n)) for n in sorted(varied))
            variant = " ".join(filter(None, words))
            away = [r for r in members if levels.level(r) != level]
            strays = [(as_number(r.case[x]), value(r)) for r in away]
            name = levels.name(members[0], level)
            found.append(Series(members[0].transport, variant, points, members, strays, name))
    return sorted(found, key=lambda s: (s.transport, s.variant))


def free_axes(x: str) -> tuple[str, ...]:
    """The axes along which a line runs."""
    return (x, "reply_bytes", "threshold_bytes") if x == "message_bytes" else (x,)


def varying(records: Iterable[Record], besides: Iterable[str]) -> set[str]:
    """The axes in which records of one transport differ: what a legend has to tell apart."""
    seen: dict[str, set[tuple[str, Any]]] = {}
    for record in records:
        seen.setdefault(record.transport, set()).update(record.raw["case"].items())
    counts = (Counter(name for name, _ in items) for items in seen.values())
    return {name for each in counts for name, n in each.items() if n > 1} - set(besides)


def _word(name: str, value: Any) -> str:
    if value == "none" and name in LACKING:
        return ""
    if name in TIMES and isinstance(value, (int, float)):
        return f"{TIMES[name]} {style.time_label(value)}"
    bare = isinstance(value, str) and value not in ("inf", "on", "off")
    return value if bare else f"{name} {value}"
