#!/usr/bin/python3
"""Round trip time against message size, one line a transport.

Each point is the median over launches of the launch's p50; the band is its 95 % interval (order statistics, drawn
from six launches). Dotted are the machine's two limits: the bare cache-line hand-off, and twice the bare cross-core
stream, since a reply goes the same way back. A hybrid stands beside the plain queue it is made of. Vertical bands are
T [lo, hi], the size from which shared memory pays, where the run measured it. Where the canary has several levels, a
line is at one of them, named (`@ 533 ns`) where it is not the usual one; other launches are crosses. Where mechanisms
are many, a panel is a family: its best are coloured, the others grey, and the best of all families is
dashed black.

    analysis/latency.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

import families
import figure
import lines
import style
import threshold
from figure import Drawn
from records import Run
from panels import Panel, panels
from series import Levels, Series, series

FLOOR_TRANSPORT, STREAM_TRANSPORT = "cache_line", "core_stream"
STREAM_WORDS = "2 × bare stream"
TEXT_BOX = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.4}  # no line strikes through it
TITLE = "Round trip time against message size"


@dataclass(frozen=True)
class Limits:
    """What the machine allows: ns by size of a cache line's round trip, and of one buffer of a bare stream."""

    hand_off: dict[float, float]
    stream: dict[float, float]


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """latency.svg, and latency-2 … where the conditions do not fit on one page."""
    records, levels = run.of("latency"), Levels.of(run)
    found = panels(records, levels)
    floors = series([r for r in records if r.transport == FLOOR_TRANSPORT], levels)
    streams = [r for r in run.of("throughput", batch=1) if r.transport == STREAM_TRANSPORT]
    limits = Limits(_lowest(floors), _lowest(series(streams, levels)))
    missing = style.absent(r for r in run.records if r.experiment == "latency")
    missing += [] if floors else [f"the physical floor ({FLOOR_TRANSPORT})"]
    missing += [] if streams else [f"the cross-core stream ({STREAM_TRANSPORT})"]
    drawn = []
    for suffix, page in figure.pages(found):
        fig, axes = figure.grid(len(page), labels=[*lines.labels(page), STREAM_WORDS])
        figure.title(fig, TITLE)
        ends = [lines.draw_panel(ax, panel, families.looks(run)) for ax, panel in zip(axes, page)]
        lines.key(fig, page)
        _frame(axes, page, limits, ends)
        for ax, panel, labels in zip(axes, page, ends):
            threshold.bands(ax, run, panel)
            style.label_ends(ax, labels)
        words = [*missing, *lines.doubts(page)]
        text = style.caption(run, (r for p in page for r in p.records), words)
        text = " · ".join([text, *lines.left_out(page), *levels.words()])
        style.finish(fig, text)
        rows = [row for panel in page for row in lines.rows(panel, "message_bytes")]
        rows += lines.rows(Panel("physical floor", floors, []), "message_bytes")
        name = f"latency{suffix}"
        path = style.save(fig, out_dir, name, rows)
        drawn.append(Drawn(name, TITLE, __doc__ or "", text, path))
    return drawn


def _lowest(found: list[Series]) -> dict[float, float]:
    """Size to ns, of the lines at the usual level of the canary where there are any: the least is the limit."""
    at: dict[float, float] = {}
    for line in [s for s in found if not s.level] or found:
        for p in line.points:
            at[p.x] = min(at.get(p.x, p.interval.value), p.interval.value)
    return at


def _frame(axes: list[Axes], page: list[Panel], limits: Limits, ends: list[list]) -> None:
    """Same scales in all panels, so that they can be compared by eye; both limits in each."""
    points = [p for panel in page for s in [*panel.named, *panel.grey] for p in s.points]
    sizes, values = [p.x for p in points], [p.interval.value for p in points]
    floor = min(limits.hand_off.values(), default=min(values))
    low, high = min(values + [floor]) / 1.9, max(values) * 1.35
    way = {x: 2 * ns for x, ns in sorted(limits.stream.items())
           if floor < 2 * ns < high and min(sizes) <= x <= max(sizes)}  # fmt: skip
    dotted = {"color": style.MUTED, "ls": (0, (1, 1.2)), "lw": 1.2}
    for ax, labels in zip(axes, ends):
        style.byte_axis(ax, sizes)
        ax.set_yscale("log")
        ax.set_ylim(low, high)
        style.log_axis(ax.yaxis)
        if ax.get_subplotspec().is_first_col():
            ax.set_ylabel("round trip, p50 [time]")
        if limits.hand_off:
            ax.axhline(floor, **dotted)
            words = f"cache-line hand-off {style.time_label(floor)}"
            ax.annotate(words, (0.98, floor), (0, -2), xycoords=("axes fraction", "data"),
                        textcoords="offset points", va="top", ha="right", fontsize=7,
                        color=style.MUTED, zorder=5, bbox=TEXT_BOX)  # fmt: skip
        if way:
            alone = "." if len(way) == 1 else ""  # a line of one point is none
            ax.plot(list(way), list(way.values()), marker=alone, **dotted)
            labels.append((max(way), way[max(way)], STREAM_WORDS, style.MUTED))


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
