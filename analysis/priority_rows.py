"""What a priority buys an urgent message behind a backlog, and what the others pay: against the same mechanism's FIFO."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import stats
from crossover_rows import number
from records import Record, Run, by_launch, freeze, group
from series import Levels

FIFO = "fifo"
TYPES = ("type_first", "type_own", "type_lowest", "type_highest")
# Above this share of the backlog before it, a message did not overtake.
BEHIND = 0.5


@dataclass(frozen=True)
class Overtaking:
    """One mechanism and precedence at one backlog; medians over launches, ns."""

    transport: str
    precedence: str
    backlog: int
    urgent: stats.Interval  # from the first receive to the urgent message's own
    position: float  # in which it came, from 1
    fill_ns: float  # to send an ordinary message
    drain_ns: float  # to receive any
    records: list[Record]

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
                    position=_value(mine, "urgent_position"),
                    fill_ns=_value(mine, "fill_ns_per_message"),
                    drain_ns=_value(mine, "drain_ns_per_message"),
                    records=mine,
                )
            )
    return sorted(found, key=lambda o: (o.transport, o.precedence != FIFO, o.precedence, o.backlog))


def _value(records: list[Record], name: str) -> float:
    return stats.median_interval(by_launch(records, lambda r: r.values[name])).value


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


def claims(run: Run) -> list[dict[str, Any]]:
    """Claim 7 (a System V type is a priority, highest first) and 19 (urgent messages overtake), by the records."""
    found = overtakings(run)
    return [_types(found), _overtaking(found)] if found else []


def _types(found: list[Overtaking]) -> dict[str, Any]:
    most = max((o.backlog for o in found if o.precedence in TYPES), default=0)
    at = {o.precedence: o for o in found if o.precedence in TYPES and o.backlog == most}
    asked = [at[name] for name in ("type_first", "type_highest") if name in at]
    if not asked:
        return {
            "claim": 7,
            "verdict": "not testable here: no message types measured",
            "measured": "",
        }
    words = {"type_first": "any type (0)", "type_own": "its own (>0)", "type_lowest": "the lowest first (<0), being the lowest",
             "type_highest": "the lowest first (<0), being the highest"}  # fmt: skip
    measured = f"behind {most} messages the urgent one comes at place " + ", ".join(
        f"{o.position:g} asked for {words[name]}" for name, o in at.items()
    )
    highest_first = all(o.overtakes for o in asked)
    return {"claim": 7, "verdict": "holds" if highest_first else "refuted", "measured": measured}


def _overtaking(found: list[Overtaking]) -> dict[str, Any]:
    most = max((o.backlog for o in found), default=0)
    urgent = [o for o in found if o.precedence == "priority" and o.backlog == most]
    if not urgent:
        return {"claim": 19, "verdict": "not testable here: no priorities measured", "measured": ""}
    said = []
    for one in urgent:
        drain = price(one, found, "drain_ns_per_message")
        fifo = fifo_of(one, found)
        gain = fifo[0].urgent.value / one.urgent.value if fifo else math.nan
        pays = f"{(drain.value - 1) * 100:+.0f} % a receive" if drain else "no FIFO beside it"
        said.append(f"{one.transport} {gain:.0f} times sooner behind {most}, the rest {pays}")
    verdict = "holds" if all(o.overtakes for o in urgent) else "refuted"
    return {"claim": 19, "verdict": verdict, "measured": "; ".join(said)}
