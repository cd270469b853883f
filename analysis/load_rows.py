"""Load curves in numbers: rows of summary.json's `load`, the report's table, and what stands against them."""

from __future__ import annotations

import math
from typing import Any

import knee
import little
import stats
import style
from crossover_rows import number
from knee import Knee
from records import Record, Run, by_launch, group

LATE_NS = 1000  # a sender later than this at p99 is no fixed schedule's
COLUMNS = ("transport", "knee [/s]", "interval", "carried [/s]", "smallest p50", "late p99", "driver", "Little")  # fmt: skip


def of_run(run: Run) -> list[tuple[list[Record], Knee]]:
    """Every curve with its knee, found once."""
    if "load" not in run.memo:
        curves = knee.curves(run.of("load", pattern="pace")).values()
        run.memo["load"] = [(curve, knee.find(curve)) for curve in curves]
    return run.memo["load"]


def value(record: Record, name: str) -> float:
    """One of a record's values; nan where there is none."""
    told = record.values.get(name)
    return math.nan if told is None else float(told)


def median(records: list[Record], name: str) -> float:
    """Of a value over launches; nan without it."""
    values = by_launch(records, lambda r: value(r, name))
    return stats.median_interval(values).value if values else math.nan


def lag_ns(records: list[Record], q: float) -> float:
    """How late sends were, median over launches of a percentile; nan where launches are too short for it."""
    values = by_launch(records, lambda r: r.percentile(q, "send_lag_ns")[0])
    return stats.median_interval(values).value if values else math.nan


def rows(run: Run) -> list[dict[str, Any]]:
    """summary.json's `load`: one a curve."""
    return [_row(curve, found) for curve, found in of_run(run)]


def _row(curve: list[Record], found: Knee) -> dict[str, Any]:
    highest = [r for r in curve if knee.rate(r) == found.carried]
    peak = stats.median_interval(_peaks(curve))
    law = little.judge(curve)
    return {
        "case": {k: v for k, v in curve[0].case.items() if k != "rate_per_s"},
        "metric": curve[0].metric,
        "status": found.status,
        "knee_per_s": number(found.rate),
        "lo": number(found.lo),
        "hi": number(found.hi),
        "carried_per_s": number(found.carried),
        "peak_per_s": number(peak.value),
        "peak_lo": number(peak.lo),
        "peak_hi": number(peak.hi),
        "base_response_ns": number(found.base_ns),
        "base_rate_per_s": number(found.base_rate),
        "send_lag_p50_ns": number(lag_ns(highest, 50)),
        "send_lag_p99_ns": number(lag_ns(highest, 99)),
        "driver_ns_per_message": number(median(curve, "driver_ns_per_message")),
        "little": {"held": len(law.held), "failed": len(law.failed), "unresolved": law.unresolved},
    }


def _peaks(curve: list[Record]) -> list[float]:
    """The most messages a second that each launch brought through, at whatever rate."""
    launches = group(curve, lambda r: r.launch_id).values()
    return [max(value(r, "achieved_per_s") for r in rs) for rs in launches]


def table(summary: dict[str, Any]) -> list[list[str]]:
    """The report's cells, under COLUMNS."""
    return [_cells(entry) for entry in summary["load"]]


def _cells(entry: dict[str, Any]) -> list[str]:
    per_s = lambda value: "–" if value is None else style.rate_label(float(value), "")  # noqa: E731
    time = lambda value: "–" if value is None else style.time_label(value)  # noqa: E731
    case, law = entry["case"], entry["little"]
    told = {"none": "not reached", "overloaded": "no rate was carried",
            "unread": "responses too short for the clocks"}.get(entry["status"])  # fmt: skip
    several = " (first of several)" if entry["status"] == "several" else ""
    bounds = entry["lo"] is not None and entry["hi"] is not None
    name = [case["transport"], case.get("schedule"), case["wait"], f"idle {case.get('idle')}"]
    return [
        " · ".join(map(str, name)),
        told or per_s(entry["knee_per_s"]) + several,
        f"[{per_s(entry['lo'])}, {per_s(entry['hi'])}]" if bounds else "–",
        per_s(entry["carried_per_s"]),
        time(entry["base_response_ns"]),
        time(entry["send_lag_p99_ns"]),
        time(entry["driver_ns_per_message"]),
        f"{law['held']} held, {law['failed']} failed, {law['unresolved']} unresolved",
    ]


def doubts(run: Run) -> list[tuple[str, str, str]]:
    """Check, message and remedy of what stands against the curves."""
    records = run.of("load", pattern="pace")
    law, found = little.judge(records), []
    judged = len(law.held) + len(law.failed)
    if law.failed:
        worst, shown = law.worst, little.kTolerance
        message = (
            f"Little's law fails by more than {shown:.0%} in {len(law.failed)} of {judged} load measurements "
            f"(worst: {worst.transport} at {style.rate_label(knee.rate(worst), '/s')}, "
            f"{worst.values['little_residual']:+.0%}; {law.unresolved} could not be told)"
        )
        found.append(("little", message, "run on an idle machine with isolated CPUs"))
    late = [lag for lag in (_late(rs) for rs in fixed_cases(records)) if lag]
    if late:
        transport, rate, p99 = max(late, key=lambda one: one[2])
        message = (
            f"{len(late)} fixed-rate load cases were sent late: p99 of the schedule error above "
            f"{style.time_label(LATE_NS)} (worst: {transport} at {style.rate_label(rate, '/s')}, {style.time_label(p99)})"
        )
        found.append(("schedule", message, "isolate the sender's CPU (isolcpus, nohz_full)"))
    return found


def fixed_cases(records: list[Record]) -> list[list[Record]]:
    """Cases of fixed rates that were carried, each with its launches."""
    mine = [r for r in records if r.case.get("schedule") == "fixed" and not knee.overloaded(r)]
    return list(group(mine, lambda r: tuple(sorted(r.case.items()))).values())


def _late(records: list[Record]) -> tuple[str, float, float] | None:
    p99 = lag_ns(records, 99)
    return (records[0].transport, knee.rate(records[0]), p99) if p99 > LATE_NS else None
