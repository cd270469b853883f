#!/usr/bin/python3
"""From which payload size shared memory is worth it: the ratio that proves T, per hybrid.

Each dot is the cost through shared memory over the cost through the queue at one size, the median
over blocks with its 95 % interval: above 1 the queue is faster, below 1 shared memory. T [lo, hi]
is the vertical band, found without a model where the ratio passes 1. The dashed line is the hybrid
with its measured threshold (auto) over the queue: it should follow the lower of the dots and 1. The
strip at the foot is the dominance map: the faster path per size, white where the interval leaves it
undecided, hatched where the queue takes no such size.

analysis/crossover.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

import crossing
import crossover_fit
import crossover_rows
import figure
import lines
import style
from crossover_fit import Finding
from figure import Drawn
from records import Run

TITLE = "Shared memory over queue: from which size is it worth it?"
QUEUE_INK, SHM_INK, AUTO_INK = style.PALETTE[1], style.PALETTE[0], style.INK
INKS = {crossing.kQueue: QUEUE_INK, crossing.kShm: SHM_INK, crossing.kUndecided: style.PAPER}
CENTRAL = ("p50", "ns_per_message")
STRIP = 0.06  # of the panel's height


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """crossover.svg, and crossover-2 … where the hybrids do not fit on one page."""
    found = [f for f in crossover_fit.of_run(run) if f.costs.metric in CENTRAL]
    missing = lines.absent(r for r in run.records if r.experiment == "crossover")
    drawn = []
    for suffix, page in figure.pages(found):
        fig, axes = figure.grid(len(page), columns=min(3, len(page)))
        figure.title(fig, TITLE)
        for ax, one in zip(axes, page):
            _panel(ax, one, crossover_rows.label(one, found))
        axes[0].legend(loc="best", fontsize=7)
        doubts = [f"{f.queue}: {text}" for f in page for text in crossover_rows.doubts(f)]
        text = style.caption(run, (r for f in page for r in f.costs.records), missing)
        text = " · ".join([text, *dict.fromkeys(doubts)])
        style.finish(fig, text)
        rows = [row for f in page for row in crossover_rows.plotted(f)]
        name = f"crossover{suffix}"
        drawn.append(Drawn(name, TITLE, __doc__ or "", text, style.save(fig, out_dir, name, rows)))
    return drawn


def _panel(ax: Axes, one: Finding, title: str) -> None:
    sizes = np.array(one.answer.sizes)
    ratios = [crossover_rows.as_ratio(d) for d in one.answer.difference]
    values = np.array([r.value for r in ratios])
    low, high = (np.array([getattr(r, b) or r.value for r in ratios]) for b in ("lo", "hi"))
    ax.fill_between(sizes, low, high, color=style.MUTED, alpha=0.25, lw=0)
    for who, ink in INKS.items():
        here = np.array([name == who for name in one.answer.dominance])
        label = {"queue": "queue faster", "shm": "shared memory faster"}.get(who, "undecided")
        face = ink if ink != style.PAPER else "none"
        edge = style.MUTED if face == "none" else ink
        ax.plot(sizes[here], values[here], "o", mfc=face, mec=edge, mew=0.7, label=label, zorder=3)
    if one.auto is not None:
        ax.plot(
            *crossover_rows.auto_over_queue(one),
            color=AUTO_INK,
            ls=(0, (4, 1.5)),
            lw=1,
            label="auto over queue",
        )
    ax.axhline(1, color=style.INK, lw=0.8)
    ax.set_yscale("log")
    below, above = min(low.min(), 0.95), max(high.max(), 1.05)
    ax.set_ylim(below / (above / below) ** 0.18, above * (above / below) ** 0.06)
    style.byte_axis(ax, one.costs.sizes)
    style.log_axis(ax.yaxis, lambda v, _: f"{v:g}")
    if ax.get_subplotspec().is_first_col():
        ax.set_ylabel("shared memory / queue")
    _bands(ax, one)
    _strip(ax, one)
    words = textwrap.fill(crossover_rows.headline(one), 44)
    ax.set_title(f"{title}\n{words}", fontsize=8.5, fontweight="normal")


def _bands(ax: Axes, one: Finding) -> None:
    left, right = ax.get_xlim()
    for c in one.answer.crossings:
        if c.lo is not None and c.hi is not None:
            ax.axvspan(max(c.lo, left), min(c.hi, right), color=style.PALETTE[2], alpha=0.25, lw=0)
        ax.axvline(c.T_bytes, color=style.PALETTE[2], lw=1.1)


def _strip(ax: Axes, one: Finding) -> None:
    """The dominance map; each size reaches half way to its neighbours."""
    for low, high, who in crossover_rows.dominance(one):
        hatched = who not in INKS
        ax.axvspan(low, high, 0, STRIP, fc="none" if hatched else INKS[who], ec=style.MUTED, lw=0.3,
                   hatch="////" if hatched else None, zorder=2)  # fmt: skip


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
