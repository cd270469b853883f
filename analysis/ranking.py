"""Which mechanism is best at each size, under each condition, and which ones cannot be told from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import rates
import stats
import style
from records import Run
from panels import Panel, panels
from series import Levels, Point

HEADLINE_SIZES = (1, 8, 64, 1024, 4096, 16384, 65536, 262144, 1 << 20, 1 << 22)


@dataclass(frozen=True)
class Place:
    """The best at one size: its point, and whose intervals overlap its own."""

    message_bytes: int
    best: str
    point: Point
    ties: tuple[str, ...]
    second: str | None
    factor: float | None  # the best of the others against it, > 1 is worse
    launches: int  # of it or of the next, whichever has fewer: below six nobody is ranked


@dataclass(frozen=True)
class Ranking:
    """Places by size under one condition."""

    condition: str
    places: list[Place]


def latency(run: Run) -> list[Ranking]:
    """By the median of p50, shortest first."""
    return _rank(panels(run.of("latency"), Levels.of(run)), smallest=True)


def streams(run: Run) -> list[Ranking]:
    """By bytes per second, most first."""
    found = panels(run.of("throughput"), Levels.of(run), rates.bytes_per_s, max)
    return _rank(found, smallest=False)


def _rank(found: Iterable[Panel], smallest: bool) -> list[Ranking]:
    conditions: dict[str, list[tuple[str, Point]]] = {}
    for panel in found:
        for line in panel.lines:
            entries = [(f"{line.transport} {line.variant}".rstrip(), p) for p in line.points]
            where = " ".join(
                filter(None, [panel.condition, line.level])
            )  # one level is one ranking
            conditions.setdefault(where, []).extend(entries)
    return [Ranking(name, _places(es, smallest)) for name, es in conditions.items()]


def _places(entries: list[tuple[str, Point]], smallest: bool) -> list[Place]:
    sizes = sorted({int(p.x) for _, p in entries})
    shown = [s for s in sizes if s in HEADLINE_SIZES] or sizes
    return [_place([e for e in entries if e[1].x == s], s, smallest) for s in shown]


def _place(entries: list[tuple[str, Point]], size: int, smallest: bool) -> Place:
    sign = 1 if smallest else -1
    ordered = sorted(entries, key=lambda e: sign * e[1].interval.value)
    (best, first), rest = ordered[0], ordered[1:]
    ties = tuple(name for name, p in rest if not _apart(first, p))
    factor = None
    if rest and min(first.interval.value, rest[0][1].interval.value) > 0:
        factor = (rest[0][1].interval.value / first.interval.value) ** sign
    fewest = min(at.interval.n for at in (first, *(p for _, p in rest[:1])))
    return Place(size, best, first, ties, rest[0][0] if rest else None, factor, fewest)


def _apart(a: Point, b: Point) -> bool:
    """Whether their intervals do not meet; below six launches, whether all launches lie apart."""
    (a_low, a_high), (b_low, b_high) = _range(a), _range(b)
    return a_high < b_low or b_high < a_low


def _range(at: Point) -> tuple[float, float]:
    low, high = at.interval.lo, at.interval.hi
    return (min(at.launches), max(at.launches)) if low is None or high is None else (low, high)


def words(place: Place, label: Any) -> str:
    """`pipe 4.9 µs · next posix_mq × 1.12`; ties are `≈`; `pipe 4.9 µs, not ranked: 3 of 6 launches`."""
    text = f"{place.best} {label(place.point.interval.value)}"
    if place.launches < stats.kMinLaunches:
        return f"{text}, not ranked: {told(place.launches)}"
    if place.ties:
        more = f" and {len(place.ties) - 2} more" if len(place.ties) > 2 else ""
        return f"{text} ≈ {', '.join(place.ties[:2])}{more}"
    if place.second and place.factor:
        text += f" · next {place.second} × {place.factor:.3g}"
    return text


def told(launches: int) -> str:
    """How many there are of those that a ranking needs."""
    return f"{launches} of {stats.kMinLaunches} launches"


def columns(rankings: list[Ranking], label: Any) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table: one row a size, one column a condition."""
    sizes = sorted({p.message_bytes for r in rankings for p in r.places})
    header = ["size [B]", *(r.condition or "all" for r in rankings)]
    rows = []
    for size in sizes:
        cells = [next((p for p in r.places if p.message_bytes == size), None) for r in rankings]
        rows.append([style.bytes_label(size), *(words(c, label) if c else "–" for c in cells)])
    return header, rows
