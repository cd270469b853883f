#!/usr/bin/python3
"""What a message takes in time beside what it costs in CPU time, both ends together.

Filled: the median over launches of p50 (latency: a round trip; throughput: time per message at the receiver, the
median window, as throughput.py has it).
Hollow: CPU-ns per message of both ends. A spinning pair burns about twice the time, a sleeping one less than once:
a low latency that is bought with two whole CPUs is seen here.

    analysis/cpu.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from matplotlib import pyplot as plt

import dumbbell
import families
import figure
import style
from dumbbell import Bar
from figure import Drawn
from records import Run
from panels import Panel, panels
from series import Levels

SIZES = (64, 65536)
TITLE = "Time and CPU time per message"
QUESTIONS = {"latency": "round trip", "throughput": "one way, streaming"}
COLUMNS = 2
MAX_ROWS = 24  # of a panel: the quickest; all are in the CSV


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """cpu.svg: one panel an experiment and size, one row a transport."""
    levels = Levels.of(run)
    found = [
        (f"{words}, {style.bytes_label(size)} B", part)
        for experiment, words in QUESTIONS.items()
        for size in SIZES
        if (part := _bars(run, panels(run.of(experiment), levels), size))
    ]
    if not found:
        return []
    whole, found = found, [(name, bars[:MAX_ROWS]) for name, bars in found]
    rows = [math.ceil(len(found) / COLUMNS), COLUMNS]
    heights = [
        max(dumbbell.height_in(len(bars)) for _, bars in found[i : i + COLUMNS])
        for i in range(0, len(found), COLUMNS)
    ]
    height = sum(heights) + 0.7
    fig = plt.figure(figsize=(style.WIDTH_IN, height))
    grid = fig.add_gridspec(*rows, height_ratios=heights)
    letters = max(len(b.label) for _, bars in found for b in bars)
    for i, (name, bars) in enumerate(found):
        ax = fig.add_subplot(grid[i // COLUMNS, i % COLUMNS])
        ax.set_title(name)
        dumbbell.draw(ax, bars, "per message [time]")
    left_in = 0.3 + letters * 0.068
    inside = (style.WIDTH_IN - 0.2 - COLUMNS * left_in) / COLUMNS
    fig.subplots_adjust(left=left_in / style.WIDTH_IN, right=1 - 0.2 / style.WIDTH_IN,
                        top=1 - 0.75 / height, wspace=left_in / inside,
                        hspace=1.15 / (sum(heights) / len(heights)))  # fmt: skip
    figure.title(fig, TITLE)
    corner = {"loc": "upper right", "bbox_to_anchor": (1, 1), "bbox_transform": fig.transFigure}
    dumbbell.legend(fig.axes[0], "time", "CPU time of both ends", **corner)
    used = [r for e in QUESTIONS for r in run.of(e) if r.message_bytes in SIZES]
    text = style.caption(
        run, used, style.absent(r for r in run.records if r.experiment in QUESTIONS)
    )
    most = max(len(bars) for _, bars in whole)
    text += f" · the quickest {MAX_ROWS} of up to {most}; all in the CSV" if most > MAX_ROWS else ""
    style.finish(fig, text)
    cells = [
        {"panel": name, "case": b.label, "time_ns": b.filled, "cpu_ns_per_message": b.hollow}
        for name, bars in whole
        for b in bars
    ]
    path = style.save(fig, out_dir, "cpu", cells)
    return [Drawn("cpu", TITLE, __doc__ or "", text, path)]


def _bars(run: Run, found: list[Panel], size: int) -> list[Bar]:
    """One row a line of the panels that was measured at the size, quickest first."""
    looks, bars = families.looks(run), []
    for panel in found:
        for line in panel.lines:
            at = next((p for p in line.points if p.x == size), None)
            if at:
                label = " · ".join(filter(None, [line.label, panel.condition]))
                bars.append(Bar(label, looks[line.transport].colour, at.interval.value, at.cpu_ns))
    return sorted(bars, key=lambda b: b.filled)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
