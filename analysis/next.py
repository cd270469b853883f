#!/usr/bin/python3
"""What a run should measure next, told from the records it has; asked by the harness between
blocks.

Prints JSON on stdout. `--question thresholds`: per hybrid and condition the T for its `auto` path
and eight sizes around T that would sharpen it. `--question rates`: per load curve the rate to measure
next, half way into the bracket that holds its knee. `--question blocks`: whether more blocks are
needed, and why.

analysis/next.py RUN_DIR --question thresholds

T for `auto` is that of the round trip (pattern ask, p50), for streams too; `T_bytes` is null where
there is no single T, and `threshold_bytes` (0, a size, or "inf") is then what `auto` had best use.
Unreadable lines are named on stderr and left out; exit 2 when RUN_DIR is no folder.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import Any, Iterable

import command
import crossing
import crossover_fit
import knee
import steadiness
from record import Record, by_launch, cases, leave_out_superseded
from records import SCHEMA

CASE_AXES = ("placement", "wait", "touch", "access", "batch", "idle", "pattern")
CENTRAL = ("p50", "ns_per_message")
# Buckets are most of a line and none of the answer; the harness waits while this reads.
BUCKETS = re.compile(rb'"buckets":\s*\[\[.*?\]\]')


def read(file: Path, whole: bool = False) -> list[Record]:
    """The usable records of one file that have windows, or, `whole`, those that have buckets; the
    others are named on stderr where they are broken.
    """
    found: list[Record] = []
    neutral = _neutral(file.parent / "manifest.json")
    for number, line in enumerate(file.read_bytes().split(b"\n") if file.exists() else [], 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line if whole else BUCKETS.sub(b'"buckets":[]', line))
            if raw["schema"] != SCHEMA:
                raise ValueError(f"schema {raw['schema']} is unknown")
            raw["case"] = {**neutral, **raw["case"]}
            record = Record(raw, f"{file}:{number}")
            found.append(_checked(record) if record.ok and _used(raw, whole) else record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"{file}:{number}: {type(error).__name__}: {error}; left out", file=sys.stderr)
    leave_out_superseded(found)
    return [record for record in found if record.ok and _used(record.raw, whole)]


def _used(raw: dict[str, Any], whole: bool) -> bool:
    """Of an open loop the response times, which it is without where the ends' clocks were too far apart."""
    return "response_ns" in raw["histograms"] if whole else bool(raw["windows"])


def _neutral(manifest: Path) -> dict[str, Any]:
    """The axes that records leave out; {} where the manifest does not say."""
    try:
        told = json.loads(manifest.read_bytes()).get("neutral")
    except (OSError, ValueError, AttributeError):
        return {}
    return told if isinstance(told, dict) else {}


def _checked(record: Record) -> Record:
    """The record, all of what is used here being there and of its type."""
    path = record.case.get("path", "raw")
    used = (record.experiment, record.launch_id, record.transport, path, record.case["pattern"])
    if not all(isinstance(text, str) for text in used):
        raise TypeError("a name is not a string")
    if not math.isfinite(record.p50_ns + record.block + record.message_bytes + record.launch_order):
        raise ValueError("a number is not finite")
    record.metric.keys(), record.canary_ns
    return record


def crossovers(records: Iterable[Record]) -> list[dict[str, Any]]:
    """One answer per hybrid, condition and pattern; T from ask, refined sizes from the pattern's
    own T.
    """
    found = list(crossover_fit.all_costs(records, CENTRAL))
    answers = [crossing.crossover(costs.sizes, costs.y["queue"], costs.y["shm"]) for costs in found]
    asked = {
        _condition(costs): (costs, answer)
        for costs, answer in zip(found, answers)
        if costs.axes["pattern"] == "ask"
    }
    return [
        _entry(costs, answer, *asked.get(_condition(costs), (costs, answer)))
        for costs, answer in zip(found, answers)
    ]


def _condition(costs: crossover_fit.Costs) -> tuple[Any, ...]:
    """What a stream shares with the round trip whose T it uses: all but pattern and batch."""
    axes = (axis for axis in CASE_AXES if axis not in ("pattern", "batch"))
    return costs.axes["transport"], *(costs.axes.get(axis) for axis in axes)


def _entry(
    costs: crossover_fit.Costs,
    own: crossing.Crossover,
    asked: crossover_fit.Costs,
    answer: crossing.Crossover,
) -> dict[str, Any]:
    threshold = crossover_fit.auto_threshold(asked, answer)
    T = answer.T_bytes if answer.status == "ok" and answer.crossings[0].rising else None
    return {
        "transport": costs.axes["transport"],
        "case": {axis: costs.axes[axis] for axis in CASE_AXES if axis in costs.axes},
        "T_bytes": None if T is None else round(T),
        "status": answer.status,
        "winner": answer.winner,
        "threshold_bytes": "inf" if math.isinf(threshold) else round(threshold),
        "refine_bytes": [] if own.T_bytes is None else crossing.refine_sizes(own.T_bytes),
    }


def rates(records: Iterable[Record], neutral: dict[str, Any]) -> list[dict[str, Any]]:
    """Per load curve the rates to add, if any; its `case` names every axis but the rate."""
    found = []
    paced = [r for r in records if isinstance(r.case.get("rate_per_s"), (int, float))]
    for curve in knee.curves(paced).values():
        case = {**neutral, **curve[0].case}
        transport, _ = case.pop("transport"), case.pop("rate_per_s", None)
        wanted = knee.next_rates(curve)
        found.append({"transport": transport, "case": case, "rates_per_s": wanted})
    return found


def neutral_axes(run_dir: Path) -> dict[str, Any]:
    """The axes that records leave out, with their values; none where the manifest does not tell."""
    try:
        told = json.loads((run_dir / "manifest.json").read_bytes()).get("neutral")
    except (OSError, ValueError, AttributeError):
        return {}
    return told if isinstance(told, dict) else {}


def blocks(records: Iterable[Record]) -> dict[str, Any]:
    """Whether any case needs more launches: the neediest decides; none at all asks for the first
    ten.
    """
    stops = [
        steadiness.adaptive_stop(by_launch(members, lambda r: r.p50_ns))
        for members in cases(records).values()
    ]
    worst = max(stops, key=lambda stop: stop.add, default=steadiness.adaptive_stop([]))
    waiting = sum(not stop.done for stop in stops)
    reason = f"{waiting} of {len(stops)} cases want more; the neediest: {worst.reason}"
    return {"done": worst.done, "add": worst.add, "reason": reason}


def main() -> int:
    """Answer one question about one run folder."""
    parser = command.Parser(__doc__)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--question", choices=("thresholds", "rates", "blocks"), required=True)
    given = parser.parse_args()
    if not given.run_dir.is_dir():
        print(f"{given.run_dir}: not a run folder", file=sys.stderr)
        return 2
    if given.question == "thresholds":
        answer: Any = crossovers(read(given.run_dir / "crossover.jsonl"))
    elif given.question == "rates":
        records = read(given.run_dir / "load.jsonl", whole=True)
        answer = rates(records, neutral_axes(given.run_dir))
    else:
        files = sorted(given.run_dir.glob("*.jsonl"))
        answer = blocks(record for file in files for record in read(file))
    json.dump({given.question: answer}, sys.stdout)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(command.ended(main))
