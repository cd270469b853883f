#!/usr/bin/python3
"""Judge the speed goals: is the instrument as fast as the machine lets it be?

Runs ipcmark_speed (bench/micro) and sets round trips beside other people's tools: a pipe on one CPU
beside `perf bench sched pipe`, TCP across two CPUs beside sockperf (Debian's 3.7 speaks no AF_UNIX;
its figure is half a round trip). Everything in turns; what is judged are ratios, never times.

Rounds in which an end was preempted or the canary moved by more than 15 % are dropped in pairs and
counted. The unit is the launch: its value is the median of its rounds, the interval is over
launches. Launches are judged per level of the canary, never across: a virtual machine has several.
holds: the whole interval is within the goal; missed: none of it; else undecided.
Exit 0 whatever the verdict; 2 if nothing could be measured.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import command
import speed_tools
from speed_rows import Row, judge_goals, judge_pairs

kProgram = Path(__file__).resolve().parent.parent / "build/release/bench/micro/ipcmark_speed"


def tools(program: Path) -> list[Row]:
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


def table(rows: list[Row]) -> str:
    head = f"{'goal':46} {'hand-off':>8} {'ours':>9} {'reference':>9} {'value':>6} {'95 % interval':>16}"
    return "\n".join([head + "  verdict", *map(line, rows)])


def line(row: Row) -> str:
    if not row["n"]:
        return f"{row['goal']:46} not measured: {row['dropped']} rounds dropped"
    lo, hi = (f"{row[end]:.3f}" if row[end] is not None else "-" for end in ("lo", "hi"))
    limit = ">=" if row["measure"] == "rate_ratio" else "<="
    bound = "no goal" if row["bound"] is None else f"{limit} {row['bound']:g} {row['verdict']}"
    hand_off = f"{row['canary_ns']:.0f}" if "canary_ns" in row else "-"
    return (
        f"{row['goal']:46} {hand_off:>8} {row['subject_ns']:9.1f} {row['reference_ns']:9.1f} "
        f"{row['value']:6.3f} [{lo:>6}, {hi:>6}]  {bound}"
        f" (n {row['n']}; {row['dropped']} of {row['rounds']} rounds dropped)"
    )


def measure(program: Path, launches: int, only: str, keep: Path | None) -> list[Row]:
    command = [str(program), "--launches", str(launches), "--only", only]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    if keep:
        keep.write_text(done.stdout)
    return judge_goals(done.stdout.splitlines()) + ([] if only else tools(program))


def main() -> int:
    parser = command.Parser(__doc__)
    parser.add_argument("--program", type=Path, default=kProgram)
    parser.add_argument("--launches", type=int, default=30)
    parser.add_argument("--only", default="", help="goals whose name contains this; no tools")
    parser.add_argument("-o", type=Path, metavar="FILE", help="keep the program's lines")
    parser.add_argument("--lines", type=Path, help="judge an earlier run's lines instead")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.lines:
        rows = judge_goals(args.lines.read_text().splitlines())
    elif not args.program.exists():
        print(f"speed: no {args.program}: build it, or name it with --program", file=sys.stderr)
        return 2
    else:
        rows = measure(args.program, args.launches, args.only, args.o)
    print(json.dumps(rows, indent=1) if args.json else table(rows))
    return 0 if rows else 2


if __name__ == "__main__":
    sys.exit(command.ended(main))
