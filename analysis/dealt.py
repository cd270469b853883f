"""What records of dealing say (`pattern` deal): who got how much in the time, and how long a message was under way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import figure
import stats
from families import Look
from records import Record, by_launch, freeze, group
from stats import Interval

Value = Callable[[Record], float]
STOPPED = "inf"


def got(record: Record, role: str = "server") -> list[float]:
    """Messages of each end of a side that arrived before the end."""
    return [float(r["messages"]) for r in record.raw["roles"] if r.get("role") == role]


def per_s(record: Record) -> float:
    """Messages a second, all ends together."""
    elapsed = record.values.get("elapsed_ns")
    return record.values["delivered"] / elapsed * 1e9 if elapsed else math.nan


def healthy_per_s(record: Record) -> float:
    """Messages a second of a consumer that is never slow, on average: of all but the last."""
    elapsed, each = record.values.get("elapsed_ns"), got(record)[:-1]
    return sum(each) / len(each) / elapsed * 1e9 if elapsed and each else math.nan


def jain(record: Record, role: str = "server") -> float:
    """How evenly the ends of a side fared."""
    return stats.jain(got(record, role))


def delivery_ns(record: Record, q: float) -> float:
    """A percentile of the time from sending to taking, of healthy consumers; nan where nothing arrived."""
    return record.percentile(q, "delivery_ns")[0]


def cpu_ns(record: Record) -> float:
    """CPU time of all ends per message."""
    return float(record.values.get("cpu_ns_per_message", math.nan))


def sender_cpu_share(record: Record) -> float:
    """CPU time of the sender as a share of the time it dealt."""
    spent, elapsed = record.raw["roles"][0].get("cpu_ns"), record.values.get("elapsed_ns")
    return spent / elapsed if spent is not None and elapsed else math.nan


def loss(record: Record) -> float:
    """Share of what was offered that was dropped."""
    dropped, arrived = record.values.get("dropped", 0), record.values.get("delivered", 0)
    return dropped / (dropped + arrived) if dropped + arrived else math.nan


def arrangement(record: Record) -> str:
    """`addressed, 4 credits`: how the consumers come by their messages."""
    sharing, credits = record.case.get("sharing", "any"), record.case.get("credits", 0)
    return f"{sharing}, {credits} credits" if credits else str(sharing)


def arrangement_order(kind: str) -> tuple[int, int]:
    """Where it stands in a figure: from the commonest to the most generous."""
    sharing, _, credits = kind.partition(", ")
    return ("any", "addressed", "own").index(sharing), int(credits.split()[0]) if credits else 0


def pause_order(pause: Any) -> float:
    return math.inf if pause == STOPPED else float(pause)


def kept(records: Iterable[Record]) -> dict[tuple[str, str, Any], Interval]:
    """Share of the null case's healthy throughput, by transport, arrangement and pause; paired within launches."""
    shares: dict[tuple[str, str, Any], list[float]] = {}
    same = lambda r: (r.launch_id, arrangement(r), freeze(r.case, ("pause_ns",)))  # noqa: E731
    for members in group(records, same).values():
        alone = [healthy_per_s(r) for r in members if r.case["pause_ns"] == 0]
        if not alone or not alone[0] > 0:
            continue
        for r in members:
            key = (r.transport, arrangement(r), r.case["pause_ns"])
            shares.setdefault(key, []).append(healthy_per_s(r) / alone[0])
    return {key: stats.median_interval(values) for key, values in shares.items()}


def over_launches(records: Iterable[Record], value: Value) -> Interval | None:
    values = by_launch(records, value)
    return stats.median_interval(values) if values else None


def key(fig: Figure, records: list[Record], looks: dict[str, Look]) -> None:
    """One legend for all panels: a colour and a marker for each transport."""
    names = sorted({r.transport for r in records}, key=list(looks).index)
    figure.key(
        fig, [Line2D([], [], color=looks[n].colour, marker=looks[n].marker, label=n) for n in names]
    )
