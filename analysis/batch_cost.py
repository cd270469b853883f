#!/usr/bin/python3
"""What a message costs in a batch: time and CPU time per message against the batch size B, handed over back to back.

Left: time per message at the receiver, with its 95 % interval; dashed, what a share of one hand-over for each message
would be, c(B) = m + s/B, fitted. Right: CPU time of both ends per message. The crosses are the
literature's claim for 20 messages a synchronisation: 0.9 µs by message passing, 0.35 µs by shared memory.
Mechanisms without a call for several messages are not here: the caption names them.

    analysis/batch_cost.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.axes import Axes

import batch_shares
import families
import figure
import lines
import style
from figure import Drawn
from panels import Panel, chosen
from records import Run
from series import Levels, Series

TITLE = "Cost of a message against the size of its batch"
CLAIM_BATCH, CLAIMED = 20, (("claimed: message passing", 900.0), ("claimed: shared memory", 350.0))


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """batch_cost.svg."""
    found = batch_shares.cost_lines(run, Levels.of(run))
    if not found:
        return []
    poured = run.of("batching", pattern="pour")
    shown, grey, hidden = chosen(found, min)
    fig, axes = figure.grid(2, labels=[s.label for s in shown] + [CLAIMED[0][0]])
    figure.title(fig, TITLE)
    looks = families.looks(run)
    _costs(axes[0], shown, grey, looks)
    _cpu(axes[1], shown, looks)
    lines.key(fig, [Panel("", shown, [], grey=grey)])
    missing = style.absent(r for r in run.records if r.experiment == "batching")
    missing += [f"{', '.join(s.label for s in hidden)} (in the CSV only)"] if hidden else []
    text = style.caption(run, poured, missing)
    style.finish(fig, text)
    path = style.save(fig, out_dir, "batch_cost", batch_shares.rows(found))
    return [Drawn("batch_cost", TITLE, __doc__ or "", text, path)]


def _costs(ax: Axes, shown: list[Series], grey: list[Series], looks: dict) -> None:
    ends = []
    for line in grey:
        ax.plot(
            [p.x for p in line.points],
            [p.interval.value for p in line.points],
            color=style.GREY,
            lw=0.9,
        )
    for line in shown:
        colour, (m, s) = looks[line.transport].colour, batch_shares.shares(line)
        xs = [p.x for p in line.points]
        lines.draw_line(ax, line, looks[line.transport], "-")
        ax.plot(xs, [m + s / x for x in xs], color=colour, lw=0.9, ls=lines.STYLES[1])
        ends.append((xs[-1], line.points[-1].interval.value, line.label, colour))
    for words, ns in CLAIMED:
        ax.plot(CLAIM_BATCH, ns, "x", color=style.INK, ms=6, zorder=5)
        ax.annotate(words, (CLAIM_BATCH, ns), (6, -10), textcoords="offset points", fontsize=7)
    _axes(ax, shown, "time per message; dashed m + s/B")
    style.label_ends(ax, ends)


def _cpu(ax: Axes, shown: list[Series], looks: dict) -> None:
    ends = []
    for line in shown:
        xs, ys = [p.x for p in line.points], [p.cpu_ns for p in line.points]
        ax.plot(xs, ys, "o-", color=looks[line.transport].colour, ms=3)
        ends.append((xs[-1], ys[-1], line.label, looks[line.transport].colour))
    _axes(ax, shown, "CPU time of both ends per message")
    style.label_ends(ax, ends)


def _axes(ax: Axes, shown: list[Series], title: str) -> None:
    style.byte_axis(ax, [p.x for s in shown for p in s.points], "batch size B [messages]")
    ax.xaxis.set_major_formatter("{x:g}")  # a count, not bytes
    ax.set(title=title, ylabel="per message [time]", yscale="log")
    style.log_axis(ax.yaxis)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
