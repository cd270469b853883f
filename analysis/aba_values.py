"""What records of a stack whose nodes come back say: rates, bits needed, and whether a counter noticed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from paired_values import over_launches, share
from records import Record, Run, group
from stats import Interval

ADVANCES = ("one_less", "exact", "one_more")
DERIVED_BITS = (32, 64)  # not tried: by arithmetic, from the rate
YEAR_S = 365.25 * 86400


@dataclass(frozen=True)
class Trial:
    """A counter of so many bits, moved so far while a pop was stopped."""

    bits: int
    advance: str
    trials: int
    undetected: Interval | None
    records: list[Record]


def trials(run: Run) -> list[Trial]:
    mine = [r for r in run.of("aba") if r.case.get("structure") == "stalled_pop"]
    found = group(mine, lambda r: (r.case.get("counter_bits", 0), r.case["advance"]))
    return [
        Trial(bits, advance, int(sum(r.values["trials"] for r in rs)),
              over_launches(run, rs, share("undetected", "trials")), rs)
        for (bits, advance), rs in sorted(found.items(), key=lambda e: (e[0][0], ADVANCES.index(e[0][1])))
    ]  # fmt: skip


def stacks(run: Run) -> dict[int, list[Record]]:
    """Records of both sides at work, by bits of the counter."""
    mine = [r for r in run.of("aba") if r.case.get("structure") == "stack"]
    return dict(sorted(group(mine, lambda r: r.case.get("counter_bits", 0)).items()))


def rate_records(run: Run) -> list[Record]:
    """Where updates follow each other: the longest rounds that were tried, with a counter."""
    some = [t for t in trials(run) if t.bits > 0]
    longest = max((t.bits for t in some), default=0)
    return [r for t in some if t.bits == longest for r in t.records]


def per_s(record: Record) -> float:
    """Updates a second while the pop was stopped."""
    return 1e9 / record.p50_ns


def bits_needed(per_second: float, pause_s: float) -> int:
    """A counter that does not go round within the pause."""
    return math.ceil(math.log2(per_second * pause_s))


def years_to_wrap(per_second: float, bits: int) -> float:
    return 2.0**bits / per_second / YEAR_S
