"""Which lines share a panel: one condition and wait each, small families together, large ones by themselves.

However many transports a run has, a panel names at most EMPHASISED of them, the best ones; as many again are drawn
grey, and the rest is in the CSV only, which the caption says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import families
from records import Record, group
from series import Levels, Series, Value, free_axes, series, varying

# What stands above a panel, not in a legend: where and how the ends ran.
CONDITIONS = ("placement", "idle", "touch", "roles", "policy", "home", "depth", "pattern", "schedule")  # fmt: skip
EMPHASISED = 8  # lines that can be told apart by colour and labelled in the margin
Best = Callable[[Iterable[float]], float]


@dataclass(frozen=True)
class Panel:
    """Series under one condition."""

    title: str
    series: list[Series]  # emphasised: coloured and labelled
    records: list[Record] = field(repr=False)
    condition: str = ""
    grey: list[Series] = field(default_factory=list)
    hidden: list[Series] = field(default_factory=list)  # in the CSV only
    beside: list[Series] = field(default_factory=list)  # at home in another panel: a hybrid's queue
    best: list[tuple[float, float]] = field(default_factory=list)  # of all under this condition

    @property
    def named(self) -> list[Series]:
        """What has a label."""
        return [*self.series, *self.beside]

    @property
    def lines(self) -> list[Series]:
        """All that belongs here, drawn or not."""
        return [*self.series, *self.grey, *self.hidden]


def panels(
    records: list[Record],
    levels: Levels,
    value: Value | None = None,
    best: Best = min,
    x: str = "message_bytes",
) -> list[Panel]:
    """Panels by condition, wait and family; `best` is min where less is better, max where more is."""
    records = _curves([r for r in records if families.family(r) != families.FLOOR], x)
    names = [n for n in (*CONDITIONS, "wait") if len({r.case.get(n) for r in records}) > 1]
    told = {
        f: varying(rs, {*names, *free_axes(x)}) for f, rs in group(records, families.family).items()
    }
    found = []
    for key, members in group(records, lambda r: tuple(r.case.get(n) for n in names)).items():
        kinds = group(members, families.family)
        drawn = {f: series(rs, levels, x, value, told[f]) for f, rs in kinds.items()}
        condition = " · ".join(_condition(name, each) for name, each in zip(names, key))
        found += _split({f: s for f, s in drawn.items() if s}, condition, best)
    return sorted(found, key=_order)


def _curves(records: list[Record], x: str) -> list[Record]:
    """Without the conditions that have one value of `x` only, which is no line; all if none has more."""
    conditions = group(records, lambda r: tuple(r.case.get(n) for n in (*CONDITIONS, "wait")))
    kept = [rs for rs in conditions.values() if len({r.case.get(x) for r in rs}) > 1]
    return [r for rs in kept for r in rs] or records


def _split(drawn: dict[str, list[Series]], condition: str, best: Best) -> list[Panel]:
    """One condition's lines as panels: all in one where they are few, else families, small ones together."""
    everyone = [line for lines in drawn.values() for line in lines]
    if len(everyone) <= EMPHASISED:
        title = _title(sorted(drawn, key=families.order), condition)
        return [Panel(title, everyone, _records(everyone), condition)] if everyone else []
    envelope, found = _envelope(everyone, best), []
    for kinds in _packed(drawn):
        mine = [line for kind in kinds for line in drawn[kind]]
        if kinds == [families.HYBRID]:
            found += _hybrids(mine, everyone, condition, best)
            continue
        shown, grey, hidden = chosen(mine, best)
        title = _title(kinds, condition)
        found.append(Panel(title, shown, _records(mine), condition, grey, hidden, best=envelope))
    return found


def _title(kinds: list[str], condition: str) -> str:
    who = ", ".join(map(families.words, kinds)) if len(kinds) <= 3 else "all families"
    return " · ".join(filter(None, [who, condition]))


def _records(lines: Iterable[Series]) -> list[Record]:
    return [r for line in lines for r in line.records]


def _packed(drawn: dict[str, list[Series]]) -> list[list[str]]:
    """Families in order, neighbours together while their lines fit one panel; hybrids by themselves."""
    packs: list[list[str]] = []
    for kind in sorted(drawn, key=families.order):
        room = EMPHASISED - sum(len(drawn[k]) for k in packs[-1]) if packs else 0
        if packs and len(drawn[kind]) <= room and families.HYBRID not in (kind, *packs[-1]):
            packs[-1].append(kind)
        else:
            packs.append([kind])
    return packs


def _hybrids(mine: list[Series], everyone: list[Series], condition: str, best: Best) -> list[Panel]:
    """Hybrids, each beside the bare queue it is made of: one panel where they fit, else one a hybrid."""
    plain = {s.transport for s in everyone} - {s.transport for s in mine}
    names = sorted({s.transport for s in mine})
    queues = {n: families.queue_of(n, plain) for n in names}
    guests = {n: [s for s in everyone if s.transport == queues[n]] for n in names}
    together = len(mine) + sum(map(len, guests.values())) <= EMPHASISED
    found = []
    for part in [names] if together else [[n] for n in names]:
        here = [s for s in mine if s.transport in part]
        beside = [s for n in part for s in guests[n]]
        shown, grey, hidden = chosen(here, best)
        kinds = [families.words(families.HYBRID)] if together else part
        title = " · ".join(filter(None, [*kinds, condition]))
        found.append(Panel(title, shown, _records(here), condition, grey, hidden, beside))
    return found


def chosen(
    lines: list[Series], best: Best, most: int = EMPHASISED
) -> tuple[list[Series], list[Series], list[Series]]:
    """Lines emphasised, drawn grey, and left out: those that are best somewhere first, then the nearest to it."""
    if len(lines) <= most:
        return lines, [], []
    top, sign = dict(_envelope(lines, best)), 1 if best is min else -1

    def rank(line: Series) -> tuple[bool, float]:
        behind = [sign * math.log(p.interval.value / top[p.x]) for p in line.points
                  if p.interval.value > 0 and top[p.x] > 0]  # fmt: skip
        return not any(b <= 0 for b in behind), fmean(behind) if behind else math.inf

    ranked = sorted(lines, key=rank)
    inside = {id(s) for s in ranked[:most]}  # drawn in order of name, as everywhere
    return [s for s in lines if id(s) in inside], ranked[most : 2 * most], ranked[2 * most :]


def _envelope(lines: list[Series], best: Best) -> list[tuple[float, float]]:
    """The best value at each x."""
    at: dict[float, list[float]] = {}
    for point in (p for line in lines for p in line.points):
        at.setdefault(point.x, []).append(point.interval.value)
    return [(x, best(values)) for x, values in sorted(at.items())]


def _condition(name: str, value: Any) -> str:
    return f"{name} {value}" if name in ("touch", "idle", "home", "depth") else str(value)


def _order(panel: Panel) -> tuple[Any, ...]:
    first = panel.records[0]
    conditions = tuple(str(first.case.get(n)) for n in (*CONDITIONS, "wait"))
    return conditions, families.order(families.family(first)), first.transport
