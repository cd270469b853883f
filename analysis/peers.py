#!/usr/bin/python3
"""Set round trips beside the best other Debian tool that measures the same: one row a tool, one ratio.

Ours and the tool's run in turns (AB, BA, BA, AB), pinned the same way, and each row says how the tool's
number was converted. A ratio below 1 is ours being faster. Like for like: judged, ours must be within
2 % of the tool's. One way: rt-tests time one direction, between threads, after a sleep, so that their mean
is an upper bound for a hot exchange; beside half of our round trip it stands without a verdict, and means
something on a quiet machine only: ours never pauses and so shares its CPU with whatever else wants it.
The dot is the median over pairs, the bar its 95 % interval, from six pairs on.
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
import figure
import speed
import style
from peer_tools import LEFT_OUT, PEERS, Peer
from speed_rows import Row, judge_pairs, kToolBound


def measure(peer: Peer, program: Path, cpus: tuple[int, int], pairs: int) -> Row:
    """The peer's row; `reason` instead of values where it could not be had."""
    row = {"goal": f"{peer.transport} over {peer.tool}", "n": 0, "what": peer.what}
    row["like_for_like"] = peer.like_for_like
    if shutil.which(peer.program) is None:
        return row | {"reason": f"not here: apt-get install {peer.package}"}
    try:
        measured = peer.measure(program, cpus, pairs)
    except subprocess.CalledProcessError as error:
        said = str(error.stderr).strip().splitlines() or [f"exit {error.returncode}"]
        name = Path(error.cmd[0]).name
        return row | {"reason": f"{name}: {said[-1].removeprefix(name + ': ')}"}
    except (OSError, ValueError) as error:
        return row | {"reason": f"{peer.program}: {error}"}
    return row | judge_pairs(row["goal"], measured, kToolBound if peer.like_for_like else None)


def table(rows: list[Row]) -> str:
    """Rows, then how each tool's number was converted, then what was left out and why."""
    lines = [speed.table([row for row in rows if row["n"]])]
    lines += [f"{row['goal']:46} {row['reason']}" for row in rows if not row["n"]]
    lines += ["", "what the tools' numbers are"]
    lines += [f"  {peer.tool:28} {peer.what}" for peer in PEERS]
    lines += ["", "left out, because they measure something else"]
    lines += [f"  {tool}: {why}" for tool, why in LEFT_OUT.items()]
    return "\n".join(lines)


def draw(rows: list[Row], out_dir: Path) -> Path:
    """One dot and bar a row, like for like above, one way below."""
    shown = sorted((row for row in rows if row["n"]), key=lambda row: not row["like_for_like"])
    fig, (ax,) = figure.grid(1, 1.2 + 0.32 * len(shown))
    for at, row in enumerate(shown):
        judged = row["like_for_like"]
        face = style.PALETTE[0] if judged else style.PAPER
        if row["lo"] is not None and row["hi"] is not None:
            ax.plot([row["lo"], row["hi"]], [at, at], color=style.PALETTE[0], lw=2, alpha=0.5)
        ax.plot(row["value"], at, "o", mfc=face, mec=style.PALETTE[0], ms=6)
        text = f"{row['value']:.2f}: {row['subject_ns'] / 1000:.1f} µs, {row['reference_ns'] / 1000:.1f} µs"
        ax.annotate(text, (row["value"], at), (0, 7), textcoords="offset points", fontsize=7)
    ax.axvline(1, color=style.INK, lw=0.8)
    ax.set_yticks(range(len(shown)), [row["goal"] for row in shown], fontsize=8)
    ax.set_ylim(len(shown) - 0.4, -0.8)
    ax.set_xlabel("our time over the tool's")
    fig.subplots_adjust(left=0.33)
    figure.title(fig, "Round trips beside other tools")
    missing = [f"{row['goal']}: {row['reason']}" for row in rows if not row["n"]]
    style.finish(fig, "; ".join([caption(shown), *missing]))
    return style.save(fig, out_dir, "peers", rows)


def caption(shown: list[Row]) -> str:
    cpuinfo = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in cpuinfo if "model name" in line), "?")
    pairs = max((row["n"] for row in shown), default=0)
    return (
        f"{model}, Linux {os.uname().release}; {pairs} pairs in turns; filled: like for like; "
        "hollow: half of our round trip beside one direction of theirs"
    )


def main() -> int:
    parser = command.Parser(__doc__)
    parser.add_argument("--program", type=Path, default=speed.kProgram)
    parser.add_argument("--pairs", type=int, default=12, help="of our run and the tool's")
    parser.add_argument("--only", default="", help="rows whose transport or tool contains this")
    parser.add_argument(
        "-o", "--out-dir", type=Path, help="draw peers.svg, .pdf, .png and .csv there"
    )
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if not args.program.exists():
        print(f"peers: no {args.program}: build it, or name it with --program", file=sys.stderr)
        return 2
    usable = sorted(os.sched_getaffinity(0))
    wanted = [peer for peer in PEERS if args.only in peer.transport or args.only in peer.tool]
    rows = [measure(peer, args.program, (usable[0], usable[-1]), args.pairs) for peer in wanted]
    print(json.dumps(rows, indent=1) if args.json else table(rows))
    if args.out_dir:
        print(draw(rows, args.out_dir))
    return 0 if any(row["n"] for row in rows) else 2


if __name__ == "__main__":
    sys.exit(command.ended(main))
