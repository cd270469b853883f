"""Spin-then-block: which budget wastes least whatever the peer does, against the competitive argument.

The argument: spin for as long as a sleep would cost, C, and you never spend more than twice what somebody who knew the
wait beforehand would have spent. Here spending is the CPU time of both ends per round trip, less what the server spends
thinking; C is what spinning saves of a round trip when the reply comes soon, per wake-up. The regret of a budget is its
spending over that of the best budget against the same peer, the worst over all peers: the least regret marks the optimum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import stats
import style
from records import Record, Run, freeze, group
from series import Levels

COMPETITIVE = 2.0
WAKE_UPS = 2  # of a round trip: the server's and the client's


@dataclass(frozen=True)
class Spun:
    """One transport, over launches that hold every budget and peer."""

    transport: str
    budgets: list[float]
    thinks: list[float]
    spending: dict[tuple[float, float], stats.Interval]  # (budget, think): CPU ns per round trip
    round_trip: dict[tuple[float, float], stats.Interval]
    regret: dict[float, stats.Interval]
    best: stats.Interval  # budget of least regret, ns
    wake_up: stats.Interval  # C, ns

    @property
    def at_wake_up(self) -> float:
        """The measured budget that is nearest to C, in ratio."""
        finite = [b for b in self.budgets if b > 0]
        return min(finite, key=lambda b: abs(math.log(b / max(self.wake_up.value, 1))))


Grid = dict[tuple[float, float], float]


def spun(run: Run) -> list[Spun]:
    """Where a launch has two budgets, 0 among them, and a peer that thinks."""
    asks = [
        r
        for r in run.of("timeout", pattern="ask", wait="spin_then_block")
        if r.case["timeout_ns"] == "inf" and r.case.get("think_ns", 0) > 0
    ]
    found = []
    axes = ("spin_budget_ns", "think_ns")
    for members in group(asks, lambda r: (freeze(r.case, axes), freeze(r.metric))).values():
        budgets = sorted({r.case["spin_budget_ns"] for r in members})
        thinks = sorted({r.case["think_ns"] for r in members})
        whole = [ls for ls in group(members, lambda r: r.launch_id).values()
                 if len({_at(r) for r in ls}) == len(budgets) * len(thinks)]  # fmt: skip
        if whole and len(budgets) > 2 and budgets[0] == 0:
            found.append(_spun(whole, budgets, thinks))
    return found


def _at(record: Record) -> tuple[float, float]:
    return record.case["spin_budget_ns"], record.case["think_ns"]


def _thought_ns(record: Record) -> float:
    """What the server took over the messages of this launch: of few, the mean is not the case's."""
    return float(record.values.get("thought_ns", record.case["think_ns"]))


def _spun(launches: list[list[Record]], budgets: list[float], thinks: list[float]) -> Spun:
    spent = [
        {_at(r): max(r.cpu_ns_per_message - _thought_ns(r), 1.0) for r in ls} for ls in launches
    ]
    trips = [{_at(r): r.p50_ns for r in ls} for ls in launches]
    regrets = [{b: regret(grid, b, budgets, thinks) for b in budgets} for grid in spent]
    return Spun(
        transport=launches[0][0].transport,
        budgets=budgets,
        thinks=thinks,
        spending=_over(spent),
        round_trip=_over(trips),
        regret={b: stats.median_interval([r[b] for r in regrets]) for b in budgets},
        best=stats.median_interval([min(r, key=lambda b: r[b]) for r in regrets]),
        wake_up=stats.median_interval([_wake_up(grid, budgets, thinks) for grid in trips]),
    )


def _over(grids: list[Grid]) -> dict[tuple[float, float], stats.Interval]:
    return {at: stats.median_interval([g[at] for g in grids]) for at in grids[0]}


def regret(grid: Grid, budget: float, budgets: list[float], thinks: list[float]) -> float:
    """The budget's spending over the best one's, against the peer that it suits least."""
    return max(grid[budget, m] / min(grid[b, m] for b in budgets) for m in thinks)


def _wake_up(trips: Grid, budgets: list[float], thinks: list[float]) -> float:
    soon = thinks[0]
    return max((trips[0, soon] - trips[budgets[-1], soon]) / WAKE_UPS, 1.0)


def predictions(
    run: Run, _levels: Levels
) -> Iterator[tuple[str, float, stats.Interval, dict[str, float]]]:
    """The budget of least regret against the cost of a wake-up."""
    for each in spun(run):
        yield "best spin budget (a wake-up)", each.wake_up.value, each.best, {
            "wake-up": each.wake_up.value
        }


def words(each: Spun) -> str:
    """What a caption says of one transport."""
    at = each.at_wake_up
    kept = each.regret[at].value
    return (
        f"{each.transport}: best budget {_time(each.best)}, a wake-up {_time(each.wake_up)}; "
        f"a budget of {style.time_label(at)} regrets {kept:.2g} (argument: at most {COMPETITIVE:g})"
    )


def _time(at: stats.Interval) -> str:
    value = style.time_label(at.value) if at.value else "0"
    if at.lo is None or at.hi is None:
        return value
    return f"{value} [{style.time_label(at.lo) if at.lo else '0'}, {style.time_label(at.hi)}]"


def rows(each: Spun) -> list[dict[str, Any]]:
    """As the figure's CSV holds it."""
    return [
        {"transport": each.transport, "spin_budget_ns": b, "think_ns": m,
         "spending_ns": each.spending[b, m].value, "lo": each.spending[b, m].lo,
         "hi": each.spending[b, m].hi, "launches": each.spending[b, m].n,
         "round_trip_ns": each.round_trip[b, m].value, "regret": each.regret[b].value,
         "best_budget_ns": each.best.value, "wake_up_ns": each.wake_up.value}
        for b in each.budgets for m in each.thinks
    ]  # fmt: skip
