#!/usr/bin/python3
"""Response time against offered load, from the intended send: what is carried, and where the knee is.

Above: p50 (solid, band: 95 % interval over launches) and p99 (dotted) of the response; a diamond marks the knee, the
rate from which p50 is twice the curve's smallest, its bar the interval. Where a line is thin and hollow the channel
was overloaded (less than 99 % of what was offered came through) and the response only says how long the run was; the
region where every line is, is grey. Idle CPUs fall asleep between rare messages, so curves may fall first. Below: CPU
time per message of the receiver (solid) and of both ends (dotted: the sender polls its clock until a message is due).

    analysis/load.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from matplotlib.axes import Axes

import families
import figure
import knee
import lines
import load_lines
import load_rows
import stacked
import style
from figure import Drawn
from panels import Panel, panels
from records import Run
from series import Levels

TITLE = "Response time against offered load"
PANELS_A_PAGE = 4


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """load.svg: a pair of axes a condition and family; further pages where they do not fit on one."""
    records, levels, drawn = run.of("load", pattern="pace"), Levels.of(run), []
    missing = style.absent(r for r in run.records if r.experiment == "load")
    knees = {id(r): found for curve, found in load_rows.of_run(run) for r in curve}
    found = panels(records, levels, x="rate_per_s")
    for suffix, page in figure.pages(found, PANELS_A_PAGE):
        name = f"load{suffix}"
        fig, pairs = stacked.grid(len(page), lines.labels(page))
        figure.title(fig, TITLE)
        for panel, (above, below) in zip(page, pairs):
            _responses(above, panel, families.looks(run), levels, knees)
            _cpu(below, panel, families.looks(run), levels)
        stacked.same_scales(pairs)
        for panel, (above, _) in zip(page, pairs):
            style.label_ends(above, load_lines.ends(panel, families.looks(run)))
        figure.key(fig, load_lines.keys(page))
        mine = [r for p in page for r in p.records]
        words = [*missing, *lines.doubts(page), *load_lines.unreadable(page, records)]
        text = style.caption(run, mine, words)
        text = " · ".join(
            [text, *load_lines.driver(records), *lines.left_out(page), *levels.words()]
        )
        style.finish(fig, text, bottom_in=0.65)
        rows = [row for p in page for row in load_lines.rows(p, levels, knees)]
        path = style.save(fig, out_dir, name, rows)
        drawn.append(Drawn(name, TITLE, __doc__ or "", text, path))
    return drawn


def _responses(ax: Axes, panel: Panel, looks: dict, levels: Levels, knees: dict) -> None:
    lines.draw_panel(ax, load_lines.carried_part(panel), looks)
    dark = load_lines.shade_from(panel)
    if math.isfinite(dark):
        ax.axvspan(dark, 1e12, color=load_lines.SHADE, lw=0, zorder=0)
    for line in panel.series:
        look = looks[line.transport]
        at = load_lines.beyond(line)
        xs, ys = [p.x for p in at], [p.interval.value for p in at]
        ax.plot(xs, ys, color=look.colour, lw=0.7, marker=look.marker, ms=3.4, mfc="none", mew=0.7)
        tail = [(p.x, p.interval.value) for p in load_lines.tail(line, levels)]
        if tail:
            ax.plot(*zip(*tail), color=look.colour, ls=lines.STYLES[2], lw=1)
        found = knees[id(line.records[0])]
        if found.rate is not None:
            _mark(ax, found, look.colour)
    if ax.get_subplotspec().get_gridspec().get_topmost_subplotspec().is_first_col():
        ax.set_ylabel("response [time]")


def _mark(ax: Axes, found: knee.Knee, colour: str) -> None:
    """The knee: where p50 is twice the smallest, and the interval of its rate."""
    at = knee.kRise * found.base_ns
    ax.plot(found.rate, at, "D", ms=6.5, mfc="white", mec=colour, mew=1.4, zorder=6)
    if found.lo and found.hi and 0 < found.lo and math.isfinite(found.hi):
        ax.plot([found.lo, found.hi], [at, at], color=colour, lw=3, alpha=0.35, zorder=5)


def _cpu(ax: Axes, panel: Panel, looks: dict, levels: Levels) -> None:
    for line in panel.series:
        colour = looks[line.transport].colour
        for name, dashes in ((load_lines.RECEIVER, "-"), (load_lines.BOTH, lines.STYLES[2])):
            at = [(p.x, p.interval.value) for p in load_lines.cost(line, levels, name)]
            if at:
                ax.plot(*zip(*at), color=colour, ls=dashes, lw=1.2 if dashes == "-" else 0.9)
    ax.set_xlabel("offered [messages/s]")
    if ax.get_subplotspec().get_gridspec().get_topmost_subplotspec().is_first_col():
        ax.set_ylabel("CPU a message [time]")


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
