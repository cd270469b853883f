"""What a hand-off is made of: the mechanism's own work, a wake-up, a switch, and on an idle CPU the way out of its sleep.

A hand-off is half a round trip of ends that have nothing to copy. Two floors take it apart: the bare futex is a wake-up
and a switch and hardly anything else; the cache line that yields is a switch without a wake-up. The model for everything
else, on one CPU: what the mechanism costs beyond the futex across two CPUs that do not sleep, on top of the futex on one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import stats
from crossover_rows import number
from records import Record, Run, by_launch, group
from series import Levels

SAME = "same_core"
FUTEX = "futex"
CLOSE = 0.25  # the model is called right within this much, and the interval's own width


@dataclass(frozen=True)
class Handoff:
    """One mechanism, wait, placement and idle state: median over launches of ns, and switches a hand-off."""

    transport: str
    wait: str
    placement: str
    idle: str
    ns: stats.Interval
    switches: float  # of both ends, whether the end slept or was preempted by whom it had woken
    slept: float  # those of an end that slept
    records: list[Record]

    @property
    def asleep(self) -> bool:
        """Whether control was handed over: somebody was switched out for each message."""
        return self.switches > 0.9


def handoffs(run: Run) -> list[Handoff]:
    """Everything the run measured, of one size each; at the canary level most launches of a case ran at."""
    levels, found = Levels.of(run), []
    key = lambda r: (r.transport, *(r.case[n] for n in ("wait", "placement", "idle")))  # noqa: E731
    for (transport, wait, placement, idle), members in group(run.of("handoff"), key).items():
        smallest = min(r.message_bytes for r in members)
        main = levels.main(members)
        mine = [r for r in members if r.message_bytes == smallest and levels.level(r) == main]
        values = by_launch(mine, lambda r: r.p50_ns / 2)
        if values:
            slept = stats.median_interval(by_launch(mine, _slept)).value
            every = stats.median_interval(by_launch(mine, _switches)).value
            ns = stats.median_interval(values)
            found.append(Handoff(transport, wait, placement, idle, ns, every, slept, mine))
    return found


def _slept(record: Record) -> float:
    return _counted(record, ("voluntary_switches",))


def _switches(record: Record) -> float:
    return _counted(record, ("voluntary_switches", "involuntary_switches"))


def _counted(record: Record, names: tuple[str, ...]) -> float:
    """Switches of both ends a hand-off, those while warming up included on both sides of the ratio."""
    roles = record.raw["roles"]
    messages = roles[0]["messages"] + (record.raw.get("warmup") or {}).get("messages", 0)
    return sum(role.get(name) or 0 for role in roles for name in names) / (2 * messages)


def rows(run: Run) -> list[dict[str, Any]]:
    """One entry of summary.json's `handoff` for each case; ns."""
    found = handoffs(run)
    return [
        {
            "transport": one.transport, "wait": one.wait, "placement": one.placement, "idle": one.idle,
            "handoff_ns": number(one.ns.value), "lo": number(one.ns.lo), "hi": number(one.ns.hi),
            "launches": one.ns.n, "switches": number(one.switches), "slept": number(one.slept), **model(one, found),
        }
        for one in found
    ]  # fmt: skip


def model(one: Handoff, found: list[Handoff]) -> dict[str, Any]:
    """Predicted hand-off on one CPU, and what is left of the measured one; None where a part was not measured."""
    predicted = math.nan
    if one.placement == SAME and one.wait == "block" and one.transport != FUTEX:
        parts = [
            _ns(found, FUTEX, SAME),
            _apart(found, one.transport),
            -_apart(found, FUTEX),
        ]
        predicted = sum(parts)
    residual = one.ns.value / predicted - 1 if predicted > 0 else math.nan
    return {"model_ns": number(predicted), "residual": number(residual)}


def _ns(found: list[Handoff], transport: str, placement: str, idle: str = "polling") -> float:
    at = [
        h.ns.value
        for h in found
        if (h.transport, h.placement, h.idle, h.wait) == (transport, placement, idle, "block")
    ]
    return at[0] if at else math.nan


def _apart(found: list[Handoff], transport: str) -> float:
    """Across the nearest two CPUs that the run measured this transport on, none of them in a deep sleep."""
    places = [h.placement for h in found if h.placement != SAME and h.idle == "polling"]
    return _ns(found, transport, places[0]) if places else math.nan
