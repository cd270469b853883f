#!/usr/bin/python3
"""What is gained by not waiting for each answer, against the number of messages out at a time.

Throughput, turnaround (from sending a request to its answer: p50 solid, p99 thin) and the CPU time of both ends per
message; a point is the median over launches, the band its 95 % interval. Where a line ends, the channel holds no more.
Last panel: what a sender meets when the buffer is full and the receiver is slow: its share of a CPU when it blocks,
tries again at once (fail), or drops the message and goes on with the next; beside it, what one refusal costs.

    analysis/window.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import dealt
import families
import figure
import full_buffer
import lines
import panels
import style
from figure import Drawn
from records import Record, Run
from series import Levels, Series, series

TITLE = "Messages out at a time, and a full buffer"
X = "messages out at a time, W"
RATE, CPU = "messages answered per second", "CPU of both ends per message"
TURNAROUND = "turnaround, p50 and p99"
STRAY = Line2D([], [], marker="x", ms=4, color=style.MUTED, ls="",
               label="a launch at another level of the canary")  # fmt: skip


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """window.svg: throughput, turnaround, CPU time, and a full buffer."""
    records = run.of("window")
    windowed = [r for r in records if r.case["pattern"] == "window"]
    dealt_out = [r for r in records if r.case["pattern"] == "deal"]
    if not windowed:
        return []
    levels, looks = Levels.of(run), families.looks(run)
    rates = series(windowed, levels, x="window", value=rate)
    shown, _, hidden = panels.chosen(rates, max)
    fig, axes = figure.grid(3 + bool(dealt_out), labels=[s.label for s in shown])
    figure.title(fig, TITLE)
    if any(line.strays for line in shown):
        figure.key(fig, [STRAY])
    names = {s.label for s in shown}
    pick = lambda value: [
        s for s in series(windowed, levels, x="window", value=value) if s.label in names
    ]  # noqa: E731
    _lines(axes[0], shown, looks, RATE, lambda v, _: style.rate_label(v, "/s"))
    _lines(axes[1], pick(lambda r: turnaround(r, 50)), looks, TURNAROUND, style.time_label)
    _tails(axes[1], pick(lambda r: turnaround(r, 99)), looks)
    _lines(axes[2], pick(lambda r: r.cpu_ns_per_message), looks, CPU, style.time_label)
    rows = [_row(s, p) for s in rates for p in s.points]
    if dealt_out:
        rows += full_buffer.panel(axes[3], dealt_out, looks)
    missing = style.absent(r for r in run.records if r.experiment == "window")
    missing += [f"in the CSV only: {', '.join(s.label for s in hidden)}"] if hidden else []
    text = style.caption(run, records, missing)
    style.finish(fig, text)
    path = style.save(fig, out_dir, "window", rows)
    return [Drawn("window", TITLE, __doc__ or "", text, path)]


def rate(record: Record) -> float:
    return 1e9 / record.p50_ns


def turnaround(record: Record, q: float) -> float:
    return record.percentile(q, "turnaround_ns")[0]


def _lines(ax: Axes, shown: list[Series], looks: dict, title: str, label: Callable) -> None:
    ends = []
    for line in shown:
        lines.draw_line(ax, line, looks[line.transport], "-")
        last = line.points[-1]
        ends.append((last.x, last.interval.value, line.label, looks[line.transport].colour))
    style.byte_axis(ax, [p.x for s in shown for p in s.points], X)
    ax.set_title(title)
    ax.set_yscale("log")
    style.log_axis(ax.yaxis, label)
    style.label_ends(ax, ends)


def _tails(ax: Axes, shown: list[Series], looks: dict) -> None:
    for line in shown:
        points = [p for p in line.points if math.isfinite(p.interval.value)]
        ax.plot([p.x for p in points], [p.interval.value for p in points], lw=0.7, alpha=0.8,
                color=looks[line.transport].colour)  # fmt: skip


def _row(line: Series, at: Any) -> dict[str, Any]:
    here = [r for r in line.records if r.case["window"] == at.x]
    found = {"transport": line.transport, "variant": line.variant, "window": int(at.x)}
    found |= {"per_s": at.interval.value, "lo": at.interval.lo, "hi": at.interval.hi}
    for q in (50, 99):
        interval = dealt.over_launches(here, lambda r: turnaround(r, q))
        found[f"turnaround_p{q}_ns"] = interval.value if interval else math.nan
    return found | {"launches": at.interval.n, "cpu_ns_per_message": at.cpu_ns}


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
