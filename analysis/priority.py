#!/usr/bin/python3
"""How soon an urgent message gets past a backlog, by mechanism and by how precedence is asked for, and who pays.

Left: how long the urgent message waits, from the first receive to its own, against the ordinary messages that were
there before it (median over launches of p50, 95 % interval). In a FIFO it waits for all of them; where it overtakes, the
line is flat. The place it was received in is counted: lines of messages that did not overtake are dashed. Right: what
the rest pays, sending (left bar) and receiving (right bar) a message over the same mechanism's FIFO at the largest
backlog, with 95 % intervals. Below 1 the rest gains.

    analysis/priority.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import families
import figure
import priority_rows
import style
from figure import Drawn
from priority_rows import FIFO, Overtaking
from records import Run

TITLE = "Urgent messages behind a backlog"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """priority.svg: the wait against the backlog, and the price."""
    found = priority_rows.overtakings(run)
    if not found:
        return []
    looks = families.looks(run)
    labels = [_label(o) for o in found]
    fig, (left, right) = figure.grid(2, row_in=4.6, labels=labels)
    fig.subplots_adjust(right=0.97, wspace=0.85)
    figure.title(fig, TITLE)
    _waits(left, found, looks)
    _prices(right, found, looks)
    figure.key(fig, [Line2D([], [], color=style.MUTED, label="overtakes"),
                     Line2D([], [], color=style.MUTED, ls=(0, (4, 1.5)), label="does not"),
                     Patch(color=style.MUTED, label="receive"),
                     Patch(color=style.MUTED, alpha=0.45, label="send")])  # fmt: skip
    return figure.finished(
        fig,
        run,
        out_dir,
        ("priority", TITLE, __doc__),
        [r for o in found for r in o.records],
        priority_rows.rows(run),
    )


def _label(one: Overtaking) -> str:
    return f"{one.transport} · {one.precedence.replace('_', ' ')}"


def _waits(ax: Axes, found: list[Overtaking], looks: dict[str, Any]) -> None:
    lines: dict[str, list[Overtaking]] = {}
    for one in found:
        lines.setdefault(_label(one), []).append(one)
    ends = []
    for i, (label, members) in enumerate(lines.items()):
        look, xs = looks[members[0].transport], [o.backlog for o in members]
        dashes = "-" if members[-1].overtakes else (0, (4, 1.5))
        marker = style.MARKERS[i % len(style.MARKERS)]
        ax.plot(xs, [o.urgent.value for o in members], marker, ls=dashes, color=look.colour, ms=4)
        for one in (o for o in members if o.urgent.lo is not None):
            ax.plot([one.backlog] * 2, [one.urgent.lo, one.urgent.hi], color=look.colour, lw=1)
        ends.append((members[-1].backlog, members[-1].urgent.value, label, look.colour))
    ax.set(xlabel="ordinary messages before it", ylabel="wait of the urgent message, p50 [time]")
    ax.set_title("from the first receive to its own")
    backlogs = sorted({o.backlog for o in found})
    ax.set_xscale("log", base=2)
    ax.set_xlim(backlogs[0] / 1.3, backlogs[-1] * 1.3)
    ax.set_xticks(backlogs, [str(b) for b in backlogs])
    ax.minorticks_off()
    style.log_axis(ax.yaxis)
    style.label_ends(ax, ends, size=7)


def _prices(ax: Axes, found: list[Overtaking], looks: dict[str, Any]) -> None:
    most = max(o.backlog for o in found)
    shown = [o for o in found if o.backlog == most and o.precedence != FIFO]
    for y, one in enumerate(shown):
        for name, lift, alpha in (("fill", -0.18, 0.45), ("drain", 0.18, 1.0)):
            ratio = priority_rows.price(one, found, f"{name}_ns_per_message")
            if ratio is None:
                continue
            colour = looks[one.transport].colour
            ax.barh(y + lift, ratio.value - 1, left=1, height=0.32, color=colour, alpha=alpha)
            if ratio.lo is not None:
                ax.plot([ratio.lo, ratio.hi], [y + lift] * 2, color=style.INK, lw=0.9)
    ax.set_yticks(range(len(shown)), [_label(o) for o in shown], fontsize=7.5)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.axvline(1, color=style.INK, lw=0.8)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="cost of a message over FIFO [ratio]", title=f"what the rest pays, behind {most}")


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
