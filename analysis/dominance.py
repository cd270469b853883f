#!/usr/bin/python3
"""The faster path at every size, for every hybrid, condition and metric: the dominance map.

A row is one hybrid under one condition, judged by one metric; colour is the path whose interval is
wholly on its side of 1, white where the interval leaves it undecided, hatched where the queue takes
no such size. The green mark is T.

analysis/dominance.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch

import crossing
import crossover_fit
import crossover_rows
import figure
import style
from crossover_fit import Finding
from figure import Drawn
from records import Run

TITLE = "Which path is faster, by size"
INKS = {
    crossing.kQueue: style.PALETTE[1],
    crossing.kShm: style.PALETTE[0],
    crossing.kUndecided: style.PAPER,
}
ONLY_SHM = {"fc": "none", "ec": style.MUTED, "hatch": "////", "lw": 0.3}
ROWS_A_PAGE = 36


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """dominance.svg, and dominance-2 … where the rows do not fit on one page."""
    found = crossover_fit.of_run(run)
    drawn = []
    for suffix, page in figure.pages(found, ROWS_A_PAGE):
        fig = plt.figure(figsize=(style.WIDTH_IN, 1.9 + 0.22 * len(page)))
        ax = fig.add_subplot()
        top = 1 - 0.75 / fig.get_size_inches()[1]
        fig.subplots_adjust(left=0.33, right=0.98, top=top)
        figure.title(fig, TITLE)
        rows = _map(ax, page, found)
        text = style.caption(run, (r for f in page for r in f.costs.records))
        style.finish(fig, text)
        name = f"dominance{suffix}"
        drawn.append(Drawn(name, TITLE, __doc__ or "", text, style.save(fig, out_dir, name, rows)))
    return drawn


def _map(ax: Axes, page: list[Finding], found: list[Finding]) -> list[dict[str, Any]]:
    rows = []
    names = [crossover_rows.label(one, found) for one in page]
    for y, (one, name) in enumerate(zip(page, names)):
        for low, high, who in crossover_rows.dominance(one):
            look = {"fc": INKS[who], "lw": 0} if who in INKS else ONLY_SHM
            ax.barh(y, high - low, left=low, height=0.72, **look)
            rows.append({"row": name, "from_bytes": low, "to_bytes": high, "faster": who})
        for c in one.answer.crossings if one.answer.judged else ():
            ax.plot([c.T_bytes] * 2, [y - 0.46, y + 0.46], color=style.PALETTE[2], lw=2.2)
    ax.set_yticks(range(len(page)), names, fontsize=8)
    ax.set_ylim(len(page) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    style.byte_axis(ax, [size for one in page for size in one.costs.sizes])
    words = {"queue": "queue faster", "shm": "shared memory faster", "undecided": "undecided"}
    marks = [Patch(fc=INKS[k], ec=style.MUTED, lw=0.4, label=v) for k, v in words.items()]
    marks.append(Patch(label="queue takes no such size", **ONLY_SHM))
    ax.legend(handles=marks, loc="lower right", bbox_to_anchor=(1, 1), ncol=4)
    return rows


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
