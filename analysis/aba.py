#!/usr/bin/python3
"""A, B, A: what a counter beside the top of a lock-free stack must count, what it notices, and what it costs.

Top left: bits that a counter needs so as not to go round within a pause, from the rate of updates measured here (the
band is its 95 % interval; a step up is a bit more), and the literature's 26 bits for 50·10⁶ updates/s and 1 s. Top
right: how often a pop that was stopped did not notice that its node had come back, by bits and by how far the counter
was moved meanwhile: exactly once round, once less, once more. Bottom left: storms in which both sides take and give
back at once: the share that left a broken stack. Bottom right: what the counter costs one side alone, a pop and a push
against the same without one, whose windows stood between; none against none is the control. Dots are medians over
launches with 95 % intervals.

    analysis/aba.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.lines import Line2D

import aba_panels as panels
import aba_values
import figure
import paired_values as paired
import style
from figure import Drawn
from records import Run

TITLE = "Nodes that come back: counters, their bits and their price"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """aba.svg."""
    records = run.of("aba")
    parts = (("bits a pause needs", panels.bits), ("a stopped pop is deceived", panels.deceived),
             ("broken stacks, both sides at work", panels.broken), ("a pop and a push, alone", panels.cost))  # fmt: skip
    if not records:
        return []
    fig, axes = figure.grid(len(parts), columns=2)
    fig.subplots_adjust(left=0.12)
    figure.title(fig, TITLE)
    rows, notes = [], []
    for ax, (name, part) in zip(axes, parts):
        drawn, said = part(ax, run)
        ax.set_title(name)
        ax.set_visible(bool(drawn))
        rows += [{"panel": name, **row} for row in drawn]
        notes += said
    colours = [Line2D([], [], ls="", marker="o", color=style.PALETTE[i], label=a.replace("_", " "))
               for i, a in enumerate(aba_values.ADVANCES)]  # fmt: skip
    figure.key(fig, colours)
    text = " · ".join(
        [style.caption(run, records, style.absent(records)), *notes, *paired.level_words(run)]
    )
    style.finish(fig, text)
    path = style.save(fig, out_dir, "aba", rows)
    return [Drawn("aba", TITLE, __doc__ or "", text, path)]


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
