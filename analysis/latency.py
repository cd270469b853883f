#!/usr/bin/python3
"""Round trip time against message size, one line a transport.

Each point is the median over launches of the launch's p50; the band is its 95 % interval (order statistics, drawn
from six launches). The dotted line is the bare cache-line hand-off, the least any round trip between two CPUs can
cost; grey vertical bands are T [lo, hi], the size from which shared memory pays, where the run measured it. Where
the canary has several levels, a line is at one of them, named where it is not the usual one; other launches are crosses.

    analysis/latency.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.axes import Axes

import figure
import lines
import style
import threshold
from figure import Drawn
from records import Run
from series import Levels, Panel, panels, series

FLOOR_TRANSPORT = "cache_line"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """latency.svg, and latency-2 … where the conditions do not fit on one page."""
    records, levels = run.of("latency"), Levels.of(run)
    found = panels(records, levels)
    floors = series([r for r in records if r.transport == FLOOR_TRANSPORT], levels)
    missing = lines.absent(r for r in run.records if r.experiment == "latency")
    missing += [] if floors else [f"the physical floor ({FLOOR_TRANSPORT})"]
    drawn = []
    for suffix, page in figure.pages(found):
        fig, axes = figure.grid(len(page), labels=lines.labels(page))
        figure.title(fig, "Round trip time against message size")
        ends = [lines.draw_panel(ax, panel, style.looks(run)) for ax, panel in zip(axes, page)]
        _frame(axes, page, floors)
        for ax, panel, labels in zip(axes, page, ends):
            threshold.bands(ax, run, panel)
            style.label_ends(ax, labels)
        words = [*missing, *lines.doubts(page)]
        text = style.caption(run, (r for p in page for r in p.records), words)
        style.finish(fig, " · ".join([text, *levels.words()]))
        rows = [row for panel in page for row in lines.rows(panel, "message_bytes")]
        rows += lines.rows(Panel("physical floor", floors, []), "message_bytes")
        name = f"latency{suffix}"
        path = style.save(fig, out_dir, name, rows)
        drawn.append(Drawn(name, "Round trip time against message size", __doc__ or "", text, path))
    return drawn


def _frame(axes: list[Axes], page: list[Panel], floors: list) -> None:
    """Same scales in all panels, so that they can be compared by eye; the floor in each."""
    sizes = [p.x for panel in page for s in panel.series for p in s.points]
    values = [p.interval.value for panel in page for s in panel.series for p in s.points]
    floor = [p.interval.value for s in floors for p in s.points]
    low, high = min(values + floor), max(values)
    for i, ax in enumerate(axes):
        style.byte_axis(ax, sizes)
        ax.set_yscale("log")
        ax.set_ylim(low / 1.7, high * 1.35)
        style.log_axis(ax.yaxis)
        if ax.get_subplotspec().is_first_col():
            ax.set_ylabel("round trip, p50 [time]")
        if floor:
            ax.axhline(min(floor), color=style.MUTED, ls=(0, (1, 1.2)), lw=1.2)
            words = f"cache-line hand-off {style.time_label(min(floor))}"
            ax.annotate(words, (0.98, min(floor)), (0, -2), xycoords=("axes fraction", "data"),
                        textcoords="offset points", va="top", ha="right", fontsize=7,
                        color=style.MUTED)  # fmt: skip


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
