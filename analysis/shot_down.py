"""Whose traffic is shot down though nobody asked for it: TLB shootdowns of the ends' CPUs, by transport.

Every timed case carries what /proc/interrupts counted on its ends' CPUs, and for how long. Cases in which shootdowns
are triggered on purpose are left out.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import stats
from crossover_rows import number
from records import Record, Run, group
from shape import is_number

MANY_PER_S = 100  # some 5 us each: from here on half a thousandth of the CPU's time
TIMES_OTHERS = 10  # and no property of the machine, which would show in all transports
LEAST_COUNTED = 10  # in a launch: a few are what anybody's memory does
REMEDY = (
    "perf record -e tlb:tlb_flush -ag says who unmaps or frees memory beside the messages; "
    "ipcmark run tlb_shootdown, what each costs"
)
Row = dict[str, Any]


def rows(run: Run) -> list[Row]:
    """One a transport, for summary.json; empty where the kernel has no such row."""
    mine = [r for e in sorted({r.experiment for r in run.records}) for r in run.of(e) if _told(r)]
    found = [
        row for name, rs in group(mine, lambda r: r.transport).items() if (row := _row(name, rs))
    ]
    for row in found:
        others = [r["tlb_per_s"] for r in found if r is not row]
        row["others_per_s"] = float(median(others)) if others else None
    return sorted(found, key=lambda row: -row["tlb_per_s"])


def doubts(run: Run) -> list[tuple[str, str, str]]:
    """Check, message and remedy of each transport that is shot down far more often than the others."""
    return [("shootdowns", _words(row), REMEDY) for row in rows(run) if _many(row)]


def _told(record: Record) -> bool:
    """Whether it timed messages back to back, nobody interrupting on purpose, and shootdowns were counted."""
    case, machine = record.case, record.raw.get("machine") or {}
    return (
        is_number(machine.get("tlb_shootdowns"))
        and record.metric.get("loop") == "closed"
        and case.get("trigger", "none") == "none"
        and case.get("victim", "none") in ("none", "traffic")
        and case.get("structure", "none") == "none"
        and not case.get("injectors")
    )


def _row(transport: str, records: list[Record]) -> Row | None:
    launches = list(group(records, lambda r: r.launch_id).values())
    times = [sum(map(_seconds, rs)) for rs in launches]
    counts = [sum(r.raw["machine"]["tlb_shootdowns"] for r in rs) for rs in launches]
    messages = sum(_number(r.raw.get("messages")) for r in records)
    timed = [(count, s) for count, s in zip(counts, times) if s > 0]
    if not timed:
        return None
    at = stats.median_interval([count / s for count, s in timed])
    return {
        "transport": transport,
        "tlb_per_s": at.value,
        "lo": number(at.lo),
        "hi": number(at.hi),
        "n": at.n,
        "least": min(count / s for count, s in timed),
        "tlb_per_launch": float(median(count for count, _ in timed)),
        "tlb_per_message": sum(counts) / messages if messages else None,
    }


def _seconds(record: Record) -> float:
    return _number(record.raw["machine"].get("watched_ns")) / 1e9


def _number(value: Any) -> float:
    return float(value) if is_number(value) else 0.0


def _many(row: Row) -> bool:
    """Below six launches there is no interval, and each launch must show it."""
    least = row["least"] if row["lo"] is None else row["lo"]
    others = row["others_per_s"] or 0
    enough = row["tlb_per_launch"] >= LEAST_COUNTED
    return enough and least > max(MANY_PER_S, TIMES_OTHERS * others)


def _words(row: Row) -> str:
    bounds = "" if row["lo"] is None else f" [{_rate(row['lo'])}, {_rate(row['hi'])}]"
    each = row["tlb_per_message"]
    message = "" if each is None else f", {each:.2g} a message"
    others = row["others_per_s"]
    beside = "" if others is None else f" (the other transports: {_rate(others)}, their median)"
    return (
        f"{row['transport']}: TLB shootdowns interrupt the CPUs of its ends {_rate(row['tlb_per_s'])}{bounds} times a second{message}{beside}: "
        "some thread of an end's process unmaps or frees memory while messages flow"
    )


def _rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 10 else f"{per_s:.2g}"
