"""What is said of the machine's effects beforehand, and what was measured: rows of summary.json."""

from __future__ import annotations

import math
from typing import Any

import sharing_values
import shootdown_model
import shootdown_panels
import stats
import steps
from records import Record, Run, by_launch, group, select
from series import Levels, series


def of_run(run: Run) -> list[dict[str, Any]]:
    """{`effect`, `case`, `predicted`, `measured`, `lo`, `hi`}; only what was both said and measured."""
    shot = run.of("tlb_shootdown")
    return [*_knees(run), *_deliveries(shot), *_ceilings(run, shot), *_traffic(shot)]


def _row(
    effect: str, case: str, predicted: float, measured: float, lo: Any = None, hi: Any = None
) -> dict[str, Any]:
    return {"effect": effect, "case": case, "predicted": predicted, "measured": measured, "lo": lo, "hi": hi}  # fmt: skip


def _knees(run: Run) -> list[dict[str, Any]]:
    words = select(run.of("false_sharing"), structure="words")
    words = [r for r in words if sharing_values.rounds(r, "ns")]
    size, found = sharing_values.line_bytes(run), []
    if not size:
        return []
    for line in series(words, Levels.of(run), "distance_bytes", sharing_values.excess_ns):
        step = sharing_values.knee(line)
        if step:
            case = line.records[0].case
            name = f"{case['operation']}, {case['neighbour']}, pause {case['pace_ns']} ns"
            found.append(_row("false_sharing_knee_bytes", name, size, step.first))
    return found


def _deliveries(records: list[Record]) -> list[dict[str, Any]]:
    found = []
    mine = [r for r in select(records, victim="spin") if "tlb_per_operation" in r.values]
    axes = ("trigger", "roles", "mappings", "consumers")
    once = [r for r in mine if r.case["flush_pages"] <= 1 and not r.raw.get("oversubscribed")]
    for key, members in sorted(group(once, lambda r: tuple(r.case[n] for n in axes)).items()):
        tlb, _ = shootdown_model.expected(members[0].case)
        if tlb is not None:
            at = stats.median_interval(by_launch(members, lambda r: r.values["tlb_per_operation"]))
            name = f"{key[0]}, {key[1]}, {key[2]} mappings" + (f", {key[3]} victims" if key[3] > 1 else "")  # fmt: skip
            found.append(_row("tlb_shootdowns_per_operation", name, tlb, at.value, at.lo, at.hi))
    return found


def _ceilings(run: Run, records: list[Record]) -> list[dict[str, Any]]:
    known, _ = shootdown_panels.ceiling_of(run)
    found = []
    for name, at in shootdown_panels.stalls(records).items():
        step = steps.drop(list(at), [v.value for v in at.values()])
        if step:
            found.append(_row("tlb_flush_ceiling_pages", name, known, step.last))
    return found


def _traffic(records: list[Record]) -> list[dict[str, Any]]:
    return [
        _row("throughput_beside_shootdowns", f"{r['line']}, {r['rate_per_s']}/s", r["predicted"], r["measured"],
             r["measured_lo"], r["measured_hi"])
        for r in shootdown_model.traffic_rows(records) if not math.isnan(r["predicted"])
    ] + [
        _row("stream_ns_lost_to_a_shootdown", f"{r['line']}, {r['bottleneck']}-bound, depth {r['depth']}, {r['rate_per_s']}/s",
             r["predicted"], r["measured"], r["measured_lo"], r["measured_hi"])
        for r in shootdown_model.stream_rows(records) if not math.isnan(r["predicted"])
    ]  # fmt: skip
