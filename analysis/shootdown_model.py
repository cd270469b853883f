"""What is said of shootdowns before they are measured: interrupts delivered, and the throughput that remains."""

from __future__ import annotations

import math
from statistics import mean, median
from typing import Any

import stats
from records import Case, Record, by_launch, group, select

MISSING_TERM = (
    "what is missing in the model: the victim's own refill and the lines that the trigger displaced"
)


def expected(case: Case) -> tuple[float | None, float | None]:
    """Interrupts of the victim's CPU an operation (x86): TLB and CAL rows; None where nothing was promised."""
    trigger, thread = case["trigger"], case["roles"] == "thread"
    if case["victim"] == "asleep" or trigger in ("writeback", "collapse", "migration"):
        return None, None
    if trigger == "membarrier":
        return 0, 1
    if trigger == "own_mapping":  # of one address space: who runs no thread of it is not told
        return (1, 1) if thread else (0, 0)
    if trigger == "punch_hole":
        return case["mappings"], case["mappings"]
    return 0, 0


def traffic_rows(records: list[Record]) -> list[dict[str, Any]]:
    """One case a row: predicted and measured share of the throughput, their difference, with intervals over launches."""
    rows = []
    mine = [
        r
        for r in select(records, victim="traffic")
        if r.case["trigger"] != "none" and r.raw.get("rounds")
    ]
    axes = ("trigger", "roles", "flush_pages", "trigger_rate_per_s", "transport")
    for key, members in sorted(
        group(mine, lambda r: tuple(r.case[n] for n in axes)).items(), key=str
    ):
        case = members[0].case
        pages = f", {case['flush_pages']} pages" if case["flush_pages"] else ""
        row: dict[str, Any] = {"line": f"{case['trigger']}, {case['roles']}{pages}", "transport": case["transport"],
                               "rate_per_s": case["trigger_rate_per_s"],
                               "events_per_s": median(median(r.raw["rounds"]["events_per_s"]) for r in members)}  # fmt: skip
        for name, value in (("predicted", predicted), ("measured", measured),
                            ("residual", lambda r: measured(r) - predicted(r))):  # fmt: skip
            at = stats.median_interval(by_launch(members, value) or [math.nan])
            row |= {name: at.value, f"{name}_lo": at.lo, f"{name}_hi": at.hi}
        rows.append({**row, "launches": len(members)})
    return rows


def predicted(record: Record) -> float:
    """1 - f of the time with triggers: f the share that they take, from one trigger alone and a message alone."""
    rounds, alone = record.raw["rounds"], record.histogram("trigger_ns")
    if alone is None:
        return math.nan
    lost = mean(rounds["events_per_message"]) * alone.percentile(50)
    message = median(rounds["solo_ns"])
    return message / (message + lost)


def measured(record: Record) -> float:
    """Throughput with triggers over that without, windows next to each other."""
    rounds = record.raw["rounds"]
    return float(median(b / a for a, b in zip(rounds["ns"], rounds["solo_ns"])))
