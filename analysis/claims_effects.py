"""Claims about caches and address spaces: 15 (false sharing) and 17 (shootdowns)."""

from __future__ import annotations

import math
from typing import Any

import claims_parts as parts
import sharing_values
import shootdown_model
from claims_parts import WORTH, Judged, Part
from records import Record, Run, group, select

LINE_BYTES = 64  # where the kernel does not say
REMAPPINGS = ("own_mapping", "punch_hole")
ONE = 0.95  # interrupts an operation, from which on every one of them interrupts


def sharing(run: Run) -> Judged:
    """Claim 15, read as: of a state that is polled beside a word that its producer writes for itself, a round trip takes
    5 % longer with both in one line than with them two lines apart, and less than 5 % longer once they are a line apart.
    Refuted where sharing costs nothing or wins, at every pace and number of private writes.
    """
    found: list[Part] = []
    line = sharing_values.line_bytes(run) or LINE_BYTES
    states = select(run.of("false_sharing"), structure="state")
    for (pace, writes), mine in group(
        states, lambda r: (r.case["pace_ns"], r.case["private_writes"])
    ).items():
        widest = max(r.case["distance_bytes"] for r in mine)
        wide = [r for r in mine if r.case["distance_bytes"] == widest]
        for at, low, high in ((8, WORTH, math.inf), (line, -math.inf, WORTH)):
            near = [r for r in mine if r.case["distance_bytes"] == at]
            of = parts.ratio(run, near, wide, lambda r: r.p50_ns) if at < widest else None
            where = {"part": "one line" if at < line else "a line apart", "pace": f"{pace} ns",
                     "writes": f"{writes} private writes"}  # fmt: skip
            if of is not None:
                found.append(parts.part(where, of, parts.times, low, high))
    return parts.judge(found, "no state was measured both in one line and two lines apart")


def shootdowns(run: Run) -> Judged:
    """Claim 17, read as: every remapping interrupts the CPU of a peer that runs, and beside such operations traffic keeps
    the share 1 - f of its throughput, f being the share of time that they take, within 5 %. Refuted where peers are not
    interrupted and the share is missed, for every trigger.
    """
    told = run.of("tlb_shootdown")
    return parts.judge(_interrupts(run, told) + _traffic(run, told), "no remapping was measured")


def _interrupts(run: Run, told: list[Record]) -> list[Part]:
    mine = [r for r in told if r.case["trigger"] in REMAPPINGS and r.case["victim"] == "spin"
            and not r.raw.get("oversubscribed")]  # fmt: skip
    found = []
    for (trigger, roles), members in group(mine, _who).items():
        of = parts.over_launches(run, members, _interrupts_a_mapping)
        at = {"part": "interrupts an operation and mapping", "trigger": trigger, "peer": f"{roles} peer"}  # fmt: skip
        if of is not None:
            found.append(parts.part(at, of, lambda v: f"{v:.3f}", ONE, math.inf))
    return found


def _traffic(run: Run, told: list[Record]) -> list[Part]:
    mine = select(
        [r for r in told if r.case["trigger"] in REMAPPINGS], victim="traffic", pattern="ping"
    )
    found = []
    for key, members in group(mine, lambda r: (*_who(r), r.case["trigger_rate_per_s"])).items():
        trigger, roles, rate = key
        of = parts.over_launches(run, members, _over_predicted)
        at = {"part": "throughput / formula", "trigger": trigger, "peer": f"{roles} peer",
              "rate": f"{rate} /s"}  # fmt: skip
        if of is not None:
            found.append(parts.part(at, of, parts.times, 1 / WORTH, WORTH))
    return found


def _interrupts_a_mapping(record: Record) -> float:
    told = record.values.get("tlb_per_operation", math.nan)
    return told / max(record.case.get("mappings", 0), 1) / record.case.get("consumers", 1)


def _who(record: Record) -> tuple[Any, ...]:
    return record.case["trigger"], record.case["roles"]


def _over_predicted(record: Record) -> float:
    if not record.raw.get("rounds"):
        return math.nan
    return shootdown_model.measured(record) / shootdown_model.predicted(record)
