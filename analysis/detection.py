#!/usr/bin/python3
"""The trade of a timeout: how late a lost server is noticed, and how often one that is only slow is asked in vain.

Left: from the moment the server was lost, holding a request, until its client knew, against the timeout τ; solid, the
server was killed, dashed, stopped. On the dotted line only the timeout tells; below it an error does, at once. Bands are
95 % intervals over launches. Right: the share of requests given up too early, against τ in units of the server's mean
time to think; lines are the share of replies that take longer without a timeout, in the same launches, dotted exp(-τ/m).

    analysis/detection.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

import families
import figure
import lines
import models
import style
from figure import Drawn
from records import Run
from retry_model import Detected, Late, detected, lates, rows

TITLE = "Timeouts: noticing a lost peer, and giving up a slow one"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """detection.svg: the panels for which there are records."""
    lost, late = detected(run), lates(run)
    if not (parts := [p for p in (lost, late) if p]):
        return []
    labels = [f"{d.transport} {d.peer}" for d in lost] + [_name(each) for each in late]
    fig, axes = figure.grid(len(parts), columns=len(parts), labels=labels, row_in=4.6)
    figure.title(fig, TITLE)
    looks, rest = families.looks(run), iter(axes)
    if lost:
        _detection(next(rest), lost, looks)
    if late:
        _false_alarms(next(rest), late, looks)
    mine = [r for r in run.of("timeout") if r.case["pattern"] in ("detect", "retry")]
    names = ("detect", "retry")
    absent = [r for r in run.records if r.experiment == "timeout" and r.case["pattern"] in names]
    alarms = sum(d.false_alarms for d in lost)
    text = style.caption(run, mine, style.absent(absent))
    text += f" · {alarms} clients gave up a server that still lived, left out" if alarms else ""
    for row in models.rows(
        f for f in models.fits(run) if f.model.startswith(("needless", "detection"))
    ):
        text += f" · {row['model']}: median error {row['median_error']:.0%}, fails {row['region']}"
    style.finish(fig, text)
    path = style.save(fig, out_dir, "detection", rows(lost, late))
    return [Drawn("detection", TITLE, __doc__ or "", text, path)]


def _detection(ax: Axes, lost: list[Detected], looks: dict[str, Any]) -> None:
    by_line: dict[tuple[str, str, str], list[Detected]] = {}
    for d in lost:
        by_line.setdefault((d.transport, d.peer, d.wait), []).append(d)
    ends = []
    for (transport, peer, _), mine in by_line.items():
        xs, colour = [d.timeout_ns for d in mine], looks[transport].colour
        dashes = lines.STYLES[0 if peer == "killed" else 1]
        ax.plot(
            xs,
            [d.ns.value for d in mine],
            looks[transport].marker or "o",
            ls=dashes,
            color=colour,
            ms=4,
        )
        sure = [d for d in mine if d.ns.lo is not None]
        ax.fill_between([d.timeout_ns for d in sure], [d.ns.lo for d in sure], [d.ns.hi for d in sure],
                        color=colour, alpha=0.2, lw=0)  # fmt: skip
        ends.append((xs[-1], mine[-1].ns.value, f"{transport} {peer}", colour))
    xs = sorted({d.timeout_ns for d in lost})
    ax.plot(xs, xs, color=style.INK, lw=1, ls=(0, (1, 1.2)), zorder=5)
    ax.set(title="until the client knows", xlabel="timeout τ [time]", ylabel="after the loss [time]",
           xscale="log", yscale="log")  # fmt: skip
    style.log_axis(ax.xaxis)
    style.log_axis(ax.yaxis)
    style.label_ends(ax, ends)


def _name(late: Late) -> str:
    return f"{late.transport} thinks {style.time_label(late.think_ns)}"


def _false_alarms(ax: Axes, late: list[Late], looks: dict[str, Any]) -> None:
    by_line: dict[str, list[Late]] = {}
    for each in late:
        by_line.setdefault(_name(each), []).append(each)
    ends = []
    for name, mine in by_line.items():
        look, xs = looks[mine[0].transport], [each.timeout_ns / each.think_ns for each in mine]
        ax.plot(xs, [100 * each.predicted.value for each in mine], color=look.colour, lw=1)
        ax.plot(xs, [100 * each.share.value for each in mine], look.marker or "o", color=look.colour,
                ms=5, ls="")  # fmt: skip
        ends.append((xs[-1], max(100 * mine[-1].share.value, 1e-9), name, look.colour))
    grid = np.linspace(0, max(e.timeout_ns / e.think_ns for e in late), 100)
    ax.plot(grid, 100 * np.exp(-grid), color=style.INK, lw=1, ls=(0, (1, 1.2)))
    ax.set(title="given up too early", xlabel="timeout τ over mean time to think",
           ylabel="requests [%]", ylim=(0, 105))  # fmt: skip
    style.label_ends(ax, ends)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
