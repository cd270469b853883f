#!/usr/bin/python3
"""Judge the speed goals: is the instrument as fast as the machine lets it be?

Runs ipcmark_speed (bench/micro) and sets round trips beside other people's tools: a pipe on one CPU
beside `perf bench sched pipe`, TCP across two CPUs beside sockperf (Debian's 3.7 speaks no AF_UNIX;
its figure is half a round trip). Everything in turns; what is judged are ratios, never times.

Rounds in which an end was preempted or the canary moved by more than 15 % are dropped in pairs and
counted. The unit is the launch: its value is the median of its rounds, the interval is over
launches. holds: the whole interval is within the goal; missed: none of it; else undecided.
Exit 0 whatever the verdict; 2 if nothing could be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any, Callable

import speed_tools
import stats

kCanaryMoved = 1.15
kFewestRounds = 3  # of a launch, after dropping
kToolBound = 1.02
kProgram = Path(__file__).resolve().parent.parent / "build/release/bench/micro/ipcmark_speed"

VALUE: dict[str, Callable[[float, float], float]] = {
    "time_ratio": lambda subject, reference: subject / reference,
    "rate_ratio": lambda subject, reference: reference / subject,
    "added_ns": lambda subject, reference: subject - reference,
}


def judge(name: str, measure: str, bound: float | None, values: list[float]) -> dict[str, Any]:
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


def kept(record: dict[str, Any]) -> list[list[Any]]:
    """The rounds whose two runs were measured on one and the same, undisturbed machine."""
    return [r for r in record["rounds"] if r[2] == 0 and max(r[3]) <= kCanaryMoved * min(r[3])]


def judge_goals(lines: list[str]) -> list[dict[str, Any]]:
    """One row a goal from ipcmark_speed's lines, which may be those of several runs."""
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        record = json.loads(line)
        records[record["goal"]].append(record)
    rows = []
    for name, launches in records.items():
        first, value = launches[0], VALUE[launches[0]["measure"]]
        undisturbed = [r for r in map(kept, launches) if len(r) >= kFewestRounds]
        values = [median(value(r[0], r[1]) for r in rounds) for rounds in undisturbed]
        row = judge(name, first["measure"], first["bound"], values)
        row["rounds"] = sum(len(launch["rounds"]) for launch in launches)
        row["dropped"] = row["rounds"] - sum(map(len, undisturbed))
        for column, side in enumerate(("subject_ns", "reference_ns")):
            row[side] = median([r[column] for rounds in undisturbed for r in rounds] or [0.0])
        rows.append(row)
    return rows


def judge_pairs(name: str, pairs: list[tuple[float, float]]) -> dict[str, Any]:
    """The row of a tool, from pairs of our time and its."""
    row = judge(name, "time_ratio", kToolBound, [ours / theirs for ours, theirs in pairs])
    times = {"subject_ns": median(p[0] for p in pairs), "reference_ns": median(p[1] for p in pairs)}
    return row | times | {"rounds": len(pairs), "dropped": 0}


def tools(program: Path) -> list[dict[str, Any]]:
    """A row for each tool that is installed."""
    cpus = sorted(os.sched_getaffinity(0))
    rows = []
    if shutil.which("perf"):
        pairs = speed_tools.beside_perf(program, cpus[-1])
        rows.append(judge_pairs("pipe round trip over perf bench sched pipe", pairs))
    if shutil.which("sockperf"):
        pairs = speed_tools.beside_sockperf(program, (cpus[0], cpus[-1]))
        rows.append(judge_pairs("tcp round trip over sockperf", pairs))
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    lines = [f"{'goal':46} {'ours':>10} {'reference':>10} {'value':>7} {'95 % interval':>17}  goal"]
    for row in rows:
        if not row["n"]:
            lines.append(f"{row['goal']:46} not measured: {row['dropped']} rounds dropped")
            continue
        lo, hi = (f"{row[end]:.3f}" if row[end] is not None else "-" for end in ("lo", "hi"))
        bound = "" if row["bound"] is None else f"{row['bound']:g} "
        limit = "" if not bound else ">= " if row["measure"] == "rate_ratio" else "<= "
        lines.append(
            f"{row['goal']:46} {row['subject_ns']:10.1f} {row['reference_ns']:10.1f} "
            f"{row['value']:7.3f} [{lo:>7}, {hi:>7}]  {limit}{bound}{row['verdict']}"
            f" (n {row['n']}, dropped {row['dropped']} of {row['rounds']})"
        )
    return "\n".join(lines)


def measure(program: Path, launches: int, only: str) -> list[dict[str, Any]]:
    command = [str(program), "--launches", str(launches), "--only", only]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return judge_goals(done.stdout.splitlines()) + ([] if only else tools(program))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", type=Path, default=kProgram)
    parser.add_argument("--launches", type=int, default=30)
    parser.add_argument("--only", default="", help="goals whose name contains this; no tools")
    parser.add_argument("--lines", type=Path, help="judge an earlier run's lines instead")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.lines:
        rows = judge_goals(args.lines.read_text().splitlines())
    elif not args.program.exists():
        print(f"speed: no {args.program}: build it, or name it with --program", file=sys.stderr)
        return 2
    else:
        rows = measure(args.program, args.launches, args.only)
    print(json.dumps(rows, indent=1) if args.json else table(rows))
    return 0 if rows else 2


if __name__ == "__main__":
    sys.exit(main())
