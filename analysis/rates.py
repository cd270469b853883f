"""What a launch of a stream brought through: by its central cost, and all it counted over all of its time.

Figures, tables and comparisons take the central cost, the median of the launch's windows, everywhere. The receiver also
counts all bytes over all of the time: of a steady stream that is the same, of one that was stopped at times it is less.
"""

from __future__ import annotations

import math

import style
from records import Record, Run, cases
from series import Levels, point

APART = 1.25  # the two rates of a case differ by more than a quarter: it was stopped, or comes in spurts
NAMED = 3  # of the cases that a doubt counts


def messages_per_s(record: Record) -> float:
    return 1e9 / record.p50_ns if record.p50_ns > 0 else math.nan


def bytes_per_s(record: Record) -> float:
    """Size over the central cost; where a launch has no times, what it counted."""
    rate = record.message_bytes * messages_per_s(record)
    return counted_per_s(record) if math.isnan(rate) else rate


def counted_per_s(record: Record) -> float:
    """All bytes over all of the time, stops included; nan where they were not counted."""
    counted = record.values.get("bytes_per_s")
    return float(counted) if counted else math.nan


def apart(run: Run) -> list[tuple[str, float, float]]:
    """Cases whose two rates differ by more than a quarter, furthest first: name, central and counted bytes/s."""
    levels, found = Levels.of(run), []
    for members in cases(run.of("throughput")).values():
        pair = [point(members, 0, value, levels) for value in (bytes_per_s, counted_per_s)]
        central, counted = (at.interval.value if at else math.nan for at in pair)
        if min(central, counted) > 0 and _factor(central, counted) > APART:
            found.append((_name(members[0]), central, counted))
    return sorted(found, key=lambda one: -_factor(one[1], one[2]))


def _factor(a: float, b: float) -> float:
    return max(a / b, b / a)


def _name(record: Record) -> str:
    """`shm_ring in_place spin batch 32, 64 B`: what tells streams apart."""
    axes = [record.case.get("access"), record.case["wait"], f"batch {record.case['batch']}"]
    return f"{record.transport} {' '.join(filter(None, axes))}, {style.bytes_label(record.message_bytes)} B"
