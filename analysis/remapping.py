#!/usr/bin/python3
"""What a copy less is worth: mechanisms of one copy and of handed-over pages beside those of two, by size of the message.

Left: a message one way with a small answer, the median over launches with its 95 % interval; full lines where the ends
read and write the whole payload, dashed where they touch its header only, which leaves the mechanism's own copies.
Right: the same over the pipe's of the same block. At 1 nothing is saved, at 0.5 half of the time, which is what one of
two copies would be; fifo, the other mechanism of two copies, is the control and must lie at 1.

    analysis/remapping.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import figure
import paired_values as paired
import remapping_values as values
import style
from figure import Drawn
from records import Run

TITLE = "A copy less, by remapping or from process to process"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """remapping.svg."""
    lines = values.lines(run)
    if not lines:
        return []
    fig, (left, right) = figure.grid(2, row_in=4.4)
    figure.title(fig, TITLE)
    names = sorted({line.name for line in lines})
    rows: list[dict[str, Any]] = []
    for line in lines:
        colour = style.PALETTE[names.index(line.name) % len(style.PALETTE)]
        dashes = "-" if line.touch == "full" else "--"
        _line(left, line.times, colour, dashes)
        _line(right, line.ratios, colour, dashes)
        rows += [{"mechanism": line.name, "touch": line.touch, "message_bytes": size, **paired.columns(at),
                  "over_pipe": of.value if of else None, "over_pipe_lo": of.lo if of else None,
                  "over_pipe_hi": of.hi if of else None}
                 for size, at in line.times.items() for of in [line.ratios.get(size)]]  # fmt: skip
    sizes = [size for line in lines for size in line.times]
    for ax, words in ((left, "a message [time]"), (right, "over the pipe's")):
        style.byte_axis(ax, sizes)
        ax.set_ylabel(words)
    style.log_axis(left.yaxis)
    style.log_axis(right.yaxis, lambda v, _=None: f"{v:g}×")
    for level in (0.5, 1):
        right.axhline(level, lw=0.9, ls="--", color=style.INK)
    left.set_title("time")
    right.set_title("against two copies")
    figure.key(fig, [Line2D([], [], color=style.PALETTE[i % len(style.PALETTE)], label=n) for i, n in enumerate(names)])  # fmt: skip
    records = [r for line in lines for r in line.records]
    notes = [paired.null_words(at, f"fifo / pipe, touch {touch}") for touch, at in values.controls(lines)]  # fmt: skip
    missing = style.absent(r for r in run.records if r.experiment == "remapping")
    text = " · ".join([style.caption(run, records, missing), *notes, *paired.level_words(run)])
    style.finish(fig, text)
    path = style.save(fig, out_dir, "remapping", rows)
    return [Drawn("remapping", TITLE, __doc__ or "", text, path)]


def _line(ax: Axes, points: dict[int, Any], colour: str, dashes: str) -> None:
    xs = list(points)
    ax.plot(xs, [points[x].value for x in xs], dashes, marker="o", ms=3, color=colour)
    for x in (x for x in xs if points[x].lo is not None):
        ax.plot([x, x], [points[x].lo, points[x].hi], color=colour, lw=1.4)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
