"""What a record of contended lines says: the excess, and where a sweep of distances falls to the far level."""

from __future__ import annotations

from statistics import median

import steps
from records import Record, Run
from series import Series

NULL_SHARE = 0.02  # of the time alone: what is less is no effect


def rounds(record: Record, name: str) -> list[float]:
    """What was measured in turns, clean windows only."""
    return (record.raw.get("rounds") or {}).get(name) or []


def excess_ns(record: Record) -> float:
    """With the neighbour less alone, ns an operation: the median of differences between neighbouring windows."""
    return float(median(a - b for a, b in zip(rounds(record, "ns"), rounds(record, "solo_ns"))))


def line_bytes(run: Run) -> int | None:
    """What the kernel says of the first-level cache."""
    said = (run.environment.get("facts") or {}).get("coherency_line_size")
    return int(said) if said else None


def knee(line: Series) -> steps.Step | None:
    """Where the neighbour ceases to matter; None where it never does."""
    alone = median(v for r in line.records for v in rounds(r, "solo_ns"))
    levels = [p.interval.value for p in line.points]
    return steps.fall([p.x for p in line.points], levels, NULL_SHARE * alone)
