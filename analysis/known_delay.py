"""Whether the instrument finds what was put in: delays of known length added to the null transport, and found again.

What is found is the round trip with the delay less that without, in one launch, which is the unit. It must be what the
chain of instructions achieved, timed before and after, within one quantum of the clock or 1 %.
"""

from __future__ import annotations

import math
from typing import Any

import stats
import style
from crossover_rows import number
from records import Record, Run, freeze, group
from stats import Interval

SHARE = 0.01  # of the achieved delay; or one quantum, whichever is more
COLUMNS = [
    "injected",
    "achieved",
    "found",
    "95 % interval",
    "launches",
    "within one quantum or 1 %",
]
Row = dict[str, Any]


def rows(run: Run) -> list[Row]:
    """One an injected delay and condition, for summary.json; empty without launches that have both."""
    quantum = _quantum_ns(run)
    alike = group(run.of("instrument"), lambda r: (freeze(r.case, ("delay_ns",)), freeze(r.metric)))
    return [row for members in alike.values() for row in _of_case(members, quantum)]


def _quantum_ns(run: Run) -> float:
    """Of the run's clock; 0 where the manifest does not say it: then 1 % alone counts."""
    told = (run.manifest.get("clock") or {}).get("quantum_ns")
    return float(told) if isinstance(told, (int, float)) and told > 0 else 0.0


def _of_case(members: list[Record], quantum: float) -> list[Row]:
    found = []
    launches = group(members, lambda r: r.launch_id).values()
    asked = {r.case.get("delay_ns", 0) for r in members}
    for delay in sorted(d for d in asked if isinstance(d, (int, float)) and d > 0):
        pairs = [pair for launch in launches if (pair := _pair(launch, delay))]
        if pairs:
            achieved = stats.median_interval([a for a, _ in pairs])
            off = stats.median_interval([f - a for a, f in pairs]).value
            seen = stats.median_interval([f for _, f in pairs])
            found.append(
                _row(delay, achieved.value, seen, off, max(quantum, SHARE * achieved.value))
            )
    return found


def _pair(launch: list[Record], delay: float) -> tuple[float, float] | None:
    """ns achieved and ns found in one launch; None where it lacks the delay, its timing or its absence."""
    plain = [r.p50_ns for r in launch if r.case.get("delay_ns", 0) == 0]
    mine = [r for r in launch if r.case.get("delay_ns", 0) == delay]
    achieved = [r.values.get("delay_achieved_ns") or math.nan for r in mine]
    if not plain or not mine or not achieved[0] > 0:
        return None
    found = mine[0].p50_ns - plain[0]
    return None if math.isnan(found) else (float(achieved[0]), found)


def _row(delay: float, achieved: float, seen: Interval, off: float, bound: float) -> Row:
    return {"injected_ns": delay, "achieved_ns": achieved, "found_ns": seen.value,
            "lo": number(seen.lo), "hi": number(seen.hi), "n": seen.n, "off_ns": off,
            "bound_ns": bound, "within": abs(off) <= bound}  # fmt: skip


def table(found: list[Row]) -> list[list[str]]:
    """The report's cells, under COLUMNS."""
    return [_cells(row) for row in found]


def _cells(row: Row) -> list[str]:
    time, lo, hi = style.time_label, row["lo"], row["hi"]
    bounds = f"[{time(lo)}, {time(hi)}]" if lo is not None and hi is not None else "–"
    off = f"{'yes' if row['within'] else 'no'}: off by {time(row['off_ns'])}, of {time(row['bound_ns'])} allowed"
    return [
        *(time(row[n]) for n in ("injected_ns", "achieved_ns", "found_ns")),
        bounds,
        str(row["n"]),
        off,
    ]


def words(found: list[Row]) -> str:
    """`the instrument finds 3 of 3 known delays within one quantum or 1 %`."""
    held = sum(row["within"] for row in found)
    return f"the instrument finds {held} of {len(found)} known delays within one quantum or 1 %"


def doubts(run: Run) -> list[tuple[str, str, str]]:
    """That times are off by what a known delay is, with the worst of them; empty while all are found."""
    missed = [row for row in rows(run) if not row["within"]]
    if not missed:
        return []
    worst = max(missed, key=lambda row: abs(row["off_ns"]) / row["bound_ns"])
    achieved, found, allowed = (
        style.time_label(worst[n]) for n in ("achieved_ns", "found_ns", "bound_ns")
    )
    message = (
        f"{words(rows(run))}; the worst: one of {achieved} is found as {found} ({allowed} allowed)"
    )
    return [("instrument", message, "on an idle machine: ipcmark run instrument")]
