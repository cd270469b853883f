"""What speed.py prints: rows with a value, its interval and a verdict, from rounds or pairs."""

from __future__ import annotations

import json
from collections import defaultdict
from statistics import median
from typing import Any, Callable

import stats

kCanaryMoved = 1.15
kLevelsApart = 1.5  # two launches whose canaries differ by more ran on two machines
kFewestRounds = 3  # of a launch, after dropping
kToolBound = 1.02

Row = dict[str, Any]
Round = list[Any]  # subject_ns, reference_ns, preempted, canary_ns

VALUE: dict[str, Callable[[float, float], float]] = {
    "time_ratio": lambda subject, reference: subject / reference,
    "rate_ratio": lambda subject, reference: reference / subject,
    "added_ns": lambda subject, reference: subject - reference,
}


def judge(name: str, measure: str, bound: float | None, values: list[float]) -> Row:
    """A goal's row: value, interval over launches or pairs, verdict."""
    if not values:
        return {"goal": name, "n": 0, "verdict": "not measured"}
    interval = stats.median_interval(values)
    verdict = "undecided"
    if bound is None:
        verdict = "no goal"
    elif interval.lo is not None and interval.hi is not None:
        sign = -1 if measure == "rate_ratio" else 1
        ends = sorted((sign * interval.lo, sign * interval.hi))
        verdict = (
            "holds"
            if ends[1] <= sign * bound
            else "missed"
            if ends[0] > sign * bound
            else "undecided"
        )
    row = {"goal": name, "measure": measure, "bound": bound, "verdict": verdict, "n": interval.n}
    return row | {"value": interval.value, "lo": interval.lo, "hi": interval.hi}


def kept(record: dict[str, Any]) -> list[Round]:
    """The rounds whose two runs were measured on one and the same, undisturbed machine."""
    return [r for r in record["rounds"] if r[2] == 0 and max(r[3]) <= kCanaryMoved * min(r[3])]


def levels(launches: list[list[Round]]) -> list[list[list[Round]]]:
    """Launches grouped by the level of the canary: where the host has put the CPUs meanwhile."""
    apart = sorted(launches, key=canary)
    groups = [apart[:1]]
    for before, launch in zip(apart, apart[1:]):
        if canary(launch) > kLevelsApart * canary(before):
            groups.append([])
        groups[-1].append(launch)
    return groups


def canary(launch: list[Round]) -> float:
    return median(ns for round_ in launch for ns in round_[3])


def judge_goals(lines: list[str]) -> list[Row]:
    """Rows from ipcmark_speed's lines, one a goal and level; the lines may be of several runs."""
    records: dict[str, list[Any]] = defaultdict(list)
    for line in lines:
        record = json.loads(line)
        records[record["goal"]].append(record)
    rows = []
    for name, launches in records.items():
        undisturbed = [r for r in map(kept, launches) if len(r) >= kFewestRounds]
        rounds = sum(len(launch["rounds"]) for launch in launches)
        counts = {"rounds": rounds, "dropped": rounds - sum(map(len, undisturbed))}
        first = launches[0]
        for level in levels(undisturbed):
            rows.append(judge_level(name, first["measure"], first["bound"], level) | counts)
    return rows


def judge_level(name: str, measure: str, bound: float | None, launches: list[list[Round]]) -> Row:
    value = VALUE[measure]
    values = [median(value(r[0], r[1]) for r in rounds) for rounds in launches]
    row = judge(name, measure, bound, values)
    if launches:
        row["canary_ns"] = median(map(canary, launches))
        for column, side in enumerate(("subject_ns", "reference_ns")):
            row[side] = median(r[column] for rounds in launches for r in rounds)
    return row


def judge_pairs(
    name: str, pairs: list[tuple[float, float]], bound: float | None = kToolBound
) -> Row:
    """The row of a tool, from pairs of our time and its."""
    row = judge(name, "time_ratio", bound, [ours / theirs for ours, theirs in pairs])
    times = {"subject_ns": median(p[0] for p in pairs), "reference_ns": median(p[1] for p in pairs)}
    return row | times | {"rounds": len(pairs), "dropped": 0}
