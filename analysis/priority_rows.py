"""What a priority buys an urgent message behind a backlog, and what the others pay: against the same mechanism's FIFO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import stats
from crossover_rows import number
from records import Record, Run, by_launch, freeze, group
from series import Levels

FIFO = "fifo"
# Above this share of the backlog before it, a message did not overtake.
BEHIND = 0.5


@dataclass(frozen=True)
class Overtaking:
    """One mechanism and precedence at one backlog; medians over launches, ns."""

    transport: str
    precedence: str
    backlog: int
    urgent: stats.Interval  # from the first receive to the urgent message's own
    place: stats.Interval  # in which it came, from 1
    fill_ns: float  # to send an ordinary message
    drain_ns: float  # to receive any
    records: list[Record]

    @property
    def position(self) -> float:
        return self.place.value

    @property
    def overtakes(self) -> bool:
        return self.position - 1 < BEHIND * self.backlog


def overtakings(run: Run) -> list[Overtaking]:
    """Everything the run measured; launches at the usual level of the canary."""
    levels, found = Levels.of(run), []
    for members in group(run.of("priority"), lambda r: freeze(r.case, ("depth",))).values():
        main = levels.main(members)
        mine = [r for r in members if levels.level(r) == main]
        urgent = by_launch(mine, lambda r: r.percentile(50, "urgent_ns")[0])
        if urgent:
            case = mine[0].case
            found.append(
                Overtaking(
                    transport=mine[0].transport,
                    precedence=case["precedence"],
                    backlog=case["backlog"],
                    urgent=stats.median_interval(urgent),
                    place=_interval(mine, "urgent_position"),
                    fill_ns=_value(mine, "fill_ns_per_message"),
                    drain_ns=_value(mine, "drain_ns_per_message"),
                    records=mine,
                )
            )
    return sorted(found, key=lambda o: (o.transport, o.precedence != FIFO, o.precedence, o.backlog))


def _interval(records: list[Record], name: str) -> stats.Interval:
    return stats.median_interval(by_launch(records, lambda r: r.values[name]))


def _value(records: list[Record], name: str) -> float:
    return _interval(records, name).value


def fifo_of(one: Overtaking, found: list[Overtaking]) -> list[Overtaking]:
    """The same mechanism and backlog without precedence, [] or one."""
    same = (one.transport, FIFO, one.backlog)
    return [o for o in found if (o.transport, o.precedence, o.backlog) == same]


def price(one: Overtaking, found: list[Overtaking], name: str) -> stats.Interval | None:
    """What the rest pays over FIFO, a ratio paired by block: `fill_ns_per_message` or `drain_ns_per_message`."""
    ratios = []
    for fifo in fifo_of(one, found):
        before = {r.block: r.values[name] for r in fifo.records}
        ratios = [r.values[name] / before[r.block] for r in one.records if r.block in before]
    return stats.median_interval(ratios) if ratios else None


def rows(run: Run) -> list[dict[str, Any]]:
    """One entry of summary.json's `priority` for each case."""
    return [row(one, overtakings(run)) for one in overtakings(run)]


def row(one: Overtaking, found: list[Overtaking]) -> dict[str, Any]:
    """ns, positions from 1, and ratios to FIFO."""
    told: dict[str, Any] = {
        "transport": one.transport, "precedence": one.precedence, "backlog": one.backlog,
        "urgent_ns": number(one.urgent.value), "lo": number(one.urgent.lo), "hi": number(one.urgent.hi),
        "launches": one.urgent.n, "position": number(one.position), "overtakes": one.overtakes,
        "fill_ns": number(one.fill_ns), "drain_ns": number(one.drain_ns),
    }  # fmt: skip
    for name in ("fill", "drain"):
        ratio = price(one, found, f"{name}_ns_per_message")
        told[f"{name}_over_fifo"] = number(ratio.value if ratio else None)
        told[f"{name}_over_fifo_lo"] = number(ratio.lo if ratio else None)
        told[f"{name}_over_fifo_hi"] = number(ratio.hi if ratio else None)
    return told
