"""What records of remapping say: lines by mechanism and touch, and their ratios to a pipe's of the same block."""

from __future__ import annotations

from dataclasses import dataclass

import claims_parts as parts
from paired_values import over_launches
from records import Record, Run, group, select
from stats import Interval

TWO_COPIES, CONTROL = "pipe", "fifo"
LARGE_BYTES = 64 << 10


@dataclass(frozen=True)
class Line:
    """One mechanism at one touch, by message size."""

    name: str  # with the access where it is in place
    transport: str
    touch: str
    times: dict[int, Interval]
    ratios: dict[int, Interval]  # to the pipe's
    records: list[Record]


def lines(run: Run) -> list[Line]:
    """In order of name; a pipe has no ratio to itself."""
    records, found = run.of("remapping"), []
    key = lambda r: (r.transport, r.case["access"], r.case["touch"])  # noqa: E731
    for (transport, access, touch), mine in sorted(group(records, key).items()):
        pipes = select(records, transport=TWO_COPIES, touch=touch)
        times, ratios = {}, {}
        for size, at in sorted(group(mine, lambda r: r.message_bytes).items()):
            when = over_launches(run, at, lambda r: r.p50_ns)
            of = parts.ratio(run, at, select(pipes, message_bytes=size), lambda r: r.p50_ns)
            if when:
                times[size] = when
            if of and transport != TWO_COPIES:
                ratios[size] = of
        name = transport + (" in place" if access == "in_place" else "")
        found.append(Line(name, transport, touch, times, ratios, mine))
    return found


def controls(some: list[Line]) -> list[tuple[str, Interval | None]]:
    """By touch, what the other mechanism of two copies takes over the first: the median of all sizes' ratios."""
    mine = [line for line in some if line.transport == CONTROL]
    return [(line.touch, parts.spanning(line.ratios.values()) if line.ratios else None) for line in mine]  # fmt: skip
